"""A stand-in for the eCFR and for the EU's Cellar, on loopback, with made-up law in the shapes of the real answers."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from knowledge.official import Sources

Misbehaviour = Callable[["Handler"], None]
SECTION = """<?xml version="1.0" encoding="UTF-8" ?>
<DIV8 N="{number}" TYPE="SECTION" hierarchy_metadata="{{&quot;citation&quot;:&quot;45 CFR {number}&quot;}}">
<HEAD>§ {number}   Answering a letter.</HEAD>
{paragraphs}
<CITA TYPE="N">[65 FR 82802, Dec. 28, 2000, as amended at 78 FR 5702, Jan. 25, 2013]
</CITA>
</DIV8>
"""
# The Official Journal's page of today, and a consolidated version's, with the mark of an amendment.
ARTICLE = """<div class="eli-subdivision" id="art_{number}">
<p id="d1e1" class="oj-ti-art">Article {number}</p>
<div class="eli-title" id="art_{number}.tit_1"><p class="oj-sti-art">Answering a letter</p></div>
<div id="00{number}.001"><p class="oj-normal">1.   {text}
<a id="ntc1" href="#ntr1">(<span class="oj-super oj-note-tag">1</span>)</a>.</p></div>
</div>"""
CONSOLIDATED = """<div class="eli-subdivision" id="art_{number}">
<p class="title-article-norm" id="id-1">Article {number}</p>
<div class="eli-title"><p class="stitle-article-norm">Answering a letter</p></div>
<p class="modref"><a href="#M1" title="32020R0001: REPLACED">▼M1</a></p>
<div class="norm"><span class="no-parag">1.  </span><div class="norm inline-element">{text}.</div></div>
<p class="modref">▼B</p>
</div>"""
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>L_2016119</title></head><body>
<p class="oj-doc-ti">REGULATION (EU) 2016/9999</p>
<p class="oj-normal">(1) Whereas letters are to be answered, as Article 12 says,</p>
{articles}
<div class="oj-final"><p class="oj-normal">Done at Brussels, 27 April 2016.</p></div>
</body></html>"""


@dataclass
class Publisher:
    """What both publish. `asked` holds the paths of all requests; a path with a word of `broken` goes wrong by it."""

    sections: dict[str, str] = field(default_factory=dict)  # "164.524" → its paragraphs, as XML
    up_to: str = "2026-03-05"
    amended: dict[str, str] = field(default_factory=dict)  # "164.524" → the day of an amendment of substance
    articles: dict[str, str] = field(default_factory=dict)  # "12" → its words
    consolidated: list[str] = field(default_factory=list)  # CELEX numbers of versions
    broken: dict[str, Misbehaviour] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    @property
    def sources(self) -> Sources:
        return Sources(ecfr=self.url, eurlex=self.url)

    def answer(self, path: str, query: dict[str, str]) -> tuple[str, str] | None:
        """Type and body; None for what is not there."""
        if path == "/api/versioner/v1/titles.json":
            titles = [
                {"number": n, "name": f"Title {n}", "up_to_date_as_of": self.up_to, "reserved": False} for n in (12, 45)
            ]
            return "application/json", json.dumps({"titles": titles, "meta": {"import_in_progress": False}})
        if path.startswith("/api/versioner/v1/versions/"):
            return "application/json", json.dumps({"content_versions": self._ledger(query["section"])})
        if path.startswith(f"/api/versioner/v1/full/{self.up_to}/title-") and query["section"] in self.sections:
            number = query["section"]
            return "application/xml", SECTION.format(number=number, paragraphs=self.sections[number])
        if path == "/webapi/rdf/sparql":
            rows = [{"celex": {"type": "typed-literal", "value": celex}} for celex in self.consolidated]
            return "application/sparql-results+json", json.dumps(
                {"head": {"vars": ["celex"]}, "results": {"bindings": rows}}
            )
        if path.startswith("/resource/cellar/"):
            form = CONSOLIDATED if path.endswith("-consolidated") else ARTICLE
            articles = "\n".join(form.format(number=number, text=text) for number, text in self.articles.items())
            return "application/xhtml+xml;charset=UTF-8", PAGE.format(articles=articles)
        return None

    def _ledger(self, section: str) -> list[dict[str, Any]]:
        first = {"date": "2017-01-03", "amendment_date": "2017-01-03", "identifier": section, "substantive": True}
        formal = {"date": "2026-02-02", "amendment_date": "2026-02-02", "identifier": section, "substantive": False}
        later = self.amended.get(section)
        return [first, formal, *([{**first, "date": later, "amendment_date": later}] if later else [])]


class Handler(BaseHTTPRequestHandler):
    publisher: Publisher

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.publisher.asked.append(self.path)
        for word, misbehave in self.publisher.broken.items():
            if word in self.path:
                misbehave(self)
                return
        parts = urlsplit(self.path)
        if parts.path.startswith("/resource/celex/"):  # Cellar sends on to the document, on the same host
            form = "consolidated" if parts.path.startswith("/resource/celex/0") else "published"
            self.send(303, "", {"Location": f"{self.publisher.url}/resource/cellar/1-{form}"})
            return
        answer = self.publisher.answer(parts.path, {k: v[0] for k, v in parse_qs(parts.query).items()})
        if answer is None:
            self.send(404, '{"error":"Not Found"}', {"Content-Type": "application/json"})
        else:
            self.send(200, answer[1], {"Content-Type": answer[0]})

    def send(self, status: int, body: str | bytes, headers: dict[str, str]) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def saying(body: str | bytes, status: int = 200, **headers: str) -> Misbehaviour:
    """Another answer than the true one; a header's name is written with underscores."""
    return lambda handler: handler.send(
        status, body, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def silent(seconds: float) -> Misbehaviour:
    return lambda handler: time.sleep(seconds)


def dripping(handler: Handler) -> None:
    """A byte now and then, each in time, for longer than anybody waits."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


@contextmanager
def publishing(publisher: Publisher) -> Iterator[Publisher]:
    """Run the stand-in for as long as the block lasts."""
    handler = type("PublishersHandler", (Handler,), {"publisher": publisher})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a reader that hangs up is what tests want
    publisher.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
