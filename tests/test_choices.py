"""Which columns, which rows and what to replace, read from ordinary sentences."""

from typing import Any

import pytest

from assistant.choices import columns_in, replacement_in, rows_about, view_in

LETTERS = ["A", "B", "C", "D"]
NAMES = ["Ticket no", "Customer text", "Agent reply", "Team"]
PLAIN = ["id", "question", "answer", "reply"]


@pytest.mark.parametrize(
    "said",
    [
        "B is what people write, C is what we answer, A is just an id",
        "column B is the question, C the answer",
        "B -> C",
        "B → C",
        "b->c",
        "use columns B and C",
        "question: B, answer: C",
        "answer: C, question: B",
        "the question is in column B, the answer in C",
        "No, the answers are in C and the questions are in B.",
        "columns b and c please",
        "Use B as the question and C as the answer",
        "B = question, C = answer",
        "A is an id. B holds the customer's question and C has our answer, D is a team",
        "I think B is what customers ask and C is what we reply",
        "question B answer C",
        "B and C",
        "B is the message, C is the reply",
        "B is the inbound, C the outbound",
        "it's B and C",
        "from B to C",
        "use the columns B and C, ignore A",
        "Column B contains what customers wrote. Column C contains what our agents replied.",
        "A is the ticket id, B is the customer's text, C is what we wrote back, D is the team",
        "the second column is what people ask and the third is our answer",
        "column 2 is the question and column 3 the answer",
        "B is the question. Ignore A and D. C is the answer.",
    ],
)
def test_columns_of_one_letter_are_understood_from_ordinary_sentences(said: str) -> None:
    assert columns_in(said, LETTERS) == ("B", "C")


@pytest.mark.parametrize(
    "said",
    [
        "Customer text is the question, Agent reply the answer",
        "customer text -> agent reply",
        "use the columns customer text and agent reply",
        'the question is in "Customer text" and the answer in "Agent reply"',
        "the question column is customer text and the answer column is agent reply",
        "people write in the customer text column; the answer is agent reply, the question is customer text",
    ],
)
def test_columns_with_long_names_are_understood_in_any_case(said: str) -> None:
    assert columns_in(said, NAMES) == ("Customer text", "Agent reply")


def test_a_header_that_is_also_an_ordinary_word_is_told_from_the_word() -> None:
    assert columns_in("the answer is in reply", PLAIN, question="question", answer="answer") == ("question", "reply")
    assert columns_in("reply is the answer", PLAIN, question="question", answer="id") == ("question", "reply")
    assert columns_in("question -> reply", PLAIN) == ("question", "reply")
    assert columns_in("this question has a wrong answer", PLAIN, question="question", answer="answer") is None


@pytest.mark.parametrize(
    ("said", "columns"),
    [
        ("the answers are in C", ("B", "C")),
        ("answer column is C", ("B", "C")),
        ("the answer is column D", ("B", "D")),
        ("the question is column D", ("D", "A")),
        ("swap the columns", ("A", "B")),
        ("no, it is the other way round", ("A", "B")),
        ("A is the question", ("A", "B")),
    ],
)
def test_what_is_not_said_stays_as_it_was_or_changes_places(said: str, columns: tuple[str, str]) -> None:
    assert columns_in(said, LETTERS, question="B", answer="A") == columns


@pytest.mark.parametrize(
    "said",
    [
        "prepare the data",
        "a customer asked a question and got an answer",
        "I have a question about the answer",
        "what is a test set?",
        "Is this a question?",
        "ignore columns A and D",
        "show me rows 3 and 4",
        "we answer e.g. questions about cards",
        "drop row 3",
        "why do you ask?",
        "approved",
        "It's the team's work",
    ],
)
def test_ordinary_talk_names_no_columns(said: str) -> None:
    assert columns_in(said, LETTERS, question="B", answer="A") is None


@pytest.mark.parametrize(
    "said", ["our team answers questions by e-mail", "We use the customer text to answer", "please sort by team"]
)
def test_talk_with_words_that_are_headers_names_no_columns(said: str) -> None:
    assert columns_in(said, NAMES, question="Customer text", answer="Agent reply") is None


def test_a_column_said_to_be_an_id_is_not_kept() -> None:
    assert columns_in("A is just an id, C is the answer", ["A", "B", "C"], question="A", answer="B") == ("B", "C")


def test_nothing_to_swap_is_no_choice() -> None:
    assert columns_in("swap the columns", LETTERS) is None


@pytest.mark.parametrize(
    ("said", "view"),
    [
        ("show me rows 21 to 40", {"start": 20}),
        ("rows 21-40", {"start": 20}),
        ("show row 300", {"row": 300}),
        ("Show me the last rows", {"start": -20}),
        ("find rows about diabetes", {"containing": "diabetes"}),
        ("show me everything about late fees", {"containing": "late fees"}),
        ('search for "working days"', {"containing": "working days"}),
        ("which rows mention a parcel?", {"containing": "parcel"}),
        ("drop all rows about parcels", {"containing": "parcels"}),
        ("show me the test rows", {"split": "test"}),
        ("can I see the training data?", {"split": "train"}),
        ("show me the rejected rows", {"only": "dropped"}),
        ("which rows did you leave out? the dropped rows", {"only": "dropped"}),
        ("show me the rows you dropped", {"only": "dropped"}),
        ("show me the ones with personal data", {"only": "personal"}),
        ("the ones with personal data", {"only": "personal"}),
        ("which questions have different answers?", {"only": "contradictions"}),
        ("show me the contradictions", {"only": "contradictions"}),
        ("which files have you read?", {"only": "files"}),
        ("show me the rows you made", {"only": "made"}),
        ("page 2", {"start": 20}),
        ("show me the final 20 rows", {"start": -20}),
        ("how many rows about parking are there?", {"containing": "parking"}),
        ("anything about parking?", {"containing": "parking"}),
        ("what did you throw away?", {"only": "dropped"}),
        ("show me rows with names in them", {"only": "personal"}),
        ("next 20", {"more": True}),
        ("more", {"more": True}),
        ("show me more rows", {"more": True}),
        ("next page please", {"more": True}),
    ],
)
def test_the_part_of_the_data_that_is_wanted_is_understood(said: str, view: dict[str, Any]) -> None:
    assert view_in(said) == view


@pytest.mark.parametrize(
    "said",
    [
        "show me the data",
        "row 2 should answer: We open at nine.",
        "drop rows 3 and 4",
        "approved",
        "prepare the data",
        "We sell more than cars",
        "change row 5",
    ],
)
def test_what_names_no_part_of_the_data_gives_none(said: str) -> None:
    assert view_in(said) is None


def test_rows_to_drop_may_be_named_by_their_words() -> None:
    assert rows_about("drop all rows about parcels") == "parcels"
    assert rows_about('remove every row with the word "parcel"') == "parcel"
    assert rows_about("drop 3") is None
    assert rows_about("drop rows 3 and 4") is None


def test_a_wording_to_change_everywhere_is_understood() -> None:
    assert replacement_in('change "working days" to "business days" everywhere') == ("working days", "business days")
    assert replacement_in("replace working days with business days in all rows") == ("working days", "business days")
    assert replacement_in("call it reception instead of front desk everywhere") == ("front desk", "reception")
    assert replacement_in("change row 5 to We open at nine") is None
