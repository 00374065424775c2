"""Stage 6: base against tuned on the sealed test set, as the evaluation wrote it down."""

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.evaluate import Evaluation
from finetune.files import read_json
from finetune.project import Run
from finetune.status import read_status
from tools.context import Context
from tools.journey import require
from tools.result import Artifact, Card, ToolResult
from tools.training import progress_card, step_command


def read_evaluation(run: Run) -> Evaluation | None:
    stored = read_json(run.evaluation)
    return Evaluation.model_validate(stored) if stored else None


def evaluation_card(run: Run, evaluation: Evaluation) -> Card:
    return Card("evaluation", f"Test of round {run.name}", evaluation.card())


def no_results_yet(run: Run, context: Context, card: Card) -> str:
    """Why there is no result. A model that was stopped early and kept is tested now."""
    jobs = context.services.jobs
    job = jobs.job(run.dir)
    if job is not None and job.state == "cancelled" and (run.adapter / "adapter_config.json").exists():
        jobs.submit(context.project.name, run.dir, [step_command("evaluate", run)])
        jobs.ensure_supervisor()
        return "You stopped the training; I kept the best model so far and am testing it now."
    if job is not None and job.state == "failed":
        status = read_status(run)
        problem = f"{status.error.what} {status.error.action}" if status and status.error else job.what
        return f"The round did not finish: {problem}"
    return f"There are no test results yet. {card.data['sentence']}"


@tool(parse_docstring=True, response_format="content_and_artifact")
def report_evaluation(runtime: ToolRuntime[Context]) -> Artifact:
    """Report how the tuned model did against the base model on the sealed test set."""
    context = runtime.context
    run = context.project.latest_run()
    require(run is not None, "Nothing has been trained yet.", 'Say "start training" when the plan is ready.')
    assert run is not None
    card = progress_card(run, context.services)
    evaluation = read_evaluation(run)
    if evaluation is None:
        return ToolResult(no_results_yet(run, context, card), [card]).for_agent()
    return ToolResult(evaluation.sentence, [card, evaluation_card(run, evaluation)]).for_agent()
