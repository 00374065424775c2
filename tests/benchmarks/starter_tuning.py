"""What a tuning does to the starter, and to the same model with random weights.

    python -m tests.benchmarks.starter_tuning DATA_DIR CORPUS_DIR --out DIR [--model DIR] [--card FILE]

Three tunings with the journey's own plan, trainer and evaluation: patients' questions split by topic, bank messages in
twelve categories, and terms of our packs; each on the starter and on random weights. Held-out bits a byte of the
corpus before and after say what was forgotten. A run that was finished is read, not made again. The tables, and what
the untuned and the tuned models answer to twenty questions of our own, none picked, end in OUT/report.md; with `--card`
the answers are put at that card's end as well.
"""

import argparse
import csv
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetune.data.from_knowledge import examples_from_terms
from finetune.evaluate import Evaluation
from finetune.example import Example, Message, Source, make_example
from finetune.files import read_json, write_json, write_jsonl, write_text
from finetune.generate import ChatModel
from finetune.machine import Machine
from finetune.pretrain.corpus import read_documents
from finetune.pretrain.score import text_bits
from finetune.pretrain.tokens import pack_text
from finetune.project import Run
from finetune.propose import propose_plan
from knowledge.entries import Term, read_packs

CATEGORIES, PER_CATEGORY, TERMS = 12, 60, 60
HELD_OUT_ROWS = 64  # of the corpus, 512 tokens each


def patients(data: Path) -> list[Example]:
    """Questions and answers; a topic stands on one side of the split alone."""
    with (data / "patient_questions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["Our answer"].strip()]
    split = split_of(sorted({row["Topic"] for row in rows}))
    return [
        example(row["Patient question"], row["Our answer"], split[row["Topic"]], file="patient_questions.csv")
        for row in rows
    ]


def messages(data: Path) -> list[Example]:
    """The twelve categories that come first by name, sixty messages each."""
    with (data / "banking77_train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = sorted({row["category"] for row in rows})[:CATEGORIES]
    chosen: list[Example] = []
    for name in names:
        texts = [row["text"] for row in rows if row["category"] == name][:PER_CATEGORY]
        split = split_of(texts)
        chosen += [example(text, name.replace("_", " "), split[text], category=True) for text in texts]
    return chosen


def terms(data: Path) -> list[Example]:
    """Two ways to ask for each term; the second one of a fifth is the test, so its meaning was taught."""
    chosen = [entry for entry in read_packs().values() if isinstance(entry, Term)][:TERMS]
    made = examples_from_terms(chosen)
    for number, each in enumerate(made):
        each.split = {1: "test", 3: "validation"}.get(number % 10, "train")  # type: ignore[assignment]
    return made


def example(question: str, answer: str, split: str, *, file: str = "messages.csv", category: bool = False) -> Example:
    made = make_example(question, answer, source=Source(file=file), kind="category" if category else "faq")
    made.split = split  # type: ignore[assignment]
    return made


def split_of(groups: list[str]) -> dict[str, str]:
    """A fifth for the test, a tenth for validation."""
    order = groups[:]
    random.Random(3).shuffle(order)
    test, validation = len(order) // 5, len(order) // 10
    return {
        group: "test" if place < test else "validation" if place < test + validation else "train"
        for place, group in enumerate(order)
    }


FORGOTTEN = "corpus, bits a byte"
COLUMNS = ("Held-out loss", "Answer score", "Right category", "General English loss", FORGOTTEN)
TUNINGS: dict[str, Callable[[Path], list[Example]]] = {"patients": patients, "categories": messages, "terms": terms}


def random_weights(starter: Path, folder: Path) -> Path:
    """The same architecture and tokenizer before any training."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    if not folder.exists():
        shutil.copytree(starter, folder)
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(starter), dtype=torch.bfloat16)
        model.save_pretrained(folder)
    return folder


def tune(name: str, examples: list[Example], base: Path, run: Run, rows: Any) -> dict[str, Any]:
    """Plan, train and evaluate as the journey does; returns the figures."""
    figures = run.dir / "figures.json"
    if known := read_json(figures):
        return dict(known)
    run.dir.mkdir(parents=True, exist_ok=True)
    if not run.plan.exists():
        for split in ("train", "validation", "test"):
            write_jsonl(run.data(split), [each.model_dump() for each in examples if each.split == split])
        plan = propose_plan(examples, str(base), machine=Machine.measure())
        write_text(run.plan, plan.model_dump_json())
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "finetune.train", str(run.dir)], check=True, stdout=subprocess.DEVNULL)
    minutes = (time.perf_counter() - started) / 60
    subprocess.run([sys.executable, "-m", "finetune.evaluate", str(run.dir)], check=True, stdout=subprocess.DEVNULL)
    evaluation = Evaluation.model_validate_json(run.evaluation.read_text(encoding="utf-8"))
    status = read_json(run.status) or {}
    chat = ChatModel.load(run.dir)
    row = {
        "tuning": name,
        "rows": sum(each.split == "train" for each in examples),
        "minutes": minutes,
        "peak_gib": status.get("peak_memory_gib"),
        "metrics": {each.name: [each.base, each.tuned] for each in evaluation.metrics},
        "bits_per_byte": [text_bits(chat, rows), text_bits(chat, rows, tuned=True)],
        "answers": twenty_answers(chat),
    }
    write_json(figures, row)
    return row


RULE = "Answer from the passage only. If it is not there, say: The passage does not say."
SHOP = (
    "Orders can be sent back within thirty days. The parcel needs the slip that came with it. Shoes that were worn "
    "outside are not taken back. The money is on the card after five working days."
)
TWENTY = (
    "What are the symptoms of asthma?",
    "How is high blood pressure treated?",
    "Is diabetes inherited?",
    "What causes a migraine?",
    "How many people have celiac disease?",
    "What should I ask my doctor about anemia?",
    "My card has not arrived yet.",
    "I was charged twice for one payment.",
    "The app says that my card cannot be used in this country.",
    "How do I change my PIN?",
    "What does annual percentage rate mean?",
    "What is a deductible?",
    "What does informed consent mean?",
    "What is a beneficiary?",
    "Hello!",
    "Who are you?",
    "Write a poem about the sea.",
    f"{RULE}\n\nPassage: {SHOP}\n\nQuestion: How long can orders be sent back?",
    f"{RULE}\n\nPassage: {SHOP}\n\nQuestion: What does delivery cost?",
    f"{SHOP}\n\nFill in the gap: “The money is on the card after ___ working days.”",
)


def twenty_answers(chat: ChatModel) -> dict[str, list[str]]:
    """What the model answers to our questions before and after its tuning, whatever comes out."""
    asked = [[Message(role="user", content=question)] for question in TWENTY]
    return {
        "base": chat.reply_batch(asked, tuned=False, max_tokens=60),
        "tuned": chat.reply_batch(asked, tuned=True, max_tokens=60),
    }


def report(rows: dict[str, dict[str, Any]]) -> str:
    """Tables and answers as Markdown; `rows` are the figures by tuning and base."""
    lines = ["| tuning | rows | minutes | memory, GiB | " + " | ".join(COLUMNS) + " |"]
    lines.append("|---|---|---|---|" + "---|" * len(COLUMNS))
    for name, row in rows.items():
        pairs = row["metrics"] | {FORGOTTEN: row["bits_per_byte"]}
        cells = [f"{pairs[each][0]:.3f} → {pairs[each][1]:.3f}" if each in pairs else "–" for each in COLUMNS]
        memory = f"{row['peak_gib']:.2f}" if row["peak_gib"] else "–"
        lines.append(f"| {name} | {row['rows']} | {row['minutes']:.1f} | {memory} | {' | '.join(cells)} |")
    return "\n\n".join(["## Tunings, before → after", "\n".join(lines), answers_told(rows)]) + "\n"


ANSWERS = "## Twenty answers, none picked"


def answers_told(rows: dict[str, dict[str, Any]]) -> str:
    told = {name: row["answers"] for name, row in rows.items() if name.endswith("starter")}
    parts = [ANSWERS, "Greedy, at most 60 tokens; before any tuning, and after each of the three of EVIDENCE.md."]
    for number, question in enumerate(TWENTY):
        said = [f"- before: {in_line(next(iter(told.values()))['base'][number])}"] if told else []
        said += [f"- {name.split()[0]}: {in_line(answers['tuned'][number])}" for name, answers in told.items()]
        parts.append(f"**{in_line(question)}**\n\n" + "\n".join(said))
    return "\n\n".join(parts)


def put_into(card: Path, answers: str) -> None:
    """The card with these answers at its end, in the place of older ones."""
    text = card.read_text(encoding="utf-8").split(f"\n{ANSWERS}")[0].rstrip()
    write_text(card, f"{text}\n\n{answers}\n")


def in_line(text: str) -> str:
    return " ".join(text.split()) or "(nothing)"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("finetune/starter"))
    parser.add_argument("--card", type=Path, help="a model card that shall end with the answers")
    options = parser.parse_args()
    tokenizer = ChatModel.load(str(options.model)).tokenizer
    held_out = [each for each in read_documents(options.corpus) if each.held_out]
    rows = pack_text(held_out, tokenizer, 512).tokens[:HELD_OUT_ROWS]
    bases = {"starter": options.model.resolve(), "random": random_weights(options.model, options.out / "random")}
    figures: dict[str, dict[str, Any]] = {}
    for base, folder in bases.items():
        for name, make in TUNINGS.items():
            row = tune(name, make(options.data), folder, Run(options.out / f"{name}-{base}"), rows)
            figures[f"{name} on {base}"] = row
            print(f"{name} on {base}: {row['minutes']:.1f} minutes, {row['metrics']}", flush=True)
            write_text(options.out / "report.md", report(figures))
    if options.card:
        put_into(options.card, answers_told(figures))


if __name__ == "__main__":
    main()
