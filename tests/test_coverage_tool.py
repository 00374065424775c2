"""What the data covers, told after the preparation and when asked: "what is missing?", "it must also know about …"."""

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.choices import wanted_subjects
from assistant.conversation import Conversation
from assistant.understanding import Understanding
from finetune.data.coverage import Coverage
from finetune.evaluate import Evaluation, Metric
from finetune.example import Example
from finetune.files import read_json, write_json, write_jsonl
from finetune.project import Project
from tests.data.test_data_coverage import ASKED, rows
from tests.files import policy_docx
from tests.talking import say
from tools.brief import Brief
from tools.context import Context, Services
from tools.coverage import listed_subjects, rounds_measured, subjects_of
from tools.journey import Knowledge, Offered, read_brief, write_model
from tools.own import PAPER
from tools.registry import TOOLS


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return Services(tmp_path_factory.mktemp("services"))


@pytest.fixture
def context(home: Path, services: Services) -> Context:
    project = Project.open(home, "shop")
    write_model(project.brief, Brief(organisation="A lamp shop.", inputs="E-mails about refunds, parking and warranty"))
    return Context(project, services)


def call(context: Context, name: str, /, **arguments: Any) -> tuple[str, list[dict[str, Any]]]:
    tool = TOOLS[name][0]
    runtime = SimpleNamespace(context=context, state={"messages": []})
    text, artifact = tool.func(runtime, **arguments)  # type: ignore[attr-defined]
    return text, artifact["cards"]


def shop_csv(path: Path, *subjects: str) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Customer question", "Our answer"])
        for subject in subjects:
            for n, question in enumerate(ASKED[subject]):
                writer.writerow([question, f"On {subject}, point {n}: please ask at the counter of house {n + 3}."])
    return path


def test_the_preparation_tells_what_the_rows_are_about_and_what_is_missing(context: Context) -> None:
    shop_csv(context.project.files / "faq.csv", "refunds", "gift cards", "parking")
    call(context, "read_files", names=["faq.csv"])
    text, cards = call(context, "prepare_data")
    assert "Your 24 rows are about" in text and "nothing yet on warranty" in text
    card = next(card for card in cards if card["kind"] == "coverage")
    assert {s["subject"]: s["level"] for s in card["subjects"]}["warranty"] == "nothing"
    assert "nothing yet on warranty" in " ".join(read_json(context.project.report)["sentences"])
    stored = Coverage.model_validate(read_json(context.project.coverage))
    assert stored.additions[0].request.startswith("Ten real questions about warranty")


def test_subjects_named_in_the_chat_are_kept_in_the_brief_and_looked_for(context: Context) -> None:
    context.project.write_examples(rows("refunds", "parking"))
    text, _ = call(context, "data_coverage", wanted=["delivery times, and also the lamps' spare parts"])
    assert text.startswith("Noted as subjects it must know: delivery times, lamps' spare parts.")
    assert "nothing yet on delivery times, lamps' spare parts and warranty" in text
    assert "1. Ten real questions about delivery times, with the answers you would give." in text
    assert read_brief(context.project).topics == ["delivery times", "lamps' spare parts"]
    text, _ = call(context, "data_coverage", wanted=["Delivery times"])
    assert "Noted" not in text, "a subject is noted once"
    call(context, "undo_last")
    assert read_brief(context.project).topics == []


def test_kept_rules_that_no_row_touches_come_first(context: Context) -> None:
    context.project.write_examples(rows("refunds"))
    entry = next(e for e in context.services.library.entries() if e.kind == "rule" and "erasure" in e.name.lower())
    kept = Offered(id=entry.id, as_of=str(entry.as_of), fingerprint="x", reason="r", kept=True)
    write_model(context.project.knowledge, Knowledge(offered=[kept]))
    text, cards = call(context, "data_coverage")
    assert f"1. Three real questions where “{entry.name}” matters" in text
    assert any(s["what"] == "rule" and s["level"] == "nothing" for s in cards[0]["subjects"])


def test_headings_of_the_teams_documents_are_looked_for(context: Context) -> None:
    policy_docx(context.project.files / "policy.docx")
    call(context, "read_files", names=["policy.docx"])
    kept = [e for e in context.project.read_examples() if e.topic != "Complaints"]
    context.project.write_examples(kept)
    _, cards = call(context, "data_coverage")
    found = {s["subject"]: s["level"] for s in cards[0]["subjects"] if s["what"] == "heading"}
    assert found.keys() == {"Appointments", "Bills", "Insurance", "Records", "Complaints"}
    assert found["Complaints"] == "nothing" and found["Bills"] == "covered"


def test_a_heading_that_only_says_where_one_is_is_no_subject(context: Context) -> None:
    places = ["Part 0", "Table", "Chapter 3", "Sheet1", "Annex IV", "Appendix B", "Kapitel 2", "3.2"]
    subjects = ["Table bookings", "Parting gifts", "Civil claims", "Part-time work"]
    text = "\n\n".join(
        f"# {name}\n\nThe desk answers a request about point {n} within a week and files it."
        for n, name in enumerate([*places, *subjects])
    )
    (context.project.files / "guide.md").write_text(text, encoding="utf-8")
    call(context, "read_files", names=["guide.md"])
    context.project.write_examples(rows("refunds"))
    _, cards = call(context, "data_coverage")
    assert [s["subject"] for s in cards[0]["subjects"] if s["what"] == "heading"] == subjects


def test_what_a_document_is_called_is_no_subject(context: Context) -> None:
    """A title with text right below it, as a heading of any level or in plain words, is not asked about."""
    files = context.project.files
    hours, gloves = "The desk is open from 8 to 17 on weekdays.", "Gloves are changed after each patient who was here."
    called = "This was agreed on by the whole team in the spring of the year."
    (files / "a.md").write_text(f"# Bright Smile Rules of the House\n\n{called}\n\n## Opening hours\n\n{hours}\n")
    (files / "b.md").write_text(f"# Opening\n\n{hours}\n\n# Bright Smile Rules of the House\n\n{gloves}\n")
    (files / "c.txt").write_text(f"Bright Smile Staff Handbook 2026\n\n{called}\n\nHand hygiene\n\n{gloves}\n")
    call(context, "read_files", names=["a.md", "c.txt"])
    said, cards = call(context, "data_coverage")
    assert [s["subject"] for s in cards[0]["subjects"] if s["what"] == "heading"] == ["Opening hours", "Hand hygiene"]
    assert "Bright Smile" not in said + str(cards)
    call(context, "read_files", names=["b.md"])  # a title there is a section here
    _, cards = call(context, "data_coverage")
    assert "Bright Smile Rules of the House" in [s["subject"] for s in cards[0]["subjects"]]


@pytest.mark.parametrize(
    ("heading", "paper"),
    [
        ("Staff Handbook", True), ("Guide for Patients (version 3)", True), ("Front Desk Manual, 2.1", True),
        ("FAQ", True), ("Opening hours", False), ("Guided tours", False), ("Refund policy", False),
        ("Manual handling of loads", False), ("Returns: a guide", False),
    ],
)  # fmt: skip
def test_a_heading_may_name_a_whole_paper(heading: str, paper: bool) -> None:
    assert bool(PAPER.fullmatch(heading)) is paper


def test_a_document_without_rows_is_named_as_such_and_not_as_a_subject(context: Context) -> None:
    (context.project.files / "welcome.md").write_text("# Welcome letter\n\nDear colleague, enjoy your time with us.\n")
    policy_docx(context.project.files / "policy.docx")
    call(context, "read_files", names=["welcome.md", "policy.docx"])
    assert {e.source.file for e in context.project.read_examples()} == {"policy.docx"}
    said, cards = call(context, "data_coverage")
    told = "No row comes from welcome.md: I can look things up in it, but nothing is learnt from it."
    assert told in said and told in cards[0]["sentences"]
    assert "Welcome letter" not in said + str(cards)
    assert Coverage.model_validate(read_json(context.project.coverage)).unused == ["welcome.md"]
    context.project.write_examples(rows("refunds"))
    said, _ = call(context, "data_coverage")
    assert "No row comes from welcome.md and policy.docx: I can look things up in them" in said


def test_without_rows_it_says_so_and_what_to_do(context: Context) -> None:
    from finetune.errors import UserError

    with pytest.raises(UserError, match="no rows yet") as raised:
        call(context, "data_coverage")
    assert "Attach a file" in str(raised.value)


def test_the_briefs_words_give_the_subjects() -> None:
    brief = Brief(inputs="Questions by e-mail about bills, the opening hours and lost cards. Short ones.")
    assert subjects_of(brief) == ["bills", "opening hours", "lost cards"]
    assert subjects_of(Brief(inputs="Chat messages", topics=["refunds", "Refunds"])) == ["refunds"]
    assert listed_subjects("refunds; returns & exchanges, etc.") == ["refunds", "returns", "exchanges"]
    assert listed_subjects("a subject that has far more words than any name of one has") == []


WHAT_IS_MISSING = (
    "what is missing?", "What's still missing in my data?", "what should I add?", "what should we add next",
    "is my data diverse enough?", "what is it about?", "what are the rows mostly about?", "where are the gaps?",
    "how many more rows do I need?", "would 100 more rows help?", "which topics have too few rows?",
    "do we have enough examples?", "which rules are not covered yet?", "show me the topics",
)  # fmt: skip


@pytest.mark.parametrize("said", WHAT_IS_MISSING)
def test_people_ask_for_it_in_their_own_words(said: str, reader: Understanding) -> None:
    assert reader.read(said).sure("coverage")
    assert reader.read(said).intents[0].name == "coverage"


@pytest.mark.parametrize(
    "said", ["show me the data", "where are we?", "what is an adapter?", "skip", "prepare the data"]
)
def test_other_wishes_stay_what_they_are(said: str, reader: Understanding) -> None:
    assert not reader.read(said).sure("coverage")


@pytest.fixture(scope="module")
def reader(services: Services) -> Understanding:
    return Understanding(services.encode)


@pytest.mark.parametrize(
    ("said", "subjects"),
    [
        ("It must also know about refunds and parking", "refunds and parking"),
        ("the model should cover delivery times", "delivery times"),
        ("The topics are: refunds, parking", "refunds, parking"),
        ("add the topic warranty", "warranty"),
        ("should it know about refunds?", None),
        ("show me the rows about refunds", None),
    ],
)
def test_subjects_are_heard(said: str, subjects: str | None) -> None:
    assert wanted_subjects(said) == subjects


def test_in_conversation_the_gap_is_named_and_closed(talk: Conversation, tmp_path: Path) -> None:
    say(talk, "skip everything", "keep none", files=[])
    say(talk, "", files=[shop_csv(tmp_path / "faq.csv", "refunds", "gift cards")])
    say(talk, "prepare the data")
    assert "What is missing?" in say(talk, "skip this").options
    reply = say(talk, "it must also know about parking")
    assert "Noted as subjects it must know: parking." in reply.text and "nothing yet on parking" in reply.text
    assert "Ten real questions about parking" in reply.text
    assert any(card["kind"] == "coverage" for card in reply.cards)
    reply = say(talk, "which rows are about refunds?")
    assert "refund" in reply.text and not any(card["kind"] == "coverage" for card in reply.cards)
    say(talk, "", files=[shop_csv(tmp_path / "more.csv", "parking")])
    say(talk, "prepare the data")
    reply = say(talk, "what is missing?")
    assert "nothing yet" not in reply.text and reply.waiting_for == "approval:approve_data"


# Rounds


def round_tested(project: Project, trained: int, score: float, *, test: list[Example] | None = None) -> None:
    run = project.new_run()
    metric = Metric(
        name="Answer score", base=0.2, tuned=score, low=0.1, high=0.3, higher_is_better=True, rows=400, sentence=""
    )
    evaluation = Evaluation(
        run=run.name, verdict="better", advice="release", sentence="", to_do=[], metrics=[metric, metric], best=[],
        worst=[], checks=[], notes=[], test_rows=8, answered_rows=8, seed=7, adapter_sha256="", minutes=1.0,
    )  # fmt: skip
    write_json(run.evaluation, evaluation.model_dump())
    all_rows = rows("refunds") * 200
    write_jsonl(run.data("train"), (e.model_dump() for e in all_rows[:trained]))
    write_jsonl(run.data("test"), (e.model_dump() for e in (test or rows("parking"))))


def test_two_rounds_on_growing_rows_say_what_a_hundred_more_bring(context: Context) -> None:
    context.project.write_examples(rows("refunds", "parking"))
    round_tested(context.project, 200, 0.40)
    round_tested(context.project, 800, 0.60)
    text, _ = call(context, "data_coverage")
    assert "By your rounds (200 rows: 40%, 800 rows: 60%), 100 more rows: about +1 points" in text


def test_a_round_tested_on_other_rows_is_no_point_of_the_curve(context: Context) -> None:
    round_tested(context.project, 200, 0.40, test=rows("gift cards"))
    round_tested(context.project, 400, 0.50)
    round_tested(context.project, 800, 0.60)
    assert [point.rows for point in rounds_measured(context.project)] == [400, 800]


def test_with_one_round_the_seen_share_is_told_and_with_few_rows_nothing(context: Context) -> None:
    round_tested(context.project, 200, 0.40)
    context.project.write_examples(rows("refunds", "parking"))
    assert "I cannot tell what more rows would bring" in call(context, "data_coverage")[0]
    many = [e.model_copy(update={"split": "test" if n % 3 == 0 else "train"}) for n, e in enumerate(rows(*ASKED) * 3)]
    context.project.write_examples(many)
    assert "of the test questions have a near one among the training rows" in call(context, "data_coverage")[0]
