"""Rows that say the same thing: exactly, or nearly.

Texts are compared as sets of five-letter pieces by their Jaccard similarity (shared pieces / all pieces). Candidates
come from MinHash signatures in bands (Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3), and each
candidate is then compared exactly, so a pair is never joined by an accident of hashing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.clean import normalised
from finetune.example import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

# At 0.8 a typo, a changed word in a sentence or another ending still counts as the same; two questions about
# different things in one mould ("What are the symptoms of …?") mostly fall below, and their answers settle the rest.
NEAR = 0.8
PIECE = 5
# 16 bands of 5: a pair at 0.8 is found with probability 1 - (1 - 0.8⁵)¹⁶ = 0.998.
BANDS, BAND_ROWS = 16, 5
# Below this length an answer ("Yes.", a category) says nothing about where a row comes from.
TELLING_CHARACTERS = 40


@dataclass(frozen=True)
class Cluster:
    """Rows that say the same; the first is the one to keep."""

    ids: tuple[str, ...]
    exact: bool


def find_duplicates(examples: Sequence[Example]) -> list[Cluster]:
    """Clusters of rows whose question and answer are both the same or nearly the same.

    Numbers must agree: "within 30 days" and "within 60 days" are no duplicates. Approved rows come first in a
    cluster, then the order given.
    """
    order = sorted(range(len(examples)), key=lambda i: (examples[i].status != "approved", i))
    keys = [(normalised(_context(e)), normalised(e.answer)) for e in (examples[i] for i in order)]
    first: dict[tuple[str, str], int] = {}
    exact: defaultdict[int, list[int]] = defaultdict(list)
    for position, key in enumerate(keys):
        exact[first.setdefault(key, position)].append(position)
    heads = list(exact)
    answers = _Similarity([keys[head][1] for head in heads])
    sets = _Sets(len(heads))
    for a, b in near_pairs([keys[head][0] for head in heads]):
        same_numbers = _numbers(keys[heads[a]]) == _numbers(keys[heads[b]])
        if same_numbers and (keys[heads[a]][1] == keys[heads[b]][1] or answers.between(a, b) >= NEAR):
            sets.join(a, b)
    clusters = []
    for group in sets.groups():
        members = sorted(position for head in group for position in exact[heads[head]])
        if len(members) > 1:
            clusters.append(Cluster(tuple(examples[order[m]].id for m in members), exact=len(group) == 1))
    return clusters


def related_groups(examples: Sequence[Example]) -> list[int]:
    """A group number for each row; rows with nearly the same question, or nearly the same telling answer, share one.

    Rows of one group must stand on the same side of a split, or the test would ask what was trained.
    """
    sets = _Sets(len(examples))
    questions = [normalised(_context(e)) for e in examples]
    answers = [
        normalised(e.answer) if len(e.answer) >= TELLING_CHARACTERS and e.kind not in ("category", "refusal") else ""
        for e in examples
    ]
    for texts in (questions, answers):
        places: defaultdict[str, list[int]] = defaultdict(list)
        for i, text in enumerate(texts):
            if text:
                places[text].append(i)
        for same in places.values():
            for other in same[1:]:
                sets.join(same[0], other)
        unique = list(places)
        for a, b in near_pairs(unique):
            sets.join(places[unique[a]][0], places[unique[b]][0])
    return [sets.root(i) for i in range(len(examples))]


def _context(example: Example) -> str:
    """Everything before the answer: in a conversation, the last question alone does not say what is asked."""
    return " ".join(m.content for m in example.messages[:-1] if m.role != "system")


def _numbers(key: tuple[str, str]) -> list[list[str]]:
    return [sorted(word for word in text.split() if word.isdigit()) for text in key]


def near_pairs(texts: Sequence[str], threshold: float = NEAR) -> Iterator[tuple[int, int]]:
    """Pairs of indices whose similarity reaches the threshold; enough pairs to connect each cluster, not all."""
    import numpy as np

    similarity = _Similarity(texts)
    filled = [i for i, pieces in enumerate(similarity.pieces) if len(pieces)]
    if len(filled) < 2:
        return
    signatures = _signatures([similarity.pieces[i] for i in filled])
    seen: set[tuple[int, int]] = set()
    for band in range(BANDS):
        rows = np.ascontiguousarray(signatures[:, band * BAND_ROWS : (band + 1) * BAND_ROWS])
        buckets: defaultdict[bytes, list[int]] = defaultdict(list)
        for i, row in zip(filled, rows, strict=True):
            heads = buckets[row.tobytes()]
            # Against a few earlier members only, so that a thousand rows in one mould cost thousands of comparisons.
            for head in heads[:16]:
                if (head, i) not in seen:
                    seen.add((head, i))
                    if similarity.between(head, i) >= threshold:
                        yield head, i
            heads.append(i)


class _Similarity:
    """Jaccard similarity between texts, each held as the sorted hashes of its pieces."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.pieces = [_pieces(text) for text in texts]

    def between(self, a: int, b: int) -> float:
        import numpy as np

        one, other = self.pieces[a], self.pieces[b]
        small, large = sorted((len(one), len(other)))
        if small < NEAR * large * 0.5:
            return 0.0
        shared = len(np.intersect1d(one, other, assume_unique=True))
        return shared / (small + large - shared) if shared else 0.0


def _pieces(text: str) -> "Hashes":
    """Sorted unique hashes of all five-byte windows; of the whole text where it is shorter."""
    import numpy as np

    data = np.frombuffer(text.encode(), dtype=np.uint8).astype(np.uint64)
    if len(data) == 0:
        return data
    size = min(PIECE, len(data))
    count = len(data) - size + 1
    codes = np.zeros(count, dtype=np.uint64)
    for offset in range(size):
        codes = (codes << np.uint64(8)) | data[offset : offset + count]
    return np.unique(codes)


def _signatures(pieces: Sequence["Hashes"]) -> "NDArray[np.uint32]":
    """MinHash signatures (texts, BANDS * BAND_ROWS) by multiply-add-shift hashing with a fixed seed."""
    import numpy as np

    random = np.random.default_rng(1)
    count = BANDS * BAND_ROWS
    factors = random.integers(1, 2**63, size=count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = random.integers(0, 2**63, size=count, dtype=np.uint64)
    joined = np.concatenate(pieces)
    # Pieces differ little in their low bits; mixing first keeps the hash's upper half even.
    joined = (joined ^ (joined >> np.uint64(17))) * np.uint64(0x9E3779B97F4A7C15)
    joined ^= joined >> np.uint64(29)
    starts = np.cumsum([0] + [len(p) for p in pieces[:-1]])
    columns = [
        np.minimum.reduceat((joined * factor + offset) >> np.uint64(32), starts)
        for factor, offset in zip(factors, offsets, strict=True)
    ]
    return np.stack(columns, axis=1).astype(np.uint32)


class _Sets:
    """Disjoint sets of 0 … n-1 (union-find); a set's root is its smallest member."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, a: int, b: int) -> None:
        low, high = sorted((self.root(a), self.root(b)))
        self._parent[high] = low

    def groups(self) -> list[list[int]]:
        members: defaultdict[int, list[int]] = defaultdict(list)
        for i in range(len(self._parent)):
            members[self.root(i)].append(i)
        return list(members.values())
