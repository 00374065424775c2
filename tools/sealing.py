"""Stage 3, the seal: the test set is approved by the user's own word, and held to a hash from then on."""

import re
from collections.abc import Sequence

from langchain.tools import ToolRuntime
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from finetune.data.hub import fingerprint_of_test
from finetune.data.marks import ALL_ROWS, read_review, write_review
from finetune.data.report import counted
from finetune.example import Example
from finetune.project import Project
from tools.context import Context
from tools.history import remember
from tools.journey import in_use, read_sources, require, write_model
from tools.result import Artifact, ToolResult
from tools.trial import now


def seal_broken(project: Project, changed: Sequence[Example] = ()) -> str:
    """To be asked before a change: the sentence that tells that it breaks the seal; empty where there is none.

    `changed` are the rows concerned as they were; empty where it is not known which.
    """
    if not read_sources(project).sealed:
        return ""
    test = sum(e.split == "test" for e in changed)
    which = f" ({counted(test, 'of the changed rows is a test row', 'of the changed rows are test rows')})" * bool(test)
    return f"This breaks the seal of the test set{which}: look at it again and type “approved” before we train."


def require_seal(project: Project, what: str) -> None:
    """No step past the data without the user's word on the test set as it is now.

    Raises:
        UserError: it was never approved, or is not the one that was.
    """
    sealed = read_sources(project).sealed
    require(sealed is not None, what, 'Look it over and type the word "approved" first.')
    require(
        fingerprint_of_test(in_use(project.read_examples())) == sealed,
        "The test set is not the one you approved: its rows were changed outside of this conversation.",
        'Say "show me the test rows", look them over, and type "approved" again.',
    )


def approval(said: str) -> dict[str, str]:
    """When, and by whom where it was said: "approved by Jo Okafor, head of billing"."""
    by = re.search(r"\bapproved by ([^.;\n]{2,80})", said, re.I)
    return {"approved": now(), "approved_by": by[1].strip() if by else ""}


@tool(parse_docstring=True, response_format="content_and_artifact")
def approve_data(runtime: ToolRuntime[Context]) -> Artifact:
    """Seal the test set. Only works when the user's own last message says the word "approved"."""
    project = runtime.context.project
    said = next((str(m.content) for m in reversed(runtime.state["messages"]) if isinstance(m, HumanMessage)), "")
    require("approved" in said.lower(), "The test set is not approved yet.", 'Type the word "approved" to approve it.')
    sources = read_sources(project)
    require(
        sources.prepared,
        "The data cannot be approved yet, because it has not been prepared.",
        'Say "prepare the data", look at the rows, and type "approved" then.',
    )
    examples = project.read_examples()
    used = in_use(examples)
    test = [e for e in used if e.split == "test"]
    require(bool(test), "There is no test set yet.", 'Say "prepare the data" first.')
    require(
        any(e.split == "train" for e in used),
        "There are no training rows left.",
        "Add a file, or bring dropped rows back with undo.",
    )
    remember(project, "the approval of the data")
    for example in used:
        example.status = "approved"
    project.write_examples(examples)
    write_review(project, read_review(project).decided({ALL_ROWS: "approved"}))
    write_model(project.sources, sources.model_copy(update={"sealed": fingerprint_of_test(used), **approval(said)}))
    text = f"Approved: {counted(len(test), 'test row is', 'test rows are')} sealed and will never be trained on."
    return ToolResult(text).for_agent()
