"""Do general rows hold against forgetting? `python -m tests.benchmarks.general_rows DATA_DIR --out DIR`.

The starter tuned on bank messages in twelve categories and on terms of our packs, each with none, a tenth and a quarter
of general rows, by the same plan: the loss on held-out rows and on everyday English before and after.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from finetune.evaluate import general_loss, held_out_loss
from finetune.files import read_json, write_json, write_text
from finetune.generate import ChatModel
from finetune.machine import Machine
from finetune.project import Run
from finetune.propose import propose_plan
from tests.benchmarks.starter_tuning import messages, terms
from tools.training import write_data

SHARES = (0.0, 0.1, 0.25)


def tuned(run: Run, data: Path, tuning: str, share: float, epochs: int) -> dict[str, float]:
    """The losses before and after; a run that was finished is read, not made again."""
    if known := read_json(run.dir / "figures.json"):
        return dict(known)
    examples = (messages if tuning == "categories" else terms)(data)
    changes = {"general_share": share, "epochs": epochs, "learning_rate": 1e-3}
    plan = propose_plan(examples, machine=Machine.measure(), changes=changes)
    write_data(run, examples, plan)
    write_text(run.plan, plan.model_dump_json())
    subprocess.run([sys.executable, "-m", "finetune.train", str(run.dir)], check=True, stdout=subprocess.DEVNULL)
    chat = ChatModel.load(run.dir)
    everyday, own = general_loss(chat), held_out_loss(chat, run.examples("test"))
    figures = {"before": everyday.base, "after": everyday.tuned, "own, before": own.base, "own, after": own.tuned}
    write_json(run.dir / "figures.json", figures)
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    for tuning in ("terms", "categories"):
        for share in SHARES:
            run = Run(options.out / f"{tuning}-{share}")
            found = tuned(run, options.data, tuning, share, options.epochs)
            print(tuning, f"{share:.0%}", {name: round(value, 3) for name, value in found.items()}, flush=True)


if __name__ == "__main__":
    main()
