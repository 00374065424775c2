"""Runs of words that are no person: organisations, places and nationalities."""

import re
from collections.abc import Iterator, Sequence

from finetune.data.document import words
from finetune.data.personal.cues import (
    EMPLOYER_BEFORE,
    ORGANISATION_AFTER,
    ORGANISATION_BEFORE,
    ORGANISATION_FIRST,
    ORGANISATION_LAST,
    PLACE_BEFORE,
    SPACE,
    STOPS,
    THING_LAST,
)
from finetune.data.personal.kinds import Find
from finetune.data.personal.runs import Reading, Run
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import NATIONALITIES, Lists


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
    plain = reading.stands_small(run) or any(reading.tokens[i].lower in NO_FIRM for i in inside)
    amid = len(run) > 1 and not named and (owns or not plain) and not reading.opens(run.first)
    of_somebody = before in ("from", "of", "with") and run.first > 1 and reading.surely_name(run.first - 2)
    return run if amid and (before in ("for", "by", "at", "joined") or owns or of_somebody) else None


def organisation(reading: Reading, run: Run) -> Run | None:
    """The part of a run that ends as firms and offices do (Fernandez Inc.)."""
    for last in range(run.last, run.first, -1):
        if reading.tokens[last].lower in ORGANISATION_LAST:
            first = run.first
            while first < last and reading.opens(first) and reading.is_plain(first):
                first += 1
            if first < last:
                return Run(first, last)
    for first in range(run.first, run.last):
        if reading.tokens[first].lower in ORGANISATION_FIRST:
            return Run(first, run.last)
    return None


def firms(tokens: Sequence[Token], known: Lists) -> Iterator[Find]:
    """Names of firms back from the word they end with, across what joins them (Danjuma & Brothers Ventures, St Bede's
    Hospital, Gestoría Puig S.L.)."""
    for last, token in enumerate(tokens):
        if not last or not (token.is_capital and (token.lower in ORGANISATION_LAST or _is_dotted(tokens, last))):
            continue
        first = last
        while first > 0 and last - first < 8 and _joins(tokens, first):
            first -= 1
        while first < last and (
            not tokens[first].is_capital
            or (known.is_ordinary(tokens[first].lower) and bool(STOPS.search(tokens[first].gap)))
        ):
            first += 1
        if any(not known.is_ordinary(t.lower) for t in tokens[first:last]):
            yield Find(tokens[first].start, token.end, "organisation", "a word like Inc. or Bank at its end")


def _is_dotted(tokens: Sequence[Token], last: int) -> bool:
    """S.L., S.A., K.K., B.V."""
    pair = tokens[last - 1].text + tokens[last].text
    return pair in ("SL", "SA", "KK", "BV", "NV", "AG", "AS", "eV") and tokens[last].gap == "."


def _joins(tokens: Sequence[Token], index: int) -> bool:
    """Does the word before belong to the same firm's name?"""
    token, before = tokens[index], tokens[index - 1]
    if token.gap in ("'", "’"):
        return token.lower == "s"
    joined = (
        token.gap in SPACE or token.gap in (" & ", ".") or (token.gap == ", " and token.lower in ("inc", "llc", "ltd"))
    )
    return joined and (
        before.is_capital or before.lower in ("and", "of", "de", "et", "y", "und", "e", "s", "da", "do", "la")
    )


def of_no_person(reading: Reading, segment: Run, run: Run) -> Iterator[Find]:
    tokens = [reading.tokens[i] for i in range(segment.first, segment.last + 1)]
    phrase = " ".join(t.lower for t in tokens)
    beside_v = {reading.tokens[i].lower for i in (segment.first - 1, segment.last + 1) if 0 <= i < len(reading.tokens)}
    if beside_v & {"v", "vs"}:
        return
    if phrase in reading.known.places or all(reading.known.is_place(t.lower) for t in tokens):
        yield reading.find(segment, "place", "a place that stands in lists")
        return
    if len(tokens) == 1 and (len(phrase) < 3 or phrase in THING_LAST or (tokens[0].text.isupper() and len(phrase) < 5)):
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
    elif not reading.opens(segment.first) and not reading.small and not reading.has_large_nouns():
        if reading.after(segment) in THING_LAST or reading.stands_small(segment) or reading.named_after(segment):
            return
        if (len(tokens) == 1 and tokens[0].text.isupper() and len(phrase) < 7) or all(
            NO_FIRM_ENDING.match(t.lower) for t in tokens
        ):
            return
        yield reading.find(segment, "organisation", "a proper name that is no person's")


NO_FIRM = words("my your our his her their you what how that who when where which why people treated this these can")
# Adjectives and illnesses, which headings write large.
NO_FIRM_ENDING = re.compile(
    r".{2,}(?:ic|al|ary|oid|oma|omas|uria|plasia|cele|iasis|ism|trophy|lysis|stasis|penia|rrhea|rrhoea|algia|osis|"
    r"itis|emia|aemia|opathy|opathies|ectomy|ated|ating|ized|ised|tion|sion|ment|ness)s?$"
)
ALSO_SMALL = words("polish orthodox slav turk dane finn scot")  # other words where written small


def nationalities(tokens: Sequence[Token]) -> Iterator[Find]:
    for token in tokens:
        singular = token.lower.removesuffix("s") if token.lower not in NATIONALITIES else token.lower
        if singular in NATIONALITIES and (token.is_capital or singular not in ALSO_SMALL):
            yield Find(token.start, token.end, "nationality", "a nationality that stands in a list")
