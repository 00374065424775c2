"""Which texts are nearly alike, found without comparing every text with every other.

Texts are compared as sets of five-byte pieces by their Jaccard similarity (shared pieces / all pieces). Candidates come
from MinHash signatures in bands (Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3), and each candidate
is then compared exactly, so a pair is never joined by an accident of hashing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Signatures = NDArray[np.uint32]
    Pairs = NDArray[np.int64]

# A slip of the pen in a short question leaves about 0.7 of its pieces, a changed word in a sentence 0.8.
NEAR = 0.8
PIECE = 5
# 20 bands of 4: a pair at 0.7 is found with probability 1 - (1 - 0.7⁴)²⁰ = 0.996.
BANDS, BAND_ROWS = 20, 4
# The share of equal signature entries estimates the similarity with a deviation of 0.05 at 0.7: three of them.
ESTIMATE_MARGIN = 0.15
# A thousand texts in one mould share a bucket: each is compared with the most alike few of a stretch of neighbours.
COMPARED, STRETCH = 4, 128
AT_ONCE = 2_000  # texts whose pieces are in memory together; those of 100,000 long answers take a gigabyte
REMEMBERED = 4_096  # texts whose pieces are kept for the next comparison


def near_pairs(texts: Sequence[str], threshold: float = NEAR) -> Iterator[tuple[int, int, float]]:
    """Pairs of indices (smaller first) whose similarity reaches the threshold, with it; enough to connect each cluster,
    not all."""
    filled = [i for i, text in enumerate(texts) if text]
    if len(filled) < 2:
        return
    pairs = _candidates(signatures_of([texts[i] for i in filled]), threshold - ESTIMATE_MARGIN)
    similarity = Similarity(texts)
    for one, other in _neighbours_together(pairs, len(filled)):
        pair = (filled[one], filled[other])
        if (similar := similarity.between(*pair)) >= threshold:
            yield *pair, similar


def _candidates(signatures: "Signatures", floor: float) -> "Pairs":
    """Pairs (smaller first) that share a band and whose signatures agree in a share of `floor` at least: (pairs, 2)."""
    import numpy as np

    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, BANDS * BAND_ROWS, BAND_ROWS):
        rows = np.ascontiguousarray(signatures[:, start : start + BAND_ROWS])
        keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * BAND_ROWS))).ravel()
        order = np.argsort(keys, kind="stable")
        edges = np.flatnonzero(np.r_[True, keys[order][1:] != keys[order][:-1], True])
        sizes = np.diff(edges)
        twos = edges[:-1][sizes == 2]  # most buckets are these, so they are compared together
        two = np.stack([order[twos], order[twos + 1]], axis=1)
        found.append(two[(signatures[two[:, 0]] == signatures[two[:, 1]]).mean(axis=1) >= floor])
        for first, size in zip(edges[:-1][sizes > 2], sizes[sizes > 2], strict=True):
            bucket = order[first : first + size]
            if len(bucket) > STRETCH:  # those that agree in more of the signature come to stand side by side
                turned = np.roll(signatures[bucket], -start - BAND_ROWS, axis=1)
                bucket = bucket[np.lexsort(turned.T[::-1])]
            for place in range(0, len(bucket), STRETCH):
                members = np.sort(bucket[place : place + STRETCH])
                found.append(np.array(list(_alike(signatures, members, floor)), dtype=np.int64).reshape(-1, 2))
    joined = np.unique(np.concatenate(found) @ np.array([len(signatures), 1]))
    return np.stack(np.divmod(joined, len(signatures)), axis=1)


def _neighbours_together(pairs: "Pairs", count: int) -> Iterator[tuple[int, int]]:
    """The pairs cluster by cluster, so that the pieces of a text are still remembered when it is compared again."""
    import numpy as np

    sets = Sets(count)
    for one, other in zip(*pairs.T.tolist(), strict=True):
        sets.join(one, other)
    cluster = np.array([sets.root(i) for i in range(count)])[pairs[:, 0]]
    yield from zip(*pairs[np.argsort(cluster, kind="stable")].T.tolist(), strict=True)


def _alike(signatures: "Signatures", members: "NDArray[np.int64]", floor: float) -> Iterator[tuple[int, int]]:
    """Each member with the few earlier ones whose signatures are most like its own."""
    import numpy as np

    part = signatures[members]
    agreement = np.tril((part[:, None, :] == part[None, :, :]).mean(axis=2), -1)
    for place in range(1, len(members)):
        best = np.flatnonzero(agreement[place, :place] >= floor)
        if len(best) > COMPARED:
            best = best[np.argsort(-agreement[place, best], kind="stable")[:COMPARED]]
        for earlier in best:
            yield int(members[earlier]), int(members[place])


class Similarity:
    """Jaccard similarity between some of many texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._pieces = lru_cache(REMEMBERED)(self._make)

    def _make(self, index: int) -> frozenset[bytes]:
        data = self._texts[index].encode()
        size = min(PIECE, len(data))
        return frozenset(data[i : i + size] for i in range(len(data) - size + 1)) if data else frozenset()

    def between(self, a: int, b: int) -> float:
        one, other = self._pieces(a), self._pieces(b)
        small, large = sorted((len(one), len(other)))
        if not small or small < NEAR * large * 0.5:
            return 0.0
        shared = len(one & other)
        return shared / (small + large - shared)

    def contained(self, a: int, b: int) -> float:
        """The share of the smaller text's pieces that the other one has too."""
        one, other = self._pieces(a), self._pieces(b)
        return len(one & other) / max(1, min(len(one), len(other)))


def signatures_of(texts: Sequence[str]) -> "Signatures":
    """MinHash signatures (texts, BANDS * BAND_ROWS) by multiply-add-shift hashing with a fixed seed."""
    import numpy as np

    random = np.random.default_rng(1)
    count = BANDS * BAND_ROWS
    factors = random.integers(1, 2**63, size=count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = random.integers(0, 2**63, size=count, dtype=np.uint64)
    signatures = np.empty((len(texts), count), dtype=np.uint32)
    for start in range(0, len(texts), AT_ONCE):
        joined, starts = _hashed_pieces(texts[start : start + AT_ONCE])
        for column, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
            hashed = (joined * factor + offset) >> np.uint64(32)
            signatures[start : start + AT_ONCE, column] = np.minimum.reduceat(hashed, starts)
    return signatures


def _hashed_pieces(texts: Sequence[str]) -> "tuple[NDArray[np.uint64], NDArray[np.int64]]":
    """The pieces of all texts one after the other as hashes, and where each text's begin; a text shorter than a piece
    is one."""
    import numpy as np

    encoded = [text.encode().ljust(PIECE, b"\0") for text in texts]
    data = np.frombuffer(b"".join(encoded), dtype=np.uint8).astype(np.uint64)
    codes = np.zeros(len(data) - PIECE + 1, dtype=np.uint64)
    for offset in range(PIECE):
        codes = (codes << np.uint64(8)) | data[offset : offset + len(codes)]
    lengths = np.array([len(text) for text in encoded])
    ends = np.cumsum(lengths)
    whole = np.ones(len(data), dtype=bool)  # pieces that begin in one text and end in the next are none
    for back in range(1, PIECE):
        whole[ends - back] = False
    codes = codes[whole[: len(codes)]]
    # Pieces differ little in their low bits; mixing first keeps the hash's upper half even.
    codes = (codes ^ (codes >> np.uint64(17))) * np.uint64(0x9E3779B97F4A7C15)
    codes ^= codes >> np.uint64(29)
    return codes, np.concatenate([[0], np.cumsum(lengths - PIECE + 1)[:-1]])


class Sets:
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
