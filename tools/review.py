"""Stage 3, reviewing: who says what of a row, how far two reviewers agree, and why a row is here or left out."""

import re
from collections.abc import Sequence
from datetime import datetime

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.clean import normalised
from finetune.data.marks import (
    ALL_ROWS,
    KAPPA_ROWS,
    Agreement,
    Review,
    Verdict,
    agreements,
    make_mark,
    read_review,
    standing,
    words_of,
    write_review,
)
from finetune.data.report import TALKED, counted
from finetune.data.similarity import near_pairs
from finetune.data.split import group_rows
from finetune.example import Example
from finetune.project import Project
from tools.context import Context
from tools.editing import numbered_examples
from tools.history import remember
from tools.journey import in_use, require
from tools.result import Artifact, ToolResult
from tools.rows import (
    ROWS_SHOWN,
    Numbered,
    data_card,
    doubts_about,
    marks_noted,
    selected,
    source_in_words,
    without_persons,
)

YOU = "you"  # who reviews as long as nobody gave a name
NAME_LETTERS = 60
TIED_SHOWN = 5
MADE_FROM: dict[str, str] = {
    "faq": "There it stands as a question with its answer.",
    "category": "There it stands as a text with its category.",
    "document": "I made it from the file's own words by a pattern, so nobody has written this question.",
    "term": "I made it from a term that you kept.",
    "rule": "I made it from a rule that you kept.",
    "refusal": "I made it so that the model learns to refuse what is not its work.",
    "correction": "It is a correction of yours from the trial.",
    "general": "It is a general row, so that the model does not forget what it knew.",
}
SIDES = {
    "train": "It is used for training",
    "validation": "It is held out to watch the training",
    "test": "It is held out for the final test",
}
ROW_ID = re.compile(r"\b[0-9a-f]{12}\b")


# --- marks -----------------------------------------------------------------------------------------------------------


@tool(parse_docstring=True, response_format="content_and_artifact")
def set_reviewer(runtime: ToolRuntime[Context], name: str) -> Artifact:
    """Note who is reviewing now, after a person said their name; marks are kept apart by it.

    Args:
        name: the person's name as said.
    """
    return ToolResult(name_reviewer(runtime.context.project, name)).for_agent()


def name_reviewer(project: Project, name: str) -> str:
    """Note who reviews from now on; a name known already keeps its spelling."""
    clean = " ".join(name.split())[:NAME_LETTERS]
    require(bool(clean), "I did not get the name.", "Say it as in “I am Maria”.")
    review = read_review(project)
    known = next((r for r in review.reviewers if r.casefold() == clean.casefold()), clean)
    remember(project, "the reviewer's name")
    write_review(project, review.model_copy(update={"reviewer": known}))
    mine = sum(m.reviewer == known for m in review.marks)
    marked = f" You have marked {counted(mine, 'row')} so far." if mine else ""
    return f"Hello {known}.{marked} What you mark from now on is kept under your name."


def put_marks(project: Project, rows: Sequence[Numbered], mark: Verdict, comment: str, reviewer: str = "") -> str:
    """Mark rows under a reviewer's name; who that was."""
    review = read_review(project)
    who = reviewer or review.reviewer or YOU
    remember(project, f"the marking of {counted(len(rows), 'row')}")
    write_review(project, review.put(make_mark(e, who, mark, comment) for _, e in rows))
    return who


@tool(parse_docstring=True, response_format="content_and_artifact")
def mark_examples(runtime: ToolRuntime[Context], rows: list[int], mark: Verdict, comment: str = "") -> Artifact:
    """Note what the reviewer thinks of rows; it changes no row and breaks no seal.

    Args:
        rows: their numbers as shown.
        mark: what the reviewer says of them.
        comment: the reviewer's words about them, such as what is wrong.
    """
    project = runtime.context.project
    named = numbered_examples(project.read_examples(), rows)
    who = put_marks(project, named, mark, comment)
    which = f"Row {rows[0]:,} is" if len(named) == 1 else f"{counted(len(named), 'row')} are"
    by = "" if who == YOU else f" by {who}"
    text = f"{which} marked {mark}{by}{f': {comment}' if comment else ''}."
    if mark == "bad":
        it = "it" if len(named) == 1 else "one"
        text += f" To change {it}, say “row {rows[0]} should answer: …”; to take it out, “drop {rows[0]}”."
    if who == YOU:
        text += " If several people review, tell me your name first, as in “I am Maria”."
    examples = project.read_examples()
    left = len(selected(examples, "", "", "unmarked", read_review(project).marks))
    text += f" {counted(left, 'row is', 'rows are')} not marked yet." if left else " Every row is marked."
    return ToolResult(text).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def show_agreement(runtime: ToolRuntime[Context]) -> Artifact:
    """Tell who marked how many rows, how far reviewers agree, and show the rows they mark differently."""
    context, project = runtime.context, runtime.context.project
    examples, review = project.read_examples(), read_review(project)
    require(
        bool(review.marks),
        "Nobody has marked a row yet.",
        'Say "mark rows 3-9 good", or "export the rows" and give each reviewer a sheet.',
    )
    sentences = [f"{who_marked(review, examples)}."]
    found = list(agreements(review.marks, examples))
    sentences += [agreement_in_words(a) for a in found]
    if not found:
        sentences.append("No row is marked by two people yet, so there is no agreement to measure.")
    apart = selected(examples, "", "", "divided", review.marks)
    cards = []
    if apart:
        notes = marks_noted(examples, review.marks)
        shown = without_persons(context, apart[:ROWS_SHOWN])
        cards = [data_card(shown.rows, "Marked differently", len(apart), notes)]
        numbers = ", ".join(f"{n:,}" for n, _ in apart[:ROWS_SHOWN])
        sentences.append(f"They differ on {'row' if len(apart) == 1 else 'rows'} {numbers}.{shown.note}")
    return ToolResult(" ".join(sentences), cards).for_agent()


def who_marked(review: Review, examples: Sequence[Example]) -> str:
    """As in "Maria marked 20 rows (3 bad), Ben 18"; marks on words that were changed since are counted apart."""
    by_row = standing(review.marks, examples)
    parts = []
    for who in review.reviewers:
        marks = [found[who] for found in by_row.values() if who in found]
        bad = sum(m.mark == "bad" for m in marks)
        parts.append(f"{who} marked {counted(len(marks), 'row')}" + (f" ({bad:,} bad)" if bad else ""))
    old = len(review.marks) - sum(map(len, by_row.values()))
    stale = f"; {counted(old, 'mark is', 'marks are')} on rows that were changed or left out since" if old else ""
    return f"{', '.join(parts)}{stale}"


def agreement_in_words(found: Agreement) -> str:
    text = (
        f"{found.one} and {found.other} both marked {counted(found.both, 'row')} and agree on {found.same:,} of them "
        f"({found.share:.0%})"
    )
    if found.kappa is not None:
        return f"{text}; beyond chance that is Cohen's kappa {found.kappa:.2f} ({strength(found.kappa)})."
    if found.both < KAPPA_ROWS:
        return f"{text}; with fewer than {KAPPA_ROWS} such rows I give no kappa."
    return f"{text}; both gave all of them one mark, so a kappa says nothing."


def strength(kappa: float) -> str:
    """The usual words for a kappa (Landis and Koch 1977)."""
    steps = ((0.0, "poor"), (0.2, "slight"), (0.4, "fair"), (0.6, "moderate"), (0.8, "substantial"))
    return next((word for most, word in steps if kappa <= most), "almost perfect")


# --- why -------------------------------------------------------------------------------------------------------------


@tool(parse_docstring=True, response_format="content_and_artifact")
def explain_example(runtime: ToolRuntime[Context], row: int) -> Artifact:
    """Tell why a row is here or left out: its source and quote, what was done to it, its side of the split, who decided
    what, and what there is to doubt.

    Args:
        row: its number as shown.
    """
    project = runtime.context.project
    examples = project.read_examples()
    require(row > 0, "Which row do you mean?", "Say its number, as in “why is row 12 here?”.")
    ((number, example),) = numbered_examples(examples, [row])
    review = read_review(project)
    numbers = {e.id: n for n, e in enumerate(examples, 1)}
    sentences = [
        whence(number, example),
        why_left_out(example, examples) if example.status == "dropped" else why_on_this_side(example, examples),
        done_to(example, numbers),
        *decided_in_words(example, review),
        *marked_in_words(example, review),
    ]
    doubt = next((d for d in doubts_about(project) if d.id == example.id), None)
    if doubt:
        sentences.append(f"To doubt in it: {'; '.join(doubt.reasons)}.")
    shown = without_persons(runtime.context, [(number, example)])
    card = data_card(shown.rows, f"Row {number:,}", 1)
    return ToolResult(" ".join(filter(None, sentences)) + shown.note, [card]).for_agent()


def whence(number: int, example: Example) -> str:
    source = example.source
    place = "our conversation" if source.file == TALKED else source_in_words(source)
    text = f"Row {number:,} comes from {place}." if place else f"Row {number:,} names no source."
    made = MADE_FROM[example.kind] if source.file != TALKED else "You told me the case."
    if example.written:
        made = f"{example.written['model']} wrote it from these words."
    # A table's row is its own quote.
    quote = f" It rests on these words: “{source.quote}”" if source.quote and source.quote != example.answer else ""
    return f"{text} {made}{quote}"


def done_to(example: Example, numbers: dict[str, int]) -> str:
    """What preparing did to a row; the last reason of one left out is told elsewhere, and people's deeds too."""
    reasons = example.reasons[:-1] if example.status == "dropped" else example.reasons
    done = [with_numbers(r, numbers) for r in dict.fromkeys(reasons) if not r.endswith("by you")]
    return f"Noted on it: {'; '.join(done)}." if done else ""


def with_numbers(reason: str, numbers: dict[str, int]) -> str:
    """A reason that names another row by its id, with the number that the user knows it by."""
    return ROW_ID.sub(lambda match: f"row {numbers[match[0]]:,}" if match[0] in numbers else match[0], reason)


def why_left_out(example: Example, examples: Sequence[Example]) -> str:
    numbers = {e.id: n for n, e in enumerate(examples, 1)}
    reason = with_numbers(example.reasons[-1] if example.reasons else "dropped by you", numbers)
    twin = twin_of(example, examples) if re.search(r"\b(?:duplicate|same)\b", reason) and "row " not in reason else None
    of = f" (row {numbers[twin.id]:,})" if twin else ""
    return f"It is left out: {reason}{of}. “Bring row {numbers[example.id]} back” puts it in again."


def twin_of(example: Example, examples: Sequence[Example]) -> Example | None:
    """The row in use that asks the same, or nearly."""
    used = [e for e in in_use(list(examples)) if e.id != example.id]
    question = normalised(example.question)
    same = next((e for e in used if normalised(e.question) == question), None)
    if same:
        return same
    pairs = near_pairs([question, *(normalised(e.question) for e in used)], threshold=0.5)
    near = max(((similar, b) for a, b, similar in pairs if a == 0), default=None)
    return used[near[1] - 1] if near else None


def why_on_this_side(example: Example, examples: Sequence[Example]) -> str:
    if not example.split:
        return "It has no side of the split yet: that comes with “prepare the data”."
    used = in_use(list(examples))
    place = next(n for n, e in enumerate(used) if e.id == example.id)
    group = next(members for members in group_rows(used).values() if place in members)
    numbers = {e.id: n for n, e in enumerate(examples, 1)}
    tied = [numbers[used[m].id] for m in group if m != place]
    if not tied:
        return f"{SIDES[example.split]}; that was drawn by lot, as no other row says nearly the same."
    named = ", ".join(f"{n:,}" for n in tied[:TIED_SHOWN])
    more = f" and {len(tied) - TIED_SHOWN:,} more" if len(tied) > TIED_SHOWN else ""
    return (
        f"{SIDES[example.split]}, together with {'row' if len(tied) == 1 else 'rows'} {named}{more}: what says nearly "
        "the same or rests on the same passage stays on one side."
    )


def decided_in_words(example: Example, review: Review) -> list[str]:
    """Who decided what about a row, oldest first."""
    mine = [d for d in review.decisions if d.row == example.id]
    all_rows = [d for d in review.decisions if d.row == ALL_ROWS]
    told = [f"{d.deed.capitalize()} {by(d.reviewer)} on {day(d.date)}." for d in mine]
    if all_rows and example.status == "approved":
        last = all_rows[-1]
        told.append(f"Approved with the whole data {by(last.reviewer)} on {day(last.date)}.")
    return told


def by(reviewer: str) -> str:
    return f"by {reviewer or YOU}"


def day(date: str) -> str:
    moment = datetime.fromisoformat(date)
    return f"{moment.day} {moment:%B %Y}"


def marked_in_words(example: Example, review: Review) -> list[str]:
    words = words_of(example)
    return [
        f"Marked {m.mark} {by(m.reviewer)} on {day(m.date)}"
        f"{'' if m.words == words else ', before it was changed'}{f': {m.comment}' if m.comment else ''}."
        for m in review.of_row(example)
    ]
