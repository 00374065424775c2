"""A source deleted for good, with everything made from it: rows, passages, undo copies, the runs' copies of its rows.

The record is written before the work and finished after it; each step may be done twice, so what a killed process
left half done is done again. Models cannot unlearn: those trained on it are named, with what to do about each.
"""

import hashlib
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.messages import BaseMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from finetune.data.archive import inner_file, without
from finetune.data.marks import Review
from finetune.data.reasons import DUPLICATE, NEAR_DUPLICATE
from finetune.data.report import counted
from finetune.data.synthetic import Replies
from finetune.errors import UserError
from finetune.evaluate import Evaluation
from finetune.example import Example
from finetune.files import append_jsonl, read_json, read_jsonl, replacing, write_json, write_jsonl, write_text
from finetune.lineage import SPLITS, is_in, mark_deleted, trained_on
from finetune.project import Project, Run
from finetune.report import as_markdown
from tools.context import Context
from tools.forgetting import quoting, those_quoting
from tools.history import snapshots
from tools.journey import Sources, in_use, read_sources, read_state, root, write_model
from tools.publications import Publication, publications
from tools.result import Artifact, ToolResult
from tools.trial import now

FORGET = "forget.json"  # what the conversation still shows of it, as hashes; see assistant/conversation.py


class LearntFrom(BaseModel):
    """What a run had of the source."""

    run: str
    learnt: int = Field(description="rows it was trained on, or stopped by")
    tested: int


class Deletion(BaseModel):
    """A line of `deletions.jsonl`: what went and who learnt from it, without a word of the source."""

    file: str
    sha256: str | None
    begun: str = Field(description="ISO 8601")
    done: bool = False
    rows: int = Field(description="in the data, left-out ones too")
    test_rows: int = Field(description="of them in a test set that was sealed")
    passages: int
    copies: int = Field(description="undo copies that held its rows")
    runs: list[LearntFrom] = []
    published: list[Publication] = Field([], description="where a model or data set with its rows was published")


# --- what would go ---------------------------------------------------------------------------------------------------


FILES_TOLD = 12
# Words that say "a file" and tell none from the others, unless several would fit without them.
ANY_FILE = re.compile(
    r"the|our|my|an?|files?|documents?|sheet|spreadsheet|table|list|folder|zip|one|from|in|of|and|with|all|everything|"
    r"it|made|pdf|xlsx|docx|csv|txt"
)


def sources_fitting(project: Project, name: str) -> list[str]:
    """The files that may be meant, attached or within an attached archive: by name or stem in any case, or by words
    that stand in the file's name."""
    there, inner = _files(project)
    wanted = name.strip().strip("\"'“”").lower()
    return (
        [f for f in [*there, *inner] if f.lower() == wanted]
        or [f for f in there if Path(f).stem.lower() == wanted]
        or [f for f in inner if f.lower().endswith(f"/{wanted}")]
        or [f for f in inner if Path(f).stem.lower() == wanted]
        or files_telling([*there, *inner], wanted)
    )


def _files(project: Project) -> tuple[list[str], list[str]]:
    """The files as attached, and those that lie in them."""
    known = read_sources(project)
    there = sorted({*known.attached, *(p.name for p in project.files.iterdir() if p.name[0] != ".")})
    return there, [f.name for f in known.files if f.name not in there]


def source_named(project: Project, name: str) -> str:
    """The one file that is meant.

    Raises:
        UserError: there is none, several fit, or it lies in a file that can only go whole.
    """
    fitting = sources_fitting(project, name)
    if len(fitting) == 1:
        return _goes_alone(project, fitting[0])
    there, inner = _files(project)
    choice = ", ".join(fitting or [*there, *inner][:FILES_TOLD]) or "none is attached"
    raise UserError(
        f"Several files fit {name!r}." if fitting else f"There is no file called {name!r} here.",
        action=f"Choose one of these: {choice}.",
    )


def files_telling(files: Sequence[str], wanted: str) -> list[str]:
    """The files whose own names hold each word of what is wanted: "the price list" is PRICES 2026.xlsx."""
    words = re.findall(r"[^\W_]+", wanted)
    telling = [word for word in words if not ANY_FILE.fullmatch(word)]
    held = {f: re.findall(r"[^\W_]+", Path(f).stem.lower()) for f in files}
    fitting = [f for f in files if telling and all(any(_alike(word, own) for own in held[f]) for word in telling)]
    nearest = max((sum(word in held[f] for word in words) for f in fitting), default=0)
    return [f for f in fitting if sum(word in held[f] for word in words) == nearest]


def _alike(word: str, own: str) -> bool:
    """The same word, be it one or many of it."""
    return word.removesuffix("s") == own.removesuffix("s")


def _goes_alone(project: Project, name: str) -> str:
    """The name, if the file can be taken out of what it lies in.

    Raises:
        UserError: it lies within a letter or an archive that lies in an archive.
    """
    if name == root(name):
        return name
    path = project.files / root(name)
    if zipfile.is_zipfile(path) and inner_file(path.read_bytes(), within(name)) is not None:
        return name
    whole = name.rpartition("/")[0]
    raise UserError(f"It lies in {whole}, which I keep as you gave it.", where=name, action=f"Delete {whole} whole.")


def within(name: str) -> str:
    """The path in the attached archive: "a/faq.csv" of "mails.zip/a/faq.csv"."""
    return name.partition("/")[2]


def kept_bytes(project: Project, name: str) -> bytes | None:
    """The file's own bytes, as they were attached; None where they are gone."""
    path = project.files / root(name)
    if not path.is_file():
        return None
    return path.read_bytes() if name == root(name) else inner_file(path.read_bytes(), within(name))


def remove_bytes(project: Project, name: str) -> None:
    """Take the file itself away; an archive keeps its other files as they are packed, and goes with its last."""
    path = project.files / root(name)
    if name == root(name):
        path.unlink(missing_ok=True)
    elif kept_bytes(project, name) is not None:
        left = without(path.read_bytes(), within(name))
        if left is None:
            path.unlink()
        else:
            with replacing(path) as file:
                file.write(left)


def survey(project: Project, name: str) -> Deletion:
    """What deleting an attached file takes along, and which runs learnt from it."""
    sources = read_sources(project)
    examples = [e for e in project.read_examples() if is_in(e.source.file, name)]
    runs = [
        LearntFrom(run=run.name, learnt=rows["train"] + rows["validation"], tested=rows["test"])
        for run, used in trained_on(project.runs(), name)
        if (rows := Counter(split for source in used for split, n in source.rows.items() for _ in range(n)))
    ]
    kept = kept_bytes(project, name)
    return Deletion(
        file=name,
        sha256=None if kept is None else hashlib.sha256(kept).hexdigest(),
        begun=now(),
        rows=len(examples),
        test_rows=sum(e.split == "test" for e in in_use(examples)) if sources.sealed else 0,
        passages=sum(f.passages for f in sources.files if is_in(f.name, name)),
        copies=sum(
            any(is_in(e.source.file, name) for e in _examples(d / project.examples.name)) for d in snapshots(project)
        ),
        runs=runs,
        published=[
            one
            for one in publications(project)
            if any(is_in(name, source) for source in one.sources) or one.run in {r.run for r in runs if r.learnt}
        ],
    )


def _examples(path: Path) -> Iterable[Example]:
    return (Example.model_validate(row) for row in read_jsonl(path))


def what_goes(deletion: Deletion) -> str:
    """Before the approval: what goes, and what a deletion cannot reach."""
    parts = _parts(deletion)
    seal = " The approval of the test set would be taken back." if deletion.test_rows else ""
    runs = f" {_learnt(deletion)} A model cannot unlearn." if deletion.runs else " No model was trained on it."
    rest = f" The rest of {root(deletion.file)} stays." if deletion.file != root(deletion.file) else ""
    return f"Deleting {deletion.file} removes {parts}, for good: “undo” cannot bring it back.{rest}{seal}{runs}"


def _parts(deletion: Deletion) -> str:
    parts = ["the file itself", counted(deletion.rows, "row") if deletion.rows else ""]
    parts += [counted(deletion.passages, "passage") + " to look up" if deletion.passages else ""]
    parts += [f"its rows in {counted(deletion.copies, 'undo copy', 'undo copies')}" if deletion.copies else ""]
    held = [r.run for r in deletion.runs]
    parts += [f"and in the folder{'s' if len(held) > 1 else ''} of round {', '.join(held)}" if held else ""]
    return ", ".join(filter(None, parts))


def _learnt(deletion: Deletion) -> str:
    said = [
        f"round {r.run} learnt from {counted(r.learnt, 'of its rows', 'of its rows')}"
        if r.learnt
        else f"round {r.run} was only tested on {r.tested} of its rows"
        for r in deletion.runs
    ]
    text = "; ".join(said) + "."
    return text[:1].upper() + text[1:]


def gone_in_words(deletion: Deletion) -> str:
    """After it: what went, what is left to do, and what stays on record."""
    sentences = [f"{deletion.file} is deleted: {_parts(deletion)}."]
    if deletion.test_rows:
        rows = counted(deletion.test_rows, "row")
        sentences.append(
            f"The seal of the test set is broken: {rows} of it came from there. Look at the data and approve it again."
        )
    if deletion.runs:
        sentences.append(f"{_learnt(deletion)} I do not publish such a model any more.")
    if any(r.learnt for r in deletion.runs):
        rounds = ", ".join(f"“delete round {r.run}”" for r in deletion.runs if r.learnt)
        sentences.append(
            "It cannot unlearn them: prepare the data and train a new round without them; "
            f"{rounds} takes the model itself away."
        )
    sentences += [f"Withdraw {one.what} there: {one.withdraw}." for one in deletion.published if one.withdraw]
    sentences.append("A note stays: date, name, hash and counts, and nothing of its text.")
    return " ".join(sentences)


# --- deleting --------------------------------------------------------------------------------------------------------


def deletions(project: Project) -> list[Deletion]:
    """All that were begun, oldest first, each as it was last written."""
    found = [Deletion.model_validate(row) for row in read_jsonl(project.deletions)]
    return list({(one.file, one.begun): one for one in found}.values())


def delete(context: Context, deletion: Deletion) -> None:
    """Carry a deletion out, from wherever an earlier attempt left it."""
    project, name = context.project, deletion.file
    folders = [project.dir, *snapshots(project)]
    strip_reviews(context, [folder / project.review.name for folder in folders], name)
    for run, _ in trained_on(project.runs(), name):
        strip_run(run, name, deletion.begun)
    newest = max((int(r.run) for r in deletion.runs if r.learnt), default=0)
    for folder in folders:
        strip_rows(folder / project.examples.name, name)
        strip_sources(folder / project.sources.name, name, first_round=newest + 1)
        (folder / project.report.name).unlink(missing_ok=True)
    project.verdict.unlink(missing_ok=True)
    shutil.rmtree(project.sheets, ignore_errors=True)  # written anew with the rows that are left, where asked for
    project.coverage.unlink(missing_ok=True)  # it quotes questions; looked at anew when it is asked for
    Replies(project.replies).forget(name)
    shutil.rmtree(project.kept, ignore_errors=True)  # hashes and vectors of its texts, too
    if deletion.rows:
        for path in project.published.glob("*"):
            if not path.name.startswith("round-"):  # rows that were published or exported; models hold weights alone
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    if project.passages.exists():
        own = context.services.own_sources(project)
        for file in own.files():
            if is_in(file, name):
                own.remove(file)
        own.erase()
    remove_bytes(project, name)


def strip_rows(path: Path, name: str) -> None:
    """Take a source's rows out of a file of rows; what was dropped as their duplicate counts again."""
    rows = list(_examples(path))
    left = [row for row in rows if not is_in(row.source.file, name)]
    if len(left) < len(rows):
        write_jsonl(path, (revived(row).model_dump() for row in left))


def revived(row: Example) -> Example:
    """A row left out for another one's sake: the next preparation decides anew, since the other may be gone."""
    if row.status != "dropped" or not row.reasons or not row.reasons[-1].startswith((DUPLICATE, NEAR_DUPLICATE)):
        return row
    return row.model_copy(update={"status": "proposed", "reasons": row.reasons[:-1]})


def strip_reviews(context: Context, paths: Sequence[Path], name: str) -> None:
    """Forget what was said of a source's rows, and comments on others that quote it.

    Its rows and passages must still be there: they tell which.
    """
    there = {path: Review.model_validate(stored) for path in paths if (stored := read_json(path))}
    comments = {mark.comment for review in there.values() for mark in review.marks}
    gone = those_quoting(comments, texts_of(context, name))
    ids = {row.id for row in rows_of(context.project, name)}
    for path, review in there.items():
        marks = [
            mark.model_copy(update={"comment": ""}) if mark.comment in gone else mark
            for mark in review.marks
            if mark.row not in ids
        ]
        decisions = [decision for decision in review.decisions if decision.row not in ids]
        write_model(path, review.model_copy(update={"marks": marks, "decisions": decisions}))


def strip_sources(path: Path, name: str, *, first_round: int) -> None:
    """Forget a file in a `sources.json`, and take back the approval of what held it.

    Args:
        first_round: the number of the first round that can do without it.
    """
    stored = read_json(path)
    if stored is None:
        return
    sources = Sources.model_validate(stored)
    changed = {
        "files": [f for f in sources.files if not is_in(f.name, name)],
        "rights": {file: said for file, said in sources.rights.items() if file != name},
        "unread": {file: said for file, said in sources.unread.items() if file != name},
        "sealed": None,
        "prepared": False,
        "round": max(sources.round, first_round),
    }
    write_model(path, sources.model_copy(update=changed))


def strip_run(run: Run, name: str, when: str) -> None:
    """Take a source's rows out of a run's folder: first what quotes them, then the rows themselves."""
    mark_deleted(run, name, when)
    rows = [row for split in SPLITS for row in run.examples(split)]
    gone = [row for row in rows if is_in(row.source.file, name)]
    asked = {row.question for row in gone}
    said = "\n".join(row.answer for row in rows if not is_in(row.source.file, name))
    if run.evaluation.exists():
        found = Evaluation.model_validate(read_json(run.evaluation))
        left = {part: [p for p in getattr(found, part) if p.question not in asked] for part in ("best", "worst")}
        found = found.model_copy(update=left)
        write_json(run.evaluation, found.model_dump(mode="json"))
        write_text(run.dir / found.file, as_markdown(found))
    (run.dir / "evaluation_rows.jsonl").unlink(missing_ok=True)  # answers kept for an evaluation that was cut off
    checks = run.dir / "checks.json"
    if gone and (asking := read_json(checks)):
        only_there = {s for check in asking for s in check["must_contain"] if s not in said}
        write_json(checks, [c for c in asking if c["prompt"] not in asked and only_there.isdisjoint(c["must_contain"])])
    for split in SPLITS:
        if run.data(split).exists():
            strip_rows(run.data(split), name)


def rows_of(project: Project, name: str) -> Iterator[Example]:
    """All rows that are kept of a source, as they are and as they were."""
    kept = [d / project.examples.name for d in [project.dir, *snapshots(project)]]
    kept += [run.data(split) for run in project.runs() for split in SPLITS]
    return (row for row in chain.from_iterable(map(_examples, kept)) if is_in(row.source.file, name))


def texts_of(context: Context, name: str) -> Iterator[str]:
    """All words that are kept of a source: its rows' and its passages'."""
    for row in rows_of(context.project, name):
        yield from (m.content for m in row.messages)
        yield row.source.quote or ""
    if context.project.passages.exists():
        own = context.services.own_sources(context.project)
        for file in own.files():
            yield from own.texts(file) if is_in(file, name) else []


def says_what_goes(context: Context, arguments: dict[str, Any]) -> str | None:
    """What has to be said before the approval; None where there is nothing to approve: the tool says why."""
    try:
        return what_goes(survey(context.project, source_named(context.project, str(arguments.get("name", "")))))
    except UserError:
        return None


def begin(context: Context, name: str, messages: Sequence[BaseMessage]) -> Deletion:
    """The deletion to carry out: one that was cut off, or a new one, which is written down.

    Raises:
        UserError: there is no such file, or a training is using it.
    """
    project = context.project
    known = [d for d in deletions(project) if d.file.lower() == name.lower()]
    if known and (not known[-1].done or kept_bytes(project, known[-1].file) is None):
        return known[-1]  # cut off, or its answer was never given
    deletion = survey(project, source_named(project, name))
    state = read_state(project)
    if state.running and state.run is not None and state.run.name in {r.run for r in deletion.runs}:
        raise UserError(
            "A training on its rows is under way.", where=deletion.file, action='Say "stop the training" first.'
        )
    still = read_json(project.dir / FORGET) or []
    ids = {row.id for row in rows_of(project, deletion.file)}
    found = quoting(messages, texts_of(context, deletion.file), deletion.file, ids)
    write_json(project.dir / FORGET, sorted({*still, *found}))
    append_jsonl(project.deletions, deletion.model_dump())
    return deletion


def finish(context: Context, deletion: Deletion) -> None:
    if not deletion.done:
        delete(context, deletion)
        append_jsonl(context.project.deletions, deletion.model_copy(update={"done": True}).model_dump())


def finish_all(context: Context) -> None:
    """Go on with what a killed process left half deleted."""
    for deletion in deletions(context.project):
        finish(context, deletion)


@tool(parse_docstring=True, response_format="content_and_artifact")
def delete_source(runtime: ToolRuntime[Context], name: str) -> Artifact:
    """Delete an attached file with everything made from it, for good. Waits for the user's approval.

    Call show_lineage with the file first, and tell the user what goes and which models were trained on it.

    Args:
        name: the file as attached, such as handbook.pdf or mails.zip, or one file in it, such as mails.zip/faq.csv.
    """
    context = runtime.context
    deletion = begin(context, name, runtime.state["messages"])
    finish(context, deletion)
    return ToolResult(gone_in_words(deletion)).for_agent()
