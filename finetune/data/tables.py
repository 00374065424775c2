"""Tables out of separated text, JSON and sheets: header, rows that keep their numbers, and notes on the rest."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from finetune.data.columns import named_columns
from finetune.data.document import Limits, Table, listed
from finetune.errors import UserError

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
# Excel's own first line of a CSV file: which separator follows.
SEPARATOR_LINE = re.compile(r'"?sep=.?"?\s*', re.I)
# A label has at most this many characters; longer first cells are content, not a header.
HEADER_CHARACTERS = 60


def table_from_separated(text: str, name: str, limits: Limits) -> tuple[Table, list[str]]:
    """Parse CSV or TSV text.

    Rows that cannot be read keep their place as empty lists and are named in the notes by line.

    Raises:
        UserError: no row at all could be read, or there are too many.
    """
    csv.field_size_limit(max(limits.characters, 1))  # Python's own is 131,072, and its error would pass for a quote's
    lines = list(io.StringIO(text, newline=""))
    if lines and SEPARATOR_LINE.fullmatch(lines[0]):
        lines[0] = "\n"
    delimiter = find_delimiter(lines)
    notes = [f"The columns are separated by {DELIMITER_NAMES[delimiter]}."] if delimiter in (";", "|") else []
    records: list[tuple[int, list[str]]] = []
    broken: list[int] = []
    for line, record in _records(lines, delimiter):
        if record is None:
            broken.append(line)
            record = []
        records.append((line, record))
        check_rows(len(records), name, limits)
    if broken:
        notes.append(
            f"{_lines(broken)} could not be read because a quotation mark opens and never closes, or stands in the "
            f"middle of a cell; {'it was' if len(broken) == 1 else 'they were'} left out and the other rows kept."
        )
    table, more = table_from_records([record for _, record in records], name, [line for line, _ in records])
    if not table.filled() and broken:
        raise UserError(
            f"No row could be read: {_lines(broken)} {'has' if len(broken) == 1 else 'have'} unbalanced quotes.",
            where=name,
            action='Close the quotes, or write a quotation mark inside a cell twice (""), and add the file again.',
        )
    return table, notes + more


def table_from_records(
    records: Sequence[list[str]], name: str, lines: Sequence[int] | None = None, sheet: str = ""
) -> tuple[Table, list[str]]:
    """Find the header and bring every row to its width.

    Args:
        records: all rows from the first on; empty lists where a row is blank.
        lines: the file's line of each record, for notes; row numbers otherwise.
    """
    lines = lines or range(1, len(records) + 1)
    cleaned = [[cell.replace("\x00", "").strip() for cell in record] for record in records]
    cleaned = [record if any(record) else [] for record in cleaned]
    width = max((_filled_width(record) for record in cleaned), default=0)
    cleaned = [record[:width] for record in cleaned]  # without the empty columns some programs write behind a table
    start = _header_index(cleaned)
    if start is None:
        return Table(sheet or name, [], [], 1), []
    notes = []
    if looks_like_header(cleaned[start]):
        header, first = unique_header(cleaned[start]), start + 1
    else:
        width = Counter(len(record) for record in cleaned if record).most_common(1)[0][0]
        header, first = unique_header([""] * width), start
        notes.append("The first row looks like content, not like column names, so the columns are only numbered.")
    rows: list[list[str]] = []
    short, long = [], []
    for line, record in zip(lines[first:], cleaned[first:], strict=True):
        surplus = any(record[len(header) :])
        if surplus:
            long.append(line)
            record = []
        elif record and len(record) < len(header):
            short.append(line)
            record = record + [""] * (len(header) - len(record))
        rows.append(record[: len(header)])
    if long:
        notes.append(
            f"{_lines(long)} {'has' if len(long) == 1 else 'have'} more cells than the {len(header)} columns, which "
            "happens when a cell with the separator in it is not quoted; left out, since cells may have shifted."
        )
    if short and len(header) > 1:
        notes.append(f"{_lines(short)} {'has' if len(short) == 1 else 'have'} fewer cells than the header.")
    return Table(sheet or name, header, rows, first + 1), notes


def _filled_width(record: Sequence[str]) -> int:
    """The number of cells up to the last one that says something."""
    return next((index + 1 for index in range(len(record) - 1, -1, -1) if record[index]), 0)


def find_delimiter(lines: Sequence[str]) -> str | None:
    """The separator that gives the first records the header's width most steadily; None for a single column."""
    best: tuple[float, int, str] | None = None
    for delimiter in DELIMITERS:
        records = [r for _, r in islice(_records(lines[:400], delimiter), 60) if r]
        if not records:
            continue
        # Not the first record's: a title and the filters of the export may stand above the table.
        width, count = Counter(map(len, records)).most_common(1)[0]
        steady = count / len(records)
        if width > 1 and steady >= 0.6 and (best is None or (round(steady, 1), width) > best[:2]):
            best = (round(steady, 1), width, delimiter)
    return best[2] if best else None


def _records(lines: Sequence[str], delimiter: str | None) -> Iterator[tuple[int, list[str] | None]]:
    """(1-based line, cells) of each record; cells are None where the line cannot be read, [] where it is blank.

    A quote that never closes would swallow the rest of the file. So a record that fails the strict grammar costs
    its first line only, and reading starts again at the line after it.
    """
    if delimiter is None:
        for number, text in enumerate(lines, start=1):
            yield number, _one_cell(text)
        return
    position = 0
    while position < len(lines):
        # The lines from there on, not a copy of them: tens of thousands may each start anew.
        rest = map(lines.__getitem__, range(position, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        done = 0
        try:
            for record in reader:
                yield position + done + 1, record
                done = reader.line_num
            return
        except csv.Error:
            start = position + done
            yield start + 1, _read_leniently(lines[start], delimiter)
            position = start + 1


def _one_cell(text: str) -> list[str]:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('""', '"')
    return [text] if text else []


def _read_leniently(line: str, delimiter: str) -> list[str] | None:
    """A line with bare quotes inside a quoted cell ("He said "hi" to me",yes), if doubling them mends it."""
    edge = re.escape(delimiter)
    mended = re.sub(rf'(?<=[^"\r\n{edge}])"(?=[^"\r\n{edge}])', '""', line)
    try:
        return next(csv.reader([mended], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _header_index(records: Sequence[list[str]]) -> int | None:
    """The first row that is filled as widely as the table: titles above it have fewer cells. Of a header of two lines
    it is the second, where that names more columns.
    """
    filled = [sum(map(bool, record)) for record in records[:30]]
    if not any(filled):
        return None
    typical = Counter(count for count in filled if count).most_common(1)[0][0]
    enough = min(2, typical)
    first = next(i for i, count in enumerate(filled) if count >= enough)
    second = first + 1
    if second < len(filled) and filled[first] < filled[second] and looks_like_header(records[second]):
        # What it says decides, since short cells of the first row look like a header, too.
        first += named_columns(records[second]) > max(1, named_columns(records[first]))
    return first


def looks_like_header(record: Sequence[str]) -> bool:
    """Short labels, none of them a number or a question of more than three words."""
    cells = [cell for cell in record if cell]
    return all(
        len(cell) <= HEADER_CHARACTERS
        and not re.fullmatch(r"[\d.,/:\s-]+", cell)
        and not (cell.endswith(("?", ".", "!")) and len(cell.split()) > 3)
        for cell in cells
    )


def unique_header(cells: Sequence[str]) -> list[str]:
    """Names for all columns, none twice."""
    header: list[str] = []
    same: Counter[str] = Counter()  # what a name is counted for: itself, and what stands before its bracket
    for position, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or f"Column {position}"
        chosen = f"{name} ({same[name] + 1})" if same[name] else name
        header.append(chosen)
        same.update({chosen, *(chosen[: match.start()] for match in re.finditer(r" \(", chosen))})
    return header


def check_rows(count: int, name: str, limits: Limits) -> None:
    if count > limits.rows:
        raise UserError(
            f"The table has more than {limits.rows:,} rows.",
            where=name,
            action="Keep the best and newest rows, or split the file; a few hundred good rows already teach a lot.",
        )


def check_columns(count: int, name: str, limits: Limits) -> None:
    if count > limits.columns:
        raise UserError(
            f"The table has {count:,} columns; the limit is {limits.columns:,}.",
            where=name,
            action="Keep the columns with questions and answers, and check that it is the file you meant.",
        )


def _lines(numbers: list[int]) -> str:
    return f"{'Line' if len(numbers) == 1 else 'Lines'} {listed(numbers)}"
