"""What a tool hands back: words for the chat model, cards for the person, and suggested next replies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Artifact = tuple[str, dict[str, Any]]  # what LangChain's "content_and_artifact" tools return

CardKind = Literal[
    # {"fields": [{"name", "title", "value"}]}
    "brief",
    # {"entries": [{"id", "title", "citation", "jurisdiction", "url", "as_of", "verified", "summary",
    #  "reason", "kept"}]}
    "rules",
    # {"query", "passages": [{"number", "file", "page", "heading", "text", "score", "reason"}]}
    "passages",
    # {"name", "rows", "read": [str], "notes": [str], "problems": [str]}: made by `file_card`
    "file",
    # {"file", "header": [str], "question", "answer", "sample": [[str]]}
    "columns",
    # {"rows": [{"id", "question", "answer", "kind", "topic", "split", "status", "source",
    #  "notes": [str]}], "total"}
    "data",
    # {"questions": [{"question", "answers": [{"numbers": [int], "question", "answer", "source"}]}], "total"}
    "conflicts",
    # {"counts": {str: int}, "sentences": [str]}
    "report",
    # {"sentences": [str], "topics": [{"topic", "rows", "share", "example"}],
    #  "subjects": [{"subject", "what", "rows", "least", "level"}], "additions": [{"request", "reason", "gain"}]}
    "coverage",
    # {"found": [{"example", "kind", "replacement", "context"}], "cannot_find": [str]}
    "personal",
    # {"level": "go" | "caution" | "stop", "sentences": [str], "figures": {str: float}}
    "verdict",
    # {"settings": [{"name", "value", "description", "reason"}], "minutes", "memory_gib"}
    "plan",
    # {"run", "state", "step", "max_steps", "minutes_left", "sentence",
    #  "curve": [{"step", "train_loss", "validation_loss"}]}
    "progress",
    # {"run", "verdict", "metrics": [{"name", "base", "tuned", "low", "high", "sentence"}],
    #  "best": [{"question", "reference", "base", "tuned"}], "worst": [same],
    #  "checks": [{"name", "base_passed", "tuned_passed", "total"}], "file"}
    "evaluation",
    # {"prompt", "base", "tuned", "run", "source": {"file", "page", "text"} | None}
    "comparison",
    # {"files": [{"name", "path", "size"}]}
    "files",
    # {"sentences": [str], "test_items": int, "training_rows": int}
    "watch",
]


@dataclass(frozen=True)
class Card:
    """One thing to look at. `data` has the shape noted beside the kind; plain JSON only, since it is stored."""

    kind: CardKind
    title: str
    data: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "title": self.title, **self.data}


def file_card(
    name: str, rows: int, read: Sequence[str], *, notes: Sequence[str] = (), problems: Sequence[str] = ()
) -> Card:
    """What became of a file. A note tells what was noticed in it, a problem what could not be used at all."""
    data = {"name": name, "rows": rows, "read": list(read), "notes": list(notes), "problems": list(problems)}
    return Card("file", name, data)


@dataclass(frozen=True)
class ToolResult:
    """`text` goes to the chat model, `cards` to the person; `options` are replies worth suggesting next."""

    text: str
    cards: list[Card] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    def for_agent(self) -> Artifact:
        return self.text, {"cards": [card.as_json() for card in self.cards], "options": self.options}
