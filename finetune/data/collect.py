"""Several files into rows, with what was read and what went wrong told for all of them together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from finetune.data.columns import (
    ColumnMapping,
    Encode,
    examples_from_conversations,
    examples_from_table,
    map_columns,
    mode_of,
    names_answers,
)
from finetune.data.document import Document, Limits, Table
from finetune.data.folder import as_file
from finetune.data.from_documents.rows import examples_from_passages
from finetune.data.from_tables import examples_from_facts, tells_facts
from finetune.data.read import Reading
from finetune.data.threads import conversations_from_table
from finetune.errors import UserError
from finetune.example import Example


@dataclass(frozen=True)
class Collected:
    """`files` has, by name: kind, rows, columns (as mapped) and notes."""

    examples: list[Example]
    files: dict[str, dict[str, Any]]
    errors: list[str]


def collect(paths: Sequence[Path], *, question: str | None = None, answer: str | None = None) -> Collected:
    """Read all files and folders; a file that cannot be read becomes an error and does not stop the others."""
    examples: list[Example] = []
    files: dict[str, dict[str, Any]] = {}
    errors: list[str] = []
    with Reading(Limits()) as reading:
        for path in paths:
            try:
                with as_file(path) as file:
                    whole = reading.file(file)
            except UserError as error:
                errors.append(str(error))
                continue
            for document in whole.all_parts():
                try:
                    rows, mappings, notes = examples_from_document(document, question=question, answer=answer)
                except UserError as error:
                    errors.append(str(error))
                    continue
                examples += rows
                files[document.file] = told(document, rows, mappings, notes)
    return Collected(examples, files, errors)


def told(
    document: Document, rows: Sequence[Example], mappings: Sequence[ColumnMapping], more: Sequence[str] = ()
) -> dict[str, Any]:
    """What became of a file, as `Collected.files` holds it."""
    notes = [
        *document.notes,
        *more,
        *(f"Guessed columns: {m.reason} Say so if that is wrong." for m in mappings if not m.sure),
    ]
    return {
        "kind": document.kind,
        "rows": len(rows),
        "columns": [{"question": m.question, "answer": m.answer, "confidence": m.confidence} for m in mappings],
        "notes": notes if rows or document.parts else [*notes, "No question and answer could be made from it."],
    }


def as_named(table: Table, mapping: ColumnMapping, question: str | None, answer: str | None) -> ColumnMapping:
    """The mapping with the columns the user named; what kind of answers they hold is looked at anew."""
    chosen = replace(mapping, question=question or mapping.question, answer=answer or mapping.answer, confidence=1.0)
    if chosen.answer in table.header and (answer or chosen.mode == "text"):
        chosen = replace(chosen, mode=mode_of(table, chosen.answer))
    topic = None if chosen.topic in (chosen.question, chosen.answer) else chosen.topic
    return replace(chosen, topic=topic)


def _cut_note(table: Table, mapping: ColumnMapping, rows: Sequence[Example]) -> list[str]:
    """What was cut off from answers that are whole letters."""
    if mapping.mode != "question_answer":
        return []
    place = table.header.index(mapping.answer or "")
    cut = sum(len(row.answer) < len(given[place]) for row, (_, given) in zip(rows, table.filled(), strict=True))
    return [f"Greetings, signatures and notices were cut off from {cut} answers."] if cut else []


def examples_from_document(
    document: Document, *, question: str | None = None, answer: str | None = None, encode: Encode | None = None
) -> tuple[list[Example], list[ColumnMapping], list[str]]:
    """All rows a document gives: from its tables, conversations and running text, but not from the files in it.

    Args:
        question: a column named by the user, instead of the guess.
        answer: likewise.

    Returns:
        The rows, how the columns of its tables were understood, and notes on tables read as threads or as facts.

    Raises:
        UserError: the document holds tables only, and none of them has questions and answers, or facts.
    """
    examples: list[Example] = []
    understood: list[tuple[Table, ColumnMapping]] = []
    notes: list[str] = []
    named = bool(question or answer)
    for table in document.tables:
        if not table.filled():
            continue
        if not named and (threads := conversations_from_table(table)):
            examples += examples_from_conversations(threads[0], document.file)
            notes += threads[1]
            continue
        mapping = map_columns(table, encode)
        understood.append((table, as_named(table, mapping, question, answer) if named else mapping))
    of_facts = [] if named else [t for t, _ in understood if not names_answers(t.header) and tells_facts(t)]
    facts = examples_from_facts(of_facts, document.file)
    examples += facts
    notes += [f"The lines of a table are asked about, as in “{facts[0].question}”"] if facts else []
    mappings: list[ColumnMapping] = []
    faults: list[UserError] = []
    for table, mapping in understood:
        if table in of_facts or (document.passages and not mapping.sure):
            continue  # no questions and answers, and not worth asking about
        try:
            rows = examples_from_table(table, mapping, document.file)
            notes += _cut_note(table, mapping, rows)
            examples += rows
            mappings.append(mapping)
        except UserError as error:
            faults.append(error)
    examples += examples_from_conversations(document.conversations, document.file)
    examples += examples_from_passages(document)
    if faults and not examples:
        raise faults[0]
    return examples, mappings, notes
