"""How personal data is hidden: by tags or invented stand-ins, and whether what points to a person indirectly goes, too.

Prepared rows no longer hold the originals, so a change of mind reads them again from the files and the conversation.
"""

from dataclasses import replace

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.collect import examples_from_document
from finetune.data.document import Document
from finetune.data.personal import Style, find_personal, own_contacts
from finetune.data.read import read_file
from finetune.data.reasons import HIDDEN
from finetune.data.report import counted
from finetune.errors import UserError
from finetune.example import Example
from finetune.files import read_jsonl
from tools.context import Context
from tools.dataset import data_cards, pairs_as_examples, prepare_rows, told_to, understand
from tools.history import remember
from tools.journey import PersonalChoice, SourceFile, in_use, read_brief, read_sources, write_model
from tools.masking import own_names
from tools.result import Artifact, ToolResult
from tools.rights import PASSED
from tools.rows import EDITED
from tools.watching import corrections

CHANGE = "the change of how personal data is hidden"
VALUES_SHOWN = 6
STYLES: dict[Style, str] = {"tags": "tags such as [name]", "stand-ins": "invented names and numbers"}


def originals(context: Context) -> tuple[dict[str, Example], list[str]]:
    """Rows by id as they were before anything was hidden, and the files that could not be read again."""
    project = context.project
    sources = read_sources(project)
    rows = corrections(list(read_jsonl(project.feedback))) + pairs_as_examples(context, set(), sorting=False)
    unread: list[str] = []
    for name in sources.attached:
        try:
            for document in read_file(project.files / name).all_parts():
                rows += read_again(context, document, sources.file(document.file))
        except UserError:
            unread.append(name)
    return {row.id: row for row in rows}, unread


def read_again(context: Context, document: Document, source: SourceFile | None) -> list[Example]:
    """A document's rows, by the columns the user named where there are some; a row keeps its id."""
    if source is None:
        return []
    named = [t for t in document.tables if source.question in t.header and source.answer in t.header]
    rows = understand(document, context)[1]
    if named:
        alone = replace(document, tables=named[:1], parts=[])
        rows += examples_from_document(alone, question=source.question, answer=source.answer)[0]
    return rows


def restored(rows: list[Example], before: dict[str, Example]) -> tuple[list[Example], int]:
    """Rows with their original words, and how many keep their tags: those the user edited, or whose source is gone."""
    kept = 0
    result: list[Example] = []
    for row in rows:
        old = before.get(row.id)
        if HIDDEN not in row.reasons:
            result.append(row)
        elif old is None or EDITED in row.reasons:
            kept += 1
            result.append(row)
        else:
            reasons = [reason for reason in row.reasons if reason != HIDDEN]
            result.append(row.model_copy(update={"messages": old.messages, "source": old.source, "reasons": reasons}))
    return result, kept


@tool(parse_docstring=True, response_format="content_and_artifact")
def choose_personal(
    runtime: ToolRuntime[Context],
    style: Style | None = None,
    indirect: bool | None = None,
    keep: list[str] | None = None,
) -> Artifact:
    """Choose how personal data is hidden. Prepared data is prepared again from the original files.

    Args:
        style: "tags" such as [name], or "stand-ins": invented names and numbers; left out, it stays as it is.
        indirect: true hides towns, employers, dates, ages and titles, too; left out, it stays as it is.
        keep: values that are no secret and stay: the team's own phone number, the name of its vet.
    """
    context = runtime.context
    project = context.project
    sources = read_sources(project)
    old = sources.personal
    chosen = PersonalChoice(
        style=style or old.style,
        indirect=old.indirect if indirect is None else indirect,
        keep=list(dict.fromkeys([*old.keep, *(keep or [])])),
        asked=old.asked or not keep,
    )
    same = chosen.model_copy(update={"asked": old.asked}) == old
    if same or not sources.prepared:
        if not same:
            remember(project, CHANGE)
        write_model(project.sources, sources.model_copy(update={"personal": chosen}))
        said = (_kept(keep).strip() or PASSED) if same else f"{_kept(keep)}{in_words(chosen)} So it will be prepared."
        return ToolResult(said).for_agent()
    before, unread = originals(context)
    rows, kept = restored(project.read_examples(), before)
    choice = sources.model_copy(update={"personal": chosen})
    prepared, _ = prepare_rows(context, rows, choice, change=CHANGE, tell=told_to(runtime))
    report = prepared.report
    text = (
        f"{_kept(keep)}{in_words(chosen)} Prepared anew: {counted(report.rows_with_personal, 'row')} had personal data."
    )
    if kept:
        text += f" {counted(kept, 'row keeps', 'rows keep')} the old tags: you edited them, or their source is gone."
    if unread:
        text += f" I could not read again: {', '.join(unread)}."
    if sources.sealed:
        text += " The approval is taken back, since the words of the rows changed."
    return ToolResult(text, data_cards(project, prepared)).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def own_contacts_kept(runtime: ToolRuntime[Context], people: bool = False) -> Artifact:
    """Say which contacts stay in the rows as the team's own, and how to name others; nothing is changed.

    Args:
        people: whether the names or numbers of people were asked for, which stay hidden.
    """
    context = runtime.context
    answers = [row.answer for row in in_use(context.project.read_examples())]
    items = find_personal(answers)
    own = own_contacts(answers, items)
    values = [answers[i.text][i.start : i.end].rstrip(" .,") for i in items if i.text_hash in own]
    names = own_names(read_brief(context.project))
    kept = list(dict.fromkeys([*values, *read_sources(context.project).personal.keep, *names]))
    text = (
        "Names and numbers of people stay hidden, since a model may repeat them to anybody; “use invented names” makes "
        "the sentences natural again. "
        if people
        else ""
    )
    if kept:
        text += f"These stay as they are, as your own: {listed_values(kept)}."
    else:
        text += "Your own phone, e-mail and address stay where an answer calls them yours, as in “call us on …”."
    return ToolResult(f"{text} To keep another: “our phone number is …”, or “keep the name …”.").for_agent()


def listed_values(values: list[str]) -> str:
    more = f" and {len(values) - VALUES_SHOWN} more" if len(values) > VALUES_SHOWN else ""
    return ", ".join(values[:VALUES_SHOWN]) + more


def _kept(keep: list[str] | None) -> str:
    return f"{listed_values(keep)} {'stays' if len(keep) == 1 else 'stay'} as written. " if keep else ""


def in_words(chosen: PersonalChoice) -> str:
    also = ", and towns, employers, dates, ages and titles are hidden, too" if chosen.indirect else ""
    return f"Personal data is replaced by {STYLES[chosen.style]}{also}."
