"""What people say, and what is made of it. The sentence encoder is the real one."""

import pytest

from assistant.understanding import MAYBE, SURE, Understanding
from finetune.errors import UserError


@pytest.fixture(scope="session")
def understanding() -> Understanding:
    from knowledge.encoder import load_encoder

    try:
        return Understanding(load_encoder().encode)
    except UserError as error:
        pytest.skip(f"no sentence encoder: {error}")


def test_one_message_fills_six_fields(understanding: Understanding) -> None:
    facts = understanding.read(
        "we're a 12-person dental practice in Ohio, patients keep asking about billing "
        "and we have a spreadsheet of 300 answered e-mails"
    ).facts
    assert {name: fact.value for name, fact in facts.items()} == {
        "organisation": "12-person dental practice in Ohio",
        "industry": "healthcare",
        "size": "12-person",
        "jurisdictions": ["US-OH"],
        "task": "answer",
        "audience": "patients",
        "data": "a spreadsheet of 300 answered e-mails",
    }
    assert all(fact.score >= SURE for fact in facts.values())


def test_a_correction_takes_one_place_back_and_gives_another(understanding: Understanding) -> None:
    read = understanding.read("no, the EU, not the US")
    assert read.facts["jurisdictions"].value == ["EU"]
    assert read.removed == {"jurisdictions": ["US"]}
    assert read.sure("no")


def test_a_yes_with_a_reservation_is_no_approval(understanding: Understanding) -> None:
    assert understanding.read("yes", deciding=True).sure("yes")
    assert not understanding.read("yes, but use 3 epochs", deciding=True).sure("yes")
    assert understanding.read("yes, but use 3 epochs", deciding=True).settings == {"epochs": 3}


def test_go_ahead_means_yes_only_where_an_approval_waits(understanding: Understanding) -> None:
    assert understanding.read("go ahead", deciding=True).sure("yes")
    assert not understanding.read("go ahead").sure("yes")
    assert understanding.read("go ahead").sure("next")


def test_a_question_about_training_does_not_start_it(understanding: Understanding) -> None:
    for text in ("start training?", "when will you start training?", "don't start training yet", "how do I publish?"):
        read = understanding.read(text)
        assert not read.sure("start_training"), text
        assert not read.sure("publish"), text


def test_a_free_answer_is_the_value_of_the_field_asked_for(understanding: Understanding) -> None:
    read = understanding.read("It names the next step and quotes our policy", asked="right_answer")
    assert read.facts["right_answer"].value == "It names the next step and quotes our policy"
    assert not [i for i in read.intents if i.score >= MAYBE]


def test_turning_away_from_a_question_is_no_answer(understanding: Understanding) -> None:
    for text, intent in (("skip", "skip"), ("no clue", "unsure"), ("why do you ask?", "why")):
        read = understanding.read(text, asked="tone")
        assert read.sure(intent), text
        assert "tone" not in read.facts, text


def test_rows_are_read_as_numbers_and_ranges(understanding: Understanding) -> None:
    assert understanding.read("drop rows 3, 5 and 8-10").rows == [3, 5, 8, 9, 10]
