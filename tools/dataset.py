"""Stage 3: read files and build the examples; for looking at rows and changing them see rows.py."""

import hashlib
from dataclasses import replace
from pathlib import Path

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.collect import examples_from_document
from finetune.data.document import Document
from finetune.data.documents import examples_from_rules, examples_from_terms, refusals
from finetune.data.prepare import TALKED, Prepared, counted, prepare
from finetune.data.read import read_file
from finetune.errors import UserError
from finetune.example import Example, Source, make_example
from finetune.files import write_json
from finetune.project import Project
from knowledge.entries import Rule, Term
from tools.context import Context
from tools.history import remember
from tools.instruction import scope, sorts
from tools.journey import SourceFile, Sources, read_brief, read_sources, require, write_model
from tools.own import indexed, indexed_in_words
from tools.result import Artifact, Card, ToolResult
from tools.rows import DROPPED, MADE_HERE, ROWS_SHOWN, data_card
from tools.rules import kept_entries
from tools.terms import term_use


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
        source = indexed(context, document, source)
        store_file(context, source, made)
        if source.mode == "unsure":
            cards.append(columns_card(source, document))
            texts.append(f"{name}: I am not sure which column is which.{indexed_in_words(source)}")
        else:
            how = f"columns: {source.question} → {source.answer}" if source.question else "running text"
            cards.append(
                Card("file", name, {"name": name, "rows": source.rows, "read": [how], "problems": document.notes})
            )
            texts.append(
                f"{name}: {counted(source.rows, 'example')} ({how})."
                + "".join(f" {note}" for note in document.notes)
                + indexed_in_words(source)
            )
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
    store_file(context, indexed(context, document, source), made)
    card = Card(
        "file", file, {"name": file, "rows": len(made), "read": [f"columns: {question} → {answer}"], "problems": []}
    )
    return ToolResult(f"{file}: {counted(len(made), 'example')} from {question} → {answer}.", [card]).for_agent()


def examples_from_knowledge(context: Context) -> list[Example]:
    """Rules, terms and refusals as examples, from what the user kept and forbade."""
    brief = read_brief(context.project)
    entries = kept_entries(context)
    return [
        *examples_from_rules([e for e in entries if isinstance(e, Rule)]),
        *examples_from_terms([e for e in entries if isinstance(e, Term)]),
        *refusals(brief.never, scope(brief)),
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
    rows = rows_to_prepare(context)
    require(
        any(e.kind != "refusal" and e.status != "dropped" for e in rows),
        "There is nothing to learn from yet: no file with examples, no rule or term you kept, no case you told me.",
        "Attach a file, keep some rules, or tell me a question with the answer you would be proud of.",
    )
    prepared = prepare(rows)
    remember(project, "the preparation of the data")
    if not sorts(read_brief(project), rows):
        terms = [e for e in kept_entries(context) if isinstance(e, Term)]
        prepared.report.warnings.extend(term_use(prepared.examples, terms).sentences)
    save_prepared(project, prepared, sources)
    return ToolResult(" ".join(prepared.report.summary), data_cards(project, prepared)).for_agent()


def rows_to_prepare(context: Context) -> list[Example]:
    """All rows of the project, those already listed in their old order, so that a row keeps its number.

    A model that sorts gets no rows from rules, terms and refusals: their answers would become categories.
    """
    stored = context.project.read_examples()
    from_user = [e for e in stored if e.kind not in MADE_HERE]
    sorting = sorts(read_brief(context.project), from_user)
    pairs = pairs_as_examples(context, {e.id for e in stored}, sorting=sorting)
    if sorting:
        return [*from_user, *pairs]
    made = {e.id: e for e in examples_from_knowledge(context)}
    changed = {e.id for e in stored if e.status == "approved" or DROPPED in e.reasons}  # the user's word on it holds
    listed = [e if e.kind not in MADE_HERE or e.id in changed else made.get(e.id) for e in stored]
    known = {e.id for e in stored}
    return [*(e for e in listed if e is not None), *pairs, *(e for e in made.values() if e.id not in known)]


def pairs_as_examples(context: Context, known: set[str], *, sorting: bool) -> list[Example]:
    """The real cases the user told in the interview."""
    made = [
        make_example(
            pair.question,
            pair.answer,
            source=Source(file=TALKED, row=n, quote=pair.answer),
            kind="category" if sorting else "faq",
            topic=pair.answer if sorting else "",
        )
        for n, pair in enumerate(read_brief(context.project).pairs, 1)
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
    return [*cards, some_examples(prepared.examples)]


def some_examples(examples: list[Example]) -> Card:
    used = [(n, e) for n, e in enumerate(examples, 1) if e.status != "dropped"]
    return data_card(used[:ROWS_SHOWN], "Some of the examples", len(used))
