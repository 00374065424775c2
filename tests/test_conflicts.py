"""Contradictions in the conversation: shown side by side, settled by the user's word, and taken back."""

from pathlib import Path

import pytest

from assistant.choices import rows_that_hold, view_in
from assistant.conversation import Assistant, Conversation
from assistant.events import Working
from assistant.markup import card_as_html
from assistant.render import card_as_text, reply_as_text
from tests.talking import make_assistant, say
from tools.brief import Brief
from tools.journey import Knowledge, read_brief, read_state, write_model

FAQ = [
    ("How long does a refund take?", "A refund takes 14 days after the parcel has come back to us."),
    ("Where can I park?", "There are places behind the house, and they are free for an hour."),
    ("How long does a refund take?", "A refund takes 30 days after the parcel has come back to us."),
    ("Do you sell gift cards?", "Yes, at every till, for any amount from ten euros on."),
    ("Hello, how long does a refnud take?", "A refund takes 14 days after the parcel came back to us."),
    ("Until when is the summer price valid?", "The summer price is valid until 31 August 2021 in all shops."),
]  # fmt: skip


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return make_assistant(tmp_path_factory.mktemp("home"))


@pytest.fixture
def talk(assistant: Assistant, tmp_path: Path, request: pytest.FixtureRequest) -> Conversation:
    """A project whose rows contradict each other, just prepared."""
    talk = assistant.conversation(f"shop-{abs(hash(request.node.name))}")
    path = tmp_path / "faq.csv"
    path.write_text("Question,Answer\n" + "".join(f'"{q}","{a}"\n' for q, a in FAQ), encoding="utf-8")
    write_model(talk.project.brief, Brief(organisation="A shop", task="answer", skipped=Brief.questions()))
    write_model(talk.project.knowledge, Knowledge(skipped=True))
    say(talk, "", files=[path])
    say(talk, "prepare the data")
    return talk


def statuses(talk: Conversation) -> list[str]:
    return [e.status for e in talk.project.read_examples() if e.kind == "faq"]


def test_the_answers_stand_side_by_side_with_their_rows_and_sources(talk: Conversation) -> None:
    reply = say(talk, "show me the contradictions")
    (card,) = [card for card in reply.cards if card["kind"] == "conflicts"]
    (question,) = card["questions"]
    assert [a["numbers"] for a in question["answers"]] == [[1], [3]], "row 5 is a near copy of row 1"
    assert reply.options == ["Keep row 1", "Keep row 3"]
    assert "keep row 1" in reply.text and "keep row 3" in reply.text
    for shown in (card_as_text(card), card_as_html(card)):
        assert "14 days" in shown and "30 days" in shown and "faq.csv, row 4" in shown


@pytest.mark.parametrize("said", ["keep row 3", "row 3 is right", "keep 3, drop 1", "3 holds"])
def test_the_word_of_the_user_settles_it_and_undo_takes_it_back(talk: Conversation, said: str) -> None:
    say(talk, "show me the contradictions")
    reply = say(talk, said)
    assert "Left out: row 1" in reply.text and "All are settled" in reply.text
    assert statuses(talk)[:3] == ["dropped", "proposed", "approved"]
    assert "No two rows disagree" in say(talk, "are there contradictions?").text
    say(talk, "undo")
    assert statuses(talk)[:3] == ["proposed", "proposed", "proposed"]


@pytest.mark.parametrize(
    "said", ["the handbook is right about the refund", "go with the handbook", "trust what our handbook says"]
)
def test_a_source_that_is_said_to_be_right_settles_what_it_contradicts(
    talk: Conversation, tmp_path: Path, said: str
) -> None:
    path = tmp_path / "staff handbook.csv"
    path.write_text(
        "Question,Answer\nHow long does a refund take?,A refund takes 60 days from the day you ask for it.\n"
    )
    say(talk, "", files=[path])
    say(talk, "prepare the data", "show me the contradictions", said)
    left = [e for e in talk.project.read_examples() if "refund" in e.question and e.status != "dropped"]
    assert [e.source.file for e in left] == ["staff handbook.csv"]


@pytest.mark.parametrize("said", ["the handbook is right about parking", "the weather is right", "keep the tags"])
def test_what_is_right_about_something_else_settles_nothing(talk: Conversation, said: str) -> None:
    before = statuses(talk)
    say(talk, "show me the contradictions", said)
    assert statuses(talk) == before


def test_they_are_shown_while_another_question_is_open_and_noted_nowhere(talk: Conversation) -> None:
    write_model(talk.project.brief, Brief(organisation="A shop", task="answer"))
    assert say(talk, "hello").waiting_for == "industry"
    reply = say(talk, "show me the contradictions")
    assert [card["kind"] for card in reply.cards] == ["conflicts"]
    assert read_brief(talk.project) == Brief(organisation="A shop", task="answer")


def test_a_row_that_is_in_no_contradiction_changes_nothing(talk: Conversation) -> None:
    before = statuses(talk)
    say(talk, "show me the contradictions")
    assert "in no contradiction" in say(talk, "keep row 2").text
    assert statuses(talk) == before


def test_two_answers_to_one_question_cannot_both_hold(talk: Conversation) -> None:
    say(talk, "show me the contradictions")
    assert "only one answer can hold" in say(talk, "keep rows 1 and 3").text


def test_what_is_settled_stays_settled_when_the_data_is_prepared_again(talk: Conversation) -> None:
    say(talk, "show me the contradictions")
    say(talk, "keep row 3", "prepare the data")
    assert statuses(talk)[0] == "dropped" and statuses(talk)[2] == "approved"


def test_the_approval_is_asked_with_what_still_disagrees_until_it_is_settled(talk: Conversation) -> None:
    asked = say(talk, "skip")
    assert asked.waiting_for == "approval:approve_data"
    assert "1 question has different answers still: say “show the contradictions”" in asked.text
    assert asked.options[:2] == ["Show the contradictions", "approved"]
    say(talk, "show me the contradictions", "keep row 3")
    assert "different answers still" not in say(talk, "why do you ask?").text


def test_a_left_out_copy_names_the_row_it_repeats(talk: Conversation) -> None:
    reply = say(talk, "show me the dropped rows")
    assert "nearly the same as row 1" in card_as_text(reply.cards[0])


def test_rows_with_a_date_that_has_passed_can_be_asked_for(talk: Conversation) -> None:
    reply = say(talk, "show me the outdated rows")
    assert [row["number"] for row in reply.cards[0]["rows"]] == [6]
    assert "date that has passed" in reply.text


@pytest.mark.parametrize(
    ("said", "rows"),
    [
        ("keep row 12", [12]), ("row 12 is right", [12]), ("keep 12, drop 40", [12]), ("keep rows 12 and 31", [12, 31]),
        ("the answer 7 holds", [7]), ("row 12 is wrong", []), ("row 12 is not right", []), ("drop row 12", []),
        ("row 2 should answer: 30 days", []), ("show me row 12", []),
    ],
)  # fmt: skip
def test_which_rows_are_called_right(said: str, rows: list[int]) -> None:
    assert rows_that_hold(said) == rows


@pytest.mark.parametrize("said", ["show the outdated rows", "which answers are out of date?", "rows that are obsolete"])
def test_outdated_rows_are_asked_for_in_many_words(said: str) -> None:
    assert view_in(said) == {"only": "outdated"}


def test_a_long_preparation_tells_what_it_is_at() -> None:
    assert reply_as_text(Working("Looking for personal data", 2500, 10_000)) == (
        "  · Looking for personal data: 2,500 of 10,000"
    )


def test_the_verdict_says_the_number_the_data_report_says(talk: Conversation) -> None:
    assert "1 question has different answers" in say(talk, "show the contradictions").text
    say(talk, "approved")
    verdict = read_state(talk.project).verdict
    assert verdict is not None and verdict["figures"]["contradictions"] == 1


def test_a_source_that_nothing_contradicts_is_said_to_be_so_and_noted_nowhere(
    talk: Conversation, tmp_path: Path
) -> None:
    path = tmp_path / "price list.csv"
    path.write_text("Question,Answer\nHow much is a parking permit?,A permit is $12 a month.\n")
    say(talk, "", files=[path])
    say(talk, "prepare the data")
    write_model(
        talk.project.brief,
        Brief(organisation="A shop", industry="retail", task="answer", audience="buyers", jurisdictions=["US"]),
    )
    assert say(talk, "hello").waiting_for == "inputs"
    assert "No other row says otherwise than price list.csv" in say(talk, "the price list is right").text
    assert read_brief(talk.project).inputs is None
