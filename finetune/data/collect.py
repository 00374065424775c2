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
)
from finetune.data.document import Document, Limits, Table
from finetune.data.documents import examples_from_passages
from finetune.data.read import read_file
from finetune.errors import UserError
from finetune.example import Example


@dataclass(frozen=True)
class Collected:
    """`files` has, by name: kind, rows, columns (as mapped) and notes."""

    examples: list[Example]
    files: dict[str, dict[str, Any]]
    errors: list[str]


def collect(paths: Sequence[Path], *, question: str | None = None, answer: str | None = None) -> Collected:
    """Read all files; a file that cannot be read becomes an error and does not stop the others."""
    examples: list[Example] = []
    files: dict[str, dict[str, Any]] = {}
    errors: list[str] = []
    for path in paths:
        try:
            document = read_file(path, limits=Limits())
            rows, mappings = examples_from_document(document, question=question, answer=answer)
        except UserError as error:
            errors.append(str(error))
            continue
        examples += rows
        files[document.file] = told(document, rows, mappings)
    return Collected(examples, files, errors)


def told(document: Document, rows: Sequence[Example], mappings: Sequence[ColumnMapping]) -> dict[str, Any]:
    """What became of a file, as `Collected.files` holds it."""
    notes = [
        *document.notes,
        *(f"Guessed columns: {m.reason} Say so if that is wrong." for m in mappings if not m.sure),
    ]
    return {
        "kind": document.kind,
        "rows": len(rows),
        "columns": [{"question": m.question, "answer": m.answer, "confidence": m.confidence} for m in mappings],
        "notes": notes if rows else [*notes, "No question and answer could be made from it."],
    }


def as_named(table: Table, mapping: ColumnMapping, question: str | None, answer: str | None) -> ColumnMapping:
    """The mapping with the columns the user named; what kind of answers they hold is looked at anew."""
    chosen = replace(mapping, question=question or mapping.question, answer=answer or mapping.answer, confidence=1.0)
    if chosen.answer in table.header and (answer or chosen.mode == "text"):
        chosen = replace(chosen, mode=mode_of(table, chosen.answer))
    topic = None if chosen.topic in (chosen.question, chosen.answer) else chosen.topic
    return replace(chosen, topic=topic)


def examples_from_document(
    document: Document, *, question: str | None = None, answer: str | None = None, encode: Encode | None = None
) -> tuple[list[Example], list[ColumnMapping]]:
    """All rows a document gives: from its tables, conversations and running text.

    Args:
        question: a column named by the user, instead of the guess.
        answer: likewise.

    Raises:
        UserError: the document holds tables only, and none of them has a question and an answer.
    """
    examples: list[Example] = []
    mappings: list[ColumnMapping] = []
    faults: list[UserError] = []
    for table in document.tables:
        if not table.filled():
            continue
        mapping = map_columns(table, encode)
        if document.passages and not (mapping.sure or question or answer):
            # A fee list or a timetable within a document: no questions and answers, and not worth asking about.
            continue
        if question or answer:
            mapping = as_named(table, mapping, question, answer)
        try:
            examples += examples_from_table(table, mapping, document.file)
            mappings.append(mapping)
        except UserError as error:
            faults.append(error)
    examples += examples_from_conversations(document.conversations, document.file)
    examples += examples_from_passages(document)
    if faults and not examples:
        raise faults[0]
    return examples, mappings
