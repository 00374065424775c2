"""How the thread writes down what is not plain talk: program events, attached files, refused approvals."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

PROGRAM = "attune"  # the name on messages that no person typed
OPENED = "[opened]"
ATTACHED = re.compile(r"\n?\[attached file: ([^\]\n]+)\]")
REFUSED = re.compile(r"^User rejected the tool call for `\w+` with reason: ", re.S)


def run_event(run: str, *, stopped: bool) -> str:
    """What the program says when a run ends; one that was stopped before its test ends twice."""
    return f"[run {run} {'stopped' if stopped else 'finished'}]"


def user_message(text: str, files: Sequence[str]) -> HumanMessage:
    return HumanMessage(text + "".join(f"\n[attached file: {name}]" for name in files))


def words_and_files(content: str) -> tuple[str, list[str]]:
    """A user message taken apart: the words, and the names of the files attached to it."""
    return ATTACHED.sub("", content).strip(), ATTACHED.findall(content)


def refusal(message: BaseMessage) -> str | None:
    """What the user said instead of yes when asked for approval; None for any other message."""
    if not isinstance(message, ToolMessage) or message.status != "error":
        return None
    content = str(message.content)
    return REFUSED.sub("", content, count=1) if REFUSED.match(content) else None


@dataclass(frozen=True)
class Exchange:
    """The turn in hand: what was said, what it answers, and which tools have run since."""

    said: str
    files: list[str]
    program: bool  # said by the program, not by a person
    asked: str | None  # what the assistant was waiting for
    extra: dict[str, Any]  # what the assistant noted for itself beside its last words
    done: list[ToolMessage]
    told: frozenset[str | None]  # ids of those whose outcome was already put into words in this turn
    pending_call: dict[str, Any] | None  # the tool call whose approval was asked for, where this is no yes to it

    def ran(self, tool: str) -> ToolMessage | None:
        return next((m for m in reversed(self.done) if m.name == tool), None)


def current_exchange(messages: Sequence[BaseMessage]) -> Exchange:
    """Read the turn in hand off the thread's end."""
    start = len(messages) - 1
    while start > 0 and not isinstance(messages[start], HumanMessage) and refusal(messages[start]) is None:
        start -= 1
    first = messages[start]
    said = refusal(first)
    words, files = words_and_files(str(first.content) if said is None else said)
    before = [m for m in messages[:start] if isinstance(m, AIMessage)]
    notes = before[-1].additional_kwargs if before else {}
    asked = notes.get("waiting_for")
    pending = before[-1].tool_calls[0] if said is not None and before and before[-1].tool_calls else None
    if pending is not None:
        asked = f"approval:{pending['name']}"
    since = messages[start + 1 :]
    spoken = max((n for n, m in enumerate(since) if isinstance(m, AIMessage) and m.content), default=0)
    return Exchange(
        said=words,
        files=files,
        program=getattr(first, "name", None) == PROGRAM,
        asked=asked,
        extra=notes,
        done=[m for m in since if isinstance(m, ToolMessage)],
        told=frozenset(m.id for m in since[:spoken] if isinstance(m, ToolMessage)),
        pending_call={"name": pending["name"], "args": pending["args"]} if pending else None,
    )
