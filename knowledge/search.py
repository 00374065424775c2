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
from typing import TYPE_CHECKING, Any, TypeVar

from knowledge.encoder import Encoder
from knowledge.entries import EVERY_INDUSTRY, EVERYWHERE, PACKS, Kind, Rule, Term, fingerprint, read_packs

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from filelock import FileLock

COLLECTION = "entries"
PREFIX = "packs-"  # of what the library keeps in its folder
BATCH = 1000  # Chroma takes 5,461 rows at once

# Score = cosine + WORD_WEIGHT × (share of the question's words, rare ones counting more) + NAME_BONUS if it is named.
# Set on the questions of tests/knowledge/test_search.py: everyday questions pass, small talk does not.
WORD_WEIGHT = 0.4
EVIDENCE = 5.0  # the weight of shared words (about two of middling rareness) that counts half
NAME_BONUS = 0.5
FLOOR = 0.40
EVERYTHING = -math.inf  # a floor that lets all pass

# What a team that tunes a model to talk with people should know, whatever its brief says.
OF_EVERY_MODEL = ("Do people learn that they talk to an AI?", "May we use personal data to train a chatbot?")


EU_MEMBERS = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905
_COMMON = (
    "a about an and any are as at be been but by can could did do does for from get had has have he her him his how i "
    "if in into is it its just long many may me much must my need needs no not of off on or our out over she should so "
    "some someone that the their them then there these they this those to too up us want wants was we were what when "
    "where which who whom whose why will with would you your"
)
STOP_WORDS = frozenset(_COMMON.split())
T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """An entry, how well it fits (about 0.4 to 1.8), and why it was found, in words for the user."""

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
            floor: the score below which an entry is noise.
        """
        if not query.strip():
            return []
        (ranked,) = self._ranked([query], _filter(industries, jurisdictions, kinds))
        return [one for one in ranked if one.score >= floor][:limit]

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
        ranked = self._ranked(needs, _filter(industries, jurisdictions, ("rule", "term")))
        fitting = [[one for one in found if one.score >= FLOOR] for found in ranked]
        own = [
            one for found in zip_longest(*ranked) for one in found if one and set(industries) & {*one.entry.industries}
        ]
        rules = [replace(one, reason="A rule of your industry and place.") for one in own if one.entry.kind == "rule"]
        chosen: dict[str, Found] = {}
        for found in [*(one for rank in zip_longest(*fitting) for one in rank if one), *rules]:
            chosen.setdefault(found.entry.id, found)
        return list(chosen.values())[:limit]

    def _ranked(self, queries: Sequence[str], where: dict[str, Any]) -> list[list[Found]]:
        """For each query, every entry that passes the filter, best first."""
        ranked = []
        for query, nearest in zip(queries, self._nearest(queries, where), strict=True):
            wanted = self._words.content(query)
            found = [self._found(query, wanted, id, cosine) for id, cosine in nearest.items()]
            ranked.append(sorted(found, key=lambda one: (-one.score, one.entry.id)))
        return ranked

    def _found(self, query: str, wanted: dict[str, str], id: str, cosine: float) -> Found:
        name = self._words.named(query, id)
        shared, share = self._words.overlap(wanted, id)
        score = cosine + WORD_WEIGHT * share + (NAME_BONUS if name else 0)
        return Found(self._entries[id], round(score, 3), _reason(query, name, shared))

    def _nearest(self, queries: Sequence[str], where: dict[str, Any]) -> list[dict[str, float]]:
        """For each query, the entries that pass the filter with the cosine of their nearest passage."""
        vectors = self._encoder.encode(queries)
        answer = self._ask(
            lambda collection: collection.query(
                query_embeddings=vectors, n_results=len(self._passages), where=where, include=["distances"]
            )
        )
        nearest: list[dict[str, float]] = []
        for rows, distances in zip(answer["ids"], answer["distances"], strict=True):
            best: dict[str, float] = {}
            for row, distance in zip(rows, distances, strict=True):
                id = row.split("#")[0]
                best[id] = max(best.get(id, -1.0), 1.0 - float(distance))
            nearest.append(best)
        return nearest

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
                embeddings=self._encoder.encode([passage for _, passage in batch]),
                metadatas=[_metadata(entry) for entry in entries],
            )


class Words:
    """The words of all entries: how rare each is, and what each entry is called."""

    def __init__(self, entries: dict[str, Rule | Term]) -> None:
        self._of = {id: set(self.content(" ".join([*entry.names, *entry.passages()]))) for id, entry in entries.items()}
        counts: dict[str, int] = {}
        for words in self._of.values():
            for word in words:
                counts[word] = counts.get(word, 0) + 1
        self._weight = {word: math.log(1 + len(self._of) / count) for word, count in counts.items()}
        self._unknown = math.log(1 + len(self._of))
        self._names = {
            id: [(name, _name_pattern(name)) for name in entry.names] if isinstance(entry, Term) else []
            for id, entry in entries.items()
        }

    @staticmethod
    def content(text: str) -> dict[str, str]:
        """The words that carry meaning, by stem."""
        words = re.findall(r"[a-z0-9]+(?:'[a-z]+)?", text.lower().replace("’", "'"))
        return {_stem(word): word for word in words if word not in STOP_WORDS and len(word) > 1}

    def overlap(self, wanted: dict[str, str], id: str) -> tuple[list[str], float]:
        """The question's words that the entry shares, and how much that says (0 to 1)."""
        shared = [stem for stem in wanted if stem in self._of[id]]
        total = sum(self._weight.get(stem, self._unknown) for stem in wanted)
        weight = sum(self._weight[stem] for stem in shared)
        share = weight / total if total else 0.0
        # One common word is little evidence, even where it is all of the question: "what is your name".
        return [wanted[stem] for stem in shared], share * weight / (weight + EVIDENCE)

    def named(self, query: str, id: str) -> str:
        """The term's name, abbreviation or synonym that the question uses; "" for none."""
        return next((name for name, pattern in self._names[id] if pattern.search(query)), "")


def places(jurisdictions: Sequence[str]) -> set[str]:
    """The jurisdictions whose rules hold in the given places: US-OH → US-OH, US and international."""
    wanted = {EVERYWHERE}
    for place in (re.sub("^GB", "UK", one.strip().upper()) for one in jurisdictions):
        country = place.split("-")[0]
        wanted |= {place, country, *({"EU"} if country in EU_MEMBERS else ())}
    return wanted


def _filter(industries: Sequence[str], jurisdictions: Sequence[str], kinds: Sequence[Kind]) -> dict[str, Any]:
    """Chroma's condition for the rows that count."""
    conditions: list[dict[str, Any]] = [{"kind": {"$in": list(kinds)}}]
    if industries:
        keys = dict.fromkeys([*industries, EVERY_INDUSTRY])
        conditions.append(_joined("$or", [{_industry(key): True} for key in keys]))
    if jurisdictions:
        conditions.append({"jurisdiction": {"$in": sorted(places(jurisdictions))}})
    return _joined("$and", conditions)


def _joined(operator: str, conditions: list[dict[str, Any]]) -> dict[str, Any]:
    # Chroma refuses an "and" or "or" of one.
    return conditions[0] if len(conditions) == 1 else {operator: conditions}


def _metadata(entry: Rule | Term) -> dict[str, str | bool]:
    # One field an industry: Chroma's conditions look into plain values.
    return {
        "kind": entry.kind,
        "jurisdiction": entry.jurisdiction,
        **{_industry(key): True for key in entry.industries},
    }


def _industry(key: str) -> str:
    return f"industry_{key}"


def _reason(query: str, name: str, shared: list[str]) -> str:
    quoted = query if len(query) <= 60 else query[:57].rsplit(" ", 1)[0] + " …"
    if name:
        return f"“{quoted}” names {name}."
    if shared:
        return f"Close to “{quoted}”; shares {', '.join(shared[:4])}."
    return f"Close in meaning to “{quoted}”."


def _name_pattern(name: str) -> re.Pattern[str]:
    # A short all-capitals abbreviation counts only in capitals: "IT" is not "it". Longer ones in any case.
    flags = 0 if name.isupper() and len(name) <= 2 else re.IGNORECASE
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?:s|es)?(?![A-Za-z0-9])", flags)


def _stem(word: str) -> str:
    """A word without its common endings; good enough to let "records" meet "record"."""
    word = word.removesuffix("'s")
    for ending, least in (("ation", 5), ("ing", 4), ("ied", 3), ("ies", 3), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            word = word.removesuffix(ending) + ("y" if ending in ("ied", "ies") else "")
            break
    return word.removesuffix("e") if len(word) > 4 else word


def _client(path: Path) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(path, settings=Settings(anonymized_telemetry=False))
