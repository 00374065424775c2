"""Short paired runs of the starter's making: one choice of the recipe changed at a time, as a table.

    python -m tests.benchmarks.starter_choices OUT [--steps 80] [--only NAME ...]

OUT is a folder that `python -m finetune.pretrain` has worked in: its tokenizer and rows are read, nothing is written
there but choices.jsonl, in which what is finished is kept, so that a killed run goes on. Losses are nats a token on
rows that no run has trained on. The second seed shows how far two runs of one choice lie apart; a small lead at few
steps may be gone at many.
"""

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from finetune.files import append_jsonl, read_jsonl
from finetune.pretrain.model import make_model, token_losses
from finetune.pretrain.recipe import Recipe
from finetune.pretrain.tokens import Rows, load_rows
from finetune.pretrain.train import train

HELD_ASIDE = 48  # rows of each kind
BASE = Recipe(warm_up=0.05)  # of a short run 2 % would be one or two steps
CHOICES: dict[str, Recipe] = {
    "the recipe": BASE,
    "the recipe, another seed": replace(BASE, seed=1),
    "no copying heads": replace(BASE, copying_heads=0),
    "embedding's rate × 1": replace(BASE, embedding_rate=1.0),
    "embedding's rate × 10": replace(BASE, embedding_rate=10.0),
    "rate 3e-3": replace(BASE, rate=3e-3),
    "rate 8e-3": replace(BASE, rate=8e-3),
    "AdamW for all, rate 1e-3": replace(BASE, muon=False, rate=1e-3, embedding_rate=20.0),
    "AdamW for all, rate 3e-3": replace(BASE, muon=False, rate=3e-3, embedding_rate=6.7),
    "warm-up 2 %": replace(BASE, warm_up=0.02),
    "warm-up 20 %": replace(BASE, warm_up=0.2),
    "half the tokens a step, twice the steps": replace(BASE, passes_per_step=1),
    "8 layers of 320": replace(BASE, layers=8, hidden=320, inner=864, heads=5, copying_heads=3),
    "4 layers of 448": replace(BASE, layers=4, hidden=448, inner=1216, heads=7, copying_heads=5),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.starter_choices", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=80)
    parser.add_argument("--only", nargs="*", choices=list(CHOICES), default=list(CHOICES))
    options = parser.parse_args()
    known = {row["choice"]: row for row in read_jsonl(options.out / "choices.jsonl") if row["steps"] == options.steps}
    for choice in options.only:
        if choice not in known:
            known[choice] = {"choice": choice, "steps": options.steps} | run(
                CHOICES[choice], options.out, options.steps
            )
            append_jsonl(options.out / "choices.jsonl", known[choice])
            print(json.dumps(known[choice]), flush=True)
    print(table([known[choice] for choice in options.only]))


def run(recipe: Recipe, prepared: Path, steps: int) -> dict[str, Any]:
    """Train one choice for `steps` of the recipe's size; its losses, parameters and tokens a second."""
    from transformers import AutoTokenizer

    (text, text_aside), (chat, chat_aside) = (divided(load_rows(prepared / f"{kind}.npz")) for kind in ("text", "chat"))
    model = make_model(recipe, AutoTokenizer.from_pretrained(prepared / "tokenizer"))
    folder = Path(tempfile.mkdtemp(prefix="starter-choice-"))
    started = time.perf_counter()
    try:
        steps = steps * BASE.passes_per_step // recipe.passes_per_step
        training = train(model, text, chat, folder, recipe, None, steps, lambda line: None)
    finally:
        shutil.rmtree(folder)
    losses = {"text": mean_loss(model, text_aside, 1), "answers": mean_loss(model, chat_aside, 1)}
    return {
        **losses,
        "questions": mean_loss(model, chat_aside, 0),
        "parameters": recipe.parameters,
        "tokens": training.course.tokens,
        "tokens_per_second": training.course.tokens / (time.perf_counter() - started),
    }


def divided(rows: Rows) -> tuple[Rows, Rows]:
    """All but the last rows, and the last ones."""
    cut = len(rows.tokens) - HELD_ASIDE
    return Rows(rows.tokens[:cut], rows.counts[:cut]), Rows(rows.tokens[cut:], rows.counts[cut:])


def mean_loss(model: Any, rows: Rows, counted: int) -> float:
    """Nats a token over the tokens whose count is `counted`."""
    import torch

    total = number = 0.0
    with torch.inference_mode():
        for ids, counts in zip(rows.tokens, rows.counts, strict=True):
            losses = token_losses(model.model, model.lm_head, torch.from_numpy(ids.astype("int64"))[None])[0]
            chosen = torch.from_numpy(counts[1:] == counted)
            total, number = total + float(losses[chosen].sum()), number + int(chosen.sum())
    return total / number


def table(rows: list[dict[str, Any]]) -> str:
    lines = ["| choice | text | answers | questions | parameters | tokens/s |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row['choice']} | {row['text']:.3f} | {row['answers']:.3f} | {row['questions']:.3f} "
        f"| {row['parameters'] / 1e6:.1f}M | {row['tokens_per_second']:,.0f} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
