"""What a tuning does to the starter, and to the same model with random weights.

    python -m tests.benchmarks.starter_tuning DATA_DIR CORPUS_DIR --out DIR [--model DIR]

Three tunings with the journey's own plan, trainer and evaluation: patients' questions split by topic, bank messages in
twelve categories, and terms of our packs; each on the starter and on random weights. Held-out bits a byte of the
corpus before and after say what was forgotten. A run that was finished is read, not made again.
"""

import argparse
import csv
import json
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from finetune.data.documents import examples_from_terms
from finetune.evaluate import Evaluation
from finetune.example import Example, Source, make_example
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
        "answers": twenty_answers(chat, examples),
    }
    write_json(figures, row)
    return row


def twenty_answers(chat: ChatModel, examples: list[Example]) -> list[dict[str, str]]:
    """The first twenty test rows, whatever comes out."""
    first = [each for each in examples if each.split == "test"][:20]
    asked = [each.messages[:-1] for each in first]
    base = chat.reply_batch(asked, tuned=False, max_tokens=80)
    tuned = chat.reply_batch(asked, tuned=True, max_tokens=80)
    return [
        {"question": each.question, "expected": each.answer, "base": before, "tuned": after}
        for each, before, after in zip(first, base, tuned, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("finetune/starter"))
    options = parser.parse_args()
    tokenizer = ChatModel.load(str(options.model)).tokenizer
    held_out = [each for each in read_documents(options.corpus) if each.held_out]
    rows = pack_text(held_out, tokenizer, 512).tokens[:HELD_OUT_ROWS]
    bases = {"starter": options.model.resolve(), "random": random_weights(options.model, options.out / "random")}
    for name, make in TUNINGS.items():
        examples = make(options.data)
        for base, folder in bases.items():
            row = tune(name, examples, folder, Run(options.out / f"{name}-{base}"), rows)
            shown = " · ".join(f"{n} {b:.3f} → {t:.3f}" for n, (b, t) in row["metrics"].items())
            before, after = row["bits_per_byte"]
            line = f"{name} on {base}: {row['rows']} rows, {row['minutes']:.1f} min, {row['peak_gib']} GiB · {shown}"
            print(f"{line} · corpus {before:.3f} → {after:.3f} bits a byte", flush=True)
    print(json.dumps([read_json(path) for path in sorted(options.out.glob("*/figures.json"))]))


if __name__ == "__main__":
    main()
