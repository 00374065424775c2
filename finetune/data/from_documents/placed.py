"""Where a sentence of a long document stands: the heading nearest above it, and what was said before it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finetune.data.document import words
from finetune.data.from_documents.sound import SAYS_WHICH, Known, definite_phrases
from finetune.data.from_documents.subjects import FINITE, is_agent
from finetune.data.from_documents.voice import DETERMINERS, IMPERATIVES

# "Joint relationships. If two persons jointly …": a heading set at the beginning of its paragraph.
RUN_IN = re.compile(r"[A-Z][^.:;!?\d]{2,60}\.")
RUN_IN_WORDS = 7
IN_GENERAL = "In general."
NO_HEADING = words("general example examples scope note yes no") | DETERMINERS - {"a", "an", "the", "for", "by"}
# Somebody's case follows, told in the words of a rule.
TELLS_A_CASE = re.compile(r"\b(?:for (?:example|instance)|assume|suppose|examples?)\b", re.I)
CASE_SENTENCES = 4
# "Here are some unnecessary definitions:" shows what follows, and does not say it.
SHOWS = re.compile(
    r"\bhere (?:is|are)\b.*:$|\b(?:before|after|original|rewritten|instead of|such as|examples?)\b.*:$", re.I
)


@dataclass(frozen=True)
class Placed:
    """A sentence with the heading it stands under and the sentences before it there."""

    text: str
    heading: str
    before: tuple[str, ...]


def placed(found: Sequence[str], heading: str, known: Known) -> Iterator[Placed]:
    """A paragraph's sentences; of a long document those that say what holds, without headings in the text and cases."""
    if not known.long:
        yield from (Placed(sentence, heading, ()) for sentence in found)
        return
    nearest, since, skip = heading, 0, 0
    shown = False
    for number, sentence in enumerate(found):
        if RUN_IN.fullmatch(sentence) and _is_heading(sentence):
            nearest = heading if sentence == IN_GENERAL else sentence.rstrip(".")
            since, skip, shown = number + 1, 0, False
            continue
        skip = CASE_SENTENCES if TELLS_A_CASE.search(sentence) else skip - 1
        shown = shown or SHOWS.search(sentence) is not None
        if not shown and (skip <= 0 or " means " in sentence):
            yield Placed(sentence, nearest, tuple(found[since:number]))


def _is_heading(sentence: str) -> bool:
    if sentence == IN_GENERAL:
        return True
    told = sentence.rstrip(".").split()
    states = FINITE.search(sentence) or " means " in sentence
    return len(told) <= RUN_IN_WORDS and not states and told[0].lower() not in NO_HEADING | IMPERATIVES


def was_introduced(sentence: str, before: Sequence[str]) -> bool:
    """Whether "the notice" is the one that a sentence before called "a notice"; who acts needs no such sentence."""
    told = " ".join(before).lower()
    for phrase, stop in definite_phrases(sentence):
        thing = " ".join(phrase).lower()
        if not thing or stop in SAYS_WHICH or is_agent(thing):
            continue
        if re.search(rf"\b(?:an?|any|each|one|another|its|their)\s(?:[\w’'-]+\s){{0,2}}{re.escape(thing)}\b", told):
            return True
    return False
