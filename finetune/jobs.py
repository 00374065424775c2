"""Long work outside the page: a table of jobs and one supervisor process that runs them one at a time.

Page, supervisor and trainer may each be killed at any moment. The table says what is to be done; a step that was cut
off is started again, and every step goes on from what it left on disk.
"""

import argparse
import contextlib
import fcntl
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from finetune.project import Run
from finetune.status import is_running, process_start_time

JobState = Literal["queued", "running", "finished", "failed", "cancelled"]
RESTARTS = 3  # of a step that was killed; a fourth time it would be killed again
CANCEL_SECONDS = 120.0  # a trainer looks at its cancel file after each update; then it is ended by force
POLL_SECONDS = 0.2
PACKAGES = Path(__file__).resolve().parents[1]

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    run_dir TEXT NOT NULL,
    steps TEXT NOT NULL,                   -- JSON: list of command lines, run in order
    state TEXT NOT NULL DEFAULT 'queued',
    step INTEGER NOT NULL DEFAULT 0,       -- number of the command line that runs or comes next
    restarts INTEGER NOT NULL DEFAULT 0,   -- of this step
    pid INTEGER,
    pid_start_time REAL,
    cancel_asked REAL,                     -- when, seconds since the epoch
    what TEXT NOT NULL DEFAULT ''          -- why it failed
)
"""


@dataclass(frozen=True)
class Job:
    id: int
    project: str
    run_dir: Path
    steps: tuple[tuple[str, ...], ...]
    state: JobState
    step: int
    restarts: int
    pid: int | None
    pid_start_time: float | None
    cancel_asked: float | None
    what: str

    @property
    def ended(self) -> bool:
        return self.state in ("finished", "failed", "cancelled")

    def is_alive(self) -> bool:
        """Whether the process of its present step runs."""
        return self.pid is not None and self.pid_start_time is not None and is_running(self.pid, self.pid_start_time)


class Jobs:
    """The table of jobs in `home/jobs.sqlite`; any number of processes may use it at once."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.file = home / "jobs.sqlite"
        home.mkdir(parents=True, exist_ok=True)
        with self._transaction() as table:
            table.execute(SCHEMA)

    def submit(self, project: str, run_dir: Path, steps: Sequence[Sequence[str]]) -> int:
        """Queue command lines to be run in order; the job's id. A run that is queued or running keeps its job.

        A cancelled or failed run may be submitted again: its trainer goes on from its last checkpoint.
        """
        run_dir = run_dir.resolve()
        with self._transaction() as table:
            found = table.execute(
                "SELECT id FROM jobs WHERE run_dir = ? AND state IN ('queued', 'running')", (str(run_dir),)
            ).fetchone()
            if found:
                return int(found[0])
            Run(run_dir).cancel.unlink(missing_ok=True)
            row = table.execute(
                "INSERT INTO jobs (project, run_dir, steps) VALUES (?, ?, ?)",
                (project, str(run_dir), json.dumps([list(step) for step in steps])),
            )
            return int(row.lastrowid or 0)

    def job(self, run_dir: Path) -> Job | None:
        """The newest job of a run."""
        return next(iter(self._select("run_dir = ? ORDER BY id DESC LIMIT 1", str(run_dir.resolve()))), None)

    def get(self, job_id: int) -> Job | None:
        return next(iter(self._select("id = ?", job_id)), None)

    def of_project(self, project: str) -> list[Job]:
        """The project's jobs, oldest first."""
        return self._select("project = ? ORDER BY id", project)

    def waiting(self) -> list[Job]:
        """What is running or queued, in the order of its turn."""
        return self._select("state IN ('running', 'queued') ORDER BY state = 'queued', id")

    def position(self, job_id: int) -> int | None:
        """How many jobs come first: 0 is running or next in turn; None for a job that has ended or is not known."""
        return next((place for place, job in enumerate(self.waiting()) if job.id == job_id), None)

    def cancel(self, job_id: int) -> None:
        """Take a queued job out; ask a running one to stop, which keeps the best so far."""
        with self._transaction() as table:
            table.execute("UPDATE jobs SET state = 'cancelled' WHERE id = ? AND state = 'queued'", (job_id,))
            table.execute(
                "UPDATE jobs SET cancel_asked = ? WHERE id = ? AND state = 'running' AND cancel_asked IS NULL",
                (time.time(), job_id),
            )
        job = self.get(job_id)
        if job is not None and job.state == "running":
            Run(job.run_dir).cancel.touch()

    def ensure_supervisor(self) -> None:
        """Start the supervisor unless one is at work. Call it after each submit, and when the page starts."""
        if not self.waiting() or not self._lock_is_free():
            return
        path = os.pathsep.join(filter(None, [str(PACKAGES), os.environ.get("PYTHONPATH")]))
        with open(self.home / "supervisor.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "finetune.jobs", "--home", str(self.home)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | {"PYTHONPATH": path},
            )
        # Nobody waits for it; without this the ended supervisor would stay in the process table.
        threading.Thread(target=process.wait, daemon=True).start()

    def next_job(self) -> Job | None:
        """The job to work on: one that a killed supervisor left running, or else the oldest queued, now running."""
        with self._transaction() as table:
            row = table.execute(
                "SELECT id FROM jobs WHERE state IN ('running', 'queued') ORDER BY state = 'queued', id LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            table.execute("UPDATE jobs SET state = 'running' WHERE id = ?", row)
        return self.get(int(row[0]))

    def change(self, job_id: int, **values: object) -> None:
        """Set columns of a job. Only the supervisor does this."""
        assignments = ", ".join(f"{name} = ?" for name in values)
        with self._transaction() as table:
            table.execute(f"UPDATE jobs SET {assignments} WHERE id = ?", (*values.values(), job_id))

    @contextmanager
    def supervising(self) -> Iterator[bool]:
        """Hold the supervisor's lock; False where another holds it. The kernel frees it when the holder is killed."""
        with open(self.home / "jobs.lock", "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True

    def _lock_is_free(self) -> bool:
        with self.supervising() as free:
            return free

    def _select(self, condition: str, *values: object) -> list[Job]:
        with self._transaction() as table:
            rows = table.execute(
                "SELECT id, project, run_dir, steps, state, step, restarts, pid, pid_start_time, cancel_asked, what "
                f"FROM jobs WHERE {condition}",
                values,
            ).fetchall()
        return [
            Job(row[0], row[1], Path(row[2]), tuple(tuple(step) for step in json.loads(row[3])), *row[4:])
            for row in rows
        ]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        # A connection of its own each time: threads and processes share nothing but the file.
        connection = sqlite3.connect(self.file, timeout=30, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()


def supervise(jobs: Jobs) -> None:
    """Work off the table, one job at a time, until nothing is left."""
    while True:
        with jobs.supervising() as alone:
            if not alone:
                return
            while (job := jobs.next_job()) is not None:
                work_off(jobs, job)
        # A job submitted between the last look and the freed lock started no supervisor of its own.
        if not jobs.waiting():
            return


def work_off(jobs: Jobs, job: Job) -> None:
    """Run the job's steps from where it stands to its end."""
    while job.step < len(job.steps):
        try:
            code = wait(jobs, job.id, adopt_or_start(jobs, job))
        except OSError as error:  # no such program, or no room for its log
            return jobs.change(job.id, state="failed", pid=None, what=f"It could not be started ({error}).")
        job = _reread(jobs, job)
        if job.cancel_asked is not None:
            return jobs.change(job.id, state="cancelled", pid=None)
        if code == 0:
            jobs.change(job.id, step=job.step + 1, restarts=0, pid=None)
        elif code is not None and code > 0:
            what = f"It ended with exit code {code}; its log says why."
            return jobs.change(job.id, state="failed", pid=None, what=what)
        elif job.restarts >= RESTARTS:
            what = f"It was killed {RESTARTS + 1} times, as happens when the memory does not suffice."
            return jobs.change(job.id, state="failed", pid=None, what=what)
        else:
            jobs.change(job.id, restarts=job.restarts + 1, pid=None)
        job = _reread(jobs, job)
    return jobs.change(job.id, state="finished", pid=None)


def adopt_or_start(jobs: Jobs, job: Job) -> "subprocess.Popen[bytes] | None":
    """The process of the job's present step; None for one that a killed supervisor started and that still runs."""
    if job.is_alive():
        return None
    environment = {
        # Threads that wait must not spin: someone may be chatting on the same cores.
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    with open(job.run_dir / "log.txt", "ab") as log:
        process = subprocess.Popen(
            job.steps[job.step],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # what ends the supervisor does not end the trainer
            env=os.environ | environment,
        )
    jobs.change(job.id, pid=process.pid, pid_start_time=process_start_time(process.pid))
    return process


def wait(jobs: Jobs, job_id: int, process: "subprocess.Popen[bytes] | None") -> int | None:
    """Wait for the job's step; its exit code, negative for a signal, None where it was adopted and nobody knows."""
    while True:
        job = jobs.get(job_id)
        if job is None:
            return None
        if process is not None and process.poll() is not None:
            return process.returncode
        if process is None and not job.is_alive():
            return None
        if job.cancel_asked is not None and time.time() - job.cancel_asked > CANCEL_SECONDS and job.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(job.pid, signal.SIGKILL)
        time.sleep(POLL_SECONDS)


def _reread(jobs: Jobs, job: Job) -> Job:
    found = jobs.get(job.id)
    if found is None:
        raise LookupError(f"job {job.id} was taken out of the table while it ran")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.jobs", description="Work off the queued training jobs, then end."
    )
    parser.add_argument("--home", type=Path, required=True, help="folder with jobs.sqlite")
    supervise(Jobs(parser.parse_args(arguments).home))
    return 0


if __name__ == "__main__":
    sys.exit(main())
