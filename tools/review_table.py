"""Stage 3, the table of rows beside the conversation: which rows it shows, and what is done in it.

The same rules as in the conversation: each deed is one step of undo, and a change breaks the seal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import BaseModel, Field

from finetune.data.clean import fault_of
from finetune.data.marks import read_review, standing
from finetune.data.report import counted
from finetune.data.sheet import fingerprint_of, same
from finetune.errors import UserError
from finetune.example import Example
from finetune.project import Project
from tools.context import Context
from tools.editing import approved, left_out, save_changed, with_words
from tools.history import remember
from tools.interview import take_back
from tools.journey import read_sources, require
from tools.review import name_reviewer, put_marks
from tools.rows import (
    APPROVED,
    BROUGHT_BACK,
    EDITED,
    Numbered,
    Only,
    doubts_about,
    mark_in_words,
    selected,
)

PAGE_ROWS = 20
CHANGED_MEANWHILE = "This row was changed meanwhile, in another window or by a sheet."

Deed = Literal["look", "save", "approve", "drop", "restore", "good", "bad", "unsure", "undo", "name"]


class View(BaseModel):
    """Which rows are shown; what is empty leaves the choice open."""

    words: str = Field("", max_length=200)
    topic: str = Field("", max_length=500)
    kind: str = Field("", max_length=20)
    split: str = Field("", max_length=20)
    status: str = Field("", max_length=20)
    source: str = Field("", max_length=500)
    only: str = Field("", max_length=20)
    page: int = Field(0, ge=0, le=1_000_000)


class Edit(BaseModel):
    """A row's words as they stand in the browser; `seen` is the fingerprint of the row they were made from."""

    id: str = Field(max_length=64)
    seen: str = Field(max_length=64)
    question: str = Field(max_length=40_000)
    answer: str = Field(max_length=40_000)


class Pressed(BaseModel):
    """What a browser sends: nothing in it is trusted beyond its shape."""

    do: Deed = "look"
    row: str = Field("", max_length=64)
    name: str = Field("", max_length=60)
    view: View = View()
    edits: list[Edit] = Field([], max_length=PAGE_ROWS)

    @property
    def changes(self) -> bool:
        return self.do != "look" or bool(self.edits)


@dataclass(frozen=True)
class Table:
    """A page of rows and what can be chosen from; `choices` are the values of each filter with their counts."""

    rows: list[Numbered]
    total: int
    in_use: int
    page: int
    choices: dict[str, list[tuple[str, int]]]
    notes: dict[str, list[str]]
    marks: dict[str, list[str]]
    reviewer: str
    sealed: bool
    prepared: bool

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_ROWS))


FACETS: dict[str, Callable[[Example], str]] = {
    "topic": lambda e: e.topic,
    "split": lambda e: e.split or "",
    "kind": lambda e: e.kind,
    "status": lambda e: e.status,
    "source": lambda e: e.source.file or e.source.citation or "",
}


def table(project: Project, view: View) -> Table:
    """The rows of a view. Left-out rows are shown only where they are asked for."""
    examples = project.read_examples()
    review, sources = read_review(project), read_sources(project)
    only: Only = view.only if view.only in get_args(Only) else ""  # type: ignore[assignment]
    if view.status == "dropped":
        only = "dropped"
    doubted = doubts_about(project) if only == "doubtful" else []
    found = selected(examples, view.words.strip(), "", only, review.marks, doubted)
    choices = {name: counts([value(e) for _, e in found]) for name, value in FACETS.items()}
    out = sum(e.status == "dropped" for e in examples)
    if only != "dropped" and out:
        choices["status"].append(("dropped", out))
    rows = [(n, e) for n, e in found if all(getattr(view, f) in ("", value(e)) for f, value in FACETS.items())]
    page = min(view.page, max(0, (len(rows) - 1) // PAGE_ROWS))
    marked = standing(review.marks, examples)
    return Table(
        rows=rows[page * PAGE_ROWS : (page + 1) * PAGE_ROWS],
        total=len(rows),
        in_use=len(examples) - out,
        page=page,
        choices=choices,
        notes={d.id: d.reasons for d in doubted},
        marks={row: [mark_in_words(m) for m in found.values()] for row, found in marked.items()},
        reviewer=review.reviewer,
        sealed=sources.sealed is not None,
        prepared=sources.prepared,
    )


def counts(values: Sequence[str]) -> list[tuple[str, int]]:
    """Each value that is not empty, with how often it stands there, the most frequent first."""
    found: dict[str, int] = {}
    for value in values:
        if value:
            found[value] = found.get(value, 0) + 1
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def act(context: Context, pressed: Pressed) -> str:
    """Do what was pressed, after the edits that came with it; what happened, in words.

    Raises:
        UserError: it cannot be done; edits that came with it are done all the same where they can be.
    """
    project = context.project
    said = save(project, pressed.edits) if pressed.do != "undo" else ""
    if pressed.do in ("look", "save"):
        return said
    if pressed.do == "undo":
        return take_back(context)
    if pressed.do == "name":
        return f"{said} {name_reviewer(project, pressed.name)}".strip()
    number, example = row_of(project.read_examples(), pressed.row)
    if pressed.do in ("good", "bad", "unsure"):
        put_marks(project, [(number, example)], pressed.do, "")
        return f"{said} Row {number:,} is marked {pressed.do}.".strip()
    return f"{said} {set_status(project, number, example, pressed.do)}".strip()


def row_of(examples: Sequence[Example], row: str) -> Numbered:
    found = next(((n, e) for n, e in enumerate(examples, 1) if e.id == row), None)
    if found is None:
        raise UserError("This row is not there any more.", action="Look at the table again.")
    return found


def save(project: Project, edits: Sequence[Edit]) -> str:
    """Take over new words, as one step.

    Raises:
        UserError: a row was changed meanwhile, or its new words cannot be used; then nothing is changed.
    """
    examples = project.read_examples()
    changed: dict[str, Example] = {}
    numbers: list[int] = []
    for edit in edits:
        number, example = row_of(examples, edit.id)
        if same(edit.question, example.question) and same(edit.answer, example.answer):
            continue
        if edit.seen != fingerprint_of(example):
            raise UserError(CHANGED_MEANWHILE, where=f"row {number:,}", action="Look at it again, then change it.")
        new = approved(with_words(example, edit.question.strip(), edit.answer.strip()), EDITED)
        fault = fault_of(new) or ("" if edit.question.strip() and edit.answer.strip() else "a text is empty")
        if fault:
            raise UserError(
                f"It cannot be used like this: {fault}.", where=f"row {number:,}", action="Change it again."
            )
        changed[example.id] = new
        numbers.append(number)
    if not changed:
        return ""
    which = f"row {numbers[0]:,}" if len(numbers) == 1 else counted(len(numbers), "row")
    remember(project, f"the edit of {which}")
    return save_changed(project, examples, changed).after(f"{which.capitalize()} is saved.")


def set_status(project: Project, number: int, example: Example, deed: Deed) -> str:
    """Approve a row, drop it or bring it back."""
    if deed == "drop":
        new, done = left_out(example), "is left out"
    elif deed == "restore":
        fault = fault_of(example)
        action = "Give it new words first, and save them."
        require(not fault, f"Row {number:,} cannot be used as it is: {fault}.", action)
        new, done = approved(example, BROUGHT_BACK), "is back"
    else:
        new, done = approved(example, APPROVED), "is approved"
    if new == example:
        return f"Row {number:,} {done} already."
    change = {"drop": "the dropping", "restore": "the bringing back"}.get(deed, "the approval")
    remember(project, f"{change} of row {number:,}")
    return save_changed(project, project.read_examples(), {example.id: new}).after(f"Row {number:,} {done}.")
