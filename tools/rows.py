"""Stage 3, the rows: look at them, change them, take them out, bring them back, approve them.

A row's number is its place among all examples, left-out ones counted too, so dropping a row shifts no other.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from langchain.tools import ToolRuntime
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from finetune.data.clean import contradictions, fault_of
from finetune.data.hub import fingerprint_of_test
from finetune.data.prepare import HIDDEN, counted
from finetune.data.split import split_examples
from finetune.errors import UserError
from finetune.example import Example, Source
from finetune.files import read_json, write_json
from finetune.project import Project
from tools.context import Context
from tools.history import remember
from tools.journey import in_use, read_sources, require, write_model
from tools.result import Artifact, Card, ToolResult
from tools.trial import now

ROWS_SHOWN = 20
MADE_HERE = ("rule", "term", "refusal")  # kinds made anew from the brief and the kept rules each time
DROPPED, EDITED, BROUGHT_BACK = "dropped by you", "edited by you", "brought back by you"
LOOKED_AT_TEST = (
    "Mind: whoever has seen the test rows should not word the training rows after them, or the test flatters."
)

Only = Literal["", "dropped", "personal", "contradictions", "made", "files"]
Numbered = tuple[int, Example]  # a row's number and the row


# --- looking -------------------------------------------------------------------------------------------------------


def source_in_words(source: Source) -> str:
    """Where a row comes from: its citation, or file, page and row."""
    page = f"page {source.page}" if source.page else ""
    row = f"row {source.row}" if source.row else ""
    return source.citation or ", ".join(part for part in (source.file, page, row) if part)


def origin_in_words(example: Example) -> str:
    """The source, and the language model that wrote the row from it."""
    by = f", written by {example.written['model']}" if example.written else ""
    return f"{source_in_words(example.source)}{by}"


def data_card(rows: Sequence[Numbered], title: str, total: int) -> Card:
    """A page of rows; `number` is what the user says to edit or drop a row, `total` how many rows the view has."""
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


def selected(examples: Sequence[Example], containing: str, split: str, only: Only) -> list[Numbered]:
    """The rows of a view; contradicting rows stand together, question by question."""
    rows = list(enumerate(examples, 1))
    if only == "contradictions":
        by_id = {e.id: (n, e) for n, e in rows}
        rows = [by_id[i] for group in contradictions(examples) for i in group]
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
    return example.status != "dropped" and (only != "made" or example.kind in MADE_HERE)


@tool(parse_docstring=True, response_format="content_and_artifact")
def show_data(
    runtime: ToolRuntime[Context], start: int = 0, containing: str = "", split: str = "", only: Only = ""
) -> Artifact:
    """Show examples, numbered. The numbers are what edit_example, drop_examples and restore_examples take.

    Args:
        start: how many rows to pass over, to page on; 20 shows rows 21 to 40, and -20 the last 20.
        containing: show only rows with these words.
        split: show only train, validation or test rows.
        only: show only rows left out ("dropped"), rows with personal data replaced ("personal"), rows that answer one
            question differently ("contradictions"), rows made from rules, terms and refusals ("made"), or the
            "files" that were read.
    """
    project = runtime.context.project
    if only == "files":
        return files_read(project)
    examples = project.read_examples()
    require(bool(examples), "There are no examples yet.", "Attach a file or keep some rules, then ask again.")
    start = start if start >= 0 else max(0, len(examples) + start)
    if not (containing or split or only):
        return page_of_all(examples, start)
    found = selected(examples, containing, split, only)
    page = found[start : start + ROWS_SHOWN]
    text = found_in_words(found, containing, split, only)
    if found and not page:
        text += " You have seen them all."
    elif start + len(page) < len(found):
        text += f" Shown are {start + 1:,} to {start + len(page):,}; say “more” for the next."
    if split == "test" and start == 0 and found:
        text += f" {LOOKED_AT_TEST}"
    return ToolResult(text, [data_card(page, text.split(".")[0], len(found))] if page else []).for_agent()


def page_of_all(examples: list[Example], start: int) -> Artifact:
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
    return ToolResult(text, [data_card(used, "Your examples", len(examples))] if used else []).for_agent()


def found_in_words(found: list[Numbered], containing: str, split: str, only: Only) -> str:
    if only == "contradictions":
        questions = counted(len(contradictions([e for _, e in found])), "question has", "questions have")
        return f"{questions} different answers. Drop the rows that are wrong." if found else "No two rows disagree."
    what = {
        "dropped": "left out",
        "personal": "with personal data replaced",
        "made": "made by me from rules, terms and refusals",
    }.get(only, "")
    sides = {"train": "for training", "test": "for the final test", "validation": "to watch the training"}
    parts = [what, sides.get(split, split), f"with “{containing}”" if containing else ""]
    return " ".join([counted(len(found), "row") if found else "No row", *filter(None, parts)]) + "."


def files_read(project: Project) -> Artifact:
    files = read_sources(project).files
    if not files:
        return ToolResult("I have read no file yet.").for_agent()
    cards = []
    for file in files:
        cards.append(
            Card("file", file.name, {"name": file.name, "rows": file.rows, "read": [file.how], "problems": file.notes})
        )
    names = ", ".join(f"{f.name} ({counted(f.rows, 'example')})" for f in files)
    return ToolResult(f"I have read {counted(len(files), 'file')}: {names}.", cards).for_agent()


# --- changing ------------------------------------------------------------------------------------------------------


def numbered_examples(examples: list[Example], rows: list[int]) -> list[Numbered]:
    """The examples that the user's numbers name, left-out ones too.

    Raises:
        UserError: a number is not in the list.
    """
    wrong = [r for r in rows if not 1 <= r <= len(examples)]
    if wrong or not rows:
        raise UserError(
            f"There is no row {', '.join(map(str, wrong)) or 'named'}.",
            action=f'Use the numbers shown, from 1 to {len(examples)}; "show me the data" lists them.',
        )
    return [(r, examples[r - 1]) for r in dict.fromkeys(rows)]


def save_changed(project: Project, examples: list[Example], changed: dict[str, Example]) -> list[Example]:
    """Write the changed rows; one that comes back into the data gets a side of the split where there is one.

    A change takes the approval of the test set back, and the counts of the report follow.
    """
    after = [changed.get(e.id, e) for e in examples]
    if any(e.split for e in after):
        held = [e.model_copy(update={"status": "approved"}) if e.split and e.status != "dropped" else e for e in after]
        homeless = {e.id for e in after if e.status != "dropped" and not e.split}
        sides = {e.id: e.split for e in split_examples(held)} if homeless else {}
        after = [e.model_copy(update={"split": sides[e.id]}) if e.id in homeless else e for e in after]
    project.write_examples(after)
    report = read_json(project.report)
    if report:
        used = in_use(after)
        counts = {"kept": len(used), "by_split": dict(Counter(e.split for e in used if e.split))}
        write_json(project.report, {**report, **counts, "by_kind": dict(Counter(e.kind for e in used))})
    write_model(project.sources, read_sources(project).model_copy(update={"sealed": None}))
    return after


@tool(parse_docstring=True, response_format="content_and_artifact")
def edit_example(
    runtime: ToolRuntime[Context],
    row: int = 0,
    question: str = "",
    answer: str = "",
    replace_from: str = "",
    replace_to: str = "",
) -> Artifact:
    """Change the question or the answer of one example, or a wording in all of them.

    Args:
        row: its number as shown; 0 for all rows, which only replace_from can change.
        question: the new question; empty leaves it.
        answer: the new answer; empty leaves it.
        replace_from: words to replace wherever they stand, as in: change "working days" to "business days" everywhere.
        replace_to: the words to put there; empty takes them out.
    """
    project = runtime.context.project
    examples = project.read_examples()
    if replace_from:
        rows = numbered_examples(examples, [row]) if row else list(enumerate(examples, 1))
        return replace_words(
            project, examples, [(n, e) for n, e in rows if e.status != "dropped"], replace_from, replace_to
        )
    ((number, chosen),) = numbered_examples(examples, [row])
    require(bool(question or answer), "I did not get the new text.", f'Say: "row {row} should answer: …".')
    remember(project, f"the edit of row {row}")
    changed = chosen.model_copy(deep=True)
    if question:
        next(m for m in reversed(changed.messages) if m.role == "user").content = question
    if answer:
        changed.messages[-1].content = answer
    changed = approved(changed, EDITED)
    after = save_changed(project, examples, {chosen.id: changed})
    text = f"Row {row} is changed." + (" It is back in the data." if chosen.status == "dropped" else "")
    return ToolResult(text, [data_card([(number, after[number - 1])], f"Row {row}", 1)]).for_agent()


def approved(example: Example, why: str) -> Example:
    """The row as the user wants it: kept by a later preparation, whatever it was left out for before."""
    kept = [r for r in example.reasons if r not in (DROPPED, why)] if example.status != "dropped" else []
    hidden = [HIDDEN] if example.status == "dropped" and HIDDEN in example.reasons else []
    return example.model_copy(update={"status": "approved", "reasons": [*kept, *hidden, why]})


def replace_words(project: Project, examples: list[Example], rows: list[Numbered], old: str, new: str) -> Artifact:
    """Put `new` in the place of `old` in questions and answers; a capital at a sentence's start stays one."""
    pattern = re.compile(rf"(?<!\w){re.escape(old.strip())}(?!\w)", re.I)

    def put(match: re.Match[str]) -> str:
        capital = match[0][:1].isupper() and old[:1].islower()
        return new[:1].upper() + new[1:] if capital else new

    changed: list[Numbered] = []
    places = 0
    for number, example in rows:
        told = [(m, *pattern.subn(put, m.content)) for m in example.messages]
        count = sum(n for m, _, n in told if m.role != "system")
        if count:
            messages = [m if m.role == "system" else m.model_copy(update={"content": text}) for m, text, _ in told]
            changed.append((number, approved(example.model_copy(update={"messages": messages}), EDITED)))
            places += count
    require(bool(changed), f"No row has the words “{old}”.", f'Say "find rows with {old}" to look for them.')
    remember(project, f"the change of “{old}” to “{new}”")
    save_changed(project, examples, {e.id: e for _, e in changed})
    rows_changed = counted(len(changed), "row")
    text = f"“{old}” became “{new}” {counted(places, 'time')} in {rows_changed}. “Undo” brings the old words back."
    return ToolResult(text, [data_card(changed[:ROWS_SHOWN], f"{rows_changed} changed", len(changed))]).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def drop_examples(runtime: ToolRuntime[Context], rows: list[int] | None = None, containing: str = "") -> Artifact:
    """Take examples out. They stay in the file with their numbers, marked as dropped, and can be brought back.

    Args:
        rows: their numbers as shown.
        containing: take out all rows with these words instead.
    """
    project = runtime.context.project
    examples = project.read_examples()
    if containing:
        named = selected(examples, containing, "", "")
        require(bool(named), f"No row has the words “{containing}”.", "Name the rows by their numbers or other words.")
    else:
        named = numbered_examples(examples, rows or [])
    doomed = [(n, e) for n, e in named if e.status != "dropped"]
    require(bool(doomed), "These rows are left out already.", 'Say "show me the dropped rows" to see them.')
    remember(project, f"the dropping of {counted(len(doomed), 'row')}")
    gone = {
        e.id: e.model_copy(update={"status": "dropped", "reasons": [*(r for r in e.reasons if r != DROPPED), DROPPED]})
        for _, e in doomed
    }
    after = save_changed(project, examples, gone)
    about = f" with “{containing}”" if containing else ""
    text = f"{counted(len(doomed), 'row')}{about} dropped; {counted(len(in_use(after)), 'is', 'are')} left."
    return ToolResult(f"{text} “Undo” brings them back.").for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def restore_examples(runtime: ToolRuntime[Context], rows: list[int]) -> Artifact:
    """Bring rows back that were dropped or left out.

    Args:
        rows: their numbers, as show_data with only="dropped" shows them.
    """
    project = runtime.context.project
    examples = project.read_examples()
    named = [(n, e) for n, e in numbered_examples(examples, rows) if e.status == "dropped"]
    require(
        bool(named), "These rows are in the data already.", 'Say "show me the dropped rows" to see what was left out.'
    )
    faulty = [(n, fault) for n, e in named if (fault := fault_of(e))]
    told = "; ".join(f"row {n}: {fault}" for n, fault in faulty)
    if len(faulty) == len(named):
        raise UserError(
            f"These rows cannot be used as they are ({told}).",
            action=f'Give me the missing text, as in: "row {faulty[0][0]} should answer: …".',
        )
    broken = {n for n, _ in faulty}
    back = [(n, approved(e, BROUGHT_BACK)) for n, e in named if n not in broken]
    remember(project, f"the bringing back of {counted(len(back), 'row')}")
    after = save_changed(project, examples, {e.id: e for _, e in back})
    text = (
        f"{counted(len(back), 'row is', 'rows are')} back; {counted(len(in_use(after)), 'row is', 'rows are')} in use."
    )
    text += f" Not usable as they are: {told}." if told else ""
    shown = [(n, after[n - 1]) for n, _ in back]
    return ToolResult(text, [data_card(shown[:ROWS_SHOWN], "Brought back", len(shown))]).for_agent()


def approval(said: str) -> dict[str, str]:
    """When, and by whom where it was said: "approved by Jo Okafor, head of billing"."""
    by = re.search(r"\bapproved by ([^.;\n]{2,80})", said, re.I)
    return {"approved": now(), "approved_by": by[1].strip() if by else ""}


@tool(parse_docstring=True, response_format="content_and_artifact")
def approve_data(runtime: ToolRuntime[Context]) -> Artifact:
    """Seal the test set. Only works when the user's own last message says the word "approved"."""
    project = runtime.context.project
    said = next((str(m.content) for m in reversed(runtime.state["messages"]) if isinstance(m, HumanMessage)), "")
    require("approved" in said.lower(), "The test set is not approved yet.", 'Type the word "approved" to approve it.')
    sources = read_sources(project)
    require(
        sources.prepared,
        "The data cannot be approved yet, because it has not been prepared.",
        'Say "prepare the data", look at the rows, and type "approved" then.',
    )
    examples = project.read_examples()
    used = in_use(examples)
    test = [e for e in used if e.split == "test"]
    require(bool(test), "There is no test set yet.", 'Say "prepare the data" first.')
    require(
        any(e.split == "train" for e in used),
        "There are no training rows left.",
        "Add a file, or bring dropped rows back with undo.",
    )
    remember(project, "the approval of the data")
    for example in used:
        example.status = "approved"
    project.write_examples(examples)
    write_model(project.sources, sources.model_copy(update={"sealed": fingerprint_of_test(used), **approval(said)}))
    text = f"Approved: {counted(len(test), 'test row is', 'test rows are')} sealed and will never be trained on."
    return ToolResult(text).for_agent()
