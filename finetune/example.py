"""One training example: a line of `examples.jsonl`."""

import hashlib
import re
from typing import Literal

from pydantic import BaseModel, Field

Kind = Literal["faq", "document", "term", "rule", "refusal", "correction", "general", "category"]
MADE_KINDS = frozenset({"rule", "term", "refusal"})  # made by the program: nobody wrote them, and nobody asked
Split = Literal["train", "validation", "test"]
Status = Literal["proposed", "approved", "dropped"]

WRITTEN_BY = "written by {model} ({what})"  # the reason on a row that a language model wrote
WRITTEN = re.compile(r"written by (?P<model>.+) \((?P<what>[^()]*)\)")


class Message(BaseModel):
    role: Literal["system", "user", "assistant"]
    content: str


class Source(BaseModel):
    """Where an example comes from. A row that cannot say so is not kept."""

    file: str | None = None
    page: int | None = Field(None, description="1-based page of a document")
    row: int | None = Field(
        None, description="1-based row of a table as a spreadsheet shows it, the header being row 1"
    )
    quote: str | None = Field(None, description="the source's exact words that the answer rests on")
    citation: str | None = Field(None, description="the rule or term it rests on")


class Example(BaseModel):
    """`messages` ends with the assistant's answer; the loss is taken on that answer only."""

    id: str
    messages: list[Message] = Field(min_length=2)
    source: Source = Source()
    kind: Kind = "faq"
    topic: str = ""
    split: Split | None = None
    status: Status = "proposed"
    reasons: list[str] = Field([], description="what was done to the row and why, in plain words")

    @property
    def question(self) -> str:
        return next(m.content for m in reversed(self.messages) if m.role == "user")

    @property
    def answer(self) -> str:
        return self.messages[-1].content

    @property
    def of_facts(self) -> bool:
        """Whether it was made from a line of a table of facts; see from_tables.py."""
        return self.kind == "document" and self.source.row is not None

    @property
    def written(self) -> re.Match[str] | None:
        """Which `model` wrote the row and `what` holds it; None where it comes from people, rules or patterns."""
        return next((match for reason in self.reasons if (match := WRITTEN.fullmatch(reason))), None)


def make_example(question: str, answer: str, *, source: Source, kind: Kind = "faq", topic: str = "") -> Example:
    """A question and its answer as an example; the id is a hash of words and source, so the same row keeps its id."""
    key = "\x1f".join([question, answer, source.file or "", str(source.page), str(source.row), source.citation or ""])
    messages = [Message(role="user", content=question), Message(role="assistant", content=answer)]
    return Example(
        id=hashlib.sha256(key.encode()).hexdigest()[:12], messages=messages, source=source, kind=kind, topic=topic
    )
