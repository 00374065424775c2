"""A small valid file of every kind, made anew, and what tests ask of one that was read."""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from finetune.data.document import Document, Limits
from finetune.data.read import read_file
from finetune.errors import UserError

Put = Callable[[str, str | bytes], Path]

POLICY = [
    "Refunds are issued within 14 days of the request.",
    "You must cancel an appointment at least 24 hours in advance.",
]
ASKED = """From: Jane Doe <jane.doe@gmail.com>
To: support@brightsmile.example
Subject: Bill for my filling
Date: Tue, 5 May 2026 10:00:00 +0000
Message-ID: <1@gmail.com>

Hello,

my bill for the filling says 300 dollars. Can I pay it in parts?

Thanks,
Jane Doe
Tel. +1 555 010 2000
"""
ANSWERED = """From: Ann Smith <ann@brightsmile.example>
To: Jane Doe <jane.doe@gmail.com>
Subject: Re: Bill for my filling
Date: Tue, 5 May 2026 12:00:00 +0000
Message-ID: <2@brightsmile.example>
In-Reply-To: <1@gmail.com>

Dear Jane,

Yes. We offer a payment plan without interest. Please speak to the billing office.

Kind regards
Ann Smith
Bright Smile Dental
www.brightsmile.example

This e-mail and any attachments are confidential and intended solely for the addressee.

On Tue, 5 May 2026 at 10:00, Jane Doe <jane.doe@gmail.com> wrote:
> Hello,
>
> my bill for the filling says 300 dollars. Can I pay it in parts?
>
> Thanks,
> Jane Doe
"""
QUESTION = "my bill for the filling says 300 dollars. Can I pay it in parts?"
ANSWER = "Yes. We offer a payment plan without interest. Please speak to the billing office."


def mailbox(*letters: str) -> bytes:
    return "".join(f"From someone Tue May  5 10:00:00 2026\n{letter}\n" for letter in letters).encode()


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def pdf(*pages: str, password: str | None = None) -> bytes:
    from fpdf import FPDF

    document = FPDF()
    if password:
        document.set_encryption(owner_password="owner", user_password=password)
    for text in pages:
        document.add_page()
        document.set_font("Helvetica", size=12)
        if text:
            document.multi_cell(0, 8, text)
    return bytes(document.output())


def workbook(rows: list[list[object]], merge: str | None = None) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def word_document() -> bytes:
    import docx

    word = docx.Document()
    word.add_heading("Refunds", 1)
    word.add_paragraph(POLICY[0])
    table = word.add_table(rows=2, cols=2)
    for cell, text in zip(
        [c for row in table.rows for c in row.cells], ["Question", "Answer", "Open?", "Yes."], strict=True
    ):
        cell.text = text
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()


DRAWING = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
SHOW = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def shape(paragraphs: Sequence[str], kind: str = "") -> str:
    place = f"<p:nvSpPr><p:nvPr><p:ph type='{kind}'/></p:nvPr></p:nvSpPr>" if kind else ""
    body = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in paragraphs)
    return f"<p:sp>{place}<p:txBody>{body}</p:txBody></p:sp>"


def grid(rows: Sequence[Sequence[str]]) -> str:
    def cell(text: str) -> str:
        return f"<a:tc><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"

    lines = "".join(f"<a:tr>{''.join(map(cell, row))}</a:tr>" for row in rows)
    return (
        f"<p:graphicFrame><a:graphic><a:graphicData><a:tbl>{lines}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def slide(*shapes: str, show: str = "") -> bytes:
    hidden = f'show="{show}"' if show else ""
    return f"<p:sld {SHOW} {DRAWING} {hidden}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>".encode()


def relations(targets: dict[str, str]) -> bytes:
    rows = "".join(f'<Relationship Id="{one}" Target="{target}" Type="x"/>' for one, target in targets.items())
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{namespace}">{rows}</Relationships>'.encode()


def presentation(*slides: bytes, notes: dict[int, str] | None = None) -> bytes:
    """Slides in the order given, though stored in the opposite one; `notes` are the speaker's, by slide."""
    numbers = range(1, len(slides) + 1)
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in numbers)
    names = {f"rId{n}": f"slides/slide{len(slides) + 1 - n}.xml" for n in numbers}
    files = {
        "[Content_Types].xml": b"<Types/>",
        "ppt/presentation.xml": f'<p:show {SHOW} xmlns:r="{OFFICE}"><p:sldIdLst>{ids}</p:sldIdLst></p:show>'.encode(),
        "ppt/_rels/presentation.xml.rels": relations(names),
    }
    for number, content in zip(numbers, slides, strict=True):
        stored = len(slides) + 1 - number
        files[f"ppt/slides/slide{stored}.xml"] = content
        if note := (notes or {}).get(number):
            files[f"ppt/slides/_rels/slide{stored}.xml.rels"] = relations({"rId1": f"../notesSlides/n{stored}.xml"})
            files[f"ppt/notesSlides/n{stored}.xml"] = slide(shape([note], "body"))
    return zipped(files)


def chats() -> str:
    openai = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    share = {"conversations": [{"from": "human", "value": "A?"}, {"from": "gpt", "value": "B."}]}
    return f"{json.dumps(openai)}\n{json.dumps(share)}\n"


TICKETS = (
    "Ticket ID,Created,Author,Message\n"
    "1,2026-05-05 10:00,Customer,How do I pay for my filling?\n"
    '1,2026-05-05 11:00,Agent,"Dear Jane,\n\nyou can pay by card at the desk.\n\nKind regards\nAnn"\n'
    "2,2026-05-05 10:00,Customer,When are you open on Sunday?\n"
    "1,2026-05-05 13:00,Agent,No; we take no cheques at all.\n"
    "1,2026-05-05 12:00,Customer,And by cheque?\n"
    "2,2026-05-06 09:00,Internal note,She called twice.\n"
    "2,2026-05-06 10:00,Agent,We are closed on Sundays.\n"
)
PAGE = (
    "<!doctype html><html><body><h2>How do I pay?</h2><p>Pay by card or <b>cash</b>.</p>"
    "<table><tr><th>Question</th><th>Answer</th></tr><tr><td>Open?</td><td>Yes.</td></tr></table></body></html>"
)


def small_files() -> dict[str, bytes]:
    """One file of every kind, by name."""
    files = {
        "faq.csv": b"Question,Answer\nOpen on Sunday?,No.\nParking?,Behind the house.\n",
        "faq.tsv": "Frage\tAntwort\nWann öffnen Sie?\tUm acht.\nParken?\tHinten.\n".encode("cp1252"),
        "wide.csv": "Question;Answer\nOpen?;Täglich.\nParking?;No.\n".encode("utf-16"),
        "tickets.csv": TICKETS.encode(),
        "faq.json": b'[{"question": "Open?", "answer": "Yes."}, {"question": "Parking?", "answer": "No."}]',
        "alpaca.json": b'[{"instruction": "Shorten this.", "input": "A long text.", "output": "Short."}]',
        "chats.jsonl": chats().encode(),
        "page.html": PAGE.encode(),
        "faq.md": b"# FAQ\n\n## How do I pay?\n\nBy **card**.\n\n| a | b |\n|---|---|\n| c | d |\n",
        "faq.txt": b"Q: How do I pay?\nA: By card.\n\nQ: When?\nA: At the visit.\n",
        "policy.docx": word_document(),
        "faq.xlsx": workbook([["Question", "Answer"], ["Open?", "Yes."], ["Parking?", "No."]]),
        "talk.pptx": presentation(slide(shape(["Refunds"], "title"), shape([POLICY[0]]))),
        "policy.pdf": pdf(*POLICY),
        "answered.eml": ANSWERED.encode(),
        "box.mbox": mailbox(ASKED, ANSWERED),
    }
    return files | {"all.zip": zipped({f"docs/{name}": content for name, content in files.items()})}


def refused(path: Path, **limits: int) -> UserError:
    """Why a file is not read."""
    try:
        document = read_file(path, limits=Limits(**limits))
    except UserError as error:
        assert error.action, "every refusal says what to do next"
        return error
    raise AssertionError(f"{path.name} was read: {document}")


def notes(document: Document) -> str:
    return " ".join(document.notes)
