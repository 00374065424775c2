"""The team's own documents as a source beside the packs: passages found by meaning (Chroma) and by words (SQLite).

SQLite is the record: it says which passages there are and which file holds them. A file counts only once both stores
hold all of it, and it takes the place of its older self in one step; what a killed process leaves is finished by the
next that writes or opens. Vectors that are broken, lost or of another encoder are made anew from the stored words.

A running Chroma keeps its graph in memory: it does not see what another process adds, and writing itself it would lose
that. So writing takes a file lock, and each write counts up a number by which other processes know to read anew.
"""

import hashlib
import re
import secrets
import shutil
import sqlite3
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from knowledge.encoder import Encoder, Vectors
from knowledge.errors import UserError
from knowledge.search import _client
from knowledge.words import STOP_WORDS

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from filelock import FileLock

RECORD = "passages.sqlite"
COLLECTION = "passages"
PREFIX = "vectors-"  # of Chroma's folder; each rebuild has a new one, since Chroma keeps a client for every path
WORDS_AT_ONCE = 120  # of one passage: the encoder reads about 180
BATCH = 256  # passages encoded and stored at once
CANDIDATES = 30  # from either store
# FTS5 ranks every passage that holds a word. A word of more passages than this tells little and costs much: it counts
# in the score alone.
MOST_RANKED = 2_000
WORD_WEIGHT = 0.4
EVIDENCE = 5.0  # the weight of shared words (about one rare one) that counts half: a common word alone is little
# Score = cosine + WORD_WEIGHT × share of the question's words, rare ones counting more. It orders what both stores
# found: of 250 patients' questions on 943 passages it put the right one first in 36 of 100, rank fusion in 27.
# There the right passage had 0.71 or more (98 of 100), and a bank's questions at most 0.45 (98 of 100).
FLOOR = 0.45
FEW = 1_000  # passages; fewer do not tell how rare a word is, and every word they hold would count next to nothing
SHORTEST_CORRECTED = 5  # letters; in a shorter word one letter makes another word
LIKE = 0.75  # of a misspelling and its word, as difflib measures it
PATIENCE_SECONDS = 60
SCHEMA = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, digest TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('coming', 'whole', 'going')));
CREATE TABLE passages (id INTEGER PRIMARY KEY AUTOINCREMENT, file INTEGER NOT NULL, page INTEGER,
  heading TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX passages_by_file ON passages (file);
CREATE VIRTUAL TABLE found USING fts5(heading, text, content='passages', content_rowid='id',
  tokenize='porter unicode61 remove_diacritics 2');
INSERT INTO found (found, rank) VALUES ('rank', 'bm25(2.0, 1.0)');
CREATE TABLE words (word TEXT PRIMARY KEY, stem TEXT NOT NULL, passages INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX words_by_stem ON words (stem);
CREATE TABLE slips (slip TEXT NOT NULL, word TEXT NOT NULL, PRIMARY KEY (slip, word)) WITHOUT ROWID;
"""
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"“'(\[]?[A-Z0-9])|\n+")
WORD = re.compile(r"[^\W_]{2,}")
T = TypeVar("T")


@dataclass(frozen=True)
class OwnPassage:
    """Running text of a document. `page` is 1-based, None where the format has no pages."""

    text: str
    page: int | None
    heading: str


@dataclass(frozen=True)
class OwnFound:
    """A passage, how well it answers (about 0.4 to 1.4), and why it was found, in words for the user."""

    file: str
    page: int | None
    heading: str
    text: str
    score: float
    reason: str


@dataclass(frozen=True)
class _Row:
    """A stored passage with the name of its file."""

    id: int
    file: str
    page: int | None
    heading: str
    text: str

    @property
    def whole(self) -> str:
        return f"{self.heading}. {self.text}" if self.heading else self.text


@dataclass
class _Open:
    """Vectors in memory as they were after `writes` writes."""

    name: str
    writes: int
    client: "ClientAPI"
    collection: "Collection"


@dataclass(frozen=True)
class _Question:
    """What is asked: the stems that carry meaning with their words, how many passages hold each, and its weight."""

    text: str
    wanted: dict[str, str]
    held: dict[str, int]
    weights: dict[str, float]
    corrected: dict[str, str]

    def overlap(self, text: str) -> tuple[list[str], float]:
        """The question's words that a passage shares, and how much that says (0 to 1)."""
        stems = set(_words(text).values())
        shared = [stem for stem in self.wanted if stem in stems]
        total, weight = sum(self.weights.values()), sum(self.weights[stem] for stem in shared)
        return [self.wanted[stem] for stem in shared], (weight / total if total else 0.0) * weight / (weight + EVIDENCE)


class OwnSources:
    """A project's documents, kept in `folder`. One instance a process and folder, for any number of its threads."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._folder, self._encoder = folder, encoder
        self._lock = threading.RLock()
        self._opened: _Open | None = None

    def add(self, file: str, passages: Sequence[OwnPassage]) -> int:
        """Index a file in the place of what it held before; the number of passages, long ones cut.

        A file that is here with the same words is left as it is.

        Raises:
            UserError: the disk is full, or another process does not stop writing.
        """
        cut = [part for passage in passages for part in cut_at_sentences(passage)]
        digest = hashlib.sha256(repr([(p.text, p.page, p.heading) for p in cut]).encode()).hexdigest()
        with self._writing() as record:
            self._vectors(record)
            same = "SELECT 1 FROM files WHERE name = ? AND digest = ? AND state = 'whole'"
            if not record.execute(same, (file, digest)).fetchone():
                with record:
                    _put(record, file, digest, cut)
                self._mended(record, lambda: self._finish(record))
        return len(cut)

    def remove(self, file: str) -> None:
        """Forget a file; nothing happens where it is not here."""
        if not (self._folder / RECORD).exists():
            return
        with self._writing() as record:
            with record:
                record.execute("UPDATE files SET state = 'going' WHERE name = ?", (file,))
            self._vectors(record)
            self._mended(record, lambda: self._finish(record))

    def files(self) -> dict[str, int]:
        """The files that are wholly here, with their numbers of passages."""
        if not (self._folder / RECORD).exists():
            return {}
        query = (
            "SELECT f.name, count(p.id) FROM files f LEFT JOIN passages p ON p.file = f.id "
            "WHERE f.state = 'whole' GROUP BY f.id ORDER BY f.name"
        )
        with self._record() as record:
            return {str(name): int(count) for name, count in record.execute(query)}

    def find(self, query: str, limit: int = 5) -> list[OwnFound]:
        """The passages that answer a question, best first; none where nothing fits.

        Raises:
            UserError: another process is writing, and this one has not read the vectors yet.
        """
        if not query.strip() or not (self._folder / RECORD).exists():
            return []
        with self._lock, self._record() as record:
            if not record.execute("SELECT 1 FROM files").fetchone():
                return []
            question = _understood(record, query)
            vector = self._encoder.encode([question.text])
            near = self._mended(record, lambda: self._near(record, vector))
            by_words = _by_words(record, question)
            rows = _rows(record, [*near, *by_words])
            cosines = near | self._cosines(record, [id for id in rows if id not in near], vector)
        found = [(_found(row, question, cosines.get(id, 0.0)), id) for id, row in rows.items()]
        fitting = sorted((pair for pair in found if pair[0].score >= FLOOR), key=lambda pair: (-pair[0].score, pair[1]))
        return [one for one, _ in fitting][:limit]

    def close(self) -> None:
        """Let go of the vectors in memory; the next question reads them again."""
        with self._lock:
            if self._opened is not None:
                self._opened.client.close()
                self._opened = None

    # --- the record ---

    @contextmanager
    def _record(self) -> Iterator[sqlite3.Connection]:
        """The record, for as long as the block lasts. One that is no database any more is thrown away and begun anew.

        Raises:
            UserError: it cannot be written, or turned out to be broken while it was read.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            record = _connect(self._folder / RECORD)
        except sqlite3.OperationalError as error:
            raise _storage_error(error) from error
        except sqlite3.DatabaseError:
            self._throw_away()
            record = _connect(self._folder / RECORD)
        try:
            yield record
        except sqlite3.OperationalError as error:
            raise _storage_error(error) from error
        except sqlite3.DatabaseError as error:
            self._throw_away()
            raise UserError(
                "The index of your documents was damaged, so I threw it away; the documents themselves are untouched.",
                action="Ask again: it is then made anew.",
            ) from error
        finally:
            record.close()

    def _throw_away(self) -> None:
        self.close()
        for path in self._folder.glob(f"{RECORD}*"):
            path.unlink(missing_ok=True)
        self._remove_all_but(None)

    def _remove_all_but(self, name: str | None) -> None:
        for path in self._folder.glob(f"{PREFIX}*"):
            if path.name != name:
                shutil.rmtree(path, ignore_errors=True)

    # --- writing ---

    @cached_property
    def _one_process(self) -> "FileLock":
        from filelock import FileLock

        return FileLock(self._folder / "lock")

    @contextmanager
    def _alone(self, seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
        """Held by one process at a time; may be taken again inside.

        Raises:
            UserError: another process does not stop writing.
        """
        from filelock import Timeout

        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            self._one_process.acquire(timeout=seconds)
        except Timeout as error:
            raise UserError(
                "Your documents are being indexed in another window.", action="Wait until it is done, then try again."
            ) from error
        try:
            yield
        finally:
            self._one_process.release()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._alone(), self._record() as record:
            yield record

    def _finish(self, record: sqlite3.Connection) -> None:
        """Bring both stores to what the record wants; also what a killed process left half done."""
        for id, name in record.execute("SELECT id, name FROM files WHERE state = 'coming' ORDER BY id").fetchall():
            self._fill(record, _ids(record, id))
            with record:
                record.execute("UPDATE files SET state = 'going' WHERE name = ? AND id < ?", (name, id))
                record.execute("UPDATE files SET state = 'whole' WHERE id = ?", (id,))
        for (id,) in record.execute("SELECT id FROM files WHERE state = 'going'").fetchall():
            # The vectors first: what the record still holds shows what is left to do.
            ids = _ids(record, id)
            for start in range(0, len(ids), BATCH):
                gone = list(map(str, ids[start : start + BATCH]))
                self._change(record, lambda vectors, gone=gone: vectors.delete(ids=gone))  # type: ignore[misc]
            with record:
                _take_out(record, id)

    def _fill(self, record: sqlite3.Connection, ids: Sequence[int]) -> None:
        """Vectors for those passages that have none yet."""
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            there = set(self._vectors(record).get(ids=list(map(str, batch)), include=[])["ids"])
            rows = [row for row in _rows(record, batch, states=("coming",)).values() if str(row.id) not in there]
            if rows:
                made = self._encoder.encode([row.whole for row in rows])
                names = [str(row.id) for row in rows]
                self._change(record, lambda vectors, n=names, m=made: vectors.upsert(ids=n, embeddings=m))  # type: ignore[misc]

    def _change(self, record: sqlite3.Connection, change: Callable[["Collection"], object]) -> None:
        """Write vectors. The count goes up first, so that a kill in between only makes others read once too often."""
        vectors = self._vectors(record)
        with record:
            _set_fact(record, "writes", str(_writes(record) + 1))
        change(vectors)
        assert self._opened is not None
        self._opened.writes = _writes(record)

    def _mended(self, record: sqlite3.Connection, work: Callable[[], T]) -> T:
        """Do it; where the vectors turn out to be broken, make them anew from the record and do it again.

        Raises:
            UserError: the vectors cannot be written either.
        """
        from chromadb.errors import ChromaError

        try:
            return work()
        except ChromaError:
            try:
                with self._alone():
                    self._begin_anew(record)
                    self._finish(record)
                return work()
            except ChromaError as error:
                raise UserError(
                    f"The index of your documents cannot be written ({error}).",
                    action="Free some disk space or check the folder's permissions, then try again.",
                ) from error

    # --- vectors ---

    def _vectors(self, record: sqlite3.Connection) -> "Collection":
        """The vectors as they were last written; while another process writes, as they were before."""
        if self._opened is None or (self._opened.name, self._opened.writes) != _written(record):
            known = self._opened is not None and self._opened.name == _written(record)[0]
            try:
                with self._alone(0 if known else PATIENCE_SECONDS):
                    self._read_anew(record)
            except UserError:
                if not known:
                    raise
        assert self._opened is not None
        return self._opened.collection

    def _read_anew(self, record: sqlite3.Connection) -> None:
        """Open the vectors, and finish what a killed process left; nobody else is writing."""
        from chromadb.errors import ChromaError

        if _fact(record, "encoder") != self._encoder.key:
            self._begin_anew(record)
        try:
            self._read(record)
        except ChromaError:
            self._begin_anew(record)
            self._read(record)
        self._finish(record)

    def _read(self, record: sqlite3.Connection) -> None:
        """Open Chroma. Passages whose vectors are lost are marked to be made again."""
        self.close()
        name, writes = _written(record)
        client = _client(self._folder / name)
        collection = client.get_or_create_collection(
            COLLECTION, metadata={"hnsw:space": "cosine"}, embedding_function=None
        )
        self._opened = _Open(name, writes, client, collection)
        query = "SELECT count(*) FROM passages p JOIN files f ON f.id = p.file WHERE f.state = 'whole'"
        if collection.count() < record.execute(query).fetchone()[0]:
            with record:
                record.execute("UPDATE files SET state = 'coming' WHERE state = 'whole'")

    def _begin_anew(self, record: sqlite3.Connection) -> None:
        """Point the record to vectors that are still to be made: a kill on the way loses nothing."""
        self.close()
        name = f"{PREFIX}{secrets.token_hex(4)}"
        with record:
            _set_fact(record, "vectors", name)
            _set_fact(record, "encoder", self._encoder.key)
            record.execute("UPDATE files SET state = 'coming' WHERE state = 'whole'")
        self._remove_all_but(name)

    def _near(self, record: sqlite3.Connection, vector: Vectors) -> dict[int, float]:
        """The passages nearest in meaning with their cosine, nearest first."""
        answer = self._vectors(record).query(query_embeddings=vector, n_results=CANDIDATES, include=["distances"])
        return {int(id): 1.0 - float(far) for id, far in zip(answer["ids"][0], answer["distances"][0], strict=True)}

    def _cosines(self, record: sqlite3.Connection, ids: Sequence[int], vector: Vectors) -> dict[int, float]:
        """How near further passages are; those whose vectors this process has not read yet are missing."""
        if not ids:
            return {}
        held = self._vectors(record).get(ids=list(map(str, ids)), include=["embeddings"])
        likeness = np.asarray(held["embeddings"]).reshape(len(held["ids"]), -1) @ vector[0] if held["ids"] else []
        return {int(id): float(cosine) for id, cosine in zip(held["ids"], likeness, strict=True)}


def cut_at_sentences(passage: OwnPassage) -> Iterator[OwnPassage]:
    """A passage in parts of about `WORDS_AT_ONCE` words, each under the same heading; a text without words is none."""
    part: list[str] = []
    for sentence in _pieces(passage.text):
        if part and len(" ".join([*part, sentence]).split()) > WORDS_AT_ONCE:
            yield OwnPassage(" ".join(part), passage.page, passage.heading)
            part = []
        part.append(sentence)
    if part:
        yield OwnPassage(" ".join(part), passage.page, passage.heading)


def _pieces(text: str) -> Iterator[str]:
    """Sentences; one that is longer than a passage may be is cut where its words end."""
    for sentence in SENTENCE_END.split(text):
        words = sentence.split()
        for start in range(0, len(words), WORDS_AT_ONCE):
            yield " ".join(words[start : start + WORDS_AT_ONCE])


# --- the record's rows -----------------------------------------------------------------------------------------------


def _connect(path: Path) -> sqlite3.Connection:
    record = sqlite3.connect(path, timeout=PATIENCE_SECONDS)
    try:
        record.execute("PRAGMA journal_mode = WAL")
        record.execute("PRAGMA cache_size = -32768")  # KiB
        if record.execute("PRAGMA user_version").fetchone()[0] == 0:
            record.execute("BEGIN IMMEDIATE")  # of two processes that meet here, the second finds it made
            if record.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in SCHEMA.split(";\n"):
                    record.execute(statement)
                record.execute("PRAGMA user_version = 1")
            record.commit()
    except sqlite3.DatabaseError:
        record.close()
        raise
    return record


def _storage_error(error: sqlite3.OperationalError) -> UserError:
    return UserError(
        f"The index of your documents cannot be used ({error}).",
        action="Free some disk space or check the folder's permissions, then try again.",
    )


def _fact(record: sqlite3.Connection, name: str) -> str:
    row = record.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def _set_fact(record: sqlite3.Connection, name: str, value: str) -> None:
    record.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def _writes(record: sqlite3.Connection) -> int:
    return int(_fact(record, "writes") or 0)


def _written(record: sqlite3.Connection) -> tuple[str, int]:
    """The vectors' folder, and how often they were written."""
    return _fact(record, "vectors"), _writes(record)


def _ids(record: sqlite3.Connection, file: int) -> list[int]:
    return [row[0] for row in record.execute("SELECT id FROM passages WHERE file = ? ORDER BY id", (file,))]


def _rows(record: sqlite3.Connection, ids: Sequence[int], states: Sequence[str] = ("whole",)) -> dict[int, _Row]:
    """The passages of these ids whose file is in one of the states, by id, in the order given."""
    marks, wanted = ", ".join("?" * len(ids)), ", ".join("?" * len(states))
    query = (
        "SELECT p.id, f.name, p.page, p.heading, p.text FROM passages p JOIN files f ON f.id = p.file "
        f"WHERE p.id IN ({marks}) AND f.state IN ({wanted})"
    )
    rows = {row[0]: _Row(*row) for row in record.execute(query, [*ids, *states])}
    return {id: rows[id] for id in dict.fromkeys(ids) if id in rows}


def _put(record: sqlite3.Connection, file: str, digest: str, passages: Sequence[OwnPassage]) -> None:
    """Write a file down as coming, its words included."""
    id = record.execute("INSERT INTO files (name, digest, state) VALUES (?, ?, 'coming')", (file, digest)).lastrowid
    for passage in passages:
        values = (passage.heading, passage.text)
        row = record.execute(
            "INSERT INTO passages (file, page, heading, text) VALUES (?, ?, ?, ?)", (id, passage.page, *values)
        ).lastrowid
        record.execute("INSERT INTO found (rowid, heading, text) VALUES (?, ?, ?)", (row, *values))
    for word, count in _counted(passages).items():
        new = not record.execute("SELECT 1 FROM words WHERE word = ?", (word,)).fetchone()
        record.execute(
            "INSERT INTO words VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET passages = passages + excluded.passages",
            (word, _stem(word), count),
        )
        if new:
            record.executemany("INSERT INTO slips VALUES (?, ?)", [(slip, word) for slip in _slips(word)])


def _take_out(record: sqlite3.Connection, file: int) -> None:
    """Delete a file's rows; a word that no other file holds goes with them."""
    query = "SELECT id, page, heading, text FROM passages WHERE file = ?"
    rows = record.execute(query, (file,)).fetchall()
    record.executemany(
        "INSERT INTO found (found, rowid, heading, text) VALUES ('delete', ?, ?, ?)",
        [(id, heading, text) for id, _, heading, text in rows],
    )
    counts = _counted([OwnPassage(text, page, heading) for _, page, heading, text in rows])
    for word, count in counts.items():
        record.execute("UPDATE words SET passages = passages - ? WHERE word = ?", (count, word))
        if record.execute("DELETE FROM words WHERE word = ? AND passages <= 0", (word,)).rowcount:
            record.executemany("DELETE FROM slips WHERE slip = ? AND word = ?", [(s, word) for s in _slips(word)])
    record.execute("DELETE FROM passages WHERE file = ?", (file,))
    record.execute("DELETE FROM files WHERE id = ?", (file,))


def _counted(passages: Sequence[OwnPassage]) -> Counter[str]:
    """In how many of the passages each word stands."""
    return Counter(word for passage in passages for word in _words(f"{passage.heading} {passage.text}"))


# --- words -----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)  # the words of 60 passages are looked at for each question
def _stem(word: str) -> str:
    """A word without its common English endings; good enough to let "records" meet "record"."""
    for ending, least in (("ation", 5), ("ing", 4), ("ied", 3), ("ies", 3), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            word = word.removesuffix(ending) + ("y" if ending in ("ied", "ies") else "")
            break
    return word.removesuffix("e") if len(word) > 4 else word


def _words(text: str) -> dict[str, str]:
    """The words that carry meaning, each with its stem; without accents, as FTS5 reads them."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return {word: _stem(word) for word in WORD.findall(plain) if word not in STOP_WORDS}


def _slips(word: str) -> set[str]:
    """The word with one letter left out: two words a slip apart share one of these, or one is the other's."""
    if len(word) < SHORTEST_CORRECTED or not word.isalpha():
        return set()
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _understood(record: sqlite3.Connection, query: str) -> _Question:
    """The question with words that stand in no document read as the nearest one that does."""
    words = _words(query)
    corrected: dict[str, str] = {}
    for word, stem in words.items():
        if not _held(record, stem) and (meant := _meant(record, word)):
            corrected[word] = meant
    wanted = {_stem(corrected.get(word, word)): corrected.get(word, word) for word in words}
    text = query
    for typed, meant in corrected.items():
        text = re.sub(rf"(?i)\b{re.escape(typed)}\b", meant, text)
    passages = int(record.execute("SELECT count(*) FROM passages").fetchone()[0])
    held = {stem: _held(record, stem) for stem in wanted}
    weights = {stem: log(1 + max(passages, FEW) / max(count, 1)) for stem, count in held.items()}
    return _Question(text, wanted, held, weights, corrected)


def _held(record: sqlite3.Connection, stem: str) -> int:
    """In how many passages the stem stands; a passage with two of its words counts twice."""
    return int(record.execute("SELECT total(passages) FROM words WHERE stem = ?", (stem,)).fetchone()[0])


def _meant(record: sqlite3.Connection, word: str) -> str | None:
    """The documents' word that a misspelt one is nearest to, one slip away."""
    slips = [word, *_slips(word)] if _slips(word) else []
    marks = ", ".join("?" * len(slips))
    query = (
        f"SELECT word, passages FROM words WHERE word IN (SELECT word FROM slips WHERE slip IN ({marks})) "
        f"OR word IN ({marks})"
    )
    near = [(SequenceMatcher(None, word, other).ratio(), n, other) for other, n in record.execute(query, slips * 2)]
    return max((one for one in near if one[0] >= LIKE), default=(0, 0, None))[2]


def _by_words(record: sqlite3.Connection, question: _Question) -> list[int]:
    """The passages with the question's rarest words, best first by BM25."""
    chosen, ranked = [], 0
    for stem, word in sorted(question.wanted.items(), key=lambda item: question.held[item[0]]):
        ranked += question.held[stem]
        if ranked > MOST_RANKED:
            break
        chosen.append(f'"{word}"')
    if not ranked or not chosen:
        return []
    query = (
        "SELECT found.rowid FROM found JOIN passages p ON p.id = found.rowid JOIN files f ON f.id = p.file "
        "WHERE found MATCH ? AND f.state = 'whole' ORDER BY rank LIMIT ?"
    )
    return [row[0] for row in record.execute(query, (" OR ".join(chosen), CANDIDATES))]


def _found(row: _Row, question: _Question, cosine: float) -> OwnFound:
    shared, share = question.overlap(row.whole)
    parts = [f"Shares {', '.join(shared[:4])} with the question." if shared else "Close in meaning to the question."]
    parts += [f"I read “{typed}” as “{meant}”." for typed, meant in question.corrected.items() if meant in shared]
    score = round(cosine + WORD_WEIGHT * share, 3)
    return OwnFound(row.file, row.page, row.heading, row.text, score, " ".join(parts))
