"""Rows made from documents nobody wrote for us: `python -m tests.benchmarks.made_examples SHARED_DIR --out DIR`.

Three documents are built from texts in SHARED_DIR, each with its title: some sections of one law as PDF, of another as
DOCX, and a guide in plain language as Markdown. `--seed` draws which laws, sections and guides, and which 100 of the
rows made from them; name the texts with `--pdf`, `--docx` and `--guide` to choose them. DIR/rows.md is for a person to
mark: is the question answered by the quote alone, rightly, and would one ask it so? What a machine can check is checked
in the same run.
Nothing of the texts is kept but in DIR.
"""

import argparse
import json
import lzma
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from finetune.data.collect import examples_from_document
from finetune.data.document import Document
from finetune.data.from_documents.sentences import LEANS, sentences
from finetune.data.read import read_file
from finetune.example import Example

# Not used: one that is all capitals, one whose paragraph numbers run into the words, and forms for judges.
UNUSABLE = {"us-co-ai-act", "uk-gdpr", "us-cfr-12-1080", "us-cfr-12-1081", "us-cfr-12-1071"}
GUIDES = ("18F handbook", "plainlanguage.gov")  # those of digital.gov are mostly news
ROWS = 100
WORDS = 40_000  # of each document, as far as the law or guide has them
LEAST_WORDS = 10_000  # of a law
POINTS = re.compile(r"\b(?:this|these|such(?! as)|above|below|thereof)\b")
LATIN = str.maketrans(
    {"“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": " - ", "…": "...", "•": "-", "\u2009": " "}
)


@dataclass(frozen=True)
class Part:
    """A section of law or a page of a guide."""

    title: str
    text: str


@dataclass(frozen=True)
class Made:
    """A document that was built, as it was read, with the rows made from it."""

    name: str
    read: Document
    rows: list[Example]

    def words(self) -> int:
        return sum(len(p.text.split()) for p in self.read.passages)

    def sentences(self) -> int:
        return sum(len(sentences(p.text)) for p in self.read.passages)

    def quoted(self) -> int:
        return len({row.source.quote for row in self.rows})


def laws(shared: Path) -> list[str]:
    """The laws long enough to draw sections from."""
    keys = sorted(path.stem for path in (shared / "law").glob("*.jsonl"))
    usable = [key for key in keys if key not in UNUSABLE]
    return [key for key in usable if sum(len(p.text.split()) for p in law_parts(shared, key)) >= LEAST_WORDS]


def law_parts(shared: Path, key: str) -> list[Part]:
    lines = (shared / "law" / f"{key}.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    parts = [Part(_title(e["section"], e["title"]), _laid_out(e["text"], e["title"])) for e in entries]
    return [part for part in parts if 40 < len(part.text.split()) < 4_000]


def _title(section: str, title: str) -> str:
    title = title.replace("*", "").strip(" .")
    return title if title.startswith("§") else f"{'Article' if section.isdigit() else '§'} {section} {title}"


def _laid_out(text: str, title: str) -> str:
    """A line a paragraph, as a law is printed: the texts run on, and links left blanks before stops."""
    text = text.removeprefix(title).strip()
    text = re.sub(r"\s+(?=[.,;:)”]|['’]s\b)|(?<=[(“])\s+|(?<=\w)\s(?=-[a-z])", "", text)
    text = re.sub(r"(?:^|\s)#+ \*\*(.+?)\*\*\s*", r"\n\1\n", text).replace("*", "")
    text = re.sub(r"\s#+\s", "\n", text)
    mark = r"(?:\(?[a-zA-Z]{1,2}[.)]|\(?[ivx]{1,4}[.)]|\(?\d{1,2}[.)])\s"
    return re.sub(rf"(?<=[.;:])\s+(?:-\s+)?(?={mark})|(?<=[;,] and|.[;,] or)\s+(?:-\s+)?(?={mark})", "\n", text).strip()


def guide_parts(shared: Path, name: str) -> list[Part]:
    parts = []
    with lzma.open(shared / "corpus" / "documents.jsonl.xz", "rt", encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            if entry["source"] == name and entry["title"] and len(entry["text"].split()) > 150:
                parts.append(Part(entry["title"], entry["text"]))
    return parts


def drawn(parts: list[Part], words: int, chance: random.Random) -> list[Part]:
    """Parts by chance until there are enough words, in the order of the whole."""
    order = list(range(len(parts)))
    chance.shuffle(order)
    kept: list[int] = []
    while order and sum(len(parts[i].text.split()) for i in kept) < words:
        kept.append(order.pop())
    return [parts[i] for i in sorted(kept)]


def law_title(shared: Path, key: str) -> str:
    """The law's name as its title page has it; by its number where the collection has no name."""
    names = {entry["key"]: entry["name"] for entry in json.loads((shared / "law" / "index.json").read_text("utf-8"))}
    name = names[key]
    title, part = key.removeprefix("us-cfr-").split("-", 1) if key.startswith("us-cfr-") else ("", "")
    return f"{title} CFR Part {part}" if part and not name.startswith("Regulation") else str(name)


def write_pdf(parts: Sequence[Part], path: Path, title: str) -> None:
    from fpdf import FPDF

    class Page(FPDF):
        def footer(self) -> None:
            self.set_y(-15)
            self.set_font("Helvetica", "", 8)
            self.cell(0, 10, f"Page {self.page_no()}", align="C")

    page = Page()
    page.add_page()
    _lines(page, title, size=18, bold=True)
    for part in parts:
        _lines(page, part.title, size=13, bold=True)
        for line in part.text.splitlines():
            _lines(page, line, size=10, bold=False)
    page.output(str(path))


def _lines(page: object, text: str, *, size: int, bold: bool) -> None:
    from fpdf import FPDF

    assert isinstance(page, FPDF)
    page.set_font("Helvetica", "B" if bold else "", size)
    plain = text.translate(LATIN).encode("latin-1", "ignore").decode("latin-1")
    page.multi_cell(0, size * 0.5, plain, new_x="LMARGIN", new_y="NEXT")
    page.ln(2)


def write_docx(parts: Sequence[Part], path: Path, title: str) -> None:
    import docx

    written = docx.Document()
    written.add_heading(title, level=0)
    for part in parts:
        written.add_heading(part.title, level=1)
        for line in part.text.splitlines():
            written.add_paragraph(line)
    written.save(str(path))


def write_markdown(parts: Sequence[Part], path: Path, title: str) -> None:
    """A page a chapter; its own headings, of whose levels the collection tells nothing, stand below its title."""
    pages = [f"# {title}", *(f"## {part.title}\n\n{re.sub('^#+ ', '### ', part.text, flags=re.M)}" for part in parts)]
    path.write_text("\n\n".join(pages), encoding="utf-8")


def build(shared: Path, out: Path, seed: int, chosen: dict[str, str | None], words: int) -> list[Made]:
    chance = random.Random(seed)
    names = chance.sample(laws(shared), 2)
    guide = chance.choice(GUIDES)
    pdf, word, guide = chosen["pdf"] or names[0], chosen["docx"] or names[1], chosen["guide"] or guide
    paths = [out / f"{pdf}.pdf", out / f"{word}.docx", out / f"{guide.replace(' ', '-')}.md"]
    write_pdf(drawn(law_parts(shared, pdf), words, chance), paths[0], law_title(shared, pdf))
    write_docx(drawn(law_parts(shared, word), words, chance), paths[1], law_title(shared, word))
    write_markdown(drawn(guide_parts(shared, guide), words, chance), paths[2], guide)
    made = []
    for path in paths:
        document = read_file(path)
        made.append(Made(path.name, document, examples_from_document(document)[0]))
    return made


def draw_rows(made: Sequence[Made], count: int, seed: int) -> list[tuple[Made, Example]]:
    """As many rows of each document as of the others, as far as it has them."""
    chance = random.Random(seed)
    pools = [[(one, row) for row in chance.sample(one.rows, len(one.rows))] for one in made]
    chosen: list[tuple[Made, Example]] = []
    while len(chosen) < count and any(pools):
        chosen += [pool.pop() for pool in pools if pool]
    return chosen[:count]


def faults(row: Example, document: Document) -> list[str]:
    """What a machine can say against a row."""
    question, quote = row.question, row.source.quote or ""
    section = "\n".join(p.text for p in document.passages if p.page == row.source.page or row.source.page is None)
    whole = "\n".join(p.text for p in document.passages)
    checks = {
        "the quote is not in the document": not quote or quote not in whole,
        "the quote does not begin on its page": quote[:60] not in section,
        "the answer is not within the quote": row.answer not in quote,
        "the question is no question": not question.endswith("?") or not question[:1].isupper(),
        "the question is cut": bool(re.search(r"\b(?:and|or|of|to|by|the|an?|that|with|for|under)\?$", question)),
        "the answer leans on what came before": bool(LEANS.match(row.answer)) and row.kind != "faq",
        "the question points elsewhere": bool(re.search(r"\b(?:this|these|such(?! as)|above|below|there)\b", question)),
    }
    return [fault for fault, found in checks.items() if found]


def around(row: Example, document: Document) -> str:
    """The quote with some 300 characters on either side."""
    quote = row.source.quote or ""
    first = quote.split("\n")[0]
    index = next((i for i, p in enumerate(document.passages) if first in p.text), None)
    if index is None:
        return "(not found)"
    passages = document.passages[max(0, index - 1) : index + 2 + quote.count("\n")]
    text = " ¶ ".join(" ".join(p.text.split()) for p in passages)
    place = max(0, text.find(" ".join(first.split())))
    return text[max(0, place - 300) : place + len(quote) + 2 * quote.count("\n") + 300]


def write_rows(chosen: Sequence[tuple[Made, Example]], out: Path) -> None:
    lines = []
    with (out / "rows.jsonl").open("w", encoding="utf-8") as file:
        for number, (one, row) in enumerate(chosen, start=1):
            page = f", page {row.source.page}" if row.source.page else ""
            quote = "" if row.source.quote == row.answer else f"\n\nQuote: {row.source.quote}"
            file.write(json.dumps({"number": number, **row.model_dump(exclude={"split", "status"})}) + "\n")
            lines.append(
                f"## {number}. {row.question}\n\n{row.answer}{quote}\n\n"
                f"*{one.name}{page}, under “{row.topic}” ({row.kind})*\n\n> {around(row, one.read)}\n"
            )
    (out / "rows.md").write_text("\n".join(lines), encoding="utf-8")


def report(made: Sequence[Made], chosen: Sequence[tuple[Made, Example]]) -> list[str]:
    lines = []
    for one in made:
        rate = len(one.rows) / max(1, one.words()) * 1000
        lines.append(
            f"{one.name}: {one.words():,} words, {one.sentences():,} sentences, {len(one.rows):,} rows "
            f"({rate:.1f} per 1,000 words) from {one.quoted():,} quotes"
        )
    every = Counter(fault for one in made for row in one.rows for fault in faults(row, one.read))
    lines += [f"{count} × {fault}" for fault, count in every.most_common()] or ["No fault that a machine can see."]
    return [*lines, f"{len(chosen)} rows drawn to be marked."]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path, help="the folder with law/ and corpus/")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pdf", help="the law that becomes a PDF, as us-cfr-12-1005")
    parser.add_argument("--docx", help="the law that becomes a DOCX, as eu-gdpr")
    parser.add_argument("--guide", choices=GUIDES)
    parser.add_argument("--words", type=int, default=WORDS, help=f"of each document ({WORDS:,})")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"to be drawn and marked ({ROWS})")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    chosen = {"pdf": args.pdf, "docx": args.docx, "guide": args.guide}
    made = build(args.shared, args.out, args.seed, chosen, args.words)
    rows = draw_rows(made, args.rows, args.seed)
    write_rows(rows, args.out)
    lines = report(made, rows)
    (args.out / "report.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
