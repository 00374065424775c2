"""What is typed or pasted into a terminal arrives whole, or is said not to."""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.terminal import REPOSITORY, Terminal, hear_interrupts

# Says at the end how long each line is, and how it begins and ends: the echo of the next one could cut what is said
# before. As slow to start as the program is.
COUNT = """
import time
from assistant.keyboard import lines, whole_lines
with whole_lines():
    print("ready", flush=True)
    time.sleep(0.5)
    waiting = lines()
    for line in list(iter(waiting.get, None)):
        print("got", len(line.text), line.text[:2], line.text[-2:], line.cut, flush=True)
"""
LONG = "äb" + "x" * 9_996 + "yz"


@dataclass
class Screen:
    """A terminal of our own with a program in it."""

    terminal: int
    process: "subprocess.Popen[bytes]"
    shown: str = ""

    def paste(self, text: str) -> None:
        rest = text.encode()
        while rest:  # a terminal takes no more than it has room for, and shows what it took
            self.read()
            if select.select([], [self.terminal], [], 0.2)[1]:
                rest = rest[os.write(self.terminal, rest[:1000]) :]

    def read(self) -> None:
        while select.select([self.terminal], [], [], 0.05)[0]:
            try:
                self.shown += os.read(self.terminal, 65_536).decode(errors="replace")
            except OSError:  # Linux, once nobody has the other end open
                return

    def wait_for(self, words: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.shown:
            assert time.monotonic() < deadline, self.shown[-2000:]
            self.read()

    def has_line_mode(self) -> bool:
        wanted = termios.ICANON | termios.ECHO
        return termios.tcgetattr(self.terminal)[3] & wanted == wanted


def take_terminal() -> None:
    """Make Ctrl-C more than a letter, also where whoever runs the tests ignores it, as in the background of a shell."""
    hear_interrupts()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def started(command: list[str], *, screen: bool = True, home: Path | None = None) -> Screen:
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm-256color"} | ({"ATTUNE_HOME": str(home)} if home else {})
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=REPOSITORY,
        env=environment,
        stdin=theirs,
        stdout=theirs if screen else subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    return Screen(ours, process)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Screen]:
    shown = started(["-m", "assistant", "--project", "team"], home=tmp_path / "home")
    yield shown
    shown.process.kill()
    shown.process.wait(20)
    os.close(shown.terminal)


def test_ten_thousand_letters_pasted_into_a_terminal_arrive_whole() -> None:
    shown = started(["-c", COUNT])
    assert shown.has_line_mode(), "as any terminal begins"
    shown.wait_for("ready")
    shown.paste(f"{LONG}\n{LONG}\n\x04")  # the first while the program starts, the second right behind it
    shown.wait_for("got 10000 äb yz False")
    assert shown.process.wait(20) == 0
    shown.read()
    assert shown.shown.count("got 10000 äb yz False") == 2
    assert shown.has_line_mode(), "and as it ends"
    os.close(shown.terminal)


def test_a_line_that_the_terminal_cuts_is_told_from_a_whole_one() -> None:
    """With its answers sent to a file the program has no line editor."""
    shown = started(["-c", COUNT], screen=False)
    assert shown.process.stdout is not None
    assert shown.process.stdout.readline() == b"ready\n"
    shown.paste(f"{'x' * 4_000}\n{LONG}\n\x04")
    said = shown.process.stdout.read().decode()
    assert "got 4000 xx xx False" in said
    assert "True" in said.splitlines()[1]
    os.close(shown.terminal)


@pytest.mark.slow
def test_a_cut_line_is_not_taken_and_that_is_said(tmp_path: Path) -> None:
    shown = started(["-m", "assistant", "--json", "--project", "team"], screen=False, home=tmp_path / "home")
    assert shown.process.stdout is not None
    assert "I am Attune" in json.loads(shown.process.stdout.readline())["text"]
    shown.paste(f"We are {LONG}\n")
    assert "cuts a line" in json.loads(shown.process.stdout.readline())["text"]
    shown.paste("We are a bank\n")
    reply = json.loads(shown.process.stdout.readline())
    assert "bank" in reply["text"] and LONG[:50] not in reply["text"]
    shown.paste("\x04")
    assert shown.process.wait(30) == 0
    os.close(shown.terminal)


def test_lines_of_a_pipe_have_any_length() -> None:
    said = subprocess.run(
        [sys.executable, "-c", COUNT],
        cwd=REPOSITORY,
        input=f"{LONG}\n{LONG * 10}".encode(),
        capture_output=True,
        check=True,
    )
    assert said.stdout.decode().splitlines()[1:] == ["got 10000 äb yz False", "got 100000 äb yz False"]


@pytest.mark.slow
def test_the_program_reads_a_long_line_and_leaves_the_terminal_as_it_was(program: Screen) -> None:
    program.paste("x" * 25_000 + "\n")
    program.wait_for("The message has 25,000 characters")
    program.paste("We are a bnk\x7f\x7fank\n")
    program.wait_for("We are a b", seconds=10)
    program.wait_for("organisation: bank")
    assert not program.has_line_mode()
    os.write(program.terminal, b"\x03")
    assert program.process.wait(30) == 130
    assert program.has_line_mode()


@pytest.mark.slow
def test_a_program_at_a_pipe_is_interrupted_without_an_abort(tmp_path: Path) -> None:
    program = Terminal(tmp_path / "home")
    program.wait_for("opened")
    program.process.send_signal(signal.SIGINT)  # while its encoder is still being loaded
    assert program.process.wait(30) == 130
    assert program.errors.read_text() == ""


@pytest.mark.slow
def test_a_program_that_is_ended_leaves_the_terminal_as_it_was(program: Screen) -> None:
    program.wait_for("I am Attune")
    program.process.terminate()
    assert program.process.wait(30) == -signal.SIGTERM
    assert program.has_line_mode()
