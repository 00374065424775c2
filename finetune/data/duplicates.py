"""Rows that say the same thing: exactly, or nearly.

Texts are compared as sets of five-letter pieces by their Jaccard similarity (shared pieces / all pieces). Candidates
come from MinHash signatures in bands (Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3), and each
candidate is then compared exactly, so a pair is never joined by an accident of hashing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.clean import normalised
from finetune.data.document import words
from finetune.example import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

# A slip of the pen in a short question leaves about 0.7 of its pieces, a changed word in a sentence 0.8. Two questions
# about different things in one mould ("What are the symptoms of …?") reach that too: their answers settle it.
NEAR = 0.8
NEAR_QUESTION = 0.7
PIECE = 5
# 20 bands of 4: a pair at 0.7 is found with probability 1 - (1 - 0.7⁴)²⁰ = 0.996.
BANDS, BAND_ROWS = 20, 4
NEGATIONS = words(
    "not no never without none cannot nor isn aren don doesn won nicht kein keine nie ohne sin nunca sans pas"
)
FUNCTION_WORDS = words(
    """
    a an the is are am was be been do does did can could will would should may might please i my me we our you your
    it its
    to of in on at for by with from and or so that this there here any some yet still just also already now then really
    very possibly actually ve m s d ll re what which have has had if about hi hello thanks thank tell know want need
    """
)
# Below this length an answer ("Yes.", a category) says nothing about where a row comes from.
TELLING_CHARACTERS = 40


@dataclass(frozen=True)
class Cluster:
    """Rows that say the same; the first is the one to keep."""

    ids: tuple[str, ...]
    exact: bool


def find_duplicates(examples: Sequence[Example]) -> list[Cluster]:
    """Clusters of rows whose question and answer are both the same or nearly the same.

    The questions may differ in function words and slips of the pen only, and numbers and negations must agree: "within
    30 days" and "within 60 days" are no duplicates. Approved rows come first in a
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
    kinds = [examples[order[head]].kind for head in heads]
    for a, b, similar in near_pairs([keys[head][0] for head in heads], NEAR_QUESTION):
        # Messages of one category share their answer, so it settles nothing, and variants are what a model needs.
        if similar < NEAR and "category" in (kinds[a], kinds[b]):
            continue
        one, other = keys[heads[a]], keys[heads[b]]
        if not (same_meaning(one[0], other[0]) and _decisive(one[1]) == _decisive(other[1])):
            continue
        if one[1] == other[1] or answers.between(a, b) >= NEAR:
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
        for a, b, _ in near_pairs(unique):
            sets.join(places[unique[a]][0], places[unique[b]][0])
    return [sets.root(i) for i in range(len(examples))]


def _context(example: Example) -> str:
    """Everything before the answer: in a conversation, the last question alone does not say what is asked."""
    return " ".join(m.content for m in example.messages[:-1] if m.role != "system")


def _decisive(text: str) -> list[str]:
    """Words that turn an answer's meaning though they hardly change its letters."""
    return sorted(word for word in text.split() if word.isdigit() or word in NEGATIONS)


def same_meaning(one: str, other: str) -> bool:
    """Whether two nearly equal questions (normalised) differ in nothing but function words and slips of the pen.

    "Hepatitis A" and "hepatitis B", or "in adults" and "in children", look alike and ask different things.
    """
    left, right = Counter(one.split()), Counter(other.split())
    missing = list((right - left).elements())
    unpaired = []
    for word in (left - right).elements():
        twin = next((m for m in missing if _slip(word, m)), None)
        if twin is None:
            unpaired.append(word)
        else:
            missing.remove(twin)
    return all(word in FUNCTION_WORDS for word in unpaired + missing)


def _slip(one: str, other: str) -> bool:
    """The same letters but for two at most, in words of four letters and more without digits."""
    if min(len(one), len(other)) < 4 or any(c.isdigit() for c in one + other):
        return False
    changed = sum(((Counter(one) - Counter(other)) + (Counter(other) - Counter(one))).values())
    return one[0] == other[0] and changed <= 2


def near_pairs(texts: Sequence[str], threshold: float = NEAR) -> Iterator[tuple[int, int, float]]:
    """Pairs of indices whose similarity reaches the threshold, with it; enough to connect each cluster, not all."""
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
            for head in heads[:8]:
                if (head, i) not in seen:
                    seen.add((head, i))
                    if (similar := similarity.between(head, i)) >= threshold:
                        yield head, i, similar
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
