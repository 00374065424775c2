"""A question to a team's own documents: what its words mean there, which passages hold them, and how well each fits."""

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import log

from knowledge.own_record import ROW, Row
from knowledge.words import any_of, content_words, plain_words, slips, stem

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
LIKE = 0.75  # of a misspelling and its word, as difflib measures it


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
class Question:
    """What is asked: the stems that carry meaning, with the words they were asked in and what each weighs."""

    text: str
    wanted: dict[str, str]
    held: dict[str, int]  # by stem: in how many passages it stands; one with two of its forms counts twice
    weights: dict[str, float]
    forms: dict[str, str]  # every word of the documents that has one of the stems: its stem
    corrected: dict[str, str]

    def score(self, row: Row, cosine: float) -> float:
        weight = sum(self.weights[stem] for stem in self._shared(row))
        share = weight / (sum(self.weights.values()) or 1.0)
        return round(cosine + WORD_WEIGHT * share * weight / (weight + EVIDENCE), 3)

    def found(self, row: Row, score: float) -> OwnFound:
        """The passage, with the reason why."""
        shared = [self.wanted[stem] for stem in self._shared(row)]
        parts = [
            f"Shares {', '.join(shared[:4])} with the question." if shared else "Close in meaning to the question."
        ]
        parts += [f"I read “{typed}” as “{meant}”." for typed, meant in self.corrected.items() if meant in shared]
        return OwnFound(row.file, row.page, row.heading, row.text, score, " ".join(parts))

    def _shared(self, row: Row) -> list[str]:
        """The stems that a passage shares."""
        there = {self.forms[word] for word in self.forms.keys() & plain_words(row.whole)}
        return [stem for stem in self.wanted if stem in there]


def understood(record: sqlite3.Connection, query: str) -> Question:
    """The question with words that stand in no document read as the nearest one that does."""
    words = {word: stem(word) for word in content_words(query)}
    known = {of for of, _ in _forms(record, words.values()).values()}
    corrected = {
        word: meant for word, of in words.items() if of not in known and (meant := _meant(record, word)) is not None
    }
    wanted = {stem(word): word for word in (corrected.get(word, word) for word in words)}
    text = query
    for typed, meant in corrected.items():
        text = re.sub(rf"(?i)\b{re.escape(typed)}\b", meant, text)
    forms = _forms(record, wanted)
    passages = int(record.execute("SELECT total(passages) FROM files").fetchone()[0])
    held = {one: sum(count for of, count in forms.values() if of == one) for one in wanted}
    weights = {one: log(1 + max(passages, FEW) / max(count, 1)) for one, count in held.items()}
    return Question(text, wanted, held, weights, {word: of for word, (of, _) in forms.items()}, corrected)


def _forms(record: sqlite3.Connection, stems: Iterable[str]) -> dict[str, tuple[str, int]]:
    """The documents' words that have these stems: the stem, and how many passages hold the word."""
    asked = list(stems)
    query = f"SELECT word, stem, passages FROM words WHERE stem IN ({', '.join('?' * len(asked))})"
    return {word: (of, passages) for word, of, passages in record.execute(query, asked)}


def _meant(record: sqlite3.Connection, word: str) -> str | None:
    """The documents' word that a misspelt one is nearest to, one slip away."""
    near_it = [word, *left_out] if (left_out := slips(word)) else []
    marks = ", ".join("?" * len(near_it))
    query = (
        f"SELECT word, passages FROM words WHERE word IN (SELECT word FROM slips WHERE slip IN ({marks})) "
        f"OR word IN ({marks})"
    )
    near = [(SequenceMatcher(None, word, other).ratio(), n, other) for other, n in record.execute(query, near_it * 2)]
    return max((one for one in near if one[0] >= LIKE), default=(0, 0, None))[2]


def rows_by_words(record: sqlite3.Connection, question: Question) -> dict[int, Row]:
    """The passages with the question's rarest words, best first by BM25."""
    chosen, ranked = [], 0
    for of, word in sorted(question.wanted.items(), key=lambda item: question.held[item[0]]):
        ranked += question.held[of]
        if ranked > MOST_RANKED:
            break
        chosen.append(word)
    if not ranked or not chosen:
        return {}
    query = (
        f"SELECT {ROW} FROM found JOIN passages p ON p.id = found.rowid JOIN files f ON f.id = p.file "
        "WHERE found MATCH ? AND f.state = 'whole' ORDER BY found.rank LIMIT ?"
    )
    return {row[0]: Row(*row) for row in record.execute(query, (any_of(chosen), CANDIDATES))}
