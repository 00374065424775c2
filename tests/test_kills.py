"""Killed at random moments, page and trainer, a journey goes on where it was and loses nothing."""

import json
import os
import random
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.files import dental_csv
from tests.person import DENTIST, Person
from tests.terminal import Json, Terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
KILLS = 10


def processes_of(home: Path) -> list[psutil.Process]:
    """Supervisor, trainer and evaluator that work for this home; the terminal is the test's own."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if "finetune." in line and str(home) in line:
            found.append(process)
    return found


class Killer:
    """Kills a process of the journey after a random pause: the terminal, or one that works in the background."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.dice, self.kills = home, random.Random(seed), list[str]()
        self.terminal: Terminal | None = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        while len(self.kills) < KILLS and not self.over.wait(self.dice.uniform(5, 22)):
            background = processes_of(self.home)
            terminal = self.terminal
            if background and self.dice.random() < 0.6:
                victim = self.dice.choice(background)
                name = " ".join(victim.cmdline()[2:3])
                self.kills.append(name)
                victim.kill()
            elif terminal is not None and terminal.process.poll() is None:
                self.kills.append("terminal")
                os.kill(terminal.process.pid, signal.SIGKILL)


def test_ten_kills_lose_no_answer_no_row_and_no_run(home: Path, tmp_path: Path) -> None:
    file = dental_csv(tmp_path / "answered.csv")
    person = Person(dict(DENTIST), [file])
    killer = Killer(home, seed=11)
    killer.thread.start()
    deadline = time.monotonic() + 1200
    done = False
    sent = False
    while not done or len(killer.kills) < KILLS:
        assert time.monotonic() < deadline, f"it does not come to an end; killed: {killer.kills}"
        terminal = Terminal(home)
        killer.terminal = terminal
        try:
            reply: Json = terminal.wait_for("opened", 90)
            while True:
                if reply["waiting_for"] == "files":
                    line: str | None = "prepare the data" if sent else f"/file {file}"
                    sent = True
                elif reply["waiting_for"] == "trial":
                    line = "When is the bill for my crown due?"
                    done = True
                elif reply["stage"] in ("training", "evaluation"):
                    reply = terminal.wait_for("report", 600)
                    continue
                elif reply["stage"] == "trial":
                    line = "Try the model"
                else:
                    line = person.answer(reply) or "go on"
                if done and len(killer.kills) >= KILLS:
                    break
                reply = terminal.say(line, 300)
                if done:
                    time.sleep(0.5)
        except (EOFError, BrokenPipeError):
            continue
        finally:
            if terminal.process.poll() is None:
                terminal.kill()
    killer.over.set()
    assert len(killer.kills) == KILLS
    project = home / "projects/team"
    brief = json.loads((project / "brief.json").read_text())
    assert brief["organisation"] and brief["industry"] == "healthcare" and brief["jurisdictions"]
    rows = [json.loads(line) for line in (project / "examples.jsonl").read_text().splitlines()]
    from_file = [row for row in rows if row["source"]["file"] == "answered.csv"]
    assert len(from_file) == 48
    assert [d.name for d in (project / "runs").iterdir()] == ["1"]
    status = json.loads((project / "runs/1/status.json").read_text())
    assert status["state"] in ("finished", "stopped_early")
    assert (project / "runs/1/evaluation.json").exists()
