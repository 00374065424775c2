"""Stage 3: read files and build the examples; for looking at rows and changing them see rows.py."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.collect import examples_from_document
from finetune.data.document import Document
from finetune.data.from_knowledge import examples_from_rules, examples_from_terms, refusals
from finetune.data.kept import Kept, Tell
from finetune.data.not_answered import matters_mentioned, not_answered
from finetune.data.prepare import Prepared, prepare
from finetune.data.read import read_file
from finetune.data.report import TALKED, counted
from finetune.errors import UserError
from finetune.example import Example, Source, make_example
from finetune.files import write_json
from finetune.lineage import is_in
from finetune.project import Project
from knowledge.entries import Rule, Term
from tools.context import Context
from tools.coverage import coverage_card, look_at_coverage
from tools.history import remember
from tools.instruction import scope, sorts
from tools.journey import SourceFile, Sources, read_brief, read_sources, require, write_model
from tools.masking import own_names
from tools.own import indexed, indexed_in_words
from tools.result import Artifact, Card, ToolResult, file_card
from tools.review_sheets import received
from tools.rows import DROPPED, MADE_HERE, ROWS_SHOWN, data_card
from tools.rules import kept_entries
from tools.sealing import seal_broken
from tools.terms import term_use

LOOKED_AT_AT_ONCE = 2_000  # rows; of more, encoding takes too long to be waited for unasked


KEPT_AS_OWN = "stays: it is your own"  # where a replacement would stand


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


def user_document(project: Project, name: str) -> Document:
    """A file of the project by its name, or one in it by its name there: "mails.zip/faq.csv".

    Raises:
        UserError: there is none, or it cannot be read.
    """
    whole = read_file(user_file(project, name.partition("/")[0]))
    found = next((part for part in whole.all_parts() if part.file == name), None)
    if found is None:
        there = ", ".join(part.file for part in whole.all_parts())
        raise UserError(f"There is no file called {name!r} here.", action=f"Choose from: {there}.")
    return found


def understand(document: Document, context: Context) -> tuple[SourceFile, list[Example]]:
    """Tables become question/answer rows where the columns are clear or facts stand in them, threads rows with an
    answer each, and running text becomes examples with quotes.

    A file of nothing but tables whose columns are not clear gives no rows yet: the user is asked.
    """
    examples, mappings, notes = examples_from_document(document, encode=context.services.encode)
    kinds = set() if document.passages or mappings else {example.kind for example in examples}
    source = SourceFile(
        name=document.file,
        mode="facts" if "document" in kinds else "threads" if kinds else "text",
        notes=[*document.notes, *notes],
        rows=len(examples),
    )
    if not mappings:
        return source, examples
    mapping = mappings[0]
    table = next(t for t in document.tables if mapping.question in t.header)
    columns = {"header": table.header, "question": mapping.question, "answer": mapping.answer, "topic": mapping.topic}
    if not mapping.sure:
        return source.model_copy(update={**columns, "mode": "unsure", "rows": 0}), []
    return source.model_copy(update={**columns, "mode": mapping.mode}), examples


@dataclass(frozen=True)
class Read:
    """A document, be it a file or one in it, and what became of it."""

    document: Document
    source: SourceFile
    made: list[Example]


def store_files(context: Context, name: str, found: Sequence[Read]) -> str:
    """Put the examples of a file, and of the files in it, in the place of those it gave before; rows the user edited
    or approved stay.

    Returns:
        What is to be said where that broke the seal of the test set.
    """
    project = context.project
    seal = seal_broken(project)
    sources = read_sources(project)
    old = project.read_examples()
    ids = {e.id for e in old if not is_in(e.source.file, name) or e.status == "approved"}
    kept = [e for e in old if e.id in ids]
    remember(project, f"the reading of {name}")
    project.write_examples([*kept, *(e for one in found for e in one.made if e.id not in ids)])
    others = [f for f in sources.files if not is_in(f.name, name)]
    files = [*others, *(one.source for one in found)]
    write_model(project.sources, sources.model_copy(update={"files": files, "sealed": None, "prepared": False}))
    return seal


def read_whole(path: Path, context: Context) -> tuple[list[Read], list[str]]:
    """A file, and the files in it, understood and put into the index; and what is wrong with single ones of them.

    Raises:
        UserError: nothing in it can be used.
    """
    whole = read_file(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    found: list[Read] = []
    problems: list[str] = []
    for document in whole.all_parts():
        try:
            source, made = understand(document, context)
        except UserError as error:
            if document is whole and not whole.parts:
                raise
            problems.append(str(error))
            continue
        source = indexed(
            context, document, source.model_copy(update={"sha256": digest, "mentions": matters_mentioned(document)})
        )
        if not replace(document, parts=[]).empty():
            found.append(Read(document, source, made))
    if not found:
        raise UserError(" ".join(problems[:3]), where=whole.file, action="Add files with questions and answers.")
    return found, [*(whole.notes if whole.parts else []), *problems]


@tool(parse_docstring=True, response_format="content_and_artifact")
def read_files(runtime: ToolRuntime[Context], names: list[str]) -> Artifact:
    """Read files the user attached, and make training examples from them.

    Args:
        names: file names as attached.
    """
    context = runtime.context
    texts, cards, problems = [], [], []
    seals: list[str] = []
    for name in names:
        try:
            if (sheet := received(context.project, user_file(context.project, name))) is not None:
                texts.append(sheet.text)
                cards += sheet.cards
                continue
            found, wrong = read_whole(user_file(context.project, name), context)
        except UserError as error:
            problems.append(str(error))
            cards.append(file_card(name, 0, [], problems=[str(error)]))
            note_unread(context.project, name, [str(error)])
            continue
        note_unread(context.project, name, wrong)
        seals.append(store_files(context, name, found))
        texts += [all_in_words(name, found, wrong)] if len(found) > 1 else [*map(in_words, found), *wrong]
        cards += cards_of(name, found, wrong)
    if problems and not texts:
        raise UserError(" ".join(problems), action="Nothing else was changed.")
    return ToolResult("\n".join([*texts, *problems, *filter(None, seals)]), cards).for_agent()


def note_unread(project: Project, name: str, wrong: Sequence[str]) -> None:
    """Keep what could not be used of a file, so that it can be asked for later."""
    sources = read_sources(project)
    unread = {file: said for file, said in sources.unread.items() if file != name}
    unread |= {name: list(wrong)} if wrong else {}
    if unread != sources.unread:
        write_model(project.sources, sources.model_copy(update={"unread": unread}))


def in_words(one: Read) -> str:
    source = one.source
    if source.mode == "unsure":
        return f"{source.name}: I am not sure which column is which.{indexed_in_words(source)}"
    notes = "".join(f" {note}" for note in source.notes)
    return f"{source.name}: {counted(source.rows, 'example')} ({one.source.how}).{notes}{indexed_in_words(source)}"


def all_in_words(name: str, found: Sequence[Read], wrong: list[str]) -> str:
    """What a file of many files gave; the card beside it lists them, and what was left out."""
    sources = [one.source for one in found]
    rows, passages = sum(source.rows for source in sources), sum(source.passages for source in sources)
    to_look_up = f", and {counted(passages, 'passage')} to look up" if passages else ""
    text = f"{name}: {counted(rows, 'example')} from {counted(len(found), 'file')}{to_look_up}."
    unsure = [source.name for source in sources if source.mode == "unsure"]
    asked = f" I am not sure which column is which in {', '.join(unsure)}." if unsure else ""
    missed = " What could not be used, and why, is on its card." if wrong else ""
    return f"{text}{asked}{missed}"


def cards_of(name: str, found: Sequence[Read], wrong: list[str]) -> list[Card]:
    """A card for the file, with a line for each file in it, and one for each table that is unclear."""
    clear = [one for one in found if one.source.mode != "unsure"]
    cards = [columns_card(one.source, one.document) for one in found if one.source.mode == "unsure"]
    if not clear and not wrong:
        return cards
    if [one.source.name for one in found] == [name]:
        read, notes = [one.source.how for one in clear], [note for one in clear for note in one.source.notes]
    else:
        read = [f"{one.source.name}: {counted(one.source.rows, 'example')}, {one.source.how}" for one in clear]
        inner = [one for one in clear if one.source.name != name]
        notes = [f"{one.source.name}: {note}" for one in inner for note in one.source.notes]
    rows = sum(one.source.rows for one in clear)
    return [file_card(name, rows, read, notes=notes, problems=wrong), *cards]


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
    document = user_document(context.project, file)
    columns = [question, answer]
    table = next((t for t in document.tables if all(c in t.header for c in columns)), None)
    if table is None:
        headers = "; ".join(", ".join(t.header) for t in document.tables) or "none: the file holds no table"
        raise UserError(
            f"{', '.join(columns)}: not all of these are columns.", where=file, action=f"Choose from: {headers}."
        )
    made, mappings, _ = examples_from_document(
        replace(document, tables=[table], parts=[]), question=question, answer=answer, encode=context.services.encode
    )
    source = SourceFile(
        name=document.file,
        mode=mappings[0].mode,
        header=table.header,
        question=question,
        answer=answer,
        rows=len(made),
        notes=document.notes,
        mentions=matters_mentioned(document),
    )
    seal = store_files(context, file, [Read(document, indexed(context, document, source), made)])
    card = file_card(file, len(made), [f"columns: {question} → {answer}"])
    text = f"{file}: {counted(len(made), 'example')} from {question} → {answer}. {seal}".strip()
    return ToolResult(text, [card]).for_agent()


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
    change, tell = "the preparation of the data", told_to(runtime)
    prepared, seal = prepare_rows(context, rows, sources, change=change, tell=tell)
    cards, told = data_cards(project, prepared), prepared.report.summary
    if prepared.report.kept <= LOOKED_AT_AT_ONCE:
        coverage = look_at_coverage(context, prepared.examples)
        cards, told = [*cards, coverage_card(coverage)], [*told, *coverage.sentences[:2]]
        prepared.report.sentences.extend(coverage.sentences[:2])
        write_json(project.report, prepared.report.model_dump())
    return ToolResult(" ".join(filter(None, [*told, seal])), cards).for_agent()


def prepare_rows(
    context: Context, rows: list[Example], sources: Sources, *, change: str, tell: Tell
) -> tuple[Prepared, str]:
    """Prepare rows as the user chose to, and save them as one change that can be undone.

    Returns:
        The rows, and what is to be said where that broke the seal of the test set.
    """
    project = context.project
    prepared = prepare(
        rows,
        style=sources.personal.style,
        indirect=sources.personal.indirect,
        keep=sources.personal.keep,
        names=own_names(read_brief(project)),
        encode=context.services.encode,
        languages=read_brief(project).languages,
        kept=Kept(project.kept, tell, names=context.services.names),
    )
    remember(project, change)
    if not sorts(read_brief(project), rows):
        terms = [e for e in kept_entries(context) if isinstance(e, Term)]
        prepared.report.warnings.extend(term_use(prepared.examples, terms).sentences)
    return prepared, save_prepared(project, prepared, sources)


def told_to(runtime: ToolRuntime[Context]) -> Tell:
    """Tells the conversation what a long preparation is at."""

    def tell(what: str, done: int, total: int) -> None:
        runtime.stream_writer({"working": {"what": what, "done": done, "total": total}})

    return tell


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
    missing = not_answered([file.mentions for file in read_sources(context.project).files], [*from_user, *pairs])
    made = {e.id: e for e in [*examples_from_knowledge(context), *missing]}
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


def save_prepared(project: Project, prepared: Prepared, sources: Sources) -> str:
    """Returns what is to be said where that broke the seal of the test set."""
    seal = seal_broken(project)
    project.write_examples(prepared.examples)
    write_json(project.report, prepared.report.model_dump())
    write_model(project.sources, sources.model_copy(update={"sealed": None, "prepared": True}))
    return seal


def data_cards(project: Project, prepared: Prepared) -> list[Card]:
    report = prepared.report
    counts = {"read": report.read, "kept": report.kept, **report.by_split}
    said = [*report.sentences, *report.warnings]
    cards = [Card("report", "What the data looks like", {"counts": counts, "sentences": said})]
    if prepared.personal:
        found = [
            {
                "example": f.example_id,
                "kind": f.kind,
                "replacement": f.replacement or KEPT_AS_OWN,
                "context": f.context,
            }
            for f in prepared.personal[:ROWS_SHOWN]
        ]
        title = f"Personal data replaced: {sum(bool(f.replacement) for f in prepared.personal)}"
        cards.append(Card("personal", title, {"found": found, "cannot_find": report.cannot_find}))
    return [*cards, some_examples(prepared.examples)]


def some_examples(examples: list[Example]) -> Card:
    used = [(n, e) for n, e in enumerate(examples, 1) if e.status != "dropped"]
    return data_card(used[:ROWS_SHOWN], "Some of the examples", len(used))
