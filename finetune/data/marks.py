"""What people said of the rows: each reviewer's marks, kept apart, and who decided what about a row and when.

`review.json` lies beside the examples and knows rows by their ids, so marks survive preparing and reading again.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Literal

from pydantic import BaseModel, Field

from finetune.data.clean import normalised
from finetune.example import Example
from finetune.files import read_json, write_json
from finetune.project import Project

Verdict = Literal["good", "bad", "unsure"]
Deed = Literal["edited", "approved", "dropped", "brought back"]

# Of fewer rows the kappa says more about chance than about the reviewers.
KAPPA_ROWS = 20
ALL_ROWS = ""  # in the place of a row's id


class Mark(BaseModel):
    row: str = Field(description="the example's id")
    reviewer: str
    mark: Verdict
    comment: str = ""
    date: str = Field(description="ISO 8601, UTC")
    words: str = Field(description="hash of the words that were marked; a later edit makes the mark an old one")


class Decision(BaseModel):
    row: str = Field(ALL_ROWS, description="the example's id, or `ALL_ROWS` in use")
    deed: Deed
    reviewer: str = ""
    date: str


class Review(BaseModel):
    """`review.json`."""

    reviewer: str = Field("", description="who is speaking now; empty where nobody said a name")
    marks: list[Mark] = []
    decisions: list[Decision] = []

    def put(self, marks: Iterable[Mark]) -> "Review":
        """With these marks in the place of the same reviewers' earlier ones on the same rows."""
        new = {(m.row, m.reviewer.casefold()): m for m in marks}
        kept = [m for m in self.marks if (m.row, m.reviewer.casefold()) not in new]
        return self.model_copy(update={"marks": [*kept, *new.values()]})

    def decided(self, deeds: Mapping[str, Deed], reviewer: str | None = None) -> "Review":
        """With a note of who did what to which rows today."""
        by = self.reviewer if reviewer is None else reviewer
        told = [Decision(row=row, deed=deed, reviewer=by, date=now()) for row, deed in deeds.items()]
        return self.model_copy(update={"decisions": [*self.decisions, *told]})

    def of_row(self, example: Example) -> list[Mark]:
        return [m for m in self.marks if m.row == example.id]

    @property
    def reviewers(self) -> list[str]:
        return sorted({m.reviewer for m in self.marks}, key=str.casefold)


def read_review(project: Project) -> Review:
    return Review.model_validate(read_json(project.review) or {})


def write_review(project: Project, review: Review) -> None:
    write_json(project.review, review.model_dump())


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def words_of(example: Example) -> str:
    """A hash of what is marked: the words, whatever their case and punctuation."""
    words = "\x1f".join(normalised(m.content) for m in example.messages if m.role != "system")
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def make_mark(example: Example, reviewer: str, mark: Verdict, comment: str = "") -> Mark:
    return Mark(
        row=example.id, reviewer=reviewer, mark=mark, comment=comment.strip(), date=now(), words=words_of(example)
    )


def standing(marks: Sequence[Mark], examples: Iterable[Example]) -> dict[str, dict[str, Mark]]:
    """Row id to reviewer to mark, for rows in use whose words are still those that were marked."""
    concerned = {mark.row for mark in marks}
    words = {e.id: words_of(e) for e in examples if e.id in concerned and e.status != "dropped"}
    found: dict[str, dict[str, Mark]] = {}
    for mark in marks:
        if words.get(mark.row) == mark.words:
            found.setdefault(mark.row, {})[mark.reviewer] = mark
    return found


@dataclass(frozen=True)
class Agreement:
    """How far two reviewers agree on the rows that both have marked."""

    one: str
    other: str
    both: int
    same: int
    kappa: float | None  # −1 to 1; None under `KAPPA_ROWS`, or where both gave one and the same mark to all
    apart: list[str]  # ids of the rows they mark differently

    @property
    def share(self) -> float:
        return self.same / self.both if self.both else 0.0


def agreements(marks: Sequence[Mark], examples: Sequence[Example]) -> Iterator[Agreement]:
    """Every pair of reviewers with a row in common. Rows in use count, with marks on the words they have now."""
    by_row = standing(marks, examples)
    for one, other in combinations(sorted({m.reviewer for m in marks}, key=str.casefold), 2):
        pairs = {
            e.id: (by_row[e.id][one].mark, by_row[e.id][other].mark)
            for e in examples
            if {one, other} <= by_row.get(e.id, {}).keys()
        }
        if pairs:
            apart = [row for row, (a, b) in pairs.items() if a != b]
            kappa = cohens_kappa(list(pairs.values())) if len(pairs) >= KAPPA_ROWS else None
            yield Agreement(one, other, len(pairs), len(pairs) - len(apart), kappa, apart)


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Agreement beyond chance (Cohen 1960); None where chance alone would agree on everything."""
    rows = len(pairs)
    observed = sum(a == b for a, b in pairs) / rows
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[mark] * second[mark] for mark in first) / rows**2
    return None if chance == 1 else (observed - chance) / (1 - chance)


def divided(marks: dict[str, Mark]) -> bool:
    """Whether one row's marks differ."""
    return len({m.mark for m in marks.values()}) > 1
