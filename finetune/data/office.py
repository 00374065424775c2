"""Office files: Word documents, Excel sheets, PowerPoint slides."""

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

from finetune.data.document import Document, Limits, Table
from finetune.data.kinds import damaged
from finetune.data.passages import BULLET, Block, passages_from_blocks, title_from_blocks
from finetune.data.tables import check_rows, table_from_records
from finetune.errors import UserError

# ECMA-376: DrawingML, PresentationML and the relationships between a package's parts.
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
UNREAD_IN_WORD = frozenset({f"{W}del", f"{W}moveFrom", f"{W}txbxContent", f"{W}instrText", f"{W}pPr", FALLBACK})
WORD_BLANKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
# What holds paragraphs and tables of the running text; tables only where they place things on the page.
WORD_CONTAINERS = frozenset(
    f"{W}{part}" for part in ("sdt", "sdtContent", "ins", "moveTo", "tbl", "tr", "tc", "customXml", "txbxContent")
)
TITLE_STYLES = ("Title", "Titel", "Titre", "Título")
HEADING_STYLES = ("Heading", "heading", "Überschrift", *TITLE_STYLES)
MOST_SPANNED = 100  # columns under one cell
# A stray mark in the last cell makes a sheet of 17 billion.
MOST_CELLS = 10_000_000


def read_docx(data: bytes, name: str, limits: Limits) -> Document:
    """A Word document as it reads with all changes accepted; footnotes at its end.

    The text comes from the XML itself: python-docx passes over inserted words, content controls and text boxes.

    Raises:
        UserError: its inner files are not what the format wants.
    """
    import docx
    from docx.exceptions import PythonDocxError
    from docx.opc.exceptions import OpcError

    try:
        document = docx.Document(io.BytesIO(data))
    except (OpcError, PythonDocxError) as error:
        raise damaged(name) from error
    styles = _styles(document)
    word = _Word(
        name,
        headings={key: _level(style) for key, style in styles.items() if style.startswith(HEADING_STYLES)},
        lists=frozenset(key for key, style in styles.items() if "List" in style),
        titles=frozenset(key for key, style in styles.items() if style in TITLE_STYLES),
    )
    word.read(document.element.body)
    for relation in document.part.rels.values():
        if not relation.is_external and relation.reltype.endswith(("/footnotes", "/endnotes")):
            word.read_notes(_parsed(relation.target_part.blob, name))
    title = title_from_blocks(word.blocks, highest=word.titles)
    return Document(name, "docx", word.tables, passages_from_blocks(word.blocks), word.notes, title=title)


def _styles(document: Any) -> dict[str, str]:
    """The names of the styles by their ids; a broken style has none."""
    from docx.oxml.exceptions import InvalidXmlError

    found = {}
    for style in document.styles:
        with suppress(InvalidXmlError):
            if style.style_id:
                found[str(style.style_id)] = str(style.name or "")
    return found


def _level(style: str) -> int:
    """A heading's level by its style's name: a title stands over "Heading 1"; 0 where the name does not tell."""
    if style in TITLE_STYLES:
        return 1
    return int(style[-1]) + 1 if style[-1] in "123456789" else 0


class _Word:
    """Collects the blocks and tables of a Word document, in reading order."""

    def __init__(self, name: str, headings: dict[str, int], lists: frozenset[str], titles: frozenset[str]) -> None:
        self._name, self._headings, self._lists, self._title_styles = name, headings, lists, titles
        self.titles: list[str] = []
        self.blocks: list[Block] = []
        self.tables: list[Table] = []
        self.notes: list[str] = []

    def read(self, container: Any) -> None:
        # An explicit stack, since strangers' files nest deeper than Python's calls.
        stack = [*reversed(list(container))]
        while stack:
            element = stack.pop()
            if element.tag == f"{W}p":
                self._paragraph(element)
                stack += reversed(_boxes(element))
            elif element.tag == f"{W}tbl" and _is_grid(element):
                self._table(element)
            elif element.tag in WORD_CONTAINERS:
                stack += [*reversed(list(element))]

    def read_notes(self, notes: Any) -> None:
        texts = [
            " ".join(filter(None, map(_word_text, note.iter(f"{W}p")))) for note in notes if not note.get(f"{W}type")
        ]
        if any(texts):
            self.blocks.append(Block("Notes", None, heading=True))
            self.blocks += [Block(text, None, heading=False) for text in texts if text]

    def _paragraph(self, paragraph: Any) -> None:
        text = _word_text(paragraph)
        if not text:
            return
        style = next((one.get(f"{W}val", "") for one in paragraph.iterfind(f"{W}pPr/{W}pStyle")), "")
        bold = len(text) <= 100 and not text.endswith((".", ",", ";")) and all(map(_is_bold, _runs(paragraph)))
        if style in self._lists and not BULLET.match(text):
            text = f"- {text}"
        if style in self._title_styles:
            self.titles.append(text)
        self.blocks.append(Block(text, None, style in self._headings or bold, self._headings.get(style, 0)))

    def _table(self, table: Any) -> None:
        records = [_word_cells(row) for row in table.iter(f"{W}tr")]
        found, more = table_from_records(records, self._name, sheet=f"table {len(self.tables) + 1}")
        self.tables.append(found)
        self.notes += more


def _is_grid(table: Any) -> bool:
    """Whether it holds rows; a table of one cell is a frame, and one with tables in it places things on the page."""
    return next(table.iterfind(f".//{W}tbl"), None) is None and sum(1 for _ in table.iter(f"{W}tc")) > 1


def _word_cells(row: Any) -> list[str]:
    """A row's cells; one that reaches over several columns stands in each of them, as in the table's other rows."""
    cells: list[str] = []
    for cell in row.iter(f"{W}tc"):
        text = "\n".join(filter(None, map(_word_text, cell.iter(f"{W}p"))))
        span = next((one.get(f"{W}val", "1") for one in cell.iterfind(f"{W}tcPr/{W}gridSpan")), "1")
        cells += [text] * (min(int(span), MOST_SPANNED) if span.isdecimal() else 1)
    return cells


def _runs(paragraph: Any) -> list[Any]:
    return [run for run in paragraph.iter(f"{W}r") if any((text.text or "").strip() for text in run.iterfind(f"{W}t"))]


def _is_bold(run: Any) -> bool:
    mark = run.find(f"{W}rPr/{W}b")
    return mark is not None and mark.get(f"{W}val", "1") not in ("0", "false")


def _boxes(paragraph: Any) -> list[Any]:
    """The text boxes anchored in a paragraph; Word writes each twice, the second time for older programs."""
    return [
        box for box in paragraph.iter(f"{W}txbxContent") if not any(one.tag == FALLBACK for one in box.iterancestors())
    ]


def _word_text(paragraph: Any) -> str:
    """A paragraph's text without what was deleted in it, and without its text boxes."""
    parts: list[str] = []
    stack = [paragraph]
    while stack:
        element = stack.pop()
        if element.tag in UNREAD_IN_WORD:
            continue
        if element.tag == f"{W}t":
            parts.append(element.text or "")
        elif element.tag in WORD_BLANKS:
            parts.append(WORD_BLANKS[element.tag])
        stack += reversed(list(element))
    return "".join(parts).strip()


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
        if hidden := sum(row.hidden for row in sheet.row_dimensions.values()):
            notes.append(f'Sheet "{sheet.title}": hidden or filtered rows, read like the others: {hidden}.')
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
    return Document(name, "pptx", tables, passages_from_blocks(blocks), notes, title=title_from_blocks(blocks))


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
        return _parsed(archive.read(part), name)
    except (KeyError, zipfile.BadZipFile) as error:
        raise damaged(name) from error


def _parsed(text: bytes, name: str) -> Element:
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # no Office program writes them; they are how XML attacks
        raise damaged(name)
    try:
        return fromstring(text)
    except ParseError as error:
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
