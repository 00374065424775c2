"""The learning curve: made curves are found again, noise is told as noise, and too little is told as too little."""

import numpy as np
import pytest
from numpy.typing import NDArray

from finetune.learning_curve import (
    FEWEST_TRAIN,
    Measured,
    predict_gain,
    runs_in_words,
    seen_curve,
    seen_in_words,
    seen_of,
)
from tests.data.test_data_topics import around, row


def curve(*rows: int, a: float = 3.0, b: float = 0.4, error: float = 0.0) -> list[Measured]:
    """Scores on the power law 1 - a · rows^-b."""
    return [Measured(n, 1 - a * n**-b, error) for n in rows]


def test_a_power_law_is_found_again() -> None:
    gain = predict_gain(curve(100, 200, 400), 100)
    assert gain is not None
    assert gain.now == pytest.approx(1 - 3 * 400**-0.4) and gain.then == pytest.approx(1 - 3 * 500**-0.4)
    assert gain.low == pytest.approx(gain.gain) == gain.high, "scores without error leave no doubt"


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    rows, error = (100, 200, 400, 800), 0.02
    truth = 3 * (800**-0.4 - 1000**-0.4)
    held = 0
    for _ in range(100):
        noisy = [Measured(p.rows, float(p.score + error * random.standard_normal()), error) for p in curve(*rows)]
        gain = predict_gain(noisy, 200)
        assert gain is not None
        held += gain.low <= truth <= gain.high
    assert held >= 80


def test_two_uncertain_rounds_promise_nothing() -> None:
    points = [Measured(100, 0.50, 0.08), Measured(200, 0.51, 0.08)]
    gain = predict_gain(points)
    assert gain is not None and not gain.clear
    assert "cannot tell whether 100 more rows would help" in runs_in_words(points)


def test_two_sure_rounds_say_what_more_rows_bring() -> None:
    said = runs_in_words([Measured(100, 0.50, 0.01), Measured(300, 0.70, 0.01)])
    assert said.startswith("By your rounds (100 rows: 50%, 300 rows: 70%), 100 more rows: about +4 points, likely +")


def test_a_score_that_fell_is_never_drawn_on_as_a_fall() -> None:
    gain = predict_gain([Measured(100, 0.6, 0.0), Measured(200, 0.5, 0.0)])
    assert gain is not None and gain.gain == 0.0


@pytest.mark.parametrize("points", [[], curve(100), curve(100, 100), curve(100, 110)])
def test_too_little_growth_shows_no_curve(points: list[Measured]) -> None:
    assert predict_gain(points) is None
    assert ("differ too little" in runs_in_words(points)) == (len(points) > 1)


def vectors(centres: int, each: int, seed: int) -> NDArray[np.float32]:
    return around(centres, each, spread=0.5, seed=1)[0][np.random.default_rng(seed).permutation(centres * each)]


def test_what_was_all_seen_gains_nothing() -> None:
    rows = vectors(6, 20, 1)
    seen = seen_curve(rows, rows[:30])
    assert seen.share == 1.0 and seen.gain is not None and seen.gain.gain == pytest.approx(0.0, abs=1e-3)


def test_what_is_seen_grows_with_the_rows_about_as_foretold() -> None:
    everything, _ = around(60, 20, spread=0.5)
    foretold, came = [], []
    for draw in range(5):
        mixed = everything[np.random.default_rng(draw).permutation(len(everything))]
        test, train = mixed[:200], mixed[200:]
        seen = seen_curve(train[:100], test, more=50)
        shares = [p.score for p in seen.shares]
        assert shares == sorted(shares) and seen.gain is not None
        foretold.append(seen.gain.gain)
        came.append(seen_curve(train[:150], test).share - seen.share)
    assert np.mean(came) > 0.05
    assert np.mean(foretold) == pytest.approx(np.mean(came), rel=0.35)


def test_the_sentence_says_what_it_counts_and_what_it_does_not() -> None:
    said = seen_in_words(seen_curve(vectors(6, 20, 1), vectors(6, 20, 2)[:30]))
    assert "of the test questions have a near one" in said and "not what the model will get right" in said


def test_few_rows_are_told_to_be_too_few() -> None:
    rows = [row(f"Question {n}", split="train" if n % 2 else "test") for n in range(FEWEST_TRAIN)]
    seen = seen_of(rows, lambda texts: np.zeros((len(texts), 4), dtype=np.float32))
    assert seen is None and "cannot tell" in seen_in_words(seen)
