"""Stages 4 and 5: is tuning the right tool, with which plan; then start, watch and stop the training."""

import sys
from collections.abc import Sequence
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.curve import explain
from finetune.data.general import mixed_with_general
from finetune.errors import UserError
from finetune.evaluate import MINUTES
from finetune.example import Example
from finetune.files import read_json, write_json, write_jsonl
from finetune.models import catalogue
from finetune.plan import TrainingPlan
from finetune.project import Project, Run
from finetune.propose import YOUR_CHOICE, propose_plan, usual_minutes
from finetune.status import read_metrics, read_status
from finetune.verdict import judge_need
from tools.conflicts import disagreements
from tools.context import Context, Services
from tools.history import remember
from tools.instruction import behaviour_checks, system_message
from tools.journey import in_use, read_brief, read_plan, read_sources, read_state, require, write_model
from tools.lineage import note_lineage
from tools.result import Artifact, Card, ToolResult
from tools.rights import not_for_training
from tools.rules import kept_entries
from tools.sealing import require_seal

SENTENCES_SAID = 3  # of the verdict; the card has them all


def approved_first(project: Project) -> None:
    """No step past the data without the user's word on the test set."""
    require_seal(project, "The test set is not approved yet.")


@tool(parse_docstring=True, response_format="content_and_artifact")
def judge_tuning(runtime: ToolRuntime[Context]) -> Artifact:
    """Say whether tuning is the right tool at all, before any training, with the numbers behind it."""
    context = runtime.context
    approved_first(context.project)
    examples = context.project.read_examples()
    contradictions = len(disagreements(context.project, examples))
    verdict = judge_need(in_use(examples), encode=context.services.encode, contradictions=contradictions)
    data = {"level": verdict.level, "sentences": list(verdict.sentences), "figures": dict(verdict.figures)}
    write_json(context.project.verdict, data)
    return ToolResult(
        " ".join(verdict.sentences[:SENTENCES_SAID]), [Card("verdict", "Is tuning the right tool?", data)]
    ).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def plan_training(runtime: ToolRuntime[Context], changes: dict[str, Any] | None = None) -> Artifact:
    """Propose the base model and every setting with its reason, the minutes and the memory.

    Args:
        changes: settings the user asked for, such as {"epochs": 3} or {"base_model": "/path/to/model"}.
    """
    context = runtime.context
    approved_first(context.project)
    old = read_plan(context.project)
    wanted = {**asked_for(old), **(changes or {})}
    unknown = [name for name in wanted if name not in TrainingPlan.model_fields]
    if unknown:
        raise UserError(
            f"There is no setting called {', '.join(unknown)}.", action="Ask me to show the plan to see the settings."
        )
    brief = read_brief(context.project)
    examples = in_use(context.project.read_examples())
    plan = propose_plan(
        examples,
        machine=context.services.machine,
        changes=wanted,
        system_message=system_message(brief, kept_entries(context)),
    )
    remember(context.project, "the plan")
    write_model(context.project.plan, plan)
    return ToolResult(changed_in_words(plan, changes or {}) + plan_in_words(plan), [plan_card(plan)]).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def training_time(runtime: ToolRuntime[Context]) -> Artifact:
    """Tell how long training would take on this machine: with the plan, with the rows there are, or before any."""
    project, machine = runtime.context.project, runtime.context.services.machine
    state = read_state(project)
    read = sum(file.rows for file in state.sources.files)
    if state.plan is not None and state.plan.estimate is not None:
        minutes = state.plan.estimate.minutes
        text = f"With the plan as it is, training takes {minutes_in_words(minutes)}: {state.plan.estimate.basis}"
    elif rows := state.counts.get("train", 0) + state.counts.get("validation", 0) or read:
        minutes = usual_minutes(rows, machine)
        text = f"With your {rows:,} rows, training would take {minutes_in_words(minutes)} on this machine."
    else:
        times = [f"{minutes_in_words(usual_minutes(rows, machine))} with {rows:,} rows" for rows in (100, 1_000)]
        text = f"On this machine, and with the model that comes with me, training takes {' and '.join(times)}."
    return ToolResult(f"{text} The test after it takes about {MINUTES:.0f} minutes more.").for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def show_plan(runtime: ToolRuntime[Context]) -> Artifact:
    """Show the plan with every setting and its reason, and the base models there are."""
    plan = read_plan(runtime.context.project)
    models = ", ".join(f"{model.name} ({model.parameters / 1e6:.0f} million parameters)" for model in catalogue())
    if plan is None:
        return ToolResult(f"There is no plan yet; it comes after the data. Base models I know: {models}.").for_agent()
    text = f"{plan_in_words(plan)} Base models I know: {models}. Say “use 3 epochs” or “use the model …” to change it."
    return ToolResult(text, [plan_card(plan)]).for_agent()


def changed_in_words(plan: TrainingPlan, changes: dict[str, Any]) -> str:
    """What the user's wish made of the plan, or nothing where there was none."""
    named = ", ".join(f"{name.replace('_', ' ')} {getattr(plan, name)}" for name in changes)
    return f"Set: {named}. " if named else ""


def asked_for(plan: TrainingPlan | None) -> dict[str, Any]:
    """Settings of an earlier plan that the user chose: they outlive a new proposal."""
    if plan is None:
        return {}
    return {n: getattr(plan, n) for n, reason in plan.reasons.items() if reason == YOUR_CHOICE}


def plan_in_words(plan: TrainingPlan) -> str:
    if plan.estimate is None:
        return f"The plan: tune {plan.base_model}."
    return (
        f"The plan: tune {plan.base_model} for at most {plan.epochs} rounds over your rows, "
        f"{minutes_in_words(plan.estimate.minutes)} and {plan.estimate.memory_gib:.1f} GiB of memory. "
        "It stops by itself when the held-out rows stop improving."
    )


def minutes_in_words(minutes: float) -> str:
    return "less than a minute" if minutes < 1 else f"about {minutes:.0f} minute{'s' if round(minutes) != 1 else ''}"


def plan_card(plan: TrainingPlan) -> Card:
    settings = [
        {
            "name": n,
            "value": getattr(plan, n),
            "description": f.description,
            "reason": plan.reasons.get(n, "the usual value"),
        }
        for n, f in TrainingPlan.model_fields.items()
        if n not in ("reasons", "estimate", "system_message", "revision")
    ]
    estimate = plan.estimate
    data = {
        "settings": settings,
        "minutes": estimate.minutes if estimate else None,
        "memory_gib": estimate.memory_gib if estimate else None,
        "basis": estimate.basis if estimate else "",
        "system_message": plan.system_message,
    }
    return Card("plan", "The plan", data)


@tool(parse_docstring=True, response_format="content_and_artifact")
def start_training(runtime: ToolRuntime[Context]) -> Artifact:
    """Start training by the plan. Waits for the user's approval."""
    context = runtime.context
    project = context.project
    approved_first(project)
    plan = read_plan(project)
    require(plan is not None, "There is no plan yet.", "Ask me for the plan first.")
    assert plan is not None
    if read_state(project).running:
        raise UserError("A training is already under way.", action='Wait for it, or say "stop the training".')
    examples = in_use(project.read_examples())
    if (forbidden := not_for_training(read_sources(project), examples)) is not None:
        raise forbidden
    run = project.new_run()
    write_data(run, examples, plan)
    note_lineage(project, run)
    write_json(run.dir / "checks.json", behaviour_checks(read_brief(project), kept_entries(context), examples))
    write_model(run.plan, plan)
    write_model(project.sources, read_sources(project).model_copy(update={"round": int(run.name)}))
    jobs = context.services.jobs
    job = jobs.submit(project.name, run.dir, [step_command("train", run), step_command("evaluate", run)])
    jobs.ensure_supervisor()
    position = jobs.position(job)
    waiting = f" {position} other training(s) come first." if position else ""
    return ToolResult(
        f"Training round {run.name} is on its way.{waiting}", [progress_card(run, context.services)]
    ).for_agent()


def write_data(run: Run, examples: Sequence[Example], plan: TrainingPlan) -> None:
    """The rows of each side as the trainer reads them, general ones mixed into the training rows by the plan."""
    for split in ("train", "validation", "test"):
        rows = [e for e in examples if e.split == split]
        if split == "train":
            rows = mixed_with_general(rows, plan.general_share, plan.seed)
        write_jsonl(run.data(split), (e.model_dump() for e in rows))


def step_command(step: str, run: Run) -> list[str]:
    """The command line of one step of a run."""
    return [sys.executable, "-m", f"finetune.{step}", str(run.dir)]


def progress_card(run: Run, services: Services) -> Card:
    """How a run stands: the bar, the curve, and a sentence on what it means."""
    status = read_status(run)
    curve = read_metrics(run)
    tested = evaluation_progress(run)
    job = services.jobs.job(run.dir)
    position = services.jobs.position(job.id) if job else None
    if status is None:
        sentence = f"Waiting: {position} other training(s) first." if position else "Getting ready."
    elif tested:
        sentence = tested
    else:
        sentence = status.sentence or explain(curve)
    data = {
        "run": run.name,
        "state": "evaluating" if tested else status.state if status else "queued",
        "step": status.step if status else 0,
        "max_steps": status.max_steps if status else 0,
        "minutes_left": status.minutes_left if status else None,
        "sentence": sentence,
        "curve": [{"step": p.step, "train_loss": p.train_loss, "validation_loss": p.validation_loss} for p in curve],
    }
    return Card("progress", f"Training round {run.name}", data)


def evaluation_progress(run: Run) -> str:
    """A sentence on the test while it is under way; empty before and after."""
    status = read_json(run.evaluation_status)
    if not status or run.evaluation.exists() or status.get("state") == "failed":
        return ""
    return str(status["sentence"])


@tool(parse_docstring=True, response_format="content_and_artifact")
def training_status(runtime: ToolRuntime[Context]) -> Artifact:
    """How the training is going: step, minutes left, the curve and what it means."""
    run = runtime.context.project.latest_run()
    require(run is not None, "Nothing has been trained yet.", 'Say "start training" when the plan is ready.')
    assert run is not None
    card = progress_card(run, runtime.context.services)
    left = card.data["minutes_left"]
    tail = f" {minutes_in_words(left).capitalize()} left." if left and card.data["state"] == "training" else ""
    return ToolResult(card.data["sentence"] + tail, [card]).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def stop_training(runtime: ToolRuntime[Context]) -> Artifact:
    """Stop the training and keep the best model so far."""
    context = runtime.context
    run = context.project.latest_run()
    require(
        run is not None and read_state(context.project).running,
        "No training is under way.",
        "There is nothing to stop.",
    )
    assert run is not None
    job = context.services.jobs.job(run.dir)
    if job is not None:
        context.services.jobs.cancel(job.id)
    return ToolResult("I asked it to stop; the best model so far is kept.").for_agent()
