"""Other people's words in a long document: samples, excerpts, drafts and quotations that it shows and does not say.

A guide to writing shows a letter before and after it was rewritten, a handbook a template to fill in. What such a text
orders is no rule of the document that shows it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise, takewhile

from finetune.data.document import Passage
from finetune.data.from_documents.sound import STOPS, Known, stems

# Nothing but samples follows such a heading.
SAMPLE = re.compile(r"\W*(?:an? |the |our )?(?:example|sample|excerpt)s?\W*|.*[\[(]excerpts?\b.*", re.I)
MOST_LEVELS = 9  # of headings: Word has as many
NEARLY_ALL = 0.75  # of a document's passages: a menu or a foreword may stand before its title
# A text and what became of it; "Before" and "After" an operation are something else.
REWRITTEN = re.compile(r"\W*(?:before|after|original|revised|rewritten)\W*", re.I)
ALIKE = 0.5  # of the words of the shorter text that the other one has, too, where one is the other rewritten
# A heading of a text that is shown: "Sample letter to a member", "Manual, example 2", "Announcement template".
SHOWN = re.compile(
    r"(?:an? )?(?:sample|example)s?\b(?! (?:of|sizes?|rates?)\b).*|.*\b(?:example|sample|template)\W*\d*\W*", re.I
)
# In a short document, too: a letter to be filled in.
FORM_TO_FILL = re.compile(
    r"(?:an? |our )?(?:sample|template|example|model|standard)s?\b.{0,12}\b"
    r"(?:letters?|e-?mails?|notices?|messages?|repl(?:y|ies)|texts?|scripts?|announcements?)\b.*|"
    r".*\b(?:letter|e-?mail|notice|message|reply|text|script|announcement) templates?\W*\d*\W*",
    re.I,
)
# "Here is the notice before and after it was rewritten:"
SHOWS = re.compile(
    r"\b(?:excerpts?|re-?written|re-?wrote|before and after|original(?:ly)?|revis(?:ed|ion)|redrafted)\b[^.:]*:$", re.I
)
SHOWS_ONE = re.compile(r"\b(?:examples?|samples?|illustrates?)\b[^.:]*:$", re.I)
# "For example: The operator will fill the rut. If you make a hole, fill it.": where the sample ends is not told.
RUNS_INTO_A_SAMPLE = re.compile(r"\b(?:for example|examples?|for instance):\s+[\"“]?[A-Z]", re.I)
# A page of quotations; a page of an insurer's quotes speaks of them.
QUOTATIONS = re.compile(r"\b(?:quotes|quotations|sayings)\b", re.I)
# A law's words within what is no law and hardly says "shall": a sample, or a quotation that names no law.
LAWS_WORDS = re.compile(r"§|\b(?:U\.S\.C|CFR)\b|\bof this (?:part|subpart|section|title|chapter)\b")
ANOTHERS_SECTION = re.compile(r"(?:section|sec\.|§|part)\s?\d", re.I)


def own_sections(passages: Sequence[Passage], known: Known) -> list[list[Passage]]:
    """The sections of a document that speak for it, in order.

    Once a part of a chapter shows a sample, where it ends is not told: the rest of that chapter is left out, too, where
    the format tells levels and the chapter is not the whole document. Of a short document only letters to be filled in
    are left out.
    """
    sections = [list(group) for _, group in groupby(passages, key=lambda passage: (passage.above, passage.heading))]
    of_all = over_all(passages)
    if not known.long:
        return [section for section in sections if not _is_under(section, of_all, FORM_TO_FILL)]
    rewritten = _rewritten(sections)
    own: list[list[Passage]] = []
    showing: tuple[str, ...] | None = None  # the chapter whose rest is a sample
    for number, section in enumerate(sections):
        above, heading = section[0].above, section[0].heading
        if showing is not None and above[: len(showing)] == showing:
            continue
        sample = number in rewritten or SAMPLE.fullmatch(heading) or SAMPLE.fullmatch(section[0].lead)
        announced = known.plain and any(SHOWS.search(passage.text) for passage in section)
        showing = above if (sample or announced) and len(above) > of_all else None
        if sample or _is_under(section, of_all, SAMPLE, SHOWN) or _is_anothers(section, known):
            continue
        own.append(_without_shown(section) if known.plain else section)
    return own


def _is_under(section: Sequence[Passage], of_all: int, *patterns: re.Pattern[str]) -> bool:
    """Whether a section's heading or one above it, the document's own title apart, is of that kind."""
    titles = [*section[0].above[of_all:], section[0].lead, section[0].heading]
    return any(pattern.fullmatch(title) for pattern in patterns for title in titles)


def _rewritten(sections: Sequence[Sequence[Passage]]) -> set[int]:
    """The sections that show a text before or after it was rewritten: the two say much the same.

    "Before" and "After" that say different things are of an operation; one alone is taken for a sample.
    """
    places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, section in enumerate(sections):
        if REWRITTEN.fullmatch(section[0].heading):
            places[section[0].above].append(number)
    told = {n: _matter(sections[n]) for found in places.values() for n in found}
    alone = {found[0] for found in places.values() if len(found) == 1}
    pairs = [pair for found in places.values() for pair in pairwise(found)]
    alike = [p for p in pairs if len(told[p[0]] & told[p[1]]) >= ALIKE * min(len(told[p[0]]), len(told[p[1]]))]
    return alone.union(*alike)


def _matter(section: Sequence[Passage]) -> set[str]:
    text = " ".join(passage.text.lower() for passage in section)
    return stems(" ".join(word for word in re.findall(r"\w+", text) if word not in STOPS))


def over_all(passages: Sequence[Passage]) -> int:
    """How many headings stand above nearly all passages alike: the document's own title."""
    above = [passage.above for passage in passages]
    counts = [Counter(names[: rank + 1] for names in above if len(names) > rank) for rank in range(MOST_LEVELS)]
    alike = (max(count.values(), default=0) >= NEARLY_ALL * len(passages) > 0 for count in counts)
    return sum(1 for _ in takewhile(bool, alike))


def _is_anothers(section: Sequence[Passage], known: Known) -> bool:
    """Whether a section quotes: a page of sayings, a piece of a law."""
    heading, text = section[0].heading, "\n".join(passage.text for passage in section)
    if QUOTATIONS.search(heading) and not re.search(r"\bquot", text, re.I):
        return True
    return known.plain and bool(ANOTHERS_SECTION.match(heading) or ("shall" in text and LAWS_WORDS.search(text)))


def _without_shown(section: Sequence[Passage]) -> list[Passage]:
    """A section up to where it shows a text, and without the one passage that "for example:" leads to."""
    kept: list[Passage] = []
    before = ""
    for passage in section:
        if SHOWS.search(before):
            break
        if not SHOWS_ONE.search(before):
            kept.append(passage)
        before = passage.text
    return kept
