"""Stage 3, reviewing elsewhere: the rows as sheets, and what such a sheet changes when it comes back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.changes import Change, Differences, belongs, counted_changes, differences
from finetune.data.clean import fault_of
from finetune.data.marks import make_mark, read_review, standing, write_review
from finetune.data.report import counted
from finetune.data.sheet import Returned, returned_sheet, sheet_rows, write_sheet
from finetune.errors import UserError
from finetune.example import Example
from finetune.project import Project
from tools.context import Context
from tools.editing import Saved, approved, left_out, save_changed, with_words
from tools.history import remember
from tools.journey import read_sources, require
from tools.result import Artifact, Card, ToolResult
from tools.review import YOU
from tools.rows import (
    APPROVED,
    BROUGHT_BACK,
    EDITED,
    LOOKED_AT_TEST,
    NOT_HIDDEN,
    ROWS_SHOWN,
    data_card,
    doubts_about,
    origin_in_words,
    without_persons,
)

RETURNED = "returned"  # the folder of sheets that came back
LISTED = 8


def returned_folder(project: Project) -> Path:
    return project.sheets / RETURNED


# --- out -------------------------------------------------------------------------------------------------------------


@tool(parse_docstring=True, response_format="content_and_artifact")
def export_examples(
    runtime: ToolRuntime[Context], form: Literal["xlsx", "jsonl", "both"] = "both", reviewer: str = ""
) -> Artifact:
    """Write all rows to a file that people can fill in elsewhere and attach again: edit, approve, drop, mark.

    Args:
        form: XLSX for people, JSONL for programs, or both.
        reviewer: the person the sheet is for; their own earlier marks stand in it, nobody else's.
    """
    project = runtime.context.project
    examples = project.read_examples()
    require(bool(examples), "There are no rows to export yet.", "Attach a file first.")
    review = read_review(project)
    who = " ".join(reviewer.split()) or review.reviewer
    marks = {row: found[who] for row, found in standing(review.marks, examples).items() if who in found}
    rows = sheet_rows(
        enumerate(examples, 1),
        project.name,
        marks=marks,
        reviewer=who,
        places={e.id: origin_in_words(e) for e in examples},
        doubts={d.id: d.reasons for d in doubts_about(project)},
    )
    slug = "-".join(re.findall(r"[a-z0-9]+", who.lower()))
    name = f"rows-{slug}" if slug else "rows"
    paths = [project.sheets / f"{name}.{ending}" for ending in (("xlsx", "jsonl") if form == "both" else (form,))]
    for path in paths:
        write_sheet(rows, path)
    files = [{"name": p.name, "path": str(p), "size": p.stat().st_size} for p in paths]
    whose = f" for {who}" if who else ""
    written = " and ".join(p.name for p in paths)
    text = (
        f"All {counted(len(rows), 'row')} are written to {written}{whose}. Change a question, answer, topic or the "
        "status (approved, dropped), or fill in mark (good, bad, unsure) and comment; leave the id alone. Then drop "
        "the file here: I show what it would change before anything does."
    )
    if not read_sources(project).prepared:
        text += f" {NOT_HIDDEN}"
    if any(e.split == "test" for e in examples):
        text += f" {LOOKED_AT_TEST}"
    return ToolResult(text, [Card("files", "The rows as a sheet", {"files": files})]).for_agent()


# --- back ------------------------------------------------------------------------------------------------------------


def received(project: Project, path: Path) -> ToolResult | None:
    """What an attached file would change, if it is a sheet of these rows; None for any other file.

    The file is kept apart from the user's own ones, as it is no source of rows.

    Raises:
        UserError: it is the sheet of another project, or it changes nothing.
    """
    sheet = returned_sheet(path)
    if sheet is None:
        return None
    examples = project.read_examples()
    if not belongs(sheet, project.name, (e.id for e in examples)):
        if not any(row.get("project") for _, row in sheet.rows):
            return None  # a table of somebody's with such column names
        path.unlink()
        raise UserError(
            "This is a sheet of another project's rows, so nothing of it was taken.",
            where=path.name,
            action="Open the project it was exported from, and attach it there.",
        )
    found = differences(sheet, examples, read_review(project).reviewer or YOU)
    folder = returned_folder(project)
    folder.mkdir(parents=True, exist_ok=True)
    path.replace(folder / path.name)
    if not found.changes and not found.marks:
        (folder / path.name).unlink()
        return ToolResult(" ".join([f"{path.name} is a sheet of these rows, and it changes nothing.", *found.problems]))
    return ToolResult(preview_in_words(path.name, found), [preview_card(found, examples)] if found.changes else [])


def preview_in_words(name: str, found: Differences) -> str:
    count = counted_changes(found.clear)
    would = [f"{counted(n, 'row')} {deed}" for deed, n in count.items()]
    if found.marks:
        by = ", ".join(sorted({who for _, who, _, _ in found.marks if who}))
        would.append(f"{counted(len(found.marks), 'mark')}{f' by {by}' if by else ''}")
    sentences = [f"{name} is a sheet of these rows. It brings: {', '.join(would) or 'nothing I can take as it is'}."]
    if test := [c.number for c in found.clear if c.test]:
        sentences.append(f"Changed test rows: {listed(test)}; the test set must be approved anew then.")
    if found.conflicts:
        rows = listed([c.number for c in found.conflicts])
        sentences.append(
            f"{counted(len(found.conflicts), 'row was', 'rows were')} changed here since the sheet was written, too, "
            f"and will stay as they are here: {rows}."
        )
    return " ".join([*sentences, *found.problems])


def listed(numbers: Sequence[int]) -> str:
    named = ", ".join(f"{n:,}" for n in numbers[:LISTED])
    return named if len(numbers) <= LISTED else f"{named} and {len(numbers) - LISTED:,} more"


def preview_card(found: Differences, examples: Sequence[Example]) -> Card:
    """The rows as they are, each with what it would become."""
    shown = [*found.conflicts, *found.clear]
    notes = {
        c.id: [
            *(["changed here since, too: stays as it is"] if c.conflict else []),
            *(f"{name} would become: {value}" for name, value in c.values.items()),
        ]
        for c in shown
    }
    rows = [(c.number, examples[c.number - 1]) for c in shown[:ROWS_SHOWN]]
    return data_card(rows, "What the sheet would change", len(shown), notes)


@dataclass(frozen=True)
class Taken:
    """What became of the changes of sheets, by row id."""

    rows: dict[str, Example]
    conflicts: list[int]  # rows left as they are
    unusable: list[str]  # rows whose new words cannot be used, with the reason


@tool(parse_docstring=True, response_format="content_and_artifact")
def import_examples(runtime: ToolRuntime[Context], names: list[str], prefer_sheet: bool = False) -> Artifact:
    """Take over what returned sheets of the rows change, as one step that can be undone. Waits for approval.

    Args:
        names: the sheets' file names, as attached.
        prefer_sheet: where a row was changed both here and in the sheet, take the sheet's version.
    """
    project = runtime.context.project
    examples = project.read_examples()
    review = read_review(project)
    sheets = [read_returned(project, name) for name in names]
    found = [differences(sheet, examples, review.reviewer or YOU) for sheet in sheets]
    marks = [mark for one in found for mark in one.marks]
    taken = take(found, examples, prefer_sheet=prefer_sheet)
    require(bool(taken.rows or marks), "There is nothing to take over.", "Attach the sheet again once it is filled in.")
    remember(project, f"what {' and '.join(names)} changed")
    signed = {who for _, who, _, _ in marks}
    by = signed.pop() if len(signed) == 1 else None
    saved = save_changed(project, examples, taken.rows, reviewer=by) if taken.rows else Saved(examples, "")
    by_id = {e.id: e for e in saved.examples}
    review = read_review(project)
    write_review(project, review.put(make_mark(by_id[row], who, mark, why) for row, who, mark, why in marks))
    changed = [(n, e) for n, e in enumerate(saved.examples, 1) if e.id in taken.rows]
    shown = without_persons(runtime.context, changed[:ROWS_SHOWN])
    cards = [data_card(shown.rows, "Changed", len(changed))] if changed else []
    return ToolResult(saved.after(" ".join(in_words(taken, marks, names))) + shown.note, cards).for_agent()


def in_words(taken: Taken, marks: Sequence[object], names: Sequence[str]) -> list[str]:
    text = [f"{counted(len(taken.rows), 'row is', 'rows are')} changed."] if taken.rows else []
    if marks:
        text.append(f"{counted(len(marks), 'mark is', 'marks are')} noted.")
    text.append("“Undo” takes all of it back.")
    if taken.conflicts:
        text.append(
            f"Left as {'it is' if len(taken.conflicts) == 1 else 'they are'} here, because changed in both places: "
            f"{listed(taken.conflicts)}. Say “take the sheet's version” to have {' and '.join(names)} win."
        )
    if taken.unusable:
        text.append(f"Not usable as written, so left: {'; '.join(taken.unusable[:LISTED])}.")
    return text


def read_returned(project: Project, name: str) -> Returned:
    """A sheet that came back, by its name.

    Raises:
        UserError: there is none of that name.
    """
    path = returned_folder(project) / Path(name).name
    sheet = returned_sheet(path) if path.is_file() else None
    if sheet is None:
        raise UserError("There is no such sheet here.", where=name, action="Attach it again, as it was exported.")
    return sheet


def take(found: Sequence[Differences], examples: Sequence[Example], *, prefer_sheet: bool) -> Taken:
    """The rows as the sheets would have them; where two sheets differ on a row, the first one's word stands."""
    rows: dict[str, Example] = {}
    values: dict[str, dict[str, str]] = {}
    conflicts: list[int] = []
    unusable: list[str] = []
    for change in (change for one in found for change in one.changes):
        other = values.get(change.id)
        if (change.conflict and not prefer_sheet) or (other is not None and other != change.values):
            conflicts.append(change.number)
            continue
        new = changed_row(examples[change.number - 1], change)
        fault = fault_of(new) if new.status != "dropped" else None
        if fault:
            unusable.append(f"row {change.number:,}: {fault}")
            continue
        rows[change.id], values[change.id] = new, change.values
    return Taken(rows, sorted(set(conflicts)), unusable)


def changed_row(example: Example, change: Change) -> Example:
    """A row with a sheet's words and status. New words in a row that stays left out do not bring it back."""
    values, status = change.values, change.values.get("status", "")
    new = with_words(example, values.get("question", ""), values.get("answer", ""), values.get("topic", ""))
    if status == "dropped":
        return left_out(new)
    if status == "proposed" and example.status == "approved":
        reasons = [r for r in new.reasons if r != APPROVED]
        return new.model_copy(update={"status": "proposed", "reasons": reasons})
    if status:
        return approved(new, APPROVED if status == "approved" else BROUGHT_BACK)
    return approved(new, EDITED) if example.status != "dropped" else new
