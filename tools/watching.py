"""Stage 9: feedback, drift and changed rules; when to tune again and on what."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.report import counted
from finetune.example import Example, Source, make_example
from finetune.files import read_json, read_jsonl
from knowledge.refresh import TELLING, Finding, last_findings, refresh
from tools.context import Context
from tools.history import remember
from tools.journey import Watch, read_knowledge, read_sources, require, write_model
from tools.result import Artifact, Card, ToolResult
from tools.rules import fingerprint, kept_entries
from tools.trial import now

ENOUGH_CORRECTIONS = 5  # fewer teach a model little; they are still tested
LOOKING_SECONDS = 30.0  # a conversation waits no longer for the official sources; what is left is said and done next
TESTED_SHARE = 2  # every second correction trains once the first ones are in the test set


def corrections(feedback: list[dict[str, Any]], after: int = 0) -> list[Example]:
    """Corrected answers as examples, newest word on a question first; those up to line `after` are used already."""
    latest: dict[str, Example] = {}
    for line, row in enumerate(feedback, 1):
        if line > after and row.get("correction"):
            source = Source(file="feedback", row=line, quote=row["correction"])
            latest[row["prompt"]] = make_example(row["prompt"], row["correction"], source=source, kind="correction")
    return list(latest.values())


def changed_rules(context: Context) -> list[str]:
    """Sentences on kept entries that changed in the packs since they were kept, or at their official source.

    The sources are not asked: what the last refresh of any project or command line found is told.
    """
    library = context.services.library
    sentences = []
    for offered in read_knowledge(context.project).offered:
        if not offered.kept:
            continue
        entry = library.entry(offered.id)
        if entry is None:
            sentences.append(f"{offered.id} is no longer in my collection.")
        elif fingerprint(entry) != offered.fingerprint:
            sentences.append(f"{entry.citation} has changed since you kept it ({offered.as_of} → {entry.as_of}).")
    findings = last_findings(kept_entries(context), context.services.seen_at_sources)
    return [*sentences, *(finding.sentence for finding in findings if finding.outcome in TELLING)]


@dataclass(frozen=True)
class LookUp:
    """What a look at the official sources was worth."""

    sentences: list[str]
    looked_up: int  # entries whose source answered


def look_up_rules(context: Context) -> LookUp:
    """Ask the official sources about the kept entries, and say what could not be looked up."""
    services = context.services
    findings = refresh(
        kept_entries(context),
        state=services.seen_at_sources,
        sources=services.sources,
        today=date.today(),
        seconds=LOOKING_SECONDS,
    )
    missed = [finding for finding in findings if finding.outcome == "not reached"]
    by_hand = [finding for finding in findings if finding.outcome == "not by machine"]
    looked_up = len(findings) - len(missed) - len(by_hand)
    sentences = [f"I looked up {looked_up} of the {len(findings)} rules and terms you kept at their official sources."]
    if missed:
        reasons = "; ".join(dict.fromkeys(finding.reason for finding in missed))
        sentences.append(f"I could not reach {_citations(missed)}: {reasons}. What they say today I do not know.")
    if by_hand:
        sentences.append(f"No machine can fetch {_citations(by_hand)}: look these up yourself.")
    return LookUp(sentences, looked_up)


def _citations(findings: list[Finding]) -> str:
    return "; ".join(dict.fromkeys(finding.citation for finding in findings))


@tool(parse_docstring=True, response_format="content_and_artifact")
def watch(runtime: ToolRuntime[Context], look_up: bool = False) -> Artifact:
    """Look at feedback and changed rules, and say whether to tune again and on what.

    Args:
        look_up: true asks the official sources whether the kept rules have changed, where the user wants to know that.
    """
    context = runtime.context
    project = context.project
    feedback = list(read_jsonl(project.feedback))
    stored = Watch.model_validate(read_json(project.watch) or {})
    ratings = [row for row in feedback if row["kind"] == "rating"]
    good = sum(1 for row in ratings if row["good"])
    new = corrections(feedback, stored.used_feedback)
    looked = look_up_rules(context) if look_up else None
    changed = changed_rules(context)
    sentences = [f"{len(ratings)} answers rated, {good} of them good." if ratings else "No answer has been rated yet."]
    sentences += [*(looked.sentences if looked else []), *(changed or [_no_change(looked)])]
    if len(new) >= ENOUGH_CORRECTIONS or changed:
        sentences.append(f"It is worth a new round: {len(new)} corrections wait.")
    else:
        sentences.append(
            f"No need to tune again yet: {len(new)} corrections wait, {ENOUGH_CORRECTIONS} are worth a round."
        )
    tested, trained = shares(new)
    data = {"sentences": sentences, "test_items": len(tested), "training_rows": len(trained)}
    write_model(project.watch, stored.model_copy(update={"checked": now(), "sentences": sentences}))
    return ToolResult(" ".join(sentences), [Card("watch", "Since the last round", data)]).for_agent()


def _no_change(looked: LookUp | None) -> str:
    """No more is said to be unchanged than was looked at."""
    if looked is not None and looked.looked_up:
        return "I found no change in those I looked up."
    return "None of the rules you kept has changed in my collection."


def shares(new: list[Example]) -> tuple[list[Example], list[Example]]:
    """Corrections become test items first, training rows second: the first goes to the test, then by turns."""
    return new[::TESTED_SHARE], new[1::TESTED_SHARE]


@tool(parse_docstring=True, response_format="content_and_artifact")
def new_round(runtime: ToolRuntime[Context]) -> Artifact:
    """Begin the next round: corrections become test items first and training rows second."""
    project = runtime.context.project
    run = project.latest_run()
    require(run is not None, "There has been no round yet.", "Finish the first one.")
    assert run is not None
    feedback = list(read_jsonl(project.feedback))
    stored = Watch.model_validate(read_json(project.watch) or {})
    tested, trained = shares(corrections(feedback, stored.used_feedback))
    for example in tested:
        example.split, example.status = "test", "approved"
    for example in trained:
        example.split, example.status = "train", "approved"
    remember(project, "the start of a new round")
    old = project.read_examples()
    known = {e.id for e in old}
    project.write_examples([*old, *(e for e in [*tested, *trained] if e.id not in known)])
    write_model(project.watch, stored.model_copy(update={"used_feedback": len(feedback)}))
    sources = read_sources(project)
    write_model(
        project.sources, sources.model_copy(update={"sealed": None, "prepared": False, "round": int(run.name) + 1})
    )
    for path in (project.verdict, project.plan):
        path.unlink(missing_ok=True)
    text = (
        f"Round {int(run.name) + 1}: {counted(len(tested), 'correction')} joined the test set, {len(trained)} the "
        "training rows."
    )
    return ToolResult(text).for_agent()
