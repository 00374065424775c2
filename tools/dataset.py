"""Stage 3: read files, build the examples, let the user look, edit and approve."""

import hashlib
from dataclasses import replace
from pathlib import Path

from langchain.tools import ToolRuntime
from langchain_core.messages import HumanMessage
from langchain_core.tools import tool

from finetune.data.collect import examples_from_document
from finetune.data.document import Document
from finetune.data.documents import examples_from_rules, examples_from_terms, refusals
from finetune.data.hub import fingerprint_of_test
from finetune.data.prepare import Prepared, prepare
from finetune.data.read import read_file
from finetune.errors import UserError
from finetune.example import Example, Source, make_example
from finetune.files import write_json
from finetune.project import Project
from knowledge.entries import Rule, Term
from tools.context import Context
from tools.history import remember
from tools.instruction import scope
from tools.journey import SourceFile, Sources, in_use, read_brief, read_sources, require, write_model
from tools.result import Artifact, Card, ToolResult
from tools.rules import kept_entries

ROWS_SHOWN = 20
MADE_HERE = ("rule", "term", "refusal")  # kinds made anew from the brief and the kept rules each time


def user_file(project: Project, name: str) -> Path:
    """A file of the project by its name; never a path outside the project's folder.

    Raises:
        UserError: there is no such file.
    """
    path = project.files / Path(name).name
    if not path.is_file():
        there = ", ".join(sorted(p.name for p in project.files.iterdir())) or "none yet"
        raise UserError(f"There is no file called {name!r} here.", action=f"Attach it again. Files here: {there}.")
    return path


def understand(document: Document, context: Context) -> tuple[SourceFile, list[Example]]:
    """Tables become question/answer rows where the columns are clear; running text becomes examples with quotes.

    A file of nothing but tables whose columns are not clear gives no rows yet: the user is asked.
    """
    examples, mappings = examples_from_document(document, encode=context.services.encode)
    source = SourceFile(name=document.file, notes=document.notes, rows=len(examples))
    if not mappings:
        return source, examples
    mapping = mappings[0]
    table = next(t for t in document.tables if mapping.question in t.header)
    columns = {"header": table.header, "question": mapping.question, "answer": mapping.answer, "topic": mapping.topic}
    if not mapping.sure:
        return source.model_copy(update={**columns, "mode": "unsure", "rows": 0}), []
    return source.model_copy(update={**columns, "mode": mapping.mode}), examples


def store_file(context: Context, source: SourceFile, made: list[Example]) -> None:
    """Put a file's examples in the place of those it gave before; rows the user edited or approved stay."""
    project = context.project
    sources = read_sources(project)
    old = project.read_examples()
    ids = {e.id for e in old if e.source.file != source.name or e.status == "approved"}
    kept = [e for e in old if e.id in ids]
    remember(project, f"the reading of {source.name}")
    project.write_examples([*kept, *(e for e in made if e.id not in ids)])
    others = [f for f in sources.files if f.name != source.name]
    write_model(
        project.sources, sources.model_copy(update={"files": [*others, source], "sealed": None, "prepared": False})
    )


@tool(parse_docstring=True, response_format="content_and_artifact")
def read_files(runtime: ToolRuntime[Context], names: list[str]) -> Artifact:
    """Read files the user attached, and make training examples from them.

    Args:
        names: file names as attached.
    """
    context = runtime.context
    texts, cards, problems = [], [], []
    for name in names:
        try:
            path = user_file(context.project, name)
            document = read_file(path)
        except UserError as error:
            problems.append(str(error))
            cards.append(Card("file", name, {"name": name, "rows": 0, "read": [], "problems": [str(error)]}))
            continue
        source, made = understand(document, context)
        source = source.model_copy(update={"sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
        store_file(context, source, made)
        if source.mode == "unsure":
            cards.append(columns_card(source, document))
            texts.append(f"{name}: I am not sure which column is which.")
        else:
            how = f"columns: {source.question} → {source.answer}" if source.question else "running text"
            cards.append(
                Card("file", name, {"name": name, "rows": source.rows, "read": [how], "problems": document.notes})
            )
            texts.append(f"{name}: {source.rows} examples ({how})." + "".join(f" {note}" for note in document.notes))
    if problems and not texts:
        raise UserError(" ".join(problems), action="Nothing else was changed.")
    return ToolResult("\n".join([*texts, *problems]), cards).for_agent()


def columns_card(source: SourceFile, document: Document) -> Card:
    sample = document.tables[0].rows[:3] if document.tables else []
    data = {"file": source.name, "header": source.header, "question": source.question, "answer": source.answer}
    return Card("columns", f"Columns of {source.name}", {**data, "sample": sample})


@tool(parse_docstring=True, response_format="content_and_artifact")
def set_columns(runtime: ToolRuntime[Context], file: str, question: str, answer: str) -> Artifact:
    """Say which columns of a table hold the question and the answer, after the user told it.

    Args:
        file: the file's name.
        question: header of the column with what comes in.
        answer: header of the column with what should go out.
    """
    context = runtime.context
    document = read_file(user_file(context.project, file))
    columns = [question, answer]
    table = next((t for t in document.tables if all(c in t.header for c in columns)), None)
    if table is None:
        headers = "; ".join(", ".join(t.header) for t in document.tables) or "none: the file holds no table"
        raise UserError(
            f"{', '.join(columns)}: not all of these are columns.", where=file, action=f"Choose from: {headers}."
        )
    made, mappings = examples_from_document(
        replace(document, tables=[table]), question=question, answer=answer, encode=context.services.encode
    )
    source = SourceFile(
        name=document.file,
        mode=mappings[0].mode,
        header=table.header,
        question=question,
        answer=answer,
        rows=len(made),
        notes=document.notes,
    )
    store_file(context, source, made)
    card = Card(
        "file", file, {"name": file, "rows": len(made), "read": [f"columns: {question} → {answer}"], "problems": []}
    )
    return ToolResult(f"{file}: {len(made)} examples from {question} → {answer}.", [card]).for_agent()


def examples_from_knowledge(context: Context) -> list[Example]:
    """Rules, terms and refusals as examples, from what the user kept and forbade."""
    brief = read_brief(context.project)
    entries = kept_entries(context)
    return [
        *examples_from_rules([e for e in entries if isinstance(e, Rule)]),
        *examples_from_terms([e for e in entries if isinstance(e, Term)]),
        *(refusals(brief.never, scope(brief)) if brief.task != "classify" else []),
    ]


@tool(parse_docstring=True, response_format="content_and_artifact")
def prepare_data(runtime: ToolRuntime[Context]) -> Artifact:
    """Clean the examples, hide personal data, remove duplicates, split into training and test, and report."""
    context = runtime.context
    project = context.project
    sources = read_sources(project)
    if sources.unsure:
        raise UserError(
            "I do not know yet which columns hold question and answer.",
            where=sources.unsure[0].name,
            action=f"Tell me the two columns: {', '.join(sources.unsure[0].header)}.",
        )
    stored = project.read_examples()
    own = [e for e in stored if e.kind not in MADE_HERE or e.status == "approved"]
    ids = {e.id for e in own}
    dropped = {e.id for e in stored if e.status == "dropped" and "dropped by you" in e.reasons}
    made = [e for e in examples_from_knowledge(context) if e.id not in ids and e.id not in dropped]
    pairs = pairs_as_examples(context, ids)
    require(
        bool(own or made or pairs),
        "There is nothing to learn from yet.",
        "Attach a file, keep some rules, or tell me a question with the answer you would be proud of.",
    )
    prepared = prepare([*own, *pairs, *made, *(e for e in stored if e.id in dropped and e.kind in MADE_HERE)])
    remember(project, "the preparation of the data")
    save_prepared(project, prepared, sources)
    report = prepared.report
    return ToolResult(" ".join([*report.sentences, *report.warnings]), data_cards(project, prepared)).for_agent()


def pairs_as_examples(context: Context, known: set[str]) -> list[Example]:
    """The real cases the user told in the interview."""
    pairs = read_brief(context.project).pairs
    made = [
        make_example(p.question, p.answer, source=Source(file="conversation", row=n, quote=p.answer), kind="faq")
        for n, p in enumerate(pairs, 1)
    ]
    return [e for e in made if e.id not in known]


def save_prepared(project: Project, prepared: Prepared, sources: Sources) -> None:
    project.write_examples(prepared.examples)
    write_json(project.report, prepared.report.model_dump())
    write_model(project.sources, sources.model_copy(update={"sealed": None, "prepared": True}))


def data_cards(project: Project, prepared: Prepared) -> list[Card]:
    report = prepared.report
    counts = {"read": report.read, "kept": report.kept, **report.by_split}
    said = [*report.sentences, *report.warnings]
    cards = [Card("report", "What the data looks like", {"counts": counts, "sentences": said})]
    if prepared.personal:
        found = [
            {"example": f.example_id, "kind": f.kind, "replacement": f.replacement, "context": f.context}
            for f in prepared.personal[:ROWS_SHOWN]
        ]
        title = f"Personal data replaced: {len(prepared.personal)}"
        cards.append(Card("personal", title, {"found": found, "cannot_find": report.cannot_find}))
    return [*cards, data_card(in_use(prepared.examples), "Some of the examples")]


def source_in_words(source: Source) -> str:
    """Where a row comes from: its citation, or file, page and row."""
    page = f"page {source.page}" if source.page else ""
    row = f"row {source.row}" if source.row else ""
    return source.citation or ", ".join(part for part in (source.file, page, row) if part)


def data_card(examples: list[Example], title: str, start: int = 0) -> Card:
    """A page of examples; `number` is what the user says to edit or drop a row."""
    rows = [
        {
            "number": start + n,
            "id": e.id,
            "question": e.question,
            "answer": e.answer,
            "kind": e.kind,
            "topic": e.topic,
            "split": e.split or "",
            "status": e.status,
            "source": source_in_words(e.source),
        }
        for n, e in enumerate(examples[start : start + ROWS_SHOWN], 1)
    ]
    return Card("data", title, {"rows": rows, "total": len(examples)})


@tool(parse_docstring=True, response_format="content_and_artifact")
def show_data(runtime: ToolRuntime[Context], start: int = 0, containing: str = "", split: str = "") -> Artifact:
    """Show examples, numbered. The numbers are what edit_example and drop_examples take.

    Args:
        start: how many to pass over, to page on.
        containing: show only rows with these words.
        split: show only train, validation or test rows.
    """
    examples = in_use(runtime.context.project.read_examples())
    require(bool(examples), "There are no examples yet.", "Attach a file or keep some rules, then ask again.")
    if not containing and not split:
        text = f"Rows {start + 1} to {min(start + ROWS_SHOWN, len(examples))} of {len(examples)}."
        return ToolResult(text, [data_card(examples, "Your examples", start)]).for_agent()
    numbered = [
        (n, e)
        for n, e in enumerate(examples, 1)
        if containing.lower() in f"{e.question} {e.answer}".lower() and split in (e.split or "", "")
    ]
    page = numbered[start : start + ROWS_SHOWN]
    card = data_card([e for _, e in page], f"{len(numbered)} rows found")
    for row, (number, _) in zip(card.data["rows"], page, strict=True):
        row["number"] = number
    return ToolResult(f"{len(numbered)} rows found.", [card]).for_agent()


def numbered_examples(examples: list[Example], rows: list[int]) -> list[Example]:
    """The examples in use that the user's numbers name.

    Raises:
        UserError: a number is not in the list.
    """
    listed = in_use(examples)
    wrong = [r for r in rows if not 1 <= r <= len(listed)]
    if wrong or not rows:
        raise UserError(
            f"There is no row {', '.join(map(str, wrong)) or 'named'}.",
            action=f'Use the numbers shown, from 1 to {len(listed)}; "show me the data" lists them.',
        )
    return [listed[r - 1] for r in rows]


def unseal(project: Project) -> None:
    """A change to the examples takes the approval of the test set back."""
    write_model(project.sources, read_sources(project).model_copy(update={"sealed": None}))


@tool(parse_docstring=True, response_format="content_and_artifact")
def edit_example(runtime: ToolRuntime[Context], row: int, question: str = "", answer: str = "") -> Artifact:
    """Change the question or the answer of one example.

    Args:
        row: its number as shown.
        question: the new question; empty leaves it.
        answer: the new answer; empty leaves it.
    """
    project = runtime.context.project
    examples = project.read_examples()
    chosen = numbered_examples(examples, [row])[0]
    require(bool(question or answer), "I did not get the new text.", f'Say: "row {row} should answer: …".')
    remember(project, f"the edit of row {row}")
    changed = chosen.model_copy(deep=True)
    for message in changed.messages:
        if message.role == "user" and question:
            message.content = question
    if answer:
        changed.messages[-1].content = answer
    changed.status = "approved"
    changed.reasons.append("edited by you")
    project.write_examples([changed if e.id == chosen.id else e for e in examples])
    unseal(project)
    return ToolResult(f"Row {row} is changed.", [data_card([changed], f"Row {row}")]).for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def drop_examples(runtime: ToolRuntime[Context], rows: list[int]) -> Artifact:
    """Take examples out. They stay in the file, marked as dropped, and undo brings them back.

    Args:
        rows: their numbers as shown.
    """
    project = runtime.context.project
    examples = project.read_examples()
    doomed = {e.id for e in numbered_examples(examples, rows)}
    remember(project, f"the dropping of {len(doomed)} row(s)")
    for example in examples:
        if example.id in doomed:
            example.status = "dropped"
            example.reasons.append("dropped by you")
    project.write_examples(examples)
    unseal(project)
    return ToolResult(f"{len(doomed)} row(s) dropped; {len(in_use(examples))} are left.").for_agent()


@tool(parse_docstring=True, response_format="content_and_artifact")
def approve_data(runtime: ToolRuntime[Context]) -> Artifact:
    """Seal the test set. Only works when the user's own last message says the word "approved"."""
    project = runtime.context.project
    said = next((str(m.content) for m in reversed(runtime.state["messages"]) if isinstance(m, HumanMessage)), "")
    require("approved" in said.lower(), "The test set is not approved yet.", 'Type the word "approved" to approve it.')
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
    sources = read_sources(project)
    seal = fingerprint_of_test(used)
    write_model(project.sources, sources.model_copy(update={"sealed": seal}))
    text = f"Approved: {len(test)} test rows are sealed (fingerprint {seal[:12]}); they will never be trained on."
    return ToolResult(text).for_agent()
