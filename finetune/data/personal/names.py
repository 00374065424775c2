"""Persons, and asked for: organisations, places, nationalities; read from runs of capitalised words.

A run ("Ask Thomas Keller", "van der Berg", "J. P. Ortiz") is cut where ordinary words begin. What is left is a person
if lists of names say so, if a title, a greeting, a label or an introduction stands before it, or if the word ends as
family names do. Ordinary words right of it make it a thing (Parkinson Disease, Thomas Keller Street).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finetune.data.document import words
from finetune.data.personal.kinds import Find, PersonalKind
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import NATIONALITIES, PARTICLES, Lists, lists

LONGEST_RUN = 7  # words; more capitals in a row are a heading
TITLES = words(
    """
    mr mrs ms miss mx dr prof professor doctor nurse sir madam mister missus rev reverend capt captain sgt sergeant
    judge justice attorney officer detective senator frau herr herrn señor señora señorita sr sra srta don doña madame
    monsieur mme mlle signora signor dhr mevr mw
    aunt uncle grandma grandpa father sister brother pastor rabbi imam lord lady dame lt col maj pvt cpl
    """
)
ALWAYS_TITLES = words("mr mrs ms mx dr prof frau herr herrn señor señora sra mme mlle monsieur madame signora dhr mevr")
AFTER_NAME = words("jr sr md dds phd rn np pa dvm esq cpa lpn dpm pharmd cfa mba ii iii iv obe mp jd mph bsc msc")
# The two or three words before a run that introduce a person; a colon, a comma or nothing may stand between.
STRONG = (
    " name is", " name's", " names are", " named", " call me", " calls me", " called me", " signed", " signed by",
    " attn", " attention", " the name of", " name of", " the name", " name to", " name", " full name", " last name",
    " surname", " first name",
    " spoke to", " spoke with", " speaking to", " speaking with", " talked to", " met with", " cardholder",
    " account holder", " policyholder", " policy holder", " beneficiary", " claimant", " guarantor", " guardian",
    " insured", " next of kin", " emergency contact", " contact person", " contact", " sincerely", " regards",
    " best wishes", " yours truly", " yours faithfully", " cheers", " dear", " hi", " hello", " hey", " thanks",
    " many thanks", " best", " good morning", " good afternoon", " good evening", " written by", " prepared by",
    " reviewed by", " referred by", " requested by", " submitted by", " reported by", " songwriter", " author", " cc",
    " bcc", " from:", " my wife", " my husband", " my son", " my daughter", " my mother", " my father", " my brother",
    " my sister", " my partner", " my boss", " my colleague", " my friend", " his wife", " her husband", " his son",
    " her son", " his daughter", " her daughter", " daughter", " son", " wife", " husband", " patient",
    " client", " tenant", " employee", " applicant", " defendant", " plaintiff", " witness", " debtor", " borrower",
    " me llamo", " mi nombre es", " je m'appelle", " mon nom est", " ich heiße", " ich heisse", " mein name ist",
    " liebe", " lieber", " hola", " estimado", " estimada", " bonjour", " chère", " cher", " hallo", " grüßen",
    " freundlichen grüßen", " saludos", " atentamente", " cordialement", " mi chiamo", " sono", " ik heet",
    " correct it to", " change it to", " bill to", " ship to", " deliver to", " payable to", " co",
)  # fmt: skip
WEAK = (
    " i am", " i'm", " this is", " here is", " here's", " by", " ask", " asked", " tell", " told", " call",
    " with", " and", " contacted", " emailed", " informed", " starring", " including", " of", " for",
    " thank you", " add", " heard",
    " love", " saw", " ich bin", " soy", " je suis", " je m", " against", " versus", " give", " given",
    " gave", " like",
)  # fmt: skip
# After these a name may be written small (my name is nijito asano).
SMALL = (" my name is", " call me", " calls me", " full name is", " me llamo", " mein name ist", " last name is",
         " first name is", " je m'appelle")  # fmt: skip
SAYS = words(
    """
    said says asked asks told tells wrote writes called calls lives lived works worked shouted thinks thought moved
    replied answered explained reported confirmed complained visited signed sent agreed wants wanted
    emailed phoned rang came went died married born requested began transferred paid forgot lost bought ordered returned
    cancelled canceled applied complained noticed received filed opened closed moved left started stopped took refused
    insists insisted needs believes claims claimed suffered underwent tested suggested mentioned promised offered
    met knew knows remembered feels felt hopes hoped wishes gave gives got gets prefers drives drove teaches taught
    studies studied plays sings paints runs cooks rents rented owns owned earns earned owes owed denies states
    stated presented admitted attended
    """
)
LIVES = ("is from", "was born", "is my", "is our", "is his", "is her", "has been my", "had given", "passed away",
         "is allergic", "is married", "was admitted", "was diagnosed", "and i", "and my")  # fmt: skip
SPOKEN = (
    "can i",
    "can you",
    "could you",
    "could i",
    "would you",
    "may i",
    "i am",
    "i'm",
    "thank you",
    "thanks",
    "please",
    "aged",
    "born",
    "who",
)
OF_A_PERSON = words(
    """
    wife husband kid kids son daughter mother father brother sister address email e-mail phone number account birthday
    policy claim records record file chart appointment mobile house car job boss doctor lawyer signature salary name
    """
)
PLACE_BEFORE = words("in at near from to via around outside into towards toward through across within leaving visiting")
STRICT_PLACE = words("in near via around outside within into")
PLACE_FIRST = words(
    "san santa saint st port new mount fort lake los las villa cite cité puerto ciudad santo são sankt bad upper lower"
)
PLACE_LAST = words(
    """
    city county village island islands valley beach heights springs falls bay harbour harbor town lake river park hills
    square airport station mountain forest bridge district province republic kingdom states
    """
)
THING_LAST = words(
    """
    disease syndrome palsy test act law scale foundation institute university hospital clinic center centre college
    school street avenue road league declaration plan house bank fund insurance group score index effect theorem prize
    award day express lane drive court medal method protocol rule rules amendment doctrine warning agreement trust
    ira theory model prime fever virus lymphoma sign procedure operation maneuver manoeuvre chart criteria
    """
)
ORGANISATION_LAST = words(
    """
    inc llc ltd limited corp corporation co company plc gmbh ag sa sas sarl bv nv oy ab as asa spa srl kg ohg llp lp pty
    group holdings associates partners technologies technology systems solutions industries enterprises consulting
    bank insurance hospital clinic university college school institute foundation trust union ministry department agency
    church orchestra airlines pharma pharmaceuticals laboratories labs logistics motors stores supermarkets
    """
)
ORGANISATION_BEFORE = (
    " work for", " works for", " worked for", " work at", " works at", " worked at", " working at", " working for",
    " employed by", " employed at", " employer", " company", " firm", " organisation", " organization", " ceo of",
    " job at", " hired by", " founded", " joined", " employee of", " manager at", " manager of", " recorded for",
    " meet at", " president of", " director of", " company called",
)  # fmt: skip
EMPLOYER_BEFORE = (" work for", " works for", " worked for", " working for", " employed by", " employed at", " ceo of",
                   " president of", " employee of")  # fmt: skip
ORGANISATION_AFTER = words(
    "office offices website ceo headquarters branch employees orchestra stores shareholders inc llc ltd resignation"
)
# Endings of family names that English words do not share.
NAME_ENDING = re.compile(
    r".{2,}(?:sson|vich|witz|dottir|dóttir|ović|ovic|ević|evic|čić|ić|ski|ska|sky|skaya|wicz|czyk|czak|enko|chuk|shvili|dze|oğlu|oglu|"
    r"poulos|poulou|idis|akis|inen|escu|ova|ová|eva|ov|ev|yev|yeva|ová|stein|berg|mann|quist|qvist|gaard|sen|huis|"
    r"stra|veld|ström|strom|lund|yan|lepp|guchi|moto|mura|yama|kawa|shima|zaki|hashi|nishi|szky)s?$"
)
# GreenSky and PaaS are products; McCann, DeVries and van der MeulenHuis are not.
CAMEL = re.compile(r"(?!Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|O['’])\w*[a-zß-ÿ][A-Z]|[A-Z]{2,}[a-z]")
STOPS = re.compile(r"[.!?:;\n\"“”«»>•*()\[\]|–—]|^$")
LIGHT_MARKS = frozenset(" \n\t>,:-–*_\"“'’!.")
SPACE = (" ", "\xa0", "  ")


@dataclass(frozen=True, slots=True)
class Run:
    """Words `first` to `last` (inclusive) of a text, capitalised and side by side."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


def capitalised(text: str, tokens: Sequence[Token], *, indirect: bool = False, small: bool = False) -> Iterator[Find]:
    """Finds of kind name, and with `indirect` of organisations, places and nationalities."""
    if not any(token.is_capital for token in tokens) and " name" not in text and "call" not in text:
        return
    known = lists()
    reader = _Reader(text, tokens, known, small)
    finds = list(reader.read(indirect))
    finds += _speakers(text, known)
    finds += _again(tokens, finds, known)
    yield from finds
    yield from _written_small(tokens, known)


class _Reader:
    """One text being read; holds what every question about a run needs."""

    def __init__(self, text: str, tokens: Sequence[Token], known: Lists, small: bool) -> None:
        self.text, self.tokens, self.known, self.small = text, tokens, known, small

    def read(self, indirect: bool) -> Iterator[Find]:
        index = 0
        while index < len(self.tokens):
            run = self._run_at(index)
            if run is None:
                index += 1
                continue
            yield from self._of_run(run, indirect)
            index = run.last + 1

    def _run_at(self, first: int) -> Run | None:
        if not self.tokens[first].is_capital:
            return None
        last = first
        while last + 1 < len(self.tokens):
            step = self._step(last)
            if not step:
                break
            last += step
        return Run(first, last)

    def _step(self, last: int) -> int:
        """How many words from here to the run's next capital: 1, more across particles (Anna van der Berg), or 0."""
        after = self.tokens[last + 1]
        if not self._joined(self.tokens[last], after):
            return 0
        if after.is_capital:
            return 1
        for ahead in range(1, 4):
            if last + ahead + 1 >= len(self.tokens) or self.tokens[last + ahead].lower not in PARTICLES:
                return 0
            token = self.tokens[last + ahead + 1]
            if token.gap not in SPACE:
                return 0
            if token.is_capital:
                return ahead + 1
        return 0

    def _joined(self, before: Token, after: Token) -> bool:
        if after.gap in SPACE:
            return True
        return after.gap in (". ", ".") and (before.is_initial or before.lower in TITLES or before.lower == "st")

    # ---- one run ----

    def _of_run(self, run: Run, indirect: bool) -> Iterator[Find]:
        place = self._long_place(run)
        if place is not None:
            if indirect:
                yield self._find(place, "place", "a place that stands in lists")
            if place.first > run.first:
                yield from self._of_run(Run(run.first, place.first - 1), indirect)
            if place.last < run.last:
                yield from self._of_run(Run(place.last + 1, run.last), indirect)
            return
        organisation = self._organisation(run) or self._employer(run)
        if organisation is not None:
            if indirect:
                yield self._find(organisation, "organisation", "a word like Inc. or Bank at its end")
            if organisation.first > run.first:
                yield from self._segments(Run(run.first, organisation.first - 1), indirect)
            return
        yield from self._segments(run, indirect)

    def _long_place(self, run: Run) -> Run | None:
        """A place of several words within the run (South Africa)."""
        for first in range(run.first, run.last):
            for last in range(min(run.last, first + 3), first, -1):
                if " ".join(self.tokens[i].lower for i in range(first, last + 1)) in self.known.places:
                    after = self.tokens[last + 1].lower if last < run.last else ""
                    if after not in ORGANISATION_LAST and after not in THING_LAST:
                        return Run(first, last)
        return None

    def _employer(self, run: Run) -> Run | None:
        """All of a run that a sentence calls somebody's work (I work for Chemical Abstracts Service), or whose office
        or website it is (The Clean Power Finance office)."""
        following = self.tokens[run.last + 1] if run.last + 1 < len(self.tokens) else None
        if following is not None and following.gap in SPACE and following.lower in ORGANISATION_AFTER:
            first = run.first + (self.tokens[run.first].lower in ("the", "our", "your"))
            return Run(first, run.last) if first <= run.last and not self._opens(first) else None
        if run.first == 0 or self.tokens[run.first].gap not in SPACE:
            return None
        tail = "".join(f" {self.tokens[i].lower}" for i in range(max(0, run.first - 3), run.first))
        if tail.endswith(EMPLOYER_BEFORE):
            return run
        before = self.tokens[run.first - 1].lower
        owns = run.last + 1 < len(self.tokens) and self.tokens[run.last + 1].lower == "s"
        inside = range(run.first, run.last + 1)
        named = any(self.tokens[i].lower in THING_LAST or self._surely_name(i) for i in inside)
        amid = len(run) > 1 and not named and not self._opens(run.first)
        return run if amid and (before in ("for", "by", "at", "joined") or owns) else None

    def _organisation(self, run: Run) -> Run | None:
        """The part of a run that ends as firms and offices do (Fernandez Inc.)."""
        for last in range(run.last, run.first, -1):
            if self.tokens[last].lower in ORGANISATION_LAST:
                first = run.first
                while first < last and self._opens(first) and self._is_plain(first):
                    first += 1
                if first < last:
                    return Run(first, last)
        return None

    def _segments(self, run: Run, indirect: bool) -> Iterator[Find]:
        """The run cut at titles and ordinary words."""
        if len(run) > LONGEST_RUN and not any(self.tokens[i].is_initial for i in range(run.first, run.last + 1)):
            return
        first = run.first
        while first <= run.last:
            if self._cuts(first, run):
                first += 1
                continue
            last = first
            while last < run.last and not self._cuts(last + 1, run):
                last += 1
            yield from self._segment(Run(first, last), run, indirect)
            first = last + 1

    def _cuts(self, index: int, run: Run) -> bool:
        token = self.tokens[index]
        if token.lower in PARTICLES and not token.is_capital:
            return False
        if token.lower in TITLES and index < run.last:
            return True
        if token.is_initial:
            sides = {self.tokens[i].text for i in (index - 1, index + 1) if 0 <= i < len(self.tokens)}
            if token.text in "USC" and sides & {"U", "S"}:
                return True  # the U.S., 26 U.S.C.
            beside = [i for i in (index - 1, index + 1) if run.first <= i <= run.last]
            return token.text == "I" or not any(
                self.tokens[i].is_initial or not self.known.is_ordinary(self.tokens[i].lower) for i in beside
            )
        if not self.known.is_ordinary(token.lower):
            return False
        # Grant, Rose and Young are names beside a name that is no other word (Grant Okafor), or after a title.
        if not self.known.is_name(token.lower):
            return True
        if (self._cue(index) == "strong" and not token.text.isupper()) or self._is_addressed(index):
            return False
        if (len(run) == 1 and self._is_pair(run)) or (index == run.last and self._is_name_line(run)):
            return False
        right = index + 1 <= run.last and self._surely_name(index + 1)
        left = index - 1 >= run.first and self._surely_name(index - 1)
        if token.is_capital and right and token.lower in self.known.given:
            return False
        if index + 2 <= run.last and self.tokens[index + 1].is_initial and token.lower in self.known.given:
            return False
        return not left

    def _is_name_line(self, run: Run) -> bool:
        """A given name and one more word, with the line to themselves (Rebecca Hides)."""
        first = self.tokens[run.first].lower
        given = first in self.known.given and not self.known.is_ordinary(first)
        return given and len(run) == 2 and self._alone_on_line(run)

    def _surely_name(self, index: int) -> bool:
        lower = self.tokens[index].lower
        return (self.known.is_name(lower) and not self.known.is_ordinary(lower)) or self.tokens[index].is_initial

    def _is_plain(self, index: int) -> bool:
        return self.known.is_ordinary(self.tokens[index].lower)

    def _opens(self, index: int) -> bool:
        """Is the word the first of a sentence, line or quotation, where any word has a capital?"""
        return index == 0 or bool(STOPS.search(self.tokens[index].gap))

    def _segment(self, segment: Run, run: Run, indirect: bool) -> Iterator[Find]:
        segment = self._trimmed(segment)
        if len(segment) < 1:
            return
        why = self._person(segment, run)
        if why:
            yield self._find(segment, "name", why)
        elif indirect:
            yield from self._indirect(segment, run)

    def _trimmed(self, segment: Run) -> Run:
        """Without particles and degrees at its edges."""
        first, last = segment.first, segment.last
        while last > first and (self.tokens[last].lower in PARTICLES and not self.tokens[last].is_capital):
            last -= 1
        while first < last and self.tokens[first].lower in AFTER_NAME:
            first += 1
        return Run(first, last)

    # ---- is it a person? ----

    def _person(self, segment: Run, run: Run) -> str:
        """Why the words are taken for a person's name; empty where they are not."""
        tokens = [self.tokens[i] for i in range(segment.first, segment.last + 1)]
        bare = [t for t in tokens if not t.is_initial and t.lower not in AFTER_NAME and t.is_capital]
        if not bare or self._is_case_or_firm(segment):
            return ""
        right = self.tokens[segment.last + 1].lower if segment.last < run.last else ""
        if right in THING_LAST or right in PLACE_LAST or self._after(segment) in THING_LAST:
            return ""
        cue = self._cue(segment.first)
        if cue == "title":
            return "after a title"
        if len(bare) == 1 and len(bare[0].text) == 1:
            return ""
        if any(CAMEL.match(t.text) for t in bare) and cue != "strong":
            return ""
        if all(t.text.isupper() and len(t.text) > 1 for t in bare) and cue != "strong":
            return self._shouted(bare)
        if cue == "strong" and not (len(bare) == 1 and self.known.is_place(bare[0].lower)):
            return "after an introduction, greeting or label"
        if len(bare) == 1 and len(tokens) == 1:
            return self._single(segment, run, cue)
        return self._several(segment, bare, any(t.is_initial for t in tokens), cue)

    def _is_case_or_firm(self, segment: Run) -> bool:
        """Roe v. Wade, Johnson & Johnson."""
        first, last = segment.first, segment.last
        before = self.tokens[first - 1].lower if first else ""
        after = self.tokens[last + 1].lower if last + 1 < len(self.tokens) else ""
        if before in ("v", "vs") or after in ("v", "vs"):
            return True
        gaps = self.tokens[first].gap + (self.tokens[last + 1].gap if last + 1 < len(self.tokens) else "")
        return "&" in gaps or "@" in gaps or "/" in gaps or "#" in gaps or "=" in gaps

    def _cue(self, first: int) -> str:
        """What stands before: "title", "strong", "weak" or nothing."""
        if first == 0:
            return ""
        gap = self.tokens[first].gap
        if gap in (*SPACE, ". ", ".") and self._is_title(first - 1, gap):
            return "title"
        if not set(gap) <= LIGHT_MARKS:
            return "strong" if self._answers_for_a_name(first) else ""
        tail = "".join(f" {self.tokens[i].lower}" for i in range(max(0, first - 3), first))
        if "." not in gap and ("\n" not in gap or any(c in gap for c in ",:!") or tail.endswith(_CLOSINGS)):
            labelled = ":" in gap
            if tail.endswith(STRONG) and not (
                tail.endswith(_NEED_MARK) and not (labelled or "," in gap or "\n" in gap)
            ):
                return "strong"
        if self._answers_for_a_name(first):
            return "strong"
        return "weak" if gap in SPACE and tail.endswith(WEAK) else ""

    def _is_title(self, index: int, gap: str) -> bool:
        """Mr and Dr always; Nurse and Aunt with a capital; long ones not at a sentence's end (the nurse. Mary)."""
        title = self.tokens[index]
        if title.lower in ALWAYS_TITLES:
            return True
        return title.lower in TITLES and title.is_capital and gap != "." and (gap in SPACE or len(title.lower) < 5)

    def _answers_for_a_name(self, first: int) -> bool:
        """ "What is your name?" with the name as the whole reply."""
        gap = self.tokens[first].gap
        if not ("?" in gap or ":" in gap):
            return False
        asked = {self.tokens[i].lower for i in range(max(0, first - 9), first)}
        if "name" not in asked or "?" not in "".join(self.tokens[i].gap for i in range(max(0, first - 2), first + 1)):
            return False
        line = self.text[self.tokens[first].start : self.tokens[first].start + 60].split("\n", 1)[0]
        return len(line.split()) <= 4

    def _after(self, segment: Run) -> str:
        """The word that follows in the same breath, or nothing."""
        if segment.last + 1 >= len(self.tokens):
            return ""
        token = self.tokens[segment.last + 1]
        return token.lower if token.gap in SPACE else ""

    def _is_owner(self, segment: Run) -> bool:
        """Whose (Franciska's kid)."""
        last = segment.last
        return (
            last + 2 < len(self.tokens)
            and self.tokens[last + 1].lower == "s"
            and self.tokens[last + 1].gap in ("'", "’")
            and self.tokens[last + 2].lower in OF_A_PERSON
        )

    def _lives(self, segment: Run) -> bool:
        """X is from, X had given, X, can I please: words that follow persons alone."""
        following = " ".join(t.lower for t in self.tokens[segment.last + 1 : segment.last + 4])
        return following.startswith(LIVES) or (
            self.text.startswith(", ", self.tokens[segment.last].end) and following.startswith(SPOKEN)
        )

    def _shouted(self, bare: Sequence[Token]) -> str:
        """JANE SMITH: only where the lists know both words."""
        both = len(bare) == 2 and bare[0].lower in self.known.given
        return "names that stand in lists" if both and not any(self.known.is_ordinary(t.lower) for t in bare) else ""

    def _single(self, segment: Run, run: Run, cue: str) -> str:
        token = self.tokens[segment.first]
        lower = token.lower
        before = self.tokens[segment.first - 1] if segment.first else None
        after_place = before is not None and token.gap in SPACE and before.lower in PLACE_BEFORE
        beside_thing = segment.last < run.last or (segment.first > run.first and not self._opens(run.first))
        if self._is_addressed(segment.first) and not self.known.is_place(lower):
            return "spoken to"
        if len(lower) < 3 or self.known.is_ordinary(lower) or self.known.is_place(lower):
            return ""
        if self._is_owner(segment) or self._after(segment) in SAYS or self._lives(segment):
            return "does or owns what persons do"
        if beside_thing:
            return ""
        if self._is_pair(segment):
            return "beside another name"
        strictly = before is not None and token.gap in SPACE and before.lower in STRICT_PLACE
        if lower in self.known.given:
            return (
                "" if strictly or (after_place and lower in self.known.places) else "a given name that stands in lists"
            )
        if self.known.is_name(lower):
            if after_place and (strictly or before is None or before.lower in ("from", "at")):
                return ""
            sure = cue == "strong" if self.small else not self._opens(segment.first) or cue or "-" in lower
            return "a family name that stands in lists" if sure else ""
        if NAME_ENDING.match(lower) and not after_place and not self._opens(segment.first):
            return "ends as family names do"
        if NAME_ENDING.match(lower) and self._opens(segment.first) and not token.text.isascii():
            return "ends as family names do"
        return ""

    def _is_addressed(self, index: int) -> bool:
        """A given name set off by commas or marks (Don't go, Roy!)."""
        token = self.tokens[index]
        if token.lower not in self.known.given or token.gap != ", " or not token.is_capital or self.small:
            return False
        return self.text[token.end : token.end + 1] in ("!", "?", ".") and self.tokens[index - 1].lower not in NO_CALL

    def _is_pair(self, segment: Run) -> bool:
        """Marrero and Murphy: one of two is a known name, the other no ordinary word."""
        return any(
            self._named_beside(segment, link, other)
            for link, other in ((segment.last + 1, segment.last + 2), (segment.first - 1, segment.first - 2))
            if 0 <= other < len(self.tokens) and 0 <= link < len(self.tokens)
        )

    def _named_beside(self, segment: Run, link: int, other: int) -> bool:
        beside = self.tokens[other]
        gaps = self.tokens[max(link, other)].gap + self.tokens[min(link, other) + 1].gap
        if self.tokens[link].lower not in ("and", "&") or gaps != "  " or not beside.is_capital:
            return False
        if not self.known.is_name(beside.lower) or self.known.is_place(beside.lower):
            return False
        return not self.known.is_ordinary(beside.lower) or self._surely_name(segment.first)

    def _several(self, segment: Run, bare: Sequence[Token], has_initial: bool, cue: str) -> str:
        lowers = [t.lower for t in bare]
        joined = " ".join(lowers)
        if joined in self.known.places or lowers[0] in PLACE_FIRST or lowers[-1] in PLACE_LAST:
            return ""
        before = self.tokens[segment.first - 1].lower if segment.first else ""
        in_place = before in STRICT_PLACE and self.tokens[segment.first].gap in SPACE
        known = sum(self.known.is_name(lower) and not self.known.is_place(lower) for lower in lowers)
        given = lowers[0] in self.known.given
        if given and len(lowers) > 1 and not in_place:
            return "a given name that stands in lists, with another word"
        if known == len(lowers) > 1:
            return "names that stand in lists"
        if known and not in_place and not all(self.known.is_place(lower) for lower in lowers):
            return "a name that stands in lists, with another word"
        initial = self.tokens[segment.first].is_initial or self.tokens[segment.last].is_initial
        if has_initial and not in_place and len(bare) > 1 and not initial:
            return "words with an initial between"
        if len(bare) == 1 and self.tokens[segment.first].is_initial and segment.last - segment.first >= 2:
            return "words with an initial between"
        if NAME_ENDING.match(lowers[-1]) and not in_place:
            return "ends as family names do"
        if cue == "weak" and len(lowers) > 1 and before not in ("of", "for", "and", "like"):
            return "after words that persons follow"
        if self._is_owner(segment) or self._after(segment) in SAYS:
            return "does or owns what persons do"
        alone = len(lowers) in (2, 3) and "\n" in self.text and self._alone_on_line(segment)
        return "a line by itself" if alone else ""

    def _alone_on_line(self, segment: Run) -> bool:
        start, end = self.tokens[segment.first].start, self.tokens[segment.last].end
        before, after = self.text[max(0, start - 1) : start], self.text[end : end + 1]
        return before in ("", "\n", ">") and after in ("", "\n") and self.text[end : end + 40].strip(" \n") != ""

    # ---- organisations, places, nationalities ----

    def _indirect(self, segment: Run, run: Run) -> Iterator[Find]:
        tokens = [self.tokens[i] for i in range(segment.first, segment.last + 1)]
        phrase = " ".join(t.lower for t in tokens)
        if phrase in self.known.places or all(self.known.is_place(t.lower) for t in tokens):
            yield self._find(segment, "place", "a place that stands in lists")
            return
        if len(tokens) == 1 and (len(phrase) < 3 or (tokens[0].text.isupper() and len(phrase) < 5)):
            return
        if self._is_case_or_firm(segment) and "&" not in tokens[0].gap:
            return
        before = self.tokens[segment.first - 1] if segment.first else None
        tail = "".join(f" {self.tokens[i].lower}" for i in range(max(0, segment.first - 3), segment.first))
        beside = before is not None and tokens[0].gap in SPACE
        if (beside and tail.endswith(ORGANISATION_BEFORE)) or self._after(segment) in ORGANISATION_AFTER:
            yield self._find(segment, "organisation", "beside words like office or works for")
        elif beside and before is not None and before.lower in PLACE_BEFORE:
            yield self._find(segment, "place", "after words like in or from")
        elif not self._opens(segment.first) and not self.small:
            yield self._find(segment, "organisation", "a proper name that is no person's")

    def _find(self, run: Run, kind: PersonalKind, why: str) -> Find:
        return Find(self.tokens[run.first].start, self.tokens[run.last].end, kind, why)


# Months, days and towns follow these with a comma between: "on Monday, May."
NO_CALL = words("monday tuesday wednesday thursday friday saturday sunday and or")
_CLOSINGS = (" regards", " sincerely", " cheers", " best", " thanks", " wishes", " truly", " faithfully",
" signed", " grüßen",
             " saludos", " atentamente", " cordialement", " gruß")  # fmt: skip
# Ordinary words unless a colon, comma or line break follows: "best", "contact", "client".
_NEED_MARK = (" best", " contact", " client", " co", " cc", " insured", " attention", " name", " the name", " sono",
              " thanks", " regards", " cheers", " beneficiary", " guarantor", " tenant", " employee",
              " claimant")  # fmt: skip


SPEAKER = re.compile(r"^[ \t>*-]{0,4}(?P<item>[^\W\d_]{3,20}):[ \t]", re.M)


def _speakers(text: str, known: Lists) -> list[Find]:
    """Who speaks in a written dialogue: where one line's label is a known given name, so are the others."""
    labels = [match for match in SPEAKER.finditer(text) if match["item"][0].isupper()] if text.count(":") > 1 else []
    given = [m for m in labels if m["item"].lower() in known.given and not known.is_ordinary(m["item"].lower())]
    if len(labels) < 2 or not given:
        return []
    return [
        Find(*m.span("item"), "name", "speaks in a dialogue")
        for m in labels
        if not known.is_ordinary(m["item"].lower()) or m["item"].lower() in known.given
    ]


def _again(tokens: Sequence[Token], finds: Sequence[Find], known: Lists) -> list[Find]:
    """Names, and parts of full ones, elsewhere in the text (Maria Lupu ... later Lupu wrote)."""
    names = sorted((find.start, find.end) for find in finds if find.kind == "name")
    starts = {find.start for find in finds}
    parts: set[str] = set()
    position = 0
    for start, end in names:  # one walk over both, since a text may hold thousands of names
        while position < len(tokens) and tokens[position].start < start:
            position += 1
        within = []
        while position < len(tokens) and tokens[position].start < end:
            within.append(tokens[position])
            position += 1
        if len(within) > 1 or (within and within[0].lower in known.given):
            parts |= {t.text for t in within if len(t.text) > 2 and t.is_capital and not known.is_ordinary(t.lower)}
    if not parts:
        return []
    return [
        Find(t.start, t.end, "name", "stands elsewhere in the text as a name")
        for t in tokens
        if t.text in parts and t.start not in starts
    ]


def _written_small(tokens: Sequence[Token], known: Lists) -> Iterator[Find]:
    """After "my name is" one or two words of any case."""
    for index, token in enumerate(tokens):
        if index < 2 or token.is_capital or token.gap not in SPACE or known.is_ordinary(token.lower):
            continue
        tail = "".join(f" {tokens[i].lower}" for i in range(max(0, index - 3), index))
        if tail.endswith(SMALL) and not token.is_number:
            last = index
            while last + 1 < len(tokens) and last < index + 2 and tokens[last + 1].gap in SPACE:
                following = tokens[last + 1]
                if known.is_ordinary(following.lower) or following.is_number:
                    break
                last += 1
            yield Find(token.start, tokens[last].end, "name", "after an introduction, greeting or label")


ALSO_SMALL = words("polish orthodox slav turk dane finn scot")  # other words where written small


def nationalities(tokens: Sequence[Token]) -> Iterator[Find]:
    for token in tokens:
        singular = token.lower.removesuffix("s") if token.lower not in NATIONALITIES else token.lower
        if singular in NATIONALITIES and (token.is_capital or singular not in ALSO_SMALL):
            yield Find(token.start, token.end, "nationality", "a nationality that stands in a list")
