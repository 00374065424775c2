"""The tools of the data stage: what they show, change, count and refuse."""

import re
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from finetune.data.report import DataReport
from finetune.errors import UserError
from finetune.example import Example
from finetune.files import read_json
from finetune.project import Project
from tests.data.small_files import TICKETS
from tests.files import dental_csv
from tools.brief import Brief, Pair, Task
from tools.context import Context, Services
from tools.history import undo
from tools.instruction import behaviour_checks, scope, system_message
from tools.journey import read_sources, write_model
from tools.registry import TOOLS


@pytest.fixture
def context(home: Path) -> Context:
    project = Project.open(home, "clinic")
    write_model(project.brief, Brief(organisation="A dental clinic.", never=["Give a diagnosis."]))
    return Context(project, Services(home))


def call(context: Context, name: str, /, *, said: str = "", **arguments: Any) -> tuple[str, list[dict[str, Any]]]:
    """A tool's words and cards."""
    tool = TOOLS[name][0]
    runtime = SimpleNamespace(context=context, state={"messages": [HumanMessage(said)]})
    text, artifact = tool.func(runtime, **arguments)  # type: ignore[attr-defined]
    return text, artifact["cards"]


def read(context: Context, name: str, text: str) -> None:
    (context.project.files / name).write_text(text, encoding="utf-8")
    call(context, "read_files", names=[name])


@pytest.fixture
def prepared(context: Context) -> Context:
    dental_csv(context.project.files / "faq.csv")
    call(context, "read_files", names=["faq.csv"])
    call(context, "prepare_data")
    return context


def numbers(cards: list[dict[str, Any]]) -> list[int]:
    return [row["number"] for row in cards[0]["rows"]]


def examples(context: Context) -> list[Example]:
    return context.project.read_examples()


# Looking


def test_a_dropped_row_shifts_no_other_and_comes_back_by_its_number(prepared: Context) -> None:
    before = examples(prepared)
    text, _ = call(prepared, "drop_examples", rows=[3])
    assert text.startswith("1 row dropped;") and "Undo" in text
    _, cards = call(prepared, "show_data")
    assert numbers(cards) == [1, 2, *range(4, 21)]
    assert cards[0]["rows"][2]["id"] == before[3].id
    text, cards = call(prepared, "show_data", only="dropped")
    assert numbers(cards) == [3] and "dropped by you" in cards[0]["rows"][0]["source"]
    assert "Row 3 is left out" in call(prepared, "show_data", start=2)[0]
    text, cards = call(prepared, "restore_examples", rows=[3])
    assert text.startswith("1 row is back;") and numbers(cards) == [3]
    assert [e.id for e in examples(prepared)] == [e.id for e in before]
    assert examples(prepared)[2].split is not None
    call(prepared, "prepare_data")
    assert [e.id for e in examples(prepared)] == [e.id for e in before]
    assert examples(prepared)[2].status != "dropped", "what the user brought back stays"


def test_pages_follow_the_numbers(prepared: Context) -> None:
    count = len(examples(prepared))
    text, cards = call(prepared, "show_data", start=20)
    assert text == f"Rows 21 to 40 of {count}." and numbers(cards) == list(range(21, 41))
    assert numbers(call(prepared, "show_data", start=-5)[1]) == list(range(count - 4, count + 1))
    text, cards = call(prepared, "show_data", start=500)
    assert "last" in text and not cards


def test_rows_are_found_by_their_words_with_their_own_numbers(prepared: Context) -> None:
    _, cards = call(prepared, "show_data", containing="crowns")
    found = {n for n, e in enumerate(examples(prepared), 1) if "crown" in f"{e.question}{e.answer}".lower()}
    assert set(numbers(cards)) == found and found
    assert "No row" in call(prepared, "show_data", containing="submarine")[0]
    assert "No row" in call(prepared, "show_data", containing="rown")[0], "words are found from their beginning"


def test_a_first_look_at_the_test_rows_carries_one_warning(prepared: Context) -> None:
    text, cards = call(prepared, "show_data", split="test")
    assert {row["split"] for row in cards[0]["rows"]} == {"test"}
    assert text.count("Mind:") == 1 and "Mind:" not in call(prepared, "show_data", split="train")[0]


def test_different_answers_to_one_question_stand_together(context: Context) -> None:
    read(
        context,
        "faq.csv",
        "Question,Answer\nOpen on Sunday?,No we are closed.\nIs there parking?,Yes behind the house.\n"
        "open on sunday,Yes from nine.\nDo you take cards?,Yes all of them.\n",
    )
    call(context, "prepare_data")
    text, cards = call(context, "show_data", only="contradictions")
    assert [a["numbers"] for a in cards[0]["questions"][0]["answers"]] == [[1], [3]]
    assert "1 question has different answers" in text
    call(context, "drop_examples", rows=[3])
    assert call(context, "show_data", only="contradictions") == ("No two rows disagree.", [])


def test_rows_with_personal_data_and_the_files_can_be_shown(context: Context) -> None:
    read(context, "faq.csv", "Question,Answer\nOpen?,Yes.\nI am at anna@example.org please write,We will.\n")
    call(context, "prepare_data")
    text, cards = call(context, "show_data", only="personal")
    assert numbers(cards) == [2] and text == "1 row with personal data replaced."
    text, cards = call(context, "show_data", only="files")
    assert "1 file: faq.csv (2 examples)" in text and cards[0]["kind"] == "file"


# Changing


def test_all_rows_about_a_thing_are_dropped_and_undo_brings_them_back(prepared: Context) -> None:
    before = sum(e.status != "dropped" for e in examples(prepared))
    text, _ = call(prepared, "drop_examples", containing="crowns")
    left = sum(e.status != "dropped" for e in examples(prepared))
    assert text.startswith(f"{before - left} rows with “crowns” dropped; {left} are left.")
    report = DataReport.model_validate(read_json(prepared.project.report))
    assert report.kept == left == sum(report.by_split.values())
    undo(prepared.project)
    assert sum(e.status != "dropped" for e in examples(prepared)) == before
    with pytest.raises(UserError, match="submarine"):
        call(prepared, "drop_examples", containing="submarine")


def test_a_wording_is_changed_everywhere_and_counted(prepared: Context) -> None:
    old = [n for n, e in enumerate(examples(prepared), 1) if "front desk" in f"{e.question} {e.answer}"]
    text, cards = call(prepared, "edit_example", replace_from="front desk", replace_to="reception")
    assert f"in {len(old)} rows" in text and numbers(cards) == old[:20]
    assert not any("front desk" in e.answer for e in examples(prepared))
    assert sum("reception" in e.answer for e in examples(prepared)) == len(old)
    with pytest.raises(UserError, match="No row has the words"):
        call(prepared, "edit_example", replace_from="submarine", replace_to="boat")


def test_a_capital_stays_where_a_wording_changes(context: Context) -> None:
    read(context, "faq.csv", "Question,Answer\nWhen?,Working days only. Ask on working days.\nNetworking days?,No.\n")
    call(context, "edit_example", replace_from="working days", replace_to="business days")
    assert [e.answer for e in examples(context)] == ["Business days only. Ask on business days.", "No."]
    assert examples(context)[1].question == "Networking days?"


def test_an_edit_changes_only_its_row(prepared: Context) -> None:
    before = examples(prepared)
    text, cards = call(prepared, "edit_example", row=2, answer="Ask us.")
    assert text == "Row 2 is changed." and cards[0]["rows"][0]["answer"] == "Ask us."
    after = examples(prepared)
    assert [n for n, (a, b) in enumerate(zip(before, after, strict=True), 1) if a.answer != b.answer] == [2]
    with pytest.raises(UserError, match="no row 999"):
        call(prepared, "edit_example", row=999, answer="x")


def test_a_row_without_an_answer_comes_back_only_with_one(context: Context) -> None:
    read(context, "faq.csv", "Question,Answer\nOpen on Sunday?,\nOpen on Monday?,Yes from nine to five.\n")
    call(context, "prepare_data")
    with pytest.raises(UserError, match="row 1: no answer"):
        call(context, "restore_examples", rows=[1])
    text, _ = call(context, "edit_example", row=1, answer="No, never on Sundays.")
    assert "back in the data" in text
    call(context, "prepare_data")
    assert examples(context)[0].status == "approved" and examples(context)[0].split


def test_a_restored_duplicate_survives_the_next_preparation(context: Context) -> None:
    rows = "".join(f"What does number {n} cost?,It costs {n} euros and not a cent more.\n" for n in range(2, 30))
    read(context, "faq.csv", f"Question,Answer\nOpen?,Yes.\nopen,Yes\n{rows}")
    call(context, "prepare_data")
    assert examples(context)[1].status == "dropped"
    call(context, "restore_examples", rows=[2])
    call(context, "prepare_data")
    assert examples(context)[1].status == "approved"


def test_every_change_takes_the_approval_back(prepared: Context) -> None:
    for name, arguments in (
        ("drop_examples", {"rows": [1]}),
        ("restore_examples", {"rows": [1]}),
        ("edit_example", {"replace_from": "bill", "replace_to": "invoice"}),
    ):
        call(prepared, "approve_data", said="approved")
        assert read_sources(prepared.project).sealed
        call(prepared, name, **arguments)
        assert read_sources(prepared.project).sealed is None


# Preparing and approving


def test_nothing_is_approved_before_it_is_prepared(context: Context) -> None:
    dental_csv(context.project.files / "faq.csv")
    call(context, "read_files", names=["faq.csv"])
    with pytest.raises(UserError, match="not been prepared"):
        call(context, "approve_data", said="approved")
    call(context, "prepare_data")
    text, _ = call(context, "approve_data", said="approved")
    assert not re.search(r"[0-9a-f]{8,}|fingerprint", text)


def test_refusals_alone_are_nothing_to_learn_from(context: Context) -> None:
    with pytest.raises(UserError, match="nothing to learn from") as raised:
        call(context, "prepare_data")
    assert "Attach a file" in raised.value.action
    write_model(context.project.brief, Brief(pairs=[Pair(question="Open on Sunday?", answer="No, on weekdays only.")]))
    assert "1 row from our conversation and 8 made by me" in call(context, "prepare_data")[0]


def test_the_report_says_who_the_rows_are_from_in_at_most_four_sentences(prepared: Context) -> None:
    text, cards = call(prepared, "prepare_data")
    made = sum(e.kind == "refusal" and e.status != "dropped" for e in examples(prepared))
    assert made and f"{made} made by me (refusals)" in text and "from your files" in text
    assert len(re.findall(r"[.!?](?:\s|$)", text)) <= 4
    assert any("made by me" in sentence for sentence in cards[0]["sentences"])


LABELS = "text,category\n" + "".join(
    f"My card number {n} {what} and I need help with it,{label}\n"
    for n in range(20)
    for what, label in (("is late", "card_arrival"), ("was stolen", "lost_card"))
)


@pytest.mark.parametrize("task", ["classify", None])
def test_a_model_that_sorts_learns_nothing_but_categories(context: Context, task: Task | None) -> None:
    pair = Pair(question="My PIN is blocked", answer="Pin blocked")
    write_model(context.project.brief, Brief(task=task, never=["Give a diagnosis"], pairs=[pair]))
    read(context, "tickets.csv", LABELS)
    call(context, "prepare_data")
    assert {e.kind for e in examples(context)} == {"category"}
    assert examples(context)[-1].topic == "Pin blocked"
    brief = Brief(task=task, never=["Give a diagnosis"])
    assert behaviour_checks(brief, [], examples(context)) == []


def test_a_model_that_answers_is_checked_for_refusals(prepared: Context) -> None:
    checks = behaviour_checks(Brief(never=["Give a diagnosis."]), [], examples(prepared))
    assert [check["name"] for check in checks if check["refuse"]] == ["never"]
    assert "Please do this for me: Give a diagnosis." in {check["prompt"] for check in checks}


def test_the_users_own_full_stops_are_not_doubled() -> None:
    brief = Brief(organisation="A dental clinic.", audience="Our patients.", tone="Friendly.", never=["Diagnose."])
    said = system_message(brief, [])
    assert ".." not in said and ".;" not in said
    assert scope(Brief(inputs="Questions by e-mail.")) == "questions by e-mail"
    assert scope(Brief(inputs="Medicare questions")) == "Medicare questions"


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        (
            "emails from pet owners like 'my cat is sneezing, do i need to come'; prices, dates",
            "emails from pet owners",
        ),
        ("mostly emails from members, and sometimes phone notes", "emails from members"),
        ("Support tickets, often with screenshots", "support tickets"),
        ("Complaints and questions by phone, email and letter.", "complaints and questions by phone, email and letter"),
        ("Short chats, e.g. “where is my card?”", "short chats"),
        ("my cat is sneezing, do i need to come", ""),
        ("emails are what we get", ""),
        ("Dear team, my invoice 4711 is wrong", ""),
        ("what do i know", ""),
        ("Anfragen per E-Mail", ""),
        ("", ""),
    ],
)
def test_what_a_model_can_help_with_is_named_only_in_words_that_make_a_sentence(inputs: str, named: str) -> None:
    assert scope(Brief(organisation="small vet practise in ludlow", inputs=inputs)) == named


def test_one_is_counted_as_one(context: Context) -> None:
    (context.project.files / "one.csv").write_text("Question,Answer\nOpen on Sunday?,No we are closed.\n")
    text, _ = call(context, "read_files", names=["one.csv"])
    assert "1 example (" in text
    said = [text, call(context, "prepare_data")[0], call(context, "drop_examples", rows=[1])[0]]
    assert not re.search(r"\(s\)|\b1 (?:rows|examples)\b|\.\.", " ".join(said)), said


def test_what_no_file_answers_is_declined_until_a_file_answers_it(prepared: Context) -> None:
    asked = {e.question: e.answer for e in examples(prepared)}
    assert "say nothing about parking" in asked["Is there parking nearby?"]
    read(prepared, "more.csv", "Question,Answer\nMay I leave my car there?,Yes behind the house there is a garage.\n")
    call(prepared, "prepare_data")
    assert "Is there parking nearby?" not in {e.question for e in examples(prepared)}


def test_the_rows_of_a_file_read_later_come_behind(prepared: Context) -> None:
    before = [e.id for e in examples(prepared)]
    read(prepared, "more.csv", "Question,Answer\nIs there a waiting room?,Yes behind the desk.\n")
    assert not read_sources(prepared.project).prepared
    call(prepared, "prepare_data")
    assert [e.id for e in examples(prepared)][: len(before)] == before


# Files with files in them


def archive(context: Context, name: str, files: dict[str, str]) -> None:
    with zipfile.ZipFile(context.project.files / name, "w") as packed:
        for inner, text in files.items():
            packed.writestr(inner, text)


FAQ = "Question,Answer\nOpen on Sunday?,No we are closed.\nIs there parking?,Yes behind the house.\n"
UNSURE = "a,b,c\n" + "".join(f"red {n},blue {n},green {n}\n" for n in range(5))


def test_an_archive_is_summed_up_listed_file_by_file_and_cited_by_its_rows(context: Context) -> None:
    archive(context, "all.zip", {"faq.csv": FAQ, "tickets.csv": TICKETS, "logo.png": "\x89PNG"})
    text, cards = call(context, "read_files", names=["all.zip"])
    assert text == "all.zip: 5 examples from 2 files. What could not be used, and why, is on its card."
    assert len(cards) == 1 and cards[0]["rows"] == 5
    assert cards[0]["read"] == [
        "all.zip/faq.csv: 2 examples, columns: Question → Answer",
        "all.zip/tickets.csv: 3 examples, threads: each answer with what was asked",
    ]
    assert any("logo.png" in problem for problem in cards[0]["problems"])
    assert {e.source.file for e in examples(context)} == {"all.zip/faq.csv", "all.zip/tickets.csv"}
    assert [f.name for f in read_sources(context.project).files] == ["all.zip/faq.csv", "all.zip/tickets.csv"]
    _, (_, threads, unread) = call(context, "show_data", only="files")
    assert any("logo.png" in problem for problem in unread["problems"])
    assert threads["read"] == ["threads: each answer with what was asked"]


def test_an_archive_read_again_gives_no_row_twice_and_undo_takes_all_of_it_away(context: Context) -> None:
    archive(context, "all.zip", {"faq.csv": FAQ, "old.csv": FAQ.replace("Sunday", "Monday")})
    call(context, "read_files", names=["all.zip"])
    archive(context, "all.zip", {"faq.csv": FAQ})
    call(context, "read_files", names=["all.zip"])
    assert [e.question for e in examples(context)] == ["Open on Sunday?", "Is there parking?"]
    assert [f.name for f in read_sources(context.project).files] == ["all.zip/faq.csv"]
    undo(context.project)
    undo(context.project)
    assert not examples(context) and not read_sources(context.project).files


def test_the_columns_of_a_table_in_an_archive_are_asked_for_and_set(context: Context) -> None:
    archive(context, "all.zip", {"odd.csv": UNSURE, "faq.csv": FAQ})
    text, cards = call(context, "read_files", names=["all.zip"])
    assert [card["kind"] for card in cards] == [
        "file",
        "columns",
    ] and "which column is which in all.zip/odd.csv" in text
    (unsure,) = read_sources(context.project).unsure
    assert unsure.name == "all.zip/odd.csv"
    call(context, "set_columns", file=unsure.name, question="a", answer="c")
    assert not read_sources(context.project).unsure
    assert [e.answer for e in examples(context) if e.source.file == "all.zip/odd.csv"] == [
        f"green {n}" for n in range(5)
    ]
    assert len(examples(context)) == 7


@pytest.mark.parametrize(
    "name", ["all.zip/none.csv", "../all.zip", "all.zip/../../x", "/etc/passwd", "..", "gone.zip/a"]
)
def test_a_name_leads_to_nothing_but_a_file_of_the_project_or_one_in_it(context: Context, name: str) -> None:
    archive(context, "all.zip", {"faq.csv": FAQ})
    with pytest.raises(UserError, match=r"no file|not all of these"):
        call(context, "set_columns", file=name, question="Wrong", answer="Answer")
