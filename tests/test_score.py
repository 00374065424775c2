"""Scores without a judge, and honest intervals."""

import math

import numpy as np
import pytest

from finetune.score import (
    answer_score,
    changed_by_chance,
    difference_interval,
    exact_match,
    pass_sentence,
    ratio_interval,
    rouge_l,
    share_interval,
    token_f1,
    words,
)


def test_case_and_punctuation_do_not_count() -> None:
    assert exact_match(" Card arrival. ", "card arrival") == 1.0
    assert exact_match("card arrival", "card payment") == 0.0


def test_numbers_and_contractions_stay_whole() -> None:
    assert words("Don't pay $1,000.50!") == ["don't", "pay", "1,000.50"]


def test_languages_without_spaces_are_compared_by_character() -> None:
    assert 0 < token_f1("肾脏疾病", "肾脏") < 1


def test_f1_is_the_known_value() -> None:
    # 2 shared words, 3 given, 4 wanted: precision 2/3, recall 1/2.
    assert token_f1("call the clinic", "please call our clinic") == pytest.approx(4 / 7)


def test_an_empty_answer_scores_nothing() -> None:
    assert token_f1("", "call us") == rouge_l("", "call us") == 0.0


def test_order_counts_for_rouge_and_not_for_f1() -> None:
    assert token_f1("c b a", "a b c") == 1.0
    assert rouge_l("c b a", "a b c") == pytest.approx(1 / 3)


def test_a_category_is_right_or_wrong() -> None:
    assert answer_score("card arrival soon", "card arrival", category=True) == 0.0
    assert 0 < answer_score("card arrival soon", "card arrival", category=False) < 1


def test_a_real_gain_has_an_interval_above_zero_and_chance_has_not() -> None:
    rng = np.random.default_rng(1)
    base = rng.uniform(0, 0.5, 60)
    better = difference_interval(base.tolist(), (base + rng.normal(0.2, 0.1, 60)).tolist())
    same = difference_interval(base.tolist(), (base + rng.normal(0.0, 0.1, 60)).tolist())
    assert 0.15 < better.low < 0.2 < better.high < 0.25
    assert same.low < 0 < same.high


def test_one_row_proves_nothing() -> None:
    assert difference_interval([0.1], [0.9]).low == -math.inf
    assert ratio_interval([-3.0], [10]).high == math.inf


def test_a_long_row_weighs_by_its_tokens() -> None:
    found = ratio_interval([-100.0] * 10 + [1.0] * 10, [100] * 10 + [1] * 10)
    assert found.low < -990 / 1010 < found.high < -0.9


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for seed in range(120):
        base = rng.normal(0, 1, 40)
        found = difference_interval(base.tolist(), (base + rng.normal(0.3, 1, 40)).tolist(), seed=seed)
        covered += found.low <= 0.3 <= found.high
    assert covered >= 105


def test_a_pass_rate_is_told_with_its_range() -> None:
    assert share_interval(42, 50).low == pytest.approx(0.715, abs=0.001)
    base = [True] * 40 + [False] * 10
    tuned = [True] * 42 + [False] * 8
    assert pass_sentence(base, tuned) == "42 of 50, likely 71–92%; not clearly better than the base (40)"


def test_a_change_in_one_direction_is_unlikely_by_chance() -> None:
    assert changed_by_chance([False] * 8 + [True] * 2, [True] * 10) == pytest.approx(2 / 256)
    assert "clearly better" in pass_sentence([False] * 8 + [True] * 2, [True] * 10)
    assert "clearly worse" in pass_sentence([True] * 10, [False] * 8 + [True] * 2)
    assert changed_by_chance([True], [True]) == 1.0
