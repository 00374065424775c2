"""Train a run: `python -m finetune.train RUN_DIR`.

Reads plan.json and data/{train,validation}.jsonl; writes status.json, metrics.jsonl, checkpoints/ and adapter/.
Killed at any moment and started again, it goes on where it was and ends where an unbroken run ends.
"""

import argparse
import contextlib
import fcntl
import math
import os
import random
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, ValidationError

from finetune.checkpoint import Progress, newest_checkpoint, promote_best, write_checkpoint
from finetune.curve import explain
from finetune.errors import UserError
from finetune.files import append_jsonl, read_json, write_json, write_jsonl
from finetune.machine import Precision, device, fastest_precision, peak_memory_gib
from finetune.models import load_model, load_tokenizer, memory_errors, resolve
from finetune.plan import TrainingPlan
from finetune.project import Run
from finetune.status import (
    Metric,
    Problem,
    RunStatus,
    State,
    process_start_time,
    read_metrics,
    read_status,
    write_status,
)
from finetune.tokens import VALIDATION_ROWS, TokenRow, tokenize_all, updates_of_epoch

if TYPE_CHECKING:
    from finetune.learner import Learner

CHECKPOINT_SECONDS = 30.0  # what a kill may cost at most, beside the checkpoint at every check
PROBED_FACTORS = (0.4, 1.0, 2.5)  # of the plan's rate: 2e-4 to about 1e-3 for the usual 5e-4
PROBE_ROWS = 32  # all trials are checked on the same rows, which makes small differences visible
EAGER_TOKENS = 640  # to this length plain matrix products beat the fused attention on a CPU


class Resolved(BaseModel):
    """What a run found out at its first start and keeps when it is resumed: `resolved.json`."""

    precision: Precision
    revision: str | None
    learning_rate: float
    probed: dict[float, float] = Field({}, description="rates that were tried and the held-out loss each led to")


@dataclass
class Reporter:
    """Writes status.json and tells whoever listens; at most once a second, and at once where `now`."""

    run: Run
    tell: Callable[[RunStatus], None]
    status: RunStatus = field(default_factory=RunStatus)
    written: float = 0

    def update(self, *, now: bool = False, **changes: Any) -> None:
        self.status = self.status.model_copy(update=changes)
        if now or time.monotonic() - self.written > 1:
            write_status(self.run, self.status)
            self.tell(self.status)
            self.written = time.monotonic()


def train(run: Run, reporter: Reporter) -> None:
    """Train the run to its end, from its newest checkpoint if it has one.

    Raises:
        UserError: the plan, the data, the base model, the memory or the disk does not let it.
    """
    plan = read_plan(run)
    reporter.update(now=True, state="preparing", pid=os.getpid(), pid_start_time=process_start_time())

    resolved = read_resolved(run)
    source = resolve(plan.base_model, resolved.revision if resolved else plan.revision)
    tokenizer = load_tokenizer(source)
    rows = {
        split: tokenize_all(
            tokenizer,
            run.examples(split),
            system_message=plan.system_message,
            max_length=plan.max_length,
            where=f"data/{split}.jsonl",
        )
        for split in ("train", "validation")
    }
    train_rows = rows["train"]
    held_out = random.Random(plan.seed).sample(rows["validation"], min(VALIDATION_ROWS, len(rows["validation"])))

    where = device()
    precision = resolved.precision if resolved else choose_precision(plan, where)
    longest = max(len(row.ids) for row in [*train_rows, *held_out])
    attention = "eager" if where == "cpu" and longest <= EAGER_TOKENS else "sdpa"
    with memory_errors("training"):
        from finetune.learner import Learner

        base = load_model(source, dtype=precision, attention=attention)
        learner = Learner(base, plan, device=where)
        if resolved is None:
            revision = source.revision or getattr(base.config, "_commit_hash", None)
            reporter.update(now=True, sentence="I try three sizes of learning step.")
            probed = probe_rates(run, plan, learner, train_rows, held_out)
            best_rate = min(probed, key=lambda rate: probed[rate]) if probed else plan.learning_rate
            resolved = Resolved(precision=precision, revision=revision, learning_rate=best_rate, probed=probed)
            write_json(run.dir / "resolved.json", resolved.model_dump())
        learn(run, plan, resolved, learner, train_rows, held_out, reporter)


def probe_rates(
    run: Run, plan: TrainingPlan, learner: "Learner", train_rows: Sequence[TokenRow], held_out: Sequence[TokenRow]
) -> dict[float, float]:
    """Held-out loss after a few updates at three learning rates; the learner is left as it was.

    A short run is left alone: the trials take a seventh of the time, and few updates tell little.
    """
    max_steps = plan.epochs * math.ceil(len(train_rows) / plan.examples_per_update)
    steps = max_steps // 20
    if not plan.probe_rates or steps < 5:
        return {}
    batches = updates_of_epoch(len(train_rows), plan.examples_per_update, seed=plan.seed, epoch=0)
    before = learner.state()
    losses: dict[float, float] = {}
    for rate in (plan.learning_rate * factor for factor in PROBED_FACTORS):
        for step, chosen in enumerate((batches * plan.epochs)[:steps]):
            if run.cancel.exists():
                learner.restore(before, 0)
                return {}
            batch = [train_rows[number] for number in chosen]
            learner.update(batch, learning_rate=rate * min(1, (step + 1) / 3), step=step)
        losses[rate] = learner.loss(held_out[:PROBE_ROWS])
        learner.restore(before, 0)
    return losses


def learn(
    run: Run,
    plan: TrainingPlan,
    resolved: Resolved,
    learner: "Learner",
    train_rows: Sequence[TokenRow],
    held_out: Sequence[TokenRow],
    reporter: Reporter,
) -> None:
    """The loop: update, check, keep the best, stop when it no longer helps."""
    updates_per_epoch = math.ceil(len(train_rows) / plan.examples_per_update)
    max_steps = plan.epochs * updates_per_epoch
    check_every = math.ceil(updates_per_epoch / plan.evaluations_per_epoch)
    progress, metrics = resume(run, learner)
    saved = time.monotonic()

    def save() -> None:
        nonlocal saved
        write_checkpoint(run, learner, progress, base_model=plan.base_model, revision=resolved.revision)
        saved = time.monotonic()

    def record(**values: float) -> None:
        metrics.append(Metric(step=progress.step, epoch=progress.step / updates_per_epoch, **values))
        append_jsonl(run.metrics, metrics[-1].model_dump())

    def check() -> None:
        loss = learner.loss(held_out)
        progress.validation_loss = loss
        if progress.best_loss is None or loss < progress.best_loss:
            progress.best_loss, progress.best_step, progress.checks_without_progress = loss, progress.step, 0
        else:
            progress.checks_without_progress += 1
        record(validation_loss=loss, seconds=progress.seconds)

    if progress.base_loss is None:
        reporter.update(now=True, max_steps=max_steps, sentence="I measure the base model on the held-out rows.")
        check()
        progress.base_loss = progress.validation_loss
        save()

    end: State | None = None
    while end is None:
        if run.cancel.exists():
            end = "cancelled"
        elif progress.step >= max_steps:
            end = "finished"
        elif progress.checks_without_progress >= plan.patience:
            end = "stopped_early"
        else:
            epoch, place = divmod(progress.step, updates_per_epoch)
            chosen = updates_of_epoch(len(train_rows), plan.examples_per_update, seed=plan.seed, epoch=epoch)[place]
            batch = [train_rows[number] for number in chosen]
            rate = learning_rate(progress.step, max_steps, plan.warmup_share, resolved.learning_rate)
            begun = time.monotonic()
            loss = learner.update(batch, learning_rate=rate, step=progress.step)
            progress.step += 1
            progress.tokens += sum(len(row.ids) for row in batch)
            progress.seconds += time.monotonic() - begun
            record(train_loss=loss, learning_rate=rate, seconds=progress.seconds)
            if progress.step % check_every == 0 or progress.step == max_steps:
                check()
                save()
            elif time.monotonic() - saved > CHECKPOINT_SECONDS:
                save()
        reporter.update(**where_it_stands(progress, metrics, max_steps, learner.device))

    if end == "cancelled":
        save()  # so that the run can be taken up again from here
    promote_best(run, progress)
    reporter.update(now=True, state=end, minutes_left=0.0, sentence=explain(metrics, ended=True))
    if end != "cancelled":
        shutil.rmtree(run.checkpoints, ignore_errors=True)


def where_it_stands(progress: Progress, metrics: Sequence[Metric], max_steps: int, where: str) -> dict[str, Any]:
    """The changing fields of the status."""
    steps_left = max_steps - progress.step
    return {
        "state": "training",
        "step": progress.step,
        "max_steps": max_steps,
        "best_step": progress.best_step,
        "epoch": metrics[-1].epoch,
        "minutes_left": round(steps_left * progress.seconds / progress.step / 60, 2) if progress.step else None,
        "train_loss": next((m.train_loss for m in reversed(metrics) if m.train_loss is not None), None),
        "validation_loss": progress.validation_loss,
        "best_validation_loss": progress.best_loss,
        "base_validation_loss": progress.base_loss,
        "tokens_per_second": round(progress.tokens / progress.seconds, 1) if progress.seconds else None,
        "peak_memory_gib": round(peak_memory_gib(where), 2),
        "sentence": explain(metrics),
    }


def learning_rate(step: int, max_steps: int, warmup_share: float, peak: float) -> float:
    """Rises in a line over the first `warmup_share` of the steps, then falls in a line to nothing."""
    warmup = max(1, round(warmup_share * max_steps))
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (max_steps - step) / max(1, max_steps - warmup)


def resume(run: Run, learner: "Learner") -> tuple[Progress, list[Metric]]:
    """Take up the newest checkpoint; what was measured after it is measured again."""
    found = newest_checkpoint(run)
    if found is None:
        run.metrics.unlink(missing_ok=True)
        return Progress(), []
    progress, state = found
    learner.restore(state, progress.step)
    metrics = [metric for metric in read_metrics(run) if metric.step <= progress.step]
    write_jsonl(run.metrics, (metric.model_dump() for metric in metrics))
    return progress, metrics


def keep_best(run: Run) -> None:
    """After a failure: make the best adapter so far the run's, if there is one and the disk has room."""
    found = newest_checkpoint(run)
    if found is not None:
        with contextlib.suppress(UserError):
            promote_best(run, found[0])


def choose_precision(plan: TrainingPlan, where: str) -> Precision:
    return fastest_precision(where) if plan.precision == "auto" else plan.precision


def read_plan(run: Run) -> TrainingPlan:
    """The run's plan.

    Raises:
        UserError: there is none, or a value in it is not allowed; all such values are named together.
    """
    value = read_json(run.plan)
    if value is None:
        raise UserError("The run has no plan.", where=str(run.plan), action="Write its plan.json first.")
    try:
        return TrainingPlan.model_validate(value)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UserError(
            f"The plan cannot be used: {wrong}.", where=run.plan.name, action="Correct these values."
        ) from error


def read_resolved(run: Run) -> Resolved | None:
    value = read_json(run.dir / "resolved.json")
    return Resolved.model_validate(value) if value is not None else None


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the run has an adapter at the end, 1 when the user must mend something; a bug keeps its traceback."""
    parser = argparse.ArgumentParser(prog="python -m finetune.train", description="Train a run, or go on with it.")
    parser.add_argument("run_dir", type=Path, help="folder with plan.json and data/{train,validation}.jsonl")
    parser.add_argument("--json", action="store_true", help="print each status as a line of JSON")
    options = parser.parse_args(arguments)
    run = Run(options.run_dir)

    def tell(status: RunStatus) -> None:
        print(status.model_dump_json() if options.json else in_words(status), flush=True)  # noqa: T201

    with only_trainer(run):
        return run_to_the_end(run, tell)


def run_to_the_end(run: Run, tell: Callable[[RunStatus], None]) -> int:
    """Train unless that is done, and leave a status that says how it ended. The exit code, as `main` gives it."""
    before = read_status(run)
    if before is not None and before.state in ("finished", "stopped_early"):
        tell(before)
        return 0
    reporter = Reporter(run, tell)
    try:
        train(run, reporter)
    except UserError as error:
        problem = Problem(what=error.what, where=error.where, action=error.action)
        print(error, file=sys.stderr)  # noqa: T201
        keep_best(run)
        reporter.update(now=True, state="failed", error=problem, sentence=str(error))
        return 1
    except Exception:
        problem = Problem(
            what="The trainer stopped on a fault of its own.", action="Send log.txt to whoever runs this."
        )
        reporter.update(now=True, state="failed", error=problem, sentence=problem.what)
        raise
    return 0


@contextlib.contextmanager
def only_trainer(run: Run) -> Iterator[None]:
    """Wait until no other process trains this run; the kernel ends the wait when that one is killed."""
    if not run.dir.is_dir():
        raise SystemExit(f"{run.dir}: There is no such folder. Name a run's folder.")
    with open(run.dir / "trainer.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def in_words(status: RunStatus) -> str:
    """One line for a terminal."""
    losses = [
        f"{name} {value:.3f}"
        for name, value in (("training", status.train_loss), ("held out", status.validation_loss))
        if value is not None
    ]
    left = f"{status.minutes_left:.1f} min left at most" if status.minutes_left else ""
    parts = [f"{status.state} {status.step}/{status.max_steps}", ", ".join(losses), left, status.sentence]
    return " | ".join(part for part in parts if part)


if __name__ == "__main__":
    sys.exit(main())
