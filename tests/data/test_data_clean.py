"""What the preparation notices in rows: languages, frames, dates that have passed, contradictions, other wordings."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.data.clean import normalised
from finetune.data.contradictions import find_conflicts
from finetune.data.duplicates import cut_off, find_duplicates, related_groups
from finetune.data.frames import asked, core_of, repeated_sentences
from finetune.data.meaning import close_pairs, same_in_meaning
from finetune.data.outdated import outdated
from finetune.data.prepare import prepare
from finetune.data.wrong_language import in_other_languages
from finetune.example import Example, Kind, Source, make_example
from tests.benchmarks.planted import judge, make, read

TODAY = date(2025, 6, 15)
REFUND = "Refunds go to the card you paid with within 30 days of the request, without any fee."


def row(question: str, answer: str, number: int = 1, kind: Kind = "faq") -> Example:
    return make_example(question, answer, source=Source(file="faq.csv", row=number), kind=kind)


def word(chance: random.Random) -> str:
    return "".join(chance.choices("bdfgklmnprstaeiou", k=14))


def rows(*pairs: tuple[str, str]) -> list[Example]:
    return [row(question, answer, number) for number, (question, answer) in enumerate(pairs, 2)]


# Languages


ENGLISH = ("What do I do with the old card?", "You can cut it and put it in the bin, we have blocked it for you.")
SPANISH = ("¿Qué hago con la tarjeta vieja?", "La puede cortar y tirar, porque ya está bloqueada para que no se use.")
GERMAN = ("Was mache ich mit der alten Karte?", "Die können Sie zerschneiden, denn wir haben sie für Sie gesperrt.")


def many(pair: tuple[str, str], count: int) -> list[Example]:
    return [row(f"{pair[0]} ({n})", f"{pair[1]} ({n})", n) for n in range(count)]


def test_a_few_rows_in_another_language_are_left_out_and_said_to_be() -> None:
    prepared = prepare([*many(ENGLISH, 60), *rows(SPANISH, GERMAN)])
    assert prepared.report.dropped == {"in another language (Spanish)": 1, "in another language (German)": 1}


def test_a_language_that_many_rows_have_is_the_teams_own() -> None:
    assert in_other_languages([*many(ENGLISH, 60), *many(SPANISH, 25)]) == {}


def test_the_languages_of_the_brief_decide() -> None:
    mixed = [*many(ENGLISH, 60), *many(SPANISH, 25)]
    assert len(in_other_languages(mixed, ["en"])) == 25
    assert in_other_languages(mixed, ["en", "es"]) == {}


def test_where_nearly_all_rows_are_in_another_language_the_brief_is_wrong_and_not_they() -> None:
    assert prepare(many(SPANISH, 30), languages=["en"]).report.dropped == {}


def test_rows_too_short_to_tell_and_translations_are_not_judged() -> None:
    short = rows(("Tarjeta?", "No."), ("Was?", "Ja."), (f"Translate: {SPANISH[1]}", ENGLISH[1]))
    assert in_other_languages([*many(ENGLISH, 60), *short]) == {}


# Frames


def test_a_greeting_and_a_signature_are_no_part_of_the_answer() -> None:
    framed = f"Dear Ms Example,\n\nThank you for contacting us. {REFUND}\n\nKind regards\nYour service team"
    assert core_of(framed, Counter(), normalised) == REFUND
    assert core_of("Kind regards\nAnna", Counter(), normalised) == "Kind regards\nAnna", "nothing else is there"


def test_sentences_that_frame_many_answers_are_told_and_not_compared() -> None:
    notice = "This answer is no legal advice and binds nobody at all."
    chance = random.Random(3)
    answers = [f"It is about {word(chance)} and {word(chance)}. {notice}" for _ in range(40)]
    assert repeated_sentences(answers, normalised) == {normalised(notice): 40}
    raw = [row(f"What about {word(chance)}?", answer, n) for n, answer in enumerate(answers)]
    assert f"“{notice}” (40 ×)" in " ".join(prepare(raw).report.sentences)
    assert len(set(related_groups(raw))) == 40, "a notice that all rows share ties none of them"


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("Hello, is it open?", "is it open?"), ("Good morning! Quick question: is it open?", "is it open?"),
        ("Dear team, is it open?", "is it open?"), ("Hello", "Hello"), ("Question 7 is open?", "Question 7 is open?"),
    ],
)  # fmt: skip
def test_what_is_said_before_a_question_is_no_part_of_it(said: str, question: str) -> None:
    assert asked(said) == question


# Dates


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("The offer is valid until 31 March 2023.", "until 31 March 2023"),
        ("Please apply by 2024-01-31.", "apply by 2024-01-31"),
        ("As of 2019 we charge 4 euros.", "As of 2019"),
        ("From 1 July 2021 the fee will rise to 5 euros.", "From 1 July 2021 the fee will"),
        ("Das Angebot gilt bis 31. März 2023.", "bis 31. März 2023"),
        ("The offer is valid until 31 March 2031.", None),
        ("The clinic was founded in 1998.", None),
        ("We were in Mill Street until 2019.", None),
        ("Section 2019 applies until the claim is closed.", None),
        ("As of January 2025 we charge 4 euros.", None),
        ("The form from 2020 may be used.", None),
        ("The deadline is 03/04/2099.", None),
        ("It ends on 31.02.2020.", None),
    ],
)
def test_only_a_date_that_something_holds_until_makes_an_answer_old(answer: str, words: str | None) -> None:
    assert outdated(answer, TODAY) == words


def test_an_old_answer_is_marked_and_kept_and_the_mark_goes_when_it_is_mended() -> None:
    old = row("Until when does it last?", "The summer price is valid until 31 August 2021.")
    (marked,) = prepare([old], today=TODAY).examples
    assert marked.status == "proposed" and marked.reasons == ["may be out of date: “until 31 August 2021”"]
    mended = marked.model_copy(deep=True)
    mended.messages[-1].content = "The summer price is valid until 31 August 2031."
    assert prepare([mended], today=TODAY).examples[0].reasons == []


# Duplicates


def test_a_left_out_copy_names_its_row_and_comes_back_when_that_row_goes() -> None:
    raw = rows(("How long does it take?", REFUND), ("How long does it taek?", REFUND))
    once = prepare(raw).examples
    assert once[1].reasons == ["nearly the same as row 1"]
    gone = once[0].model_copy(update={"status": "dropped", "reasons": ["dropped by you"]})
    assert [e.status for e in prepare([gone, once[1]]).examples] == ["dropped", "proposed"]


def test_of_an_answer_and_its_beginning_the_whole_one_is_kept() -> None:
    raw = rows(("How long does it take?", REFUND[:60]), ("How long does it take?", REFUND))
    (cluster,) = find_duplicates(raw)
    assert cluster.ids[0] == raw[1].id


def test_a_sentence_that_goes_on_with_a_condition_is_no_cut_off_one() -> None:
    whole = "You can end the contract at any time before it starts."
    assert cut_off("You can end the contract at any time.", whole) is None
    assert cut_off("You can end the contract at any", whole) == "You can end the contract at any"


def test_a_word_in_the_place_of_another_makes_another_answer() -> None:
    other = REFUND.replace("card", "bank")
    assert find_duplicates(rows(("How long does it take?", REFUND), ("How long does it take?", other))) == []


def test_numbers_in_words_are_the_same_numbers() -> None:
    raw = rows(("How long does it take?", REFUND), ("How long does it take?", REFUND.replace("30", "thirty")))
    assert len(find_duplicates(raw)) == 1


# Contradictions


@pytest.mark.parametrize(
    ("question", "answer", "conflict"),
    [
        ("How long does a refund take?", REFUND.replace("30", "60"), True),
        ("Hello, how long does a refnud take?", REFUND.replace("30", "60"), True),
        ("How long does a refund take?", REFUND.replace("30", "thirty"), False),
        ("How long does a refund take?", f"Dear customer,\n{REFUND}\nKind regards", False),
        ("How long does a refund take?", REFUND[:50], False),
        ("How long does an exchange take?", REFUND.replace("30", "60"), False),
    ],
)
def test_answers_conflict_where_they_differ_in_what_matters(question: str, answer: str, conflict: bool) -> None:
    found = find_conflicts(rows(("How long does a refund take?", REFUND), (question, answer)))
    assert bool(found) == conflict


@pytest.mark.parametrize("polite", ["asap", "thanks", "pls", "thx", "urgent", "hey"])
def test_a_question_asked_with_another_polite_word_is_the_same(polite: str) -> None:
    answer = "Our front desk turns it off on the same day."
    raw = rows(("how do i turn off courtesy pay", answer), (f"how do i turn off courtesy pay {polite}", answer))
    assert len(find_duplicates(raw)) == 1


def test_rows_the_program_made_are_not_shown_as_contradicting_one_another() -> None:
    asked = "Can you tell people which medicine to give?"
    made = [
        row(asked, f"I cannot tell people that; {more}.", n, "refusal") for n, more in enumerate(("call 1", "ask 2"))
    ]
    assert find_conflicts(made) == []
    assert find_conflicts([*made, row(asked, "Give ten drops of it.", 3)]), "a row of the team's against ours is one"


def test_rows_with_the_same_answer_stand_together_in_a_conflict() -> None:
    yes = [("open on sunday", "Yes, from nine."), ("Open on Sunday", "Yes from 9")]
    raw = rows(("Open on Sunday?", "No, we are closed."), *yes)
    (conflict,) = find_conflicts(raw)
    assert conflict.answers == ((raw[0].id,), (raw[1].id, raw[2].id))


def test_conflicting_rows_stand_on_one_side_of_the_split() -> None:
    chance = random.Random(3)
    raw = [row(f"Ask {word(chance)}?", f"Say {word(chance)} {word(chance)}", n) for n in range(150)]
    raw += rows(("How long does a refund take?", REFUND), ("How long does a refnud take?", "In 60 days."))
    for seed in range(8):
        assert len({e.split for e in prepare(raw, seed=seed).examples[-2:]}) == 1


# Meaning


def by_words(groups: Sequence[Sequence[str]]) -> Any:
    """An encoder for which texts of one group point the same way, and all others nowhere near."""

    def encode(texts: Sequence[str]) -> Any:
        found = np.random.default_rng(5).normal(size=(len(texts), 64)).astype(np.float32)
        for place, text in enumerate(texts):
            for number, group in enumerate(groups):
                if text in group:
                    found[place] = np.random.default_rng(100 + number).normal(size=64)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    return encode


LATE = ("Money comes back to your account within four weeks at the latest.", REFUND)


def test_rows_that_mean_the_same_are_kept_on_one_side_of_the_split() -> None:
    chance = random.Random(3)
    raw = [row(f"Ask {word(chance)}?", f"Say {word(chance)} {word(chance)}", n) for n in range(150)]
    raw += rows(("When do I see my money again?", LATE[0]), ("How long does a refund take?", LATE[1]))
    encode = by_words([[e.question for e in raw[-2:]], LATE])
    for seed in range(8):
        prepared = prepare(raw, seed=seed, encode=encode)
        assert len({e.split for e in prepared.examples[-2:]}) == 1 and prepared.report.reworded == 1
    assert "in other words" in " ".join(prepared.report.sentences)


def test_questions_alike_with_answers_that_name_other_things_do_not_mean_the_same() -> None:
    raw = rows(
        ("Cost of the silver card?", "The silver card costs 5."), ("Cost of the gold card?", "The gold card costs 9.")
    )
    encode = by_words([[e.question for e in raw], [e.answer for e in raw]])
    assert same_in_meaning(raw, encode) == []


def test_without_an_encoder_it_is_said_that_words_alone_were_compared() -> None:
    report = prepare(rows(ENGLISH)).report
    assert report.reworded is None and "by their words only" in " ".join(report.sentences)


def test_close_pairs_are_found_among_many_as_among_few() -> None:
    random_vectors = np.random.default_rng(1)
    vectors = random_vectors.normal(size=(6000, 32)).astype(np.float32)
    copies = vectors[:300] + 0.1 * random_vectors.normal(size=(300, 32)).astype(np.float32)
    every = np.concatenate([vectors, copies])
    every /= np.linalg.norm(every, axis=1, keepdims=True)
    found = set(close_pairs(every, 0.9))
    assert sum((n, 6000 + n) in found for n in range(300)) >= 0.97 * 300
    assert len(found) < 330


# Planted faults


def test_most_planted_faults_are_found_and_good_rows_left_alone(tmp_path: Path) -> None:
    plan = make(500, seed=9)
    examples, ids = read(plan, tmp_path)
    outcome = judge(plan, prepare(examples), ids)
    whole = {"question in other words", "synonyms"}  # two wordings of one fact: kept, on one side of the split
    for way, counts in outcome.by_way["copies"].items():
        assert counts["missed"] == 0, way
        assert way in whole or counts["found"] == counts.total(), way
    assert outcome.recall("contradictions") >= 0.7, "the rest needs an encoder"
    assert all(counts["lost"] == 0 for counts in outcome.by_way["contradictions"].values())
    assert outcome.recall("leaks") >= 0.6
    assert outcome.recall("personal") >= 0.85
    assert sum(outcome.false_alarms.values()) <= 0.01 * outcome.good_rows, outcome.false_alarms
