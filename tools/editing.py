"""Stage 3, changing rows: edit them, take them out, bring them back; each change can be undone and breaks the seal."""

import re
from collections import Counter
from dataclasses import dataclass

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.clean import fault_of, normalised
from finetune.data.marks import Deed, read_review, write_review
from finetune.data.reasons import HIDDEN
from finetune.data.report import counted
from finetune.data.split import split_examples
from finetune.errors import UserError
from finetune.example import Example
from finetune.files import read_json, write_json
from finetune.project import Project
from tools.context import Context
from tools.history import remember
from tools.journey import in_use, read_sources, require, write_model
from tools.result import Artifact, ToolResult
from tools.rows import (
    APPROVED,
    BROUGHT_BACK,
    DROPPED,
    EDITED,
    ROWS_SHOWN,
    Numbered,
    data_card,
    selected,
    without_persons,
)
from tools.sealing import seal_broken


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


@dataclass(frozen=True)
class Saved:
    """The rows after a change, and what it entailed: a broken seal, personal data typed in, a leak."""

    examples: list[Example]
    note: str

    def after(self, text: str) -> str:
        return f"{text} {self.note}".strip()


def save_changed(
    project: Project, examples: list[Example], changed: dict[str, Example], *, reviewer: str | None = None
) -> Saved:
    """Write the changed rows; one that comes back into the data gets a side of the split where there is one.

    A change takes the approval of the test set back, the counts of the report follow, and who decided what is noted.
    """
    before = [e for e in examples if e.id in changed]
    deeds = {e.id: deed_between(e, changed[e.id]) for e in before}
    breaks = set(deeds.values()) != {"approved"}  # looking at a row and finding it right changes no row
    seal = seal_broken(project, before) if breaks else ""
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
    write_review(project, read_review(project).decided(deeds, reviewer))
    if breaks:
        write_model(project.sources, read_sources(project).model_copy(update={"sealed": None}))
    reworded = [changed[e.id] for e in before if e.messages != changed[e.id].messages]
    return Saved(after, " ".join(filter(None, [typed_personal(reworded), leaks(reworded, after), seal])))


def deed_between(old: Example, new: Example) -> Deed:
    """What was done to a row, in one word."""
    if new.status == "dropped" and old.status != "dropped":
        return "dropped"
    if old.messages != new.messages or old.topic != new.topic:
        return "edited"
    return "brought back" if old.status == "dropped" else "approved"


def typed_personal(reworded: list[Example]) -> str:
    """A warning where a new wording holds what looks like personal data: only preparing replaces it."""
    from finetune.data.personal import find_personal, own_contacts

    texts = [m.content for e in reworded for m in e.messages if m.role != "system"]
    items = find_personal(texts)
    own = own_contacts(texts, items)
    kinds = list(dict.fromkeys(item.kind for item in items if item.text_hash not in own))
    if not kinds:
        return ""
    return f"The new words seem to hold personal data ({', '.join(kinds[:3])}); “prepare the data” replaces it."


def leaks(reworded: list[Example], examples: list[Example]) -> str:
    """A warning where a new wording repeats a question that stands on the other side of the split."""
    numbers = {e.id: n for n, e in enumerate(examples, 1)}
    new = {e.id for e in reworded}
    asked: dict[str, list[Example]] = {}
    for example in in_use(examples):
        if example.split:
            asked.setdefault(normalised(example.question), []).append(example)
    for same in asked.values():
        here = next((e for e in same if e.id in new), None)
        there = next((e for e in same if here and e.split != here.split), None)
        if here and there:
            return (
                f"Row {numbers[here.id]:,} now asks the same as row {numbers[there.id]:,} on the other side of the "
                "split, so the test would flatter: drop one of them, or prepare the data again."
            )
    return ""


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
    context, project = runtime.context, runtime.context.project
    examples = project.read_examples()
    if replace_from:
        rows = numbered_examples(examples, [row]) if row else list(enumerate(examples, 1))
        return replace_words(
            context, examples, [(n, e) for n, e in rows if e.status != "dropped"], replace_from, replace_to
        )
    ((number, chosen),) = numbered_examples(examples, [row])
    require(bool(question or answer), "I did not get the new text.", f'Say: "row {row} should answer: …".')
    remember(project, f"the edit of row {row}")
    changed = approved(with_words(chosen, question, answer), EDITED)
    saved = save_changed(project, examples, {chosen.id: changed})
    text = saved.after(f"Row {row} is changed." + (" It is back in the data." if chosen.status == "dropped" else ""))
    shown = without_persons(context, [(number, saved.examples[number - 1])])
    return ToolResult(text + shown.note, [data_card(shown.rows, f"Row {row}", 1)]).for_agent()


def with_words(example: Example, question: str = "", answer: str = "", topic: str = "") -> Example:
    """The row with the texts that are given; what is empty stays. A category is answer and topic in one."""
    changed = example.model_copy(deep=True)
    if question:
        next(m for m in reversed(changed.messages) if m.role == "user").content = question
    if answer:
        changed.messages[-1].content = answer
    if example.kind == "category" and answer:
        topic = answer
    return changed.model_copy(update={"topic": topic}) if topic else changed


def approved(example: Example, why: str) -> Example:
    """The row as the user wants it: kept by a later preparation, whatever it was left out for before."""
    kept = [r for r in example.reasons if r not in (DROPPED, why)] if example.status != "dropped" else []
    hidden = [HIDDEN] if example.status == "dropped" and HIDDEN in example.reasons else []
    return example.model_copy(update={"status": "approved", "reasons": [*kept, *hidden, why]})


def left_out(example: Example) -> Example:
    reasons = [*(r for r in example.reasons if r != DROPPED), DROPPED]
    return example.model_copy(update={"status": "dropped", "reasons": reasons})


def replace_words(context: Context, examples: list[Example], rows: list[Numbered], old: str, new: str) -> Artifact:
    """Put `new` in the place of `old` in questions and answers; a capital at a sentence's start stays one."""
    project = context.project
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
    saved = save_changed(project, examples, {e.id: e for _, e in changed})
    rows_changed = counted(len(changed), "row")
    text = f"“{old}” became “{new}” {counted(places, 'time')} in {rows_changed}. “Undo” brings the old words back."
    shown = without_persons(context, changed[:ROWS_SHOWN])
    card = data_card(shown.rows, f"{rows_changed} changed", len(changed))
    return ToolResult(saved.after(text) + shown.note, [card]).for_agent()


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
    saved = save_changed(project, examples, {e.id: left_out(e) for _, e in doomed})
    about = f" with “{containing}”" if containing else ""
    text = f"{counted(len(doomed), 'row')}{about} dropped; {counted(len(in_use(saved.examples)), 'is', 'are')} left."
    return ToolResult(saved.after(f"{text} “Undo” brings them back.")).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def approve_examples(runtime: ToolRuntime[Context], rows: list[int]) -> Artifact:
    """Approve single rows: looked at and right. The test set as a whole is sealed by approve_data, not by this.

    Args:
        rows: their numbers as shown.
    """
    project = runtime.context.project
    examples = project.read_examples()
    named = numbered_examples(examples, rows)
    out = [n for n, e in named if e.status == "dropped"]
    new = {e.id: approved(e, APPROVED) for _, e in named if e.status != "dropped" and APPROVED not in e.reasons}
    if not new:
        what = f"Row {out[0]} is left out of the data." if out else "These rows are approved already."
        raise UserError(what, action=f"Say “bring row {(out or rows)[0]} back”, or name other rows.")
    remember(project, f"the approval of {counted(len(new), 'row')}")
    saved = save_changed(project, examples, new)
    count = sum(APPROVED in e.reasons and e.status != "dropped" for e in saved.examples)
    text = (
        f"{counted(len(new), 'row is', 'rows are')} approved; {count:,} of {len(in_use(saved.examples)):,} are by now."
    )
    text += f" Left out and not approved: {', '.join(map(str, out))}." if out else ""
    return ToolResult(saved.after(text)).for_agent()


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
    saved = save_changed(project, examples, {e.id: e for _, e in back})
    used = counted(len(in_use(saved.examples)), "row is", "rows are")
    text = f"{counted(len(back), 'row is', 'rows are')} back; {used} in use."
    text += f" Not usable as they are: {told}." if told else ""
    shown = without_persons(runtime.context, [(n, saved.examples[n - 1]) for n, _ in back[:ROWS_SHOWN]])
    return ToolResult(saved.after(text) + shown.note, [data_card(shown.rows, "Brought back", len(back))]).for_agent()
