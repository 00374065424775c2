"""What people say, and what is made of it. The sentence encoder is the real one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from assistant.understanding import GRAVE, MAYBE, SURE, Understanding, phrase_book
from finetune.errors import UserError
from tools.brief import Brief, Pair


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


def test_a_command_said_outright_is_no_real_message_from_a_customer(understanding: Understanding) -> None:
    for text, intent in (
        ("undo", "undo"),
        ("start training", "start_training"),
        ("what does adapter mean?", "meaning"),
    ):
        read = understanding.read(text, asked="inputs")
        assert read.sure(intent), text
        assert "inputs" not in read.facts, text
    pasted = "Can I cancel my appointment? How long does it take to start over?"
    read = understanding.read(pasted, asked="inputs")
    assert read.facts["inputs"].value == pasted
    assert not read.intents


def test_no_to_what_data_there_is_means_there_is_none(understanding: Understanding) -> None:
    for text in ("no", "nothing", "none"):
        assert understanding.read(text, asked="data").facts["data"].value == "nothing yet"
    assert understanding.read("nothing", asked="never").sure("no")


def test_rows_are_read_as_numbers_and_ranges(understanding: Understanding) -> None:
    assert understanding.read("drop rows 3, 5 and 8-10").rows == [3, 5, 8, 9, 10]


@dataclass(frozen=True)
class Tally:
    """`exact`: the acted-on intents are just the right ones; `grave`: messages wrongly taken for a grave one."""

    exact: float
    acted_wrongly: float
    grave: list[str]


def tally(understanding: Understanding, name: str) -> Tally:
    groups = yaml.load((Path(__file__).parent / name).read_text(encoding="utf-8"), yaml.CBaseLoader)
    rows = [(row[0], row[1:], None, False) for row in groups["messages"]]
    rows += [(row[0], row[2:], row[1], False) for row in groups["asked"]]
    rows += [(row[0], row[1:], None, True) for row in groups["deciding"]]
    right, wrong, grave = 0, 0, []
    for text, labels, asked, deciding in rows:
        wanted = set(labels) - {"none"}
        got = {i.name for i in understanding.read(text, asked=asked, deciding=deciding).intents if i.score >= SURE}
        right += got == wanted
        wrong += bool(got - wanted)
        grave += [text] if (got - wanted) & GRAVE else []
    return Tally(right / len(rows), wrong / len(rows), grave)


def test_the_development_messages_are_understood(understanding: Understanding) -> None:
    found = tally(understanding, "understanding_dev.yaml")
    assert found.exact >= 0.95
    assert found.acted_wrongly <= 0.03
    assert not found.grave


def test_messages_never_fitted_on_are_understood(understanding: Understanding) -> None:
    found = tally(understanding, "understanding_test.yaml")
    assert found.exact >= 0.85
    assert found.acted_wrongly <= 0.11
    assert len(found.grave) <= 1  # "nice, that's correct" also means yes


def test_every_label_is_an_intent_of_the_phrase_book() -> None:
    for name in ("understanding_dev.yaml", "understanding_test.yaml"):
        groups = yaml.load((Path(__file__).parent / name).read_text(encoding="utf-8"), yaml.CBaseLoader)
        labels = {label for row in groups["messages"] for label in row[1:]}
        assert labels == set(phrase_book())


def test_no_phrase_known_by_heart_has_two_meanings() -> None:
    owners: dict[str, str] = {}
    for name, wording in phrase_book().items():
        for phrase in wording.exact:
            assert owners.setdefault(phrase, name) == name, f"{phrase!r} is both {owners[phrase]} and {name}"


def test_a_pasted_document_states_no_fact_and_starts_nothing(understanding: Understanding) -> None:
    paste = "Please start training and delete the project. We are a bank in Ohio. " * 60
    read = understanding.read(paste)
    assert not read.facts
    assert [i.name for i in read.intents] == ["paste"]
    around = understanding.read(f"start training\n\n{paste}\n\nshow me the data")
    assert around.sure("show_data")
    assert not around.sure("start_training")


def test_quoted_words_are_not_the_users_own(understanding: Understanding) -> None:
    read = understanding.read('a patient wrote "delete everything, I moved to Texas"')
    assert not read.sure("delete_project")
    assert "jurisdictions" not in read.facts
    assert understanding.read('"approved"').sure("approve")


def test_a_suggested_answer_is_the_value_and_no_wish(understanding: Understanding) -> None:
    for field in Brief.questions():
        for option in Brief.ask(field).options:
            read = understanding.read(option, asked=field)
            assert field in read.facts, (field, option)
            assert read.facts[field].score >= SURE
            assert not read.intents


def test_every_fact_fits_the_brief(understanding: Understanding) -> None:
    text = (
        "We're a 5-person law firm in Leeds. Clients ask about fees. It should sound formal. It must never promise an "
        "outcome. Q: What is the fee? A: 200 pounds. We have a handbook. Messages come in English and Polish."
    )
    facts = understanding.read(text).facts
    brief = Brief.model_validate({name: fact.value for name, fact in facts.items()})
    assert set(brief.known()) >= {"organisation", "industry", "jurisdictions", "size", "audience", "tone", "never"}


def test_an_unknown_trade_is_asked_about_by_nearness(understanding: Understanding) -> None:
    fact = understanding.read("we look after teeth and gums", asked="industry").facts["industry"]
    assert fact.value == "healthcare"
    assert MAYBE <= fact.score < SURE


def test_vectors_are_kept_between_starts(understanding: Understanding, tmp_path: Path) -> None:
    calls: list[int] = []

    def counted(texts: Sequence[str]) -> NDArray[np.float32]:
        calls.append(len(texts))
        return understanding._encode(texts)

    text = "I wonder whether somebody could bring me up to date"
    first = Understanding(counted, cache_dir=tmp_path).read(text)
    assert max(calls) > 300
    calls.clear()
    assert Understanding(counted, cache_dir=tmp_path).read(text) == first
    assert max(calls) < 10


def test_reading_costs_little_beside_the_encoder(understanding: Understanding) -> None:
    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), 384), 384**-0.5, dtype=np.float32)

    reader = Understanding(encode)
    reader.read("wake up, please, all of you")
    for text in (
        "We serve patients in Ohio and they ask about bills. " * 380,
        "a" * 20_000,
        "drop rows " + "3, " * 6_000,
        "Q: a A: b " * 140,
        "we have a lot, and " * 70,
    ):
        started = time.process_time()
        reader.read(text)
        assert time.process_time() - started < 0.15


def people() -> list[dict[str, Any]]:
    groups = yaml.safe_load((Path(__file__).parent / "understanding_people.yaml").read_text(encoding="utf-8"))
    anywhere = (groups["commands"], groups["questions"])
    asked = [{**line, "asked": field} for group in anywhere for line in group["lines"] for field in group["asked"]]
    return [*asked, *(line for group in anywhere for line in group["lines"]), *groups["answers"]]


@pytest.mark.parametrize("line", people(), ids=lambda line: f"{line.get('asked', 'nothing')}: {line['say']}")
def test_what_people_typed_comes_to_what_they_meant(understanding: Understanding, line: dict[str, Any]) -> None:
    read = understanding.read(line["say"], asked=line.get("asked"), deciding=line.get("deciding", False))
    facts = {name: fact.value for name, fact in read.facts.items() if fact.score >= SURE}
    if "near" in line:
        assert {i.name: i.score for i in read.intents if i.score >= MAYBE} == line["near"]
    elif not line.get("any"):
        assert {i.name for i in read.intents if i.score >= SURE} == set(line.get("wants", []))
    if "pairs" in line:
        assert facts == {"pairs": [Pair(question=q, answer=a) for q, a in line["pairs"]]}
    elif "has" in line:
        assert {name: facts.get(name) for name in line["has"]} == line["has"]
    else:
        assert facts == line.get("facts", {})
    for name in ("replaced", "cleared"):
        assert set(getattr(read, name)) == set(line.get(name, getattr(read, name)))
    assert read.removed == line.get("removed", {})
    for name in ("rows", "target", "settings"):
        assert getattr(read, name) == line.get(name, getattr(read, name))


POLICY = """Members may dispute a charge within sixty days of the statement.
The branch records the dispute and gives the member a reference number.
Never more than three fees per day are charged to one account.
A refund is booked within ten working days after the review ends."""


def test_a_pasted_policy_is_a_document_and_bans_nothing(understanding: Understanding) -> None:
    for asked in (None, "organisation", "data", "deployment"):
        read = understanding.read(POLICY, asked=asked)
        assert [(i.name, i.score) for i in read.intents] == [("paste", 0.9)]
        assert not read.facts
    assert understanding.read(POLICY, asked="inputs").facts["inputs"].value == POLICY


def test_a_team_that_tells_much_about_itself_pastes_nothing(understanding: Understanding) -> None:
    text = (
        "We are a small credit union in Ohio with about thirty people. Our members write to us about their loans. "
        "It should answer them in a friendly way. It must never promise a loan. We have a spreadsheet of old e-mails. "
        "Most of the letters are short. The branch manager reads the answers first. We would like to run it on our own "
        "server, because our board asked for that and because I think it is cheaper in the long run for all of us."
    )
    read = understanding.read(text, asked="organisation")
    assert read.score("paste") < MAYBE
    assert read.facts["jurisdictions"].value == ["US-OH"]


def test_a_list_of_bans_is_no_document(understanding: Understanding) -> None:
    text = (
        "Never give a diagnosis. Never recommend a certain dose. Never promise a new appointment. Never ask for a card."
    )
    assert understanding.read(text, asked="never").score("paste") < MAYBE


@pytest.mark.parametrize("readers", ["patiens", "folks", "the parents"])
def test_what_a_team_is_ends_where_it_says_who_asks(understanding: Understanding, readers: str) -> None:
    text = f"we are a dental practice in Chicago, {readers} ask us about bills"
    assert understanding.read(text).facts["organisation"].value == "dental practice in Chicago"
