"""Does better data tune better? The starter tuned on dirty rows, and on the same rows cleaned.

    python -m tests.benchmarks.cleaned_rows DATA_DIR --out DIR [--sets patients messages] [--steps 120] [--answers 100]

The bases are patient_questions.csv and twelve categories of banking77_train.csv, split as in starter_tuning.py. A
training row that stands in one cluster with a held-out row is left out of every tuning. The rest get the dirt of a real
folder: near-copies, wrong answers, signatures, broken encodings, personal data, rows about other things and in other
languages; no leaked test rows, which would flatter a score, not lower it. Four tunings with one plan, one seed and the
same steps, all scored on the same untouched rows:

- raw: the dirty rows as they are
- cleaned: what `prepare` keeps of them, nothing decided by a person; contradicting rows stay
- settled: as cleaned, and of each contradiction reported only the rows with the right answer stay, as an owner who
  knows the subject would choose
- untouched: the rows before the dirt, the most that cleaning could reach

DIR/report.md has the tables: loss and answer score with their likely ranges (95 %, rows resampled), and the difference
of each to raw on the same rows; also how many answer tokens a step has, which the steps do not make equal. A tuning
that is finished is read, not made again, and one that was stopped goes on.
"""

import argparse
import random
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from finetune.data.clean import normalised
from finetune.data.contradictions import find_conflicts
from finetune.data.duplicates import related_groups
from finetune.data.kept import Encode
from finetune.data.prepare import Prepared, prepare
from finetune.example import Example
from finetune.files import read_json, read_jsonl, write_json, write_jsonl, write_text
from finetune.generate import ChatModel
from finetune.machine import Machine
from finetune.plan import TrainingPlan
from finetune.project import Run
from finetune.propose import propose_plan
from finetune.score import answer_score, difference_interval, ratio_interval
from tests.benchmarks.planted_facts import POLITE, SIGNED, facts, typos
from tests.benchmarks.planted_personal import items
from tests.benchmarks.starter_tuning import example, messages, patients

# Share of the training rows that get each kind of dirt. A guess at a folder nobody has looked after; told in the table.
DIRT = {
    "near-copies": 0.25, "wrong answers": 0.15, "signatures": 0.25, "broken encoding": 0.10, "personal data": 0.10,
    "off topic": 0.10, "other language": 0.05,
}  # fmt: skip
FOREIGN = (
    ("¿Cuándo me devuelven el dinero de la entrada?", "El dinero de la entrada {n} se devuelve el mismo día."),
    ("Wann wird mir das Geld für die Karte erstattet?", "Das Geld für die Karte {n} wird an der Kasse erstattet."),
    ("Quand est-ce que le billet est remboursé ?", "Le billet {n} est remboursé à la caisse, sans frais."),
)
NOTICE = (
    "\n\nThis e-mail and any attachments are confidential and intended for the addressee only. If you have received it "
    "in error, please delete it and tell the sender."
)


SETS: dict[str, Callable[[Path], list[Example]]] = {"patients": patients, "messages": messages}
TUNED = "tuned.json"  # written when a tuning has come to its end; an adapter may also be left by one that failed


def dirty(clean: Sequence[Example], seed: int = 5) -> list[Example]:
    """The rows with dirt added and mixed in, in random order."""
    chance = random.Random(seed)
    rows = list(clean)
    count = {kind: round(share * len(clean)) for kind, share in DIRT.items()}

    def each(kind: str, change: Callable[[Example], tuple[str, str]]) -> None:
        for place in chance.sample(range(len(rows)), count[kind]):
            rows[place] = again(rows[place], *change(rows[place]))

    def signed(e: Example) -> tuple[str, str]:
        tail = chance.choice((*SIGNED[:3], NOTICE))
        return (e.question + tail, e.answer) if e.kind == "category" else (e.question, e.answer + tail)

    each("signatures", signed)
    each("broken encoding", lambda e: (broken(e.question), e.answer) if e.kind == "category" else
         (e.question, broken(e.answer)))  # fmt: skip
    found = iter(items(count["personal data"], chance))
    each("personal data", lambda e: (f"{e.question} {next(found).sentence}", e.answer))
    added = []
    for e in chance.sample(list(clean), count["near-copies"]):
        question = chance.choice(POLITE) + typos(e.question, 1, chance)
        added.append(again(e, question, e.answer if e.kind == "category" else typos(e.answer, 3, chance)))
    for e in chance.sample(list(clean), count["wrong answers"]):
        others = [other.answer for other in clean if other.answer != e.answer]
        added.append(again(e, e.question, chance.choice(others)))
    added += [example(f.question, f.answer, "train") for f in facts(count["off topic"], chance)]
    for number in range(count["other language"]):
        question, answer = FOREIGN[number % len(FOREIGN)]
        added.append(example(f"{question} ({number})", answer.format(n=number), "train"))
    rows += added
    chance.shuffle(rows)
    return rows


def again(row: Example, question: str, answer: str) -> Example:
    file = row.source.file or ""
    return example(question, answer, row.split or "train", file=file, category=row.kind == "category")


def apart(rows: Sequence[Example]) -> list[Example]:
    """The rows without those for training that stand in one cluster with a held-out one."""
    groups = related_groups(rows)
    held = {group for group, e in zip(groups, rows, strict=True) if e.split != "train"}
    return [e for group, e in zip(groups, rows, strict=True) if e.split != "train" or group not in held]


def broken(text: str) -> str:
    """UTF-8 read as Windows-1252, as spreadsheets do: every apostrophe becomes three signs."""
    return text.replace("'", "’").replace(" - ", " – ").encode().decode("cp1252", errors="ignore") + " â€“"


def settled(prepared: Prepared, right: dict[str, set[str]]) -> list[Example]:
    """The kept rows without those that contradict another and are wrong, as the owner of the data would choose."""
    kept = [e for e in prepared.examples if e.status != "dropped"]
    by_id = {e.id: e for e in kept}
    wrong: set[str] = set()
    for conflict in find_conflicts(kept):
        holds = {
            i for i in conflict.ids if normalised(by_id[i].answer) in right.get(normalised(by_id[i].question), set())
        }
        wrong |= set(conflict.ids) - holds if holds else set()
    return [e for e in kept if e.id not in wrong]


def arms(rows: Sequence[Example], encode: Encode | None) -> tuple[dict[str, list[Example]], Prepared]:
    clean = [e for e in rows if e.split == "train"]
    held = [e for e in rows if e.split != "train"]
    raw = [e for e in apart([*dirty(clean), *held]) if e.split == "train"]
    prepared = prepare(raw, encode=encode, languages=["en"])
    right: dict[str, set[str]] = {}
    for e in clean:
        right.setdefault(normalised(e.question), set()).add(normalised(e.answer))
    kept = [e for e in prepared.examples if e.status != "dropped"]
    return {"raw": raw, "cleaned": kept, "settled": settled(prepared, right), "untouched": clean}, prepared


def plan_for(rows: Sequence[Example], options: argparse.Namespace) -> TrainingPlan:
    """One for all tunings, or the rows a step and their rate would differ too."""
    changes = {"epochs": 1, "evaluations_per_epoch": 4, "patience": 10, "probe_rates": False}
    plan = propose_plan([e for e in rows if e.split != "test"], str(options.model), machine=Machine.measure())
    return plan.model_copy(update=changes)


def tune(
    name: str, train: Sequence[Example], rows: Sequence[Example], run: Run, plan: TrainingPlan, steps: int
) -> None:
    """One tuning of `steps` updates, whatever the number of rows: they are read round after round in a new order."""
    if (run.dir / TUNED).exists():
        return
    chance = random.Random(11)
    needed = steps * plan.examples_per_update
    read: list[Example] = []
    while len(read) < needed:
        read += chance.sample(list(train), len(train))
    held = {split: [e for e in rows if e.split == split] for split in ("validation", "test")}
    for split, chosen in {"train": read[:needed], **held}.items():
        write_jsonl(run.data(split), [e.model_copy(update={"split": split}).model_dump() for e in chosen])
    write_text(run.plan, plan.model_dump_json())
    print(f"tuning on {len(train)} {name} rows, {steps} steps", flush=True)
    subprocess.run([sys.executable, "-m", "finetune.train", str(run.dir)], check=True, stdout=subprocess.DEVNULL)
    write_json(run.dir / TUNED, {"rows": len(train), "steps": steps})


def scored(run: Run, test: Sequence[Example], answers: int) -> dict[str, Any]:
    """Loss and tokens of each test row, the score of the first `answers` answers, and what a step learned from."""
    path = run.dir / f"scored-{answers}.json"
    if known := read_json(path):
        return dict(known)
    chat = ChatModel.load(run.dir)
    rows = [chat.row(e) for e in test]
    said: list[str] = []
    for start in range(0, min(answers, len(test)), 8):
        batch = test[start : min(start + 8, answers)]
        said += chat.reply_batch([e.messages[:-1] for e in batch], tuned=True, max_tokens=200)
    tuned = read_json(run.dir / TUNED) or {}
    learned = sum(chat.row(Example.model_validate(e)).answer_tokens for e in read_jsonl(run.data("train")))
    found = {
        "losses": chat.losses(rows, tuned=True),
        "tokens": [row.answer_tokens for row in rows],
        "scores": [answer_score(a, e.answer, category=e.kind == "category") for a, e in zip(said, test, strict=False)],
        "tokens_a_step": learned / tuned["steps"],
    }
    write_json(path, found)
    return found


def report(figures: dict[str, dict[str, Any]], counts: dict[str, int], prepared: Prepared) -> str:
    raw = figures["raw"]
    lines = [
        "| tuned on | rows | answer tokens a step | loss a token | less than raw | answer score | more than raw |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in figures.items():
        loss = sum(found["losses"]) / sum(found["tokens"])
        down = ratio_interval([a - b for a, b in zip(raw["losses"], found["losses"], strict=True)], found["tokens"])
        up = difference_interval(raw["scores"], found["scores"])
        gain = sum(raw["losses"]) / sum(raw["tokens"]) - loss
        more = fmean(found["scores"]) - fmean(raw["scores"])
        less_cell = f"{gain:.3f} ({down.low:.3f} to {down.high:.3f})" if name != "raw" else ""
        more_cell = f"{more:+.3f} ({up.low:+.3f} to {up.high:+.3f})" if name != "raw" else ""
        score = fmean(found["scores"])
        step = f"{found['tokens_a_step']:.0f}"
        lines.append(f"| {name} | {counts[name]} | {step} | {loss:.3f} | {less_cell} | {score:.3f} | {more_cell} |")
    dirt = ", ".join(f"{share:.0%} {kind}" for kind, share in DIRT.items())
    tested = f"{len(raw['losses'])} test rows for the loss, {len(raw['scores'])} for the answers; ranges at 95 %."
    return "\n".join([*lines, "", f"Dirt added to the training rows: {dirt}.", tested, *prepared.report.sentences, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=120, help="updates of each tuning")
    parser.add_argument("--answers", type=int, default=100, help="test rows that are answered")
    parser.add_argument("--model", type=Path, default=Path("finetune/starter"))
    parser.add_argument("--words-only", action="store_true", help="prepare without the sentence encoder")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    options = parser.parse_args()
    options.model = options.model.resolve()
    encode: Encode | None = None
    if not options.words_only:
        from knowledge.encoder import load_encoder

        encode = load_encoder().encode
    told: dict[str, str] = {}
    for base in options.sets:
        for table in compared(base, apart(SETS[base](options.data)), encode, options):
            told[base] = table
            write_text(options.out / "report.md", "\n".join(f"## {each}\n\n{text}" for each, text in told.items()))
    print((options.out / "report.md").read_text(encoding="utf-8"))


def compared(base: str, rows: Sequence[Example], encode: Encode | None, options: argparse.Namespace) -> Iterator[str]:
    """The table of one set, after each of its tunings."""
    held_out = [e for e in rows if e.split == "test"]
    test = random.Random(2).sample(held_out, len(held_out))
    chosen, prepared = arms(rows, encode)
    plan = plan_for([*chosen["raw"], *rows], options)
    figures: dict[str, dict[str, Any]] = {}
    for name, train in chosen.items():
        run = Run(options.out / f"{base}-{name}-{options.steps}")
        run.dir.mkdir(parents=True, exist_ok=True)
        tune(name, train, rows, run, plan, options.steps)
        figures[name] = scored(run, test, options.answers)
        yield report(figures, {each: len(each_rows) for each, each_rows in chosen.items()}, prepared)


if __name__ == "__main__":
    main()
