"""Web pages: headings, paragraphs and tables; menus, scripts and hidden parts are left out, nothing is fetched."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bs4.element import NavigableString

from finetune.data.document import Document, Limits, Table
from finetune.data.markup import parsed
from finetune.data.passages import Block, passages_from_blocks, title_from_blocks
from finetune.data.tables import table_from_records
from finetune.data.text_formats import decode

FEWEST_ANSWER_WORDS = 4  # under a question that opens; fewer are a menu's


def read_html(data: bytes, name: str, limits: Limits) -> Document:
    declared = re.search(rb"charset=[\"']?([\w-]+)", data[:2048])
    soup = parsed(data, declared[1].decode()) if declared else parsed(decode(data, name)[0])
    for tag in soup(
        ["script", "style", "noscript", "template", "svg", "nav", "header", "footer", "aside", "form", "iframe"]
    ):
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
    for opener in soup.select("button, [role=button], [aria-expanded], [data-toggle], [data-bs-toggle]"):
        target = opener.get("aria-controls") or str(opener.get("data-target") or opener.get("data-bs-target") or "")
        panel = soup.find(id=target.lstrip("#")) if target else None
        heading = opener.find_parent(["h2", "h3", "h4", "h5", "h6", "dt"])
        panel = panel or (heading or opener).find_next_sibling(["div", "p", "section", "dd", "ul"])
        if panel is not None and len(panel.get_text().split()) >= FEWEST_ANSWER_WORDS and opener.get_text().strip():
            found[id(panel)] = opener
    return found


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


def _around(elements: Sequence[Any]) -> set[int]:
    """The ids of all that stands around any of the elements; no chain is walked twice."""
    around: set[int] = set()
    for element in elements:
        outer = element.parent
        while outer is not None and id(outer) not in around:
            around.add(id(outer))
            outer = outer.parent
    return around


def _html_blocks(soup: Any) -> Iterator[Block]:
    """Headings, paragraphs and list items in reading order; `summary` and `dt` are an FAQ's questions."""
    headings = {"h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt", "caption", "legend"}
    parts = headings | {"p", "li", "dd", "blockquote", "td", "pre", "div", "section", "article", "details"}
    elements = soup.find_all(sorted(parts))
    # What holds another part says only what stands directly in it; a heading does so where it holds a heading.
    containers = _around(elements)
    wider = _around([element for element in elements if element.name in headings])
    for element in elements:
        if id(element) in (wider if element.name in headings else containers):
            # A container: its parts come by themselves; keep only the text that stands directly in it.
            text = " ".join(str(part).strip() for part in element.find_all(string=True, recursive=False))
        else:
            text = element.get_text(" ", strip=True)
        text = re.sub(r"\s+([.,;:?!])", r"\1", " ".join(text.split()))
        if text:
            item = element.name == "li"
            yield Block(f"- {text}" if item else text, None, heading=element.name in headings)
