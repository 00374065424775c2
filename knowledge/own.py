"""The team's own documents as a source beside the packs: passages found by meaning (Chroma) and by words (SQLite).

SQLite is the record: it says which passages there are and which file holds them. A file counts only once both stores
hold all of it, and it takes the place of its older self in one step; what a killed process leaves is finished by the
next that writes or opens. Vectors that are broken, lost or of another encoder are made anew from the stored words.

A running Chroma keeps its graph in memory: it does not see what another process adds, and writing itself it would lose
that. So writing takes a file lock, and each write counts up a number by which other processes know to read anew.
"""

import hashlib
import secrets
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from knowledge.encoder import Encoder, Vectors
from knowledge.errors import UserError
from knowledge.own_question import CANDIDATES, FLOOR, OwnFound, rows_by_words, understood
from knowledge.own_record import (
    PATIENCE_SECONDS,
    OwnPassage,
    connect,
    counted_files,
    cut_at_sentences,
    fact,
    listed_headings,
    passage_ids,
    put,
    rows,
    set_fact,
    storage_error,
    take_out,
    vacuum,
    writes,
    written,
)
from knowledge.search import _client

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection
    from filelock import FileLock

__all__ = ["OwnFound", "OwnPassage", "OwnSources"]

RECORD = "passages.sqlite"
COLLECTION = "passages"
PREFIX = "vectors-"  # of Chroma's folder; each rebuild has a new one, since Chroma keeps a client for every path
BATCH = 256  # passages encoded and stored at once
# Chroma writes its graph with memory it never set, in which words of a deleted document may still stand. So it never
# comes to writing it: the graph is made from Chroma's log when it is opened (5,000 passages: a second), and the two
# files that are written empty, before there is a graph, are cleared.
NEVER = 2**40  # passages after which the graph would be written
UNSET = ("data_level0.bin", "length.bin")
T = TypeVar("T")


@dataclass
class _Open:
    """Vectors in memory as they were after `writes` writes."""

    name: str
    writes: int
    client: "ClientAPI"
    collection: "Collection"


@dataclass(frozen=True)
class _Asked:
    """The record as questions read it: kept open, so that what SQLite has read of it stays in memory."""

    record: sqlite3.Connection
    file: tuple[int, int]  # device and inode: another process may have thrown the record away and begun a new one


class OwnSources:
    """A project's documents, kept in `folder`. One instance a process and folder, for any number of its threads."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._folder, self._encoder = folder, encoder
        self._lock = threading.RLock()
        self._opened: _Open | None = None
        self._asked: _Asked | None = None

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
                    put(record, file, digest, cut)
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

    def erase(self) -> None:
        """Leave nothing of removed files on the disk: databases keep freed pages, and Chroma the vectors it deleted.

        What is left is copied, not encoded again; a kill on the way loses nothing.
        """
        if not (self._folder / RECORD).exists():
            return
        with self._writing() as record:
            held = self._vectors(record).get(include=["embeddings"])
            ids, made = held["ids"], held["embeddings"]
            assert made is not None
            self._begin_anew(record)
            self._read(record)
            for start in range(0, len(ids), BATCH):
                part = slice(start, start + BATCH)
                self._change(record, lambda v, n=ids[part], m=made[part]: v.upsert(ids=n, embeddings=m))  # type: ignore[misc]
            self._finish(record)
            if self._asked is not None:
                self._asked.record.close()
                self._asked = None
            vacuum(record)

    def texts(self, file: str) -> list[str]:
        """The words of a file, passage by passage; none where it is not here."""
        if not (self._folder / RECORD).exists():
            return []
        query = "SELECT p.heading, p.text FROM passages p JOIN files f ON f.id = p.file WHERE f.name = ?"
        with self._record() as record:
            return [text for row in record.execute(query, (file,)) for text in row]

    def files(self) -> dict[str, int]:
        """The files that are wholly here, with their numbers of passages."""
        if not (self._folder / RECORD).exists():
            return {}
        with self._record() as record:
            return counted_files(record)

    def headings(self) -> list[tuple[str, str]]:
        """The headings of the files that are wholly here, as (file, heading), each once in the order of the texts."""
        if not (self._folder / RECORD).exists():
            return []
        with self._record() as record:
            return listed_headings(record)

    def find(self, query: str, limit: int = 5) -> list[OwnFound]:
        """The passages that answer a question, best first; none where nothing fits.

        Raises:
            UserError: another process is writing, and this one has not read the vectors yet.
        """
        if not query.strip() or not (self._folder / RECORD).exists():
            return []
        with self._lock, self._asked_record() as record:
            if not record.execute("SELECT 1 FROM files").fetchone():
                return []
            question = understood(record, query)
            vector = self._encoder.encode([question.text])
            near = self._mended(record, lambda: self._near(record, vector))
            by_words = rows_by_words(record, question)
            found = by_words | rows(record, [id for id in near if id not in by_words])
            cosines = near | self._cosines(record, [id for id in by_words if id not in near], vector)
        scores = {id: question.score(row, cosines.get(id, 0.0)) for id, row in found.items()}
        fitting = sorted((id for id in found if scores[id] >= FLOOR), key=lambda id: (-scores[id], id))
        return [question.found(found[id], scores[id]) for id in fitting[:limit]]

    def close(self) -> None:
        """Let go of what is held in memory; the next question reads it again."""
        with self._lock:
            self._forget_vectors()
            if self._asked is not None:
                self._asked.record.close()
                self._asked = None

    def _forget_vectors(self) -> None:
        if self._opened is not None:
            self._opened.client.close()
            self._opened = None

    # --- the record ---

    @contextmanager
    def _record(self) -> Iterator[sqlite3.Connection]:
        """The record, for as long as the block lasts.

        Raises:
            UserError: it cannot be written, or turned out to be broken while it was read.
        """
        record = self._connected()
        try:
            with self._broken_is_thrown_away():
                yield record
        finally:
            record.close()

    @contextmanager
    def _asked_record(self) -> Iterator[sqlite3.Connection]:
        """The record that all questions share, under the lock; errors as of `_record`."""
        if self._asked is not None and self._asked.file != self._file():
            self.close()
        if self._asked is None:
            self._asked = _Asked(self._connected(), self._file())
        with self._broken_is_thrown_away():
            yield self._asked.record

    def _file(self) -> tuple[int, int]:
        try:
            found = (self._folder / RECORD).stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_dev, found.st_ino

    def _connected(self) -> sqlite3.Connection:
        """The record newly opened. One that is no database, or of another version, is thrown away and begun anew."""
        self._folder.mkdir(parents=True, exist_ok=True)
        try:
            return connect(self._folder / RECORD)
        except sqlite3.OperationalError as error:
            raise storage_error(error) from error
        except sqlite3.DatabaseError:
            self._throw_away()
            return connect(self._folder / RECORD)

    @contextmanager
    def _broken_is_thrown_away(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise storage_error(error) from error
        except sqlite3.DatabaseError as error:
            self._throw_away()
            raise UserError(
                "The index of your documents was damaged, so I threw it away; the documents themselves are untouched.",
                action="Ask again: it is then made anew.",
            ) from error

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
            self._fill(record, passage_ids(record, id))
            with record:
                record.execute("UPDATE files SET state = 'going' WHERE name = ? AND id < ?", (name, id))
                record.execute("UPDATE files SET state = 'whole' WHERE id = ?", (id,))
        for (id,) in record.execute("SELECT id FROM files WHERE state = 'going'").fetchall():
            # The vectors first: what the record still holds shows what is left to do.
            ids = passage_ids(record, id)
            for start in range(0, len(ids), BATCH):
                gone = list(map(str, ids[start : start + BATCH]))
                self._change(record, lambda vectors, gone=gone: vectors.delete(ids=gone))  # type: ignore[misc]
            with record:
                take_out(record, id)

    def _fill(self, record: sqlite3.Connection, ids: Sequence[int]) -> None:
        """Vectors for those passages that have none yet."""
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            there = set(self._vectors(record).get(ids=list(map(str, batch)), include=[])["ids"])
            missing = [row for row in rows(record, batch, states=("coming",)).values() if str(row.id) not in there]
            if missing:
                made = self._encoder.encode([row.whole for row in missing])
                names = [str(row.id) for row in missing]
                self._change(record, lambda vectors, n=names, m=made: vectors.upsert(ids=n, embeddings=m))  # type: ignore[misc]

    def _change(self, record: sqlite3.Connection, change: Callable[["Collection"], object]) -> None:
        """Write vectors. The count goes up first, so that a kill in between only makes others read once too often."""
        vectors = self._vectors(record)
        with record:
            set_fact(record, "writes", str(writes(record) + 1))
        change(vectors)
        assert self._opened is not None
        self._clear_unset(self._opened.name)
        self._opened.writes = writes(record)

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
        if self._opened is None or (self._opened.name, self._opened.writes) != written(record):
            known = self._opened is not None and self._opened.name == written(record)[0]
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

        if fact(record, "encoder") != self._encoder.key:
            self._begin_anew(record)
        try:
            self._read(record)
        except ChromaError:
            self._begin_anew(record)
            self._read(record)
        self._finish(record)

    def _read(self, record: sqlite3.Connection) -> None:
        """Open Chroma. Passages whose vectors are lost are marked to be made again."""
        self._forget_vectors()
        name, writes = written(record)
        client = _client(self._folder / name)
        collection = client.get_or_create_collection(
            COLLECTION, metadata={"hnsw:space": "cosine", "hnsw:sync_threshold": NEVER}, embedding_function=None
        )
        if (any_one := collection.get(limit=1, include=["embeddings"]))["ids"]:
            collection.query(query_embeddings=any_one["embeddings"], n_results=1)  # makes the graph, and those files
        self._clear_unset(name)
        self._opened = _Open(name, writes, client, collection)
        if collection.count() < sum(counted_files(record).values()):
            with record:
                record.execute("UPDATE files SET state = 'coming' WHERE state = 'whole'")

    def _clear_unset(self, name: str) -> None:
        for path in (self._folder / name).glob("*/*"):
            if path.name in UNSET:
                with path.open("r+b") as file:
                    file.write(bytes(path.stat().st_size))

    def _begin_anew(self, record: sqlite3.Connection) -> None:
        """Point the record to vectors that are still to be made: a kill on the way loses nothing."""
        self._forget_vectors()
        name = f"{PREFIX}{secrets.token_hex(4)}"
        with record:
            set_fact(record, "vectors", name)
            set_fact(record, "encoder", self._encoder.key)
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
