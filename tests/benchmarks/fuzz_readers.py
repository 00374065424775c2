"""Broken files by the thousand: `python -m tests.benchmarks.fuzz_readers [--minutes N] [--inputs N] [--state DIR]`.

Mutates small valid files of every kind and reads each as a user's file is read, in the bounded process, then makes
rows of it. Counts what was read, refused in words, or ended the reading process; a crash of the program, a hang or a
result that cannot be written counts as a fault, and the file is kept. Input number n is the same for the same seed, and
a stopped run goes on where it was.
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
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import FrameType

import psutil

from finetune.data.collect import examples_from_document
from finetune.data.document import Limits
from finetune.data.read import Reading
from finetune.errors import UserError
from tests.data.small_files import small_files, zipped

# A hang is told by processor time, so that a busy machine makes none; the clock's limits stop what only waits.
LIMITS = Limits(seconds=180, whole_seconds=600)
READ_SECONDS = 20.0  # of the processor, to read a file
ROWS_SECONDS = 30.0  # of the processor, to make rows of a document that was read
TOKENS = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b'"', b'""', b"\r", b"\n\n", b"\t", b";" * 50, b",", b"<", b"</", b"<!--",
    b"]]>", b"&#x110000;", b"<table><tr><td>", b"<blockquote>", b"{", b"[", b"}", b"\\ud800", b"1e999", b"NaN",
    b"null", b"-1", b"0", b"999999999999999999999", b"%PDF-1.7", b"endobj", b"stream\n", b"/Length -1",
    b"/Kids [1 0 R]", b"/Filter /LZWDecode", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"From ", b"\nFrom: ",
    b"\nContent-Type: multipart/mixed; boundary=b\n", b"\n--b\n", b"=?utf-8?B?", b"=?utf-7?Q?+AAA-?=", b"\n> > >",
    b"\nOn , wrote:\n", b"-- \n", b"-----Original Message-----\n", b"../../", b"\xed\xa0\x80",
    "\u202e\u200b\ufeff".encode(), b"a" * 3000, b"(" * 500, b"|---|---|\n", b"```\n", b"# " * 40,
)  # fmt: skip
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


def too_long(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"rows took longer than {ROWS_SECONDS:.0f} seconds of the processor")


def children_seconds() -> float:
    """Processor seconds of the reading processes so far, those that ended included."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    running = [child.cpu_times() for child in psutil.Process().children()]
    return float(ended.ru_utime + ended.ru_stime + sum(times.user + times.system for times in running))


def outcome(reading: Reading, path: Path) -> str:
    """What became of a file, in a few words.

    Raises:
        anything but UserError: a fault of the program.
    """
    before = children_seconds()
    try:
        whole = reading.file(path)
    except UserError as error:
        if "longer than" in error.what:
            raise TimeoutError(error.what) from error
        return f"refused: {' '.join(error.what.split()[:4])}"
    finally:
        taken = children_seconds() - before
    if taken > READ_SECONDS:
        raise TimeoutError(f"reading took {taken:.0f} seconds of the processor")
    signal.setitimer(signal.ITIMER_PROF, ROWS_SECONDS)
    try:
        for document in whole.all_parts():
            assert document.file.isprintable()
            try:
                rows, _, _ = examples_from_document(document)
            except UserError:
                continue
            for row in rows:
                row.model_dump_json().encode()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "read"


class Faults(logging.Handler):
    """Counts what ended the reading process, by what it said last."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        self.seen[record.getMessage()] += 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Read broken files by the thousand and count what becomes of them.")
    parser.add_argument("--minutes", type=float, default=5.0, help="stop after this long (default 5)")
    parser.add_argument("--inputs", type=int, default=10**9, help="stop after this many files in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="only files whose name has this in it, as .pdf")
    parser.add_argument("--state", type=Path, default=Path("fuzz_readers"), help="folder for counts and faulty files")
    options = parser.parse_args()
    options.state.mkdir(parents=True, exist_ok=True)
    record = options.state / f"seed-{options.seed}{options.only}.json"
    done = (
        json.loads(record.read_text()) if record.exists() else {"next": 0, "seconds": 0.0, "outcomes": {}, "ended": {}}
    )
    outcomes, faults = Counter[str](done["outcomes"]), Faults()
    faults.seen.update(done["ended"])
    log = logging.getLogger("finetune.data.read")
    log.addHandler(faults)
    log.propagate = False
    signal.signal(signal.SIGPROF, too_long)
    files = {name: data for name, data in small_files().items() if options.only in name}
    number, began = done["next"], time.monotonic()
    reading = Reading(LIMITS)
    while number < options.inputs and time.monotonic() - began < options.minutes * 60:
        name, data = mutated(random.Random(f"{options.seed}:{number}"), files)
        path = options.state / f"input{Path(name).suffix}"
        path.write_bytes(data)
        try:
            what = outcome(reading, path)
        except Exception as error:  # noqa: BLE001 (whatever it is, is what is looked for)
            what = f"FAULT {type(error).__name__}"
            kept = options.state / f"fault-{options.seed}-{number}{Path(name).suffix}"
            path.replace(kept)
            print(f"{kept}: {error!r}\n{traceback.format_exc(limit=-3)}", file=sys.stderr)
            reading = Reading(LIMITS)
        outcomes[f"{Path(name).suffix} {what}"] += 1
        number += 1
        if number % 50 == 0:
            save(record, number, done["seconds"] + time.monotonic() - began, outcomes, faults.seen)
    save(record, number, done["seconds"] + time.monotonic() - began, outcomes, faults.seen)
    return report(number, done["seconds"] + time.monotonic() - began, outcomes, faults.seen)


def save(record: Path, number: int, seconds: float, outcomes: Counter[str], ended: Counter[str]) -> None:
    beside = record.with_suffix(".part")
    beside.write_text(json.dumps({"next": number, "seconds": seconds, "outcomes": outcomes, "ended": ended}))
    beside.replace(record)


def report(number: int, seconds: float, outcomes: Counter[str], ended: Counter[str]) -> int:
    """Print the counts; 1 where a fault was found."""
    kinds = sorted({key.split()[0] for key in outcomes})
    print(f"{number} files in {seconds / 60:.1f} minutes, {number / max(seconds, 1e-9):.1f} a second")
    print(f"{'kind':<8}{'files':>8}{'read':>8}{'refused':>9}{'faults':>8}")
    for kind in kinds:
        own = {key.split(" ", 1)[1]: count for key, count in outcomes.items() if key.split()[0] == kind}
        refused = sum(count for what, count in own.items() if what.startswith("refused"))
        faulty = sum(count for what, count in own.items() if what.startswith("FAULT"))
        print(f"{kind:<8}{sum(own.values()):>8}{own.get('read', 0):>8}{refused:>9}{faulty:>8}")
    print(f"{sum(ended.values())} files a parser gave up on, most often with:")
    for what, count in ended.most_common(25):
        print(f"{count:>6}  {what}")
    return int(any(" FAULT" in key for key in outcomes))


if __name__ == "__main__":
    sys.exit(main())
