"""Other people's words in a long document: samples, excerpts, drafts and quotations that it shows and does not say.

A guide to writing shows a letter before and after it was rewritten, a handbook a template to fill in. What such a text
orders is no rule of the document that shows it.
"""

import re
from collections.abc import Sequence
from itertools import groupby, takewhile

from finetune.data.document import Passage
from finetune.data.from_documents.sound import Known

# Nothing but samples follows such a heading.
SAMPLE = re.compile(
    r"\W*(?:before|after|original|revised|rewritten|(?:an? |the |our )?(?:example|sample|excerpt)s?)\W*"
    r"|.*[\[(]excerpts?\b.*",
    re.I,
)
# A heading of a text that is shown: "Sample letter to a member", "Manual, example 2", "Announcement template".
SHOWN = re.compile(
    r"(?:an? )?(?:sample|example)s?\b(?! (?:of|sizes?|rates?)\b).*|.*\b(?:example|sample|template)\W*\d*\W*", re.I
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
    """The sections of a document that speak for it, in order; of a short one, all of them.

    Once one part of a chapter shows a sample, where it ends is not told: the rest of that chapter is left out, too,
    where the format tells levels and the chapter is not the whole document.
    """
    sections = [list(group) for _, group in groupby(passages, key=lambda passage: (passage.above, passage.heading))]
    if not known.long:
        return sections
    of_all = len(_shared(passages))
    own: list[list[Passage]] = []
    showing: tuple[str, ...] | None = None  # the chapter whose rest is a sample
    for section in sections:
        above, heading = section[0].above, section[0].heading
        if showing is not None and above[: len(showing)] == showing:
            continue
        showing = None
        shows = SAMPLE.fullmatch(heading) or (known.plain and any(SHOWS.search(passage.text) for passage in section))
        if shows and len(above) > of_all:
            showing = above
        if any(SAMPLE.fullmatch(title) or SHOWN.fullmatch(title) for title in [*above[of_all:], heading]):
            continue
        if not _is_anothers(section, known):
            own.append(_without_shown(section) if known.plain else section)
    return own


def _shared(passages: Sequence[Passage]) -> list[str]:
    """The headings that stand above every passage: the document's own title."""
    ranks = zip(*(passage.above for passage in passages), strict=False)
    return [names[0] for names in takewhile(lambda names: len(set(names)) == 1, ranks)]


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
