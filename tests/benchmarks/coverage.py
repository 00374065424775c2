"""How well topics are found and gaps named, on rows of known categories: `python -m tests.benchmarks.coverage`.

A third of the wanted categories is taken out of the rows; they should be named as missing or thin, and no other.
"""

import argparse
import csv
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.data.coverage import LEAST, LEAST_SHARE, LEAST_TOPIC, Subject, judge_coverage
from finetune.data.topics import cluster, nearest_other
from finetune.example import Example, Source, make_example
from finetune.learning_curve import MORE_ROWS, NEAR, seen_curve
from knowledge.encoder import load_encoder

Vectors = NDArray[np.float32]


@dataclass
class Known:
    """Vectors of texts by text, so that each is encoded once; `encode` is what the functions under test are given."""

    vectors: dict[str, Vectors]

    def encode(self, texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in self.vectors]
        if new:
            self.vectors |= dict(zip(new, load_encoder().encode(new), strict=True))
        return np.stack([self.vectors[text] for text in texts])


def read(path: Path, text: str, category: str) -> list[Example]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            make_example(row[text], row[category], source=Source(file=path.name, row=n), kind="category")
            for n, row in enumerate(csv.DictReader(file), 2)
        ]


def agreement(rows: Sequence[Example], known: Known) -> dict[str, Any]:
    """NMI and ARI of the topics found with the categories, beside k-means that is told how many there are."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    labels, vectors = [row.answer for row in rows], known.encode([row.question for row in rows])
    begun = time.perf_counter()
    found = cluster(vectors)
    seconds = time.perf_counter() - begun
    k = len(set(labels))
    means = KMeans(k, n_init=1, random_state=0).fit_predict(vectors)
    scores = {
        name: {
            "nmi": round(normalized_mutual_info_score(labels, groups), 3),
            "ari": round(adjusted_rand_score(labels, groups), 3),
        }
        for name, groups in (("topics", found), ("k-means", means))
    }
    sizes = Counter(found)
    large = sum(size >= LEAST_TOPIC for size in sizes.values())
    counts = {"rows": len(rows), "categories": k, "topics": len(sizes), "of three rows and more": large}
    return {**counts, "seconds": round(seconds, 1), **scores}


def odd_ones(rows: Sequence[Example], strangers: Sequence[str], known: Known) -> dict[str, list[float]]:
    """The nearest-row cosine of rows and of planted strangers, as quantiles and as shares below some limits."""
    own = known.encode([row.question for row in rows])
    near = nearest_other(own)
    strange = (known.encode(strangers) @ own.T).max(axis=1)
    limits = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55)
    return {f"{limit:.2f}": [round(float((x < limit).mean()), 3) for x in (strange, near)] for limit in limits}


def planted_gaps(rows: Sequence[Example], known: Known, *, count: int, wanted: int, seed: int) -> dict[str, int]:
    random = np.random.default_rng(seed)
    drawn = [rows[i] for i in random.choice(len(rows), min(count, len(rows)), replace=False)]
    labels = [str(label) for label in random.permutation(sorted({row.answer for row in rows}))[:wanted]]
    gone = set(labels[: wanted // 3])
    left = [row for row in drawn if row.answer not in gone]
    have = Counter(row.answer for row in left)
    coverage = judge_coverage(left, [Subject("subject", label) for label in labels], known.encode)
    least = max(LEAST["subject"], LEAST_SHARE * len(left))
    named = {c.name for c in coverage.subjects if c.level != "covered"}
    present = [label for label in labels if have[label] >= least]
    return {
        "gaps": len(gone),
        "named": len(gone & named),
        "named as nothing": len(gone & {c.name for c in coverage.missing()}),
        "present": len(present),
        "present called thin": sum(label in named for label in present),
        "present called nothing": sum(c.name in present for c in coverage.missing()),
    }


def gain_foretold(rows: Sequence[Example], known: Known, *, categories: int, train: int, seed: int) -> list[float]:
    """What 100 more rows bring: the foretold share of questions seen with its bounds, what came, and how much more a
    nearest-neighbour classifier gets right."""
    random = np.random.default_rng(seed)
    chosen = set(random.permutation(sorted({row.answer for row in rows}))[:categories].tolist())
    mixed = [row for row in rows if row.answer in chosen]
    mixed = [mixed[i] for i in random.permutation(len(mixed))[: 300 + train + MORE_ROWS]]
    vectors, labels = known.encode([row.question for row in mixed]), np.array([row.answer for row in mixed])
    test, now, then = slice(0, 300), slice(300, 300 + train), slice(300, None)
    seen = seen_curve(vectors[now], vectors[test])
    assert seen.gain is not None
    came = [float(((vectors[part] @ vectors[test].T).max(axis=0) >= NEAR).mean()) for part in (now, then)]
    right = [
        float((labels[part][(vectors[test] @ vectors[part].T).argmax(axis=1)] == labels[test]).mean())
        for part in (now, then)
    ]
    return [seen.gain.gain, seen.gain.low, seen.gain.high, came[1] - came[0], right[1] - right[0]]


def learning_curves(rows: Sequence[Example], known: Known, repeats: int) -> dict[str, float]:
    most = len({row.answer for row in rows})
    told = np.array(
        [
            gain_foretold(rows, known, categories=min(categories, most), train=train, seed=seed)
            for seed in range(repeats)
            for categories in (10, 40, 77)
            for train in ((60, 150, 400) if categories == 10 else (60, 150, 400, 1000))
        ]
    )
    foretold, low, high, came, right = told.T
    return {
        "draws": len(told),
        "off by, mean": round(float(abs(foretold - came).mean()), 3),
        "in its interval": round(float(((low <= came) & (came <= high)).mean()), 2),
        "correlation with what came": round(float(np.corrcoef(foretold, came)[0, 1]), 2),
        "correlation with a classifier's gain": round(float(np.corrcoef(foretold, right)[0, 1]), 2),
        "off a classifier's gain by, mean": round(float(abs(foretold - right).mean()), 3),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.coverage", description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, help="a CSV of texts with their categories")
    parser.add_argument("--text", default="text", help="the column with the texts")
    parser.add_argument("--category", default="category")
    parser.add_argument("--strangers", type=Path, help="a file of lines that have nothing to do with the texts")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--vectors", type=Path, help="an .npz file that keeps the vectors between runs")
    options = parser.parse_args(arguments)
    rows, known = read(options.file, options.text, options.category), Known({})
    if options.vectors and options.vectors.exists():
        stored = np.load(options.vectors)
        known.vectors = dict(zip(stored["texts"].tolist(), stored["vectors"], strict=True))
    begun = time.perf_counter()
    known.encode([row.question for row in rows])
    result: dict[str, Any] = {"encoding, seconds": round(time.perf_counter() - begun, 1)}
    labels = sorted({row.answer for row in rows})
    half = set(labels[::2])
    result["agreement"] = {
        "all": agreement(rows, known),
        "even categories": agreement([row for row in rows if row.answer in half], known),
        "odd categories": agreement([row for row in rows if row.answer not in half], known),
        "each 20th row": agreement(rows[::20], known),
    }
    if options.strangers:
        lines = options.strangers.read_text(encoding="utf-8").splitlines()
        result["strangers and rows below"] = odd_ones(rows[::20], lines, known)
    for count, wanted in ((1000, 15), (2000, 15), (2000, 60), (len(rows), len(labels))):
        found = [planted_gaps(rows, known, count=count, wanted=wanted, seed=s) for s in range(options.repeats)]
        result[f"gaps among {wanted} wanted, {count} rows"] = dict(sum((Counter(f) for f in found), Counter()))
    result["100 more rows"] = learning_curves(rows, known, options.repeats)
    if options.vectors:
        texts = list(known.vectors)
        np.savez(options.vectors, texts=np.array(texts), vectors=np.stack([known.vectors[t] for t in texts]))
    print(json.dumps(result, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
