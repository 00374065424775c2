"""Scores that need no judge, and how sure a small test set lets one be."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

# Chinese, Japanese and Thai write no spaces: there each character counts as a word.
WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W_]+(?:[.,'’][^\W_]+)*")
RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Interval:
    """The range in which the true value likely lies (95 %)."""

    low: float
    high: float


def words(text: str) -> list[str]:
    """Lower-case words and numbers without punctuation; "1,000.50" is one word, "don't" too."""
    return WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def exact_match(answer: str, reference: str) -> float:
    """1.0 where the words are the same; case, punctuation and spacing do not count."""
    return float(words(answer) == words(reference))


def token_f1(answer: str, reference: str) -> float:
    """How many words answer and reference share, 0 to 1, each counted as often as both have it (SQuAD's F1).

    Rajpurkar et al. 2016, arXiv 1606.05250; articles are kept here, since they are English only.
    """
    given, wanted = Counter(words(answer)), Counter(words(reference))
    if not given or not wanted:
        return float(given == wanted)
    shared = (given & wanted).total()
    return 2 * shared / (given.total() + wanted.total())


def rouge_l(answer: str, reference: str) -> float:
    """F-measure of the longest run of words both have in the same order, gaps allowed (Lin 2004)."""
    given, wanted = words(answer), words(reference)
    if not given or not wanted:
        return float(given == wanted)
    return 2 * _longest_common(given, wanted) / (len(given) + len(wanted))


def answer_score(answer: str, reference: str, *, category: bool) -> float:
    """0 to 1: the exact category, or the words a text answer shares with the reference."""
    return exact_match(answer, reference) if category else token_f1(answer, reference)


def difference_interval(base: Sequence[float], tuned: Sequence[float], *, seed: int = 7) -> Interval:
    """Likely range of the mean of tuned minus base on the same rows: paired bootstrap, percentile, 2,000 resamples."""
    import numpy as np
    from scipy.stats import bootstrap

    differences = np.asarray(tuned, dtype=float) - np.asarray(base, dtype=float)
    if len(differences) < 2 or np.ptp(differences) == 0:
        # One row, or the same difference everywhere: resampling would claim a certainty nobody has.
        return Interval(float("-inf"), float("inf")) if len(differences) < 2 else _constant(differences)
    found = bootstrap(
        (differences,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def ratio_interval(totals: Sequence[float], counts: Sequence[float], *, seed: int = 7) -> Interval:
    """Likely range of sum(totals) / sum(counts) when whole rows are resampled: a difference of loss per token."""
    import numpy as np
    from scipy.stats import bootstrap

    if len(totals) < 2:
        return Interval(float("-inf"), float("inf"))
    found = bootstrap(
        (np.asarray(totals, dtype=float), np.asarray(counts, dtype=float)),
        lambda total, count, axis: total.sum(axis) / count.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=RESAMPLES,
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def share_interval(passed: int, total: int) -> Interval:
    """Likely range of a pass rate (Wilson's interval)."""
    from scipy.stats import binomtest

    found = binomtest(passed, total).proportion_ci(CONFIDENCE, method="wilson")
    return Interval(float(found.low), float(found.high))


def changed_by_chance(base_passed: Sequence[bool], tuned_passed: Sequence[bool]) -> float:
    """Exact McNemar test: how likely a change at least this uneven is if base and tuned were equally good."""
    from scipy.stats import binomtest

    gained = sum(t and not b for b, t in zip(base_passed, tuned_passed, strict=True))
    lost = sum(b and not t for b, t in zip(base_passed, tuned_passed, strict=True))
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def pass_sentence(base_passed: Sequence[bool], tuned_passed: Sequence[bool]) -> str:
    """Like "42 of 50, likely 71–92 %; not clearly better than the base (40)"."""
    total, base, tuned = len(tuned_passed), sum(base_passed), sum(tuned_passed)
    likely = share_interval(tuned, total)
    clear = changed_by_chance(base_passed, tuned_passed) < 1 - CONFIDENCE
    if not clear:
        how = "not clearly better than" if tuned >= base else "not clearly worse than"
    else:
        how = "clearly better than" if tuned > base else "clearly worse than"
    return f"{tuned} of {total}, likely {likely.low:.0%}–{likely.high:.0%}; {how} the base ({base})".replace("%–", "–")


def _constant(differences: Sequence[float]) -> Interval:
    return Interval(float(differences[0]), float(differences[0]))


def _longest_common(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence, one row of the table at a time."""
    row = [0] * (len(second) + 1)
    for a in first:
        diagonal = 0
        for j, b in enumerate(second, 1):
            diagonal, row[j] = row[j], diagonal + 1 if a == b else max(row[j], row[j - 1])
    return row[-1]
