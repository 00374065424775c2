"""Web pages: headings, paragraphs and tables; menus, scripts and hidden parts are left out, nothing is fetched."""

import re
from collections.abc import Iterator
from typing import Any

from finetune.data.document import Document, Limits, Table
from finetune.data.passages import Block, passages_from_blocks
from finetune.data.tables import table_from_records
from finetune.data.text_formats import decode


def read_html(data: bytes, name: str, limits: Limits) -> Document:
    from bs4 import BeautifulSoup

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
    return Document(name, "html", tables, passages_from_blocks(_html_blocks(soup)), notes)


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
