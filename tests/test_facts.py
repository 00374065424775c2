"""Facts people state about themselves, found by words alone."""

from typing import Any

import pytest

from assistant.facts import read_facts
from assistant.understanding import MAYBE, SURE
from tools.brief import Pair


def sure(text: str, name: str, asked: str | None = None) -> Any:
    """The value of a fact that may be acted on, else None."""
    fact = read_facts(text, asked=asked).facts.get(name)
    return fact.value if fact and fact.score >= SURE else None


@pytest.mark.parametrize(
    ("text", "industry"),
    [
        ("we're a dental practice in Ohio", "healthcare"),
        ("I run a small veterinary clinic", "other"),
        ("we run clinical trials", "pharma"),
        ("we are a credit union with 30 people", "banking"),
        ("I'm a mortgage broker", "banking"),
        ("our insurance agency insures farmers", "insurance"),
        ("we're a three person accounting firm", "accounting"),
        ("a law office in Austin, we are", "legal"),
        ("we are the admissions office of a university", "education"),
        ("I work in human resources", "hr"),
        ("we have an online shop for shoes", "retail"),
        ("we are the support desk of a software company", "support"),
        ("we are the support desk of a bank", "banking"),
        ("our factory makes car parts", "manufacturing"),
        ("we're the city council", "public"),
        ("somos una clínica dental", "healthcare"),
        ("wir sind eine Anwaltskanzlei", "legal"),
    ],
)
def test_an_industry_is_known_by_what_a_team_calls_itself(text: str, industry: str) -> None:
    assert sure(text, "industry") == industry


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("we are in Ohio", ["US-OH"]),
        ("Columbus, Ohio", ["US-OH"]),
        ("our clients live in Portland, OR", ["US-OR"]),
        ("Boston, MA and Portland, ME", ["US-MA", "US-ME"]),
        ("we serve people across Europe", ["EU"]),
        ("Germany, Austria and Switzerland", ["DE", "AT", "CH"]),
        ("we work in the UK", ["UK"]),
        ("all over the United States", ["US"]),
        ("we are in the US", ["US"]),
        ("we're in Paris, Texas", ["US-TX"]),
        ("Atlanta, Georgia", ["US-GA"]),
        ("Georgia, USA", ["US-GA"]),
        ("West Virginia", ["US-WV"]),
        ("Washington, DC", ["US-DC"]),
        ("in New Mexico", ["US-NM"]),
        ("only Canada, not the US", ["CA"]),
        ("London", ["UK"]),
    ],
)
def test_places_become_codes(text: str, places: list[str]) -> None:
    assert sure(text, "jurisdictions") == places


@pytest.mark.parametrize(
    "text",
    [
        "call us in the morning, tell me or write",
        "ok hi, it is up to us",
        "Georgia",
        "we moved to Washington",
        "do you support insurers in Texas?",
        "please polish the answers",
        "CALL US NOW",
    ],
)
def test_a_doubtful_place_is_never_acted_on(text: str) -> None:
    assert sure(text, "jurisdictions") is None


def test_us_is_a_country_where_a_country_was_asked_for() -> None:
    assert sure("us", "jurisdictions", asked="jurisdictions") == ["US"]
    assert "jurisdictions" not in read_facts("it helps us").facts


@pytest.mark.parametrize(
    ("text", "stated", "removed"),
    [
        ("no, the EU, not the US", ["EU"], ["US"]),
        ("not the EU or the UK, only Canada", ["CA"], ["EU", "UK"]),
        ("no, not Ohio, Michigan", ["US-MI"], ["US-OH"]),
        ("we don't serve Texas anymore", None, ["US-TX"]),
        ("Ohio instead of Michigan", ["US-OH"], ["US-MI"]),
        ("not only Ohio", ["US-OH"], None),
    ],
)
def test_what_is_corrected_away_is_removed(text: str, stated: list[str] | None, removed: list[str] | None) -> None:
    reading = read_facts(text)
    assert sure(text, "jurisdictions") == stated
    assert reading.removed.get("jurisdictions") == removed


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("patients keep asking about billing", "answer"),
        ("it should answer our members' questions", "answer"),
        ("sort incoming e-mails into categories", "classify"),
        ("triage tickets", "classify"),
        ("draft replies to complaints", "draft"),
        ("summarise long reports", "summarise"),
        ("pull the amount out of invoices", "extract"),
    ],
)
def test_a_task_is_known_by_its_verb(text: str, task: str) -> None:
    assert sure(text, "task") == task


def test_two_tasks_in_one_breath_are_asked_about() -> None:
    fact = read_facts("it should classify tickets and summarise calls").facts["task"]
    assert MAYBE <= fact.score < SURE


def test_answered_mails_are_data_and_no_task() -> None:
    reading = read_facts("we have 300 answered e-mails").facts
    assert reading["data"].value == "300 answered e-mails"
    assert "task" not in reading


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("a team of 12", "size", "team of 12"),
        ("about 40 staff", "size", "about 40 staff"),
        ("it's just me", "size", "it's just me"),
        ("we're 5", "size", "5"),
        ("our members keep asking about loans", "audience", "members"),
        ("it is read by our own staff", "audience", "our own staff"),
        ("a friendly tone, please", "tone", "friendly"),
        ("it should sound formal but warm", "tone", "formal but warm"),
        ("messages come in English and Spanish", "languages", ["en", "es"]),
        ("it must run on our own server", "deployment", "on our own server"),
        ("we only have PDFs", "data", "PDFs"),
        ("we have no data yet", "data", "no data yet"),
        ("what comes in is a short e-mail", "inputs", "a short e-mail"),
        ("a good answer is short and names the next step", "right_answer", "short and names the next step"),
        ("an answer is wrong if it invents a fee", "wrong_answer", "it invents a fee"),
        ("it must never give a diagnosis or promise an outcome", "never", ["give a diagnosis", "promise an outcome"]),
        ("don't ever promise a refund", "never", ["promise a refund"]),
    ],
)
def test_other_fields_are_taken_in_the_users_words(text: str, name: str, value: Any) -> None:
    assert sure(text, name) == value


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("we have 4,000 members", "size"),
        ("we get 300 e-mails a day", "data"),
        ("we are looking for help", "organisation"),
        ("we're in Ohio", "organisation"),
        ("I never know what to say", "never"),
        ("what sort of model is it", "task"),
    ],
)
def test_look_alikes_are_no_facts(text: str, name: str) -> None:
    assert sure(text, name) is None


def test_readers_can_be_corrected_too() -> None:
    reading = read_facts("no, the members, not the staff")
    assert reading.facts["audience"].value == "members"
    assert reading.removed == {"audience": ["staff"]}


def test_everywhere_is_a_question_not_a_place() -> None:
    fact = read_facts("worldwide", asked="jurisdictions").facts["jurisdictions"]
    assert MAYBE <= fact.score < SURE


def test_cases_are_read_from_question_and_answer_lines() -> None:
    text = "Q: Do you take walk-ins?\nA: Yes, before ten.\nQ: Where do I park?\nA: Behind the house."
    assert read_facts(text).facts["pairs"].value == [
        Pair(question="Do you take walk-ins?", answer="Yes, before ten."),
        Pair(question="Where do I park?", answer="Behind the house."),
    ]


def test_evidence_is_in_the_users_own_words() -> None:
    text = "We're a dental practice in Columbus, with 12 people"
    for name, fact in read_facts(text).facts.items():
        assert all(part in text for part in fact.evidence.split(", ")), name
