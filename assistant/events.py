"""What a turn of the conversation consists of. Page, terminal and tests see only these."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TextDelta:
    """A piece of the answer as it is being written."""

    text: str


@dataclass(frozen=True)
class ToolStarted:
    id: str
    title: str  # plain words: "Looking for rules"


@dataclass(frozen=True)
class ToolFinished:
    id: str
    title: str
    text: str
    failed: bool
    cards: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class TrialDelta:
    """A piece of a model's answer during the trial. `model` is "base" or "tuned"."""

    model: str
    text: str


@dataclass(frozen=True)
class Working:
    """What a tool that takes long is at: "Looking for personal data", 2,500 texts of 10,000."""

    what: str
    done: int
    total: int

    @property
    def sentence(self) -> str:
        return f"{self.what}: {self.done:,} of {self.total:,}"


@dataclass(frozen=True)
class Progress:
    """Long work as it goes. `card` is a card of kind "progress"; `finished` comes once, at the end."""

    card: dict[str, Any]
    finished: bool = False


@dataclass(frozen=True)
class Reply:
    """The end of a turn, and the terminal's JSON object."""

    text: str
    options: list[str]
    waiting_for: str | None  # a brief field, "approval:<action>", or None
    stage: str
    cards: list[dict[str, Any]]

    def as_json(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "options": self.options,
            "waiting_for": self.waiting_for,
            "stage": self.stage,
            "cards": self.cards,
        }


Event = TextDelta | ToolStarted | ToolFinished | TrialDelta | Working | Progress | Reply


@dataclass(frozen=True)
class Turn:
    """A past turn, rebuilt from the stored thread to fill a page that is opened again."""

    user: str | None  # None for what the assistant says unasked: the opening, a finished run
    files: list[str]
    tools: list[ToolFinished]
    reply: Reply | None
