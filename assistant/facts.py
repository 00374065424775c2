# A pattern broken over lines cannot be read or searched for: long lines are wanted here.
# ruff: noqa: E501, SIM905
"""Facts of the brief found in a message: words and patterns only, no model, so that each has its evidence.

Every extractor turns one sentence into hits; `read_facts` joins them over the message, takes back what is
negated and lowers what was only asked about.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from assistant.wording import Clause, sentences
from tools.brief import OTHER, Brief, Pair

ASKED_ABOUT = 0.5  # a fact inside a question counts half: "do you support insurers in Texas?"
LISTS = frozenset({"jurisdictions", "languages", "never", "pairs"})


@dataclass(frozen=True)
class Fact:
    """`value` has the type of the brief's field; `evidence` is the user's words it was taken from; `score` is 0–1."""

    value: Any
    evidence: str
    score: float


@dataclass(frozen=True)
class Reading:
    """`removed` holds what the message takes back: "not the US" removes "US"."""

    facts: dict[str, Fact] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Hit:
    """One find in a sentence, from `start` to `end`."""

    value: Any
    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Sentence:
    text: str
    asked: str | None  # the brief field the assistant has just asked for
    shouting: bool  # all capitals, so capitals say nothing
    american: bool  # the message names the United States or an unmistakable part of them


Extractor = Callable[[Sentence], list[Hit]]

# --- words ------------------------------------------------------------------------------------------------------


@cache
def vocabulary() -> dict[str, Any]:
    path = Path(__file__).with_name("vocabulary.yaml")
    loaded: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), yaml.CBaseLoader)
    return loaded


def _any_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))


@cache
def _place_names() -> tuple[dict[str, str], re.Pattern[str]]:
    names = {name: code for code, listed in vocabulary()["places"].items() for name in listed}
    return names, re.compile(rf"(?<!\w)(?:{_any_of(names)})(?!\w)", re.IGNORECASE)


@cache
def _language_names() -> tuple[dict[str, str], re.Pattern[str]]:
    names = {name: code for code, listed in vocabulary()["languages"].items() for name in listed}
    return names, re.compile(rf"(?<!\w)(?:{_any_of(names)})(?!\w)", re.IGNORECASE)


@cache
def _industry_words() -> list[tuple[str, float, re.Pattern[str]]]:
    rows = []
    for code, words in vocabulary()["industries"].items():
        for kind, score in (("names", 0.85), ("signs", 0.5)):
            rows.append((code, score, re.compile(rf"\b(?:{'|'.join(words[kind])})(?!\w)", re.IGNORECASE)))
    return rows


STATE_CODES = frozenset(
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA "
    "RI SC SD TN TX UT VT VA WA WV WI WY DC PR".split()
)
# Codes that are also a country's or a common word: alone they are asked about.
DOUBTFUL_CODES = frozenset("CA DE IN OR ME OK HI OH IL CO AR GA LA PA MA ID AL MS SC SD MD MO".split())
NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|eighteen|twenty|"
    "thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|a dozen|two dozen|a couple(?: of)?|a few|a handful(?: of)?|several"
)
STAFF = (
    r"people|persons?|staff|staff members|employees|team ?mates|colleagues|workers|folks|fte|ftes|of us|heads|agents|"
    r"dentists?|doctors?|nurses|lawyers?|attorneys|partners|accountants|teachers|brokers|engineers|consultants|advis[eo]rs|"
    r"empleados|mitarbeiter\w*|employés|personas|personen|personnes|funcionários|dipendenti|medewerkers"
)
READERS = (
    r"patients|members|customers|clients|policy ?holders|students|pupils|parents|citizens|residents|tenants|employees|"
    r"staff|colleagues|agents|applicants|candidates|end users|users|guests|donors|borrowers|shoppers|callers|families|"
    r"families of patients|subscribers|visitors|buyers|sellers|taxpayers|account holders|investors|workers|nurses|doctors|"
    r"teachers|small businesses|business owners|companies|businesses|farmers|seniors|veterans|landlords|homeowners|"
    r"drivers|travellers|travelers|volunteers|suppliers|dealers|job seekers|new hires|managers|consumers|people"
)
DATA_NOUN = (
    r"spread ?sheets?|excels?|csvs?|xlsx|e-?mails?|pdfs?|documents?|documentation|docs|hand ?books?|manuals?|"
    r"(?:a|the|our|some|written|office|company|internal) polic(?:y|ies)|policy (?:documents?|manual|pdf)|faqs?|tickets?|chats?|chat logs?|transcripts?|"
    r"knowledge base|wiki|word files?|replies|letters|recordings|call notes|phone notes|archives?|brochures?|guidelines|"
    r"leaflets|q ?& ?as?|questions and answers|answered (?:questions|e-?mails)|macros|templates|sharepoint|google docs?|"
    r"tables?|database|files|web ?site|web pages|conversations|messages|scripts|records"
)
TONES = (
    r"friendly|warm|formal|informal|polite|professional|plain|short|concise|brief|factual|casual|empathetic|kind|neutral|"
    r"calm|serious|humorous|funny|cheerful|respectful|simple|clear|precise|to the point|reassuring|direct|relaxed|playful|"
    r"helpful|patient|understanding|human|personal|caring|gentle|upbeat|crisp|matter[- ]of[- ]fact|conversational"
)
CLAUSE_END = (
    r"(?=\s*(?:[.;!?\n]|$|,?\s+(?:and|but|so|because|where|whose)\s+(?:we|i|our|they|it|the|my|people|there|"
    rf"{READERS})\b|,\s*(?:{READERS}|we|i|our|they|it|but|so|and we|mostly|mainly|with|please|"
    r"(?:(?:the|most) )?\w+ (?:ask|asks|call|calls|write|writes|want|wants|need|needs|send|sends|e-?mail|e-?mails)|"
    r"(?:so |and |but )?(?:why|how|what|where|when|can|could|do|does|is|should|will|would)(?! to))\b))"
)
NOT = re.compile(
    r"(?:\bnot|n't|\bno longer|\bno more|\bnever|\bnor|\bneither|\bwithout|\bexcept(?: for)?|\binstead of|\brather than|"
    r"\bother than|\boutside(?: of)?|\bdrop|\bremove|\bforget(?: about)?|\bscratch|\bminus|\bnicht|\bkein\w*|\bpas)"
    r"(?:\s+(?!only\b|just\b)[\w']+){0,3}\s*$",
    re.IGNORECASE,
)
JOINED = re.compile(r"^\s*,?\s*(?:or|nor|and)\s+(?:the |in |for )?$", re.IGNORECASE)

# --- extractors -------------------------------------------------------------------------------------------------


def organisation(s: Sentence) -> list[Hit]:
    pattern = (
        r"\b(?:we(?:'re| are|re)|i(?:'?m| am)|this is|our (?:company|team|organi[sz]ation|business) is|"
        r"(?:i|we) (?:run|own|manage|operate|work (?:at|for|in)|represent)|(?:somos|wir sind|nous sommes|siamo|wij zijn|jesteśmy))"
        r"\s+(?:basically |actually |just |currently |still )?(?P<what>.+?)" + CLAUSE_END
    )
    hits = []
    for match in re.finditer(pattern, s.text, re.IGNORECASE):
        what = re.sub(r"^(?:an?|the|una?|eine?|une?|een)\s+", "", match["what"].strip(" ,"), flags=re.IGNORECASE)
        if not NOT_A_TEAM.match(what) and len(what) > 2:
            named = any(score > 0.8 and pattern.search(what) for _, score, pattern in _industry_words())
            start = match.start("what") + match["what"].find(what)
            hits.append(Hit(what, start, start + len(what), 0.9 if named else 0.8 if TEAM_WORD.search(what) else 0.55))
    return hits


NOT_A_TEAM = re.compile(
    r"(?:in|at|on|from|based|located|here|there|ready|done|sure|not|very|so|too|quite|really|happy|sorry|afraid|lost|new|"
    r"back|fine|good|ok|okay|just|still|all|only|about|around|\d+(?!\S)(?! (?:person|people|man|lawyers?|dentists?))|some|one|two|three|four|five|"
    r"aware|interested|curious|able|unable|busy|confused|worried|open|closed|using|also|now|ours?|mine|under|over|near|"
    r"\w+ing|\w+ed|what|why|how|it|that|wrong|right|correct)\b",
    re.IGNORECASE,
)
TEAM_WORD = re.compile(
    r"\b(?:company|firm|team|practi[cs]e|office|agency|shop|business|start-?up|department|group|association|organi[sz]ation|"
    r"provider|service|centre|center|desk|studio|cooperative|co-op|union|store|maker|institute|foundation|network)\b",
    re.IGNORECASE,
)


def industry(s: Sentence) -> list[Hit]:
    hits = []
    for code, score, pattern in _industry_words():
        for match in pattern.finditer(s.text):
            told = SELF.search(s.text[: match.start()]) is not None or s.asked in ("industry", "organisation")
            # A sign is a weak word; a name outside of a self-description may be someone else's industry.
            value = min(0.95, score + 0.1 * told + 0.002 * min(len(match.group()), 20))
            hits.append(Hit(code, match.start(), match.end(), value))
    if not NEGATED.search(s.text) and s.asked not in ("never", "right_answer", "wrong_answer"):
        hits += _by_several_signs(s.text, hits)
    for index, hit in enumerate(hits):
        if hit.value == "support" and any(h.value != "support" and h.score >= 0.84 for h in hits):
            hits[index] = Hit(hit.value, hit.start, hit.end, 0.5)  # the support desk of a bank is a bank
        if hit.value in ("healthcare", "pharma") and any(h.value == OTHER and h.score >= 0.84 for h in hits):
            hits[index] = Hit(hit.value, hit.start, hit.end, 0.5)  # the rules of patients are not those of pets
    return hits


NEGATED = re.compile(r"\b(?:no|not|never|without)\b|n't\b", re.I)


def _by_several_signs(text: str, hits: list[Hit]) -> list[Hit]:
    """Several weak words of one industry, and hardly any of another, are a strong one: fevers, vaccines and refills."""
    words: dict[str, set[str]] = {}
    for hit in hits:
        words.setdefault(hit.value, set()).add(text[hit.start : hit.end].lower().rstrip("s"))
    if not words or any(hit.score >= 0.8 for hit in hits):
        return []
    code, said = max(words.items(), key=lambda item: len(item[1]))
    others = sum(len(found) for name, found in words.items() if name != code)
    first = next(hit for hit in hits if hit.value == code)
    return [Hit(code, first.start, first.end, 0.8)] if len(said) > max(1, 2 * others) else []


SELF = re.compile(
    r"\b(?:we|i|we're|i'm|our|my|this is|somos|wir|nous|siamo|wij|jesteśmy|industry|sector|field|business)\b", re.I
)


def jurisdictions(s: Sentence) -> list[Hit]:
    names, pattern = _place_names()
    doubtful = set(vocabulary()["doubtful"])
    hits = []
    for match in pattern.finditer(s.text):
        name = match.group().lower()
        code = names[name]
        score = 0.92
        if name in doubtful:
            score = _doubtful_place(name, code, s, match.end())
        if name in ("the us", "us") and match.group().islower():
            score = 0.85
        hits.append(Hit(code, match.start(), match.end(), score))
    taken = [(h.start, h.end) for h in hits]
    hits += [h for h in _codes(s, hits) if not any(a < h.end and h.start < b for a, b in taken)]
    hits.sort(key=lambda h: h.start)
    return _towns_in_their_state(s.text, hits)


def _doubtful_place(name: str, code: str, s: Sentence, end: int) -> float:
    if name.endswith(("ish", "an", "ese", "ch", "ss", "ek")) and name not in ("georgia",):
        about_us = re.match(
            r"\W+(?:\w+\W+)?(?:clinic|bank|compan|insurer|customers?|clients|patients|market|law|firm|"
            r"hospital|practice|team|shop|office|residents|citizens|business|states)",
            s.text[end:],
            re.I,
        )
        return 0.8 if about_us else 0.7 if s.asked == "jurisdictions" else 0.35
    return 0.88 if code.startswith("US-") and s.american else 0.6


EVERYWHERE = re.compile(
    r"\b(?:world-?wide|everywhere|anywhere|global(?:ly)?|international(?:ly)?|all over the world)\b", re.I
)


def _codes(s: Sentence, places: list[Hit]) -> list[Hit]:
    """Short forms: US, UK, EU in capitals; state codes after a comma, after "in", in a list, or when asked for."""
    hits = []
    for match in re.finditer(r"(?<![\w.-])(US|USA|U\.S\.A?|UK|U\.K|GB|EU|E\.U|UAE)(?![\w-])", s.text):
        if not s.shouting or s.asked == "jurisdictions":
            hits.append(Hit(_block(match.group()), match.start(), match.end(), 0.95))
    for match in re.finditer(r"(?<![\w.-])(usa|uk|eu|u\.s)(?![\w-])", s.text):
        hits.append(Hit(_block(match.group()), match.start(), match.end(), 0.88))
    if s.asked == "jurisdictions":
        for match in EVERYWHERE.finditer(s.text):  # a guess to be asked about: the places the packs know
            hits += [Hit(code, match.start(), match.end(), 0.7) for code in ("US", "EU", "UK")]
        for match in re.finditer(
            r"(?:^|[,;&/]|\band\b)\s*(?:the |in |only |just )*\b(us|us only)\b\s*(?=$|[,;&/.]|and\b)", s.text, re.I
        ):
            hits.append(Hit("US", match.start(1), match.end(1), 0.9))
    listed = re.findall(r"(?<![\w.-])[A-Z]{2}(?![\w-])", s.text)
    several = sum(code in STATE_CODES for code in listed) > 1 and not s.shouting
    for match in re.finditer(r"(?<![\w.-])([A-Za-z]{2})(?![\w'-])", s.text):
        code, before = match.group().upper(), s.text[: match.start()]
        if code not in STATE_CODES:
            continue
        upper = match.group().isupper() and not s.shouting
        whole = (
            s.asked == "jurisdictions"
            and re.fullmatch(r"\s*(?:in |only )?", before, re.I)
            and not s.text[match.end() :].strip(" .!")
        )
        after_town = any(
            re.fullmatch(r",?\s+", s.text[h.end : match.start()]) for h in places if h.end <= match.start()
        )
        if after_town and (upper or match.group().isupper()):
            score = 0.93
        elif upper and re.search(r"[A-Z][a-z]+,\s*$", before):
            score = 0.88
        elif upper and several:
            score = 0.85
        elif upper and re.search(r"\b(?:in|from|across|serve|serving|around|throughout)\s+$", before, re.I):
            score = 0.6 if code in DOUBTFUL_CODES and not s.american else 0.85
        elif whole:
            score = 0.6 if code in DOUBTFUL_CODES else 0.85
        else:
            continue
        hits.append(Hit(f"US-{code}", match.start(), match.end(), score))
    return hits


def _block(code: str) -> str:
    bare = code.upper().replace(".", "")
    return {"USA": "US", "GB": "UK", "UAE": "AE"}.get(bare, bare)


def _towns_in_their_state(text: str, hits: list[Hit]) -> list[Hit]:
    """ "Paris, Texas" is in Texas, and "Georgia, USA" is the state."""
    kept: list[Hit] = []
    for hit in hits:
        last = kept[-1] if kept else None
        if last and re.fullmatch(r",?\s+(?:in\s+)?", text[last.end : hit.start]) and hit.start > last.end:
            if (
                hit.value.startswith("US-")
                and last.value != hit.value
                and "," in text[last.end : hit.start]
                and _is_town(text[last.start : last.end])
            ):
                kept.pop()
            elif hit.value == "US" and last.value.startswith("US-"):
                kept[-1] = Hit(last.value, last.start, hit.end, 0.93)
                continue
        kept.append(hit)
    return kept


@cache
def _state_and_country_names() -> frozenset[str]:
    """The first names listed under a code are the place itself, the later ones its towns; these are the first."""
    return frozenset(listed[0] for listed in vocabulary()["places"].values())


def _is_town(name: str) -> bool:
    return name.lower() not in _state_and_country_names()


def size(s: Sentence) -> list[Hit]:
    number = rf"(?:\d[\d.,]*\+?|{NUMBER_WORDS})"
    about = r"(?:about |around |roughly |some |over |under |nearly |almost |more than |less than |only |just |approximately |circa |ca\.? |~ ?)?"
    patterns = (
        (rf"\b(?P<v>{about}{number}[ -](?:person|people|man|woman|strong|seat|lawyer|doctor|dentist|physician|employee|member team|agent|partner)s?)\b(?= (?!who|that|ask)\w|$|[,.])", 0.92),
        (rf"\b(?P<v>team of {about}{number})\b(?! (?:cents|days))", 0.92),
        (rf"\b(?P<v>{about}{number} (?:full[- ]time |part[- ]time |permanent |customer |support )?(?:{STAFF}))\b", 0.85),
        (rf"\bwe(?:'re| are) (?P<v>{about}{number})(?=\s*(?:$|[.,;!]| and| in))", 0.8),
        (r"\b(?P<v>(?:it's |its |it is )?just (?:me|the two of us|us two|my (?:wife|husband|partner) and (?:me|i))|only me|i work alone|solo|one[- ]man|one[- ]woman|sole practitioner|freelancer)\b", 0.88),
        (r"\b(?P<v>(?:a |very )?(?:small|tiny|large|big|huge|mid-?sized?|medium-?sized?) (?:team|company|practice|firm|business|office))\b", 0.6),
        (r"\b(?P<v>hundreds|thousands|dozens) of (?:employees|staff|people)\b", 0.8),
    )  # fmt: skip
    hits = [
        Hit(m["v"].strip(), m.start("v"), m.end("v"), score)
        for pattern, score in patterns
        for m in re.finditer(pattern, s.text, re.IGNORECASE)
    ]
    if s.asked == "size" and not hits and (m := re.search(rf"{about}\b{number}\b", s.text, re.IGNORECASE)):
        hits.append(Hit(m.group().strip(), m.start(), m.end(), 0.9))
    serving = r"\b(?:serve|serves|serving|have|insure|about|with|for)\s+(?:over |about |around )?$"
    return [
        h
        for h in hits
        if not (
            re.search(r"people|persons", h.value)
            and re.search(serving.replace("have|", "").replace("about|with|", ""), s.text[: h.start], re.I)
        )
    ]


def languages(s: Sentence) -> list[Hit]:
    names, pattern = _language_names()
    hits = []
    for match in pattern.finditer(s.text):
        before, after = s.text[: match.start()], s.text[match.end() :]
        told = (
            s.asked == "languages"
            or re.search(r"\b(?:in|speak|speaks|speaking|language|languages|written in|write|messages?|mostly|mainly|both|and|or|also|only|some|into|not)\W+$", before, re.I)
            or re.match(r"\W*(?:speak|languages?|messages?|e-?mails?|only|and\b|too|as well)", after, re.I)
        )  # fmt: skip
        people = re.match(
            r"\W+(?:clinic|bank|compan|insurer|customers|clients|patients|market|law|firm|shop)", after, re.I
        )
        small = match.group().lower() == "polish" and match.group().islower()
        score = (
            0.35
            if small or (people and not re.match(r"\W*-?speaking", after))
            else 0.88
            if told or "speaking" in after[:10]
            else 0.55
        )
        hits.append(Hit(names[match.group().lower()], match.start(), match.end(), score))
    strong = [h for h in hits if h.score >= 0.8]
    return strong or hits


TASKS: tuple[tuple[str, str, float], ...] = (
    ("answer", r"\banswer(?:s|ing)? (?:(?:to|the|their|our|my|all|those|these|simple|common|routine|basic|billing|people's|\w+s'|\w+'s|most|frequent|any|such|of|incoming|(?:member|customer|client|patient|student|parent|employee|staff|resident|user|guest|visitor|tenant|donor|buyer|shopper|citizen|policyholder|subscriber)s?) )*(?:questions?|queries|inquiries|enquiries|faqs?|patients|members|customers|clients|them|people|calls|students|residents|employees|staff)\b", 0.92),
    ("answer", r"\b(?:keep|keeps|always|often|constantly|usually|mostly|frequently|all) (?:on )?ask(?:s|ing)?\b|\bask(?:s|ing)? (?:us )?(?:about|for|how|when|whether|if|the same|where|what)\b|\bgets? (?:asked|(?:a lot of |lots of |many |so many |the same )+questions)|\bquestions? (?:about|on|regarding|from|around)\b|\bfragen\b|\bpreguntan\b|\bpreguntas\b|\bdemandent\b|\bperguntam\b|\bchiedono\b", 0.8),
    ("answer", rf"\b(?:bot|assistant|helper) (?:for|to help|that helps) (?:all |the )?(?:of )?(?:our |my )?(?:{READERS})\b(?! to\b)", 0.78),
    ("answer", r"\b(?:chat ?bot|faq bot|q&a bot|virtual assistant|self[- ]service|answer bot|question answering|respond(?:ing)? to questions|(?:responder|contestar)(?: a)?(?: las)? preguntas|responder perguntas|fragen beantworten|beantwortet? .{0,20}fragen|répondre aux questions)\b", 0.85),
    ("classify", r"(?<!what )(?<!all )(?<!some )\bsort(?:ing|s)?\b(?! of)|\bclasificar\b|\bclasifica\b|\bclassificar\b|\b(?:ein)?sortier(?:en|t)\b|\bklassifizier\w+|\b(?:classer|trier)\b|\bcategori[sz]\w+|\bclassif\w+|\brout(?:e|es|ing)\b(?!ine)|\btriag\w+|\btag(?:s|ging)?\b|\blabell?(?:ing|s)?\b|\bwhich (?:team|department|category|queue)\b|\binto (?:the right )?(?:categories|buckets|folders|queues)\b", 0.9),
    ("draft", r"\bdraft(?:s|ing)?\b(?! polic)|\b(?:redactar|escribir|escrever|rédiger) (?:(?:las|los|des|les|as|unas?) )*(?:respuestas|cartas|correos|réponses|lettres|courriels|respostas)\b|\b(?:antworten|briefe|e-?mails) (?:entwerfen|schreiben|verfassen)\b|\bcompos(?:e|ing)\b|\bwrit(?:e|es|ing) (?:(?:the|our|first|short|polite|good|better|product|up|some) )*(?:replies|reply|letters?|responses?|e-?mails?|answers|descriptions?|texts?|posts?|reports?|notices?|messages)\b|\bsuggest(?:s|ed|ing)? (?:a |the )?(?:repl(?:y|ies)|answers?|responses?)\b|\breply(?:ing)? to (?:\w+ ){0,3}(?:e-?mails?|letters?|reviews?|messages|complaints?|tickets?|requests?|inquiries)\b", 0.9),
    ("summarise", r"\bsummar\w+|\bshorten(?:s|ing)?\b|\bcondens(?:e|ing)\b|\btl;?dr\b|\bthe gist\b|\bboil\w* .{0,20}down\b|\bkey points\b|\bzusammenfass\w+|\brésumer\b|\bresumir\b", 0.9),
    ("extract", r"\bextract(?:s|ing|ion)?\b|\bextraer\b|\bextrahieren\b|\bextraire\b|\bextrair\b|\bpull(?:s|ing)? .{0,40}?\b(?:out of|from)\b|\bread(?:ing)? (?:the )?(?:invoices|forms|receipts|contracts)\b|\b(?:fields|numbers|dates|names|amounts|data|facts|information) (?:from|out of) (?:the |our )?\w+", 0.9),
)  # fmt: skip


def task(s: Sentence) -> list[Hit]:
    blank = s.text
    for hit in data(s):
        blank = blank[: hit.start] + " " * (hit.end - hit.start) + blank[hit.end :]
    return [
        Hit(code, m.start(), m.end(), score)
        for code, pattern, score in TASKS
        for m in re.finditer(pattern, blank, re.IGNORECASE)
    ]


def audience(s: Sentence) -> list[Hit]:
    own = r"(?:our |the |my |its |their |your |own |existing |prospective |new |all |older |elderly |young |local |private |business |"
    own += r"reception |front[- ]desk |office |sales |service |nursing |branch |field |call[- ]cent(?:re|er) )*"
    who = rf"(?P<v>{own}(?:{READERS})(?:(?:,| and| or| &) {own}(?:{READERS}))*)"
    patterns = (
        (r"^\W*(?P<v>(?:our|my) (?:own )?(?:READERS)(?:(?:,| and| or| &) (?:our |my )?(?:READERS))*)\W*$".replace("READERS", READERS), 0.82),
        (r"\b(?P<v>(?:nuestr[oa]s|unsere[nr]?|nos|nossos|nossas|onze) (?:propi[oa]s |eigenen |propres |eigen )?(?:clientes?|clients|client[ae]s|pacientes|patients|patienten|kunden|kundinnen|mitarbeiter\w*|mitglieder\w*|empleados|socios|membres|employés|collègues|alumnos|klanten))\b", 0.82),
        (rf"\b{who} (?:(?:and|&) their \w+ )?(?:\w+ly )?(?:keep |always |often |will |would |who |usually |mostly |can |should |constantly |all |e-?mail |often |typically |sometimes )*(?:ask|asks|asking|read|reads|want|write|call|contact|send|need|get|e-?mail|use)\b", 0.86),
        (rf"\b(?:read by|answers? (?:for|to)|written for|meant for|intended for|aimed at|answers? should be for|talk(?:s|ing)? to|speaks? to|replies? to|serv(?:e|es|ing)|help(?:s|ing)?|answer(?:s|ing)?|advis(?:e|es|ing)) (?:\d[\d,.]* )?(?:the )?{who}\b", 0.84),
        (rf"\b(?:for|from|by) {who}\b", 0.78),
        (rf"(?:^|\b(?:no|sorry|actually|only)\W+)(?:the |our )?{who},? (?:and )?not\b", 0.8),
        (rf"\bnot (?:only )?(?:for )?(?:the |our )?{who}\b", 0.8),
        (r"\b(?P<v>our own (?:staff|team|people|employees|agents)|internal(?:ly)?(?: use| team| staff)?(?: only)?|in-house (?:staff|team)|my (?:team|colleagues)|our (?:colleagues|agents|front desk))\b", 0.82),
    )  # fmt: skip
    hits = []
    for pattern, score in patterns:
        for match in re.finditer(pattern, s.text, re.IGNORECASE):
            value = (
                re.sub(rf"^{own}", "", match["v"].strip(), flags=re.IGNORECASE)
                if not re.match(r"(?:our|my)\b.*\b(?:own|agents)\b|.*\bown\b", match["v"])
                else match["v"]
            )
            if value.lower() == "people":
                score = min(score, 0.45)  # says nothing about who
            hits.append(Hit(value.strip(), match.start("v"), match.end("v"), score))
    return hits


def data(s: Sentence) -> list[Hit]:
    lead = r"(?:\b(?:we|i)(?:'ve| have|ve| do have|'ll upload| will upload| can upload| could upload| collected| can give you| can share| could share| can send| keep| kept| saved| own| also have| only have| just have| already have| still have| got)(?: got| also| only| just| already| collected| gathered| saved)*|\bthere(?:'s| is| are)(?: also| only| just)?|\bwith|\bour data (?:is|are|consists of)|\bit(?:'s| is) all in|\b(?:that|it) (?:is|'s) in|^(?:well |ok |hmm )?(?=(?:only|just|a|an|some|about|around|\d+|mostly|old|our|lots|plenty)\b))"
    what = rf"\s*(?P<v>(?:(?!\b(?:we|i|patients|members|customers|it should|which|who|but)\b)[^.;!?\n]){{0,70}}?\b(?:{DATA_NOUN})\b(?:(?!,? (?:and|but) (?:we|i|our|it|the|patients|members|customers|people|they)\b|,? (?:which|but|so|because)\b|, (?:we|i|it|patients|members|customers|mostly)\b)[^.;!?\n]){{0,80}})"
    hits = []
    for match in re.finditer(lead + what, s.text, re.IGNORECASE):
        value = match["v"].strip(" ,")
        rate = re.search(r"\b(?:a|per|every|each) (?:day|week|month|year|hour)\b", value)
        bare = not re.search(r"\b(?:we|i|there|data|all in)\b", match.group()[: match.start("v") - match.start()], re.I)
        if bare and s.asked in ("inputs", "outputs"):
            continue  # "a short friendly e-mail answer" is what comes out
        if not rate and not re.search(r"\b(?:want|need|should|must|could you|please)\b", value):
            hits.append(
                Hit(
                    value,
                    match.start("v"),
                    match.start("v") + len(match["v"]),
                    0.88 if not bare or s.asked == "data" else 0.8 if len(s.text.split()) <= 8 else 0.55,
                )
            )
    nothing = r"\b(?:nothing (?:yet|written(?: down)?(?: yet| so far)?|so far|at all|at the moment|prepared|collected)|no (?:data|documents|files|examples|written \w+|records)(?: yet| so far| at all| at the moment)?|(?:we|i) (?:don't|do not|dont) (?:really )?have (?:any |anything)(?:\s?(?:data|documents|files|examples|of that|like that|written down))?(?: yet)?|(?:we|i) have nothing(?: yet)?|(?:we are |we're )?starting from (?:zero|scratch)|just starting)\b"
    for match in re.finditer(nothing, s.text, re.IGNORECASE):
        hits.append(Hit(match.group(), match.start(), match.end(), 0.85))
    return hits


def tone(s: Sentence) -> list[Hit]:
    more = r"(?:(?:,|and|but|or|not|too|very|quite|rather|always|more|less|a bit|slightly|never|also) )*"
    value = rf"(?P<v>(?:very |quite |rather |not too |more |less |a bit |always |really )*(?:{TONES})(?:,? {more}(?:{TONES}))*)"
    patterns = (
        (rf"\b(?:tone|voice|style|wording)\b(?: should| must| of| is| be|:|,| in)*\s*{value}\b", 0.88),
        (rf"\b{value} (?:tone|voice|style|manner|language)\b", 0.88),
        (rf"(?:^|,\s*|\band |\bplease |\balways )be (?:always )?{value}\b(?!-)(?= *(?:$|[.,;!?]|and\b|but\b))", 0.82),
        (rf"\b(?:should|must|to|please|let it|make it|has to|needs to|want it to|keep it|keep them|it|answers?|replies)(?: always| all| both)* (?:be|sound|keep it|stay|feel|sounds?|remain)? ?(?:always |like )?{value}\b(?!-)(?= *(?:$|[.,;!?]|and\b|but\b|like\b|with\b|to\b|for\b))", 0.8),
    )  # fmt: skip
    alone = re.fullmatch(rf"\W*{value}\W*", s.text, re.IGNORECASE) if s.asked in NOT_ABOUT_SOUND else None
    if alone and alone["v"].lower() not in ("human", "patient", "direct", "personal", "understanding"):
        return [Hit(alone["v"], alone.start("v"), alone.end("v"), 0.86)]
    return [
        Hit(m["v"].strip(), m.start("v"), m.end("v"), score)
        for pattern, score in patterns
        for m in re.finditer(pattern, s.text, re.IGNORECASE)
    ]


# Asked for one of these, "kind" is a word about the tone and no answer.
NOT_ABOUT_SOUND = frozenset(
    "organisation industry task jurisdictions inputs pairs languages size data deployment".split()
)


def never(s: Sentence) -> list[Hit]:
    subject = r"(?:it|the (?:model|bot|assistant|ai|answers?|replies)|that|they|he|she|you|answers?|attune|the thing)"
    ban = r"(?:must never|must not|mustn't|mustnt|should never|should not|shouldn't|shouldnt|can never|may never|may not|can't ever|cannot ever|is never (?:allowed )?to|is not (?:allowed|supposed|permitted) to|isn't (?:allowed|supposed) to|has to avoid|shall not|shall never|never|doesn't ever|needs to avoid|must avoid|should avoid|under no circumstances(?: should it| may it| must it)?|better not)"
    patterns = (
        rf"\b{subject}(?: also| really| absolutely)? {ban}(?: ever)?(?: be)? (?P<v>[^.;!?\n]{{3,160}})",
        r"(?:^|,\s*|\band |\bbut |\bplease |[:–-]\s*)(?:(?:please )?(?:never|don't ever|do not ever|dont ever|under no circumstances)|(?:no|don't|do not) (?=(?:diagnos|promis|giv|quot|ask for|mak|shar|reveal|mention|guess|invent|recommend|disclos)))\s*(?P<v>[^.;!?\n]{3,160})",
        r"\bwe (?:must|can|may|should) never (?P<v>[^.;!?\n]{3,160})",
    )  # fmt: skip
    hits: list[Hit] = []
    for pattern in patterns:
        for match in re.finditer(pattern, s.text, re.IGNORECASE):
            bans = _bans(match["v"])
            if bans and not any(h.start <= match.start("v") < h.end for h in hits):
                hits.append(Hit(bans, match.start("v"), match.end("v"), 0.86))
    return hits


def _bans(text: str) -> list[str]:
    """ "give a diagnosis, promise an outcome or quote a price" is three bans."""
    text = re.split(
        r"\s+(?:because|since|so that|as that|otherwise|but)\b|"
        r",?\s+and (?:it|we|the|they|be|keep|always|please|make sure|sound|stay|should|must)\b",
        text,
        maxsplit=1,
        flags=re.I,
    )[0]
    verb = r"(?:give|promise|quote|ask|tell|share|make|reveal|recommend|say|mention|invent|diagnos\w+|prescribe|guess|offer|disclose|talk|discuss|name|use|show|send|call|refer|answer|blame|argue|compare|speculate|provide|suggest|change|delete|accept|confirm|guarantee|admit|insult|advise|store|repeat|forward|approve|deny|comment)"
    parts = re.split(
        rf"\s*,?\s+(?:or|nor|and)\s+(?:never |to )?(?={verb}\b)|\s*,\s*(?:or |nor |and )?(?:never |to )?(?={verb}\b)",
        text,
        flags=re.I,
    )
    return [part.strip(" ,.\"'") for part in parts if len(part.strip(" ,.\"'")) > 2]


def _after(*leads: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{'|'.join(leads)})\s*:?\s*(?P<v>[^\n]{{4,400}})", re.IGNORECASE)


STATED: dict[str, re.Pattern[str]] = {
    "inputs": _after(
        r"\bwhat (?:comes|gets) in (?:is|are)", r"\bthe inputs? (?:is|are|would be)", r"\binputs?\s*:",
        r"\b(?:people|patients|members|customers|clients|they) (?:send|write|e-?mail) us\b", r"\bwe (?:get|receive)(?= (?:\w+ ){0,4}(?:e-?mails|messages|letters|calls|questions|requests|forms|tickets|chats)\b)",
        r"\b(?:messages|questions|requests) (?:come|arrive)(?: in)?(?= (?:by|via|through|as))",
    ),
    "outputs": _after(
        r"\bwhat (?:should |must )?(?:comes?|goes?|gets?) out (?:is|are|should be)?", r"\bwhat should (?:come|go) out (?:is|are)?", r"\bthe outputs? (?:is|are|should be|would be)", r"\boutputs?\s*:",
        r"\bit should (?:give|return|produce|write|output|send)(?: back| out)?(?= (?:a|an|the|one|two|short|us|only|just)\b)",
    ),
    "right_answer": _after(
        r"\b(?:an?|the) (?:good|right|correct|perfect|great) (?:answer|reply|response) (?:is one that|is when|is|should|must|would be|has|names|says|contains)",
        r"\b(?:an? |the )?(?:answer|reply|it) is (?:right|good|correct) (?:if|when)", r"\bright means", r"\bcorrect means",
    ),
    "wrong_answer": _after(
        r"\b(?:an?|the) (?:bad|wrong|incorrect|harmful|terrible) (?:answer|reply|response) (?:is one that|is when|is|would|would be|has|says|contains)",
        r"\b(?:an? |the )?(?:answer|reply|it)(?: is| would be|'s|'d be) (?:wrong|bad|harmful|dangerous) (?:if|when|to)", r"\bwrong means", r"\bharmful (?:is|would be)(?: if)?",
    ),
}  # fmt: skip


def _stated(name: str) -> Extractor:
    def extract(s: Sentence) -> list[Hit]:
        return [
            Hit(m["v"].strip(" ,."), m.start("v"), m.end("v"), 0.82)
            for m in STATED[name].finditer(s.text)
            if len(m["v"].strip()) > 3
        ]

    return extract


WRITTEN_TO_US = re.compile(
    rf"\b(?P<who>{READERS}) (?:\w+ly |often |mostly )?(?P<how>e-?mail|write|call|text|message|phone)(?:s|es)?(?: to)? us "
    r"(?P<about>(?:about|on|regarding|concerning|with questions about|asking about) .+?)"
    r"(?=,?\s+(?:and|so|but|then|because|which) (?:we|they|it|our|i|you|the)\b|[.;!?\n]|$)",
    re.IGNORECASE,
)
KINDS_OF_MAIL = {"call": "calls", "phone": "calls", "write": "messages", "text": "text messages", "message": "messages"}
MAIL = re.compile(
    r"^\W*(?P<v>(?:los |las |les |des |die )?(?:correos? electrónicos?|correos|courriels|e-?mails)(?: (?:de|von|des|der) (?:\w+ )?\w+)?)\W*$",
    re.IGNORECASE,
)


def inputs(s: Sentence) -> list[Hit]:
    written = [
        Hit(
            f"{KINDS_OF_MAIL.get(m['how'].lower(), 'emails')} from {m['who']} {m['about'].strip(' ,')}",
            m.start(),
            m.end(),
            0.84,
        )
        for m in WRITTEN_TO_US.finditer(s.text)
    ]
    foreign = MAIL.match(s.text)
    if foreign and s.asked and not re.fullmatch(r"\W*e-?mails\W*", s.text, re.IGNORECASE):
        return [Hit(foreign["v"], foreign.start("v"), foreign.end("v"), 0.82 if s.asked != "data" else 0.4)]
    return written or _stated("inputs")(s)


def deployment(s: Sentence) -> list[Hit]:
    where = r"(?P<v>(?:on|in|behind|inside|via|through|as|to) (?:our |a |an |the |my |your |one |own |private |local |small )*(?:own )?(?:computers?|servers?|laptops?|pcs?|machines?|office|hardware|hugging ?face(?: space)?|space|api|cloud|aws|azure|google cloud|website|intranet|data cent(?:re|er)|docker|network|premises|teams|slack)|on[- ]prem(?:ises?)?|locally|offline|self[- ]hosted|in[- ]house|in the cloud|hugging ?face(?: space)?)"
    patterns = (
        (rf"\b(?:run|runs|running|host|hosted|deploy|deployed|live|stay|put|use it|work|installed|kept|available)\b[^.;!?\n]{{0,25}}?{where}\b", 0.86),
        (rf"{where}\b", 0.9 if s.asked == "deployment" else 0.4),
    )  # fmt: skip
    return [
        Hit(m["v"].strip(), m.start("v"), m.end("v"), score)
        for pattern, score in patterns
        for m in re.finditer(pattern, s.text, re.IGNORECASE)
    ]


PAIR = re.compile(
    r"^\s*(?:(?:please )?(?:add|take|use|here is|here's|another|one more)\b[^:\n]{0,40}:\s*)?(?:q(?:uestion)?|customer|patient|member|user|client|frage|pregunta)\s*\d*\s*[:.)]\s*(?P<q>.+?)\s*[\n\s]+"
    r"(?:a(?:nswer)?|us|we|staff|agent|antwort|respuesta)\s*\d*\s*[:.)]\s*(?P<a>.+?)\s*"
    r"(?=\n\s*(?:q(?:uestion)?|customer|patient|member|user|client|frage|pregunta)\s*\d*\s*[:.)]|\Z|\s+(?:q|question)\s*\d*\s*:)",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)


def read_pairs(text: str) -> list[Pair]:
    """Cases written as "Q: … A: …", on one line or several."""
    return [Pair(question=m["q"].strip(), answer=m["a"].strip()) for m in PAIR.finditer(text)]


QUOTED_PAIR = re.compile(
    r'\b(?:question|case|example|message|customer|patient|member|client)\b[^"\n]{0,40}"(?P<q>[^"]{3,})"[^"]{0,60}?'
    r"\b(?:we|i|we'd|i'd|our|the)\b[^\"]{0,30}\b(?:say|said|answer|answered|reply|replied|respond|write|wrote|tell them)\b"
    r'[^"]{0,30}"(?P<a>[^"]{3,})"',
    re.IGNORECASE,
)


def quoted_pairs(text: str) -> list[Pair]:
    """Cases told with both parts in quotes: our question was "…" and we'd say "…"."""
    return [Pair(question=m["q"].strip(), answer=m["a"].strip()) for m in QUOTED_PAIR.finditer(text)]


EXTRACTORS: dict[str, Extractor] = {
    "organisation": organisation,
    "industry": industry,
    "task": task,
    "audience": audience,
    "jurisdictions": jurisdictions,
    **{name: _stated(name) for name in STATED},
    "inputs": inputs,
    "never": never,
    "tone": tone,
    "languages": languages,
    "size": size,
    "data": data,
    "deployment": deployment,
}

# --- joining ----------------------------------------------------------------------------------------------------


def read_facts(text: str, *, asked: str | None = None) -> Reading:
    """The facts a message states. `text` is without its quotations and no longer than a message; see `understanding`."""
    pairs = read_pairs(text)
    facts: dict[str, Fact] = {}
    if pairs:
        facts["pairs"] = Fact(pairs, text.strip(), 0.9)
        text = PAIR.sub(lambda m: " " * len(m.group()), text)
    clauses = sentences(text)
    american = any(
        h.value.startswith("US") and h.score > 0.9
        for c in clauses
        for h in jurisdictions(_sentence(c, asked, text, False))
    )
    removed: dict[str, list[str]] = {}
    for name, extract in EXTRACTORS.items():
        said: list[tuple[Hit, str]] = []
        for clause in clauses:
            stated, taken_back = _sift(name, clause, extract(_sentence(clause, asked, text, american)), name == asked)
            said += [(hit, clause.text[hit.start : hit.end]) for hit in stated]
            if taken_back:
                removed.setdefault(name, []).extend(v for v in taken_back if v not in removed.get(name, []))
        if fact := _join(name, said):
            facts[name] = fact
    if "never" in facts:
        removed.pop("industry", None)  # "never promise that a claim is paid" speaks of claims all the same
    return Reading(facts, {name: values for name, values in removed.items() if values})


def _sentence(clause: Clause, asked: str | None, text: str, american: bool) -> Sentence:
    letters = [c for c in text if c.isalpha()]
    return Sentence(clause.text, asked, len(letters) > 6 and all(c.isupper() for c in letters), american)


def _sift(name: str, clause: Clause, hits: list[Hit], is_asked: bool) -> tuple[list[Hit], list[str]]:
    """Split hits into stated and negated ones; what a question contains counts half."""
    if name in ("never", "tone", "data", "wrong_answer", "right_answer", "size", "deployment", "inputs", "outputs"):
        stated, negated = hits, []
    else:
        stated, negated = list[Hit](), list[Hit]()
        before: Hit | None = None
        for hit in sorted(hits, key=lambda h: h.start):
            denied = bool(NOT.search(clause.text[: hit.start])) or (
                bool(negated) and before is negated[-1] and bool(JOINED.match(clause.text[before.end : hit.start]))
            )
            (negated if denied else stated).append(hit)
            before = hit
    factor = (ASKED_ABOUT + 0.35 * is_asked) if clause.asks else 1.0
    stated = [Hit(h.value, h.start, h.end, h.score * factor) for h in stated]
    back = [str(h.value) for h in negated if h.score >= 0.5 and not any(h.value == other.value for other in stated)]
    return stated, [] if clause.asks else back


def _join(name: str, said: list[tuple[Hit, str]]) -> Fact | None:
    if not said:
        return None
    if name in LISTS:
        # A doubtful member must not be acted on, so it speaks for the list; a mere hint is left out of a surer list.
        top = max(hit.score for hit, _ in said)
        said = [(hit, words) for hit, words in said if hit.score >= min(0.5, top)]
        values: dict[str, float] = {}
        for hit, _ in said:
            for value in hit.value if isinstance(hit.value, list) else [hit.value]:
                values[value] = max(hit.score, values.get(value, 0))
        return Fact(list(values), ", ".join(dict.fromkeys(words for _, words in said)), round(min(values.values()), 3))
    best, words = max(said, key=lambda pair: pair[0].score)
    rivals = {hit.value for hit, _ in said if hit.score > best.score - 0.06} if name in ("industry", "task") else set()
    if len(rivals) > 1:
        best, words = next((h, w) for h, w in said if h.value in rivals and h.score > best.score - 0.06)
        return Fact(best.value, words, min(best.score, 0.7))
    return Fact(best.value, words, round(best.score, 3))


def fits(name: str) -> bool:
    """True for fields that take any words: there a free answer is the value."""
    return Brief.model_fields[name].annotation == (str | None) and name != "industry"
