"""What preparing many rows costs, and reading many pages.

    python -m tests.benchmarks.data_scale --out DIR [--rows 10000 100000] [--pages 100 1000] [--vectors]

Each size runs in a process of its own. Seconds are of the processor (user and system), so that other work on the
machine does not count; the last column tells by how much the cost of each stage grew. Then the program's own command,
`python -m finetune.data`, prepares the most rows and a PDF with a page for every hundred of them: once without a break,
once killed when half of the personal data was searched and started again; what both write must be the same to the byte.
DIR/scale.md has the tables. What is measured is kept, so that a run that was broken off goes on.
"""

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetune.data.clean import clean_example
from finetune.data.contradictions import find_conflicts
from finetune.data.duplicates import find_duplicates
from finetune.data.hiding import hide_personal
from finetune.data.kept import Kept
from finetune.data.meaning import same_in_meaning
from finetune.data.read import read_file
from finetune.data.split import leak_sentence, split_examples
from finetune.files import read_json, write_json, write_text
from tests.benchmarks.planted import make, read, write
from tests.benchmarks.planted_facts import facts

PARAGRAPHS_A_PAGE = 9
ROWS_A_PAGE = 100  # where both are prepared together


def processor_seconds() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def peak_gib() -> float:
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 2**20


class Clock:
    """Processor seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def time(self, stage: str, work: Callable[[], Any]) -> Any:
        start = processor_seconds()
        done = work()
        self.seconds[stage] = processor_seconds() - start
        return done


def rows_measured(count: int, out: Path, vectors: bool) -> dict[str, Any]:
    """The stages of `prepare` one after the other; what is sought again finds what the first search kept."""
    clock = Clock()
    plan = clock.time("making the rows", lambda: make(count, 1))
    examples, _ = clock.time("reading the files", lambda: read(plan, out / f"rows-{count}"))
    kept = Kept(out / f"rows-{count}" / "kept")
    cleaned = clock.time("cleaning", lambda: [clean_example(e) for e in examples])
    hidden, _ = clock.time("personal data", lambda: hide_personal(cleaned, find=kept.personal))
    clock.time("personal data again", lambda: hide_personal(cleaned, find=kept.personal))
    clock.time("duplicates", lambda: find_duplicates(hidden))
    clock.time("contradictions", lambda: find_conflicts(hidden))
    if vectors:
        from knowledge.encoder import load_encoder

        encode = kept.encoder(load_encoder().encode)
        clock.time("meaning", lambda: same_in_meaning(hidden, encode))
        clock.time("meaning again", lambda: same_in_meaning(hidden, encode))
    divided = clock.time("split", lambda: split_examples(hidden))
    clock.time("leak report", lambda: leak_sentence(divided))
    return {"seconds": clock.seconds, "peak_gib": peak_gib()}


def pages_measured(count: int, out: Path, vectors: bool) -> dict[str, Any]:
    path = out / f"pages-{count}.pdf"
    write_pages(path, count)
    clock = Clock()
    start = time.monotonic()
    document = clock.time("reading", lambda: read_file(path))
    wall = time.monotonic() - start
    found = {passage.page for passage in document.passages}
    return {"seconds": clock.seconds, "wall": wall, "pages": len(found), "peak_gib": peak_gib()}


def write_pages(path: Path, count: int) -> None:
    from fpdf import FPDF

    path.parent.mkdir(parents=True, exist_ok=True)
    told = iter(facts(count * PARAGRAPHS_A_PAGE, random.Random(4)))
    pdf = FPDF()
    for number in range(count):
        pdf.add_page()
        pdf.set_font("Helvetica", "B", 14)
        pdf.multi_cell(0, 10, f"Section {number + 1}", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", "", 11)
        for _ in range(PARAGRAPHS_A_PAGE):
            pdf.multi_cell(0, 6, next(told).answer, new_x="LMARGIN", new_y="NEXT")
    pdf.output(str(path))


def killed_measured(count: int, out: Path, vectors: bool) -> dict[str, Any]:
    folder = out / f"killed-{count}"
    pages = folder / "handbook.pdf"
    write_pages(pages, max(1, count // ROWS_A_PAGE))
    files = [*write(make(count, 1), folder / "files"), pages]
    for old in ("unbroken", "killed"):
        shutil.rmtree(folder / old, ignore_errors=True)
    clock = Clock()
    clock.time(
        "without a break",
        lambda: subprocess.run(command(files, folder / "unbroken"), check=True, stdout=subprocess.DEVNULL),
    )
    half = kept_chunks(folder / "unbroken") // 2
    clock.time("until the kill", lambda: kill_at(command(files, folder / "killed"), folder / "killed", half))
    clock.time(
        "from there on",
        lambda: subprocess.run(command(files, folder / "killed"), check=True, stdout=subprocess.DEVNULL),
    )
    rows = [(folder / run / "examples.jsonl").read_bytes() for run in ("unbroken", "killed")]
    return {
        "seconds": clock.seconds, "peak_gib": peak_gib(), "rows": rows[0].count(b"\n"), "same": rows[0] == rows[1]
    }  # fmt: skip


def command(files: list[Path], out: Path) -> list[str]:
    return [sys.executable, "-m", "finetune.data", *map(str, files), "--out", str(out), "--json"]


def kept_chunks(out: Path) -> int:
    """How many stretches of texts have been searched for personal data so far."""
    return sum(path.read_bytes().count(b"\n") for path in (out / "kept").glob("personal-*.jsonl"))


def kill_at(argv: list[str], out: Path, chunks: int) -> None:
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    while kept_chunks(out) < chunks:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.2)
    process.kill()
    process.wait()
    assert not (out / "examples.jsonl").exists(), "it was killed after its work was done"


MEASURES = {"rows": rows_measured, "pages": pages_measured, "killed": killed_measured}


def table(what: str, found: dict[int, dict[str, Any]]) -> str:
    sizes = list(found)
    head = " | ".join(f"{size:,} {what}" for size in sizes)
    lines = [f"| stage, processor seconds | {head} | growth |", "|---|" + "---|" * (len(sizes) + 1)]
    for stage in found[sizes[0]]["seconds"]:
        cost = [found[size]["seconds"][stage] for size in sizes]
        cells = " | ".join(f"{seconds:.1f}" for seconds in cost)
        lines.append(f"| {stage} | {cells} | × {cost[-1] / max(cost[0], 0.01):.1f} |")
    memory = " | ".join(f"{found[size]['peak_gib']:.2f}" for size in sizes)
    lines.append(f"| memory at most, GiB | {memory} | |")
    if what == "pages":
        speed = " | ".join(f"{found[size]['pages'] / found[size]['seconds']['reading']:.1f}" for size in sizes)
        lines += [f"| pages a processor second | {speed} | |"]
    if what == "killed":
        lines += [
            f"\n{each['rows']:,} rows written, the same after the kill: {each['same']}" for each in found.values()
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--pages", type=int, nargs="*", default=[100, 1_000])
    parser.add_argument("--vectors", action="store_true", help="also compare what the rows mean")
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        what, size = options.one
        print(json.dumps(MEASURES[what](int(size), options.out, options.vectors)))
        return
    found: dict[str, dict[int, dict[str, Any]]] = {what: {} for what in ("rows", "killed", "pages")}
    sizes = [("pages", size) for size in options.pages] + [("rows", size) for size in options.rows]
    for what, size in [*sizes, *[("killed", size) for size in sorted(options.rows)[-1:]]]:
        found[what][size] = measured(what, size, options)
        told = "\n".join(table(each, of) for each, of in found.items() if of)
        write_text(options.out / "scale.md", told)
    print(told)


def measured(what: str, size: int, options: argparse.Namespace) -> dict[str, Any]:
    record = options.out / f"{what}-{size}{'-vectors' * options.vectors}.json"
    if known := read_json(record):
        return dict(known)
    argv = [sys.executable, "-m", "tests.benchmarks.data_scale", "--out", str(options.out)]
    argv += ["--one", what, str(size), *(["--vectors"] if options.vectors else [])]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    write_json(record, found)
    return found


if __name__ == "__main__":
    main()
