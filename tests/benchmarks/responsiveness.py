"""How fast it answers: `python -m tests.benchmarks.responsiveness [--turns N]`.

Prints medians and 95th percentiles: a guide turn without long work (first with the encoder not loaded, then loaded),
the page's first answer after its start, `--help` of each command line, and the memory of the idle page.
"""

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from tests.terminal import REPOSITORY, Terminal

COMMAND_LINES = (
    "assistant", "knowledge", "finetune.data", "finetune.train", "finetune.evaluate", "finetune.generate",
    "finetune.serve", "finetune.jobs", "finetune.pretrain",
)  # fmt: skip
SAID = (
    "we're a 12-person dental practice in Ohio, patients keep asking about billing",
    "why do you ask?",
    "what does adapter mean?",
    "no, the EU, not the US",
    "where are we?",
    "I don't know",
    "it must never give a diagnosis",
    "skip",
    "what's the weather like?",
    "undo",
)


def summary(name: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    high = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    print(
        f"{name:<44} median {statistics.median(ordered) * 1000:7.0f} ms   95 % {high * 1000:7.0f} ms   n={len(ordered)}"
    )


def turns(home: Path, count: int) -> None:
    terminal = Terminal(home)
    terminal.wait_for("opened", 60)
    seconds = []
    for number in range(count + 1):
        began = time.perf_counter()
        terminal.say(SAID[number % len(SAID)])
        seconds.append(time.perf_counter() - began)
    summary("first turn, encoder not loaded", seconds[:1])
    summary("a guide turn", seconds[1:])
    terminal.close()


def page(home: Path, starts: int) -> None:
    seconds, memory = [], []
    for _ in range(starts):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = os.environ | {"ATTUNE_HOME": str(home), "ATTUNE_PORT": str(port)}
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL
        )
        while True:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read()
                break
            time.sleep(0.05)
        seconds.append(time.perf_counter() - began)
        time.sleep(15)  # the encoder is loaded behind the page
        memory.append(psutil.Process(process.pid).memory_info().rss / 2**20)
        process.terminate()
        process.wait(30)
    summary("page answers after start", seconds)
    print(f"{'idle memory of the page':<44} median {statistics.median(memory):7.0f} MiB")


def helps(times: int) -> None:
    for name in COMMAND_LINES:
        seconds = []
        for _ in range(times):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", name, "--help"], cwd=REPOSITORY, check=True, capture_output=True)
            seconds.append(time.perf_counter() - began)
        summary(f"python -m {name} --help", seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=100)
    parser.add_argument("--starts", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        turns(Path(folder), given.turns)
        page(Path(folder), given.starts)
        helps(given.starts)


if __name__ == "__main__":
    main()
