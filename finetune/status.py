"""`status.json` and `metrics.jsonl` of a run: written by the trainer alone, read by everybody."""

import os
from datetime import UTC, datetime
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from finetune.files import read_json, read_jsonl, write_json
from finetune.project import Run

State = Literal["queued", "preparing", "training", "finished", "stopped_early", "cancelled", "failed"]
ENDED: frozenset[State] = frozenset({"finished", "stopped_early", "cancelled", "failed"})


class Problem(BaseModel):
    """A UserError as it lies on disk."""

    what: str
    where: str = ""
    action: str


class RunStatus(BaseModel):
    state: State = "preparing"
    step: int = Field(0, description="updates done")
    max_steps: int = Field(0, description="updates if training is not stopped early; 0 means not known yet")
    best_step: int = Field(0, description="the step whose adapter is kept; 0 is the base itself")
    epoch: float = Field(0, description="how often all rows have been read")
    minutes_left: float | None = Field(None, description="at most this many; early stopping may end it sooner")
    train_loss: float | None = Field(None, description="mean loss per answer token of the last update, in nats")
    validation_loss: float | None = Field(None, description="loss on the held-out rows at the last check, in nats")
    best_validation_loss: float | None = None
    base_validation_loss: float | None = Field(None, description="the same before the first update")
    tokens_per_second: float | None = Field(None, description="real tokens, padding not counted")
    peak_memory_gib: float | None = None
    sentence: str = Field("", description="what it means, in plain words")
    error: Problem | None = None
    pid: int | None = None
    pid_start_time: float | None = Field(None, description="a process number alone is reused; with its start it is not")
    updated: str = Field("", description="UTC, ISO 8601")

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def is_alive(self) -> bool:
        """Whether the trainer that wrote this is still running."""
        return self.pid is not None and self.pid_start_time is not None and is_running(self.pid, self.pid_start_time)


class Metric(BaseModel):
    """A line of `metrics.jsonl`: one update, or one check of the held-out rows, or both."""

    step: int
    epoch: float
    train_loss: float | None = None
    validation_loss: float | None = None
    learning_rate: float = 0
    seconds: float = Field(0, description="time spent training so far, pauses left out")


def read_status(run: Run) -> RunStatus | None:
    """The run's status, or None before the trainer has written one."""
    value = read_json(run.status)
    try:
        return RunStatus.model_validate(value) if value is not None else None
    except ValidationError:  # written by another version: as good as none
        return None


def write_status(run: Run, status: RunStatus) -> None:
    status.updated = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(run.status, status.model_dump())


def read_metrics(run: Run) -> list[Metric]:
    return [Metric.model_validate(row) for row in read_jsonl(run.metrics)]


def process_start_time(pid: int | None = None) -> float | None:
    """Seconds since the epoch at which a process (this one without `pid`) began; None where there is none."""
    import psutil

    try:
        process = psutil.Process(os.getpid() if pid is None else pid)
        # A zombie has ended; it only waits for its parent to notice.
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None


def is_running(pid: int, start_time: float) -> bool:
    """Whether this very process runs, not a later one with the same number."""
    found = process_start_time(pid)
    # The kernel counts starts in hundredths of a second from a boot time that psutil rounds.
    return found is not None and abs(found - start_time) < 1.5
