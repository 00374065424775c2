"""Persons, and asked for: organisations, places, nationalities; read from runs of capitalised words.

A run ("Ask Thomas Keller", "van der Berg", "J. P. Ortiz") is cut where ordinary words begin. What is left is a person
if lists of names say so, if a title, a greeting, a label or an introduction stands before it, or if the word ends as
family names do. Ordinary words right of it make it a thing (Parkinson Disease, Thomas Keller Street).
"""

import re
from collections.abc import Iterator, Sequence

from finetune.data.document import words
from finetune.data.personal.cues import (
    AFTER_NAME,
    ALWAYS_TITLES,
    OFFICES,
    SMALL,
    SMALL_KNOWN,
    SPACE,
    TITLES,
)
from finetune.data.personal.kinds import Find
from finetune.data.personal.organisations import employer, long_place, of_no_person, organisation
from finetune.data.personal.persons import person
from finetune.data.personal.runs import Reading, Run
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import FIRMS, NOT_NAMES, PARTICLES, Lists, lists

LONGEST_RUN = 7  # words; more capitals in a row are a heading


def capitalised(text: str, tokens: Sequence[Token], *, indirect: bool = False, small: bool = False) -> Iterator[Find]:
    """Finds of kind name, and with `indirect` of organisations, places and nationalities."""
    known = lists()
    reading = Reading(text, tokens, known, small)
    finds = list(_read(reading, indirect))
    finds += _speakers(text, known)
    finds += _listed(text, finds, known)
    finds += _again(tokens, finds, known)
    yield from finds
    yield from _written_small(tokens, known)


def _read(reading: Reading, indirect: bool) -> Iterator[Find]:
    index = 0
    while index < len(reading.tokens):
        run = reading.run_at(index)
        if run is None:
            index += 1
            continue
        yield from _of_run(reading, run, indirect)
        index = run.last + 1


def _of_run(reading: Reading, run: Run, indirect: bool) -> Iterator[Find]:
    place = long_place(reading, run)
    if place is not None:
        if indirect:
            yield reading.find(place, "place", "a place that stands in lists")
        if place.first > run.first:
            yield from _of_run(reading, Run(run.first, place.first - 1), indirect)
        if place.last < run.last:
            yield from _of_run(reading, Run(place.last + 1, run.last), indirect)
        return
    firm = organisation(reading, run) or employer(reading, run)
    if firm is not None:
        if indirect:
            yield reading.find(firm, "organisation", "a word like Inc. or Bank at its end")
        if firm.first > run.first:
            yield from _segments(reading, Run(run.first, firm.first - 1), indirect)
        return
    yield from _segments(reading, run, indirect)


def _segments(reading: Reading, run: Run, indirect: bool) -> Iterator[Find]:
    """The run cut at titles and ordinary words."""
    if len(run) > LONGEST_RUN and not any(reading.tokens[i].is_initial for i in range(run.first, run.last + 1)):
        return
    first = run.first
    while first <= run.last:
        if _cuts(reading, first, run):
            first += 1
            continue
        last = first
        while last < run.last and not _cuts(reading, last + 1, run):
            last += 1
        yield from _segment(reading, Run(first, last), run, indirect)
        first = last + 1


def _cuts(reading: Reading, index: int, run: Run) -> bool:
    token = reading.tokens[index]
    if token.lower in PARTICLES and not token.is_capital:
        return False
    if token.lower in TITLES and index < run.last:
        return True
    if token.is_initial:
        sides = {reading.tokens[i].text for i in (index - 1, index + 1) if 0 <= i < len(reading.tokens)}
        if token.text in "USC" and sides & {"U", "S"}:
            return True  # the U.S., 26 U.S.C.
        beside = [i for i in (index - 1, index + 1) if run.first <= i <= run.last]
        return token.text == "I" or not any(
            reading.tokens[i].is_initial or not reading.known.is_ordinary(reading.tokens[i].lower) for i in beside
        )
    if not reading.known.is_ordinary(token.lower) or (token.is_capital and _after_mr(reading, index)):
        return False
    # Grant, Rose and Young are names beside a name that is no other word (Grant Okafor), or after a title.
    if not reading.known.is_name(token.lower):
        return True
    if (reading.cue(index) == "strong" and not token.text.isupper()) or reading.is_addressed(index):
        return False
    if (len(run) == 1 and reading.is_pair(run)) or (index == run.last and _is_name_line(reading, run)):
        return False
    right = index + 1 <= run.last and reading.surely_name(index + 1)
    left = index - 1 >= run.first and reading.surely_name(index - 1)
    if token.is_capital and right and token.lower in reading.known.given:
        return False
    if index + 2 <= run.last and reading.tokens[index + 1].is_initial and token.lower in reading.known.given:
        return False
    return not left


def _after_mr(reading: Reading, index: int) -> bool:
    """Whatever Mr or Ms stands before is a name, were it Cook or Price; but Mr President is an office."""
    before = reading.tokens[index - 1].lower if reading.cue(index) == "title" else ""
    word = reading.tokens[index].lower
    return before in ALWAYS_TITLES and not (word in OFFICES or word in NOT_NAMES)


def _is_name_line(reading: Reading, run: Run) -> bool:
    """A given name and one more word, with the line to themselves (Rebecca Hides)."""
    first = reading.tokens[run.first].lower
    given = first in reading.known.given and not reading.known.is_ordinary(first)
    return given and len(run) == 2 and reading.alone_on_line(run)


def _segment(reading: Reading, segment: Run, run: Run, indirect: bool) -> Iterator[Find]:
    segment = _trimmed(reading, segment)
    if len(segment) < 1:
        return
    why = person(reading, segment, run)
    if why:
        yield reading.find(segment, "name", why)
    elif indirect:
        yield from of_no_person(reading, segment, run)


def _trimmed(reading: Reading, segment: Run) -> Run:
    """Without particles and degrees at its edges."""
    first, last = segment.first, segment.last
    while last > first and (reading.tokens[last].lower in PARTICLES and not reading.tokens[last].is_capital):
        last -= 1
    while first < last and reading.tokens[first].lower in AFTER_NAME:
        first += 1
    return Run(first, last)


MEMBER = re.compile(r"[^\W\d_a-z][^\W\d_]['’\w-]{0,25}(?: [^\W\d_a-z][^\W\d_]['’\w-]{0,25}){0,2}")
LISTING = re.compile(
    rf"(?<![\w'’-]){MEMBER.pattern}(?:(?:, |; | / |\n(?:\d{{1,2}}[.)] |[-*•] ?)?){MEMBER.pattern}){{1,40}}"
    rf"(?:,? (?:and|&|und|y|et|e) {MEMBER.pattern})?(?![\w'’:-])"
)
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


def _listed(text: str, finds: Sequence[Find], known: Lists) -> list[Find]:
    """The other members of a list (Ogawa, Shimizu, Endo) of which at least half are names."""
    more: list[Find] = []
    named = {find.start for find in finds if find.kind == "name"}
    for listing in LISTING.finditer(text):
        members = list(MEMBER.finditer(text, *listing.span()))
        sure = [m for m in members if m.start() in named or _all_names(m[0], known)]
        if 2 * len(sure) < len(members) or (len(sure) < 2 and not any(m.start() in named for m in members)):
            continue
        more += [
            Find(*m.span(), "name", "in a list of names")
            for m in members
            if m.start() not in named and (m in sure or not any(_is_no_name(w, known) for w in m[0].split()))
        ]
    return more


def _all_names(member: str, known: Lists) -> bool:
    lowers = member.lower().split()
    if member.isupper() and len(lowers) == 1:
        return False
    return all(known.is_name(w) and not known.is_ordinary(w) and w not in known.large for w in lowers)


def _is_no_name(word: str, known: Lists) -> bool:
    lower = word.lower()
    return known.is_ordinary(lower) or known.is_place(lower) or lower in FIRMS or (word.isupper() and len(word) > 1)


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
    """After "my name is" one or two words of any case; after "my husband" such as stand in lists."""
    for index, token in enumerate(tokens):
        if index < 1 or token.is_capital or token.is_number or known.is_ordinary(token.lower):
            continue
        tail = "".join(f" {tokens[i].lower}" for i in range(max(0, index - 3), index))
        announced = token.gap in SPACE and tail.endswith(SMALL)
        if not announced:
            if token.gap.strip(" ,(\n.") or not tail.endswith(SMALL_KNOWN):
                continue
            if not known.is_name(token.lower) and not _before_name(tokens, index, known):
                continue
            if known.is_place(token.lower) or len(token.lower) < 3:
                continue
        last = index
        while last + 1 < len(tokens) and last < index + 2 and tokens[last + 1].gap in SPACE:
            following = tokens[last + 1]
            if known.is_ordinary(following.lower) or following.is_number or following.lower in NO_NAME_SMALL:
                break
            last += 1
        yield Find(token.start, tokens[last].end, "name", "after an introduction, greeting or label")


def _before_name(tokens: Sequence[Token], index: int, known: Lists) -> bool:
    """Is the next word a name (surinder kaur)?"""
    if index + 1 >= len(tokens) or tokens[index + 1].gap not in SPACE:
        return False
    lower = tokens[index + 1].lower
    return known.is_name(lower) and not known.is_ordinary(lower) and not known.is_place(lower)


# Short for other words where people type in haste.
NO_NAME_SMALL = words("dob pls plz thx ur abt w n u r b c pt hx rx ref acct asap wants w/o lol omg idk btw")
