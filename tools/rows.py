"""Stage 3, the rows: look at them, part by part. What changes them is in editing.py.

A row's number is its place among all examples, left-out ones counted too, so dropping a row shifts no other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.contradictions import find_conflicts
from finetune.data.doubt import DOUBTFUL, Doubt, doubts
from finetune.data.marks import Mark, divided, read_review, standing
from finetune.data.reasons import HIDDEN, OUTDATED
from finetune.data.report import counted
from finetune.errors import UserError
from finetune.example import Example, Source
from finetune.project import Project
from tools.context import Context
from tools.journey import read_sources, require
from tools.masking import masked
from tools.result import Artifact, Card, ToolResult, file_card

ROWS_SHOWN = 20  # unless a number is said
MOST_SHOWN = 50
PROBLEMS_TOLD = 5  # of the files that could not be used, in words
MADE_HERE = ("rule", "term", "refusal")  # kinds made anew from the brief and the kept rules each time
DROPPED, EDITED, BROUGHT_BACK, APPROVED = (
    "dropped by you", "edited by you", "brought back by you", "approved by you"
)  # fmt: skip
LOOKED_AT_TEST = (
    "Mind: whoever has seen the test rows should not word the training rows after them, or the test flatters."
)

Only = Literal[
    "",
    "dropped",
    "personal",
    "contradictions",
    "outdated",
    "made",
    "files",
    "doubtful",
    "marked",
    "unmarked",
    "divided",
]
FOUND_BY_PREPARING = {
    "contradictions": "Which answers disagree",
    "personal": "In which rows personal data is replaced",
    "outdated": "Which answers name a date that has passed",
}
HIDDEN_HERE = " Personal data is hidden here; in the rows themselves it is replaced when the data is prepared."
NOT_HIDDEN = "The data is not prepared yet, so names and numbers of people stand in these rows as they were read."
Numbered = tuple[int, Example]  # a row's number and the row
NO_NOTES: Mapping[str, Sequence[str]] = MappingProxyType({})


def source_in_words(source: Source) -> str:
    """Where a row comes from: its citation, or file, page and row."""
    page = f"page {source.page}" if source.page else ""
    row = f"row {source.row}" if source.row else ""
    return source.citation or ", ".join(part for part in (source.file, page, row) if part)


def origin_in_words(example: Example) -> str:
    """The source, and the language model that wrote the row from it."""
    by = f", written by {example.written['model']}" if example.written else ""
    return f"{source_in_words(example.source)}{by}"


def data_card(rows: Sequence[Numbered], title: str, total: int, notes: Mapping[str, Sequence[str]] = NO_NOTES) -> Card:
    """A page of rows; `number` is what the user says to edit or drop a row, `total` how many rows the view has.

    `notes` are what is to be said of single rows, by id.
    """
    shown = [
        {
            "number": number,
            "id": e.id,
            "question": e.question,
            "answer": e.answer,
            "kind": e.kind,
            "topic": e.topic,
            "split": e.split or "",
            "status": e.status,
            "source": origin_in_words(e) if e.status != "dropped" else left_out_because(e),
            "notes": list(notes.get(e.id, ())),
        }
        for number, e in rows
    ]
    return Card("data", title, {"rows": shown, "total": total})


def left_out_because(example: Example) -> str:
    why = example.reasons[-1] if example.reasons else DROPPED
    return f"left out: {why} ({source_in_words(example.source)})"


def holds(example: Example, words: str) -> bool:
    """Whether the words stand in the row, each from its beginning; "parcels" finds "parcel" too."""
    stem = words.strip().removesuffix("s") if len(words.strip()) > 4 else words.strip()
    return bool(re.search(rf"(?<!\w){re.escape(stem)}", f"{example.question}\n{example.answer}", re.I))


def doubts_about(project: Project) -> list[Doubt]:
    """The project's doubtful rows, the worst first; reckoned once for as long as neither rows nor marks change."""
    return _doubts_about(
        project, *(p.stat().st_mtime_ns if p.exists() else 0 for p in (project.examples, project.review))
    )


@lru_cache(maxsize=4)  # a pure function of two files as they stand: 5,000 rows take seconds, and each page asks again
def _doubts_about(project: Project, examples: int, review: int) -> list[Doubt]:
    return doubts(project.read_examples(), read_review(project).marks)


def selected(
    examples: Sequence[Example],
    containing: str,
    split: str,
    only: Only,
    marks: Sequence[Mark] = (),
    doubted: Sequence[Doubt] = (),
) -> list[Numbered]:
    """The rows of a view. Contradicting rows stand together, question by question; doubtful ones the worst first.

    `marks` and `doubted` are needed for the views that are about them.
    """
    rows = list(enumerate(examples, 1))
    by_id = {e.id: (n, e) for n, e in rows}
    if only == "contradictions":
        rows = [by_id[i] for conflict in find_conflicts(examples) for i in conflict.ids]
    elif only == "doubtful":
        rows = [by_id[d.id] for d in doubted if d.score >= DOUBTFUL]
    elif only in ("marked", "unmarked", "divided"):
        wanted = {i for i, found in standing(marks, examples).items() if only != "divided" or divided(found)}
        rows = [(n, e) for n, e in rows if (e.id in wanted) == (only != "unmarked")]
    return [
        (n, e)
        for n, e in rows
        if _belongs(e, only) and split in ("", e.split) and (not containing or holds(e, containing))
    ]


def _belongs(example: Example, only: Only) -> bool:
    if only == "dropped":
        return example.status == "dropped"
    if only == "personal":
        return HIDDEN in example.reasons
    if only == "outdated":
        return example.status != "dropped" and any(r.startswith(OUTDATED) for r in example.reasons)
    return example.status != "dropped" and (only != "made" or example.kind in MADE_HERE)


@tool(parse_docstring=True, response_format="content_and_artifact")
def show_data(
    runtime: ToolRuntime[Context],
    start: int = 0,
    containing: str = "",
    split: str = "",
    only: Only = "",
    count: int = ROWS_SHOWN,
    row: int = 0,
) -> Artifact:
    """Show examples, numbered. The numbers are what edit_example, drop_examples and restore_examples take.

    Args:
        start: how many rows to pass over, to page on; 20 shows rows 21 to 40, and -20 the last 20.
        containing: show only rows with these words.
        split: show only train, validation or test rows.
        only: show only rows left out ("dropped"), rows with personal data replaced ("personal"), rows that answer one
            question differently ("contradictions"), rows whose answer names a date that has passed ("outdated"), rows
            made from rules, terms and refusals ("made"), the rows there is most reason to doubt, the worst first
            ("doubtful"), rows a reviewer has "marked", "unmarked" ones, those that reviewers mark differently
            ("divided"), or the "files" that were read.
        count: how many of a part's rows to show, 50 at most; 5 for "the worst five".
        row: the number of one row to show whole, with its full answer, source and marks; 0 shows a part of the rows.
    """
    context, project = runtime.context, runtime.context.project
    if only == "files":
        return files_read(project)
    examples = project.read_examples()
    require(bool(examples), "There are no examples yet.", "Attach a file or keep some rules, then ask again.")
    if row:
        return whole_row(context, examples, row)
    if only in FOUND_BY_PREPARING:
        require(
            project.report.exists(),
            f"{FOUND_BY_PREPARING[only]} is found when the data is prepared.",
            'Say "prepare the data", then ask again.',
        )
    if only == "contradictions":
        from tools.conflicts import show_disagreements  # which builds on this module

        return show_disagreements(project, examples, max(0, start))
    start = start if start >= 0 else max(0, len(examples) + start)
    if not (containing or split or only):
        return page_of_all(context, examples, start)
    marks = read_review(project).marks
    doubted = doubts_about(project) if only == "doubtful" else []
    found = selected(examples, containing, split, only, marks, doubted)
    page = found[start : start + min(max(1, count), MOST_SHOWN)]
    text = found_in_words(found, containing, split, only)
    if found and not page:
        text += " You have seen them all."
    elif start + len(page) < len(found):
        text += f" Shown are {start + 1:,} to {start + len(page):,}; say “more” for the next."
    if split == "test" and start == 0 and found:
        text += f" {LOOKED_AT_TEST}"
    notes = {d.id: d.reasons for d in doubted} or (
        marks_noted(examples, marks) if only in ("marked", "divided") else {}
    )
    shown = without_persons(context, page)
    cards = [data_card(shown.rows, text.split(".")[0], len(found), notes)] if page else []
    return ToolResult(text + shown.note, cards).for_agent()


@dataclass(frozen=True)
class ShownRows:
    """Rows as they may be read, and what is to be said of them."""

    rows: list[Numbered]
    note: str = ""


def without_persons(context: Context, rows: Sequence[Numbered]) -> ShownRows:
    """Rows with personal data hidden as preparing will; prepared ones as they stand."""
    if read_sources(context.project).prepared:
        return ShownRows(list(rows))
    told = [text for _, e in rows for text in (*(m.content for m in e.messages), e.source.quote or "")]
    hidden = iter(masked(context, told))
    shown = [
        (
            number,
            e.model_copy(
                update={
                    "messages": [m.model_copy(update={"content": next(hidden)}) for m in e.messages],
                    "source": e.source.model_copy(update={"quote": next(hidden)}),
                }
            ),
        )
        for number, e in rows
    ]
    told_now = [text for _, e in shown for text in (*(m.content for m in e.messages), e.source.quote)]
    return ShownRows(shown, HIDDEN_HERE if told_now != told else "")


def whole_row(context: Context, examples: Sequence[Example], number: int) -> Artifact:
    """One row with all of its words: cells of a table are cut, and nobody approves what cannot be read."""
    if not 1 <= number <= len(examples):
        raise UserError(
            f"There is no row {number}.", action=f"The rows are numbered from 1 to {len(examples)}: name one of them."
        )
    shown = without_persons(context, [(number, examples[number - 1])])
    example = shown.rows[0][1]
    marks = standing(read_review(context.project).marks, examples).get(example.id, {})
    status = left_out_because(example) if example.status == "dropped" else example.status
    reasons = [f"What was done: {'; '.join(example.reasons)}"] if example.reasons else []
    sentences = [
        f"Question: {example.question}",
        f"Answer: {example.answer}",
        f"From: {origin_in_words(example) or 'what you typed'}",
        *([f"It rests on: {example.source.quote}"] if example.source.quote else []),
        f"Status: {status}{f', in the {example.split} part' if example.split else ''}",
        *reasons,
        *(f"Marked by {mark_in_words(mark)}" for mark in marks.values()),
    ]
    card = Card("report", f"Row {number}", {"counts": {}, "file": example.source.file, "sentences": sentences})
    return ToolResult(f"This is row {number} as it stands.{shown.note}", [card]).for_agent()


def marks_noted(examples: Sequence[Example], marks: Sequence[Mark]) -> dict[str, list[str]]:
    """Who marked what how, by row."""
    return {row: [mark_in_words(m) for m in found.values()] for row, found in standing(marks, examples).items()}


def mark_in_words(mark: Mark) -> str:
    return f"{mark.reviewer}: {mark.mark}{f', {mark.comment}' if mark.comment else ''}"


def page_of_all(context: Context, examples: list[Example], start: int) -> Artifact:
    """Twenty numbers and the rows in use behind them."""
    window = list(enumerate(examples, 1))[start : start + ROWS_SHOWN]
    used = [(n, e) for n, e in window if e.status != "dropped"]
    if not window:
        return ToolResult(f"There are {counted(len(examples), 'row')}; you have seen the last.").for_agent()
    number, first = window[0]
    text = f"Rows {number:,} to {window[-1][0]:,} of {len(examples):,}."
    if first.status == "dropped":
        text += f" Row {number:,} is {left_out_because(first)}."
    elif len(used) < len(window):
        text += f" {counted(len(window) - len(used), 'of them is', 'of them are')} left out."
    shown = without_persons(context, used)
    cards = [data_card(shown.rows, "Your examples", len(examples))] if used else []
    return ToolResult(text + shown.note, cards).for_agent()


def found_in_words(found: list[Numbered], containing: str, split: str, only: Only) -> str:
    if only == "doubtful" and not containing and not split:
        if not found:
            return "I see nothing to doubt in any row, which is no proof: please read some all the same."
        rows = counted(len(found), "row has", "rows have")
        return f"{rows} something to doubt; the worst come first, with the reasons. Many may be right all the same."
    what = {
        "dropped": "left out",
        "personal": "with personal data replaced",
        "outdated": "whose answer names a date that has passed",
        "made": "made by me from rules, terms and refusals",
        "doubtful": "with something to doubt",
        "marked": "that somebody marked",
        "unmarked": "that nobody marked yet",
        "divided": "that reviewers mark differently",
    }.get(only, "")
    sides = {"train": "for training", "test": "for the final test", "validation": "to watch the training"}
    parts = [what, sides.get(split, split), f"with “{containing}”" if containing else ""]
    return " ".join([counted(len(found), "row") if found else "No row", *filter(None, parts)]) + "."


def files_read(project: Project) -> Artifact:
    sources = read_sources(project)
    files, unread = sources.files, sources.unread
    if not files and not unread:
        return ToolResult("I have read no file yet.").for_agent()
    cards = [file_card(file.name, file.rows, [file.how], notes=file.notes) for file in files]
    cards += [file_card(name, 0, [], problems=wrong) for name, wrong in unread.items()]
    names = ", ".join(f"{f.name} ({counted(f.rows, 'example')})" for f in files)
    text = f"I have read {counted(len(files), 'file')}: {names}." if files else "I could read no file so far."
    wrong = [problem for problems in unread.values() for problem in problems]
    more = f" And {counted(len(wrong) - PROBLEMS_TOLD, 'more')}, on the cards." if len(wrong) > PROBLEMS_TOLD else ""
    missed = f" What could not be used: {' '.join(wrong[:PROBLEMS_TOLD])}{more}" if wrong else ""
    return ToolResult(text + missed, cards).for_agent()
