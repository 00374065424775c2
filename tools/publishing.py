"""Stage 8: an evidence pack with adapter, merged model and card; an API; a Space; the data set."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.card import Parity
from finetune.data.dataset_card import DatasetFacts, SourceFacts
from finetune.data.hub import save_dataset
from finetune.errors import UserError
from finetune.example import Example
from finetune.export import export, push
from finetune.files import read_json
from finetune.lineage import read_lineage
from finetune.project import Project, Run
from finetune.rules_page import RuleUsed
from knowledge.entries import Rule, Term
from tools.brief import in_words
from tools.context import Context
from tools.journey import Sources, read_brief, read_knowledge, read_sources
from tools.lineage import file_hash
from tools.personal import in_words as personal_in_words
from tools.publications import note_publication
from tools.result import Artifact, Card, ToolResult
from tools.rights import require_publishable, rights_in_words
from tools.rules import kept_entries
from tools.sealing import require_seal
from tools.trial import tuned_run

Where = Literal["file", "api", "space", "hub", "dataset"]


def parity_in_words(parity: Parity) -> str:
    return (
        f"The merged model finds the same next word as the tuned one at {parity.same_token_share:.1%} "
        f"of {parity.positions} places."
    )


def require_allowed(project: Project, where: str) -> None:
    """What stands against publishing is said before anybody is asked to approve it.

    Raises:
        UserError: the data is not approved, a file's owner has not agreed, or there is no model that may go.
    """
    if where == "dataset":
        require_seal(project, "The data is not approved yet, so it is not published.")
        require_publishable(read_sources(project), rows_to_publish(project))
    else:
        require_sources(project, tuned_run(project))


def asks_to_publish(context: Context, arguments: dict[str, Any]) -> str | None:
    """Nothing more than the question; None where the tool would refuse, which then says why at once."""
    try:
        require_allowed(context.project, str(arguments.get("where", "file")))
    except UserError:
        return None
    return ""


def rows_to_publish(project: Project) -> list[Example]:
    return [e for e in project.read_examples() if e.status in ("approved", "dropped")]


def publish_dataset(project: Project, licence: str) -> ToolResult:
    """The approved rows as a data set with a card; no tuned model is needed for it."""
    sources, examples = read_sources(project), rows_to_publish(project)
    brief = read_brief(project)
    title = f"{brief.organisation or project.name}: questions and answers"
    folder = save_dataset(
        examples,
        project.published / "dataset",
        title=title,
        licence=licence or None,
        facts=dataset_facts(project, sources, brief.languages),
    )
    note_publication(project, "dataset", "published/dataset", sources=sources.attached)
    files = [
        {"name": str(path.relative_to(folder)), "path": str(path), "size": path.stat().st_size}
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    choose = "" if licence else " and choose a licence, as in “publish the data set under CC BY 4.0”"
    text = (
        f"The data set is ready: {sum(e.status == 'approved' for e in examples)} approved rows and a card that says "
        "where they come from, what was cleaned and how they are divided. It stays on this machine. Before it goes to "
        f"others, read the card{choose}; then: hf upload team/name {folder} --repo-type dataset"
    )
    return ToolResult(text, [Card("files", "The data set", {"files": files})])


def dataset_facts(project: Project, sources: Sources, languages: Sequence[str]) -> DatasetFacts:
    """What the card tells of files, personal data, gaps and the approval."""
    report = read_json(project.report) or {}
    return DatasetFacts(
        sources=[
            SourceFacts(name, file_hash(project, name), rights_in_words(sources.rights.get(name)))
            for name in sources.attached
        ],
        languages=languages,
        personal=personal_in_words(sources.personal),
        approved=sources.approved,
        approved_by=sources.approved_by,
        gaps=report.get("warnings", []),
    )


def require_sources(project: Project, run: Run) -> None:
    """A model that learnt from a source that was deleted since is not published any more.

    Raises:
        UserError: it did.
    """
    gone = [s for s in read_lineage(run).sources if s.deleted and (s.rows.get("train") or s.rows.get("validation"))]
    if gone:
        files = ", ".join(f"{source.file}, deleted on {str(source.deleted)[:10]}" for source in gone)
        raise UserError(
            f"Round {run.name} learnt from what is not here any more ({files}).",
            action="Prepare the data and train a new round without it; that one can be published.",
        )


def rule_used(entry: Rule | Term, practice: str) -> RuleUsed:
    """An entry as the pack tells of it; `practice` is how the team says it meets it."""
    used = RuleUsed(
        entry.name, entry.citation, entry.url, str(entry.as_of), entry.jurisdiction, entry.says, entry.verified
    )
    if isinstance(entry, Term):
        return used
    return replace(used, for_model=entry.for_model, question=entry.customer_question, practice=practice)


@tool(parse_docstring=True, response_format="content_and_artifact")
def publish(runtime: ToolRuntime[Context], where: Where = "file", repository: str = "", licence: str = "") -> Artifact:
    """Publish the tuned model, or the data it was tuned on. Waits for the user's approval.

    Args:
        where: file (a zip with adapter, merged model and card), api (how to serve it to OpenAI clients),
            space (a folder ready for a Hugging Face Space), hub (upload the file's content to the Hub),
            dataset (the approved rows as a data set with a card; works before there is a model).
        repository: for hub and space uploads, the name as in team/model; empty keeps it on this machine.
        licence: of the data set, as the Hub spells it, such as cc-by-4.0; only where the user named one.
    """
    context = runtime.context
    project = context.project
    require_allowed(project, where)
    if where == "dataset":
        return publish_dataset(project, licence).for_agent()
    run = tuned_run(project)
    brief = read_brief(project)
    title = f"{brief.organisation or project.name}: tuned model, round {run.name}"
    lines = [f"{n.replace('_', ' ').capitalize()}: {in_words(n, v)}" for n, v in brief.known().items() if n != "pairs"]
    practice = read_knowledge(project).practice
    rules = [rule_used(entry, practice.get(entry.id, "")) for entry in kept_entries(context)]
    out = project.published / run.published_as
    exported = export(run.dir, out, title=title, brief_lines=lines, rules=rules)
    note_publication(project, where, f"published/{out.name}", run=run.name)
    text = "The pack is ready: adapter, merged model and a card with data, rules and results. "
    if rules:
        text += "RULES.md in it says of each rule how you meet it and where the model met it. "
    text += parity_in_words(exported.parity)
    if where == "api":
        text += (
            f" To serve it to any OpenAI client: python -m finetune.serve {run.dir} "
            "and point the client at http://127.0.0.1:8001/v1."
        )
    if where == "space":
        text += " Its folder space/ is ready for a Hugging Face Space."
    if where in ("hub", "space") and repository:
        kind: Literal["model", "space"] = "space" if where == "space" else "model"
        address = push(out, repository, token=os.environ.get("HF_TOKEN"), kind=kind)
        note_publication(project, where, address, run=run.name)
        text += f" Uploaded, private for now: {address}"
    files = [{"name": f.name, "path": str(f.path), "size": f.size} for f in exported.files]
    return ToolResult(text, [Card("files", "Ready to take away", {"files": files})]).for_agent()
