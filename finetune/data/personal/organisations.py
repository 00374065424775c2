"""Runs of words that are no person: organisations, places and nationalities."""

from collections.abc import Iterator, Sequence

from finetune.data.document import words
from finetune.data.personal.cues import (
    EMPLOYER_BEFORE,
    ORGANISATION_AFTER,
    ORGANISATION_BEFORE,
    ORGANISATION_LAST,
    PLACE_BEFORE,
    SPACE,
    THING_LAST,
)
from finetune.data.personal.kinds import Find
from finetune.data.personal.runs import Reading, Run
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import NATIONALITIES


def long_place(reading: Reading, run: Run) -> Run | None:
    """A place of several words within the run (South Africa)."""
    for first in range(run.first, run.last):
        for last in range(min(run.last, first + 3), first, -1):
            if " ".join(reading.tokens[i].lower for i in range(first, last + 1)) in reading.known.places:
                after = reading.tokens[last + 1].lower if last < run.last else ""
                if after not in ORGANISATION_LAST and after not in THING_LAST:
                    return Run(first, last)
    return None


def employer(reading: Reading, run: Run) -> Run | None:
    """All of a run that a sentence calls somebody's work (I work for Chemical Abstracts Service), or whose office
    or website it is (The Clean Power Finance office)."""
    following = reading.tokens[run.last + 1] if run.last + 1 < len(reading.tokens) else None
    if following is not None and following.gap in SPACE and following.lower in ORGANISATION_AFTER:
        first = run.first + (reading.tokens[run.first].lower in ("the", "our", "your"))
        return Run(first, run.last) if first <= run.last and not reading.opens(first) else None
    if run.first == 0 or reading.tokens[run.first].gap not in SPACE:
        return None
    tail = "".join(f" {reading.tokens[i].lower}" for i in range(max(0, run.first - 3), run.first))
    if tail.endswith(EMPLOYER_BEFORE):
        return run
    before = reading.tokens[run.first - 1].lower
    owns = run.last + 1 < len(reading.tokens) and reading.tokens[run.last + 1].lower == "s"
    inside = range(run.first, run.last + 1)
    named = any(reading.tokens[i].lower in THING_LAST or reading.surely_name(i) for i in inside)
    amid = len(run) > 1 and not named and not reading.opens(run.first)
    return run if amid and (before in ("for", "by", "at", "joined") or owns) else None


def organisation(reading: Reading, run: Run) -> Run | None:
    """The part of a run that ends as firms and offices do (Fernandez Inc.)."""
    for last in range(run.last, run.first, -1):
        if reading.tokens[last].lower in ORGANISATION_LAST:
            first = run.first
            while first < last and reading.opens(first) and reading.is_plain(first):
                first += 1
            if first < last:
                return Run(first, last)
    return None


def of_no_person(reading: Reading, segment: Run, run: Run) -> Iterator[Find]:
    tokens = [reading.tokens[i] for i in range(segment.first, segment.last + 1)]
    phrase = " ".join(t.lower for t in tokens)
    if phrase in reading.known.places or all(reading.known.is_place(t.lower) for t in tokens):
        yield reading.find(segment, "place", "a place that stands in lists")
        return
    if len(tokens) == 1 and (len(phrase) < 3 or (tokens[0].text.isupper() and len(phrase) < 5)):
        return
    if reading.is_case_or_firm(segment) and "&" not in tokens[0].gap:
        return
    before = reading.tokens[segment.first - 1] if segment.first else None
    tail = "".join(f" {reading.tokens[i].lower}" for i in range(max(0, segment.first - 3), segment.first))
    beside = before is not None and tokens[0].gap in SPACE
    if (beside and tail.endswith(ORGANISATION_BEFORE)) or reading.after(segment) in ORGANISATION_AFTER:
        yield reading.find(segment, "organisation", "beside words like office or works for")
    elif beside and before is not None and before.lower in PLACE_BEFORE:
        yield reading.find(segment, "place", "after words like in or from")
    elif not reading.opens(segment.first) and not reading.small:
        yield reading.find(segment, "organisation", "a proper name that is no person's")


ALSO_SMALL = words("polish orthodox slav turk dane finn scot")  # other words where written small


def nationalities(tokens: Sequence[Token]) -> Iterator[Find]:
    for token in tokens:
        singular = token.lower.removesuffix("s") if token.lower not in NATIONALITIES else token.lower
        if singular in NATIONALITIES and (token.is_capital or singular not in ALSO_SMALL):
            yield Find(token.start, token.end, "nationality", "a nationality that stands in a list")
