"""What a file consists of once it has been read. Plain data, so that it can cross from the reading process."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

Kind = Literal[
    "csv", "json", "jsonl", "text", "markdown", "html", "docx", "xlsx", "pptx", "pdf", "eml", "mbox", "zip",
]  # fmt: skip

# Control characters and marks that turn the writing direction: a file's name must not garble a message or a log.
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True)
class Limits:
    """Bounds on what one file may cost. A file past them is refused with a word on what to do, never half read."""

    file_mib: int = 50
    unpacked_mib: int = 300  # all members of an Office file together
    ratio: int = 200  # unpacked to packed size of one member; ordinary sheets reach about 30
    memory_mib: int = 1536  # address space of the reading process
    seconds: int = 60  # of the processor, so that other work on the machine does not count
    rows: int = 200_000
    columns: int = 2_000  # of one table; long surveys have some hundred
    pages: int = 2_000
    characters: int = 20_000_000
    inner_files: int = 500  # files in one archive or mailbox, those of an archive within it included
    whole_seconds: int = 300  # for a file with all the files in it
    recognition_seconds: int = 600  # for the text of a scan


@dataclass(frozen=True)
class Table:
    """`rows[i]` is row `first_row + i` as a spreadsheet shows it; a blank or unreadable row is an empty list there."""

    name: str
    header: list[str]
    rows: list[list[str]]
    first_row: int
    page: int | None = None  # 1-based page or slide, where the format has them

    def filled(self) -> list[tuple[int, list[str]]]:
        """Rows with content, each with its row number."""
        return [(self.first_row + i, row) for i, row in enumerate(self.rows) if row]


@dataclass(frozen=True)
class Passage:
    """A paragraph or list of running text. `page` is 1-based and None where the format has no pages.

    `above` are the headings over its own, the highest first, where the format tells levels, and `lead` is the heading
    of its own level right before it that heads no text.
    """

    text: str
    page: int | None
    heading: str
    above: tuple[str, ...] = ()
    lead: str = ""


@dataclass(frozen=True)
class Conversation:
    """A chat as exported for training, or a thread of letters up to one answer; messages are (role, content).

    `row` is the 1-based line, entry or message of a mailbox that the answer stands in.
    """

    row: int
    messages: list[tuple[str, str]]


@dataclass(frozen=True)
class Document:
    """One file's content; `notes` say in plain words what was left out or guessed, `title` is what it calls itself.

    `parts` are the files within it, each named after the whole: "archive.zip/prices.csv".
    """

    file: str
    kind: Kind
    tables: list[Table] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    parts: list["Document"] = field(default_factory=list)
    unread_pages: list[int] = field(default_factory=list)  # pages of a PDF that hold pictures and no text
    title: str = ""

    def empty(self) -> bool:
        return not (self.parts or self.passages or self.conversations or any(table.filled() for table in self.tables))

    def all_parts(self) -> Iterator["Document"]:
        """This document, then the files in it, then the files in those."""
        yield self
        for part in self.parts:
            yield from part.all_parts()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Document":
        return cls(
            file=value["file"],
            kind=value["kind"],
            tables=[Table(**table) for table in value["tables"]],
            passages=[Passage(**{**passage, "above": tuple(passage["above"])}) for passage in value["passages"]],
            notes=value["notes"],
            conversations=[
                Conversation(c["row"], [(role, content) for role, content in c["messages"]])
                for c in value["conversations"]
            ],
            parts=[cls.from_json(part) for part in value["parts"]],
            unread_pages=value["unread_pages"],
            title=value["title"],
        )


def words(text: str) -> frozenset[str]:
    """A set of words typed as running text, which reads better than a hundred quoted ones."""
    return frozenset(text.split())


def shown_name(path: Path) -> str:
    """The file's name as it may stand in a message: one line, no control characters, at most 100 characters."""
    return shown(path.name)


def shown(name: str) -> str:
    name = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", name)
    return name if len(name) <= 100 else f"{name[:60]}…{name[-35:]}"


def listed(numbers: list[int], most: int = 8) -> str:
    """Line or row numbers for a sentence: "3, 8 and 14", or the first few and how many more."""
    if len(numbers) > most:
        return f"{', '.join(map(str, numbers[:most]))} and {len(numbers) - most} more"
    return " and ".join(filter(None, [", ".join(map(str, numbers[:-1])), str(numbers[-1])]))
