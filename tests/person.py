"""A user who answers what is asked: enough to go the whole way, in whatever order the questions come."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.terminal import Json, Terminal

DENTIST = {
    "organisation": "We are a small dental practice in Ohio",
    "industry": "Healthcare",
    "task": "Answer questions",
    "audience": "Our patients",
    "jurisdictions": "Ohio",
    "inputs": "Questions by e-mail about bills and appointments",
    "outputs": "A short answer",
    "right_answer": "It says what our documents say and names the next step",
    "wrong_answer": "It makes something up",
    "never": "Give a diagnosis",
    "pairs": "skip",
    "data": "A spreadsheet of questions and answers",
    "rules": "keep all",
    "columns": "question, answer",
    "personal": "Keep the tags",
    "rights": "Our own: train, do not publish",
    "approval:approve_data": "approved",
    "approval:start_training": "use 2 epochs and a learning rate of 1e-3",  # and "yes" when asked again
    "train_anyway": "yes",
}


@dataclass
class Person:
    """Answers by what the assistant waits for; files are attached when it asks for them."""

    answers: dict[str, str] = field(default_factory=lambda: dict(DENTIST))
    files: list[Path] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def answer(self, reply: Json) -> str | None:
        """The next line, or None where nothing is being asked."""
        waiting = reply["waiting_for"]
        if waiting == "files":
            return f"/file {self.files.pop(0)}" if self.files else "prepare the data"
        if waiting is None:
            return None
        again = waiting == "approval:start_training" and waiting in self.asked
        self.asked.append(waiting)
        return "yes" if again else self.answers.get(waiting, "skip")


def go_on(
    terminal: Terminal,
    person: Person,
    first: str | None = "hello",
    *,
    until: Callable[[Json], bool] = lambda reply: reply["waiting_for"] is None,
    note: Callable[[str, Json], Any] = lambda line, reply: None,
    most: int = 60,
) -> Json:
    """Talk until the condition holds; `note` is told every line with its reply.

    Raises:
        AssertionError: it does not come to an end.
    """
    line = first
    reply: Json = {"waiting_for": None}
    for _ in range(most):
        if line is None:
            return reply
        reply = terminal.say(line)
        note(line, reply)
        if until(reply):
            return reply
        line = person.answer(reply)
    raise AssertionError(f"after {most} messages it still asks: {reply['text']}")
