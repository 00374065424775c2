"""Stage 3, is there enough of everything: what the rows are about, what they lack of what is wanted, what to add."""

import math
import re
from collections import Counter
from collections.abc import Sequence

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.coverage import Coverage, Subject, judge_coverage, listed, unused_in_words
from finetune.example import Example
from finetune.files import write_json
from finetune.learning_curve import Measured, runs_in_words, seen_in_words, seen_of
from finetune.project import Project
from knowledge.entries import Rule
from tools.brief import Brief
from tools.context import Context
from tools.history import remember
from tools.instruction import sorts
from tools.journey import in_use, read_brief, require, write_model
from tools.own import documents, headings
from tools.report import read_evaluation
from tools.result import Artifact, Card, ToolResult
from tools.rules import kept_entries

TOLD = 3  # requests in the reply; the card has them all
TOPICS_SHOWN = 10
MOST_SUBJECTS = 20  # from one sentence of the brief
LONGEST_SUBJECT = 6  # words; more than that is no name of a subject
MOST_HEADINGS = 200
MOST_CATEGORIES = 20
FEW_OF_CATEGORY = 8  # rows, as for a subject: one of them for the test
ANSWERS = 1  # the place of the answers among the metrics of an evaluation
SAME_TEST = 0.8  # of the test rows; scores on other rows are no points of one curve
# "Questions by e-mail about bills and appointments": what stands behind these words are subjects.
_INTRODUCED = re.compile(
    r"\b(?:about|on|regarding|concerning|such as|for example|e\.g\.|including|covering|to do with)\b:?\s+([^.;\n]+)",
    re.I,
)
_BETWEEN = re.compile(r"\s*(?:,|;|/|\n|•|\band\b|\bor\b|\bas well as\b|&)\s*", re.I)
_LEADING = re.compile(
    r"^(?:(?:the|a|an|our|my|their|your|his|her|all|any|some|also|questions?|about|on|things like|anything)\s+)+", re.I
)
_TRAILING = re.compile(r"(?:^|\s+)(?:etc|and so on|too|as well|please|also|in general|by e-?mail|by phone)$", re.I)


def listed_subjects(text: str) -> list[str]:
    """ "refunds, the opening hours and parking" as three subjects, each once."""
    found = []
    for part in _BETWEEN.split(text):
        name = _TRAILING.sub("", _LEADING.sub("", part.strip(" .:?!\"'“”‘’")).strip(" .:?!\"'“”‘’"))
        if len(name) > 2 and len(name.split()) <= LONGEST_SUBJECT:
            found.append(name)
    return list({name.lower(): name for name in reversed(found)}.values())[::-1]


def subjects_of(brief: Brief) -> list[str]:
    """What the brief says the model is asked about: the subjects named outright, and those in what comes in."""
    told = [name for match in _INTRODUCED.finditer(brief.inputs or "") for name in listed_subjects(match[1])]
    return listed_subjects("; ".join([*brief.topics, *told[:MOST_SUBJECTS]]))


def wanted_subjects(context: Context) -> list[Subject]:
    """Everything the rows should cover: the brief's subjects, the rules and terms kept, the documents' headings.

    Who names categories says nothing in which a rule or a term could be kept.
    """
    brief = read_brief(context.project)
    subjects = [Subject("subject", name) for name in subjects_of(brief)]
    if sorts(brief, in_use(context.project.read_examples())):
        return subjects
    for entry in kept_entries(context):
        if isinstance(entry, Rule):
            subjects.append(Subject("rule", entry.title, asked=(entry.customer_question,)))
        else:
            subjects.append(Subject("term", entry.term, names=tuple(entry.names[1:])))
    return [*subjects, *(Subject("heading", name) for name in headings(context)[:MOST_HEADINGS])]


def look_at_coverage(context: Context, examples: Sequence[Example]) -> Coverage:
    """Judge the rows and write `coverage.json`."""
    coverage = judge_coverage(
        in_use(list(examples)),
        wanted_subjects(context),
        context.services.encode_kept,
        documents=documents(context),
    )
    more = " ".join(filter(None, [categories_in_words(examples), more_rows_in_words(context, examples)]))
    coverage = coverage.model_copy(update={"more_rows": more})
    write_json(context.project.coverage, coverage.model_dump())
    return coverage


def coverage_card(coverage: Coverage) -> Card:
    data = {
        "sentences": [line for line in (*coverage.sentences, coverage.more_rows) if line],
        "topics": [
            {"topic": t.name, "rows": t.rows, "share": t.share, "example": t.example}
            for t in coverage.topics[:TOPICS_SHOWN]
        ],
        "subjects": [
            {"subject": c.name, "what": c.kind, "rows": c.rows, "least": c.least, "level": c.level}
            for c in coverage.subjects
        ],
        "additions": [a.model_dump() for a in coverage.additions],
    }
    return Card("coverage", "What the data covers", data)


@tool(parse_docstring=True, response_format="content_and_artifact")
def data_coverage(runtime: ToolRuntime[Context], wanted: list[str] | None = None) -> Artifact:
    """Say what the rows are about, what is missing of what they should cover, and what to add next.

    Args:
        wanted: subjects the user says the model must know, such as "refunds"; they are kept in the brief.
    """
    context = runtime.context
    noted = note_subjects(context, wanted or [])
    examples = context.project.read_examples()
    require(
        bool(in_use(examples)),
        f"{noted}There are no rows yet, so nothing is covered.",
        "Attach a file with questions and answers, or keep some rules.",
    )
    coverage = look_at_coverage(context, examples)
    looked = [*coverage.sentences[:2], unused_in_words(coverage)]
    said = [noted.strip(), *looked, next_in_words(coverage), coverage.more_rows]
    return ToolResult(" ".join(part for part in said if part), [coverage_card(coverage)]).for_agent()


def note_subjects(context: Context, wanted: Sequence[str]) -> str:
    """Put subjects the user named into the brief; a sentence that says so, or nothing where none is new."""
    brief = read_brief(context.project)
    known = {name.lower() for name in brief.topics}
    new = [name for name in listed_subjects("; ".join(wanted)) if name.lower() not in known]
    if not new:
        return ""
    remember(context.project, "the subjects it must know")
    write_model(context.project.brief, brief.model_copy(update={"topics": [*brief.topics, *new]}))
    return f"Noted as subjects it must know: {', '.join(new)}. "


def next_in_words(coverage: Coverage) -> str:
    """What to add, the most useful first, and how."""
    if not coverage.additions:
        return "I see nothing that should be added first; more rows of the same kind still help."
    requests = " ".join(f"{n}. {a.request}" for n, a in enumerate(coverage.additions[:TOLD], 1))
    return (
        f"To add next, the most useful first: {requests} Drop a file with them here. If a subject is missing from my "
        "list, tell me: “it must also know about …”."
    )


def categories_in_words(examples: Sequence[Example]) -> str:
    """How many rows each category has, the most frequent first; empty where the rows name none."""
    counts = Counter(e.answer for e in in_use(list(examples)) if e.kind == "category").most_common()
    if not counts:
        return ""
    named = listed([f"{name} ({rows:,})" for name, rows in counts], most=MOST_CATEGORIES)
    few = [name for name, rows in counts if rows < FEW_OF_CATEGORY]
    more = f" Those with fewer than {FEW_OF_CATEGORY} are learnt least: {listed(few, most=5)}." if few else ""
    return f"Rows by category: {named}.{more}"


# --- what more rows would bring --------------------------------------------------------------------------------------


def rounds_measured(project: Project) -> list[Measured]:
    """The answer score of each round that was tested on about the test set the last one was, by training rows."""
    tested = [(run, evaluation) for run in project.runs() if (evaluation := read_evaluation(run)) is not None]
    if not tested:
        return []
    last, metric = tested[-1][0], tested[-1][1].metrics[ANSWERS]
    same_test = {e.id for e in last.examples("test")}
    points = []
    for run, evaluation in tested:
        test = {e.id for e in run.examples("test")}
        answers = evaluation.metrics[ANSWERS]
        shared = len(test & same_test) / max(1, len(test | same_test))
        if answers.name == metric.name and shared >= SAME_TEST:
            error = math.sqrt(max(answers.tuned * (1 - answers.tuned), 0.01) / max(1, answers.rows))
            own = sum(e.kind != "general" for e in run.examples("train"))
            points.append(Measured(own, answers.tuned, error))
    return points


def more_rows_in_words(context: Context, examples: Sequence[Example]) -> str:
    """By the project's own rounds where two of them can be compared, else by how much of the test has been seen."""
    if by_rounds := runs_in_words(rounds_measured(context.project)):
        return by_rounds
    return seen_in_words(seen_of(in_use(list(examples)), context.services.encode_kept))
