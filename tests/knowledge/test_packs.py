"""The packs: complete, cited, in our own words, and true to the law's text."""

import json
from pathlib import Path
from typing import get_args

import pytest

from knowledge.__main__ import main
from knowledge.check import check, copied_words, numbers
from knowledge.coverage import COMMAND, coverage
from knowledge.entries import EVERY_INDUSTRY, Industry, Rule, Term, read_packs
from knowledge.errors import UserError
from tools.brief import INDUSTRY_NAMES


@pytest.fixture(scope="module")
def entries() -> list[Rule | Term]:
    return list(read_packs().values())


def test_the_packs_have_no_problem_of_their_own() -> None:
    assert check().problems == []


def test_the_packs_say_what_the_law_says(shared: Path) -> None:
    report = check(law=shared / "law")
    assert report.problems == []
    assert report.verified >= 300


@pytest.mark.parametrize("industry", sorted(INDUSTRY_NAMES))
def test_each_industry_has_rules_and_terms_enough(entries: list[Rule | Term], industry: str) -> None:
    own = [entry for entry in entries if industry in entry.industries]
    assert sum(entry.kind == "rule" for entry in own) >= 20
    assert sum(entry.kind == "term" for entry in own) >= 40


def test_the_page_of_what_is_covered_is_up_to_date(entries: list[Rule | Term]) -> None:
    page = Path(__file__).parents[2] / "knowledge" / "COVERAGE.md"
    assert page.read_text(encoding="utf-8") == coverage(entries), f"run {COMMAND} > {page.name}"


def test_the_packs_are_as_large_as_the_readme_says(entries: list[Rule | Term]) -> None:
    assert sum(entry.kind == "rule" for entry in entries) >= 220
    assert sum(entry.kind == "term" for entry in entries) >= 450


def test_privacy_and_ai_law_is_there_for_all(entries: list[Rule | Term]) -> None:
    common = [entry for entry in entries if EVERY_INDUSTRY in entry.industries]
    assert sum(entry.kind == "rule" for entry in common) >= 10
    assert sum(entry.kind == "term" for entry in common) >= 6
    assert {"EU", "UK", "US", "US-CA"} <= {entry.jurisdiction for entry in common}


def test_industries_are_those_of_the_brief() -> None:
    assert set(get_args(Industry)) == {EVERY_INDUSTRY, *INDUSTRY_NAMES}


def test_a_complying_answer_is_not_the_breaking_one(entries: list[Rule | Term]) -> None:
    rules = [entry for entry in entries if isinstance(entry, Rule)]
    assert all(rule.complying_answer != rule.breaking_answer for rule in rules)
    questions = [rule.customer_question for rule in rules]
    assert len(questions) == len(set(questions))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("within thirty days", {30}),
        ("two hundred and five items", {200, 5}),
        ("two hundred five", {205}),
        ("a fine of $1,500 or 4 %", {1500, 4}),
        ("up to 10 000 000 EUR", {10_000_000}),
        ("$1 million", {1, 1_000_000}),
        ("a 60-day period, forty-five days at most", {60, 45}),
        ("Article 6(1), § 1005.6 and 45 CFR 164.524", {45}),
        ("one may ask for one copy", set()),
        ("within one month", {1}),
    ],
)
def test_numbers_are_read_in_figures_and_in_words(text: str, expected: set[float]) -> None:
    assert numbers(text) == expected


def test_a_long_run_of_the_laws_own_words_is_seen() -> None:
    law = "The controller shall without undue delay and where feasible not later than 72 hours after, notify it."
    assert copied_words("You see: without undue delay and, where feasible, not later than 72 hours after", law)
    assert copied_words("It is told quickly, within 72 hours where that can be done at all.", law) == ""


LAW = {"section": "12", "title": "Replies", "text": "A reply is due within thirty days. A fee of $5 may be asked."}
RULE = {
    "id": "reply",
    "title": "Replying",
    "jurisdiction": "US",
    "instrument": "An act",
    "citation": "Act 12",
    "url": "https://example.org/act",
    "as_of": "2026-01-01",
    "verified": True,
    "law_key": "act",
    "section": "12",
    "summary": "An answer comes in 30 days and costs at most $5.",
    "for_model": "Say so.",
    "question_for_team": "How fast do you answer?",
    "customer_question": "When will you answer?",
    "complying_answer": "In 30 days.",
    "breaking_answer": "Never.",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "law").mkdir()
    (tmp_path / "law" / "act.jsonl").write_text(json.dumps(LAW) + "\n", encoding="utf-8")
    return tmp_path


def problems(folder: Path, **changes: object) -> list[str]:
    """What the check says about a pack of one rule with some fields changed; None takes a field away."""
    rule = {name: value for name, value in {**RULE, **changes}.items() if value is not None}
    packs = folder / "packs"
    packs.mkdir(exist_ok=True)
    # JSON is YAML too.
    (packs / "one.yaml").write_text(json.dumps({"industries": ["all"], "rules": [rule]}), encoding="utf-8")
    return check(packs, folder / "law").problems


def test_a_true_rule_passes(folder: Path) -> None:
    assert problems(folder) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"summary": "An answer comes in 40 days."}, "40 is not in section 12"),
        ({"summary": "An answer comes in one month."}, "1 is not in section 12"),
        ({"complying_answer": "In 90 days."}, "90 is not in section 12"),
        ({"section": "13"}, "no section 13"),
        ({"law_key": "nothing"}, "no section 12 in nothing"),
        ({"law_key": None, "section": None}, "names no section"),
        ({"citation": None}, "citation: Field required"),
        ({"url": "example.org"}, "url"),
        ({"jurisdiction": "Ohio"}, "jurisdiction"),
        ({"summary": "word " * 61}, "61 words"),
        ({"industries": ["astrology"]}, "industries"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_wrong_rule_is_named_with_its_problem(folder: Path, changes: dict[str, object], said: str) -> None:
    (problem,) = problems(folder, **changes)
    assert problem.startswith("reply: ")
    assert said in problem


def test_all_problems_of_a_pack_are_told_together(folder: Path) -> None:
    problems(folder, citation=None, url="nowhere")
    with pytest.raises(UserError) as caught:
        read_packs(folder / "packs")
    assert "citation" in caught.value.what and "url" in caught.value.what
    assert caught.value.action


def test_the_command_line_checks_and_lists(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []
    assert main(["list", "--industry", "support", "--jurisdiction", "UK"]) == 0
    listed = capsys.readouterr().out
    assert "Consumer Rights Act 2015" in listed
    assert "16 CFR 435.2" not in listed
