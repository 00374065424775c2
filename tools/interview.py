"""Stage 1: put what the user said into the brief; and the moves that are open at any stage."""

from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool
from pydantic import ValidationError

from finetune.data.report import counted
from finetune.errors import UserError
from tools.brief import Brief, in_words
from tools.context import Context
from tools.history import remember, undo
from tools.journey import STAGE_NAMES, State, read_brief, read_sources, read_state, write_model
from tools.own import in_step
from tools.result import Artifact, Card, ToolResult


def brief_card(brief: Brief, *, asked: bool = False) -> Card:
    """What is known; `asked` for by the user and not only noted beside a sentence that says it."""
    fields = [
        {"name": name, "title": name.replace("_", " ").capitalize(), "value": in_words(name, value)}
        for name, value in brief.known().items()
    ]
    return Card("brief", "What I know so far", {"fields": fields, "asked": asked})


@tool(parse_docstring=True, response_format="content_and_artifact")
def record_facts(
    runtime: ToolRuntime[Context],
    facts: dict[str, Any] | None = None,
    remove: dict[str, list[Any]] | None = None,
    skip: list[str] | None = None,
    clear: list[str] | None = None,
) -> Artifact:
    """Write what the user said into the brief. Use the user's own words; never fill in what was not said.

    Fields: organisation, industry (healthcare, pharma, banking, insurance, accounting, legal, education, hr, retail,
    support, manufacturing, public, other), task (answer, classify, draft, summarise, extract), audience, jurisdictions
    (list: US, US-OH, EU, DE, UK …), inputs, outputs, right_answer, wrong_answer, never (list), pairs (list of
    {"question", "answer"}), topics (list of subjects it must know), tone, languages (list of ISO codes), size, data,
    deployment.

    Args:
        facts: field name to value. A list is added to what is there.
        remove: field name to the values that no longer hold, for a correction; they are taken out first.
        skip: fields the user does not want to answer now.
        clear: fields to empty, because the user took the answer back.
    """
    project = runtime.context.project
    brief = read_brief(project)
    values = brief.model_dump()
    for name, gone in (remove or {}).items():
        if isinstance(values.get(name), list):
            values[name] = [v for v in values[name] if v not in gone]
    for name in clear or []:
        values[name] = [] if isinstance(values.get(name), list) else None
    problems = [name for name in [*(facts or {}), *(skip or []), *(clear or [])] if name not in Brief.questions()]
    if problems:
        raise UserError(
            f"The brief has no field called {', '.join(problems)}.",
            action="Use one of: " + ", ".join(Brief.questions()),
        )
    for name, value in (facts or {}).items():
        old = values[name]
        added = value if isinstance(value, list) else [value]
        values[name] = [*old, *(v for v in added if v not in old)] if isinstance(old, list) else value
    values["skipped"] = sorted({*values["skipped"], *(skip or [])} - set(facts or {}))
    try:
        changed = Brief.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(
            f"{first['loc'][0]} cannot be {first.get('input')!r}: {first['msg']}.",
            where="brief",
            action="Say it in other words, or choose one of the suggestions.",
        ) from error
    if changed == brief:
        return ToolResult("Nothing new: the brief already says so.").for_agent()
    touched = [*(facts or {}), *(remove or {}), *(skip or []), *(clear or [])]
    remember(project, f"the change to {', '.join(dict.fromkeys(touched)).replace('_', ' ')}")
    write_model(project.brief, changed)
    new = [n for n in facts or {} if getattr(changed, n) and getattr(changed, n) != getattr(brief, n)]
    noted = [f"{n.replace('_', ' ')}: {in_words(n, getattr(changed, n))}" for n in new]
    if remove and not noted:
        noted = [f"{name.replace('_', ' ')}: taken out" for name in remove]
    return ToolResult(
        "Noted. " + "; ".join(noted), [brief_card(changed)] if facts or remove or clear else []
    ).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def project_status(runtime: ToolRuntime[Context]) -> Artifact:
    """Tell where the project stands: what is known, what is done, what comes next."""
    state = read_state(runtime.context.project)
    return ToolResult(
        status_in_words(state), [brief_card(state.brief, asked=True)] if state.brief.known() else []
    ).for_agent()


def status_in_words(state: State) -> str:
    """Stage by stage, one short sentence each for what is done, and the next step."""
    done = []
    if state.brief.known():
        done.append(f"I know {counted(len(state.brief.known()), 'thing')} about your team.")
    if state.knowledge.kept_ids:
        done.append(f"You kept {counted(len(state.knowledge.kept_ids), 'rule or term', 'rules and terms')}.")
    if state.sources.files:
        done.append(f"I have read {counted(len(state.sources.files), 'file')}.")
    if state.counts.get("kept"):
        seal = "and you approved the test set" if state.sources.sealed else "and the test set waits for your approval"
        done.append(f"{state.counts['kept']} examples are ready, {seal}.")
    if state.run and state.status:
        done.append(f"Training round {state.run.name}: {state.status.sentence or state.status.state}")
    if state.evaluated:
        done.append("The tuned model has been tested.")
    if state.published:
        done.append("Published: " + ", ".join(state.published) + ".")
    if not done:
        done.append("We are just starting.")
    if state.stage == "interview":
        still = ", ".join(name.replace("_", " ") for name in state.missing)
        done.append(f"Still to ask: {still}.")
    return " ".join([*done, f"Now: {STAGE_NAMES[state.stage]}."])


@tool(parse_docstring=True, response_format="content_and_artifact")
def undo_last(runtime: ToolRuntime[Context]) -> Artifact:
    """Take back the last change to the brief, the rules, the examples or the plan."""
    text = take_back(runtime.context)
    return ToolResult(text, [brief_card(read_brief(runtime.context.project))]).for_agent()


def take_back(context: Context) -> str:
    """Undo the last change; what that was, in words.

    Raises:
        UserError: there is none.
    """
    project = context.project
    sealed = read_sources(project).sealed
    change = undo(project)
    in_step(context)  # a reading that is taken back takes its passages along
    if change is None:
        raise UserError("There is nothing to undo.", action="Tell me what you would like to change instead.")
    return f"I took back {change}.{seal_in_words(sealed, read_sources(project).sealed)}"


def seal_in_words(before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    return " The test set is sealed again, as you approved it." if after else " The test set is no longer sealed."


@tool(parse_docstring=True, response_format="content_and_artifact")
def delete_project(runtime: ToolRuntime[Context]) -> Artifact:
    """Delete this project for good: files, examples, models and this conversation. Waits for the user's approval."""
    context = runtime.context
    for job in context.services.jobs.of_project(context.project.name):
        context.services.jobs.cancel(job.id)
    (context.project.dir / "delete").touch()  # carried out when the turn is over: the conversation lives in the folder
    return ToolResult("The project and this conversation are deleted as soon as this answer is shown.").for_agent()
