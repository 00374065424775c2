"""A conversation held inside the test's own process: quick, and with everything real but the terminal."""

from collections.abc import Iterable
from pathlib import Path

from assistant.conversation import Assistant, Conversation
from assistant.events import Event, Reply
from assistant.settings import Settings


def settings(home: Path, chat_model: str | None = None) -> Settings:
    return Settings(home=home, chat_model=chat_model, secret=None, host="127.0.0.1", port=0)


def make_assistant(home: Path) -> Assistant:
    return Assistant(settings(home))


def last(events: Iterable[Event]) -> Reply:
    """The reply a turn ends with."""
    reply = list(events)[-1]
    assert isinstance(reply, Reply)
    return reply


def say(talk: Conversation, *lines: str, files: Iterable[Path] = ()) -> Reply:
    """Send lines one after the other, the files with the last; its reply."""
    for line in lines[:-1]:
        last(talk.send(line))
    return last(talk.send(lines[-1] if lines else "", list(files)))
