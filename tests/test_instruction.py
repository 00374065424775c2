"""The standing instruction stays short, and the checks follow from what the team says and does."""

from finetune.example import Example, Source, make_example
from tools.brief import Brief
from tools.instruction import SYSTEM_WORDS, behaviour_checks, required_sentences, system_message

DISCLAIMER = "This is no medical advice."


def rows(ending: str, count: int = 20) -> list[Example]:
    made = [
        make_example(
            f"What about case {n}?", f"Case {n} is handled at desk {n}. {ending}".strip(), source=Source(row=n)
        )
        for n in range(count)
    ]
    for number, example in enumerate(made):
        example.split = "test" if number % 5 == 0 else "train"
    return made


def test_the_instruction_says_for_whom_and_what_never_in_few_words() -> None:
    brief = Brief(organisation="a dental practice", audience="patients", never=["give a diagnosis"] * 30)
    message = system_message(brief, [])
    assert message.startswith("You work for a dental practice. You write for patients.")
    assert len(message.split()) <= SYSTEM_WORDS


def test_a_sentence_the_team_always_says_becomes_a_check() -> None:
    examples = rows(DISCLAIMER)
    assert required_sentences(examples) == [DISCLAIMER]
    checks = behaviour_checks(Brief(task="answer"), [], examples)
    assert checks and all(check["must_contain"] == [DISCLAIMER] for check in checks)
    tested = {e.question for e in examples if e.split == "test"}
    assert {check["prompt"] for check in checks} <= tested


def test_answers_without_a_habit_give_no_such_check() -> None:
    assert behaviour_checks(Brief(task="answer"), [], rows("")) == []


def test_what_must_never_be_done_is_asked_for() -> None:
    checks = behaviour_checks(Brief(task="answer", never=["give a diagnosis"]), [], rows(""))
    assert [check["refuse"] for check in checks] == [True]
