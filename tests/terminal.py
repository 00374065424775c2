"""Talks to the program as its users do: a process, a line in, a JSON object out."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
Json = dict[str, Any]


def hear_interrupts() -> None:
    """In a new process: a shell that runs the tests in its background has them, and all they start, ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Terminal:
    """One `python -m assistant --json` process; `events` keeps what it said unasked."""

    def __init__(self, home: Path, project: str = "team", environment: dict[str, str] | None = None) -> None:
        self.home, self.project = home, project
        self.events: list[Json] = []
        self.errors = home / f"{project}.stderr"
        home.mkdir(parents=True, exist_ok=True)
        with self.errors.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "assistant", "--home", str(home), "--project", project, "--json"],
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | (environment or {}),
                start_new_session=True,
                preexec_fn=hear_interrupts,
            )
        self._rows: queue.Queue[Json | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._rows.put(json.loads(line))
        self._rows.put(None)

    def _next(self, deadline: float) -> Json:
        row = self._rows.get(timeout=max(0.01, deadline - time.monotonic()))
        if row is None:
            raise EOFError(f"the program ended; it said: {self.errors.read_text()[-3000:]}")
        return row

    def say(self, line: str, seconds: float = 120) -> Json:
        """Send a line and return its reply; what comes unasked on the way goes to `events`."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        deadline = time.monotonic() + seconds
        while "event" in (row := self._next(deadline)):
            self.events.append(row)
        return row

    def wait_for(self, event: str, seconds: float = 600) -> Json:
        """Wait until something of that kind is said unasked."""
        deadline = time.monotonic() + seconds
        while True:
            row = self._next(deadline)
            self.events.append(row)
            if row.get("event") == event:
                return row

    def close(self) -> int:
        """End standard input, and wait for the program to end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(60)

    def kill(self) -> None:
        """kill -9, at once."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
