"""Faults planted among many good rows, and what the preparation finds of them.

    python -m tests.benchmarks.planted --out DIR [--rows 20000] [--seed 1] [--words-only]

Near-copies, contradictions, leaks across files and personal items, each in several ways, are put into files of several
formats, which are read and prepared as in the journey. DIR/planted.md says by way of planting what was found and
missed, and how often a good row was taken for a bad one. Nothing is copied from others; see planted_facts.py.

A near-copy is found when one of the two rows is left out, and half found when both are kept on one side of the split.
A contradiction is found when the report names both rows together; it is lost when one was left out as a copy. A leak
is a row of the sealed test set, in other words in another file: it must be left out or join the test. A personal item
is found when its value stands in no row any more.
"""

import argparse
import csv
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from finetune.data.clean import normalised
from finetune.data.collect import collect
from finetune.data.kept import Encode, Kept
from finetune.data.prepare import Prepared, prepare
from finetune.data.reasons import HIDDEN, OUTDATED
from finetune.example import Example
from finetune.files import write_text
from tests.benchmarks.planted_facts import (
    POLITE,
    SIGNED,
    Fact,
    facts,
    numbers_in_words,
    other_number,
    reformatted,
    reworded,
    synonyms,
    truncated,
    turned_round,
    typos,
)
from tests.benchmarks.planted_personal import Item, items

FILES = ("faq.csv", "tickets.csv", "handbook.jsonl")
GUIDE = "guide.md"  # the other format of a leak
PER_20_000 = {"copies": 500, "contradictions": 200, "leaks": 100, "personal": 300}
Row = tuple[str, str]  # question, answer

COPIES: dict[str, Callable[[Fact, random.Random], Row]] = {
    "case and punctuation": lambda f, c: (f.question.lower().rstrip("?"), f.answer.upper()),
    "slips of the pen": lambda f, c: (typos(f.question, 1, c), typos(f.answer, 2, c)),
    "polite words before": lambda f, c: (c.choice(POLITE) + f.question, f.answer),
    "greeting and signature": lambda f, c: (f.question, f"Dear member,\n\n{f.answer}{c.choice(SIGNED)}"),
    "reformatted": lambda f, c: (f.question, reformatted(f.answer, c)),
    "cut off": lambda f, c: (f.question, truncated(f.answer, c)),
    "sentences turned round": lambda f, c: (f.question, turned_round(f.answer)),
    "numbers in words": lambda f, c: (f.question, numbers_in_words(f.answer)),
    "synonyms": lambda f, c: (synonyms(f.question), synonyms(f.answer)),
    "question in other words": lambda f, c: (reworded(f).question, f.answer),
}
CONTRADICTIONS: dict[str, Callable[[Fact, random.Random], Row]] = {
    "other number": lambda f, c: (f.question, other_number(f).answer),
    "other number, answer in other words": lambda f, c: (f.question, other_number(reworded(f, question=False)).answer),
    "other number, slip in the question": lambda f, c: (typos(f.question, 1, c), other_number(f).answer),
    "polite words, other number": lambda f, c: (c.choice(POLITE) + f.question, other_number(f).answer),
    "question in other words, other number": lambda f, c: (reworded(f).question, other_number(f).answer),
    "denied": lambda f, c: (f.question, f"No. This is not so any more {dict(f.values)['c']}."),
}
LEAKS: dict[str, Callable[[Fact, random.Random], Row]] = {
    "question in other words": lambda f, c: (reworded(f).question, f.answer),
    "both in other words": lambda f, c: (reworded(f).question, reworded(f).answer),
    "answer in other words, slip in the question": lambda f, c: (
        typos(f.question, 1, c), reworded(f, question=False).answer,
    ),
    "another format": lambda f, c: (f.question, f.answer),
}  # fmt: skip


@dataclass
class Planted:
    """What was put where; a place is a file and its row there."""

    kind: str
    way: str
    original: tuple[str, int]
    copy: tuple[str, int] | None = None  # None for personal items, which stand in the original
    item: Item | None = None
    question: str = ""  # of a copy in the guide, where rows have no number


@dataclass
class Plan:
    files: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in (*FILES, GUIDE)})
    planted: list[Planted] = field(default_factory=list)

    def add(self, file: str, row: Row) -> tuple[str, int]:
        self.files[file].append(row)
        return file, len(self.files[file])


def make(rows: int, seed: int) -> Plan:
    """All rows with the faults in them; each good row has one fault at most."""
    chance = random.Random(seed)
    counts = {kind: max(len(COPIES), round(n * rows / 20_000)) for kind, n in PER_20_000.items()}
    plan = Plan()
    made = facts(rows - sum(counts.values()) + counts["personal"], chance)
    queue = iter(made)
    for kind, ways in (("copies", COPIES), ("contradictions", CONTRADICTIONS), ("leaks", LEAKS)):
        for number in range(counts[kind]):
            way = list(ways)[number % len(ways)]
            fact = next(queue)
            home, away = chance.sample(FILES, 2)
            away = GUIDE if way == "another format" else away
            row = ways[way](fact, chance)
            plan.planted.append(
                Planted(kind, way, plan.add(home, (fact.question, fact.answer)), plan.add(away, row), question=row[0])
            )
    for item in items(counts["personal"], chance):
        fact = next(queue)
        row = chance.choice(
            (
                (f"{fact.question} {item.sentence}", fact.answer),
                (f"{item.sentence} {fact.question}", fact.answer),
                (fact.question, f"{fact.answer} {item.sentence}"),
            )
        )
        plan.planted.append(Planted("personal", item.kind, plan.add(chance.choice(FILES), row), item=item))
    for fact in queue:
        plan.add(chance.choice(FILES), (fact.question, fact.answer))
    return plan


def write(plan: Plan, folder: Path) -> list[Path]:
    """The rows as files of their formats, in the order given."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in plan.files.items():
        path = folder / name
        if path.suffix == ".csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("Question", "Answer"), *rows])
        elif path.suffix == ".jsonl":
            path.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in rows), "utf-8")
        else:
            path.write_text("# Guide\n\n" + "".join(f"## {q}\n\n{a}\n\n" for q, a in rows), "utf-8")
    return [folder / name for name in plan.files]


def read(plan: Plan, folder: Path) -> tuple[list[Example], dict[tuple[str, int], str]]:
    """The rows as the program reads them, and the id of each place; the leaked rows are sealed for the test."""
    collected = collect(write(plan, folder))
    header = {".csv": 1, ".jsonl": 0}
    ids: dict[tuple[str, int], str] = {}
    guide = {normalised(e.question): e.id for e in collected.examples if e.source.file == GUIDE}
    for example in collected.examples:
        source = example.source
        if source.file and source.row is not None and source.file != GUIDE:
            ids[source.file, source.row - header[Path(source.file).suffix]] = example.id
    for each in plan.planted:
        if each.copy and each.copy[0] == GUIDE and normalised(each.question) in guide:
            ids[each.copy] = guide[normalised(each.question)]
    tested = {ids[each.original] for each in plan.planted if each.kind == "leaks"}
    sealed = [
        e.model_copy(update={"status": "approved", "split": "test"}) if e.id in tested else e
        for e in collected.examples
    ]
    return sealed, ids


def outcome(each: Planted, prepared: Prepared, ids: dict[tuple[str, int], str]) -> str:
    """One of "found", "half found", "missed", "lost" and "not read"."""
    by_id = {e.id: e for e in prepared.examples}
    if each.original not in ids or (each.copy and each.copy not in ids):
        return "not read"
    original = by_id[ids[each.original]]
    if each.item:
        return "missed" if each.item.value in f"{original.question}\n{original.answer}" else "found"
    copy = by_id[ids[each.copy]] if each.copy else original
    dropped = "dropped" in (original.status, copy.status)
    if each.kind == "contradictions":
        together = any({original.id, copy.id} <= set(group) for group in prepared.report.contradictions)
        return "found" if together else "lost" if dropped else "missed"
    if each.kind == "leaks":
        return "found" if copy.status == "dropped" or copy.split == "test" else "missed"
    return "found" if dropped else "half found" if original.split == copy.split else "missed"


@dataclass
class Outcome:
    """What became of the faults, by kind and way, and of the good rows."""

    by_way: dict[str, dict[str, Counter[str]]]
    false_alarms: dict[str, int]
    good_rows: int

    def recall(self, kind: str) -> float:
        counts = sum(self.by_way[kind].values(), Counter[str]())
        return counts["found"] / max(1, counts.total())


def judge(plan: Plan, prepared: Prepared, ids: dict[tuple[str, int], str]) -> Outcome:
    ways: dict[str, dict[str, Counter[str]]] = {}
    for each in plan.planted:
        ways.setdefault(each.kind, {}).setdefault(each.way, Counter())[outcome(each, prepared, ids)] += 1
    touched = {ids.get(place) for p in plan.planted for place in (p.original, p.copy) if place}
    good = [e for e in prepared.examples if e.id not in touched]
    conflicting = {example_id for group in prepared.report.contradictions for example_id in group}
    alarms = Counter(f"left out: {e.reasons[-1].rstrip('0123456789')}" for e in good if e.status == "dropped")
    alarms |= {
        "called contradictory": sum(e.id in conflicting for e in good),
        "personal data replaced": sum(HIDDEN in e.reasons for e in good),
        "called out of date": sum(any(r.startswith(OUTDATED) for r in e.reasons) for e in good),
    }
    return Outcome(ways, dict(alarms), len(good))


def table(outcome: Outcome, seconds: dict[str, float]) -> str:
    lines = [
        "| planted | how | planted | found | half found | missed | lost | not read |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for kind, ways in outcome.by_way.items():
        for way, counts in [*ways.items(), ("**all**", sum(ways.values(), Counter[str]()))]:
            cells = " | ".join(str(counts[what]) for what in ("found", "half found", "missed", "lost", "not read"))
            lines.append(f"| {kind} | {way} | {counts.total()} | {cells} |")
    alarms = [f"- {what}: {count} of {outcome.good_rows:,}" for what, count in outcome.false_alarms.items()]
    times = ", ".join(f"{what} {taken:.0f} s" for what, taken in seconds.items())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return "\n".join([*lines, "", "False alarms on good rows:", *alarms, "", f"{times}; {peak:.2f} GiB at most.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--words-only", action="store_true", help="without the sentence encoder")
    options = parser.parse_args()
    encode: Encode | None = None
    if not options.words_only:
        from knowledge.encoder import load_encoder

        encode = load_encoder().encode
    seconds = {}
    plan = make(options.rows, options.seed)
    start = time.process_time()
    examples, ids = read(plan, options.out / "files")
    seconds["reading"] = time.process_time() - start
    start = time.process_time()
    prepared = prepare(examples, encode=encode, kept=Kept(options.out / "kept"))
    seconds["preparing"] = time.process_time() - start
    told = table(judge(plan, prepared, ids), seconds)
    write_text(options.out / "planted.md", told + "\n" + "\n".join(prepared.report.sentences) + "\n")
    print(told)


if __name__ == "__main__":
    main()
