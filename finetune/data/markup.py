"""HTML of web pages and letters as elements, however broken."""

from typing import Any

from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup


def parsed(page: str | bytes, encoding: str | None = None) -> Any:
    """The elements. A marked section that is none ("<![do"), where the parser would stop, is text."""
    try:
        return BeautifulSoup(page, "html.parser", from_encoding=encoding)
    except ParserRejectedMarkup:
        plain = page.replace(b"<![", b"&lt;![") if isinstance(page, bytes) else page.replace("<![", "&lt;![")
        return BeautifulSoup(plain, "html.parser", from_encoding=encoding)
