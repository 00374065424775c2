"""How words are read, in questions and by SQLite's full-text index (FTS5), and the packs' entries found by them."""

import re
import sqlite3
import threading
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
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
WORD = re.compile(r"[^\W_]{2,}")
ASCII_WORD = re.compile(r"[a-z0-9]{2,}")  # the same of plain English, in two thirds of the time
TOKENIZER = "porter unicode61 remove_diacritics 2"  # FTS5's; `plain_words` reads as it does
SHORTEST_CORRECTED = 5  # letters; in a shorter word one letter makes another word


class Words:
    """The words of all entries. Safe to use from several threads."""

    def __init__(self, entries: Mapping[str, Rule | Term]) -> None:
        self._ids = list(entries)
        self._lock = threading.Lock()
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute(f"create virtual table entries using fts5(name, text, tokenize='{TOKENIZER}')")
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
            return list(self._index.execute(statement, [*values, any_of(words)]))


def any_of(words: Iterable[str]) -> str:
    """FTS5's query for what holds one of the words; in quotes, since a bare AND or NEAR would be a command."""
    return " OR ".join(f'"{word}"' for word in words)


def plain_words(text: str) -> list[str]:
    """All words of two characters and more, in small letters and without accents."""
    plain = text.lower()
    if plain.isascii():
        return ASCII_WORD.findall(plain)
    return WORD.findall("".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c)))


def content_words(text: str) -> list[str]:
    """The words that carry meaning, each once."""
    return [word for word in dict.fromkeys(plain_words(text)) if word not in STOP_WORDS]


@lru_cache(maxsize=1 << 16)  # each word of each passage is asked for when it is indexed
def stem(word: str) -> str:
    """A word without its common English endings; good enough to let "records" meet "record"."""
    for ending, least in (("ation", 5), ("ing", 4), ("ied", 3), ("ies", 3), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            word = word.removesuffix(ending) + ("y" if ending in ("ied", "ies") else "")
            break
    return word.removesuffix("e") if len(word) > 4 else word


def slips(word: str) -> set[str]:
    """The word with one letter left out: two words a slip apart share one of these, or one is the other's."""
    if len(word) < SHORTEST_CORRECTED or not word.isalpha():
        return set()
    return {word[:i] + word[i + 1 :] for i in range(len(word))}


def _text(entry: Rule | Term) -> str:
    answer = [entry.complying_answer] if isinstance(entry, Rule) else []
    return " ".join([*entry.passages(), *answer])


def _name_pattern(name: str) -> re.Pattern[str]:
    # A short all-capitals abbreviation counts only in capitals: "IT" is not "it". Longer ones in any case.
    flags = 0 if name.isupper() and len(name) <= 2 else re.IGNORECASE
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?:s|es)?(?![A-Za-z0-9])", flags)
