"""Finding entries by their words: SQLite's full-text index with BM25, in memory, and terms named in a question."""

import re
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.entries import Rule, Term

NAME_WEIGHT = 3.0  # of a word in an entry's name beside one in its text
MARK = "\x02"  # around the words the full-text index found
_COMMON = (
    "a about an and any are as at be been but by can could did do does for from get had has have he her him his how i "
    "if in into is it its just long many may me much must my need needs no not of off on or our out over she should so "
    "some someone that the their them then there these they this those to too up us want wants was we were what when "
    "where which while who whom whose why will with would you your"
)
STOP_WORDS = frozenset(_COMMON.split())


class Words:
    """The words of all entries. Safe to use from several threads."""

    def __init__(self, entries: Mapping[str, Rule | Term]) -> None:
        self._ids = list(entries)
        self._lock = threading.Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(
            "create virtual table entries using fts5(name, text, tokenize='porter unicode61 remove_diacritics 2')"
        )
        self._index.executemany(
            "insert into entries(rowid, name, text) values (?, ?, ?)",
            ((row, " ".join([entry.name, *entry.names]), _text(entry)) for row, entry in enumerate(entries.values())),
        )
        self._names = {
            id: [(name, _name_pattern(name)) for name in entry.names] if isinstance(entry, Term) else []
            for id, entry in entries.items()
        }

    def scores(self, query: str) -> dict[str, float]:
        """BM25 of every entry that has one of the question's words; higher is better."""
        rows = self._matching("bm25(entries, ?, 1.0)", [NAME_WEIGHT], query)
        return {self._ids[row]: -score for row, score in rows}

    def shared(self, query: str, ids: Sequence[str]) -> dict[str, list[str]]:
        """For some entries, the words of theirs that the question has, too, each once and in small letters."""
        marked = "highlight(entries, 0, ?, ?) || ' ' || highlight(entries, 1, ?, ?)"
        rows = self._matching(marked, [MARK] * 4, query, [self._ids.index(id) for id in ids])
        found = {self._ids[row]: re.findall(f"{MARK}([^{MARK}]+){MARK}", text) for row, text in rows}
        return {id: list(dict.fromkeys(" ".join(found.get(id, [])).lower().split())) for id in ids}

    def named(self, query: str, id: str) -> str:
        """The term's name, abbreviation or synonym that the question uses; "" for none."""
        return next((name for name, pattern in self._names[id] if pattern.search(query)), "")

    def _matching(
        self, what: str, values: Sequence[Any], query: str, rows: Sequence[int] | None = None
    ) -> list[tuple[int, Any]]:
        """`what` of each row that has one of the question's words; of `rows` alone where they are given."""
        words = content_words(query)
        if not words or rows == []:
            return []
        among = f" and rowid in ({', '.join(map(str, rows))})" if rows else ""
        statement = f"select rowid, {what} from entries where entries match ?{among}"
        with self._lock:
            return list(self._index.execute(statement, [*values, " OR ".join(f'"{word}"' for word in words)]))


def content_words(text: str) -> list[str]:
    """The words that carry meaning, each once, in small letters."""
    words = re.findall(r"[^\W_]+", text.lower().replace("’", "'"))
    return list(dict.fromkeys(word for word in words if word not in STOP_WORDS and len(word) > 1))


def _text(entry: Rule | Term) -> str:
    answer = [entry.complying_answer] if isinstance(entry, Rule) else []
    return " ".join([*entry.passages(), *answer])


def _name_pattern(name: str) -> re.Pattern[str]:
    # A short all-capitals abbreviation counts only in capitals: "IT" is not "it". Longer ones in any case.
    flags = 0 if name.isupper() and len(name) <= 2 else re.IGNORECASE
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?:s|es)?(?![A-Za-z0-9])", flags)
