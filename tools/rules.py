"""Stage 2: find the rules and terms that apply; the user keeps or drops each."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.report import counted
from finetune.errors import UserError
from knowledge.entries import EVERY_INDUSTRY, Rule, Term
from knowledge.search import Found, places
from knowledge.words import content_words, plain_words, stem
from tools.brief import Brief, in_words
from tools.context import Context
from tools.history import remember
from tools.journey import Knowledge, Offered, read_brief, read_knowledge, write_model
from tools.own import found_in_words, look_up, passages_card
from tools.result import Artifact, Card, ToolResult

OFFERED_AT_ONCE = 10  # more than this is not read by anybody


def fingerprint(entry: Rule | Term) -> str:
    """A short hash of an entry's words: a later version of the packs that changes them is noticed."""
    return hashlib.sha256(entry.model_dump_json().encode()).hexdigest()[:16]


def needs(brief: Brief) -> list[str]:
    """What to search for: each a sentence about the team's work."""
    said = [brief.organisation, brief.inputs, brief.outputs, brief.wrong_answer, *brief.never, brief.data]
    work = f"{in_words('task', brief.task)} for {brief.audience or 'customers'}" if brief.task else None
    return [s for s in [*said, work, *(p.question for p in brief.pairs)] if s] or ["customer questions"]


def entry_row(entry: Rule | Term, offered: Offered, number: int, practice: str = "") -> dict[str, Any]:
    """One row of a "rules" card; `practice` is how the team says it meets the rule."""
    return {
        "number": number,
        "id": entry.id,
        "title": entry.name,
        "type": entry.kind,
        "citation": entry.citation,
        "jurisdiction": entry.jurisdiction,
        "url": entry.url,
        "as_of": str(entry.as_of),
        "verified": entry.verified,
        "summary": entry.says,
        "reason": offered.reason,
        "kept": offered.kept,
        "practice": practice,
    }


def rules_card(knowledge: Knowledge, context: Context) -> Card:
    library = context.services.library
    rows = [
        entry_row(entry, offered, number, knowledge.practice.get(offered.id, ""))
        for number, offered in enumerate(knowledge.offered, 1)
        if (entry := library.entry(offered.id)) is not None
    ]
    return Card("rules", "Rules and terms that may apply", {"entries": rows})


def applies(entry: Rule | Term | None, brief: Brief) -> bool:
    """Whether an entry is for the brief's industry and places; what is not known excludes nothing."""
    if entry is None:
        return False
    industry = not brief.industry or bool({brief.industry, EVERY_INDUSTRY} & set(entry.industries))
    return industry and (not brief.jurisdictions or entry.jurisdiction in places(brief.jurisdictions))


@tool(parse_docstring=True, response_format="content_and_artifact")
def find_rules(runtime: ToolRuntime[Context], query: str = "") -> Artifact:
    """Look up the rules and terms that apply to the user's work, each with citation and date.

    With a topic, what the team's own documents say on it is shown beside them.

    Args:
        query: a topic the user asked about; empty to search by the brief.
    """
    context = runtime.context
    brief = read_brief(context.project)
    # Who named no industry still has the rules that hold for all of them.
    industries = [brief.industry] if brief.industry else [EVERY_INDUSTRY]
    library = context.services.library
    if query:
        found = library.find(query, industries=industries, jurisdictions=brief.jurisdictions)
    else:
        found = library.relevant(
            needs(brief), industries=industries, jurisdictions=brief.jurisdictions, limit=OFFERED_AT_ONCE
        )
    result = offered(context, found, asked_for=bool(query))
    if own := look_up(context, query) if query else []:
        cards = [passages_card(query, own), *result.cards]
        result = replace(result, text=f"{result.text} {found_in_words(own)}", cards=cards)
    return result.for_agent()


def offered(context: Context, found: Sequence[Found], *, asked_for: bool) -> ToolResult:
    """Put what was found behind the entries of the user's list, and take off those that no longer apply.

    A search that nobody `asked_for` follows from what was said before, and is undone with it.
    """
    library, brief = context.services.library, read_brief(context.project)
    stored = read_knowledge(context.project)
    # A corrected place or industry takes entries back that no longer apply.
    listed = [o for o in stored.offered if applies(library.entry(o.id), brief)]
    known = {o.id for o in listed}
    new = [
        Offered(
            id=f.entry.id,
            as_of=str(f.entry.as_of),
            fingerprint=fingerprint(f.entry),
            reason=f.reason,
            asks=f.entry.question_for_team if isinstance(f.entry, Rule) else "",
        )
        for f in found
        if f.entry.id not in known
    ]
    if not found:
        return ToolResult("No rule or term in my collection fits that. I did not make one up.")
    if not new and len(listed) == len(stored.offered):
        return ToolResult("Everything I have on that is already in the list.", [rules_card(stored, context)])
    if asked_for:
        remember(context.project, "the search for rules")
    knowledge = Knowledge(offered=[*listed, *new], practice=stored.practice)
    write_model(context.project.knowledge, knowledge)
    unverified = sum(1 for f in found if not f.entry.verified)
    text = f"Found {counted(len(new), 'rule or term', 'rules and terms')}, numbered in the list."
    if gone := len(stored.offered) - len(listed):
        text += f" {gone} that no longer apply to you are gone."
    if unverified:
        text += f" I could not check {unverified} of them against the law's own text: the list says which."
    options = ["Keep all", "Keep none", f"Drop {len(knowledge.offered)}"]
    return ToolResult(text, [rules_card(knowledge, context)], options)


@tool(parse_docstring=True, response_format="content_and_artifact")
def keep_rules(
    runtime: ToolRuntime[Context],
    keep: list[int] | None = None,
    drop: list[int] | None = None,
    others: bool | None = None,
    about: str = "",
) -> Artifact:
    """Keep or drop the rules and terms that were found.

    Args:
        keep: numbers to keep, as shown in the list.
        drop: numbers to drop.
        others: what to do with all entries not named: true keeps them, false drops them, empty leaves them open.
        about: instead of numbers, the subject of the entries that get the other choice than `others`.
    """
    project = runtime.context.project
    knowledge = read_knowledge(project)
    if about:
        named = numbers_about(about, knowledge, runtime.context)
        keep, drop = ([], named) if others else (named, [])
    wrong = [n for n in [*(keep or []), *(drop or [])] if not 1 <= n <= len(knowledge.offered)]
    if wrong:
        raise UserError(
            f"There is no number {', '.join(map(str, wrong))} in the list.",
            action=f"Use numbers from 1 to {len(knowledge.offered)}."
            if knowledge.offered
            else "Ask me to find the rules first.",
        )
    choice = dict.fromkeys(keep or [], True) | dict.fromkeys(drop or [], False)
    offered = [
        o.model_copy(update={"kept": choice.get(n, others if others is not None else o.kept)})
        for n, o in enumerate(knowledge.offered, 1)
    ]
    remember(project, "the choice of rules")
    decided = Knowledge(offered=offered, skipped=not offered, practice=knowledge.practice)
    write_model(project.knowledge, decided)
    open_ones = sum(1 for o in offered if o.kept is None)
    text = f"Kept {len(decided.kept_ids)} of {len(offered)}." + (f" {open_ones} still to decide." if open_ones else "")
    return ToolResult(text).for_agent()


def numbers_about(subject: str, knowledge: Knowledge, context: Context) -> list[int]:
    """Numbers of the listed entries that hold all words of a subject.

    Raises:
        UserError: none does.
    """
    library = context.services.library
    wanted = {stem(word) for word in content_words(subject)}
    texts = [
        ""
        if entry is None
        else " ".join([entry.name, entry.says, entry.citation, *entry.industries, entry.jurisdiction])
        for entry in (library.entry(o.id) for o in knowledge.offered)
    ]
    found = [n for n, text in enumerate(texts, 1) if wanted and wanted <= {stem(w) for w in plain_words(text)}]
    if not found:
        raise UserError(
            f"No rule or term in the list is about “{subject}”.",
            action="Say the numbers, as the list has them: “drop 1”, “keep 1”, or “keep all”.",
        )
    return found


@tool(parse_docstring=True, response_format="content_and_artifact")
def note_practice(runtime: ToolRuntime[Context], answers: dict[str, str]) -> Artifact:
    """Note how the team meets rules it kept, in its own words: the answers to what those rules ask.

    It stands beside the rule in the list and on the evidence pack's page of rules.

    Args:
        answers: a kept rule's id to the team's answer; an empty answer leaves the question open for good.
    """
    project = runtime.context.project
    knowledge = read_knowledge(project)
    if strange := sorted(set(answers) - set(knowledge.kept_ids)):
        raise UserError(f"No kept rule is called {', '.join(strange)}.", action="Use the ids of rules that are kept.")
    remember(project, "the answer about a rule")
    changed = knowledge.model_copy(update={"practice": knowledge.practice | answers})
    write_model(project.knowledge, changed)
    noted = (
        "Noted for the page of rules in the evidence pack." if any(answers.values()) else "Fine, we leave that open."
    )
    if any(answers.values()) and not knowledge.practice:
        number = [o.id for o in knowledge.offered].index(next(iter(answers))) + 1
        noted += f' To change it later, say "my answer about rule {number} is: …".'
    return ToolResult(noted).for_agent()


def kept_entries(context: Context) -> list[Rule | Term]:
    """The entries the user kept; one that has left the packs since is passed over."""
    library = context.services.library
    entries = [library.entry(i) for i in read_knowledge(context.project).kept_ids]
    return [e for e in entries if e is not None]
