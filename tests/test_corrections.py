"""Putting an earlier answer right, in the user's own words."""

import pytest

from assistant.choices import ON_ITS_DOING
from assistant.conversation import Conversation
from assistant.corrections import Correction, corrections, moved, named_field, second_thought
from tests.talking import say
from tests.test_deletion import use
from tools.brief import Brief, Pair
from tools.journey import in_use, read_brief, write_model


def first(text: str, asked: str | None = None) -> Correction | None:
    return next(corrections(text, asked=asked), None)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("change the audience to staff", {"audience": "staff"}),
        ("please set the team size to 12", {"size": "12"}),
        ("no, the tone should be warm", {"tone": "warm"}),
        ("industry is healthcare after all", {"industry": "healthcare"}),
        ("outputs is wrong. it should be a full letter", {"outputs": "a full letter"}),
        ("change my answer about the audience to nurses", {"audience": "nurses"}),
    ],
)
def test_a_field_is_named_and_given_another_value(text: str, values: dict[str, str]) -> None:
    correction = first(text)
    assert correction is not None
    assert correction.values == values
    assert correction.replaces


@pytest.mark.parametrize(
    "text",
    [
        "change row 3 to: call us",
        "the tone is too formal",
        "our practice is small",
        "the rules are wrong",
        "remove the second row",
        "remove the data",
        "go back to the tone",
        "the tone is warm. We are in Texas",
    ],
)
def test_look_alikes_correct_nothing(text: str) -> None:
    assert first(text) is None


def test_a_field_is_emptied() -> None:
    for text in ("forget the tone", "please remove the tone", "clear what I said about the tone"):
        assert first(text) == Correction(cleared=frozenset({"tone"})), text


def test_one_field_takes_the_words_of_another() -> None:
    assert first("calm is the tone, not the data") == Correction({"tone": "calm"}, frozenset({"data"}))


def test_a_quoted_ban_is_taken_back() -> None:
    for text in ('never: "quote a price" is wrong, remove it', 'remove "quote a price" from never'):
        assert first(text) == Correction(removed={"never": ["quote a price"]}), text


def test_a_list_named_with_a_colon_is_added_to_and_a_changed_one_is_replaced() -> None:
    added, changed = first("languages: English and German"), first("change the languages to English and German")
    assert added is not None
    assert changed is not None
    assert (added.replaces, changed.replaces) == (False, True)


def test_the_right_answer_is_the_brief_s_only_during_the_interview() -> None:
    assert first("the right answer is: call us") is None
    assert first("the right answer is: call us", asked="never") is not None


def test_second_thoughts_are_the_last_words() -> None:
    thought = second_thought("who reads it? our staff. no wait, customers")
    assert thought is not None
    assert (thought.after, thought.field) == ("customers", "audience")
    assert second_thought("what I mean is that we serve Ohio") is None
    assert second_thought("no wait") is None


def test_moving_is_told_from_a_move_within_a_sentence() -> None:
    assert moved("we've just moved to California")
    assert not moved("patients moved to another room")


def test_only_whole_names_name_a_field() -> None:
    assert named_field("who reads it") == "audience"
    assert named_field("tone of the row") is None


PRICE = "What is a home visit?"
RABBITS = Pair(question="Do you see rabbits?", answer="Yes, we do.")
COMPLAINT = "why did you take the remarks from the price list as answers? the price is the answer"


@pytest.mark.parametrize(
    "said",
    [
        "thats not an example, remove it pls",
        "No, that is not a real example.",
        "delete the last pair",
        f'delete the example "{PRICE}"',
    ],
)
def test_a_case_that_was_none_goes_from_the_brief_and_from_the_rows(talk: Conversation, said: str) -> None:
    write_model(talk.project.brief, Brief(pairs=[RABBITS, Pair(question=PRICE, answer="It is 55 pounds.")]))
    use(talk.context, "prepare_data")
    assert PRICE in [row.question for row in in_use(talk.project.read_examples())]
    say(talk, said)
    assert read_brief(talk.project).pairs == [RABBITS]
    use(talk.context, "prepare_data")
    assert PRICE not in [row.question for row in in_use(talk.project.read_examples())]


def test_the_case_that_is_quoted_goes_and_no_other(talk: Conversation) -> None:
    pairs = [Pair(question=PRICE, answer="It is 55 pounds."), RABBITS]
    write_model(talk.project.brief, Brief(pairs=pairs))
    say(talk, f"remove the example “{PRICE}”")
    assert read_brief(talk.project).pairs == pairs[1:]


def test_a_word_to_the_assistant_on_what_it_did_is_no_case() -> None:
    assert ON_ITS_DOING.match(COMPLAINT)
    for case in (
        "Why did you charge me twice? It is taken once.",
        "why do you not take cards? we do, at the desk",
    ):
        assert not ON_ITS_DOING.match(case)
