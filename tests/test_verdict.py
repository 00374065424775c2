"""Whether tuning is the right tool, before anything is trained."""

import csv
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from finetune.example import Example, Source, make_example
from finetune.verdict import CHANGING, Verdict, judge_need

WORDS = ["kidney", "liver", "knee", "bill", "visit", "card", "plan", "claim", "form", "letter", "doctor", "nurse"]


def rows(count: int, *, kind: str = "faq", answer: str | None = None) -> list[Example]:
    """Questions and answers of random words: nothing to look up, nothing that changes."""
    dice = random.Random(4)
    return [
        make_example(
            " ".join(dice.sample(WORDS, 5)) + f" q{i}?",
            answer or " ".join(dice.choices([f"w{n}" for n in range(400)], k=12)),
            source=Source(file="x.csv", row=i),
            kind=kind,  # the tests name only kinds that exist
        )
        for i in range(count)
    ]


def said(verdict: Verdict, words: str) -> bool:
    return any(words in sentence for sentence in verdict.sentences)


def test_enough_rows_that_nothing_answers_yet_are_a_go() -> None:
    verdict = judge_need(rows(250))
    assert verdict.level == "go"
    assert verdict.figures["rows"] == 250
    assert verdict.figures["lookup_score"] < 0.2


def test_too_few_rows_stop_and_few_are_a_caution() -> None:
    assert judge_need(rows(49)).level == "stop"
    assert said(judge_need(rows(49)), "49 usable rows")
    assert judge_need(rows(60)).level == "caution"
    assert judge_need([]).level == "stop"


def test_dropped_rows_and_refusals_do_not_count() -> None:
    dropped = [row.model_copy(update={"status": "dropped"}) for row in rows(300)]
    refusals = [row.model_copy(update={"kind": "refusal"}) for row in rows(300)]
    assert judge_need([*dropped, *refusals]).figures["rows"] == 0


def test_an_answer_that_a_search_gives_already_needs_no_tuning() -> None:
    same = rows(250, answer="Please call the office and ask for the form.")
    verdict = judge_need(same)
    assert verdict.level == "stop"
    assert verdict.figures["lookup_score"] == 1.0
    assert said(verdict, "100% of the right words")


def test_the_encoder_is_used_where_there_is_one() -> None:
    asked: list[int] = []

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.append(len(texts))
        return np.eye(len(texts), 300, dtype=np.float32)

    judge_need(rows(250), encode=encode)
    assert sorted(asked) == [50, 200]


def test_splits_are_respected() -> None:
    examples = rows(250)
    marked = [row.model_copy(update={"split": "test" if i < 30 else "train"}) for i, row in enumerate(examples)]
    assert said(judge_need(marked), "30 held-out rows")


@pytest.mark.parametrize(
    "text", ["It costs $40.", "The rate is 4.5 % APR.", "Until March 3, 2026.", "40 euros", "As of today it is open."]
)
def test_prices_rates_and_dates_change(text: str) -> None:
    assert CHANGING.search(text)


@pytest.mark.parametrize("text", ["Take two tablets.", "You may call us.", "Form 1095 has three parts."])
def test_other_numbers_do_not(text: str) -> None:
    assert not CHANGING.search(text)


def test_facts_that_change_often_are_named_with_their_share() -> None:
    plain = rows(200)
    priced = [make_example(f"price of {i}?", f"It costs ${i}.50 a {i}.", source=Source(row=i)) for i in range(100)]
    verdict = judge_need([*plain, *priced])
    assert verdict.level == "caution"
    assert said(verdict, "33% of the answers hold prices")


def test_answers_that_do_not_agree_are_counted() -> None:
    twice = [
        make_example("Are you open on Sunday?", answer, source=Source(row=i))
        for i, answer in enumerate(["Yes, from nine to noon.", "No. Sundays we rest."])
    ]
    verdict = judge_need([*rows(250), *twice])
    assert verdict.figures["contradictions"] == 1
    assert said(verdict, "1 question has answers that do not agree")


def test_answers_that_differ_in_a_number_alone_do_not_agree() -> None:
    twice = [
        make_example(
            "How long does a refund take?", f"A refund takes {days} days after we have it.", source=Source(row=days)
        )
        for days in (14, 30)
    ]
    assert judge_need([*rows(250), *twice]).figures["contradictions"] == 1
    assert judge_need([*rows(250), *twice], contradictions=15).figures["contradictions"] == 15, "as counted before"


def test_categories_are_held_against_the_commonest_and_the_nearest() -> None:
    examples = [
        make_example(f"About my {word}, part {i % 4}", word, source=Source(row=i), kind="category")
        for i in range(20)
        for word in WORDS
    ]
    verdict = judge_need(examples)
    assert verdict.level == "stop"
    assert verdict.figures["nearest_accuracy"] == 1.0
    assert verdict.figures["majority"] == pytest.approx(1 / len(WORDS), abs=1e-4)
    random.Random(1).shuffle(examples)
    labels = [row.answer for row in examples]
    shuffled = [
        make_example(row.question, label, source=row.source, kind="category")
        for row, label in zip(examples, random.Random(2).sample(labels, len(labels)), strict=True)
    ]
    assert judge_need(shuffled).figures["nearest_accuracy"] < 0.3


def test_one_category_is_nothing_to_learn() -> None:
    assert said(judge_need(rows(250, kind="category", answer="billing")), "nothing to learn")


def test_real_questions_of_patients_call_for_tuning(shared: Path) -> None:
    with open(shared / "data" / "patient_questions.csv", encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    examples = [
        make_example(row["Patient question"], row["Our answer"], source=Source(row=i)) for i, row in enumerate(table)
    ]
    verdict = judge_need(examples)
    assert verdict.level in ("go", "caution")
    assert verdict.figures["lookup_score"] < 0.5
