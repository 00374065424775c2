"""Files made from real text that is not the project's: other people's tables, law, and running text."""

import csv
import json
import lzma
from itertools import islice
from pathlib import Path

from tests.data.messy_files import Planted, paper, paragraphs


def make_real_files(folder: Path, shared: Path) -> dict[str, Planted]:
    """Write files out of the shared folder; what must be found again in each, by name."""
    law = [json.loads(line) for line in (shared / "law" / "eu-gdpr.jsonl").read_text(encoding="utf-8").splitlines()]
    planted = {
        "patients.xlsx": patients(folder / "patients.xlsx", shared),
        "bank messages.csv": bank(folder / "bank messages.csv", shared),
        "reports.json": reports(folder / "reports.json", shared),
    }
    articles = [one for one in law if 400 < len(one["text"]) < 4000][:12]
    planted["gdpr.pdf"] = law_pdf(folder / "gdpr.pdf", articles)
    planted["gdpr.docx"] = law_word(folder / "gdpr.docx", articles)
    with lzma.open(shared / "corpus" / "documents.jsonl.xz", "rt") as file:
        texts = [json.loads(line) for line in islice(file, 4000)]
    planted["guide.html"] = guide(folder / "guide.html", next(one for one in texts if 3000 < len(one["text"]) < 9000))
    return planted


def patients(path: Path, shared: Path) -> Planted:
    import openpyxl

    with (shared / "data" / "patient_questions.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    question, answer = rows[0].index("Patient question"), rows[0].index("Our answer")
    return Planted([(row[question], row[answer]) for row in rows[1:]], columns=("Patient question", "Our answer"))


def bank(path: Path, shared: Path) -> Planted:
    path.write_bytes((shared / "data" / "banking77_train.csv").read_bytes())
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return Planted(sentences=[text for text, _ in rows[::50]], columns=("text", "category"))


def reports(path: Path, shared: Path) -> Planted:
    path.write_bytes((shared / "data" / "tatqa_dev.json").read_bytes())
    questions = [one["question"] for report in json.loads(path.read_text()) for one in report["questions"]]
    return Planted(sentences=questions[::20])


def sentences_of(articles: list[dict[str, str]]) -> list[str]:
    """The first words of every article's first paragraphs, as set below."""
    return [part[:80].rsplit(" ", 1)[0] for one in articles for part in paragraphs_of(one["text"])[:3]]


def paragraphs_of(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n") if len(part.split()) > 6]


def law_pdf(path: Path, articles: list[dict[str, str]]) -> Planted:
    plain = [{**one, "text": one["text"].encode("latin-1", "replace").decode("latin-1")} for one in articles]
    made = paper()
    for one in plain:
        paragraphs(made, [one["title"].encode("latin-1", "replace").decode("latin-1")], 15)
        paragraphs(made, paragraphs_of(one["text"]))
    path.write_bytes(bytes(made.output()))
    return Planted(sentences=sentences_of(plain))


def law_word(path: Path, articles: list[dict[str, str]]) -> Planted:
    import docx

    made = docx.Document()
    for one in articles:
        made.add_heading(one["title"], 2)
        for part in paragraphs_of(one["text"]):
            made.add_paragraph(part)
    made.save(path)
    return Planted(sentences=sentences_of(articles))


def guide(path: Path, text: dict[str, str]) -> Planted:
    parts = paragraphs_of(text["text"].replace("<", "").replace("&", "and"))
    body = "".join(f"<p>{part}</p>" for part in parts)
    path.write_text(
        f"<html><head><meta charset='utf-8'></head><body><main><h1>{text['title']}</h1>{body}</main></body></html>"
    )
    return Planted(sentences=[part[:80].rsplit(" ", 1)[0] for part in parts])
