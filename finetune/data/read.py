"""Read a user's file into tables and passages, whatever it claims to be.

Text formats are read in this process. PDF, DOCX, XLSX and HTML are complicated formats from strangers: a process of
its own with bounds on memory and time parses them (`read_worker`), and only JSON comes back.
"""

import json
import logging
import os
import re
import stat
import subprocess
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path

from finetune.data.document import Document, Kind, Limits, shown_name
from finetune.data.text_formats import document_from_text
from finetune.errors import UserError

logger = logging.getLogger(__name__)

KINDS: dict[str, Kind] = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".xlsx": "xlsx", ".xlsm": "xlsx",
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".txt": "text", ".text": "text",
    ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html", ".docx": "docx", ".pdf": "pdf",
}  # fmt: skip
SUPPORTED = "CSV, TSV, XLSX, JSON, JSONL, TXT, Markdown, HTML, DOCX and PDF"
WORKER_KINDS: frozenset[Kind] = frozenset({"xlsx", "docx", "html", "pdf"})
KIND_NAMES: dict[Kind, str] = {
    "csv": "a table in text form", "json": "JSON", "jsonl": "JSON lines", "text": "plain text",
    "markdown": "Markdown", "html": "a web page", "docx": "a Word document", "xlsx": "an Excel sheet", "pdf": "a PDF",
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


def read_file(path: Path, *, limits: Limits = Limits()) -> Document:  # noqa: B008 (frozen)
    """Read one file.

    What is left out or guessed becomes a note of the document, in plain words.

    Raises:
        UserError: nothing in the file can be used; the error says where and what to do.
    """
    name = shown_name(path)
    _check_size(path, name, limits)
    with open(path, "rb") as file:
        start = file.read(4096)
    kind, notes = _kind_of(path, start, name, limits)
    document = (
        _read_apart(path, name, kind, limits)
        if kind in WORKER_KINDS
        else document_from_text(path.read_bytes(), name, kind, limits)
    )
    document = Document(name, kind, document.tables, document.passages, notes + document.notes, document.conversations)
    return _check_content(document)


def _check_size(path: Path, name: str, limits: Limits) -> None:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise UserError("The file cannot be opened.", where=name, action="Check its name and add it again.") from error
    if not stat.S_ISREG(status.st_mode):
        raise UserError("This is not a file.", where=name, action="Add files one by one rather than a folder.")
    if status.st_size == 0:
        raise UserError(
            "The file is empty.", where=name, action="Check that you picked the right file and add it again."
        )
    if status.st_size > limits.file_mib * 2**20:
        raise UserError(
            f"The file has {status.st_size / 2**20:.0f} MiB; the limit is {limits.file_mib} MiB.",
            where=name,
            action="Split it, or keep only the parts that show good answers.",
        )


def _kind_of(path: Path, start: bytes, name: str, limits: Limits) -> tuple[Kind, list[str]]:
    """What the bytes are, which counts, and a note where the name says something else."""
    claimed = KINDS.get(path.suffix.lower())
    actual = _kind_of_bytes(path, start, name, limits)
    if actual is None:
        if claimed is None:
            raise UserError(
                f'Files ending in "{shown_name(Path(path.suffix or path.name))}" are not supported.',
                where=name,
                action=f"Use one of {SUPPORTED}.",
            )
        if claimed not in WORKER_KINDS or claimed == "html":
            return claimed, []
        actual = _kind_of_text(start)
        if actual == claimed:
            return claimed, []
    if actual == claimed or {actual, claimed} <= {"json", "jsonl"}:
        return actual, []
    said = f'The name ends in "{path.suffix}"' if path.suffix else "The name has no ending"
    return actual, [f"{said}, but the content is {KIND_NAMES[actual]}; I read it as that."]


def _kind_of_bytes(path: Path, start: bytes, name: str, limits: Limits) -> Kind | None:
    """The kind the first bytes prove, or None where they are text of some sort."""
    if b"%PDF-" in start[:1024]:
        return "pdf"
    if start.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path, name, limits)
    if start.startswith(OLD_OFFICE):
        locked = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        raise UserError(
            "The file is protected by a password." if locked else "The file is in an Office format from before 2007.",
            where=name,
            action="Save a copy without a password and add that."
            if locked
            else "Save it as DOCX or XLSX and add that.",
        )
    for magic, what in FOREIGN:
        if start.startswith(magic) and (len(magic) > 2 or b"\x00" in start[:64]):
            raise UserError(
                f"The file is {what}, which holds no text I can read.", where=name, action=f"Use {SUPPORTED}."
            )
    head = start[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if re.match(rb"<!doctype html|<html|<\?xml[^>]*\?>\s*(<!doctype html|<html)", head):
        return "html"
    return None


def _kind_of_text(start: bytes) -> Kind:
    """A guess for text that bears the name of an Office file or a PDF, as many programs' exports do."""
    head = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"{", b"[")):
        return "json"
    if head.startswith(b"<") and b"<table" in start.lower():
        return "html"
    first = head.split(b"\n", 1)[0]
    return "csv" if any(first.count(mark) for mark in (b"\t", b";", b",")) and len(first) < 500 else "text"


def _kind_of_zip(path: Path, name: str, limits: Limits) -> Kind:
    """Which Office format a zip file is, after looking at its members' sizes: a small file may unpack to gigabytes."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise damaged(name) from error
    unpacked = sum(member.file_size for member in members)
    bomb = any(m.file_size > 2**20 and m.file_size > limits.ratio * max(m.compress_size, 1) for m in members)
    if bomb or unpacked > limits.unpacked_mib * 2**20 or len(members) > 10_000:
        raise UserError(
            f"The file would unpack to {unpacked / 2**20:,.0f} MiB, far more than an ordinary document.",
            where=name,
            action="Do not open it if it came from a stranger; otherwise copy the text into a new file.",
        )
    names = {member.filename for member in members}
    if "word/document.xml" in names:
        return "docx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    slides = any(member.startswith("ppt/") for member in names)
    raise UserError(
        "The file is a presentation." if slides else "The file is an archive.",
        where=name,
        action="Save it as PDF and add that." if slides else f"Unpack it and add the files in it: {SUPPORTED}.",
    )


def _read_apart(path: Path, name: str, kind: Kind, limits: Limits) -> Document:
    """Parse in a process of its own, which inherits no keys and may use neither network nor other programs."""
    command = [sys.executable, "-m", "finetune.data.read_worker", kind, str(path.resolve()), json.dumps(asdict(limits))]
    environment = {
        "PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8",
        # Each thread of the linear algebra library reserves address space, which is what the limit counts.
        "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=limits.seconds, env=environment, cwd=Path(__file__).parents[2]
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"Reading took longer than {limits.seconds} seconds and was stopped.",
            where=name,
            action="Split the file, or save its text as TXT or DOCX.",
        ) from error
    if done.returncode != 0:
        trace = done.stderr.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        logger.warning("reading a %s file failed: %s", kind, trace[:300])
        if "MemoryError" in trace or done.returncode < 0:
            raise UserError(
                "Reading needs more memory than one file may use.", where=name, action="Split it into smaller files."
            )
        raise damaged(name)
    answer = json.loads(done.stdout)
    if error_parts := answer.get("error"):
        raise UserError(error_parts["what"], where=name, action=error_parts["action"])
    return Document.from_json(answer["document"])


def damaged(name: str) -> UserError:
    return UserError(
        "The file is damaged or not what its name says.",
        where=name,
        action="Open it in the program it was made with, save it again, and add the new copy.",
    )


def _check_content(document: Document) -> Document:
    """Refuse a file without any usable content, with the reason that helps most."""
    if not document.empty():
        return document
    header = next((table.header for table in document.tables if table.header), None)
    if header:
        raise UserError(
            f"The table has column names ({', '.join(header[:6])}) but no rows that can be read.",
            where=document.file,
            action="Fill in at least one row under the column names and add the file again.",
        )
    raise UserError(
        "There is no text in the file.",
        where=document.file,
        action="Check that you picked the right file and add it again.",
    )
