"""Finding rules and terms by need, industry and place: by meaning in Chroma, by words and abbreviations beside it."""

import math
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from knowledge.encoder import Encoder
from knowledge.entries import (
    EVERY_INDUSTRY,
    EVERYWHERE,
    PACKS,
    Kind,
    Rule,
    Term,
    fingerprint,
    off_topic_lines,
    read_packs,
)
from knowledge.vectors import encode
from knowledge.words import Words

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from filelock import FileLock

    from knowledge.encoder import Vectors

COLLECTION = "entries"
PREFIX = "packs-"  # of what the library keeps in its folder
BATCH = 1000  # Chroma takes 5,461 rows at once

# Score = (1 - SECOND) × cosine of the nearest passage + SECOND × mean of the two nearest
#         + WORD_WEIGHT × b / (b + HALF_BM25), where b is BM25, + NAME_BONUS if the question names it.
# Set on the development questions of tests/knowledge alone.
SECOND = 0.4
WORD_WEIGHT, HALF_BM25 = 0.3, 10.0
NAME_BONUS = 0.1
FLOOR = 0.42  # of the best one: below it, nothing was found …
BEHIND = 0.1  # … and above it, others may be this much weaker than the floor
OFFERED = 0.5  # unasked, an entry is offered for a need it fits well; with 0.42 a word in common was enough
# The best one must also have this many times the cosine of the nearest line that is nobody's rule.
OFF_TOPIC = 1.1
EVERYTHING = -math.inf  # a floor that lets all pass

# What a team that tunes a model to talk with people should know, whatever its brief says.
OF_EVERY_MODEL = ("Do people learn that they talk to an AI?", "May we use personal data to train a chatbot?")


EU_MEMBERS = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905
T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """An entry, how well it fits (a good fit has 0.5 to 1.2), and why it was found, in words for the user."""

    entry: Rule | Term
    score: float
    reason: str


class Library:
    """The packs and their index in `folder`. Safe to use from several threads of one process."""

    def __init__(self, folder: Path, encoder: Encoder, packs: Path = PACKS) -> None:
        self._folder, self._encoder = folder, encoder
        self._entries = read_packs(packs)
        self._words = Words(self._entries)
        self._lock = threading.RLock()

    def entry(self, id: str) -> Rule | Term | None:
        return self._entries.get(id)

    def entries(self) -> list[Rule | Term]:
        return list(self._entries.values())

    def indexed(self) -> set[str]:
        """The ids of the entries that the index holds."""
        rows = self._ask(lambda collection: collection.get(include=[]))
        return {row.split("#")[0] for row in rows["ids"]}

    def find(
        self,
        query: str,
        *,
        industries: Sequence[str] = (),
        jurisdictions: Sequence[str] = (),
        kinds: Sequence[Kind] = ("rule", "term"),
        limit: int = 8,
        floor: float = FLOOR,
    ) -> list[Found]:
        """The entries that answer a question, best first; none where nothing fits.

        Args:
            query: a question or a topic in plain words.
            industries: keys of the brief; entries for all industries always count. None given: every industry.
            jurisdictions: US-OH also finds US, DE also finds EU. None given: every place.
            kinds: rules, terms or both.
            limit: how many at most.
            floor: where not even the best entry has this score, all are noise.
        """
        if not query.strip():
            return []
        (ranked,) = self._ranked([query], Filter.of(industries, jurisdictions, kinds))
        if not ranked or ranked[0].score < floor or (floor > EVERYTHING and self._off_topic(query, ranked[0])):
            return []
        return self._explained(query, [one for one in ranked if one.score >= floor - BEHIND][:limit])

    def relevant(
        self,
        needs: Sequence[str],
        *,
        industries: Sequence[str] = (),
        jurisdictions: Sequence[str] = (),
        limit: int = 12,
    ) -> list[Found]:
        """What fits a team's work, without repetition: the best entry of each need in turn, then the second best.

        What every tuned model meets is among them, and the rules of the industry fill what is left, nearest first:
        a brief of few words must not hide a rule.

        Args:
            needs: sentences about the work, as the brief tells it.
            industries: as in `find`.
            jurisdictions: as in `find`.
            limit: how many at most.
        """
        needs = [need for need in dict.fromkeys([*needs, *OF_EVERY_MODEL]) if need.strip()]
        ranked = self._ranked(needs, Filter.of(industries, jurisdictions, ("rule", "term")))
        fitting = [
            self._explained(need, [one for one in found if one.score >= OFFERED][:limit])
            for need, found in zip(needs, ranked, strict=True)
        ]
        own = [one for found in ranked for one in found if set(industries) & {*one.entry.industries}]
        rules = [
            replace(one, reason="A rule of your industry and place.")
            for one in sorted(own, key=lambda one: -one.score)
            if one.entry.kind == "rule"
        ]
        chosen: dict[str, Found] = {}
        for found in [*(one for rank in zip_longest(*fitting) for one in rank if one), *rules]:
            chosen.setdefault(found.entry.id, found)
        return list(chosen.values())[:limit]

    def _ranked(self, queries: Sequence[str], wanted: "Filter") -> list[list[Found]]:
        """For each query, every entry that passes the filter, best first, without reasons."""
        import numpy as np

        vectors = self._encoder.encode(queries)
        ranked = []
        for query, vector in zip(queries, vectors, strict=True):
            nearest = np.sort(self._vectors @ vector, axis=1)[:, ::-1]  # (entries, passages of an entry)
            meaning = (1 - SECOND) * nearest[:, 0] + SECOND * nearest[:, :2].mean(axis=1)
            words = self._words.scores(query)
            found = [
                self._found(query, entry, near, words.get(entry.id, 0.0))
                for entry, near in zip(self._entries.values(), meaning.tolist(), strict=True)
                if wanted.passes(entry)
            ]
            ranked.append(sorted(found, key=lambda one: (-one.score, one.entry.id)))
        return ranked

    def _found(self, query: str, entry: Rule | Term, meaning: float, bm25: float) -> Found:
        # A name shares its words with the question, so the slower look is only for entries that share some.
        named = NAME_BONUS if bm25 and self._words.named(query, entry.id) else 0.0
        return Found(entry, round(meaning + WORD_WEIGHT * bm25 / (bm25 + HALF_BM25) + named, 3), reason="")

    def _off_topic(self, query: str, best: Found) -> bool:
        """Whether small talk, the office or another law is nearer to the question than the best entry."""
        (vector,) = self._encoder.encode([query])
        return best.score < OFF_TOPIC * float((self._elsewhere @ vector).max())

    @cached_property
    def _elsewhere(self) -> "Vectors":
        return encode(self._encoder, off_topic_lines())

    def _explained(self, query: str, found: Sequence[Found]) -> list[Found]:
        """The same with the reason each was found."""
        shared = self._words.shared(query, [one.entry.id for one in found])
        return [
            replace(one, reason=_reason(query, self._words.named(query, one.entry.id), shared[one.entry.id]))
            for one in found
        ]

    @cached_property
    def _vectors(self) -> "Vectors":
        """The index's vectors in memory, (entries, most passages of an entry, dimensions); a missing passage is 0.

        A few thousand of them are compared exactly faster than an approximate index is asked.
        """
        import numpy as np

        rows = self._ask(lambda collection: collection.get(include=["embeddings"]))
        places = {id: place for place, id in enumerate(self._entries)}
        most = max(len(entry.passages()) for entry in self._entries.values())
        vectors = np.zeros((len(places), most, self._encoder.dimensions), np.float32)
        for row, vector in zip(rows["ids"], rows["embeddings"], strict=True):
            id, number = row.split("#")
            vectors[places[id], int(number)] = vector
        return vectors

    @cached_property
    def _passages(self) -> dict[str, str]:
        """Every passage of every entry, by row id "entry#number"."""
        return {
            f"{entry.id}#{number}": passage
            for entry in self._entries.values()
            for number, passage in enumerate(entry.passages())
        }

    @cached_property
    def _name(self) -> str:
        """Of the index folder: other packs or another encoder give another name."""
        entries = [entry.model_dump_json() for entry in self._entries.values()]
        return PREFIX + fingerprint([self._encoder.key, *entries, *self._passages.values()])

    def _ask(self, question: Callable[["Collection"], T]) -> T:
        """Put a question to the index; a broken one is thrown away and built anew, since the packs hold everything."""
        from chromadb.errors import ChromaError

        with self._lock:
            try:
                return question(self._collection)
            except ChromaError:
                vars(self).pop("_collection", None)
                with self._alone():
                    self._remove_all_but(None)
                    # Chroma keeps a client for each path it has seen: a new path gets a new one.
                    self._collection = self._open(f"{self._name}-{secrets.token_hex(4)}")
                return question(self._collection)

    @cached_property
    def _collection(self) -> "Collection":
        with self._alone():
            present = sorted(path.name for path in self._folder.glob(f"{self._name}*"))
            return self._open(present[0] if present else self._name)

    def _alone(self) -> "FileLock":
        """Held while the index is built: a page and a terminal may open it at the same moment."""
        from filelock import FileLock

        self._folder.mkdir(parents=True, exist_ok=True)
        return FileLock(self._folder / f"{PREFIX}lock")

    def _open(self, name: str) -> "Collection":
        """The whole index in the folder `name`, built where it is missing or was left unfinished."""
        collection = _client(self._folder / name).get_or_create_collection(
            COLLECTION, metadata={"hnsw:space": "cosine"}, embedding_function=None
        )
        # Rows have fixed ids: what a killed process left is simply carried on from.
        if collection.count() != len(self._passages):
            self._fill(collection)
        self._remove_all_but(name)
        return collection

    def _remove_all_but(self, name: str | None) -> None:
        # By prefix: the folder may be any the user names, with other things in it.
        for path in self._folder.glob(f"{PREFIX}*"):
            if path.is_dir() and path.name != name:
                shutil.rmtree(path, ignore_errors=True)

    def _fill(self, collection: "Collection") -> None:
        rows = list(self._passages.items())
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            entries = [self._entries[row.split("#")[0]] for row, _ in batch]
            collection.upsert(
                ids=[row for row, _ in batch],
                embeddings=encode(self._encoder, [passage for _, passage in batch]),
                metadatas=[{"kind": entry.kind, "jurisdiction": entry.jurisdiction} for entry in entries],
            )


def places(jurisdictions: Sequence[str]) -> set[str]:
    """The jurisdictions whose rules hold in the given places: US-OH → US-OH, US and international."""
    wanted = {EVERYWHERE}
    for place in (re.sub("^GB", "UK", one.strip().upper()) for one in jurisdictions):
        country = place.split("-")[0]
        wanted |= {place, country, *({"EU"} if country in EU_MEMBERS else ())}
    return wanted


@dataclass(frozen=True)
class Filter:
    """What counts: kinds; industries beside those that hold for all, and places; None is every one."""

    kinds: frozenset[str]
    industries: frozenset[str] | None
    places: frozenset[str] | None

    @classmethod
    def of(cls, industries: Sequence[str], jurisdictions: Sequence[str], kinds: Sequence[Kind]) -> "Filter":
        return cls(
            frozenset(kinds),
            frozenset([*industries, EVERY_INDUSTRY]) if industries else None,
            frozenset(places(jurisdictions)) if jurisdictions else None,
        )

    def passes(self, entry: Rule | Term) -> bool:
        return (
            entry.kind in self.kinds
            and (self.industries is None or not self.industries.isdisjoint(entry.industries))
            and (self.places is None or entry.jurisdiction in self.places)
        )


def _reason(query: str, name: str, shared: list[str]) -> str:
    quoted = query if len(query) <= 60 else query[:57].rsplit(" ", 1)[0] + " …"
    if name:
        return f"“{quoted}” names {name}."
    if shared:
        return f"Close to “{quoted}”; shares {', '.join(shared[:4])}."
    return f"Close in meaning to “{quoted}”."


def _client(path: Path) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path, settings=Settings(anonymized_telemetry=False))
