"""Stage 7: talk to base and tuned model side by side; rate and correct."""

from datetime import UTC, datetime

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.example import Message
from finetune.files import append_jsonl, read_jsonl
from finetune.project import Project, Run
from tools.context import Context
from tools.journey import require
from tools.own import look_up
from tools.result import Artifact, Card, ToolResult

ANSWER_TOKENS = 160  # about 120 words: longer answers make a side-by-side unreadable


def tuned_run(project: Project) -> Run:
    """The newest run that has a tuned model."""
    run = next((r for r in reversed(project.runs()) if (r.adapter / "adapter_config.json").exists()), None)
    require(run is not None, "There is no tuned model to try yet.", "Finish a training first.")
    assert run is not None
    return run


@tool(parse_docstring=True, response_format="content_and_artifact")
def try_model(runtime: ToolRuntime[Context], prompt: str) -> Artifact:
    """Let the base and the tuned model answer the user's question, side by side.

    Args:
        prompt: the user's question, word for word.
    """
    context = runtime.context
    run = tuned_run(context.project)
    answering = look_up(context, prompt, 1)
    source = {"file": answering[0].file, "page": answering[0].page, "text": answering[0].text} if answering else None
    messages = [Message(role="user", content=prompt)]  # the model adds the plan's standing instruction
    model = context.services.trial_model(run)
    answers = {}
    for which in ("base", "tuned"):
        pieces = []
        for piece in model.reply(messages, tuned=which == "tuned", max_tokens=ANSWER_TOKENS):
            pieces.append(piece)
            runtime.stream_writer({"model": which, "text": piece})
        answers[which] = "".join(pieces).strip()
    append_jsonl(
        context.project.feedback,
        {"kind": "answer", "run": run.name, "prompt": prompt, **answers, "time": now()},
    )
    card = Card(
        "comparison", "Base and tuned, side by side", {"prompt": prompt, "run": run.name, **answers, "source": source}
    )
    return ToolResult(f"Base model: {answers['base']}\n\nTuned model: {answers['tuned']}", [card]).for_agent()


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@tool(parse_docstring=True, response_format="content_and_artifact")
def rate_answer(runtime: ToolRuntime[Context], good: bool, correction: str = "") -> Artifact:
    """Store what the user thinks of the tuned model's last answer.

    Args:
        good: true for thumbs up, false for thumbs down.
        correction: what the answer should have been, in the user's words; empty if not said.
    """
    project = runtime.context.project
    last = next((row for row in reversed(list(read_jsonl(project.feedback))) if row["kind"] == "answer"), None)
    require(last is not None, "There is no answer to rate yet.", "Ask the model something first.")
    assert last is not None
    rating = {key: last[key] for key in ("run", "prompt", "tuned")}
    append_jsonl(
        project.feedback, {"kind": "rating", **rating, "good": good, "correction": correction.strip(), "time": now()}
    )
    if correction:
        return ToolResult("Stored. Your correction becomes a test question first, then a training row.").for_agent()
    return ToolResult("Stored: " + ("a good answer." if good else "not a good answer.")).for_agent()
