"""Files as they should not be, each made anew, with a word that the answer about it must hold."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

QUESTION, ANSWER = "How much does a filling cost?", "It is on our fee list. Ask the front desk for it."


def rows_as_csv(separator: str = ",", count: int = 30) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(["Question", "Answer"])
    for number in range(count):
        writer.writerow([f"{QUESTION} It is case {number}, café.", f"{ANSWER} Your case is number {number}."])
    return out.getvalue()


def broken_jsonl() -> str:
    lines = [json.dumps({"question": f"{QUESTION} {n}", "answer": f"{ANSWER} {n}"}) for n in range(1, 31)]
    lines[13] = lines[13][:-4]
    return "\n".join(lines)


def formulas_and_merged(path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Question", "Answer", "Price"])
    for number in range(2, 32):
        sheet.append([f"{QUESTION} {number}", f"{ANSWER} {number}", f"=1+{number}"])
    sheet.merge_cells("A33:B34")
    sheet["A33"] = "A merged remark"
    book.save(path)


def encrypted_pdf(path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.encrypt("secret")
    writer.write(path)


def scanned_pdf(path: Path) -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.write(path)


def office_bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\0" * (400 * 2**20))


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(200 * 2**20)


@dataclass(frozen=True)
class BadFile:
    name: str
    make: Callable[[Path], object]
    usable: bool  # some rows can still be read
    says: str = ""  # in the answer, small letters


def text(content: str, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode(encoding))


def archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("faq.csv", rows_as_csv())
        packed.writestr("../up.csv", rows_as_csv())
        packed.writestr("half.pdf", b"%PDF-1.7 and nothing more")
        packed.writestr("bomb.csv", bytes(30 * 2**20))


def locked_archive(path: Path) -> None:
    archive(path)
    content = bytearray(path.read_bytes())
    for start, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(start)
        while place >= 0:
            content[place + flags] |= 1
            place = content.find(start, place + 1)
    path.write_bytes(content)


LETTER = "From: {0}\nTo: {1}\nSubject: {2}\n\n{3}\n"
ANSWERED = LETTER.format("desk@clinic.example", "jane@gmail.com", "=?nonsense?Q?Re=?=", ANSWER) + (
    f"\nOn Tue, Jane <jane@gmail.com> wrote:\n> {QUESTION}\n"
)
ALONE = LETTER.format("jane@gmail.com", "desk@clinic.example", "Hm", "Thank you!")


BAD_FILES = [
    BadFile("empty.csv", text(""), False, "empty"),
    BadFile("headers.csv", text("Question,Answer\n"), False, "no rows"),
    BadFile("no-rows.jsonl", text("\n\n"), False),
    BadFile(
        "one-column.csv",
        text("Remark\n" + "\n".join(f"Call us about case {n}." for n in range(9))),
        False,
        "only one usable column",
    ),
    BadFile("latin.csv", text(rows_as_csv(), "latin-1"), True),
    BadFile("utf16.csv", text(rows_as_csv(), "utf-16"), True),
    BadFile("semicolons.csv", text(rows_as_csv(";")), True),
    BadFile("quotes.csv", text(rows_as_csv() + '"How long, "is it?,"Two hours\n'), True),
    BadFile("line14.jsonl", text(broken_jsonl()), True, "14"),
    BadFile("formulas.xlsx", formulas_and_merged, True),
    BadFile("locked.pdf", encrypted_pdf, False, "password"),
    BadFile("scan.pdf", scanned_pdf, False, "scan"),
    BadFile("picture.csv", lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 500), False),
    BadFile("bomb.docx", office_bomb, False),
    BadFile("huge.csv", huge, False, "50"),
    BadFile("mixed.zip", archive, True, "half.pdf"),
    BadFile("locked.zip", locked_archive, False, "password"),
    BadFile("half.zip", lambda path: path.write_bytes(b"PK\x03\x04" + b"\0" * 40), False, "damaged"),
    BadFile("broken.eml", text(ANSWERED), True),
    BadFile("unanswered.mbox", text(f"From x Tue May  5 10:00:00 2026\n{ALONE}"), False, "1 of 1"),
    BadFile("empty.pptx", lambda path: path.write_bytes(b"PK\x05\x06" + b"\0" * 18), False, "archive"),
    BadFile("program.exe", lambda path: path.write_bytes(b"MZ" + b"\0" * 99), False),
]
