"""What a team's own documents say: passages, cut, and written down in SQLite with their words.

A file is `coming` until all of it has vectors, then `whole`; `going` is what a newer self has taken the place of.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import UserError
from knowledge.words import TOKENIZER, content_words, slips, stem

WORDS_AT_ONCE = 120  # of one passage: the encoder reads about 180
PATIENCE_SECONDS = 60
VERSION = 3  # of the tables; a record of another one is made anew from the documents
SCHEMA = f"""
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, digest TEXT NOT NULL,
  passages INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('coming', 'whole', 'going')));
CREATE TABLE passages (id INTEGER PRIMARY KEY AUTOINCREMENT, file INTEGER NOT NULL, page INTEGER,
  heading TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX passages_by_file ON passages (file);
CREATE VIRTUAL TABLE found USING fts5(heading, text, content='passages', content_rowid='id',
  tokenize='{TOKENIZER}');
INSERT INTO found (found, rank) VALUES ('rank', 'bm25(2.0, 1.0)');
CREATE TABLE words (word TEXT PRIMARY KEY, stem TEXT NOT NULL, passages INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX words_by_stem ON words (stem);
CREATE TABLE slips (slip TEXT NOT NULL, word TEXT NOT NULL, PRIMARY KEY (slip, word)) WITHOUT ROWID;
"""
ROW = "p.id, f.name, p.page, p.heading, p.text"  # of passages p and files f
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[\"“'(\[]?[A-Z0-9])|\n+")


@dataclass(frozen=True)
class OwnPassage:
    """Running text of a document. `page` is 1-based, None where the format has no pages."""

    text: str
    page: int | None
    heading: str


@dataclass(frozen=True)
class Row:
    """A stored passage with the name of its file; `ROW` names its columns."""

    id: int
    file: str
    page: int | None
    heading: str
    text: str

    @property
    def whole(self) -> str:
        return f"{self.heading}. {self.text}" if self.heading else self.text


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


def connect(path: Path) -> sqlite3.Connection:
    """The record, begun where it is missing. Threads may share it, one at a time.

    Raises:
        sqlite3.OperationalError: it cannot be opened or written.
        sqlite3.DatabaseError: it is no record, or one of another version.
    """
    record = sqlite3.connect(path, timeout=PATIENCE_SECONDS, check_same_thread=False)
    try:
        record.execute("PRAGMA journal_mode = WAL")
        record.execute("PRAGMA cache_size = -32768")  # KiB
        if _version(record) == 0:
            record.execute("BEGIN IMMEDIATE")  # of two processes that meet here, the second finds it made
            if _version(record) == 0:
                for statement in SCHEMA.split(";\n"):
                    record.execute(statement)
                record.execute(f"PRAGMA user_version = {VERSION}")
            record.commit()
        if _version(record) != VERSION:
            raise sqlite3.DatabaseError("Its tables are of another version.")
    except sqlite3.DatabaseError:
        record.close()
        raise
    return record


def _version(record: sqlite3.Connection) -> int:
    return int(record.execute("PRAGMA user_version").fetchone()[0])


def storage_error(error: sqlite3.OperationalError) -> UserError:
    return UserError(
        f"The index of your documents cannot be used ({error}).",
        action="Free some disk space or check the folder's permissions, then try again.",
    )


def fact(record: sqlite3.Connection, name: str) -> str:
    row = record.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else ""


def set_fact(record: sqlite3.Connection, name: str, value: str) -> None:
    record.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def writes(record: sqlite3.Connection) -> int:
    return int(fact(record, "writes") or 0)


def written(record: sqlite3.Connection) -> tuple[str, int]:
    """The vectors' folder, and how often they were written."""
    return fact(record, "vectors"), writes(record)


def counted_files(record: sqlite3.Connection) -> dict[str, int]:
    """The files that are wholly here, with their numbers of passages."""
    query = "SELECT name, passages FROM files WHERE state = 'whole' ORDER BY name"
    return {str(name): int(count) for name, count in record.execute(query)}


def listed_headings(record: sqlite3.Connection) -> list[tuple[str, str]]:
    query = (
        "SELECT f.name, p.heading FROM passages p JOIN files f ON f.id = p.file WHERE f.state = 'whole' "
        "AND p.heading != '' GROUP BY f.id, p.heading ORDER BY MIN(p.id)"
    )
    return [(str(name), str(heading)) for name, heading in record.execute(query)]


def passage_ids(record: sqlite3.Connection, file: int) -> list[int]:
    return [row[0] for row in record.execute("SELECT id FROM passages WHERE file = ? ORDER BY id", (file,))]


def rows(record: sqlite3.Connection, ids: Sequence[int], states: Sequence[str] = ("whole",)) -> dict[int, Row]:
    """The passages of these ids whose file is in one of the states, by id, in the order given."""
    marks, wanted = ", ".join("?" * len(ids)), ", ".join("?" * len(states))
    query = (
        f"SELECT {ROW} FROM passages p JOIN files f ON f.id = p.file WHERE p.id IN ({marks}) AND f.state IN ({wanted})"
    )
    found = {row[0]: Row(*row) for row in record.execute(query, [*ids, *states])}
    return {id: found[id] for id in dict.fromkeys(ids) if id in found}


def put(record: sqlite3.Connection, file: str, digest: str, passages: Sequence[OwnPassage]) -> None:
    """Write a file down as coming, its words included."""
    query = "INSERT INTO files (name, digest, passages, state) VALUES (?, ?, ?, 'coming')"
    id = record.execute(query, (file, digest, len(passages))).lastrowid
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
            (word, stem(word), count),
        )
        if new:
            record.executemany("INSERT INTO slips VALUES (?, ?)", [(slip, word) for slip in slips(word)])


def take_out(record: sqlite3.Connection, file: int) -> None:
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
            record.executemany("DELETE FROM slips WHERE slip = ? AND word = ?", [(s, word) for s in slips(word)])
    record.execute("DELETE FROM passages WHERE file = ?", (file,))
    record.execute("DELETE FROM files WHERE id = ?", (file,))


def vacuum(record: sqlite3.Connection) -> None:
    """Write the record anew without what was deleted, in the index of words, in free pages and in the log."""
    with record:
        record.execute("INSERT INTO found (found) VALUES ('optimize')")
    record.execute("VACUUM")
    record.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _counted(passages: Sequence[OwnPassage]) -> Counter[str]:
    """In how many of the passages each word stands."""
    return Counter(word for passage in passages for word in content_words(f"{passage.heading} {passage.text}"))
