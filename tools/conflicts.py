"""Stage 3, contradictions: one question's different answers side by side, and the user's word on which holds."""

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.contradictions import find_conflicts
from finetune.data.grounding import stems
from finetune.data.reasons import CONTRADICTION
from finetune.data.report import counted
from finetune.errors import UserError
from finetune.example import Example
from finetune.files import read_json
from finetune.project import Project
from tools.context import Context
from tools.editing import approved, left_out, numbered_examples, save_changed
from tools.history import remember
from tools.journey import in_use
from tools.result import Artifact, Card, ToolResult
from tools.rows import source_in_words

QUESTIONS_SHOWN = 10
SETTLED = "settled by you"

# The rows of one question, those with the same answer together.
Disagreement = list[list[int]]


def still_open(project: Project) -> int:
    """How many questions have different answers yet."""
    if not (read_json(project.report) or {}).get("contradictions"):
        return 0  # and the rows need not be read
    return len(disagreements(project, project.read_examples()))


def disagreements(project: Project, examples: list[Example]) -> list[Disagreement]:
    """Row numbers of each question that still has different answers, in the rows' order.

    They are those of the last preparation, without what was settled since by an edit or by leaving rows out.
    """
    number = {e.id: n for n, e in enumerate(examples, 1)}
    rows = [e for e in examples if CONTRADICTION in e.reasons]
    place = {e.id: i for i, e in enumerate(rows)}
    reported = (read_json(project.report) or {}).get("contradictions", [])
    meant = [(place[ids[0]], place[i]) for ids in reported for i in ids[1:] if ids[0] in place and i in place]
    return [[[number[i] for i in ids] for ids in c.answers] for c in find_conflicts(rows, meant)]


def rows_at_odds(project: Project, file: str, topic: str) -> list[int]:
    """Numbers of a file's rows that other rows contradict, a row an answer; with a topic, of questions that have all
    its words."""
    examples = project.read_examples()
    wanted = stems(topic)
    return [
        next(n for n in same if examples[n - 1].source.file == file)
        for question in disagreements(project, examples)
        if wanted <= stems(" ".join(examples[n - 1].question for same in question for n in same))
        for same in question
        if any(examples[n - 1].source.file == file for n in same)
    ]


def show_disagreements(project: Project, examples: list[Example], start: int) -> Artifact:
    """A page of questions with their answers."""
    found = disagreements(project, examples)
    if not found:
        return ToolResult("No two rows disagree.").for_agent()
    page = found[start : start + QUESTIONS_SHOWN]
    questions = counted(len(found), "question has", "questions have")
    if not page:
        return ToolResult(f"{questions} different answers; you have seen them all.").for_agent()
    first, second = page[0][0][0], page[0][1][0]
    text = (
        f"{questions} different answers. Say which holds, as in “keep row {first}” or “keep row {second}”: the rows "
        "that answer that question differently are then left out."
    )
    if start + len(page) < len(found):
        text += f" Shown are {start + 1} to {start + len(page)}; say “more” for the next."
    keep = [f"Keep row {first}", f"Keep row {second}"]
    return ToolResult(text, [conflicts_card(page, examples, len(found))], keep).for_agent()


def conflicts_card(found: list[Disagreement], examples: list[Example], total: int) -> Card:
    questions = [
        {
            "question": examples[numbers[0][0] - 1].question,
            "answers": [
                {
                    "numbers": same,
                    "question": examples[same[0] - 1].question,
                    "answer": examples[same[0] - 1].answer,
                    "source": source_in_words(examples[same[0] - 1].source),
                }
                for same in numbers
            ],
        }
        for numbers in found
    ]
    return Card("conflicts", "Different answers to one question", {"questions": questions, "total": total})


@tool(parse_docstring=True, response_format="content_and_artifact")
def settle_contradiction(runtime: ToolRuntime[Context], keep: list[int]) -> Artifact:
    """Keep the rows whose answer holds, and leave out those that answer the same question differently.

    Args:
        keep: numbers of the rows that are right, as show_data with only="contradictions" shows them.
    """
    project = runtime.context.project
    examples = project.read_examples()
    named = numbered_examples(examples, keep)
    found = disagreements(project, examples)
    wrong: set[int] = set()
    for number, _ in named:
        question = next((q for q in found if any(number in same for same in q)), None)
        if question is None:
            raise UserError(
                f"Row {number} is in no contradiction, so nothing was changed.",
                action='Say "show the contradictions" to see which rows are.',
            )
        if any(len(set(keep) & set(same)) for same in question if number not in same):
            raise UserError(
                f"Rows {' and '.join(map(str, keep))} answer one question differently; only one answer can hold.",
                action=f'Name one, as in: "keep row {number}".',
            )
        wrong |= {other for same in question if number not in same for other in same}
    remember(project, f"the choice of row {', '.join(str(n) for n, _ in named)}")
    changed = {e.id: approved(without_mark(e), SETTLED) for _, e in named}
    changed |= {examples[n - 1].id: left_out(without_mark(examples[n - 1])) for n in wrong}
    saved = save_changed(project, examples, changed)
    after = saved.examples
    left = len(disagreements(project, after))
    more = f"{counted(left, 'question has', 'questions have')} different answers still." if left else "All are settled."
    used = counted(len(in_use(after)), "row is", "rows are")
    text = f"Kept: {rows_in_words(keep)}. Left out: {rows_in_words(sorted(wrong))}. {used} in use."
    return ToolResult(saved.after(f"{text} {more} “Undo” takes it back.")).for_agent()


def without_mark(example: Example) -> Example:
    return example.model_copy(update={"reasons": [r for r in example.reasons if r != CONTRADICTION]})


def rows_in_words(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"row {listed}" if len(numbers) == 1 else f"rows {listed}"
