"""What more rows would bring: a learning curve through what was measured, or a cheap stand-in for one.

Test error against the number of training rows falls as a power law, error = a · rows^(-b) (Cortes et al. 1993; Hestness
et al. 2017; Viering and Loog 2021). It is fitted to runs of one project on growing rows. Where there are no such runs,
the share of test questions that have a near training question, on growing parts of the rows, says how much of what
people ask has been seen; that is no score of a model, and is told so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.data.topics import Encode, Vectors
from finetune.example import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The cosine from which a test question has been seen in other words. On banking77 (33 draws of 10, 40 and 77
# categories, 60 to 1,000 rows, 100 more) the gain foretold is off by 1.6 points on average, lies in its interval in
# 88 %, and goes with the gain of a nearest-neighbour classifier at r = 0.92; see tests/benchmarks/coverage.py.
NEAR = 0.6
PARTS = (0.5, 0.7, 0.85, 1.0)  # the last rows alone: on a logarithmic scale the curve bends at its beginning
DRAWS = 20
RESAMPLES = 400
FEWEST_TEST, FEWEST_TRAIN = 20, 40
MORE_ROWS = 100
LEAST_GROWTH = 1.25  # of the rows between the first and the last run; less shows no curve
LIKELY = (0.05, 0.95)
SEED = 7


@dataclass(frozen=True)
class Measured:
    """A score (0–1, higher is better) after training on so many rows; `error` is its standard error."""

    rows: int
    score: float
    error: float


@dataclass(frozen=True)
class Gain:
    """The score now and with `more` rows, and where the difference likely lies (90 %)."""

    now: float
    then: float
    low: float
    high: float
    more: int

    @property
    def gain(self) -> float:
        return self.then - self.now

    @property
    def clear(self) -> bool:
        """More rows help, as far as can be told."""
        return self.low > 0


# --- fitting --------------------------------------------------------------------------------------------------------


def predict_gain(points: Sequence[Measured], more: int = MORE_ROWS) -> Gain | None:
    """What `more` rows would bring, from scores on growing rows; None where they do not show a curve.

    The curve is fitted to scores drawn anew from their standard errors, so the interval holds what they do not tell.
    """
    import numpy as np

    rows = [p.rows for p in points]
    if len(set(rows)) < 2 or max(rows) < LEAST_GROWTH * min(rows):
        return None
    random = np.random.default_rng(SEED)
    scores, errors = np.array([p.score for p in points]), np.array([p.error for p in points])
    last = max(rows)
    drawn = np.clip(scores + errors * random.standard_normal((RESAMPLES, len(points))), 0.0, 1.0)
    gains = [_predicted(rows, line, last + more) - _predicted(rows, line, last) for line in drawn]
    now, then = _predicted(rows, scores, last), _predicted(rows, scores, last + more)
    low, high = (float(bound) for bound in np.quantile(gains, LIKELY))
    return Gain(now, then, low, high, more)


def _predicted(rows: Sequence[int], scores: "NDArray[np.float64]", at: int) -> float:
    """The score that the power law through these points has at `at` rows; a curve never falls as rows are added."""
    import numpy as np

    errors = np.log(np.clip(1.0 - scores, 1e-3, 1.0))
    size = np.log(np.array(rows, dtype=float))
    slope, height = np.polyfit(size, errors, 1)
    slope = min(float(slope), 0.0)
    if slope == 0.0:
        return float(scores.mean())
    return 1.0 - math.exp(min(0.0, height + slope * math.log(at)))


# --- how much of what is asked was seen ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """The share of test questions with a near training question, by training rows, and what more rows would bring."""

    shares: list[Measured]
    gain: Gain | None

    @property
    def share(self) -> float:
        return self.shares[-1].score


def seen_curve(train: Vectors, test: Vectors, *, near: float = NEAR, more: int = MORE_ROWS) -> Seen:
    """The curve from unit vectors of training (n, d) and test questions (m, d).

    Each part of the rows is drawn several times; the interval is that of drawing rows and test questions anew.
    """
    import numpy as np

    random = np.random.default_rng(SEED)
    likeness = train @ test.T
    sizes = sorted({max(1, round(part * len(train))) for part in PARTS})
    seen = np.zeros((DRAWS, len(sizes), len(test)))
    for draw in range(DRAWS):
        best = np.maximum.accumulate(likeness[random.permutation(len(train))], axis=0)
        seen[draw] = best[[size - 1 for size in sizes]] >= near
    mean = seen.mean(axis=(0, 2))
    last = len(train)

    def gain(line: "NDArray[np.float64]") -> float:
        return _predicted(sizes, line, last + more) - _predicted(sizes, line, last)

    gains = []
    for _ in range(RESAMPLES):
        chosen = random.integers(0, len(test), len(test))
        likely = gain(seen[random.integers(DRAWS)][:, chosen].mean(axis=1))
        gains.append(random.binomial(len(test), likely) / len(test))  # and which rows come is chance as well
    low, high = (float(bound) for bound in np.quantile(gains, LIKELY))
    shares = [
        Measured(size, float(share), math.sqrt(share * (1 - share) / len(test)))
        for size, share in zip(sizes, mean, strict=True)
    ]
    now = float(mean[-1])
    return Seen(shares, Gain(now, min(1.0, now + gain(mean)), low, high, more))


def seen_of(examples: Sequence[Example], encode: Encode) -> Seen | None:
    """The curve of rows that are split; None where there are too few to draw one."""
    rows = {side: [e.question for e in examples if e.split == side] for side in ("train", "test")}
    if len(rows["train"]) < FEWEST_TRAIN or len(rows["test"]) < FEWEST_TEST:
        return None
    return seen_curve(encode(rows["train"]), encode(rows["test"]))


# --- in words -------------------------------------------------------------------------------------------------------


def seen_in_words(seen: Seen | None) -> str:
    if seen is None or seen.gain is None:
        return (
            f"With fewer than {FEWEST_TRAIN} rows for training and {FEWEST_TEST} for the test I cannot tell what more "
            "rows would bring."
        )
    gain = seen.gain
    return (
        f"{seen.share:.0%} of the test questions have a near one among the training rows; {gain.more} more rows of the "
        f"same kind would bring that to about {gain.then:.0%} (likely {_points(gain)}). That "
        "counts what has been seen, not what the model will get right."
    )


def runs_in_words(points: Sequence[Measured], more: int = MORE_ROWS) -> str:
    """What the project's own runs say; empty where there is no second one to compare with."""
    if len(points) < 2:
        return ""
    told = ", ".join(f"{p.rows:,} rows: {p.score:.0%}" for p in sorted(points, key=lambda p: p.rows))
    gain = predict_gain(points, more)
    if gain is None:
        return f"Your rounds ({told}) differ too little in rows to tell what more of them would bring."
    if not gain.clear:
        return f"By your rounds ({told}) I cannot tell whether {more} more rows would help: likely {_points(gain)}."
    return f"By your rounds ({told}), {more} more rows: about {gain.gain * 100:+.0f} points, likely {_points(gain)}."


def _points(gain: Gain) -> str:
    return f"{gain.low * 100:+.0f} to {gain.high * 100:+.0f} points"
