"""Rows from tables of facts, without a language model: a price list, opening hours, limits and deadlines.

Such a table names a thing in one column and says what holds for it in the others, under a heading like "Price". Each
of those cells is asked about, and the answer is the table's own words: the thing, the heading and the cell. Records of
what happened or of persons are no facts: a table with a column of dates or names gives nothing. English headings only.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finetune.data.columns import CODE, NUMBERED
from finetune.data.document import Table, words
from finetune.data.from_documents.voice import as_question, small_start
from finetune.data.personal.cells import HEADINGS, UNSURE
from finetune.example import Example, Source, make_example

MOST_ROWS = 500  # a longer table is an export of records
FEWEST_ROWS = 2
THING_WORDS, CELL_WORDS, HEADING_WORDS = 9, 40, 5
NAME_WORDS = 4.5  # of the things of a table on average; what people say is longer
FACTS = 0.6  # of a column's cells are filled, at least

AMOUNTS = words("price prices fee fees cost costs charge charges tariff")
OF = words("price prices cost costs duration length height weight size age temperature location")
# The last word of a heading under which a fact stands; "Price (USD)" and "Fee per hour" are of it, too.
MEASURES = AMOUNTS | words(
    """
    rate rates amount amounts deposit premium copay co-pay copayment deductible penalty fine discount surcharge
    allowance entitlement quota
    limit limits maximum minimum max min threshold percentage share score dose dosage frequency interval
    deadline deadlines period duration length validity warranty notice age size weight height capacity temperature
    apr apy hours times days schedule location venue room requirements requirement documents
    """
)
BRACKET = re.compile(
    r"\s*\([^()]*\)|\s+(?:from|up to|starting at|as low as)$|\s+(?:per|incl\.?|including|excl\.?|excluding|in)\s.*$",
    re.I,
)
HOURS = re.compile(r"(?:opening |business |office |working )?(?:hours|times)", re.I)
TELLS = words("description details explanation")  # of what a thing is
# What is said of the whole row, so that no answer goes without it.
REMARK = re.compile(r"(?:notes?|remarks?|comments?|conditions?|valid (?:until|from|for)|applies to)", re.I)
DATE = re.compile(
    r"\d{4}-\d\d?-\d\d?.*|\d\d?[./-]\d\d?[./-]\d\d(?:\d\d)?.*|\d\d? \w{3,9}\.? \d{4}|\w{3,9}\.? \d\d?, \d{4}"
)
NOTHING = re.compile(r"[-–—./?]*|n/?a|none|tbd|tba|todo", re.I)
DAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|(?:public |bank )?holidays\b|weekends\b", re.I)
MONTH = re.compile(r"(?:january|february|march|april|may|june|july|august|september|october|november|december)\b", re.I)
PLACE = re.compile(r"(?:page \d+, )?(?:table|slide) \d+|sheet ?\d+|.*\.\w{2,5}", re.I)  # no name that tells a matter


@dataclass(frozen=True)
class _Fact:
    """One cell: what it is of (`thing`), the heading it stands under, and where."""

    thing: str
    heading: str
    cell: str
    remarks: tuple[str, ...]
    group: str  # a line of its own above it in the table
    table: Table
    row: int
    quote: str  # the cells it rests on, each behind its heading


def examples_from_facts(tables: Sequence[Table], file: str) -> list[Example]:
    """A row for each way to ask about a cell, kind "document", with the cells it rests on.

    A table without facts gives none. Tables of one file that name the same thing are told apart by their sheet, where
    that has a name; a question that two places would answer differently is left out.
    """
    facts = [fact for table in tables for fact in _facts(table)]
    sheets: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for fact in facts:
        sheets[fact.thing.lower(), fact.heading.lower()].add(fact.table.name)
    shared = {name for names in sheets.values() if len(names) > 1 for name in names if not PLACE.fullmatch(name)}
    made: defaultdict[str, list[Example]] = defaultdict(list)
    for fact in facts:
        under = " – ".join(filter(None, [fact.table.name if fact.table.name in shared else "", fact.group]))
        for question in map(as_question, _questions(fact, under)):
            made[question.lower()].append(_example(fact, question, under, file))
    return [rows[0] for rows in made.values() if len({row.answer for row in rows}) == 1]


def _example(fact: _Fact, question: str, under: str, file: str) -> Example:
    answer = "; ".join([f"{_within(fact.thing, under)} – {fact.heading}: {fact.cell}", *fact.remarks])
    quote = f"{under}: {fact.quote}" if under else fact.quote
    source = Source(file=file, page=fact.table.page, row=fact.row, quote=quote)
    return make_example(question, answer, source=source, kind="document", topic=under or fact.heading)


def tells_facts(table: Table) -> bool:
    return next(_facts(table), None) is not None


def _facts(table: Table) -> Iterator[_Fact]:
    lines = _grouped(table)
    asked = [i for i, name in enumerate(table.header) if _is_measure(name) and _says_enough(lines, i)]
    if not FEWEST_ROWS <= len(lines) <= MOST_ROWS or not asked or _is_record(table, lines):
        return
    thing = _thing_columns(table, lines, asked)
    remarks = [i for i, name in enumerate(table.header) if REMARK.fullmatch(name) and i not in thing]
    for number, group, row in lines if thing else ():
        named = ", ".join(row[i] for i in thing)
        cells = [f"{heading}: {cell}" for heading, cell in zip(table.header, row, strict=True)]
        told = tuple(cells[i] for i in remarks if not NOTHING.fullmatch(row[i]))
        for i in asked:
            if not NOTHING.fullmatch(row[i]) and len(row[i].split()) <= CELL_WORDS:
                quote = "; ".join([*(cells[k] for k in thing), cells[i], *told])
                yield _Fact(named, table.header[i], row[i], told, group, table, number, quote)


def _grouped(table: Table) -> list[tuple[int, str, list[str]]]:
    """The table's lines, each with its number and the line above that fills one cell only and heads a part."""
    lines: list[tuple[int, str, list[str]]] = []
    group = ""
    for number, row in table.filled():
        filled = [cell for cell in row if cell]
        if len(filled) == 1 and len(row) > 1:
            group = filled[0] if row[0] and len(row[0].split()) <= THING_WORDS else ""
        else:
            lines.append((number, group, row))
    return lines


def _is_measure(heading: str) -> bool:
    said = BRACKET.sub("", heading).lower().split()
    return (
        0 < len(said) <= HEADING_WORDS and said[-1] in MEASURES | TELLS and said[0] not in ("total", "sub-total", "how")
    )


def _says_enough(lines: Sequence[tuple[int, str, list[str]]], column: int) -> bool:
    return sum(not NOTHING.fullmatch(row[column]) for _, _, row in lines) >= FACTS * len(lines)


def _is_record(table: Table, lines: Sequence[tuple[int, str, list[str]]]) -> bool:
    """Whether the lines tell of persons, or of what happened when."""
    personal = {HEADINGS.get(name.lower().strip(), "") for name in table.header if name.lower() not in UNSURE}
    if personal - {"", "phone", "email", "address"}:
        return True
    dated = any(all(DATE.fullmatch(row[i]) for _, _, row in lines) for i in range(len(table.header)))
    return dated and len(table.header) > 2


def _thing_columns(table: Table, lines: Sequence[tuple[int, str, list[str]]], asked: Sequence[int]) -> tuple[int, ...]:
    """The leftmost column, or two, whose short words tell the lines of each part apart; empty where none do."""
    free = [
        i
        for i, name in enumerate(table.header)
        if i not in asked
        and not (REMARK.fullmatch(name) or NUMBERED.fullmatch(name) or name.lower().strip() in HEADINGS)
        and all(row[i] and len(row[i].split()) <= THING_WORDS for _, _, row in lines)
        and not all(CODE.fullmatch(row[i]) for _, _, row in lines)
        and not any(row[i].endswith("?") for _, _, row in lines)
        and sum(len(row[i].split()) for _, _, row in lines) <= NAME_WORDS * len(lines)
    ]
    for chosen in [tuple(free[:1]), *((free[0], i) for i in free[1:])] if free else []:
        named = Counter((group, *(row[i].lower() for i in chosen)) for _, group, row in lines)
        if max(named.values()) == 1:
            return chosen
    return ()


def _within(thing: str, under: str) -> str:
    return f"{thing} ({under})" if under else thing


def _questions(fact: _Fact, under: str) -> Iterator[str]:
    """The ways to ask about a cell, without capital and mark."""
    heading = BRACKET.sub("", " ".join(word if word.isupper() else word.lower() for word in fact.heading.split()))
    of = _within(fact.thing, under)
    verb = "are" if heading.endswith("s") and not heading.endswith(("ss", "us")) else "is"
    when = next((word for word, rule in (("on", DAY), ("in", MONTH)) if rule.match(fact.thing)), None)
    if when:
        yield f"what {verb} the {heading} {when} {of}"
        return
    if HOURS.fullmatch(heading):  # of a branch, whose name keeps its capital
        yield f"when is {of} open"
        yield f"what {verb} the {heading} of {of}"
        return
    of = small_start(of, frozenset()) if of[1:2].islower() else of  # "X-ray" stays
    if heading in TELLS:
        yield f"what is {of}"
        return
    if heading in AMOUNTS:
        yield f"how much is {of}"
    elif heading == "duration":
        yield f"how long does {of} take"
    yield f"what {verb} the {heading} {'of' if heading in OF else 'for'} {of}"
