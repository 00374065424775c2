"""The process that parses PDF, DOCX, XLSX and HTML: started by `read`, bounded in memory and time, answers in JSON.

It may not use the network, start programs or write files. A parser that fails ends the process with a traceback;
the caller turns that into words.
"""

import json
import os
import re
import resource
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.data.document import Document, Limits, Table, shown_name
from finetune.data.passages import BULLET, Block, blocks_from_lines, passages_from_blocks
from finetune.data.tables import check_rows, table_from_records
from finetune.errors import UserError

FORBIDDEN_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "urllib.")


def main() -> None:
    kind, path, limits = sys.argv[1], Path(sys.argv[2]), Limits(**json.loads(sys.argv[3]))
    confine(limits)
    readers = {"pdf": read_pdf, "docx": read_docx, "xlsx": read_xlsx, "html": read_html}
    try:
        answer: dict[str, Any] = {"document": readers[kind](path, limits).as_json()}
    except UserError as error:
        answer = {"error": {"what": error.what, "action": error.action}}
    sys.stdout.write(json.dumps(answer))


def confine(limits: Limits) -> None:
    """Bound this process for good: memory, processor time, no file written, no network, no other program."""
    memory = limits.memory_mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if writes or event.startswith(FORBIDDEN_EVENTS):
            raise PermissionError(f"a file being read asked for {event}")

    sys.addaudithook(refuse)


def read_pdf(path: Path, limits: Limits) -> Document:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, WrongPasswordError

    name = shown_name(path)
    locked = UserError(
        "The PDF is protected by a password.",
        where=name,
        action="Save a copy without a password (print it to PDF, for instance) and add that.",
    )
    reader = PdfReader(path)
    try:
        # Many PDFs are encrypted only against editing and open with an empty password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise locked
        count = len(reader.pages)
        if count > limits.pages:
            raise UserError(
                f"The PDF has {count} pages; the limit is {limits.pages}.",
                action="Split it and add the parts you need.",
            )
        pages = [(number, _page_lines(page)) for number, page in enumerate(reader.pages, start=1)]
    except (FileNotDecryptedError, WrongPasswordError, DependencyError) as error:
        raise locked from error
    silent = [number for number, lines in pages if sum(len(line.text.split()) for line in lines) < 3]
    if len(silent) == len(pages):
        raise UserError(
            f"The PDF's {len(pages)} pages are pictures without text, as a scanner makes them.",
            where=name,
            action="Run text recognition (OCR) on it in your scanner's program, or add the original document.",
        )
    notes = [f"Pages {', '.join(map(str, silent[:10]))} hold no text (pictures or blank)."] if silent else []
    pages = without_running_heads(pages)
    body = _body_size(pages)
    blocks = [
        block
        for number, lines in pages
        for block in blocks_from_lines(
            [line.text for line in lines], number, frozenset(i for i, line in enumerate(lines) if line.is_heading(body))
        )
    ]
    return _bounded(Document(name, "pdf", passages=passages_from_blocks(_joined_pages(blocks)), notes=notes), limits)


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


def _page_lines(page: Any) -> list[Line]:
    """A page's lines with the size and weight of their type, as pypdf's visitor reports them piece by piece."""
    pieces: list[tuple[str, float, bool]] = []

    def visit(text: str, matrix: list[float], text_matrix: list[float], font: Any, size: float) -> None:
        scale = abs(text_matrix[3] * matrix[3]) or 1.0
        name = str((font or {}).get("/BaseFont", "")).lower()
        pieces.append((text, round(size * scale, 1), "bold" in name or "black" in name))

    page.extract_text(visitor_text=visit)
    lines: list[Line] = []
    text, weights, bolds = "", Counter[float](), Counter[bool]()
    for piece, size, bold in [*pieces, ("\n", 0.0, False)]:
        first, *others = piece.split("\n")
        for i, part in enumerate([first, *others]):
            if i:
                if text.strip():
                    lines.append(Line(text.strip(), max(weights, key=lambda s: weights[s]), bolds[True] > bolds[False]))
                text, weights, bolds = "", Counter(), Counter()
            text += part
            weights[size] += len(part.strip())
            bolds[bold] += len(part.strip())
    return lines


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


def read_docx(path: Path, limits: Limits) -> Document:
    import docx
    from docx.table import Table as WordTable

    name = shown_name(path)
    blocks: list[Block] = []
    tables: list[Table] = []
    notes: list[str] = []
    for part in docx.Document(str(path)).iter_inner_content():
        if isinstance(part, WordTable):
            cells = [[cell.text.strip() for cell in row.cells] for row in part.rows]
            table, more = table_from_records(cells, name, sheet=f"table {len(tables) + 1}")
            tables.append(table)
            notes += more
            continue
        text = part.text.strip()
        style = (part.style.name or "") if part.style else ""
        bold = bool(text) and len(text) <= 100 and all(run.bold for run in part.runs if run.text.strip())
        heading = style.startswith(("Heading", "Title", "Überschrift", "Titre", "Título"))
        heading = heading or (bold and bool(part.runs) and not text.endswith((".", ",", ";")))
        if "List" in style and not BULLET.match(text):
            text = f"- {text}"
        blocks.append(Block(text, None, heading))
    return _bounded(Document(name, "docx", tables, passages_from_blocks(blocks), notes), limits)


def read_xlsx(path: Path, limits: Limits) -> Document:
    import openpyxl

    name = shown_name(path)
    values = openpyxl.load_workbook(path, data_only=True, keep_links=False)
    formulas = openpyxl.load_workbook(path, data_only=False, keep_links=False)
    tables: list[Table] = []
    notes: list[str] = []
    for sheet in values.worksheets:
        if sheet.sheet_state != "visible":
            notes.append(f'The hidden sheet "{sheet.title}" was not read.')
            continue
        notes += _formula_notes(sheet, formulas[sheet.title])
        merged = list(sheet.merged_cells.ranges)
        filled = {
            place: sheet.cell(area.min_row, area.min_col).value
            for area in merged
            for place in area.cells
            if area.size["rows"] > 1 or area.min_row > 1
        }
        if merged:
            notes.append(f'Sheet "{sheet.title}" has {len(merged)} merged cells; every row they cover got their text.')
        records = [
            [_sheet_cell(filled.get((cell.row, cell.column), cell.value)) for cell in row] for row in sheet.iter_rows()
        ]
        while records and not any(records[-1]):
            records.pop()
        check_rows(len(records), name, limits)
        table, more = table_from_records(_without_spread_titles(records), name, sheet=sheet.title)
        notes += more
        if table.header:
            tables.append(table)
    return _bounded(Document(name, "xlsx", tables, notes=notes), limits)


def _without_spread_titles(records: list[list[str]]) -> list[list[str]]:
    """A title merged over all columns counts as one cell, or it would pass for column names."""
    return [
        [record[0]] + [""] * (len(record) - 1) if len(record) > 1 and record[0] and len(set(record)) == 1 else record
        for record in records
    ]


def _formula_notes(values: Any, formulas: Any) -> list[str]:
    """Say how many cells are formulas, and which have no stored result: a file written by a program has none."""
    cells = [c for row in formulas.iter_rows() for c in row if isinstance(c.value, str) and c.data_type == "f"]
    empty = [cell.coordinate for cell in cells if values[cell.coordinate].value is None]
    notes = []
    if len(cells) > len(empty):
        notes.append(
            f'Sheet "{values.title}": {len(cells) - len(empty)} formulas; their last stored results were read.'
        )
    if empty:
        notes.append(
            f'Sheet "{values.title}": {len(empty)} formulas have no stored result (first: {empty[0]}), so those cells '
            "are empty here. Open the file in Excel, save it, and add it again to have them."
        )
    return notes


def _sheet_cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "isoformat"):
        return str(value.isoformat()).removesuffix("T00:00:00")
    text = str(value)
    # Excel's own error values, as in a division by zero.
    return "" if re.fullmatch(r"#(?:REF|N/A|NAME\?|DIV/0|VALUE|NULL|NUM)!?", text) else text


def read_html(path: Path, limits: Limits) -> Document:
    from bs4 import BeautifulSoup

    from finetune.data.text_formats import decode

    name = shown_name(path)
    data = path.read_bytes()
    declared = re.search(rb"charset=[\"']?([\w-]+)", data[:2048])
    soup = (
        BeautifulSoup(data, "html.parser", from_encoding=declared[1].decode() if declared else None)
        if declared
        else BeautifulSoup(decode(data, name)[0], "html.parser")
    )
    for tag in soup(
        ["script", "style", "noscript", "template", "svg", "nav", "header", "footer", "aside", "form", "iframe"]
    ):
        tag.decompose()
    for tag in soup.select("[hidden], [aria-hidden=true], [style*='display:none'], [style*='display: none']"):
        tag.decompose()
    tables: list[Table] = []
    notes: list[str] = []
    for element in soup("table"):
        records = [[cell.get_text(" ", strip=True) for cell in row(["th", "td"])] for row in element("tr")]
        table, more = table_from_records(records, name, sheet=f"table {len(tables) + 1}")
        if len(table.header) > 1:
            tables.append(table)
            notes += more
            element.decompose()
    return _bounded(Document(name, "html", tables, passages_from_blocks(_html_blocks(soup)), notes), limits)


def _html_blocks(soup: Any) -> Iterator[Block]:
    """Headings, paragraphs and list items in reading order; `summary` and `dt` are an FAQ's questions."""
    headings = {"h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt", "caption", "legend"}
    parts = headings | {"p", "li", "dd", "blockquote", "td", "pre", "div", "section", "article", "details"}
    for element in soup.find_all(sorted(parts)):
        if element.name not in headings and element.find(sorted(parts)):
            # A container: its parts come by themselves; keep only the text that stands directly in it.
            text = " ".join(str(part).strip() for part in element.find_all(string=True, recursive=False))
        else:
            text = element.get_text(" ", strip=True)
        text = re.sub(r"\s+([.,;:?!])", r"\1", " ".join(text.split()))
        if text:
            item = element.name == "li"
            yield Block(f"- {text}" if item else text, None, heading=element.name in headings)


def _bounded(document: Document, limits: Limits) -> Document:
    characters = sum(len(passage.text) for passage in document.passages)
    if characters > limits.characters:
        raise UserError(
            f"The file holds {characters:,} characters of text; the limit is {limits.characters:,}.",
            where=document.file,
            action="Split it, or keep only the parts that answer questions.",
        )
    return document


if __name__ == "__main__":
    main()
