"""What comes out of a messy folder: `python -m tests.benchmarks.messy_folder --out DIR [--shared DIR] [--peers DIR]`.

Writes the files of `tests.data.messy_files` to DIR/files, with some made from real text where --shared names it, reads
each as a user's file is read, and writes DIR/folder.md: read or refused, rows, planted sentences and pairs found, what
was said, seconds. A planted unit that is gone without a word, a fault that is not named, what should not come out, and
a crash are faults of the program: the exit code is 1 then.

--peers names a folder of virtual environments of other tools (see messy_folder_peers.py), which get the same files.
"""

import argparse
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from finetune.data.collect import examples_from_document
from finetune.data.document import Document, Limits, shown_name
from finetune.data.read import Reading
from finetune.errors import UserError
from finetune.example import Example
from tests.data.messy_files import Planted, make_folder
from tests.data.real_files import make_real_files

PEERS = ("kiln-ai", "synthetic-data-kit", "llamafactory")
PEER_SECONDS = 1_500


@dataclass
class Outcome:
    """What became of one file. `faults` are the program's."""

    verdict: str  # "read", "partly" or "refused"
    rows: int = 0
    sentences: int = 0
    pairs: int = 0
    told: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shared", type=Path, help="folder of other people's data and law text")
    parser.add_argument("--peers", type=Path, help="folder with a virtual environment for each other tool")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    files = options.out / "files"
    planted = make_folder(files, options.seed)
    if options.shared:
        planted |= make_real_files(files, options.shared)
    outcomes = read_all(files, planted)
    peers = {name: asked(options.peers / name, files, planted, options.out) for name in PEERS} if options.peers else {}
    text = report(planted, outcomes, {name: found for name, found in peers.items() if found})
    (options.out / "folder.md").write_text(text, encoding="utf-8")
    print(text)
    return int(any(outcome.faults for outcome in outcomes.values()))


def read_all(folder: Path, planted: dict[str, Planted]) -> dict[str, Outcome]:
    with Reading(Limits()) as reading:
        return {name: read_one(reading, folder / name, seeds) for name, seeds in planted.items()}


def read_one(reading: Reading, path: Path, planted: Planted) -> Outcome:
    began = time.perf_counter()
    try:
        whole = reading.file(path)
        rows, notes = rows_of(whole)
        outcome = judged(whole, rows, notes, planted)
    except UserError as error:
        outcome = Outcome("refused", told=[error.what])
        if not planted.refused:
            outcome.faults.append("refused, though it holds something")
        elif planted.refused not in error.what:
            outcome.faults.append(f'refused without the word "{planted.refused}"')
    except Exception as error:  # noqa: BLE001 (a crash is what is looked for)
        outcome = Outcome("crash", faults=[f"{type(error).__name__}: {error}"[:200]])
    outcome.seconds = time.perf_counter() - began
    return outcome


def rows_of(whole: Document) -> tuple[list[Example], list[str]]:
    """The rows of a file and of the files in it, and all that is told about them."""
    rows: list[Example] = []
    notes: list[str] = []
    for document in whole.all_parts():
        notes += document.notes
        try:
            made, mappings, more = examples_from_document(document)
        except UserError as error:
            notes.append(error.what)
            continue
        rows += made
        notes += [*more, *(f"Guessed columns: {m.reason}" for m in mappings if not m.sure)]
    return rows, notes


def judged(whole: Document, rows: list[Example], notes: list[str], planted: Planted) -> Outcome:
    text = text_of(whole)
    found = [one for one in planted.sentences if plain(one) in text]
    right = [pair for pair in planted.pairs if is_row(pair, rows)]
    lost = [one for one in (*planted.sentences, *(answer for _, answer in planted.pairs)) if plain(one) not in text]
    said = " ".join(notes)
    unsaid = [words for words in planted.says if words not in said]
    leaked = [one for one in planted.unwanted if any(one in e.question + e.answer for e in rows)]
    outcome = Outcome("partly" if planted.says else "read", len(rows), len(found), len(right), notes)
    outcome.faults += [f"lost: {one[:60]}" for one in lost[:3]] + ([f"{len(lost)} lost"] if len(lost) > 3 else [])
    outcome.faults += [f"not said: {words}" for words in unsaid] + [f"came out: {one[:60]}" for one in leaked]
    if planted.refused:
        outcome.faults.append(f"read, though {planted.refused}")
    if len(right) < len(planted.pairs) and not lost:
        outcome.faults.append(f"{len(planted.pairs) - len(right)} pairs are no rows")
    return outcome


def is_row(pair: tuple[str, str], rows: Sequence[Example]) -> bool:
    """Whether the pair is a row: the question in what was asked, and nothing but the answer in the answer."""
    question, answer = map(plain, pair)
    return any(question in plain(row.question) and plain(row.answer) == answer for row in rows)


def text_of(whole: Document) -> str:
    """All that was read, as one line."""
    parts: list[str] = []
    for document in whole.all_parts():
        parts += [f"{passage.heading} {passage.text}" for passage in document.passages]
        parts += [content for one in document.conversations for _, content in one.messages]
        parts += [" ".join(row) for table in document.tables for row in [table.header, *table.rows]]
    return plain(" ".join(parts))


def plain(text: str) -> str:
    """Text without the differences that a line's end, a bullet or a kind of blank makes."""
    return re.sub(r"\s+([?!:;])", r"\1", re.sub(r"\s+", " ", text)).strip()


# Other tools


def asked(environment: Path, files: Path, planted: dict[str, Planted], out: Path) -> dict[str, dict[str, Any]] | None:
    """What another tool makes of each file; None where it is not installed."""
    python = environment / "bin" / "python"
    if not python.exists():
        print(f"{environment.name} is not installed; left out.")
        return None
    (out / "planted.json").write_text(json.dumps({name: asdict(one) for name, one in planted.items()}))
    script = Path(__file__).with_name("messy_folder_peers.py")
    answer = out / f"{environment.name}.json"
    arguments = [environment.name, files.resolve(), (out / "planted.json").resolve(), answer.resolve()]
    environ = {**os.environ, "HF_HUB_OFFLINE": "1", "DISABLE_VERSION_CHECK": "1"}
    with tempfile.TemporaryDirectory(prefix="attune-peer-") as folder:
        subprocess.run(
            [python.absolute(), script, *arguments],
            check=True, timeout=PEER_SECONDS, cwd=folder, env=environ,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    found: dict[str, dict[str, Any]] = json.loads(answer.read_text())
    return found


def report(
    planted: dict[str, Planted], outcomes: dict[str, Outcome], peers: dict[str, dict[str, dict[str, Any]]]
) -> str:
    head = ["file", "outcome", "rows", "sentences", "pairs", "told", "seconds", "fault", *peers]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for name, seeds in planted.items():
        own = outcomes[name]
        cells = [
            shown_name(Path(name)), own.verdict, str(own.rows), of(own.sentences, seeds.sentences),
            of(own.pairs, seeds.pairs), " ".join(own.told)[:160], f"{own.seconds:.2f}", "; ".join(own.faults),
            *(peer_cell(found[name], seeds) for found in peers.values()),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cell.replace('|', '/').replace(chr(10), ' ') for cell in cells)} |")
    return "\n".join([*lines, "", *totals(planted, outcomes, peers), ""])


def of(found: int, planted: Sequence[object]) -> str:
    return f"{found} of {len(planted)}" if planted else ""


def peer_cell(found: dict[str, Any], seeds: Planted) -> str:
    if found["outcome"] != "read":
        return f"{found['outcome']}: {found['error'][:80]}" if found["error"] else str(found["outcome"])
    parts = [of(found["sentences"], seeds.sentences), of(found["pairs"], seeds.pairs)]
    return f"read; {', '.join(filter(None, parts)) or 'nothing planted'}"


def totals(
    planted: dict[str, Planted], outcomes: dict[str, Outcome], peers: dict[str, dict[str, dict[str, Any]]]
) -> list[str]:
    units, pairs = sum(len(one.sentences) for one in planted.values()), sum(len(one.pairs) for one in planted.values())
    lines = [
        f"{len(planted)} files with {units} sentences and {pairs} pairs. Here: "
        f"{sum(one.verdict in ('read', 'partly') for one in outcomes.values())} read, "
        f"{sum(one.verdict == 'refused' for one in outcomes.values())} refused, "
        f"{sum(one.sentences for one in outcomes.values())} sentences and "
        f"{sum(one.pairs for one in outcomes.values())} pairs found, "
        f"{sum(one.rows for one in outcomes.values())} rows, "
        f"{sum(bool(one.faults) for one in outcomes.values())} files with a fault, "
        f"{sum(one.seconds for one in outcomes.values()):.0f} seconds."
    ]
    for name, found in peers.items():
        read = [one for one in found.values() if one["outcome"] == "read"]
        lines.append(
            f"{name}: {len(read)} read, {sum(one['sentences'] for one in read)} sentences and "
            f"{sum(one['pairs'] for one in read)} pairs found."
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
