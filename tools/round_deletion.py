"""A round of training deleted for good: its model, its copy of the rows, its results, and what was exported of it.

The record is written before the work, which may be done twice, so what a killed process left half done is done again.
A number is never used a second time: a model that is out there keeps the name it was published under.
"""

import os
import shutil
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool
from pydantic import BaseModel, Field

from finetune.data.report import counted
from finetune.errors import UserError
from finetune.files import append_jsonl, read_jsonl
from finetune.lineage import SPLITS
from finetune.project import Project, Run
from tools.context import Context
from tools.journey import read_state
from tools.publications import Publication, publications
from tools.result import Artifact, ToolResult
from tools.trial import now


class RoundDeleted(BaseModel):
    """A line of `deleted_rounds.jsonl`, without a word of the rows."""

    run: str
    time: str = Field(description="ISO 8601")
    rows: int = Field(description="that its folder had a copy of")
    published: list[Publication] = []


def rounds_deleted(project: Project) -> list[RoundDeleted]:
    """All of them, in the order in which they went."""
    return [RoundDeleted.model_validate(row) for row in read_jsonl(project.deleted_rounds)]


def round_named(project: Project, name: str) -> Run:
    """The round that is meant; where there is only one, it need not be named.

    Raises:
        UserError: there is none, or several and none was named.
    """
    runs = project.runs()
    gone = next((one for one in rounds_deleted(project) if one.run == name), None)
    if gone is not None:
        raise UserError(f"Round {name} was deleted on {gone.time[:10]}.", action="There is nothing left to delete.")
    if not runs:
        raise UserError("No model has been trained yet.", action='Say "start training" when the plan is ready.')
    found = [run for run in runs if run.name == name] if name else runs
    if len(found) != 1:
        what = f"There is no round {name}." if name else f"There are {len(runs)} rounds."
        raise UserError(what, action=f"Name one of these: {', '.join(f'“delete round {run.name}”' for run in runs)}.")
    return found[0]


def surveyed(project: Project, run: Run) -> RoundDeleted:
    """What goes with a round, and where else it is."""
    rows = sum(len(run.examples(split)) for split in SPLITS if run.data(split).exists())
    out = [one for one in publications(project) if one.run == run.name]
    return RoundDeleted(run=run.name, time=now(), rows=rows, published=out)


def parts_of(gone: RoundDeleted) -> str:
    made = [one.address for one in gone.published if not one.address.startswith("http")]
    parts = ["its model", f"its copy of {counted(gone.rows, 'row')}", "its test results", *made]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def says_what_round_goes(context: Context, arguments: dict[str, Any]) -> str | None:
    """What has to be said before the approval; None where there is nothing to approve: the tool says why."""
    try:
        run = deletable(context.project, str(arguments.get("run", "")))
    except UserError:
        return None
    return (
        f"Deleting round {run.name} removes {parts_of(surveyed(context.project, run))}, for good: “undo” cannot bring "
        "it back. Your files, the rows, the rules and this conversation stay."
    )


def deletable(project: Project, name: str) -> Run:
    """The round that is meant, if nothing is at work on it.

    Raises:
        UserError: there is no such round, or it is being trained or tested.
    """
    run, state = round_named(project, name), read_state(project)
    if state.running and state.run is not None and state.run.name == run.name:
        raise UserError(f"Round {run.name} is under way.", action='Say "stop the training" first.')
    return run


def finish_rounds(project: Project) -> None:
    """Delete what is left of the rounds that are on record as deleted."""
    for gone in rounds_deleted(project):
        run = Run(project.runs_dir / gone.run)
        shutil.rmtree(project.published / run.published_as, ignore_errors=True)
        if run.dir.exists():  # set aside first: half a round would look like one that goes on
            os.replace(run.dir, project.runs_dir / f".deleted-{gone.run}")
    for aside in project.runs_dir.glob(".deleted-*"):
        shutil.rmtree(aside)


@tool(parse_docstring=True, response_format="content_and_artifact")
def delete_round(runtime: ToolRuntime[Context], run: str = "") -> Artifact:
    """Delete a round of training with its model for good. Waits for the user's approval.

    Args:
        run: the round's number; empty where there is only one.
    """
    context = runtime.context
    project = context.project
    gone = next((one for one in rounds_deleted(project) if one.run == run), None)
    if gone is None or (project.runs_dir / gone.run).exists():
        found = deletable(project, run)
        gone = surveyed(project, found)
        append_jsonl(project.deleted_rounds, gone.model_dump())
        context.services.let_go(found)
    finish_rounds(project)
    sentences = [f"Round {gone.run} is deleted: {parts_of(gone)}."]
    sentences += [f"Withdraw {one.what} there: {one.withdraw}." for one in gone.published if one.withdraw]
    sentences.append("A note stays: its number and the date.")
    return ToolResult(" ".join(sentences)).for_agent()
