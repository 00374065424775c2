"""Where a sentence of a long document stands: the heading nearest above it, and what was said before it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finetune.data.document import words
from finetune.data.from_documents.sound import SAYS_WHICH, Known, definite_phrases
from finetune.data.from_documents.subjects import FINITE, is_agent
from finetune.data.from_documents.voice import DETERMINERS, IMPERATIVES

# "Joint relationships. If two persons jointly …": a heading set at the beginning of its paragraph.
RUN_IN = re.compile(r"(?:\d+(?:\(\w+\))* )?(?P<heading>[A-Z][^.:;!?]{2,90})\.")
RUN_IN_WORDS = 12
IN_GENERAL = ("In general", "General")
NO_HEADING = words(
    "example examples note yes no however therefore moreover furthermore unfortunately instead otherwise"
) | DETERMINERS - {"a", "an", "the", "for", "by", "in"}
# Somebody's case follows, told in the words of a rule.
TELLS_A_CASE = re.compile(r"\b(?:for (?:example|instance)|assume|suppose|examples?)\b", re.I)
CASE_SENTENCES = 4
# "Here are some unnecessary definitions:" shows what follows, and does not say it.
SHOWS = re.compile(r"\b(?:here (?:is|are)|before|after|original|rewritten|instead of|such as|examples?)\b.*:$", re.I)
# "… if no error occurred: Written explanation.": a list within its paragraph, limited by what leads into it.
RUN_ON_LIST = re.compile(r":\s+[A-Z]|;\s+(?:and\s+|or\s+)?[A-Z]")

# "Courts of the Member State concerned": the one that was spoken of.
CONCERNED = re.compile(r"\bthe (?:[\w-]+ ){0,3}?(?P<thing>[\w-]+) (?:concerned|in question)\b(?! (?:with|about|by)\b)")


@dataclass(frozen=True)
class Placed:
    """A sentence with its section's heading, the one nearest above it, and the sentences between that and it."""

    text: str
    section: str
    heading: str
    before: tuple[str, ...]


def placed(found: Sequence[str], heading: str, known: Known) -> Iterator[Placed]:
    """A paragraph's sentences; of a long document those that say what holds, without headings in the text and cases."""
    if not known.long:
        yield from (Placed(sentence, heading, heading, ()) for sentence in found)
        return
    nearest, since, skip, within = heading, 0, 0, False
    for number, sentence in enumerate(found):
        if (own := run_in_heading(sentence)) is not None:
            joined = since == number > 0 and nearest not in (heading, own) and own
            nearest = f"{nearest} - {own}" if joined else own or heading
            since, skip = number + 1, 0
            continue
        skip = CASE_SENTENCES if TELLS_A_CASE.search(sentence) else skip - 1
        defines = re.search(r"\b(?:means|refers to|is defined as)\s", sentence) is not None
        if defines and sentence[0] in '“"':  # a paragraph of its own, headed by its term
            nearest, since = heading, number
        if SHOWS.search(sentence):
            return
        if defines or not (skip > 0 or within):
            yield Placed(sentence, heading, nearest, tuple(found[since:number]))
        within = within or (RUN_ON_LIST.search(sentence) is not None and not defines)


def run_in_heading(sentence: str) -> str | None:
    """The heading that a sentence without a verb is, empty for "In general."; None for a sentence."""
    match = RUN_IN.fullmatch(sentence)
    told = match["heading"].split() if match else []
    if not 0 < len(told) <= RUN_IN_WORDS or told[0].lower().rstrip(",") in NO_HEADING | IMPERATIVES:
        return None
    if FINITE.search(sentence) or re.search(r"\b(?:means|refers|includes|applies|\w+ed by)\b", sentence):
        return None
    heading = " ".join(told)
    return "" if heading in IN_GENERAL else heading


def leans_on_those_before(sentence: str, before: Sequence[str], known: Known) -> bool:
    """Whether "the notice" is the one that a sentence before called "a notice", or "the state concerned".

    In a law that may be said of anybody: "the institution must respond" to what the sentences before it tell of.
    """
    told = " ".join(before).lower()
    if (concerned := CONCERNED.search(sentence)) and concerned["thing"] not in sentence[: concerned.start()]:
        return True
    for phrase, stop in definite_phrases(sentence):
        thing = " ".join(phrase).lower()
        if not thing or any(word[0].isupper() for word in phrase):
            continue
        if told and known.called.binding and sentence.lower().startswith(f"the {thing}"):
            return True
        if stop in SAYS_WHICH or is_agent(thing):
            continue
        if re.search(rf"\b(?:an?|any|each|one|another|its|their)\s(?:[\w’'-]+\s){{0,2}}{re.escape(thing)}\b", told):
            return True
    return False
