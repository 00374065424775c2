"""Web pages: headings, paragraphs and tables; menus, scripts and hidden parts are left out, nothing is fetched."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from bs4.element import NavigableString

from finetune.data.document import Document, Limits, Table
from finetune.data.markup import parsed
from finetune.data.passages import Block, passages_from_blocks, title_from_blocks
from finetune.data.tables import table_from_records
from finetune.data.text_formats import decode

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt", "caption", "legend"})
PARTS = HEADINGS | {"p", "li", "dd", "blockquote", "td", "pre", "div", "section", "article", "details", "main", "body"}
LEFT_OUT = [
    "script", "style", "noscript", "template", "svg", "nav", "header", "footer", "aside", "form", "iframe", "select",
    "datalist",
]  # fmt: skip
NEAR = 10  # siblings behind a button among which its panel is looked for, blanks between them included
FEWEST_ANSWER_WORDS = 4  # under a question that opens; fewer are a menu's


def read_html(data: bytes, name: str, limits: Limits) -> Document:
    declared = re.search(rb"charset=[\"']?([\w-]+)", data[:2048])
    soup = parsed(data, declared[1].decode()) if declared else parsed(decode(data, name)[0])
    for tag in soup(LEFT_OUT):
        tag.decompose()
    questions = _opened_by(soup)
    for tag in soup.select("[hidden], [aria-hidden=true], [style*='display:none'], [style*='display: none']"):
        if not tag.decomposed and id(tag) not in questions:
            tag.decompose()
    for opener in questions.values():
        opener.name = "summary"
    tables: list[Table] = []
    notes: list[str] = []
    elements = soup("table")
    # The nearest one of each is enough, and pages that close nothing nest thousands.
    layout = {id(element.find_parent("table")) for element in elements}
    for element in elements:
        if id(element) in layout:  # a table of tables places things on the page and holds no rows
            continue
        table, more = table_from_records(_records(element), name, sheet=f"table {len(tables) + 1}")
        if len(table.header) > 1:
            tables.append(table)
            notes += more
            element.decompose()
    blocks = list(_html_blocks(soup))
    title = title_from_blocks(blocks, highest=[" ".join(one.get_text(" ").split()) for one in soup("h1", limit=2)])
    return Document(name, "html", tables, passages_from_blocks(blocks), notes, title=title)


def _opened_by(soup: Any) -> dict[int, Any]:
    """What is hidden until it is clicked at, as answers in most FAQ pages, and what is clicked at: by the ids of the
    hidden elements. Menus and notices have few words or none before them.
    """
    found: dict[int, Any] = {}
    by_id = {element["id"]: element for element in soup.find_all(id=True)}
    for opener in soup.select("button, [role=button], [aria-expanded], [data-toggle], [data-bs-toggle]"):
        target = opener.get("aria-controls") or str(opener.get("data-target") or opener.get("data-bs-target") or "")
        heading = opener.find_parent(["h2", "h3", "h4", "h5", "h6", "dt"])
        panel = by_id.get(target.lstrip("#")) or _panel_after(heading or opener)
        if panel is not None and _has_words(panel, FEWEST_ANSWER_WORDS) and _has_words(opener, 1):
            found[id(panel)] = opener
    return found


def _panel_after(element: Any) -> Any:
    """The first block among the next siblings; a page may have thousands."""
    near = islice(element.next_siblings, NEAR)
    return next((one for one in near if one.name in ("div", "p", "section", "dd", "ul")), None)


def _has_words(element: Any, count: int) -> bool:
    words = (word for text in element.stripped_strings for word in text.split())
    return len(list(islice(words, count))) == count


def _records(table: Any) -> list[list[str]]:
    """A table's rows of cells. Each text belongs to the cell it stands in most closely: where a page closes neither
    rows nor cells, the parser nests all that follow.
    """
    rows: list[list[list[str]]] = []
    # The row and the cell each element stands in; parents come first, so that no chain of them is walked twice.
    places: dict[int, tuple[list[list[str]] | None, list[str] | None]] = {}
    for node in table.descendants:
        row, cell = places.get(id(node.parent), (None, None))
        if type(node) is NavigableString:
            if cell is not None and node.strip():
                cell.append(node.strip())
            continue
        if node.name == "tr":
            row = []
            rows.append(row)
        elif node.name in ("th", "td"):
            cell = None
            if row is not None:
                cell = []
                row.append(cell)
        places[id(node)] = (row, cell)
    return [[" ".join(cell) for cell in row] for row in rows]


def _html_blocks(soup: Any) -> Iterator[Block]:
    """Headings, paragraphs and list items in reading order; `summary` and `dt` are an FAQ's questions.

    Each text belongs to the part it stands in most closely; what stands around other parts comes in pieces.
    """
    nearest: dict[int, Any] = {}  # by element; parents come first, so that no chain of them is walked twice
    part: Any = None
    piece: list[str] = []
    for node in soup.descendants:
        around = nearest.get(id(node.parent))
        if type(node) is not NavigableString:
            nearest[id(node)] = node if node.name in PARTS else around
            if node.name in PARTS and piece:  # what follows it is another piece, though of the same part
                yield from _block(part, piece)
                part, piece = None, []
            continue
        if around is None or not node.strip():
            continue
        if around is not part and piece:
            yield from _block(part, piece)
            piece = []
        part = around
        piece.append(node)
    yield from _block(part, piece)


def _block(part: Any, piece: Sequence[str]) -> Iterator[Block]:
    text = re.sub(r"\s+([.,;:?!])", r"\1", " ".join(" ".join(piece).split()))
    if text:
        level = int(part.name[1]) if re.fullmatch(r"h[1-6]", part.name) else 0
        yield Block(f"- {text}" if part.name == "li" else text, None, heading=part.name in HEADINGS, level=level)
