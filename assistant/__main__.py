"""The terminal: `python -m assistant --home DIR --project NAME [--json]`."""

import argparse
import json
import os
import queue
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.keyboard import CUT, lines, whole_lines

if TYPE_CHECKING:
    from assistant.conversation import Conversation
    from assistant.events import Event

POLL_SECONDS = 1.0
INTERRUPTED = 130  # a shell's code for Ctrl-C


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m assistant",
        description="Talk to Attune in the terminal, a message a line; /file PATH attaches a file or folder.",
    )
    parser.add_argument("--home", type=Path, help="folder for projects, index and jobs (default: ATTUNE_HOME)")
    parser.add_argument("--project", default="default", help="name of the project to open or make")
    parser.add_argument("--json", action="store_true", help="one JSON object a reply on standard output")
    return parser.parse_args()


def attached(line: str) -> tuple[str, list[Path]]:
    """A line taken apart: `/file PATH` attaches the file or folder; words may follow after ` -- `."""
    if not line.startswith("/file "):
        return line, []
    path, _, words = line.removeprefix("/file ").partition(" -- ")
    return words, [Path(path.strip().strip("\"'")).expanduser()]


def show_json(events: "Iterable[Event]", unasked: str | None = None) -> None:
    """Write what matters to a program. What nobody asked for carries an `event`, so replies can be counted."""
    from assistant.events import Progress, Reply, Working

    for event in events:
        if isinstance(event, Progress):
            row = {"event": "progress", **event.card}
        elif isinstance(event, Working):
            row = {"event": "progress", "sentence": event.what, "step": event.done, "max_steps": event.total}
        elif isinstance(event, Reply):
            row = event.as_json() if unasked is None else {"event": unasked, **event.as_json()}
        else:
            continue
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def show_text(events: "Iterable[Event]", unasked: str | None = None) -> None:
    from assistant.render import reply_as_text

    for event in events:
        text = reply_as_text(event)
        if text:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()


def talk(conversation: "Conversation", as_json: bool) -> None:
    """Answer lines until standard input ends and no training is under way."""
    show = show_json if as_json else show_text
    # Who comes back is shown where the conversation stands.
    show(list(conversation.open()) or [conversation.reply()], unasked="opened")
    waiting = lines()
    ended = False
    while not ended or conversation.busy():
        try:
            line = waiting.get(timeout=POLL_SECONDS)
        except queue.Empty:
            show(conversation.poll(), unasked="report")
            continue
        if line is None:
            ended = True
        elif line.cut:
            show([replace(conversation.reply(), text=CUT)])
        else:
            show(conversation.poll(), unasked="report")
            text, files = attached(line.text)
            show(conversation.send(text, files))
            if conversation.deleted:
                return
    show(conversation.poll(), unasked="report")


def main() -> int:
    given = arguments()
    with whole_lines():
        return converse(given)


def converse(given: argparse.Namespace) -> int:
    from assistant.conversation import Assistant
    from assistant.settings import Settings
    from finetune.errors import UserError

    settings = Settings.from_environment()
    if given.home:
        settings = replace(settings, home=given.home.expanduser().absolute())
    try:
        assistant = Assistant(settings)
        conversation = assistant.conversation(given.project)
        assistant.warm()  # while the person reads the greeting
        talk(conversation, given.json)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    code = main()
    if code == INTERRUPTED:
        # A library that is still loading in its thread would turn Python's own end into an abort; all is on disk.
        os._exit(code)
    sys.exit(code)
