"""The official text of what an entry cites, from its publisher's machine interface.

Two publishers have one that is known here. The eCFR's versioner gives a section of the Code of Federal Regulations as
XML at a date, and a ledger of its amendments (https://www.ecfr.gov/developers/documentation/api/v1). The EU's Cellar
gives an act as XHTML by its CELEX number, and by SPARQL the numbers of its consolidated versions, which are the law as
amended (https://op.europa.eu/en/web/cellar). The texts of all others cannot be fetched by machine.
"""

import hashlib
import json
import os
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote, urlencode

from pydantic import BaseModel, ConfigDict, TypeAdapter

from knowledge.entries import Rule, Term
from knowledge.errors import UserError
from knowledge.fetching import NoAnswer, NotThere, Reader, allowed

TEXTS = Path(__file__).parent / "texts.json"  # written by python -m knowledge check --law DIR --record

# A section of the CFR: 164.524, 64.1200, 1.409A-1.
_CFR_SECTION = r"\d+[a-z]?\.\d+[A-Za-z]?(?:-\d+[A-Za-z]?)?"
_CFR = re.compile(rf"\b(\d+) C\.?F\.?R\.?,?\s+(?:§+\s*|[Ss]ections?\s+)?(?={_CFR_SECTION})(.*)")
_ECFR_PAGE = re.compile(rf"//www\.ecfr\.gov/current/title-(\d+)/(?:.*/)?section-({_CFR_SECTION})")
_EU_HOST = re.compile(r"//(?:eur-lex|data|publications)\.europa\.eu/")
_ELI = re.compile(r"/eli/(reg|reg_impl|reg_del|dir|dir_impl|dir_del|dec|dec_impl)/(\d{4})/(\d+)\b")
_CELEX = re.compile(r"\b[03](\d{4})([RLD])(\d{4})\b")
_EU_KINDS = {"reg": "R", "dir": "L", "dec": "D"}
_ARTICLES = re.compile(r"\bArt(?:icles?|s?\.)\s+(\d.*)")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
# What stands in a section of the eCFR beside the rule: heading, sources, editors' notes.
_BESIDE_THE_RULE = frozenset(["HEAD", "CITA", "SECAUTH", "AUTH", "SOURCE", "EDNOTE", "EFFDNOT", "PARAUTH", "APPRO"])
_INLINE = frozenset(["I", "E", "SU", "FR", "B", "a", "span", "sup", "sub", "em", "strong", "i", "b", "u"])

# The Publications Office has marked articles in three ways over the years.
_HEADING = re.compile(
    r"<(p|div)\b[^>]*\bclass=[\"'][^\"']*"
    r"\b((?:oj-)?ti-art|title-article-norm|(?:oj-)?ti-section-\d|(?:oj-)?ti-grseq-\d|title-division-\d"
    r"|(?:oj-)?doc-ti|title-annex-\d|(?:oj-)?final|(?:oj-)?signatory|(?:oj-)?note|footnote)\b[^>]*>(.*?)</\1>",
    re.DOTALL | re.IGNORECASE,
)
_ARTICLE_CLASSES = ("ti-art", "title-article-norm")
# The article's own title, footnote marks, and the marks of which amendment a passage is from.
_NOT_ITS_WORDS = frozenset(["sti-art", "stitle-article-norm", "note-tag", "superscript", "modref", "arrow"])
_VOID = frozenset(["br", "hr", "img", "col", "meta", "link", "input"])

XML, JSON, XHTML, SPARQL = (
    "application/xml", "application/json", "application/xhtml+xml", "application/sparql-results+json",
)  # fmt: skip
# A label of a paragraph or the mark of a footnote: some texts have them, some leave them out.
_LABEL = re.compile(r"\(\s*(?:[a-z]{1,2}|[ivxlc]{1,6}|\d{1,2})\s*\)")


@dataclass(frozen=True)
class Sources:
    """Where the publishers are asked. A mirror, or a test's stand-in, takes their place by the environment."""

    ecfr: str = "https://www.ecfr.gov"  # ATTUNE_ECFR
    eurlex: str = "https://publications.europa.eu"  # ATTUNE_EURLEX; EUR-Lex's own pages answer browsers only

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Sources":
        """Raises UserError for an address that is neither https nor on this machine."""
        given = {"ecfr": environment.get("ATTUNE_ECFR"), "eurlex": environment.get("ATTUNE_EURLEX")}
        for name, address in given.items():
            if address and not allowed(address):
                raise UserError(
                    f"{address!r} cannot be asked for rules.",
                    where=f"ATTUNE_{name.upper()}",
                    action="Set it to an https address, or leave it out.",
                )
        return cls(**{name: address.rstrip("/") for name, address in given.items() if address})


@dataclass(frozen=True)
class Place:
    """Where the words stand that an entry cites: sections of one title of the CFR, or articles of one EU act."""

    publisher: Literal["ecfr", "eurlex"]
    work: str  # the title's number, or the CELEX number of the act as first published
    sections: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.publisher} {self.work} {', '.join(self.sections)}"


@dataclass(frozen=True)
class Official:
    """A text in plain words. `as_of` is the day of the version; None for an EU act that was never consolidated.
    `amended` is the day the publisher last changed the sections in substance, where it tells."""

    text: str
    as_of: date | None
    amended: date | None = None


def place_of(entry: Rule | Term) -> Place | None:
    """Where a machine can fetch what an entry cites; None where none can. Annexes and whole parts are left out."""
    if found := _CFR.search(entry.citation):
        sections = re.findall(rf"(?<![\w.]){_CFR_SECTION}", _IN_BRACKETS.sub(" ", found[2].split(";")[0]))
        return Place("ecfr", found[1], tuple(dict.fromkeys(sections)))
    if page := _ECFR_PAGE.search(entry.url):
        return Place("ecfr", page[1], (page[2],))
    celex, articles = _celex(entry.url), articles_in(entry.citation)
    return Place("eurlex", celex, articles) if celex and articles else None


def _celex(url: str) -> str | None:
    if not _EU_HOST.search(url):
        return None
    if eli := _ELI.search(url):
        return f"3{eli[2]}{_EU_KINDS[eli[1][:3]]}{int(eli[3]):04d}"
    if celex := _CELEX.search(unquote(url)):
        return f"3{celex[1]}{celex[2]}{celex[3]}"
    return None


def articles_in(citation: str) -> tuple[str, ...]:
    """The articles a citation names: "Articles 17(1) and 20(1)" → 17 and 20; "Articles 13–15" → 13, 14 and 15."""
    found = _ARTICLES.search(citation)
    if not found:
        return ()
    # A paragraph after a comma, "Article 35(1), (3)", is in brackets; what follows the list of articles is not theirs.
    listed = re.match(r"(?:\d+[a-z]?|\s|,|and\b|or\b|to\b|[–-])+", _IN_BRACKETS.sub("", found[1]))
    articles: list[str] = []
    for first, last in re.findall(r"(\d+[a-z]?)(?:\s*(?:–|-|\bto\b)\s*(\d+))?", listed[0] if listed else ""):
        articles += map(str, range(int(first), int(last) + 1)) if last and first.isdecimal() else [first]
    return tuple(dict.fromkeys(articles))


def official_text(place: Place, sources: Sources, reader: Reader) -> Official:
    """The newest text of a place, its sections joined.

    Raises:
        NotThere: the publisher no longer has one of the sections.
        NoAnswer: nothing that can be used came; the message says why.
    """
    if place.publisher == "ecfr":
        return _from_ecfr(place, sources.ecfr, reader)
    return _from_cellar(place, sources.eurlex, reader)


# --- the words ----------------------------------------------------------------------------------------------------


def plain_words(text: str) -> list[str]:
    """The words alone, so that markup, spaces, dashes, quotes, case and paragraph labels make no difference."""
    text = unicodedata.normalize("NFKC", text).replace("\u00ad", "").casefold()
    return re.findall(r"[^\W_]+", _LABEL.sub(" ", text))


def hash_of(text: str) -> str:
    """Of the plain words; 16 hexadecimal digits."""
    return hashlib.sha256(" ".join(plain_words(text)).encode()).hexdigest()[:16]


class Recorded(BaseModel):
    """A text that was seen: the hash of its words, and the day it was as it was, where that is known."""

    model_config = ConfigDict(frozen=True)

    hash: str
    as_of: date | None


def read_texts(file: Path = TEXTS) -> dict[str, Recorded]:
    """By entry id, the text that each verified entry was written from."""
    return TypeAdapter(dict[str, Recorded]).validate_json(file.read_bytes())


# --- the Code of Federal Regulations ------------------------------------------------------------------------------


def _from_ecfr(place: Place, base: str, reader: Reader) -> Official:
    as_of = _newest_date(place.work, base, reader)
    texts = [_cfr_section(place.work, section, as_of, base, reader) for section in place.sections]
    amended = [_amended(place.work, section, base, reader) for section in place.sections]
    return Official("\n".join(texts), as_of, max((day for day in amended if day), default=None))


def _newest_date(title: str, base: str, reader: Reader) -> date:
    """The day up to which the eCFR has worked in the amendments of a title."""
    titles = _json(reader, f"{base}/api/versioner/v1/titles.json", JSON, "titles")
    for row in titles if isinstance(titles, list) else []:
        if isinstance(row, dict) and str(row.get("number")) == title and (day := _day(row.get("up_to_date_as_of"))):
            return day
    raise NoAnswer(f"the list of titles has no date for title {title}")


def _cfr_section(title: str, section: str, day: date, base: str, reader: Reader) -> str:
    query = urlencode({"part": section.split(".")[0], "section": section})
    body = reader.get(f"{base}/api/versioner/v1/full/{day}/title-{title}.xml?{query}", XML)
    for element in _xml(body).iter():
        # "164.524"; older files write "§ 164.524".
        if element.get("TYPE") == "SECTION" and element.get("N", "").strip("§ \u00a0") == section:
            text = "".join(_cfr_words(element)).strip()
            if not plain_words(text):
                raise NoAnswer("the section came without a word")
            return text
    raise NoAnswer(f"the answer does not hold § {section}")


def _xml(body: bytes) -> ET.Element:
    """Raises NoAnswer for what is no XML, and for a DTD: entities are declared there, and a few can fill the memory."""
    text = _decoded(body)
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise NoAnswer("a web page or a document type came in the place of the section's XML")
    try:
        # As text: an encoding named inside it is not followed.
        return ET.fromstring(re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", text))
    except ET.ParseError as error:
        raise NoAnswer(f"the answer is not whole XML ({error})") from error


def _cfr_words(element: ET.Element) -> Iterator[str]:
    for child in element:
        if child.tag not in _BESIDE_THE_RULE:
            space = "" if child.tag in _INLINE else " "
            yield f"{space}{child.text or ''}"
            yield from _cfr_words(child)
            yield space
        yield child.tail or ""


def _amended(title: str, section: str, base: str, reader: Reader) -> date | None:
    """The day of the last amendment of substance, by the eCFR's ledger; None where it does not tell."""
    query = urlencode({"part": section.split(".")[0], "section": section})
    try:
        rows = _json(reader, f"{base}/api/versioner/v1/versions/title-{title}.json?{query}", JSON, "content_versions")
    except NoAnswer:
        return None  # the text itself has come, and that is what counts
    own = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    own = [row for row in own if row.get("identifier") == section and row.get("substantive", True)]
    return max((day for row in own if (day := _day(row.get("amendment_date") or row.get("date")))), default=None)


# --- the acts of the European Union -------------------------------------------------------------------------------

_VERSIONS = """PREFIX cdm: <http://publications.europa.eu/ontology/cdm#>
PREFIX owl: <http://www.w3.org/2002/07/owl#>
SELECT DISTINCT ?celex WHERE {{
  ?act owl:sameAs <http://publications.europa.eu/resource/celex/{celex}> .
  ?version cdm:act_consolidated_consolidates_resource_legal ?act .
  ?version cdm:resource_legal_id_celex ?celex .
}}"""


def _from_cellar(place: Place, base: str, reader: Reader) -> Official:
    celex, as_of = _newest_version(place.work, base, reader)
    try:
        page = _decoded(reader.get(f"{base}/resource/celex/{quote(celex)}", XHTML))
    except NotThere as error:  # the list of versions has just named it: the repository errs, the law is not gone
        raise NoAnswer(f"the repository has no English page of {celex}") from error
    if re.search(r"<!ENTITY", page, re.IGNORECASE):
        raise NoAnswer("the page declares entities")
    if "</html>" not in page[-2000:].lower():
        raise NoAnswer("the page is not whole, or no page")
    return Official("\n".join(_article(page, number, celex) for number in place.sections), as_of)


def _newest_version(celex: str, base: str, reader: Reader) -> tuple[str, date | None]:
    """CELEX number and day of the newest consolidated version in force; of the act itself where there is none."""
    query = urlencode({"query": _VERSIONS.format(celex=celex), "format": SPARQL})
    results = _json(reader, f"{base}/webapi/rdf/sparql?{query}", SPARQL, "results")
    rows = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(rows, list):
        raise NoAnswer("the list of versions has another form than expected")
    versions: list[tuple[date, str]] = []
    for row in rows:
        value = str(row.get("celex", {}).get("value", "")) if isinstance(row, dict) else ""
        # Acts that this one amended are listed too: only 02016R0679-20160504 is a version of 32016R0679.
        dated = re.fullmatch(rf"0{celex[1:]}-(\d{{4}})(\d\d)(\d\d)", value)
        day = _day("-".join(dated.groups())) if dated else None
        if day and day <= date.today():
            versions.append((day, value))
    if not versions:
        return celex, None
    day, newest = max(versions)
    return newest, day


def _article(page: str, number: str, celex: str) -> str:
    """The words of an article, cut out of the act's page."""
    headings = list(_HEADING.finditer(page))
    articles = [heading for heading in headings if heading[2].lower().removeprefix("oj-") in _ARTICLE_CLASSES]
    if not articles:
        raise NoAnswer("the page shows its articles in a form I do not know")
    for heading in articles:
        if plain_words(_html_words(heading[3])) == ["article", number.lower()]:
            end = next((other.start() for other in headings if other.start() >= heading.end()), len(page))
            text = _html_words(page[heading.end() : end])
            if not plain_words(text):
                raise NoAnswer(f"Article {number} came without a word")
            return text
    raise NotThere(f"{celex} has no Article {number}")


def _html_words(html: str) -> str:
    words = _Words()
    words.feed(html)
    words.close()
    return "".join(words.pieces).strip()


class _Words(HTMLParser):
    """The text of a piece of a page, without what is not the article's own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._left_out: list[str] = []  # the open elements of a part that is left out

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = {name.removeprefix("oj-") for name in (dict(attrs).get("class") or "").lower().split()}
        if (self._left_out or classes & _NOT_ITS_WORDS or tag in ("script", "style")) and tag not in _VOID:
            self._left_out.append(tag)
        if tag not in _INLINE:
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._left_out:
            while self._left_out.pop() != tag:
                pass
        if tag not in _INLINE:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._left_out:
            self.pieces.append(data)


# --- what both answer in ------------------------------------------------------------------------------------------


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoAnswer("the answer is not text") from error


def _json(reader: Reader, address: str, accept: str, key: str) -> Any:
    """What stands under a key of a JSON object that lists things; no list is no answer, never a text that is gone."""
    try:
        value = json.loads(_decoded(reader.get(address, accept)))
    except NotThere as error:
        raise NoAnswer(f"{address.split('?')[0]} is not there") from error
    except (ValueError, RecursionError) as error:
        raise NoAnswer("the answer is not the JSON that was asked for") from error
    if not isinstance(value, dict) or key not in value:
        raise NoAnswer(f"the answer has no “{key}”")
    return value[key]


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
