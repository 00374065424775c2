"""Training speed beside trl: `python tests/benchmarks/train_speed.py`.

Real (non-padding) tokens per second of our trainer and of trl's SFTTrainer with its defaults, on the same rows, the
same base model and the same adapter, each in a process of its own. Prints a table, and JSON on the last line.
Needs the extra `bench`.
"""

import argparse
import json
import multiprocessing
import random
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from finetune.example import Example, Source, make_example
from finetune.machine import device, fastest_precision, peak_memory_gib
from finetune.models import load_model, load_tokenizer, resolve
from finetune.plan import TrainingPlan
from finetune.tokens import tokenize_all

WORDS = "the clinic opens at eight and a visit costs ten dollars you can pay by card or in cash after it"


def make_rows(count: int) -> list[Example]:
    """Questions of 5 to 30 words with answers of 10 to 200, most of them short, as people's own tables have them."""
    chance, vocabulary = random.Random(1), WORDS.split()

    def text(low: int, high: int) -> str:
        words = min(high, max(low, round(chance.lognormvariate(3.8, 0.6))))
        return " ".join(chance.choice(vocabulary) for _ in range(words))

    return [make_example(text(5, 30), text(10, 200), source=Source()) for _ in range(count)]


def ours(base: str, rows: list[Example], seconds: float) -> dict[str, float]:
    from finetune.learner import Learner

    plan, source, where = TrainingPlan(base_model=base), resolve(base), device()
    data = tokenize_all(load_tokenizer(source), rows, system_message="", max_length=512, where="rows")
    learner = Learner(load_model(source, dtype=fastest_precision(where), attention="eager"), plan, device=where)
    updates = [data[start : start + 16] for start in range(0, len(data), 16)]
    learner.update(updates[0], learning_rate=1e-4, step=0)
    tokens, step, start, cpu = 0, 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        update = updates[step % len(updates)]
        learner.update(update, learning_rate=1e-4, step=step)
        tokens += sum(len(row.ids) for row in update)
        step += 1
    return result(tokens, time.perf_counter() - start, time.process_time() - cpu, where)


def trl_defaults(base: str, rows: list[Example], seconds: float) -> dict[str, float]:
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    source = resolve(base)
    lora = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM")
    data = Dataset.from_list(
        [{"prompt": [e.messages[0].model_dump()], "completion": [e.messages[1].model_dump()]} for e in rows]
    )
    clock: dict[str, float] = {}

    class Clock(TrainerCallback):
        """Times everything after the first step; trl itself counts the tokens that are no padding."""

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
            if "num_tokens" not in logs:
                return
            clock.setdefault("first", logs["num_tokens"])
            clock.setdefault("start", time.perf_counter())
            clock.setdefault("cpu", time.process_time())
            clock.update(tokens=logs["num_tokens"], end=time.perf_counter(), cpu_end=time.process_time())
            if clock["end"] - clock["start"] > seconds:
                control.should_training_stop = True

    with TemporaryDirectory() as folder:
        config = SFTConfig(
            output_dir=folder,
            use_cpu=device() == "cpu",
            report_to=[],
            logging_steps=1,
            save_strategy="no",
            num_train_epochs=100,
        )
        trainer = SFTTrainer(
            model=load_model(source),
            args=config,
            train_dataset=data,
            processing_class=load_tokenizer(source),
            peft_config=lora,
            callbacks=[Clock()],
        )
        trainer.train()
    seconds_taken = clock["end"] - clock["start"]
    return result(clock["tokens"] - clock["first"], seconds_taken, clock["cpu_end"] - clock["cpu"], device())


def result(tokens: float, seconds: float, cpu_seconds: float, where: str) -> dict[str, float]:
    return {
        "tokens_per_second": round(tokens / seconds, 1),
        "tokens_per_cpu_second": round(tokens / cpu_seconds, 1),
        "peak_memory_gib": round(peak_memory_gib(where), 2),
    }


def in_own_process(work: Callable[..., dict[str, float]], *arguments: Any) -> dict[str, float]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="starter", help="starter, a folder, or a name on the Hub")
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=20, help="how long each side trains, its first step left out")
    options = parser.parse_args()
    base = str(Path(options.base).resolve()) if Path(options.base).exists() else options.base
    rows = make_rows(options.rows)
    sides = {"ours": ours, "trl SFTTrainer defaults": trl_defaults}
    results = {name: in_own_process(work, base, rows, options.seconds) for name, work in sides.items()}
    print(f"{'':26}{'tokens/s':>10}{'per CPU s':>11}{'peak GiB':>10}")
    for name, figures in results.items():
        print(f"{name:26}{figures['tokens_per_second']:>10}{figures['tokens_per_cpu_second']:>11}", end="")
        print(f"{figures['peak_memory_gib']:>10}")
    ratio = results["ours"]["tokens_per_second"] / results["trl SFTTrainer defaults"]["tokens_per_second"]
    print(json.dumps({"rows": options.rows, "base": options.base, "ratio": round(ratio, 2), **results}))


if __name__ == "__main__":
    main()
