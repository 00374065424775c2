"""Rows that say the same in other words, found by sentence vectors.

They are tied together for the split and never dropped: a second wording of a question is what a model learns from, but
trained on one and tested on the other it only remembers. Measured on 672 patients' questions (MedQuAD), where several
leaflets cover one disease: at 0.8 for the question 1,070 pairs are joined, 197 of them of two leaflets, many of which
ask the same of two diseases. Where the answer is alike too and the two rows do not each name something of their own, 48
are left, 30 of them of two leaflets: of twelve that were read, seven ask the same, and would have leaked. Rows with
categories are not compared: many wordings of one message are their point, and of the pairs of banking77 at 0.925, 1.5 %
have two different categories.
"""

import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from finetune.data.clean import normalised
from finetune.data.duplicates import Keys, unshared
from finetune.example import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

Encode = Callable[[Sequence[str]], "Vectors"]

ALIKE = 0.8  # cosine of two questions, and of their answers
# Up to so many texts each is compared with each; above, within cells around random ones, so that tenfold rows cost
# thirtyfold and not a hundredfold.
COMPARE_ALL = 4_096
CELLS_OF_A_ROW = 3
PARTNERS = 8  # of one row, the most alike ones: enough to tie a group together
BLOCK = 1_024
ANSWER_CHARACTERS = 1_000  # what an answer is about shows itself by then, and the encoder reads no more


def same_in_meaning(examples: Sequence[Example], encode: Encode) -> list[tuple[int, int]]:
    """Pairs of rows in use, by index, whose questions and answers say the same in other words."""
    import numpy as np

    first: dict[str, int] = {}
    for i, example in enumerate(examples):
        if example.status != "dropped" and example.kind not in ("category", "refusal"):
            first.setdefault(normalised(example.question), i)
    rows = list(first.values())
    if len(rows) < 2:
        return []
    keys = Keys([examples[i] for i in rows])
    vectors = np.asarray(encode([examples[i].question for i in rows]), dtype=np.float32)
    # Where one row alone has a word of its own, it is mostly another word for the same.
    pairs = [pair for pair in close_pairs(vectors, ALIKE) if not all(own_words(keys, *pair))]
    needed = sorted({place for pair in pairs for place in pair})
    if not needed:
        return []
    said = encode([examples[rows[place]].answer[:ANSWER_CHARACTERS] for place in needed])
    answers = dict(zip(needed, said, strict=True))
    return [(rows[a], rows[b]) for a, b in pairs if float(np.dot(answers[a], answers[b])) >= ALIKE]


def own_words(keys: Keys, a: int, b: int) -> tuple[set[str], set[str]]:
    """Of each of two rows, the words of its question that its answer takes up and that the other row lacks.

    Vectors hardly tell the silver card from the gold one, or hepatitis A from B, but each answer names its own.
    """
    own, others = unshared(keys.questions[a], keys.questions[b])
    said, also = set(keys.answers[a].split()), set(keys.answers[b].split())
    return (set(own) & said) - also, (set(others) & also) - said


def close_pairs(vectors: "Vectors", floor: float) -> list[tuple[int, int]]:
    """Pairs of rows (smaller first) whose cosine is at least `floor`; vectors (rows, dimensions) have length one."""
    found: set[tuple[int, int]] = set()
    for cell in _cells(vectors):
        for start in range(0, len(cell), BLOCK):
            block = cell[start : start + BLOCK]
            found |= set(_close_in(vectors, block, cell, floor))
    return sorted(found)


def _close_in(
    vectors: "Vectors", block: "NDArray[np.int64]", cell: "NDArray[np.int64]", floor: float
) -> list[tuple[int, int]]:
    import numpy as np

    cosines = vectors[block] @ vectors[cell].T
    cosines[block[:, None] <= cell[None, :]] = -1  # each pair once, and no row with itself
    pairs = []
    for place in np.flatnonzero(cosines.max(axis=1, initial=-1) >= floor):
        best = np.argsort(-cosines[place], kind="stable")[:PARTNERS]
        pairs += [(int(cell[b]), int(block[place])) for b in best if cosines[place, b] >= floor]
    return pairs


def _cells(vectors: "Vectors") -> "list[NDArray[np.int64]]":
    """Rows around each of a few random ones; a row is in the cells of the three nearest."""
    import numpy as np

    count = len(vectors)
    if count <= COMPARE_ALL:
        return [np.arange(count)]
    middles = vectors[sorted(random.Random(1).sample(range(count), 2 * int(count**0.5)))]
    nearest = np.concatenate(
        [
            np.argpartition(-(vectors[start : start + BLOCK] @ middles.T), CELLS_OF_A_ROW, axis=1)[:, :CELLS_OF_A_ROW]
            for start in range(0, count, BLOCK)
        ]
    )
    order = np.argsort(nearest.ravel(), kind="stable")
    edges = np.searchsorted(nearest.ravel()[order], np.arange(len(middles) + 1))
    return [np.sort(order[a:b] // CELLS_OF_A_ROW) for a, b in pairwise(edges) if b - a > 1]
