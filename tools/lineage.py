"""Where rows come from and where they went: of a row, of a model, of a file, of a file that is gone."""

import hashlib

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.errors import UserError
from finetune.example import Example
from finetune.lineage import in_words, read_lineage, trace, trained_on, write_lineage
from finetune.project import Project, Run
from tools.context import Context
from tools.deletion import deletions, kept_bytes, source_named, survey, what_goes, within
from tools.editing import numbered_examples
from tools.journey import read_sources, require, root
from tools.result import Artifact, Card, ToolResult
from tools.rights import rights_in_words
from tools.round_deletion import rounds_deleted
from tools.rows import source_in_words
from tools.trial import now


def note_lineage(project: Project, run: Run) -> None:
    """Write `lineage.json` of a run whose rows are in place: their files by hash, and what may be done with them."""
    sources = read_sources(project)
    digests = {name: file_hash(project, name) for name in sources.attached}
    write_lineage(
        run,
        trace(
            run,
            written=now(),
            hashes={f.name: f.sha256 or digests[root(f.name)] for f in sources.files},
            terms={f.name: rights_in_words(sources.rights.get(root(f.name))) for f in sources.files},
        ),
    )


def file_hash(project: Project, name: str) -> str:
    """SHA-256 of a file as it was attached; empty where it is not there any more."""
    path = project.files / name
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def row_in_words(project: Project, number: int, example: Example) -> list[str]:
    """File, place, what was done to the row, and who learnt from it."""
    source = example.source
    sentences = [f"Row {number} comes from {source_in_words(source) or 'what you typed'}."]
    if source.file and (digest := file_hash(project, root(source.file))):
        sentences.append(f"{root(source.file)} has the SHA-256 {digest[:12]}….")
    done = "; ".join(example.reasons) or "nothing was changed"
    place = f", in the {example.split} part" if example.split else ""
    sentences.append(f"What was done: {done}. It is {example.status}{place}.")
    runs = [run.name for run in project.runs() if example.id in {row.id for row in read_lineage(run).rows}]
    sentences.append(f"Round {', '.join(runs)} had it." if runs else "No model has been trained or tested on it.")
    return sentences


def run_in_words(project: Project, name: str) -> list[str]:
    """What a run was trained on; the newest where none is named."""
    runs = project.runs()
    if gone := next((one for one in rounds_deleted(project) if one.run == name), None):
        return [f"Round {name} was deleted on {gone.time[:10]}, with its model and its copy of {gone.rows} rows."]
    run = next((r for r in reversed(runs) if name in ("", r.name)), None)
    require(bool(runs), "No model has been trained yet.", 'Say "start training" when the plan is ready.')
    if run is None:
        raise UserError(f"There is no round {name}.", action=f"Name one of these: {', '.join(r.name for r in runs)}.")
    lineage = read_lineage(run)
    return [f"Round {run.name} had {len(lineage.sources)} files as sources.", *in_words(lineage)]


def file_in_words(project: Project, name: str) -> list[str]:
    """Which models know a file, and what deleting it would take along; or when it was deleted."""
    gone = [d for d in deletions(project) if d.done and name.lower() in (d.file.lower(), within(d.file).lower())]
    if gone and kept_bytes(project, gone[-1].file) is None:
        file, begun = gone[-1].file, gone[-1].begun[:10]
        sentences = [
            f"{file} was deleted on {begun}, with {gone[-1].rows} rows. It is not kept anywhere, so I cannot put it "
            "back: attach it again if you want it."
        ]
    else:
        file = source_named(project, name)
        sentences = [f"{file}: {rights_in_words(read_sources(project).rights.get(root(file)))}"]
    for run, used in trained_on(project.runs(), file):
        rows = ", ".join(f"{sum(s.rows.get(k, 0) for s in used)} {k}" for k in ("train", "validation", "test"))
        sentences.append(f"Round {run.name} had rows of it: {rows}.")
    if len(sentences) == 1:
        sentences.append("No model has been trained on it.")
    return sentences if gone else [*sentences, what_goes(survey(project, file))]


@tool(parse_docstring=True, response_format="content_and_artifact")
def show_lineage(runtime: ToolRuntime[Context], row: int = 0, run: str = "", file: str = "") -> Artifact:
    """Tell where a row comes from, what a model was trained on, or which models know a file. Give one of the three.

    Args:
        row: a row's number as shown.
        run: the number of a round of training; empty with nothing else given is the newest.
        file: an attached file, or one that was deleted.
    """
    project = runtime.context.project
    quote: list[str] = []
    if row:
        examples = project.read_examples()
        require(bool(examples), "There are no rows yet.", "Attach a file first.")
        ((number, example),) = numbered_examples(examples, [row])
        sentences = row_in_words(project, number, example)
        # On the card alone: a document's own words could become markup in a reply.
        quote = [f"It rests on these words: “{example.source.quote}”"] if example.source.quote else []
    else:
        sentences = file_in_words(project, file) if file else run_in_words(project, run)
    what = f"row {row}" if row else file or f"round {run}".strip()
    card = Card("report", f"Lineage of {what}", {"counts": {}, "sentences": [*sentences, *quote]})
    return ToolResult(" ".join(sentences[:4]), [card]).for_agent()
