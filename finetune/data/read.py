"""Read a user's file into tables, passages and conversations, whatever it claims to be.

Files come from strangers: a process of its own with bounds on memory and time reads them (`read_worker`), and only
JSON comes back. Each file within an archive or a mailbox is asked for by itself, so that a bad one costs only itself.
"""

import json
import logging
import os
import selectors
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from finetune.data.document import Document, Limits, listed, shown_name
from finetune.data.kinds import damaged
from finetune.data.recognition import recognised, recogniser
from finetune.errors import UserError

logger = logging.getLogger(__name__)

PROBLEMS_TOLD = 20
WAITED = 10  # times the seconds of the processor a file may take: a busy machine is slow, a parser that sleeps hangs


def read_file(path: Path, *, limits: Limits = Limits()) -> Document:  # noqa: B008 (frozen)
    """Read one file, with the files in it where it is an archive or a mailbox.

    What is left out or guessed becomes a note of the document, in plain words.

    Raises:
        UserError: nothing in the file can be used; the error says where and what to do.
    """
    with Reading(limits) as reading:
        return reading.file(path)


class Reading:
    """The reading process: started when the first file is asked for, and anew after a file that ended it."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._said: deque[bytes] = deque(maxlen=60)  # the last lines of its standard error
        self._asked = 0

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def file(self, path: Path) -> Document:
        """As `read_file`."""
        name = shown_name(path)
        _check_size(path, name, self._limits)
        document, inner = self._ask(path, name)
        if document.unread_pages and (tool := recogniser()):
            document = self._recognised(path, document, tool)
        if not inner:
            return _check_content(document)
        budget = _Budget(self._limits.inner_files, time.monotonic() + self._limits.whole_seconds)
        parts, problems = self._inner(path, document.file, [], inner, budget)
        notes = [
            *document.notes,
            *_told(problems, sum(one.kind != "zip" for part in parts for one in part.all_parts())),
        ]
        if budget.spent:
            notes.append(
                f"Reading stopped after {self._limits.inner_files} files or {self._limits.whole_seconds} seconds; "
                "the rest was not read. Add it in a file of its own."
            )
        whole = replace(document, parts=parts, notes=notes)
        if whole.empty():
            raise UserError(
                f"None of the {len(inner)} files in it can be used: {'; '.join(problems[:3])}",
                where=name,
                action="Unpack it, look at the files, and add those with questions, answers or rules.",
            )
        return whole

    def _inner(
        self, path: Path, name: str, place: list[int], inner: list[str], budget: "_Budget"
    ) -> tuple[list[Document], list[str]]:
        """The files in a file, and what was not read and why."""
        parts: list[Document] = []
        problems: list[str] = []
        for index, own in enumerate(inner):
            if not budget.take():
                break
            within = [*place, index]
            try:
                document, further = self._ask(path, f"{name}/{own}", within)
                deeper, more = self._inner(path, document.file, within, further, budget)
                problems += [f"{own}/{problem}" for problem in more]
                document = replace(document, parts=deeper)
                if not (further and document.empty()):
                    parts.append(_check_content(document))
            except UserError as error:
                problems.append(f"{own}: {error.what}")
        return parts, problems

    def _recognised(self, path: Path, document: Document, tool: str) -> Document:
        """The scanned pages' text too, where a program for that is installed; a note where it fails."""
        pages = f"page{'s' if len(document.unread_pages) > 1 else ''} {listed(document.unread_pages)}"
        with recognised(path, tool, self._limits) as found:
            if isinstance(found, str):
                return replace(document, notes=[*document.notes, f"Text recognition by {tool} failed: {found}"])
            better, _ = self._ask(found, document.file)
        if better.empty():
            return document
        note = f"The text of {pages} was recognised by {tool}; mind figures and names, it may misread them."
        return replace(better, notes=[*better.notes, note])

    def _ask(self, path: Path, name: str, place: list[int] | None = None) -> tuple[Document, list[str]]:
        """A document and the names of the files in it.

        Args:
            place: which of the files within, counted from 0 at each level; none for the file itself.
        """
        job = {"path": str(path.resolve()), "name": name, "place": place or []}
        answer = self._answer(job, name)
        if answer is None and self._asked > 1:
            # What other files left in its memory may have been too much: once more in a fresh process.
            self._end()
            answer = self._answer(job, name)
        if answer is None:
            raise self._failure(name)
        if fault := answer.get("fault"):
            logger.warning("reading a file failed: %s", fault)
            raise damaged(name)
        if error := answer.get("error"):
            raise UserError(error["what"], where=name, action=error["action"])
        return Document.from_json(answer["document"]), answer["inner"]

    def _answer(self, job: dict[str, Any], name: str) -> dict[str, Any] | None:
        """What the process answers, None where it ended instead.

        Raises:
            UserError: it took too long.
        """
        process = self._started()
        assert process.stdin and process.stdout
        self._asked += 1
        try:
            process.stdin.write(json.dumps(job).encode() + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            return None
        answer = bytearray()
        deadline = time.monotonic() + self._limits.seconds * WAITED
        while not answer.endswith(b"\n"):
            if not _readable(process, deadline - time.monotonic()):
                self._end()
                raise self._too_long(name)
            part = os.read(process.stdout.fileno(), 1 << 16)
            if not part and process.wait() == -signal.SIGPROF:
                self._end()
                raise self._too_long(name)
            if not part:
                return None
            answer += part
        value: dict[str, Any] = json.loads(answer)
        return value

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        # It inherits no keys, and may use neither network nor other programs.
        environment = {
            "PATH": os.environ.get("PATH", ""), "PYTHONIOENCODING": "utf-8",
            # Each thread of the linear algebra library reserves address space, which is what the limit counts.
            "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "finetune.data.read_worker", json.dumps(asdict(self._limits))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        self._process, self._asked = process, 0
        self._said = said = deque[bytes](maxlen=60)
        self._listener = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
        self._listener.start()
        return process

    def _too_long(self, name: str) -> UserError:
        return UserError(
            f"Reading took longer than {self._limits.seconds} seconds and was stopped.",
            where=name,
            action="Split the file, or save its text as TXT or DOCX.",
        )

    def _failure(self, name: str) -> UserError:
        """Why the process ended instead of answering."""
        code = self._end()
        said = b"".join(self._said).decode(errors="replace").strip().split("\n")
        trace = said[-1]
        ours = [line.strip() for line in said if "finetune" in line and line.lstrip().startswith("File ")]
        logger.warning("reading a file ended with %d: %s; %s", code, trace[:300], ours[-1] if ours else "elsewhere")
        # Where even the telling of an error found no memory, its name is not the last thing that was said.
        if any("MemoryError" in line or "unraisablehook" in line for line in said) or code < 0:
            return UserError(
                "Reading needs more memory than one file may use.", where=name, action="Split it into smaller files."
            )
        return damaged(name)

    def _end(self) -> int:
        """Stop the process; what it exited with, 0 where none ran. One that ended by itself keeps its own code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        assert process.stdin and process.stdout and process.stderr
        if not _readable(process, 0):  # it waits or works; at its end it would be readable
            process.kill()
        code = process.wait()
        self._listener.join(5)
        for stream in (process.stdout, process.stderr):
            stream.close()
        try:
            process.stdin.close()
        except BrokenPipeError:
            logger.debug("the reading process was gone before it was told")
        return code


def _readable(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether there is output, or its end, within that time."""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout or 0, selectors.EVENT_READ)
        return bool(selector.select(max(0.0, seconds)))


@dataclass
class _Budget:
    """What one file with files in it may still cost; one count for all levels."""

    files: int
    deadline: float
    spent: bool = False

    def take(self) -> bool:
        self.files -= 1
        self.spent = self.spent or self.files < 0 or time.monotonic() > self.deadline
        return not self.spent


def _check_size(path: Path, name: str, limits: Limits) -> None:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:
        raise UserError("The file cannot be opened.", where=name, action="Check its name and add it again.") from error
    if not stat.S_ISREG(status.st_mode):
        raise UserError("This is not a file.", where=name, action="Add files, or a folder of them.")
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


def _told(problems: list[str], read: int) -> list[str]:
    """The files within that were not read, each with its reason."""
    if not problems:
        return []
    notes = [f"{read} of {read + len(problems)} files in it were read.", *problems[:PROBLEMS_TOLD]]
    more = len(problems) - PROBLEMS_TOLD
    return [*notes, f"{more} more files were not read."] if more > 0 else notes


def _check_content(document: Document) -> Document:
    """Refuse a file without any usable content, with the reason that helps most."""
    if not document.empty():
        return document
    if document.unread_pages:
        raise UserError(
            f"The PDF's {len(document.unread_pages)} pages are pictures without text, as a scanner makes them.",
            where=document.file,
            action="Run text recognition (OCR) on it in your scanner's program, or add the original document. "
            "Where ocrmypdf is installed, I do it myself.",
        )
    header = next((table.header for table in document.tables if table.header), None)
    if header:
        raise UserError(
            f"The table has column names ({', '.join(header[:6])}) but no rows that can be read.",
            where=document.file,
            action="Fill in at least one row under the column names and add the file again.",
        )
    raise UserError(
        " ".join(["There is no text in the file.", *document.notes[:3]]),
        where=document.file,
        action="Check that you picked the right file and add it again.",
    )
