"""What the rows are about: topics found by the meaning of their questions, each named by the words that tell it.

Rows are joined while the average cosine between two groups stays above a limit (average linkage, UPGMA); above a few
thousand rows k-means (Lloyd) first makes small groups of them. A topic's name comes from class-based TF-IDF
(Grootendorst 2022, BERTopic), or from the user's own topic column where the rows agree on it.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from finetune.data.document import words
from finetune.data.duplicates import FUNCTION_WORDS, NEGATIONS
from finetune.data.hiding import TAG
from finetune.example import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Encode = Callable[[Sequence[str]], Vectors]
else:
    Vectors = Any
    Encode = Callable[[Sequence[str]], Any]

# The average cosine from which two groups of questions are one topic; chosen on half of
# banking77; see tests/benchmarks/coverage.py.
SAME_TOPIC = 0.5
# A row whose nearest other row is farther than this stands alone: so do 95 of 100 everyday sentences among 500
# messages to a bank, and 1 of 100 of the messages.
ODD = 0.45
SMALL_GROUPS = 1_200  # joined exactly; their similarities take 6 MB
MOST_ROWS = 10_000  # looked at; of more, evenly spread ones
SEED = 7
NAME_WORDS = 3
LEAST_SHARED = 3  # rows; of fewer, every word may name the topic
AGREED = 0.6  # the share of a topic's rows that must have the same entry in the user's topic column
NOT_LEARNT_FROM = frozenset({"refusal", "general"})
_WORD = re.compile(r"[^\W\d_][\w'’-]+")
ASKING_WORDS = words(
    """
    how what when where which who whom whose why whether am being get got does doing done go going take make much many
    long often way because into over out up down off than then too after before between while until again more most
    some any all each other another one two no not only same such own very them they he she his her him their its us
    cannot can't don't i'm i've it's isn't won't what's hi dear sir madam say says said see use using used like
    """
)
COMMON = FUNCTION_WORDS | NEGATIONS | ASKING_WORDS


@dataclass(frozen=True)
class Topic:
    """`rows` are places in the list of examples, the most typical first."""

    name: str
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Topics:
    """`odd` are rows unlike all others; `effective` is the number of equally large topics with the same entropy."""

    topics: list[Topic]  # the largest first
    odd: tuple[int, ...]
    rows: int  # looked at
    effective: float

    def share(self, topic: Topic) -> float:
        return len(topic.rows) / self.rows


def rows_to_look_at(examples: Sequence[Example]) -> list[int]:
    """Places of the rows that say what the data is about; of very many an even part."""
    used = [i for i, e in enumerate(examples) if e.status != "dropped" and e.kind not in NOT_LEARNT_FROM]
    if len(used) <= MOST_ROWS:
        return used
    return [used[n * len(used) // MOST_ROWS] for n in range(MOST_ROWS)]


def find_topics(
    examples: Sequence[Example], vectors: Vectors, places: Sequence[int], *, same: float = SAME_TOPIC
) -> Topics:
    """Topics of the examples at `places`, whose questions' unit vectors are `vectors` (len(places), d).

    The same rows in the same order give the same topics.
    """
    if not len(places):
        return Topics([], (), 0, 0.0)
    labels = cluster(vectors, same=same)
    nearest = nearest_other(vectors)
    groups: dict[int, list[int]] = {}
    for n, label in enumerate(labels):
        groups.setdefault(int(label), []).append(n)
    odd = [n for n, near in enumerate(nearest) if near < ODD]
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group[0]))
    names = name_topics([[examples[places[n]] for n in group] for group in ordered])
    topics = [
        Topic(name, tuple(places[n] for n in _typical_first(vectors, group)))
        for name, group in zip(names, ordered, strict=True)
    ]
    shares = [len(group) / len(places) for group in ordered]
    entropy = -sum(share * math.log(share) for share in shares)
    return Topics(topics, tuple(places[n] for n in odd), len(places), math.exp(entropy))


# --- clusters -------------------------------------------------------------------------------------------------------


def cluster(vectors: Vectors, *, same: float = SAME_TOPIC) -> list[int]:
    """A label for each row of `vectors` (n, d): average linkage, cut where two groups are less alike than `same`."""
    import numpy as np

    first = np.arange(len(vectors)) if len(vectors) <= SMALL_GROUPS else _small_groups(vectors)
    count = int(first.max()) + 1
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, first, vectors)
    sizes = np.bincount(first, minlength=count).astype(np.float32)
    joined = _average_linkage(sums, sizes, same)
    return [int(joined[label]) for label in first]


def _small_groups(vectors: Vectors) -> "NDArray[np.intp]":
    from sklearn.cluster import KMeans

    found = KMeans(SMALL_GROUPS, init="random", n_init=1, max_iter=10, random_state=SEED).fit_predict(vectors)
    labels = {label: n for n, label in enumerate(dict.fromkeys(found.tolist()))}  # k-means may leave groups empty
    import numpy as np

    return np.array([labels[label] for label in found.tolist()])


def _average_linkage(sums: Vectors, sizes: Vectors, same: float) -> "NDArray[np.intp]":
    """The joined group of each of m groups, given the sum and the number of each one's unit vectors.

    The average cosine of two groups is the product of their sums over the product of their sizes, so groups of any
    size are joined as their single rows would be (Lance and Williams 1967).
    """
    import numpy as np

    count = len(sums)
    likeness = (sums @ sums.T) / np.outer(sizes, sizes)
    np.fill_diagonal(likeness, -np.inf)
    best = likeness.argmax(axis=1)
    height = likeness[np.arange(count), best]
    group = np.arange(count)
    sizes = sizes.copy()
    for _ in range(count - 1):
        a = int(height.argmax())
        b = int(best[a])
        if height[a] < same:
            break
        merged = (sizes[a] * likeness[a] + sizes[b] * likeness[b]) / (sizes[a] + sizes[b])
        sizes[a] += sizes[b]
        merged[[a, b]] = -np.inf
        likeness[a], likeness[:, a] = merged, merged
        likeness[b], likeness[:, b] = -np.inf, -np.inf
        height[b] = -np.inf
        group[group == b] = a
        stale = np.flatnonzero((best == a) | (best == b) | (merged > height))
        stale = np.union1d(stale[height[stale] > -np.inf], [a])
        best[stale] = likeness[stale].argmax(axis=1)
        height[stale] = likeness[stale, best[stale]]
    return np.unique(group, return_inverse=True)[1]


def nearest_other(vectors: Vectors, *, block: int = 1_000) -> "NDArray[np.float32]":
    """The cosine of each row to the row most like it (n,); 0 for a single row."""
    import numpy as np

    nearest = np.zeros(len(vectors), dtype=np.float32)
    for start in range(0, len(vectors) if len(vectors) > 1 else 0, block):
        likeness = vectors[start : start + block] @ vectors.T
        at = np.arange(len(likeness))
        likeness[at, start + at] = -1.0
        nearest[start : start + block] = likeness.max(axis=1)
    return nearest


def _typical_first(vectors: Vectors, group: Sequence[int]) -> list[int]:
    middle = vectors[list(group)].mean(axis=0)
    return sorted(group, key=lambda n: (-float(vectors[n] @ middle), n))


# --- names ----------------------------------------------------------------------------------------------------------


def name_topics(groups: Sequence[Sequence[Example]]) -> list[str]:
    """A name for each topic: the entry in the topic column most rows share, else the words that tell it apart."""
    told = telling_words([[e.question for e in group] for group in groups])
    columns = [_agreed_topic(group) for group in groups]
    taken = Counter(name for name in columns if name)
    return [
        f"{column} ({said})" if column and taken[column] > 1 and said != column else column or said
        for column, said in zip(columns, told, strict=True)
    ]


def _agreed_topic(group: Sequence[Example]) -> str:
    counts = Counter(e.topic for e in group if e.topic)
    if not counts:
        return ""
    name, count = counts.most_common(1)[0]
    return plain_name(name) if count >= AGREED * len(group) and len(name) <= 60 else ""


def plain_name(label: str) -> str:
    """A column's entry as people say it: "card_arrival" is "card arrival"."""
    return re.sub(r"[_\s]+", " ", label).strip(" .:?!")


def telling_words(groups: Sequence[Sequence[str]]) -> list[str]:
    """The words of each group of texts that stand out against all groups: class-based TF-IDF.

    A word counts once a text, so that one long text does not name its topic.
    """
    forms: dict[str, Counter[str]] = {}
    counts: list[Counter[str]] = []
    for texts in groups:
        counted: Counter[str] = Counter()
        for text in texts:
            for word in _telling(text):
                counted[_stem(word)] += 1
                forms.setdefault(_stem(word), Counter())[word] += 1
        counts.append(counted)
    everywhere = Counter[str]()
    for counted in counts:
        everywhere.update(counted)
    average = sum(everywhere.values()) / max(1, len(groups))
    names = []
    for texts, counted in zip(groups, counts, strict=True):
        # A word of one row alone is an accident, however rare it is.
        weight = {
            w: c / len(texts) * math.log1p(average / everywhere[w])
            for w, c in counted.items()
            if c > 1 or len(texts) < LEAST_SHARED
        }
        best = sorted(weight, key=lambda w: (-weight[w], w))[:NAME_WORDS]
        kept = [forms[w].most_common(1)[0][0] for w in best if weight[w] >= 0.3 * weight[best[0]]]
        names.append(_phrased(kept, texts) or "other")
    return names


def _phrased(chosen: Sequence[str], texts: Sequence[str]) -> str:
    """The words in the order people use them; those that mostly stand side by side as one: "root canal"."""
    lines = [[_stem(word.lower()) for word in _said(text)] for text in texts]
    order = {word: [line.index(_stem(word)) for line in lines if _stem(word) in line] for word in chosen}
    ordered = sorted(chosen, key=lambda word: (sum(order[word]) / len(order[word]), word))
    said = ordered[0] if ordered else ""
    for before, word in pairwise(ordered):
        pair = (_stem(before), _stem(word))
        together = sum(pair in pairwise(line) for line in lines)
        said += f"{' ' if 2 * together > len(order[word]) else ', '}{word}"
    return said


def stems(text: str) -> frozenset[str]:
    """The words of a text that carry meaning, without a plural's ending."""
    return frozenset(_stem(word) for word in _telling(text))


def _telling(text: str) -> list[str]:
    found = (word.lower() for word in _said(text))
    return [word for word in dict.fromkeys(found) if word not in COMMON and len(word) > 2]


def _said(text: str) -> list[str]:
    """The words people wrote; a tag in the place of personal data is none of them."""
    return _WORD.findall(TAG.sub(" ", text))


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word
