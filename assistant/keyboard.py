"""Lines from a keyboard or a pipe. A terminal's own line mode silently drops what goes beyond 4,095 bytes of a line."""

import io
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

LONGEST_LINE = 4096  # bytes with the line's end: N_TTY_BUF_SIZE of the Linux kernel
CUT = (
    f"Your terminal cuts a line after {LONGEST_LINE - 1:,} letters, and this one was as long, so I did not take it. "
    "Save the text as a file and type /file and its path, or send it in shorter pieces."
)


@dataclass(frozen=True)
class Line:
    text: str
    cut: bool = False  # the terminal has dropped the rest of it, for all we know


def has_editor() -> bool:
    """Whether `input()` reads by the line editor: keyboard and screen are both a terminal, and not of Windows."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    try:
        import readline  # noqa: F401 - from its import on, `input()` uses it
        import termios  # noqa: F401
    except ImportError:
        return False
    return True


@contextmanager
def whole_lines() -> Iterator[None]:
    """Leave the terminal's line mode, from the first moment on, and come back to it at the end.

    The line editor leaves it, too, but only while it waits for a line: a long one that is pasted while the program
    starts, or right after another one, would be cut.
    """
    if not has_editor():
        yield
        return
    import termios

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    ours = termios.tcgetattr(terminal)
    ours[3] &= ~termios.ICANON  # and not the echo: where that is off, the editor shows nothing either
    ours[6][termios.VMIN], ours[6][termios.VTIME] = 1, 0

    def end(number: int, frame: object) -> None:
        """Die of the signal as ever, but not with the terminal in the editor's mode, which shows no typed letter."""
        termios.tcsetattr(terminal, termios.TCSANOW, before)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, end)
    termios.tcsetattr(terminal, termios.TCSANOW, ours)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def lines() -> "queue.Queue[Line | None]":
    """Standard input, line by line, read beside the work; None at its end."""
    waiting: queue.Queue[Line | None] = queue.Queue()
    source = edited if has_editor() else piped

    def read() -> None:
        source(waiting.put)
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    return waiting


def edited(take: Callable[[Line], None]) -> None:
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    with suppress(EOFError):
        while True:
            take(Line(input()))


def piped(take: Callable[[Line], None]) -> None:
    by_hand = sys.stdin.isatty()
    # A reader of its own: Python ends with an abort when a thread still waits in `sys.stdin`.
    with open(sys.stdin.fileno(), "rb", closefd=False) as own:
        for raw in own:
            take(Line(raw.decode("utf-8", "replace").rstrip("\r\n"), cut=by_hand and len(raw) >= LONGEST_LINE))
