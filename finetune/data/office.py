"""Office files: Word documents, Excel sheets, PowerPoint slides."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from finetune.data.document import Document, Limits, Table
from finetune.data.kinds import damaged
from finetune.data.passages import BULLET, Block, passages_from_blocks
from finetune.data.tables import check_rows, table_from_records
from finetune.errors import UserError

# ECMA-376: DrawingML, PresentationML and the relationships between a package's parts.
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
# A stray mark in the last cell makes a sheet of 17 billion.
MOST_CELLS = 10_000_000


def read_docx(data: bytes, name: str, limits: Limits) -> Document:
    import docx
    from docx.exceptions import PythonDocxError
    from docx.opc.exceptions import OpcError
    from docx.table import Table as WordTable

    blocks: list[Block] = []
    tables: list[Table] = []
    notes: list[str] = []
    try:
        document = docx.Document(io.BytesIO(data))
    except (OpcError, PythonDocxError) as error:
        raise damaged(name) from error
    for part in document.iter_inner_content():
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
    return Document(name, "docx", tables, passages_from_blocks(blocks), notes)


def read_xlsx(data: bytes, name: str, limits: Limits) -> Document:
    import openpyxl

    values = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False)
    formulas = openpyxl.load_workbook(io.BytesIO(data), data_only=False, keep_links=False)
    tables: list[Table] = []
    notes: list[str] = []
    for sheet in values.worksheets:
        if sheet.sheet_state != "visible":
            notes.append(f'The hidden sheet "{sheet.title}" was not read.')
            continue
        if sheet.max_row * sheet.max_column > MOST_CELLS:
            raise UserError(
                f'Sheet "{sheet.title}" reaches to row {sheet.max_row:,} and column {sheet.max_column:,}.',
                where=name,
                action="Delete what stands far below or beside the table, save it, and add it again.",
            )
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
    return Document(name, "xlsx", tables, notes=notes)


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


def read_pptx(data: bytes, name: str, limits: Limits) -> Document:
    """Slides: the title heads the rest; bullets make one list; tables and the speaker's notes are kept.

    Raises:
        UserError: it has too many slides, or its inner files are not what the format wants.
    """
    blocks: list[Block] = []
    tables: list[Table] = []
    notes: list[str] = []
    hidden = silent = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        slides = _slides(archive, name)
        if len(slides) > limits.pages:
            raise UserError(
                f"The presentation has {len(slides):,} slides; the limit is {limits.pages:,}.",
                where=name,
                action="Split it and add the parts you need.",
            )
        for number, part in enumerate(slides, start=1):
            slide = _xml(archive, part, name)
            if slide.get("show") == "0":
                hidden += 1
                continue
            found = [*_slide_blocks(slide, number), *_speaker_notes(archive, part, name, number)]
            grids = [
                [[_shape_text(cell) for cell in row.iter(f"{A}tc")] for row in grid.iter(f"{A}tr")]
                for grid in slide.iter(f"{A}tbl")
            ]
            silent += not found and not grids
            blocks += found
            for records in grids:
                table, more = table_from_records(records, name, sheet=f"slide {number}")
                tables.append(Table(table.name, table.header, table.rows, table.first_row, number))
                notes += more
    if hidden:
        notes.append(f"{hidden} hidden slides were not read.")
    if silent:
        notes.append(f"{silent} slides hold no text (pictures or blank).")
    return Document(name, "pptx", tables, passages_from_blocks(blocks), notes)


def _slides(archive: zipfile.ZipFile, name: str) -> list[str]:
    """The slides' parts in the order they are shown."""
    order = _xml(archive, "ppt/presentation.xml", name)
    targets = _targets(archive, "ppt/presentation.xml", name)
    ids = [slide.get(f"{R}id", "") for slide in order.iter(f"{P}sldId")]
    return [targets[one] for one in ids if one in targets and targets[one] in archive.namelist()]


def _targets(archive: zipfile.ZipFile, part: str, name: str) -> dict[str, str]:
    """Where a part's relationships lead, by their ids; nothing outside the file."""
    folder, base = posixpath.split(part)
    relations = f"{folder}/_rels/{base}.rels"
    if relations not in archive.namelist():
        return {}
    return {
        relation.get("Id", ""): posixpath.normpath(posixpath.join(folder, relation.get("Target", ""))).lstrip("/")
        for relation in _xml(archive, relations, name)
        if relation.get("TargetMode") != "External"
    }


def _xml(archive: zipfile.ZipFile, part: str, name: str) -> Element:
    try:
        text = archive.read(part)
        if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # no Office program writes them; they are how XML attacks
            raise damaged(name)
        return fromstring(text)
    except (KeyError, ParseError, zipfile.BadZipFile) as error:
        raise damaged(name) from error


def _slide_blocks(slide: Element, number: int) -> Iterator[Block]:
    shapes = list(slide.iter(f"{P}sp"))
    # The title first, wherever it stands in the file.
    for shape in sorted(shapes, key=lambda shape: not _is_title(shape)):
        texts = [text for paragraph in shape.iter(f"{A}p") if (text := _shape_text(paragraph))]
        if _is_title(shape):
            if texts:
                yield Block(" ".join(texts), number, heading=True)
        elif len(texts) > 1 and not any(text.endswith((".", "!", "?")) for text in texts[1:]):
            listed = [text if BULLET.match(text) or text.endswith(":") else f"- {text}" for text in texts]
            yield Block("\n".join(listed), number, heading=False)
        else:
            for text in texts:
                yield Block(text, number, heading=False)


def _is_title(shape: Element) -> bool:
    place = next(shape.iter(f"{P}ph"), None)
    return place is not None and place.get("type") in ("title", "ctrTitle")


def _shape_text(element: Element) -> str:
    """The text of a paragraph, or of a table's cell; a line break is a space."""
    parts = [
        " " if part.tag in (f"{A}br", f"{A}p") else part.text or ""
        for part in element.iter()
        if part.tag in (f"{A}t", f"{A}br", f"{A}p")
    ]
    return " ".join("".join(parts).split())


def _speaker_notes(archive: zipfile.ZipFile, part: str, name: str, number: int) -> Iterator[Block]:
    for target in _targets(archive, part, name).values():
        if not target.startswith("ppt/notesSlides/") or target not in archive.namelist():
            continue
        for shape in _xml(archive, target, name).iter(f"{P}sp"):
            place = next(shape.iter(f"{P}ph"), None)
            if place is not None and place.get("type") == "body":
                for paragraph in shape.iter(f"{A}p"):
                    if text := _shape_text(paragraph):
                        yield Block(text, number, heading=False)
