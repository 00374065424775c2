"""Broken files by the thousand: `python -m tests.benchmarks.fuzz_readers --out DIR [--minutes N] [--inputs N]`.

Mutates small valid files of every kind and reads each as a user's file is read, in the bounded process, then makes
rows of it. Counts by kind what was read, refused in words, stopped at a limit, what crashed (an error of the program,
or a reading process ended by anything but a limit) and what hung. A hang is told by seconds of the processor, so that a
busy machine makes none; a wall clock many times as long is for what sleeps. Files that crash or hang are kept.

--repeats puts one thing over and over into each text file instead, at its beginning, middle and end, to find what costs
the square of its number: breaking at random seldom does.

Input number n is the same for the same seed. DIR/seed-N.json has the counts, DIR/seed-N.md the table, written every 50
files; a stopped run goes on where they say, and --minutes and --inputs are of all its parts together.
"""

import argparse
import json
import logging
import random
import resource
import signal
import sys
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import FrameType

from finetune.data.collect import examples_from_document
from finetune.data.document import Document, Limits
from finetune.data.read import WAITED, Reading
from finetune.errors import UserError
from finetune.files import write_text
from tests.data.small_files import small_files, zipped

LIMITS = Limits(seconds=20, whole_seconds=600)
ROWS_SECONDS = 30.0  # of the processor, to make rows of a document that was read
SAVED = 50  # files from one saving to the next
RENEWED = 500  # files one reading process reads; what it took of memory is known at its end
TOKENS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'""', b"\r", b"\n\n", b"\t", b";" * 50, b",", b"<", b"</", b"<!--",
    b"]]>", b"&#x110000;", b"<table><tr><td>", b"<blockquote>", b"{", b"[", b"}", b"\\ud800", b"1e999", b"NaN",
    b"null", b"-1", b"0", b"999999999999999999999", b"%PDF-1.7", b"endobj", b"stream\n", b"/Length -1",
    b"/Kids [1 0 R]", b"/Filter /LZWDecode", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"From ", b"\nFrom: ",
    b"\nContent-Type: multipart/mixed; boundary=b\n", b"\n--b\n", b"=?utf-8?B?", b"=?utf-7?Q?+AAA-?=", b"\n> > >",
    b"\nOn , wrote:\n", b"-- \n", b"-----Original Message-----\n", b"../../", b"\xed\xa0\x80",
    "\u202e\u200b\ufeff".encode(), b"a" * 3000, b"(" * 500, b"|---|---|\n", b"```\n", b"# " * 40,
)  # fmt: skip
# What text formats, letters and sentences are made of, each a way to send a pattern back and forth.
PIECES = (
    b"<htm", b"<a href=", b"<p>", b"<td>", b"<b>x", b"<button>Why?</button>", b"<h2>x", b"</p>", b"<style>",
    b"<![CDATA[", b"<!--FA\n", b"&amp;", b"# a\n", b"- a\n", b"* ", b"1. a ", b"| a |\n", b"> ", b"[a](", b"![", b"`",
    b"**a", b"_a_",
    b"a: b\n", b"A. ", b"Mr. A ", b"(a) ", b"12.", b"http://a.b ", b"a@b.c ", b"Q: a?\nA: b.\n", b"The a means b. ",
    b"If a, b must c. ", b'"a" means b; ', b"The A of the B of ", b'{"a":', b'"a":1,', b'["a",', b"\\u0041",
    b"On Mon wrote:\n", b"From a Mon\n", b"Subject: a\n", b"=?utf-8?q?a?= ", b"=41", b"Content-Type: text/html\n",
    b"\n--\n", b"a ", b"a?\n", b"a.\n", b"\t", b" ", b"\r\n", b"a;b\n", b"a,b\n", b'"a', b'a"b,',
)  # fmt: skip
REPEATED = 120_000  # bytes of one thing over and over
PACKED = (".docx", ".xlsx", ".pptx", ".zip")


def mutated(chance: random.Random, files: dict[str, bytes]) -> tuple[str, bytes]:
    """A file's name and its broken content."""
    name = chance.choice(sorted(files))
    data = files[name]
    inside = name.endswith(PACKED) and chance.random() < 0.7
    data = repacked(chance, data) if inside else broken(chance, data, files)
    if chance.random() < 0.1:  # a name that lies
        name = Path(name).stem + Path(chance.choice(sorted(files))).suffix
    return name, data


def repetitions(files: dict[str, bytes]) -> list[tuple[str, bytes, int]]:
    """Every text file with every piece and each of three places."""
    texts = [name for name in sorted(files) if not name.endswith((*PACKED, ".pdf"))]
    return [(name, piece, half) for name in texts for piece in (*TOKENS, *PIECES) for half in range(3)]


def repeated(files: dict[str, bytes], name: str, piece: bytes, half: int) -> tuple[str, bytes]:
    """A file's name and its content with a piece over and over in it, behind so many halves of it."""
    place = len(files[name]) * half // 2
    return name, files[name][:place] + piece * (REPEATED // len(piece)) + files[name][place:]


def repacked(chance: random.Random, data: bytes) -> bytes:
    """An archive with one of its files broken inside, packed again with right checksums."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    hit = chance.choice(sorted(files))
    files[hit] = broken(chance, files[hit], files)
    if chance.random() < 0.1:
        files.pop(chance.choice(sorted(files)))
    return zipped(files)


def broken(chance: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    for _ in range(chance.choice((1, 1, 2, 4, 12))):
        data = chance.choice(MUTATIONS)(chance, data, others)
    return data[: 2 * 2**20]


Mutation = Callable[[random.Random, bytes, dict[str, bytes]], bytes]


def flip(chance: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(chance.choice((1, 3, 30))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def cut(chance: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    start, end = span(chance, data)
    return data[:start] + data[end:]


def end_early(chance: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def put_in(chance: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.choice(TOKENS) * chance.choice((1, 1, 1, 20)) + data[place:]


def repeat(chance: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    start, end = span(chance, data)
    return data[:start] + data[start:end] * chance.choice((2, 10, 300)) + data[end:]


def splice(chance: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    other = others[chance.choice(sorted(others))]
    start, end = span(chance, other)
    place = chance.randrange(len(data) + 1)
    return data[:place] + other[start:end] + data[place:]


def recode(chance: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    return data.decode("latin-1").encode(chance.choice(("utf-16", "utf-16-be", "utf-32", "utf-7", "utf-8")))


MUTATIONS: tuple[Mutation, ...] = (flip, cut, end_early, put_in, put_in, repeat, splice, recode)


def span(chance: random.Random, data: bytes) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 4, 20, 100, 1000)))


class Hang(Exception):
    """Something took longer than it may."""


class Heard(logging.Handler):
    """What was last said about a file that failed to be read."""

    def __init__(self) -> None:
        super().__init__()
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()

    def fault(self) -> list[str]:
        """The error's type and its place, where there was one."""
        what, _, place = self.last.partition(": ")[2].rpartition("; ")
        return [f"{what.split(':')[0]}, {place}"] if place else []


@contextmanager
def bounded() -> Iterator[None]:
    """Raises Hang within a block that takes too long."""

    def hang(number: int, frame: FrameType | None) -> None:
        raise Hang(f"rows took longer than {ROWS_SECONDS:.0f} seconds")

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, 1), signal.ITIMER_REAL: (signal.SIGALRM, WAITED)}
    for timer, (number, times) in timers.items():
        signal.signal(number, hang)
        signal.setitimer(timer, ROWS_SECONDS * times)
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)


def outcome(reading: Reading, path: Path, heard: Heard) -> str:
    """What became of a file, in a few words that begin with one of ENDS.

    Raises:
        anything but UserError: a fault of the program.
    """
    heard.last = ""
    try:
        whole = reading.file(path)
    except UserError as error:
        return refusal(error, heard.last)
    with bounded():
        make_rows(whole)
    return "crash: in a file within" if crashed(heard.last) else "read"


def refusal(error: UserError, heard: str) -> str:
    if "longer than" in error.what:
        return f"hang: {error.what}"
    if crashed(heard):
        return f"crash: {heard}"
    if "more memory" in error.what or "limit is" in error.what or "more than" in error.what:
        return f"limit: {error.what}"
    return f"refused: {' '.join(error.what.split()[:4])}"


def crashed(heard: str) -> bool:
    """Whether the reading process ended for another reason than memory."""
    return " ended with " in heard and not any(each in heard for each in ("MemoryError", "unraisablehook"))


def make_rows(whole: Document) -> None:
    for document in whole.all_parts():
        assert document.file.isprintable()
        try:
            rows, _, _ = examples_from_document(document)
        except UserError:
            continue
        for row in rows:
            row.model_dump_json().encode()


ENDS = ("read", "refused", "limit", "crash", "hang")
FAULTS = ("crash", "hang")


@dataclass
class Counts:
    """What is known of a run so far: `outcomes` by kind of file and what became of it, `faults` of parsers by place."""

    next: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    reading_mib: float = 0.0  # at most, of a reading process
    program_mib: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)

    @classmethod
    def known(cls, path: Path) -> "Counts":
        if not path.exists():
            return cls()
        found = json.loads(path.read_text())
        return cls(**{**found, "outcomes": Counter(found["outcomes"]), "faults": Counter(found["faults"])})

    def of(self, end: str, kind: str = "") -> int:
        """Files (of a kind) with such an end."""
        ends = [(key.split(":")[0].split(), count) for key, count in self.outcomes.items()]
        return sum(count for (own, what), count in ends if what == end and kind in ("", own))

    def table(self) -> str:
        lines = [
            f"{self.next} files, {self.seconds / 60:.1f} minutes, {self.processor_seconds / 60:.1f} of the processor.",
            f"Memory at most: {self.reading_mib:.0f} MiB to read a file, {self.program_mib:.0f} MiB for the rest.",
            "",
            f"| kind | files | {' | '.join(ENDS)} |",
            "|---|" + "---|" * (len(ENDS) + 1),
        ]
        for kind in [*sorted({key.split()[0] for key in self.outcomes}), ""]:
            counts = [self.of(end, kind) for end in ENDS]
            lines.append(f"| {kind or 'all'} | {sum(counts)} | {' | '.join(map(str, counts))} |")
        told = [f"- {n} {key}" for key, n in self.outcomes.most_common() if "limit:" in key or "hang:" in key]
        faults = [f"- {n} {what}" for what, n in self.faults.most_common(40)]
        return "\n".join(
            [*lines, "", "Limits reached, and hangs:", *told, "", "What parsers failed with, and where:", *faults, ""]
        )


class Run:
    """One seed's counts, kept in a folder."""

    def __init__(self, out: Path, name: str) -> None:
        self._record = out / f"{name}.json"
        self.counts = Counts.known(self._record)
        self._before = (self.counts.seconds, self.counts.processor_seconds)
        self._began = time.monotonic()

    def save(self) -> None:
        counts = self.counts
        own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
        counts.seconds, counts.processor_seconds = self._before[0] + self.elapsed(), self._before[1] + spent
        counts.reading_mib = max(counts.reading_mib, others.ru_maxrss / 2**10)
        counts.program_mib = max(counts.program_mib, own.ru_maxrss / 2**10)
        write_text(self._record.with_suffix(".md"), counts.table())
        write_text(self._record, json.dumps(vars(counts)))

    def elapsed(self) -> float:
        return time.monotonic() - self._began

    def over(self, minutes: float, inputs: int) -> bool:
        return self.counts.next >= inputs or self._before[0] + self.elapsed() >= minutes * 60


def try_one(reading: Reading, path: Path, heard: Heard) -> str:
    try:
        return outcome(reading, path, heard)
    except Hang as error:
        return f"hang: {error}"
    except Exception as error:  # noqa: BLE001 (whatever it is, is what is looked for)
        traceback.print_exc(limit=-4)
        return f"crash: {type(error).__name__}: {error}"[:200]


def fuzz(run: Run, files: dict[str, bytes], options: argparse.Namespace, heard: Heard) -> None:
    counts = run.counts
    pieces = repetitions(files) if options.repeats else []
    options.inputs = min(options.inputs, len(pieces)) if pieces else options.inputs
    while not run.over(options.minutes, options.inputs):
        with Reading(LIMITS) as reading:
            for _ in range(RENEWED):
                if run.over(options.minutes, options.inputs):
                    break
                chance = random.Random(f"{options.seed}:{counts.next}")
                name, data = repeated(files, *pieces[counts.next]) if pieces else mutated(chance, files)
                path = options.out / f"input-{options.seed}{Path(name).suffix}"
                path.write_bytes(data)
                what = try_one(reading, path, heard)
                if what.startswith(FAULTS):
                    kept = path.replace(options.out / f"fault-{options.seed}-{counts.next}{path.suffix}")
                    print(f"{kept}: {what}", file=sys.stderr, flush=True)
                counts.outcomes[f"{path.suffix} {what}"] += 1
                counts.faults.update(heard.fault())
                counts.next += 1
                if counts.next % SAVED == 0:
                    run.save()
    run.save()


def main() -> int:
    parser = argparse.ArgumentParser(description="Read broken files by the thousand and count what becomes of them.")
    parser.add_argument("--minutes", type=float, default=5.0, help="stop after this long (default 5)")
    parser.add_argument("--inputs", type=int, default=10**9, help="stop after this many files in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--repeats", action="store_true", help="one thing over and over instead of random breaks")
    parser.add_argument("--only", default="", help="only files whose name has this in it, as .pdf")
    parser.add_argument("--out", type=Path, required=True, help="folder for counts and the files that crash or hang")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    heard = Heard()
    log = logging.getLogger("finetune.data.read")
    log.addHandler(heard)
    log.propagate = False
    run = Run(options.out, f"{'repeats' if options.repeats else f'seed-{options.seed}'}{options.only}")
    fuzz(run, {name: data for name, data in small_files().items() if options.only in name}, options, heard)
    print(run.counts.table())
    return int(any(run.counts.of(end) for end in FAULTS))


if __name__ == "__main__":
    sys.exit(main())
