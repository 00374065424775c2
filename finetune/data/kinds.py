"""What kind a file really is: its bytes count, not its name; a packed one's sizes are looked at before it is opened."""

import io
import re
import zipfile
from pathlib import PurePath

from finetune.data.document import Kind, Limits, shown, words
from finetune.errors import UserError

KINDS: dict[str, Kind] = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "text", ".text": "text",
    ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".docx": "docx", ".pdf": "pdf",
    ".pptx": "pptx", ".eml": "eml", ".mbox": "mbox", ".mbx": "mbox", ".zip": "zip",
}  # fmt: skip
SUPPORTED = "CSV, TSV, XLSX, JSON, JSONL, TXT, Markdown, HTML, DOCX, PPTX, PDF, EML, MBOX, and ZIP of these"
# Of these the first bytes decide: what bears such a name and is text was exported by a program that misnames it.
PACKED: frozenset[Kind] = frozenset({"xlsx", "docx", "pptx", "pdf", "zip"})
KIND_NAMES: dict[Kind, str] = {
    "csv": "a table in text form", "json": "JSON", "jsonl": "JSON lines", "text": "plain text",
    "markdown": "Markdown", "html": "a web page", "docx": "a Word document", "xlsx": "an Excel sheet", "pdf": "a PDF",
    "pptx": "a presentation", "eml": "a letter", "mbox": "a mailbox", "zip": "an archive",
}  # fmt: skip
# First bytes of files that are never text, and what to tell their owner. Source: the formats' own documentation.
FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "a picture (PNG)"), (b"\xff\xd8\xff", "a picture (JPEG)"), (b"GIF8", "a picture (GIF)"),
    (b"II*\x00", "a picture (TIFF)"), (b"MM\x00*", "a picture (TIFF)"), (b"BM", "a picture (BMP)"),
    (b"\x1f\x8b", "a compressed archive (gzip)"), (b"7z\xbc\xaf\x27\x1c", "a compressed archive (7z)"),
    (b"Rar!", "a compressed archive (RAR)"), (b"BZh", "a compressed archive (bzip2)"),
    (b"\xfd7zXZ", "a compressed archive (xz)"), (b"\x7fELF", "a program"), (b"MZ", "a program"),
    (b"SQLite format 3", "a database"), (b"PAR1", "a Parquet file"), (b"{\\rtf", "an RTF document"),
    (b"ID3", "a sound file"), (b"OggS", "a sound file"), (b"\x00\x00\x01\xba", "a film"),
)  # fmt: skip
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# RFC 5322's commonest fields: three of them at the start, the sender among them, make a letter.
LETTER_FIELDS = words(
    """
    from to cc subject date message-id mime-version content-type received return-path reply-to in-reply-to
    delivered-to references x-mailer
    """
)


def kind_of(data: bytes, name: str, limits: Limits) -> tuple[Kind, list[str]]:
    """What the bytes are, which counts, and a note where the name says something else.

    Raises:
        UserError: they are nothing that can be read, or would unpack to far more than an ordinary file.
    """
    suffix = PurePath(name).suffix
    claimed = KINDS.get(suffix.lower())
    actual = _kind_of_bytes(data, name, limits)
    if actual is None:
        if claimed is None and suffix:
            raise UserError(
                f'Files ending in "{shown(suffix)}" are not supported.',
                where=name,
                action=f"Use one of {SUPPORTED}.",
            )
        if claimed is not None and claimed not in PACKED:
            return claimed, []
        actual = _kind_of_text(data[:4096])
    if actual == claimed or {actual, claimed} <= {"json", "jsonl"}:
        return actual, []
    said = f'The name ends in "{suffix}"' if suffix else "The name has no ending"
    return actual, [f"{said}, but the content is {KIND_NAMES[actual]}; I read it as that."]


def _kind_of_bytes(data: bytes, name: str, limits: Limits) -> Kind | None:
    """The kind the first bytes prove, or None where they are text of some sort."""
    start = data[:4096]
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(data, name, limits)
    if start.startswith(OLD_OFFICE):
        raise _old_office(data, name)
    for magic, what in FOREIGN:
        if start.startswith(magic) and (len(magic) > 2 or b"\x00" in start[:64]):
            packed = "Pack the files in it as ZIP, or add them one by one" if "archive" in what else f"Use {SUPPORTED}"
            raise UserError(f"The file is {what}, which holds no text I can read.", where=name, action=f"{packed}.")
    head = start[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if re.match(rb"<!doctype html|<html|<\?xml[^>]*\?>\s*(<!doctype html|<html)", head):
        return "html"
    if re.match(rb"From \S+ .*\d\d:\d\d.*\r?\n[\w-]+:", start):
        return "mbox"
    return "eml" if _looks_like_letter(start) else None


def _looks_like_letter(start: bytes) -> bool:
    fields = re.match(rb"(?:[A-Za-z][\w-]*:.*\r?\n(?:[ \t]+\S.*\r?\n)*){3,}", start.lstrip(b"\xef\xbb\xbf\r\n"))
    if not fields:
        return False
    names = {field.decode().lower() for field in re.findall(rb"^([A-Za-z][\w-]*):", fields[0], re.M)}
    return "from" in names and len(names & LETTER_FIELDS) >= 3


def _old_office(data: bytes, name: str) -> UserError:
    """What to do about a file in the container of Office before 2007, told by the names of the streams in it."""
    for stream, what, action in (
        ("EncryptedPackage", "The file is protected by a password.", "Save a copy without a password and add that."),
        ("__substg1.0_", "The file is an Outlook message (MSG).", "Save it as EML and add that."),
        ("PowerPoint Document", "The file is in an Office format from before 2007.", "Save it as PPTX and add that."),
    ):
        if stream.encode("utf-16-le") in data:
            return UserError(what, where=name, action=action)
    what = "The file is in an Office format from before 2007."
    return UserError(what, where=name, action="Save it as DOCX or XLSX and add that.")


def _kind_of_text(start: bytes) -> Kind:
    """A guess for text whose name has no ending, or that of an Office file, as many programs' exports have."""
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"{", b"[")):
        return "json"
    if head.startswith(b"<") and b"<table" in start.lower():
        return "html"
    first = head.split(b"\n", 1)[0]
    return "csv" if any(first.count(mark) for mark in (b"\t", b";", b",")) and len(first) < 500 else "text"


def _kind_of_zip(data: bytes, name: str, limits: Limits) -> Kind:
    """Which Office format a zip file is, after looking at its members' sizes: a small file may unpack to gigabytes."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise damaged(name) from error
    names = {member.filename for member in members}
    office: dict[str, Kind] = {
        "word/document.xml": "docx",
        "xl/workbook.xml": "xlsx",
        "ppt/presentation.xml": "pptx",
    }
    kind: Kind = next((kind for part, kind in office.items() if part in names), "zip")
    unpacked = sum(member.file_size for member in members)
    bomb = kind != "zip" and any(is_bomb(member, limits) for member in members)
    if bomb or unpacked > limits.unpacked_mib * 2**20 or len(members) > 10_000:
        ordinary = f"{len(members):,} files" if len(members) > 10_000 else f"{unpacked / 2**20:,.0f} MiB"
        raise UserError(
            f"The file would unpack to {ordinary}, far more than an ordinary document.",
            where=name,
            action="Do not open it if it came from a stranger; otherwise copy the text into a new file.",
        )
    return kind


def is_bomb(member: zipfile.ZipInfo, limits: Limits) -> bool:
    return member.file_size > 2**20 and member.file_size > limits.ratio * max(member.compress_size, 1)


def damaged(name: str) -> UserError:
    return UserError(
        "The file is damaged or not what its name says.",
        where=name,
        action="Open it in the program it was made with, save it again, and add the new copy.",
    )
