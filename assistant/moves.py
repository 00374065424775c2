"""What the guide can do next: say something, or call a tool."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Say:
    """Words for the user. `waiting_for` tells what the next answer is an answer to."""

    text: str
    options: tuple[str, ...] = ()
    waiting_for: str | None = None
    note: dict[str, Any] = field(default_factory=dict)  # what the guide needs to know next time

    def after(self, text: str) -> "Say":
        """The same question behind other words."""
        return Say(f"{text}\n\n{self.text}" if text else self.text, self.options, self.waiting_for, self.note)


@dataclass(frozen=True)
class Call:
    """A tool to run, with words that go before it."""

    tool: str
    args: dict[str, Any] = field(default_factory=dict)
    text: str = ""


Move = Say | Call
