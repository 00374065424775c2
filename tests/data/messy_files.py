# ruff: noqa: E501 (what a file holds reads best on one line)
"""A folder as a team really has it: half a hundred files of every kind and fault, with what is planted in each.

Every planted pair and sentence bears a number of its own, so that whatever reads the folder can be counted: which of
them came out, which were lost, and which came out though they should not.
"""

import csv
import email.policy
import io
import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.bad_files import locked_archive
from tests.data.small_files import (
    grid,
    mailbox,
    presentation,
    shape,
    slide,
    workbook,
    zipped,
)

Pair = tuple[str, str]
PAIRS = {
    "en": ("How long does the {0} take in case {1}?", "The {0} in case {1} takes {2} days and is booked at desk {3}."),
    "de": ("Wie lange dauert die Prüfung {0} im Fall {1}?", "Im Fall {1} dauert {0} {2} Tage; zuständig ist Büro {3}."),
    "fr": ("Combien de temps dure {0} dans le cas {1} ?", "Dans le cas {1}, {0} dure {2} jours, à l’accueil n° {3}."),
    "es": ("¿Cuánto tarda {0} en el caso {1}?", "En el caso {1}, {0} tarda {2} días y se pide en la ventanilla {3}."),
}
NOUNS = ("inspection", "refund", "transfer", "repair", "renewal", "delivery", "assessment", "closing", "exchange")
SENTENCES = (
    "A {0} of class {1} must be filed within {2} days of the event.",
    "The {0} of class {1} is checked by two people, who sign after {2} days.",
    "Members may ask for a {0} of class {1} up to {2} times a year.",
)


@dataclass
class Planted:
    """What a file holds. `columns` are the headers of question and answer, for tools that must be told them."""

    pairs: list[Pair] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    columns: tuple[str, str] | None = None
    refused: str = ""  # a word its refusal must hold; nothing in it can be read then
    says: list[str] = field(default_factory=list)  # words its notes must hold
    unwanted: list[str] = field(default_factory=list)  # what nobody wrote for readers: deleted, hidden, a menu


class Plant:
    """Makes what is planted in one file; numbers are the file's own."""

    def __init__(self, number: int, seed: int) -> None:
        self._chance = random.Random(seed * 1000 + number)
        self._number = number * 100 + 10_000

    def _next(self) -> tuple[str, int, int, int]:
        self._number += 1
        return self._chance.choice(NOUNS), self._number, self._chance.randint(2, 28), self._chance.randint(1, 40)

    def pair(self, language: str = "en") -> Pair:
        own = self._next()
        question, answer = PAIRS[language]
        return question.format(*own), answer.format(*own)

    def pairs(self, count: int, language: str = "en") -> list[Pair]:
        return [self.pair(language) for _ in range(count)]

    def sentence(self) -> str:
        own = self._next()
        return SENTENCES[own[1] % len(SENTENCES)].format(*own)

    def sentences(self, count: int) -> list[str]:
        return [self.sentence() for _ in range(count)]


Make = Callable[[Path, Plant], Planted]
FILES: dict[str, Make] = {}


def file(name: str) -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        FILES[name] = make
        return make

    return add


def written(rows: Sequence[Sequence[str]], delimiter: str = ",", end: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue()


# Tables as text


def table_file(
    name: str, language: str, header: Pair, delimiter: str, encoding: str, end: str = "\n", before: str = ""
) -> None:
    """A table of twelve pairs in one dialect."""

    @file(name)
    def make(path: Path, plant: Plant) -> Planted:
        pairs = plant.pairs(12, language)
        path.write_bytes((before + written([header, *pairs], delimiter, end)).encode(encoding, "replace"))
        kept = [tuple(cell.encode(encoding, "replace").decode(encoding) for cell in pair) for pair in pairs]
        return Planted([(q, a) for q, a in kept], columns=header)


table_file("faq plain.csv", "en", ("Question", "Answer"), ",", "utf-8")
table_file("Häufige Fragen.csv", "de", ("Frage", "Antwort"), ";", "cp1252", "\r\n")
table_file("preguntas.tsv", "es", ("Pregunta", "Respuesta"), "\t", "utf-16", "\r\n")
table_file("questions client.csv", "fr", ("Question du client", "Notre réponse"), ",", "utf-8-sig")
table_file("pipes.csv", "en", ("Customer message", "Agent reply"), "|", "utf-8")
table_file("old mac.csv", "en", ("Question", "Answer"), ",", "ascii", "\r")
table_file("excel sep.csv", "de", ("Frage", "Antwort"), ";", "cp1252", "\r\n", before="sep=;\r\n")
table_file(
    "bank export.csv", "en", ("Question", "Answer"), ",", "utf-8", before="Export of 5 May 2026\nFilter: all\n\n"
)
table_file("tabs named csv.csv", "en", ("prompt", "completion"), "\t", "utf-8")
table_file("dos.csv", "de", ("Frage", "Antwort"), ";", "cp850", "\r\n")


@file("quotes.csv")
def broken_quotes(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(9)
    rows = [f'"{q}","{a}"' for q, a in pairs]
    lost = plant.pair()
    rows.insert(4, f'{lost[0]},"{lost[1]}')
    path.write_text("\n".join(["Question,Answer", *rows, ""]))
    return Planted(pairs, columns=("Question", "Answer"), says=["Line 6"])


@file("no header.csv")
def no_header(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(8)
    path.write_text(written(pairs))
    return Planted(pairs, says=["column names"])


@file("same header twice.csv")
def duplicate_header(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(8)
    path.write_text(written([["Note", "Question", "Answer", "Note"], *(["x", q, a, "y"] for q, a in pairs)]))
    return Planted(pairs, columns=("Question", "Answer"))


@file("mixed line ends.csv")
def mixed_line_ends(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(9)
    ends = ["\r\n", "\n", "\r"]
    rows = ["Question,Answer\n", *(written([pair], end=ends[i % 3]) for i, pair in enumerate(pairs))]
    path.write_bytes("".join(rows).encode())
    return Planted(pairs, columns=("Question", "Answer"))


@file("lines in cells.csv")
def lines_in_cells(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(7)
    path.write_text(
        written([["id", "question", "answer"], *([str(i), f"Hello,\n\n{q}", a] for i, (q, a) in enumerate(pairs))])
    )
    return Planted(pairs, columns=("question", "answer"))


@file("cells too many.csv")
def surplus_cells(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(8)
    rows = written([["Question", "Answer"], *pairs]).splitlines()
    rows.insert(3, "Do you open, on Sunday?,No, never")
    path.write_text("\n".join(rows))
    return Planted(pairs, columns=("Question", "Answer"), says=["Line 4"])


@file("one huge line.csv")
def huge_line(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(3)
    path.write_text(written([["Question", "Answer"], *pairs, ["What is in the log?", "word " * 60_000]]))
    return Planted(pairs, columns=("Question", "Answer"))


# Sheets


def book(path: Path, sheets: dict[str, list[list[object]]], change: Callable[[Any], None] | None = None) -> None:
    import openpyxl

    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    if change:
        change(made)
    made.save(path)


def listed_pairs(pairs: list[Pair]) -> list[list[object]]:
    return [list(pair) for pair in pairs]


@file("several sheets.xlsx")
def several_sheets(path: Path, plant: Plant) -> Planted:
    first, second = plant.pairs(6), plant.pairs(6)
    head: list[object] = ["Question", "Answer"]
    book(path, {"Billing": [head, *listed_pairs(first)], "Read me": [], "Visits": [head, *listed_pairs(second)]})
    return Planted(first + second, columns=("Question", "Answer"))


@file("merged header.xlsx")
def merged_header(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(6)
    rows: list[list[object]] = [["Topic", "Conversation", None], [None, "Question", "Answer"]]
    rows += [["Billing" if i == 0 else None, *pair] for i, pair in enumerate(pairs)]

    def merge(made: Any) -> None:
        sheet = made["FAQ"]
        for area in ("A1:A2", "B1:C1", f"A3:A{2 + len(pairs)}"):
            sheet.merge_cells(area)

    book(path, {"FAQ": rows}, merge)
    return Planted(pairs, says=["merged"])


@file("title above.xlsx")
def title_above(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(6)
    rows: list[list[object]] = [["Our FAQ, all questions"], ["As of May 2026"], [], ["No", "Question", "Answer"]]
    rows += [[i, *pair] for i, pair in enumerate(pairs, start=1)]
    book(path, {"FAQ": rows})
    return Planted(pairs)


@file("formulas and hidden.xlsx")
def formulas_and_hidden(path: Path, plant: Plant) -> Planted:
    pairs, secret = plant.pairs(6), plant.pair()
    rows: list[list[object]] = [["Question", "Answer", "Fee"], *([q, a, f"=10*{i}"] for i, (q, a) in enumerate(pairs))]

    def hide(made: Any) -> None:
        made["Old"].sheet_state = "hidden"
        made["FAQ"].row_dimensions[4].hidden = True

    book(path, {"FAQ": rows, "Old": [["Question", "Answer"], list(secret)]}, hide)
    return Planted(pairs, says=["no stored result", 'hidden sheet "Old"', "filtered rows"], unwanted=[secret[1]])


# JSON


def entries_file(
    name: str, entry: Callable[[str, str], object], lines: bool, mark: str = "", columns: Pair | None = None
) -> None:
    @file(name)
    def make(path: Path, plant: Plant) -> Planted:
        pairs = plant.pairs(8)
        entries = [entry(q, a) for q, a in pairs]
        text = "\n".join(map(json.dumps, entries)) if lines else json.dumps(entries, indent=1)
        path.write_text(mark + text, encoding="utf-8")
        return Planted(pairs, columns=columns)


entries_file(
    "plain.json", lambda q, a: {"question": q, "answer": a}, lines=False, mark="\ufeff", columns=("question", "answer")
)
entries_file("alpaca.json", lambda q, a: {"instruction": q, "input": "", "output": a}, lines=False)
entries_file(
    "sharegpt.json",
    lambda q, a: {"conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}]},
    lines=False,
)
entries_file(
    "openai.jsonl",
    lambda q, a: {
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": q},
            {"role": "assistant", "content": a},
        ]
    },
    lines=True,
)
entries_file(
    "prompt completion.jsonl", lambda q, a: {"prompt": q, "completion": a}, lines=True, columns=("prompt", "completion")
)


@file("half written.jsonl")
def half_written(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(8)
    lines = [json.dumps({"question": q, "answer": a}) for q, a in [*pairs, plant.pair()]]
    path.write_text("\n".join(lines)[:-30])
    return Planted(pairs, columns=("question", "answer"), says=["Line 9"])


@file("nested help centre.json")
def nested_json(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(8)
    sections = [
        {"name": f"Part {i}", "articles": [{"id": i, "question": q, "answer": a, "votes": {"up": i}}]}
        for i, (q, a) in enumerate(pairs)
    ]
    path.write_text(json.dumps({"meta": {"exported": "2026-05-05"}, "categories": [{"sections": sections}]}))
    return Planted(pairs)


@file("tickets zendesk.json")
def ticket_json(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(6)
    tickets = [
        {
            "id": 500 + i, "subject": "Question", "requester_id": 9000 + i, "assignee_id": 7, "status": "closed",
            "comments": [
                {"author_id": 9000 + i, "public": True, "created_at": f"2026-05-0{i + 1}T10:00:00Z", "body": f"Hello,\n\n{q}"},
                {"author_id": 7, "public": False, "created_at": f"2026-05-0{i + 1}T10:30:00Z", "body": "Asked Tom."},
                {"author_id": 7, "public": True, "created_at": f"2026-05-0{i + 1}T11:00:00Z", "body": f"{a}\n\nKind regards\nAnn"},
            ],
        }
        for i, (q, a) in enumerate(pairs)
    ]  # fmt: skip
    path.write_text(json.dumps({"tickets": tickets, "count": len(tickets)}))
    return Planted(pairs, unwanted=["Asked Tom."])


# Web pages, Markdown, plain text

MENU = "Cookie settings and newsletter"


def page(body: str, head: str = "") -> str:
    return (
        f"<!doctype html><html><head>{head}<title>Help</title><script>var a='{MENU}';</script></head><body>"
        f"<nav>{MENU}</nav>{body}<footer>{MENU}</footer></body></html>"
    )


@file("saved page.html")
def saved_page(path: Path, plant: Plant) -> Planted:
    said = plant.sentences(6)
    body = "".join(f"<h2>Part {i}</h2><div><p>{one}</p></div>" for i, one in enumerate(said))
    path.write_text(page(body, '<meta charset="utf-8">'))
    return Planted(sentences=said, unwanted=[MENU])


@file("faq accordion.html")
def accordion(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(6, "fr")
    body = "".join(f"<details><summary>{q}</summary><div><p>{a}</p></div></details>" for q, a in pairs[:3])
    body += "".join(
        f'<div class="item"><button aria-expanded="false">{q}</button><div class="panel" hidden><p>{a}</p></div></div>'
        for q, a in pairs[3:]
    )
    path.write_bytes(page(body, '<meta charset="iso-8859-15">').encode("iso-8859-15", "xmlcharrefreplace"))
    return Planted(pairs, unwanted=[MENU])


@file("tables in tables.htm")
def nested_tables(path: Path, plant: Plant) -> Planted:
    pairs, said = plant.pairs(5), plant.sentences(2)
    rows = "".join(f"<tr><td>{q}</td><td>{a}</td></tr>" for q, a in pairs)
    inner = f"<table><tr><th>Question</th><th>Answer</th></tr>{rows}</table>"
    path.write_text(page(f"<table><tr><td><p>{said[0]}</p></td><td>{inner}</td></tr></table><p>{said[1]}</p>"))
    return Planted(pairs, said, unwanted=[MENU])


@file("handbook.md")
def markdown(path: Path, plant: Plant) -> Planted:
    said, pairs = plant.sentences(4), plant.pairs(3)
    rows = "\n".join(f"| {q} | {a} |" for q, a in pairs)
    path.write_text(
        f"---\ntitle: Handbook\n---\n# Claims\n\n{said[0]}\n\n## Terms\n\n> {said[1]}\n\n* **{said[2]}**\n* {said[3]}\n\n"
        f"| Question | Answer |\n|---|---|\n{rows}\n\n```\nskip this code\n```\n"
    )
    return Planted(pairs, said, unwanted=["skip this code"])


@file("notes latin.txt")
def latin_text(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(5, "de")
    path.write_bytes("\r\n\r\n".join(f"Frage: {q}\r\nAntwort: {a}" for q, a in pairs).encode("latin-1"))
    return Planted(pairs, says=["not in UTF-8"])


@file("nuls.txt")
def nuls(path: Path, plant: Plant) -> Planted:
    said = plant.sentences(4)
    path.write_bytes("\n\n".join(said).encode() + b"\0\0\0")
    return Planted(sentences=said, says=["NUL"])


@file("WhatsApp Chat with Desk.txt")
def chat_export(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(5)
    lines = ["05/05/2026, 09:59 - Messages and calls are end-to-end encrypted."]
    for i, (q, a) in enumerate(pairs):
        lines += [f"05/05/2026, 1{i}:00 - Jane Doe: {q}", f"05/05/2026, 1{i}:05 - Bright Desk: {a}"]
    path.write_text("\n".join(lines))
    return Planted(pairs, unwanted=["end-to-end encrypted"])


# Word, PowerPoint


@file("policy.docx")
def word(path: Path, plant: Plant) -> Planted:
    import docx

    said, pairs = plant.sentences(4), plant.pairs(4)
    made = docx.Document()
    made.add_heading("Claims", 1)
    made.add_paragraph(said[0])
    made.add_heading("Terms", 2)
    for one in said[1:]:
        made.add_paragraph(one, style="List Bullet")
    rows = [("Question", "Answer"), *pairs]
    table = made.add_table(rows=len(rows), cols=2)
    for row, cells in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    made.save(path)
    return Planted(pairs, said)


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word_of(body: str, **parts: str) -> bytes:
    """A Word file of that body; `parts` are further parts under word/."""
    types = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    kinds = "".join(f'<Override PartName="/word/{one}.xml" ContentType="{types}.{one}+xml"/>' for one in parts)
    namespace = "http://schemas.openxmlformats.org"
    links = "".join(
        f'<Relationship Id="r{one}" Target="{one}.xml" Type="{namespace}/officeDocument/2006/relationships/{one}"/>'
        for one in parts
    )
    files = {
        "[Content_Types].xml": f'<Types xmlns="{namespace}/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/word/document.xml" ContentType="{types}.document.main+xml"/>{kinds}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{namespace}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{namespace}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{namespace}/package/2006/relationships">{links}</Relationships>',
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>",
        **{f"word/{one}.xml": content for one, content in parts.items()},
    }  # fmt: skip
    return zipped({name: content.encode() for name, content in files.items()})


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


@file("tracked changes.docx")
def tracked_changes(path: Path, plant: Plant) -> Planted:
    said = plant.sentences(4)
    inserted = f'<w:p><w:ins w:id="1" w:author="x">{run(said[1])}</w:ins></w:p>'
    half = said[2].split(" ", 3)
    changed = (
        f'<w:p>{run(" ".join(half[:3]) + " ")}<w:del w:id="2" w:author="x"><w:r><w:delText>OLD WORDS</w:delText></w:r></w:del>'
        f'<w:ins w:id="3" w:author="x">{run(half[3])}</w:ins></w:p>'
    )
    field_text = f"<w:sdt><w:sdtContent><w:p>{run(said[3])}</w:p></w:sdtContent></w:sdt>"
    path.write_bytes(word_of(f"<w:p>{run(said[0])}</w:p>{inserted}{changed}{field_text}"))
    return Planted(sentences=said, unwanted=["OLD WORDS"])


@file("footnotes and boxes.docx")
def footnotes(path: Path, plant: Plant) -> Planted:
    said = plant.sentences(3)
    box = f"<w:p><w:r><w:pict><w:txbxContent><w:p>{run(said[1])}</w:p></w:txbxContent></w:pict></w:r></w:p>"
    notes = f'<w:footnotes {W}><w:footnote w:id="2"><w:p>{run(said[2])}</w:p></w:footnote></w:footnotes>'
    path.write_bytes(word_of(f"<w:p>{run(said[0])}</w:p>{box}", footnotes=notes))
    return Planted(sentences=said)


@file("table in table.docx")
def nested_word_table(path: Path, plant: Plant) -> Planted:
    said, pairs = plant.sentences(2), plant.pairs(3)

    def cell(content: str) -> str:
        return f"<w:tc>{content}</w:tc>"

    rows = "".join(
        f"<w:tr>{''.join(cell(f'<w:p>{run(text)}</w:p>') for text in row)}</w:tr>"
        for row in [("Question", "Answer"), *pairs]
    )
    inner = f"<w:tbl>{rows}</w:tbl>"
    outer = f"<w:tbl><w:tr>{cell(f'<w:p>{run(said[0])}</w:p>')}{cell(f'{inner}<w:p/>')}</w:tr></w:tbl>"
    path.write_bytes(word_of(f"{outer}<w:p>{run(said[1])}</w:p>"))
    return Planted(pairs, said)


@file("training.pptx")
def slides(path: Path, plant: Plant) -> Planted:
    said, pairs = plant.sentences(4), plant.pairs(3)
    hidden = plant.sentence()
    group = shape([said[1]]).replace("<p:sp>", "<p:grpSp><p:sp>").replace("</p:sp>", "</p:sp></p:grpSp>")
    path.write_bytes(
        presentation(
            slide(shape(["Claims"], "title"), shape([said[0]]), group),
            slide(shape(["Table"], "title"), grid([("Question", "Answer"), *pairs])),
            slide(shape([hidden]), show="0"),
            slide(shape([said[2]])),
            notes={1: said[3]},
        )
    )
    return Planted(pairs, said, says=["hidden slide"], unwanted=[hidden])


# PDF


def paper() -> Any:
    from fpdf import FPDF

    made = FPDF()
    made.set_font("Helvetica", size=11)
    made.add_page()
    return made


def paragraphs(made: Any, texts: Sequence[str], size: int = 11) -> None:
    for text in texts:
        made.set_font("Helvetica", size=size)
        made.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
        made.ln(3)


def pdf_file(name: str, change: Callable[[bytes], bytes], password: str | None = None, **expected: str) -> None:
    """Two pages of three sentences each, and what became of the file."""

    @file(name)
    def make(path: Path, plant: Plant) -> Planted:
        said = plant.sentences(6)
        made = paper()
        if password is not None:
            made.set_encryption(owner_password="owner", user_password=password)
        paragraphs(made, ["Claims"], 16)
        paragraphs(made, said[:3])
        made.add_page()
        paragraphs(made, said[3:])
        path.write_bytes(change(bytes(made.output())))
        if cut := expected.get("says"):
            return Planted(sentences=said[: int(expected["whole"])], says=[cut])
        return Planted(sentences=[] if expected.get("refused") else said, refused=expected.get("refused", ""))


pdf_file("handbook.pdf", lambda data: data)
pdf_file("locked.pdf", lambda data: data, "horse", refused="password")
pdf_file("not to be edited.pdf", lambda data: data, "")
pdf_file("cut off at the end.pdf", lambda data: data[:-300], says="end of the PDF is missing", whole="6")
pdf_file("half a download.pdf", lambda data: data[: len(data) // 2], refused="damaged")
pdf_file("junk before.pdf", lambda data: b"HTTP/1.1 200 OK\r\n\r\n" + data)


@file("leaflet two columns.pdf")
def two_columns(path: Path, plant: Plant) -> Planted:
    said = plant.sentences(8)
    made = paper()
    made.set_font("Helvetica", size=9)
    with made.text_columns(ncols=2, gutter=12) as columns:
        for one in said:
            columns.write(one + "\n\n")
    path.write_bytes(bytes(made.output()))
    return Planted(sentences=said)


@file("price table.pdf")
def table_pdf(path: Path, plant: Plant) -> Planted:
    pairs, said = plant.pairs(6), plant.sentences(1)
    made = paper()
    paragraphs(made, said)
    made.set_font("Helvetica", size=8)
    with made.table(col_widths=(45, 55)) as table:
        for row in [("Question", "Answer"), *pairs]:
            table.row(row)
    path.write_bytes(bytes(made.output()))
    return Planted(pairs, said)


@file("faq.pdf")
def faq_pdf(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(6, "es")
    made = paper()
    paragraphs(made, [line for q, a in pairs for line in (q, a)])
    path.write_bytes(bytes(made.output()))
    return Planted(pairs)


def scan(text: str) -> Any:
    from PIL import Image, ImageDraw

    picture = Image.new("L", (600, 200), 255)
    ImageDraw.Draw(picture).text((20, 80), text)
    return picture


@file("scanned letter.pdf")
def scanned(path: Path, plant: Plant) -> Planted:
    made = paper()
    made.image(scan(plant.sentence()), w=150)
    path.write_bytes(bytes(made.output()))
    return Planted(refused="pictures")


@file("half scanned.pdf")
def half_scanned(path: Path, plant: Plant) -> Planted:
    said = plant.sentences(3)
    made = paper()
    paragraphs(made, said)
    made.add_page()
    made.image(scan(plant.sentence()), w=150)
    path.write_bytes(bytes(made.output()))
    return Planted(sentences=said, says=["Page 2 is without text"])


# Letters


def letter(sender: str, to: str, subject: str, text: str, **more: str) -> EmailMessage:
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text, cte=more.get("cte"))
    return message


CUSTOMER, DESK = "Jane Doe <jane.doe@gmail.com>", "Ann Smith <ann@brightdesk.example>"
NOTICE = "This e-mail and any attachments are confidential and intended solely for the addressee."
SIGNATURE = f"Kind regards\nAnn Smith\nBright Desk\nTel. +1 555 010 2000\n\n{NOTICE}"


def quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.split("\n"))


@file("RE bill.eml")
def answered(path: Path, plant: Plant) -> Planted:
    question, answer = plant.pair()
    text = (
        f"Dear Jane,\n\n{answer}\n\n{SIGNATURE}\n\nOn Tue, 5 May 2026 at 10:00, {CUSTOMER} wrote:\n{quoted(question)}\n"
    )
    path.write_bytes(bytes(letter(DESK, CUSTOMER, "Re: Bill", text)))
    return Planted([(question, answer)], unwanted=[NOTICE, "555 010"])


@file("html only.eml")
def html_letter(path: Path, plant: Plant) -> Planted:
    question, answer = plant.pair("de")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = DESK, CUSTOMER, "AW: Frage"
    message.set_content(
        f"<html><body><p>Guten Tag,</p><p>{answer}</p><p>Mit freundlichen Grüßen<br>Ann Smith</p><div>Am 05.05.2026 um "
        f"10:00 schrieb Jane Doe &lt;jane.doe@gmail.com&gt;:<blockquote><p>{question}</p></blockquote></div></body></html>",
        subtype="html", cte="base64",
    )  # fmt: skip
    path.write_bytes(bytes(message))
    return Planted([(question, answer)], unwanted=["Ann Smith"])


@file("with attachments.eml")
def with_attachments(path: Path, plant: Plant) -> Planted:
    pairs, said = plant.pairs(4), plant.sentences(2)
    message = letter(DESK, "all@brightdesk.example", "New rules", "\n\n".join(said))
    message.add_attachment(
        written([("Question", "Answer"), *pairs]).encode(), maintype="text", subtype="csv", filename="faq.csv"
    )
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="logo.png")
    path.write_bytes(bytes(message))
    return Planted(pairs, said, says=["Pictures"])


@file("inbox.mbox")
def inbox(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(6)
    letters = []
    for i, (question, answer) in enumerate(pairs):
        who = f"Person {i} <p{i}@gmail.com>"
        letters += [
            letter(who, DESK, f"Case {i}", f"Hello,\n\n{question}\n\nThanks\nPat", Message_ID=f"<{i}@gmail.com>"),
            letter(
                DESK, who, f"Re: Case {i}", f"Hi,\n\n{answer}\n\n{SIGNATURE}\n\n-----Original Message-----\n{question}\n",
                In_Reply_To=f"<{i}@gmail.com>",
            ),
        ]  # fmt: skip
    letters.append(letter("mailer-daemon@gmail.com", DESK, "Failure", "It could not be delivered."))
    path.write_bytes(mailbox(*(bytes(one).decode().replace("\r\n", "\n") for one in letters)))
    return Planted(pairs, says=["Automatic"], unwanted=[NOTICE, "could not be delivered"])


@file("tickets.csv")
def tickets(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(6)
    rows = [["Ticket ID", "Created", "Author", "Message"]]
    for i, (question, answer) in enumerate(pairs):
        rows += [
            [f"T-{i}", f"2026-05-0{i + 1} 10:00", "Customer", question],
            [f"T-{i}", f"2026-05-0{i + 1} 12:00", "Agent", f"{answer}\n\n{SIGNATURE}"],
        ]
    path.write_text(written(rows))
    return Planted(pairs, unwanted=[NOTICE])


# Archives


def faq_of(pairs: list[Pair]) -> bytes:
    return written([("Question", "Answer"), *pairs]).encode()


@file("handbook folder.zip")
def folder_zip(path: Path, plant: Plant) -> Planted:
    said = plant.sentences(6)
    names = [f"docs/{'/'.join('abc'[: i % 3])}/page {i}.md" for i in range(6)]
    files = {name: f"# Part {i}\n\n{said[i]}\n".encode() for i, name in enumerate(names)}
    path.write_bytes(zipped(files | {"docs/.DS_Store": b"x", "__MACOSX/docs/._page": b"x"}))
    return Planted(sentences=said)


@file("zip in zip.zip")
def zip_in_zip(path: Path, plant: Plant) -> Planted:
    first, second = plant.pairs(3), plant.pairs(3)
    path.write_bytes(zipped({"a.csv": faq_of(first), "inner.zip": zipped({"b.csv": faq_of(second)})}))
    return Planted(first + second)


@file("bomb and slip.zip")
def bomb_and_slip(path: Path, plant: Plant) -> Planted:
    pairs, out = plant.pairs(3), plant.pairs(1)
    path.write_bytes(zipped({"a.csv": faq_of(pairs), "../up.csv": faq_of(out), "bomb.csv": bytes(20 * 2**20)}))
    return Planted(pairs, says=["200 times", "leads out"], unwanted=[out[0][1]])


@file("locked.zip")
def locked_zip(path: Path, plant: Plant) -> Planted:
    locked_archive(path)
    return Planted(refused="password")


# What is something else, or nothing


def bytes_file(name: str, content: bytes, refused: str) -> None:
    @file(name)
    def make(path: Path, plant: Plant) -> Planted:
        path.write_bytes(content)
        return Planted(refused=refused)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
bytes_file("letter.doc.pdf", OLE + "WordDocument".encode("utf-16-le"), "before 2007")
bytes_file("prices.xls", OLE + "Workbook".encode("utf-16-le"), "before 2007")
bytes_file("mail.msg", OLE + "__substg1.0_".encode("utf-16-le"), "Outlook")
bytes_file("old.rtf", rb"{\rtf1\ansi Refunds are issued within 14 days.}", "RTF")
bytes_file("photo.pdf", b"\x89PNG\r\n\x1a\n" + bytes(300), "picture")
bytes_file("setup.pdf", b"MZ\x90\0" + bytes(300), "program")
bytes_file("empty.csv", b"", "empty")
bytes_file("blank.txt", b" \r\n\t\r\n", "empty")
bytes_file("header only.csv", b"Question,Answer\r\n", "no rows")
bytes_file("noise.csv", random.Random(1).randbytes(4000), "not text")


@file("sheet named csv.csv")
def sheet_named_csv(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(4)
    path.write_bytes(workbook([["Question", "Answer"], *listed_pairs(pairs)]))
    return Planted(pairs, says=["Excel"])


@file("page named xls.xls")
def page_named_xls(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(4)
    rows = "".join(f"<tr><td>{q}</td><td>{a}</td></tr>" for q, a in pairs)
    path.write_text(f"<html><body><table><tr><th>Question</th><th>Answer</th></tr>{rows}</table></body></html>")
    return Planted(pairs, says=["web page"])


@file("no ending")
def no_ending(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(4)
    path.write_bytes(faq_of(pairs))
    return Planted(pairs)


@file("\u202efdp.exe\u200b \N{SNOWMAN}\n'; rm.csv")
def odd_name(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(4)
    path.write_bytes(faq_of(pairs))
    return Planted(pairs, columns=("Question", "Answer"))


@file(f"{'a very long name ' * 13}.csv")
def long_name(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(4)
    path.write_bytes(faq_of(pairs))
    return Planted(pairs, columns=("Question", "Answer"))


@file("link to itself.csv")
def loop(path: Path, plant: Plant) -> Planted:
    path.symlink_to(path.name)
    return Planted(refused="cannot be opened")


@file("link to nowhere.csv")
def dangling(path: Path, plant: Plant) -> Planted:
    path.symlink_to("nothing there.csv")
    return Planted(refused="cannot be opened")


@file("pipe.txt")
def pipe(path: Path, plant: Plant) -> Planted:
    os.mkfifo(path)
    return Planted(refused="not a file")


@file("not allowed.csv")
def forbidden(path: Path, plant: Plant) -> Planted:
    pairs = plant.pairs(3)
    path.write_bytes(faq_of(pairs))
    path.chmod(0)
    return Planted(pairs) if os.access(path, os.R_OK) else Planted(refused="not allowed")


def make_folder(folder: Path, seed: int = 7) -> dict[str, Planted]:
    """Write all files; what is planted in each, by name."""
    folder.mkdir(parents=True, exist_ok=True)
    planted = {}
    for number, (name, make) in enumerate(FILES.items()):
        path = folder / name
        path.unlink(missing_ok=True)
        planted[name] = make(path, Plant(number, seed))
    return planted
