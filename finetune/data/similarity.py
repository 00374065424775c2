"""Which texts are nearly alike, found without comparing every text with every other.

Texts are compared as sets of five-byte pieces by their Jaccard similarity (shared pieces / all pieces). Candidates come
from MinHash signatures in bands (Broder 1997; Leskovec et al., Mining of Massive Datasets, ch. 3), and each candidate
is then compared exactly, so a pair is never joined by an accident of hashing.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Signatures = NDArray[np.uint32]
    Numbers = NDArray[np.int64]

# A slip of the pen in a short question leaves about 0.7 of its pieces, a changed word in a sentence 0.8.
NEAR = 0.8
PIECE = 5
BITS = 8 * PIECE  # of a piece as a number
# 20 bands of 4: a pair at 0.7 is found with probability 1 - (1 - 0.7⁴)²⁰ = 0.996.
BANDS, BAND_ROWS = 20, 4
# The share of equal signature entries estimates the similarity with a deviation of 0.05 at 0.7: three of them.
ESTIMATE_MARGIN = 0.15
# A thousand texts in one mould share a bucket: each is compared with the most alike few of a stretch of neighbours.
COMPARED, STRETCH = 4, 128
# What is in memory together: texts and their pieces (100,000 long answers would take a gigabyte), bytes of the pairs
# compared, entries of signatures beside each other.
AT_ONCE, BYTES_AT_ONCE, ENTRIES_AT_ONCE = 2_000, 4_000_000, 8_000_000


def near_pairs(texts: Sequence[str], threshold: float = NEAR) -> Iterator[tuple[int, int, float]]:
    """Pairs of indices (smaller first) whose similarity reaches the threshold, with it; enough to connect each cluster,
    not all."""
    import numpy as np

    filled = [text.encode() for text in texts if text]
    places = np.array([i for i, text in enumerate(texts) if text], dtype=np.int64)
    if len(filled) < 2:
        return
    lengths = np.array([len(text) for text in filled])
    pairs = _candidates(signatures_of(filled), threshold - ESTIMATE_MARGIN)
    read = np.cumsum(lengths[pairs].sum(axis=1)) // BYTES_AT_ONCE
    for part in np.split(pairs, np.flatnonzero(np.diff(read)) + 1) if len(pairs) else ():
        shared, one, other = _shared_pieces(filled, part)
        similar = shared / (one + other - shared)
        near = similar >= threshold
        yield from zip(*places[part[near]].T.tolist(), similar[near].tolist(), strict=True)


def _candidates(signatures: "Signatures", floor: float) -> "Numbers":
    """Pairs (smaller first) that share a band and whose signatures agree in a share of `floor` at least: (pairs, 2)."""
    import numpy as np

    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, BANDS * BAND_ROWS, BAND_ROWS):
        rows = np.ascontiguousarray(signatures[:, start : start + BAND_ROWS])
        keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * BAND_ROWS))).ravel()
        order = np.argsort(keys, kind="stable")
        edges = np.flatnonzero(np.r_[True, keys[order][1:] != keys[order][:-1], True])
        firsts, sizes = edges[:-1], np.diff(edges)
        for size in np.unique(sizes[(sizes > 1) & (sizes <= STRETCH)]):  # all buckets of one size together
            found.append(_alike(signatures, order[firsts[sizes == size][:, None] + np.arange(size)], floor))
        for first, size in zip(firsts[sizes > STRETCH], sizes[sizes > STRETCH], strict=True):
            bucket = order[first : first + size]  # those that agree in more of the signature come to stand side by side
            bucket = bucket[np.lexsort(np.roll(signatures[bucket], -start - BAND_ROWS, axis=1).T[::-1])]
            for place in range(0, size, STRETCH):
                found.append(_alike(signatures, np.sort(bucket[place : place + STRETCH])[None], floor))
    joined = np.unique(np.concatenate(found) @ np.array([len(signatures), 1]))
    return np.stack(np.divmod(joined, len(signatures)), axis=1)


def _alike(signatures: "Signatures", buckets: "Numbers", floor: float) -> "Numbers":
    """Of each bucket (buckets, size) every member with the few earlier ones whose signatures are most like its own:
    (pairs, 2)."""
    import numpy as np

    count, size = buckets.shape
    found = [np.empty((0, 2), dtype=np.int64)]
    step = max(1, ENTRIES_AT_ONCE // (size * size * signatures.shape[1]))
    for start in range(0, count, step):
        members = buckets[start : start + step]
        part = signatures[members]
        equal = np.count_nonzero(part[:, :, None] == part[:, None], axis=-1)
        agreement = np.tril(equal / signatures.shape[1], -1)
        best = np.argsort(-agreement, axis=2, kind="stable")[:, :, :COMPARED]
        bucket, later, rank = np.nonzero(np.take_along_axis(agreement, best, axis=2) >= floor)
        earlier = best[bucket, later, rank]
        found.append(np.stack([members[bucket, earlier], members[bucket, later]], axis=1))
    return np.concatenate(found)


def _shared_pieces(texts: Sequence[bytes], pairs: "Numbers") -> "tuple[Numbers, Numbers, Numbers]":
    """For each pair of texts: how many different pieces both have, how many the one, how many the other."""
    import numpy as np
    from scipy.sparse import csr_array

    used, rows = np.unique(pairs, return_inverse=True)
    codes, starts = _pieces([texts[i] for i in used])
    text_of = np.repeat(np.arange(len(used), dtype=np.uint64), np.diff(np.r_[starts, len(codes)]))
    each = np.sort((text_of << np.uint64(BITS)) | codes)  # one number a piece, text by text: sorted in one go
    each = each[np.r_[True, each[1:] != each[:-1]]].astype(np.int64)
    ends = np.cumsum(np.bincount(each >> BITS, minlength=len(used)))
    columns = each & (2**BITS - 1)
    matrix = csr_array((np.ones(len(each), np.int8), columns, np.r_[0, ends]), shape=(len(used), 2**BITS))
    sizes = np.diff(matrix.indptr)
    one, other = rows.reshape(-1, 2).T
    return np.diff(matrix[one].multiply(matrix[other]).indptr), sizes[one], sizes[other]


def jaccard(one: str, other: str) -> float:
    """Shared pieces / all pieces of two texts."""
    shared, first, second = _compared(one, other)
    return shared / max(1, first + second - shared)


def contained(one: str, other: str) -> float:
    """The share of the smaller text's pieces that the other one has too."""
    shared, first, second = _compared(one, other)
    return shared / max(1, min(first, second))


def _compared(one: str, other: str) -> tuple[int, int, int]:
    """How many pieces both have, the one, the other."""
    first, second = (
        {data[i : i + PIECE] for i in range(max(1, len(data) - PIECE + 1))} - {b""}
        for data in (one.encode(), other.encode())
    )
    return len(first & second), len(first), len(second)


def signatures_of(texts: Sequence[bytes]) -> "Signatures":
    """MinHash signatures (texts, BANDS * BAND_ROWS) by multiply-add-shift hashing with a fixed seed."""
    import numpy as np

    random = np.random.default_rng(1)
    count = BANDS * BAND_ROWS
    factors = random.integers(1, 2**63, size=count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = random.integers(0, 2**63, size=count, dtype=np.uint64)
    signatures = np.empty((len(texts), count), dtype=np.uint32)
    for start in range(0, len(texts), AT_ONCE):
        joined, starts = _pieces(texts[start : start + AT_ONCE])
        # Pieces differ little in their low bits; mixing first keeps the hash's upper half even.
        joined = (joined ^ (joined >> np.uint64(17))) * np.uint64(0x9E3779B97F4A7C15)
        joined ^= joined >> np.uint64(29)
        for column, (factor, offset) in enumerate(zip(factors, offsets, strict=True)):
            hashed = (joined * factor + offset) >> np.uint64(32)
            signatures[start : start + AT_ONCE, column] = np.minimum.reduceat(hashed, starts)
    return signatures


def _pieces(texts: Sequence[bytes]) -> "tuple[NDArray[np.uint64], Numbers]":
    """The pieces of all texts one after the other as numbers, and where each text's begin; a text shorter than a piece
    is one."""
    import numpy as np

    encoded = [text.ljust(PIECE, b"\0") for text in texts]
    data = np.frombuffer(b"".join(encoded), dtype=np.uint8).astype(np.uint64)
    codes = np.zeros(len(data) - PIECE + 1, dtype=np.uint64)
    for offset in range(PIECE):
        codes = (codes << np.uint64(8)) | data[offset : offset + len(codes)]
    lengths = np.array([len(text) for text in encoded])
    ends = np.cumsum(lengths)
    whole = np.ones(len(data), dtype=bool)  # pieces that begin in one text and end in the next are none
    for back in range(1, PIECE):
        whole[ends - back] = False
    return codes[whole[: len(codes)]], np.concatenate([[0], np.cumsum(lengths - PIECE + 1)[:-1]])


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
