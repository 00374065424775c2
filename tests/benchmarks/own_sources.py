"""How fast a team's own documents are looked up: `python -m tests.benchmarks.own_sources [--passages N] [--out FILE]`.

Fills an index with made passages and measures, in wall-clock and processor time: finding, and adding one file of 50
passages to an empty and to the full index; then how many passages a second real indexing takes and what of it is the
encoder's. While the big index is filled, and only then, random unit vectors made beforehand stand in for the encoder:
the stores do the same work and days of encoding are spared. The questions are encoded by the real one.

With --index only finding is measured, in an index that is filled once and kept: so that two versions of the program can
be compared on the same passages, the second with --before and what the first wrote. On a busy machine compare
processor time.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from knowledge import own
from knowledge.encoder import Encoder, Source, Vectors, load_encoder
from knowledge.own import OwnPassage, OwnSources

FILE_PASSAGES = 50
FILES_ADDED = 20  # 1,000 passages: as many as Chroma keeps before it writes its graph to the disk
PASSAGE_WORDS = 100
VOCABULARY = 30_000
QUESTIONS = 200
SYLLABLES = [c + v for c in "bcdfghklmnprstvz" for v in "aeiou"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--index", type=Path, help="folder of an index to keep; only finding is measured in it")
    parser.add_argument("--before", type=Path, help="figures of another version, to tell the ratio of finding to it")
    parser.add_argument("--out", type=Path, help="file for the figures")
    given = parser.parse_args()
    if given.index:
        figures = found_in(given.index, given.passages)
    else:
        with tempfile.TemporaryDirectory(prefix="attune-own-") as folder:
            figures = measured(Path(folder), given.passages)
    if given.before:
        before = json.loads(given.before.read_text(encoding="utf-8"))["find_ms"]
        figures["find_after_to_before"] = {key: round(ms / before[key], 2) for key, ms in figures["find_ms"].items()}
    text = json.dumps(figures, indent=1)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")


def measured(folder: Path, count: int) -> dict[str, Any]:
    real = load_encoder()
    made = Made(seed=1)
    empty = OwnSources(folder / "empty", stand_in(real))
    to_empty = [adding(empty, made, f"small-{n}") for n in range(FILES_ADDED)]
    big = OwnSources(folder / "big", stand_in(real))
    filling = timed(lambda: fill(big, made, count))
    size = sum(path.stat().st_size for path in (folder / "big").rglob("*") if path.is_file())
    to_big = [adding(big, made, f"added-{n}") for n in range(FILES_ADDED)]
    return {
        "passages": count,
        **finding(folder / "big", real, made),
        "adding_50_passages_to_empty_ms": spread(to_empty),
        "adding_50_passages_to_full_ms": spread(to_big),
        "filling_without_encoder_passages_a_second": round(count / filling[0]),
        "megabytes": round(size / 1e6),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **indexing(folder / "real", real, made),
    }


def found_in(folder: Path, count: int) -> dict[str, Any]:
    real = load_encoder()
    kept = OwnSources(folder, stand_in(real))
    if not kept.files():
        fill(kept, Made(seed=1), count)
    kept.close()
    return {"passages": sum(kept.files().values()), **finding(folder, real, Made(seed=2))}


def finding(folder: Path, real: Encoder, made: "Made") -> dict[str, Any]:
    asking = OwnSources(folder, stand_in(real, asking=real))
    first = timed(lambda: asking.find(made.question()))
    questions = [made.question() for _ in range(QUESTIONS)]
    whole = [timed(lambda q=question: asking.find(q)) for question in questions]  # type: ignore[misc]
    encoding = [timed(lambda q=question: real.encode([q + "?"])) for question in questions]  # type: ignore[misc]
    listing = [timed(asking.files) for _ in range(20)]
    return {
        "find_ms": spread(whole),
        "of_which_encoding_the_question_ms": spread(encoding),
        "shares_of_finding_by_clock": shares(asking, [made.question() for _ in range(QUESTIONS)]),
        "first_find_of_a_process_s": first,
        "naming_the_files_ms": spread(listing),
    }


def shares(asking: OwnSources, questions: Sequence[str]) -> dict[str, float]:
    """What part of the time of finding goes into each step; the rest is reading the record and scoring the passages."""
    spent = dict.fromkeys(["encoding", "nearest by meaning", "best by words", "meaning of those"], 0.0)
    steps = [(asking._encoder, "encode"), (asking, "_near"), (own, "rows_by_words"), (asking, "_cosines")]
    with ExitStack() as stack:
        for step, (holder, name) in zip(spent, steps, strict=True):
            stack.enter_context(patch.object(holder, name, counted(spent, step, getattr(holder, name))))
        started = time.perf_counter()
        for question in questions:
            asking.find(question)
        whole = time.perf_counter() - started
    return {step: round(seconds / whole, 2) for step, seconds in spent.items()}


def counted(spent: dict[str, float], step: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """The same work, its time on the clock added to its step."""

    def worked(*given: Any) -> Any:
        started = time.perf_counter()
        try:
            return work(*given)
        finally:
            spent[step] += time.perf_counter() - started

    return worked


class Made:
    """Made-up text whose words are as unevenly common as those of a language (Zipf's law)."""

    def __init__(self, seed: int) -> None:
        self.chance = np.random.default_rng(seed)
        self.words = np.array(
            ["".join(SYLLABLES[n // 80**place % 80] for place in range(3)) for n in range(VOCABULARY)]
        )
        shares = 1 / np.arange(1, VOCABULARY + 1)
        self.shares = shares / shares.sum()

    def passages(self, count: int) -> list[OwnPassage]:
        words = self.words[self.chance.choice(VOCABULARY, size=(count, PASSAGE_WORDS), p=self.shares)]
        return [OwnPassage(" ".join(row) + ".", n // 4 + 1, " ".join(row[:3])) for n, row in enumerate(words)]

    def question(self) -> str:
        """Eight words, common and rare."""
        return " ".join(self.words[self.chance.choice(VOCABULARY, size=8, p=self.shares)])


def stand_in(real: Encoder, asking: Encoder | None = None) -> Encoder:
    """Unit vectors by turns out of 20,000 random ones; with `asking`, the real encoder under the stand-in's name."""
    chance = np.random.default_rng(0)
    prepared = chance.normal(size=(20_000, real.dimensions)).astype(np.float32)
    prepared /= np.linalg.norm(prepared, axis=1, keepdims=True)
    noise = np.float32(0.05)

    def encode(texts: Sequence[str]) -> Vectors:
        chosen = prepared[chance.integers(0, len(prepared), len(texts))]
        vectors: Vectors = chosen + noise * prepared[chance.integers(0, len(prepared), len(texts))]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    source = Source("random vectors", "000000000000", 0.0)
    return Encoder(asking.encode if asking else encode, source, dimensions=real.dimensions, precision="float32")


def fill(big: OwnSources, made: Made, count: int) -> None:
    for start in range(0, count, 5_000):
        big.add(f"file-{start}", made.passages(min(5_000, count - start)))


def adding(to: OwnSources, made: Made, name: str) -> tuple[float, float]:
    passages = made.passages(FILE_PASSAGES)
    return timed(lambda: to.add(name, passages))


def indexing(folder: Path, real: Encoder, made: Made, count: int = 400) -> dict[str, Any]:
    """Real indexing of English-like passages; the made words are longer in tokens, so this is a lower bound."""
    passages = made.passages(count)
    empty = OwnSources(folder, real)
    whole = timed(lambda: empty.add("file", passages))
    encoding = timed(lambda: real.encode([f"{p.heading}. {p.text}" for p in passages]))
    return {
        "real_indexing_passages_a_second": round(count / whole[0], 1),
        "share_of_it_that_is_encoding": round(encoding[1] / whole[1], 2),
    }


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and of the processors."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return round(time.perf_counter() - wall, 4), round(time.process_time() - processor, 4)


def spread(times: Sequence[tuple[float, float]]) -> dict[str, float]:
    wall, processor = (np.array(column) * 1000 for column in zip(*times, strict=True))
    return {
        "p50": round(float(np.percentile(wall, 50)), 1),
        "p95": round(float(np.percentile(wall, 95)), 1),
        "processor_p50": round(float(np.percentile(processor, 50)), 1),
        "processor_p95": round(float(np.percentile(processor, 95)), 1),
    }


if __name__ == "__main__":
    main()
