"""HTML of web pages and letters as elements, however broken."""

from typing import Any

from bs4 import BeautifulSoup


def parsed(page: str | bytes, encoding: str | None = None) -> Any:
    """The elements. Python's own parser takes the square of the tags that are never closed; lxml reads them once."""
    return BeautifulSoup(page, "lxml", from_encoding=encoding)
