"""The process that reads files: started by `read`, bounded in memory and time; a line of JSON in, a line of JSON out.

It may not use the network, start programs or write files. What a parser raises on broken input becomes an answer;
anything else, as a lack of memory, ends the process, which the caller turns into words before it starts another.
"""

import json
import os
import resource
import signal
import struct
import sys
import traceback
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from finetune.data.archive import Inner, files_in_zip, read_zip
from finetune.data.document import Document, Kind, Limits
from finetune.data.kinds import kind_of
from finetune.data.mail import attachments, read_eml, read_mbox
from finetune.data.office import read_docx, read_pptx, read_xlsx
from finetune.data.pdf import read_pdf
from finetune.data.tables import check_columns
from finetune.data.text_formats import document_from_text
from finetune.data.web import read_html
from finetune.errors import UserError

FORBIDDEN_EVENTS = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "urllib.")
Read = Callable[[bytes, str, Limits], Document]
READERS: dict[Kind, Read] = {
    "pdf": read_pdf, "docx": read_docx, "xlsx": read_xlsx, "pptx": read_pptx, "html": read_html,
    "eml": read_eml, "mbox": read_mbox, "zip": read_zip,
    **{kind: partial(document_from_text, kind=kind) for kind in ("csv", "json", "jsonl", "text", "markdown")},
}  # fmt: skip
FILES_IN: dict[Kind, Callable[[bytes, str, Limits], list[Inner]]] = {
    "zip": files_in_zip, "eml": attachments, "mbox": attachments
}  # fmt: skip
# What the parsers raise on broken files: they promise no particular errors. Of OSError only what a parser says in its
# own words, not the system's errors nor an attempt to do what is forbidden here; and not MemoryError, after which the
# process is of no use.
PARSER_FAULTS = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, RuntimeError, SyntaxError, TypeError,
    ValueError, struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
DEEPEST = 3  # a letter's attachment in an archive in an archive


def main() -> None:
    limits = Limits(**json.loads(sys.argv[1]))
    confine(limits)
    worker = Worker(limits)
    for line in sys.stdin.buffer:
        # Its signal ends the process, within a parser's compiled code too.
        signal.setitimer(signal.ITIMER_PROF, limits.seconds)
        answer = json.dumps(worker.answer(json.loads(line)), ensure_ascii=False)
        signal.setitimer(signal.ITIMER_PROF, 0)
        # Half a surrogate pair, which JSON can spell and UTF-8 cannot, becomes a question mark here.
        sys.stdout.buffer.write(answer.encode(errors="replace") + b"\n")
        sys.stdout.buffer.flush()


def confine(limits: Limits) -> None:
    """Bound this process for good: memory, no file written, no network, no other program."""
    memory = limits.memory_mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if writes or event.startswith(FORBIDDEN_EVENTS):
            raise PermissionError(f"a file being read asked for {event}")

    sys.addaudithook(refuse)


class Worker:
    """Answers one job after the other, and keeps the files within the last file so as not to unpack it each time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._path = ""
        self._within: dict[tuple[int, ...], list[Inner]] = {}

    def answer(self, job: dict[str, Any]) -> dict[str, Any]:
        """A job has `path`, the `name` to show, and the `place` of the wanted file within it."""
        if job["path"] != self._path:
            self._path, self._within = job["path"], {}
        try:
            document, inner = self._read(job["name"], tuple(job["place"]))
        except UserError as error:
            return {"error": {"what": error.what, "action": error.action}}
        except PARSER_FAULTS as error:
            return _fault(error)
        except OSError as error:
            if error.errno or isinstance(error, PermissionError):
                raise
            return _fault(error)
        return {"document": document.as_json(), "inner": [file.name for file in inner]}

    def _read(self, name: str, place: tuple[int, ...]) -> tuple[Document, list[Inner]]:
        data = self._bytes(place)
        if not data.strip(b"\0 \t\r\n"):
            raise UserError(
                "The file is empty.", where=name, action="Check that you picked the right file and add it again."
            )
        kind, notes = kind_of(data, name, self._limits)
        if kind == "zip" and len(place) > 1:
            raise UserError(
                "An archive within an archive within an archive is not opened.",
                where=name,
                action="Unpack it and add the files in it.",
            )
        document = READERS[kind](data, name, self._limits)
        characters = sum(len(passage.text) for passage in document.passages)
        if characters > self._limits.characters:
            raise UserError(
                f"The file holds {characters:,} characters of text; the limit is {self._limits.characters:,}.",
                where=name,
                action="Split it, or keep only the parts that answer questions.",
            )
        for table in document.tables:
            check_columns(len(table.header), name, self._limits)
        inner = FILES_IN[kind](data, name, self._limits) if kind in FILES_IN and len(place) < DEEPEST else []
        self._within[place] = inner
        named = Document(**{**vars(document), "file": name, "kind": document.kind, "notes": notes + document.notes})
        return named, inner

    def _bytes(self, place: tuple[int, ...]) -> bytes:
        if not place:
            return Path(self._path).read_bytes()
        outer = place[:-1]
        if outer not in self._within:
            # A fresh process after one that ended: open again what the file stands in.
            data = self._bytes(outer)
            kind, _ = kind_of(data, self._name(outer), self._limits)
            self._within[outer] = FILES_IN[kind](data, "", self._limits)
        return self._within[outer][place[-1]].read()

    def _name(self, place: tuple[int, ...]) -> str:
        return self._within[place[:-1]][place[-1]].name if place else self._path


def _fault(error: Exception) -> dict[str, Any]:
    return {"fault": f"{type(error).__name__}: {error}"[:300] + f"; {_where(error)}"}


def _where(error: BaseException) -> str:
    """The innermost place in this package that an error came through."""
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if "finetune" in frame.filename]
    return f"{Path(places[-1].filename).name}:{places[-1].lineno}" if places else "elsewhere"


if __name__ == "__main__":
    main()
