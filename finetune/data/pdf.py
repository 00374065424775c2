"""PDF: text with page and heading in reading order, columns and tables told apart by the gaps between them."""

import io
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from finetune.data.document import Document, Limits, Table, listed
from finetune.data.kinds import damaged
from finetune.data.passages import BULLET, Block, blocks_from_lines, passages_from_blocks, title_from_blocks
from finetune.data.tables import table_from_records
from finetune.errors import UserError


def read_pdf(data: bytes, name: str, limits: Limits) -> Document:
    from pypdf.errors import PyPdfError

    cut = False
    try:
        read = _read_pages(data, name, limits)
    except PyPdfError as error:
        whole = _with_end(data)
        if whole is None:
            raise damaged(name) from error
        cut = True
        try:
            read = _read_pages(whole, name, limits)
        except (PyPdfError, *PAGE_FAULTS) as fault:
            raise damaged(name) from fault
    broken = [number for number, page in read if page is None]
    if len(broken) == len(read) or (cut and not any(page and (page.lines or page.tables) for _, page in read)):
        raise damaged(name)
    return _document(read, broken, cut, name)


def _read_pages(data: bytes, name: str, limits: Limits) -> list[tuple[int, "Page | None"]]:
    """Each page with its number, None where it is broken.

    Raises:
        UserError: it is locked, or has too many pages.
        PyPdfError: it is no PDF, or its end is missing.
    """
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, WrongPasswordError

    locked = UserError(
        "The PDF is protected by a password.",
        where=name,
        action="Save a copy without a password (print it to PDF, for instance) and add that.",
    )
    try:
        reader = PdfReader(io.BytesIO(data))
        # Many PDFs are encrypted only against editing and open with an empty password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise locked
        count = len(reader.pages)
        if count > limits.pages:
            raise UserError(
                f"The PDF has {count} pages; the limit is {limits.pages}.",
                action="Split it and add the parts you need.",
            )
        return [(number, _read_page(page)) for number, page in enumerate(reader.pages, start=1)]
    except (FileNotDecryptedError, WrongPasswordError, DependencyError) as error:
        raise locked from error


def _with_end(data: bytes) -> bytes | None:
    """A PDF that was cut off, as by a download that broke, with an end that names its root; None where that is gone."""
    place = data.rfind(b"/Catalog")
    objects = re.findall(rb"(\d+)\s+(\d+)\s+obj\b", data[max(0, place - 2000) : place]) if place > 0 else []
    last = data.rfind(b"endobj")
    if not objects or last < 0:
        return None
    root = b" ".join(objects[-1])
    return data[: last + 6] + b"\nxref\n0 0\ntrailer\n<< /Root %s R >>\nstartxref\n0\n%%%%EOF\n" % root


def _document(read: list[tuple[int, "Page | None"]], broken: list[int], cut: bool, name: str) -> Document:
    """The pages' text and tables as a document."""
    pages = [(number, page.lines if page else []) for number, page in read]
    tables, notes = _tables([(number, rows) for number, page in read for rows in (page.tables if page else [])], name)
    with_table = {table.page for table in tables}
    silent = [
        number
        for number, lines in pages
        if sum(len(line.text.split()) for line in lines) < 3 and number not in with_table and number not in broken
    ]
    if silent and len(silent) < len(pages):
        notes.append(f"{_pages(silent)} without text (pictures or blank).")
    if broken:
        notes.append(f"{_pages(broken)} damaged, and so not read.")
    if cut:
        notes.append("The end of the PDF is missing, as after a broken download; what is there was read.")
    pages = without_running_heads(pages)
    body = _body_size(pages)
    blocks = [
        block
        for number, lines in pages
        for block in blocks_from_lines(
            [line.text for line in lines], number, frozenset(i for i, line in enumerate(lines) if line.is_heading(body))
        )
    ]
    passages = [] if len(silent) == len(pages) else passages_from_blocks(_joined_pages(blocks))
    title = title_from_blocks(blocks)
    return Document(name, "pdf", tables, passages, notes, unread_pages=silent, title=title)


def _pages(numbers: list[int]) -> str:
    return f"Pages {listed(numbers)} are" if len(numbers) > 1 else f"Page {numbers[0]} is"


def _tables(found: list[tuple[int, list[list[str]]]], name: str) -> tuple[list[Table], list[str]]:
    """Tables of the pages; one that goes on over the page with the same header is one table."""
    tables: list[Table] = []
    notes: list[str] = []
    for number, records in found:
        last = tables[-1] if tables else None
        if last and last.page is not None and number > last.page and records[0] == last.header:
            tables[-1] = Table(last.name, last.header, [*last.rows, *records[1:]], last.first_row, last.page)
            continue
        table, more = table_from_records(records, name, sheet=f"page {number}, table {len(tables) + 1}")
        tables.append(Table(table.name, table.header, table.rows, table.first_row, number))
        notes += more
    return tables, notes


@dataclass(frozen=True)
class Line:
    """A line of a page; `size` is its type size in points, 0 where the page does not say."""

    text: str
    size: float = 0.0
    bold: bool = False

    def is_heading(self, body: float) -> bool:
        """Set larger than the body, or in bold by itself, and not the end of a sentence."""
        short = 2 < len(self.text) <= 120 and not self.text.endswith((".", ",", ";", ":"))
        return short and not BULLET.match(self.text) and (self.size > 1.12 * body > 0 or (self.bold and body > 0))


@dataclass(frozen=True)
class Page:
    """`lines` in reading order, without those of its `tables`; a table is its rows of cells."""

    lines: list[Line]
    tables: list[list[list[str]]]


@dataclass(frozen=True)
class _Piece:
    """Text set in one go; `x` is where it starts on the page, in points."""

    text: str
    x: float
    size: float
    bold: bool


# What pypdf raises on pages that break the format; it promises no particular errors.
PAGE_FAULTS = (
    KeyError, IndexError, ValueError, TypeError, AttributeError, ArithmeticError, NotImplementedError, RecursionError,
    AssertionError, struct.error, zlib.error,
)  # fmt: skip


def _read_page(page: Any) -> Page | None:
    """A page's lines and tables; None where the page is broken."""
    from pypdf.errors import DeprecationError, PyPdfError

    try:
        rows = _piece_rows(page)
        lines = [_line(row) for row in rows]
        far = any(abs(piece.x) > FURTHEST for row in rows for piece in row)
        if far or sum(map(_has_gap, rows)) < FEWEST_ROWS:
            return Page(lines, [])
        layout = page.extract_text(extraction_mode="layout")
    except (PyPdfError, DeprecationError, *PAGE_FAULTS):  # a filter's old name is no PyPdfError
        return None
    return _in_layout(layout, lines, rows)


def _piece_rows(page: Any) -> list[list[_Piece]]:
    """The lines of a page as pypdf's visitor reports them, each by the pieces it is set in."""
    rows: list[list[_Piece]] = [[]]

    def visit(text: str, matrix: list[float], text_matrix: list[float], font: Any, size: float) -> None:
        scale = abs(text_matrix[3] * matrix[3]) or 1.0
        name = str((font or {}).get("/BaseFont", "")).lower()
        for i, part in enumerate(text.split("\n")):
            if i:
                rows.append([])
            bold = "bold" in name or "black" in name
            rows[-1].append(_Piece(part, text_matrix[4] * matrix[0] + matrix[4], round(size * scale, 1), bold))

    page.extract_text(visitor_text=visit)
    return [row for row in rows if any(piece.text.strip() for piece in row)]


def _line(row: list[_Piece]) -> Line:
    """A line with the size and weight most of its characters have."""
    sizes, bolds = Counter[float](), Counter[bool]()
    for piece in row:
        sizes[piece.size] += len(piece.text.strip())
        bolds[piece.bold] += len(piece.text.strip())
    return Line("".join(p.text for p in row).strip(), max(sizes, key=lambda s: sizes[s]), bolds[True] > bolds[False])


FEWEST_ROWS = 3  # with the same gap in them make a column or a table
NARROWEST_GAP = 3  # characters
CHARACTER = 0.5  # a character's width, about, in heights of its type
FURTHEST = 5_000  # points; type set further out would make lines of gigabytes
MOST_COLUMNS = 3  # of running text on a page
FEWEST_WORDS = 4.0  # in a line of running text, on average; cells of a table have fewer


def _has_gap(row: list[_Piece]) -> bool:
    """Whether a line is set in pieces far apart, as columns and tables are."""
    filled = [piece for piece in row if piece.text.strip()]
    return any(b.x - a.x > (len(a.text.strip()) * CHARACTER + 2) * (a.size or 10) for a, b in pairwise(filled))


def _in_layout(layout: str, lines: list[Line], rows: list[list[_Piece]]) -> Page:
    """A page's lines in reading order and its tables, by the gaps that go through several lines of its layout."""
    looks = {line.text: line for line in lines}
    looks |= {piece.text.strip(): Line("", piece.size, piece.bold) for row in rows for piece in row}

    def styled(text: str) -> Line:
        text = " ".join(text.split())
        known = looks.get(text, Line(""))
        return Line(text, known.size, known.bold)

    ordered: list[Line] = []
    tables: list[list[list[str]]] = []
    texts = [line.rstrip() for line in layout.split("\n") if line.strip()]
    i = 0
    while i < len(texts):
        run, gaps = _run_at(texts, i)
        grid = [_cells(line, gaps) for line in texts[i : i + run]]
        if run == 1:
            ordered.append(styled(texts[i]))
        elif _is_running_text(grid):
            ordered += [styled(row[column]) for column in range(len(gaps) + 1) for row in grid if row[column]]
        else:
            while sum(map(bool, grid[-1])) < 2 and not _goes_on(grid[-1]):  # what stands below the table
                grid.pop()
            run = len(grid)
            tables.append(_joined_rows(grid))
        i += run
    return Page([line for line in ordered if line.text], tables)


def _run_at(lines: list[str], start: int) -> tuple[int, list[int]]:
    """(how many lines from here on share a gap, where its gaps end); (1, []) where they make no column.

    A gap is a stretch of blanks that goes through all these lines, with text on both sides of it in enough of them.
    """
    taken = _filled(lines[start])
    gaps, end, both = _gaps(taken), start + 1, 1
    if not gaps:
        return 1, []
    while end < len(lines):
        more = taken | _filled(lines[end])
        left = _gaps(more)
        # Text in the middle of a gap that several lines had, or right across one, is where something else begins.
        if not left or (len(left) != len(gaps) and both >= FEWEST_ROWS):
            break
        both += sum(map(bool, _cells(lines[end], left))) > 1
        taken, gaps, end = more, left, end + 1
    return (end - start, gaps) if both >= FEWEST_ROWS else (1, [])


def _filled(line: str) -> int:
    """The columns of characters a line fills, one bit each; blanks between words count as filled."""
    bits = 0
    for word in re.finditer(r"\S+(?: {1,2}\S+)*", line):
        bits |= ((1 << (word.end() - word.start())) - 1) << word.start()
    return bits


def _gaps(filled: int) -> list[int]:
    """Where the stretches of blanks between filled columns end."""
    places = f"{filled:b}"[::-1]
    return [m.end() for m in re.finditer(rf"(?<=1)0{{{NARROWEST_GAP},}}(?=1)", places)]


def _cells(line: str, gaps: list[int]) -> list[str]:
    return [line[a:b].strip() for a, b in pairwise([0, *gaps, max(len(line), *gaps, 0) + 1])] if gaps else [line]


def _is_running_text(grid: list[list[str]]) -> bool:
    """Whether it is columns of text side by side: full lines in each of them, and in most rows in all. Where whole
    sentences stand beside whole sentences, line after line, it is a table.
    """
    width = len(grid[0])
    if sum(all(map(_is_whole, row)) for row in grid) > 0.6 * len(grid):
        return False
    means = [
        sum(len(row[column].split()) for row in grid) / max(1, sum(bool(row[column]) for row in grid))
        for column in range(width)
    ]
    full = sum(all(row) for row in grid) / len(grid)
    return width <= MOST_COLUMNS and min(means) >= FEWEST_WORDS and full >= 0.6


def _is_whole(cell: str) -> bool:
    return cell.lstrip("¿¡\"“„«'")[:1].isupper() and cell.endswith((".", "?", "!"))


def _goes_on(cells: list[str]) -> bool:
    """Whether a line of a table belongs to the row above it."""
    return not cells[0] or (cells[0][0].islower() and not any(cells[1:]))


def _joined_rows(grid: list[list[str]]) -> list[list[str]]:
    """A table's rows; a line that goes on with the cells above it is part of their row."""
    rows: list[list[str]] = []
    for cells in grid:
        if rows and _goes_on(cells):
            rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], cells, strict=True)]
        else:
            rows.append(cells)
    return rows


def _body_size(pages: list[tuple[int, list[Line]]]) -> float:
    """The type size most characters are set in; 0 where all is bold, so that weight says nothing."""
    sizes = Counter[float]()
    bold = total = 0
    for _, lines in pages:
        for line in lines:
            sizes[line.size] += len(line.text)
            bold += len(line.text) * line.bold
            total += len(line.text)
    return 0.0 if not sizes or bold > 0.5 * total else max(sizes, key=lambda s: sizes[s])


def without_running_heads(pages: list[tuple[int, list[Line]]]) -> list[tuple[int, list[Line]]]:
    """Take off the lines that stand at the top or bottom of most pages: titles, page numbers, dates."""
    edges = Counter(k for _, lines in pages for k in {_shape(line) for line in lines[:2] + lines[-2:]})
    common = {k for k, count in edges.items() if count >= 3 and count > 0.5 * len(pages)}
    page_number = re.compile(r"(?:page|seite|página)?\s*\d{1,4}(?:\s*(?:of|/|von|de)\s*\d{1,4})?", re.I)
    kept = []
    for number, lines in pages:
        edge = {0, 1, len(lines) - 1, len(lines) - 2}
        runs = {
            i
            for i in edge
            if 0 <= i < len(lines) and (_shape(lines[i]) in common or page_number.fullmatch(lines[i].text))
        }
        kept.append((number, [line for i, line in enumerate(lines) if i not in runs]))
    return kept


def _shape(line: Line) -> str:
    return re.sub(r"\d+", "#", " ".join(line.text.split())).lower()


def _joined_pages(blocks: list[Block]) -> Iterator[Block]:
    """A sentence that runs over the page's end is one block, on the page where it starts."""
    held: Block | None = None
    for block in blocks:
        if (
            held
            and not held.heading
            and not block.heading
            and block.page != held.page
            and not held.text.endswith((".", "!", "?", ":"))
            and block.text[:1].islower()
            and not BULLET.match(block.text)
        ):
            held = Block(f"{held.text} {block.text}", held.page, heading=False)
            continue
        if held:
            yield held
        held = block
    if held:
        yield held
