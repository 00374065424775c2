"""The rows as a sheet that people fill in elsewhere (XLSX, JSONL), and what such a sheet changes when it comes back.

Each row carries its id, the project it belongs to, and a hash of what it said when it was written: so a returned
sheet shows what its reader changed, what has changed here meanwhile, and where both did.
"""

import csv
import hashlib
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from finetune.data.marks import Mark, Verdict
from finetune.errors import UserError
from finetune.example import Example, Status
from finetune.files import replacing, write_jsonl

COLUMNS = (
    "number", "id", "question", "answer", "topic", "kind", "split", "status", "reviewer", "mark", "comment", "source",
    "quote", "reasons", "hash", "project",
)  # fmt: skip
EDITED = ("question", "answer", "topic", "status")  # the columns that change a row; marks stand beside it
WIDTHS = {"question": 50, "answer": 70, "comment": 40, "source": 24, "quote": 40, "reasons": 40, "topic": 18}
FILLED_IN = ("question", "answer", "topic", "status", "reviewer", "mark", "comment")
LONGEST = 32_000  # characters of a cell, where we cut it with a mark; Excel takes 32,767
CUT = " […]"
MOST_BYTES = 50 * 2**20
MOST_UNPACKED = 500 * 2**20  # of a workbook, which is an archive
MOST_ROWS = 200_000
FORMULA = re.compile(r"[=+\-@\t]")  # how spreadsheet programs tell a formula, or the beginning of a trick
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def project_mark(name: str) -> str:
    """What a sheet tells of its project: its name may be the key to it, so only a hash leaves."""
    return hashlib.sha256(f"attune\x1f{name}".encode()).hexdigest()[:12]


def cell(text: str) -> str:
    """A text as a sheet can hold it."""
    text = NOT_IN_XML.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))
    return text if len(text) <= LONGEST else text[:LONGEST] + CUT


def same(one: str, other: str) -> bool:
    """Whether two cells say the same; blanks at line ends are lost on many ways."""
    return trimmed(one) == trimmed(other)


def trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in cell(text).strip().split("\n"))


def fingerprint(question: str, answer: str, topic: str, status: str) -> str:
    """A hash of what a reader of the sheet can change."""
    return hashlib.sha256("\x1f".join(map(trimmed, (question, answer, topic, status))).encode()).hexdigest()[:12]


def fingerprint_of(example: Example) -> str:
    return fingerprint(example.question, example.answer, example.topic, example.status)


# --- out -------------------------------------------------------------------------------------------------------------


def sheet_rows(
    examples: Iterable[tuple[int, Example]],
    project: str,
    *,
    marks: Mapping[str, Mark],
    reviewer: str,
    places: Mapping[str, str],
    doubts: Mapping[str, Sequence[str]],
) -> list[dict[str, Any]]:
    """The rows of a sheet for one reviewer.

    Args:
        examples: rows with their numbers.
        project: its name.
        marks: the reviewer's own, by row; nobody sees another's.
        reviewer: whose name stands in the sheet; may be empty.
        places: where each row comes from, in words.
        doubts: reasons to doubt a row.
    """
    rows = []
    for number, e in examples:
        mark = marks.get(e.id)
        rows.append(
            {
                "number": number,
                "id": e.id,
                "question": cell(e.question),
                "answer": cell(e.answer),
                "topic": cell(e.topic),
                "kind": e.kind,
                "split": e.split or "",
                "status": e.status,
                "reviewer": cell(reviewer),
                "mark": mark.mark if mark else "",
                "comment": cell(mark.comment) if mark else "",
                "source": cell(places.get(e.id, "")),
                "quote": cell(e.source.quote or ""),
                "reasons": cell("; ".join(dict.fromkeys([*e.reasons, *doubts.get(e.id, [])]))),
                "hash": fingerprint_of(e),
                "project": project_mark(project),
            }
        )
    return rows


def write_sheet(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write XLSX or JSONL, by the path's ending.

    Raises:
        UserError: the disk is full or cannot be written.
    """
    if path.suffix == ".jsonl":
        write_jsonl(path, rows)
        return
    import openpyxl
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Rows"
    sheet.append(list(COLUMNS))
    wrap, fill = Alignment(wrap_text=True, vertical="top"), PatternFill("solid", fgColor="E6F4F1")
    for line, row in enumerate(rows, 2):
        for place, name in enumerate(COLUMNS, 1):
            put = sheet.cell(line, place, None if row[name] == "" else row[name])
            if isinstance(row[name], str) and row[name]:
                # Text stays text: no cell of ours is ever a formula, also after somebody has edited and saved it.
                put.data_type = "s"
                put.quotePrefix = bool(FORMULA.match(row[name]))
            put.alignment = wrap
    for place, name in enumerate(COLUMNS, 1):
        sheet.cell(1, place).font = Font(bold=True)
        if name in FILLED_IN:
            sheet.cell(1, place).fill = fill
        column = sheet.column_dimensions[get_column_letter(place)]
        column.width = WIDTHS.get(name, 11)
        column.hidden = name in ("hash", "project")
    for name, choices in (("mark", get_args(Verdict)), ("status", get_args(Status))):
        letter = get_column_letter(COLUMNS.index(name) + 1)
        choice = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True)
        choice.add(f"{letter}2:{letter}{len(rows) + 1}")
        sheet.add_data_validation(choice)
    sheet.freeze_panes = "C2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(COLUMNS))}{len(rows) + 1}"
    with replacing(path) as file:
        book.save(file)


# --- back ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Returned:
    """A sheet as it came back: its header and its rows, each with the line it stands in."""

    columns: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]
    formulas: list[int] = field(default_factory=list)  # lines with a formula in a column of ours


def returned_sheet(path: Path) -> Returned | None:
    """A sheet of ours, of any project; None for any other file. Nothing in it is computed.

    Raises:
        UserError: it is ours and too large to read.
    """
    readers = {".xlsx": _from_xlsx, ".jsonl": _from_jsonl, ".csv": _from_csv}
    if path.suffix.lower() not in readers or path.stat().st_size > MOST_BYTES:
        return None
    return readers[path.suffix.lower()](path)


def _ours(header: Sequence[str]) -> bool:
    """Whether a header is that of a sheet of rows: the id, and two more that no other table has together."""
    return "id" in header and len({"number", "hash", "project", "mark", "reviewer", "status"} & set(header)) >= 2


def _header(cells: Iterable[Any]) -> list[str]:
    return [str(c if c is not None else "").strip().lower() for c in cells]


def _from_xlsx(path: Path) -> Returned | None:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as packed:
            if sum(info.file_size for info in packed.infolist()) > MOST_UNPACKED:
                return None
        book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError):
        return None  # the file reader says what is wrong with it
    try:
        for sheet in book.worksheets:
            lines = sheet.iter_rows()
            header = _header(c.value for c in next(lines, ()))
            if not _ours(header):
                continue
            rows: list[tuple[int, dict[str, str]]] = []
            formulas: list[int] = []
            for number, line in enumerate(lines, 2):
                _not_too_many(number, path)
                named = dict(zip(header, line, strict=False))
                if any(c.data_type == "f" for name, c in named.items() if name in COLUMNS):
                    formulas.append(number)
                    continue
                row = {name: _text(c.value) for name, c in named.items() if name in COLUMNS}
                if any(row.values()):
                    rows.append((number, row))
            return Returned(tuple(n for n in header if n in COLUMNS), rows, formulas)
        return None
    finally:
        book.close()


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _from_jsonl(path: Path) -> Returned | None:
    rows: list[tuple[int, dict[str, str]]] = []
    names: dict[str, None] = {}
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            _not_too_many(number, path)
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError:
                row = None
            if not isinstance(row, dict) or (not rows and not _ours(list(row))):
                if not rows:
                    return None
                row = {}
            names |= dict.fromkeys(name for name in row if name in COLUMNS)
            rows.append((number, {name: _text(row[name]) for name in row if name in COLUMNS}))
    return Returned(tuple(names), rows) if rows else None


def _from_csv(path: Path) -> Returned | None:
    """What a spreadsheet program makes of our XLSX when it saves it as CSV."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_bytes().decode("cp1252", errors="replace")
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    if not _ours(_header(first.split(mark))):
        return None
    lines = csv.reader(io.StringIO(text), delimiter=mark)
    header = _header(next(lines))
    rows = []
    for number, line in enumerate(lines, 2):
        _not_too_many(number, path)
        row = {name: value for name, value in zip(header, line, strict=False) if name in COLUMNS}
        if any(row.values()):
            rows.append((number, row))
    return Returned(tuple(n for n in header if n in COLUMNS), rows)


def _not_too_many(number: int, path: Path) -> None:
    if number > MOST_ROWS:
        raise UserError(
            f"The sheet has more than {MOST_ROWS:,} rows.",
            where=path.name,
            action="Send back only the rows that were changed; the others stay as they are.",
        )
