"""Make the starter model from nothing.

    python -m finetune.pretrain CORPUS_DIR --out DIR --hours 3
    python -m finetune.pretrain CORPUS_DIR --out DIR --recipe gpu --steps 6100

The first is for two processor cores; the second reads 200 million tokens and wants a graphics card.
"""

import argparse
import contextlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from finetune.errors import UserError
from finetune.pretrain.recipe import RECIPES, Recipe
from finetune.pretrain.train import pretrain


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.pretrain", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="folder with documents.jsonl.xz and questions.jsonl.xz")
    parser.add_argument("--out", type=Path, required=True, help="folder to work in; the model ends in its model/")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--hours", type=float, help="how long to train; the rate falls to zero by then")
    length.add_argument("--steps", type=int, help="how many steps to train instead")
    length.add_argument("--now", action="store_true", help="train no further: write and score the last checkpoint")
    parser.add_argument("--recipe", choices=RECIPES, default="cpu", help="which machine it is for; default cpu")
    parser.add_argument("--seed", type=int, default=Recipe.seed, help=f"default {Recipe.seed}")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--json", action="store_true", help="print each line as a JSON object")
    options = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(json.dumps({"text": line}) if options.json else f"{time.strftime('%H:%M:%S')} {line}", flush=True)  # noqa: T201

    try:
        if options.threads:
            import torch

            torch.set_num_threads(options.threads)
        recipe = replace(RECIPES[options.recipe], seed=options.seed)
        pretrain(options.corpus, options.out, recipe, hours=options.hours, steps=options.steps, say=say)
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
