"""Reviewing in conversation: doubt, why, marks, names, sheets out and back, all without a language model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from assistant.conversation import Assistant, Conversation
from assistant.markup import card_as_html
from assistant.render import card_as_text
from finetune.data.marks import read_review
from finetune.example import Example
from tests.talking import say
from tools.brief import Brief
from tools.journey import Knowledge, read_brief, read_sources, write_model

SUBJECTS = (
    "a cleaning", "a filling", "a crown", "an X-ray", "whitening", "a root canal", "a check-up", "braces", "an implant",
    "a denture",
)  # fmt: skip
ROWS = [(f"How much does {s} cost?", f"The price for {s} stands on our list; ask before {s}.") for s in SUBJECTS]
ROWS += [(f"How long does {s} take?", f"Plan {n} minutes for {s}, and come early.") for n, s in enumerate(SUBJECTS, 20)]


@pytest.fixture
def review(assistant: Assistant, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Conversation]:
    """A conversation at the rows: 20 of a clinic's, prepared."""
    talk = assistant.conversation(f"rows-{abs(hash(request.node.name))}")
    list(talk.open())
    brief = Brief(organisation="A dental clinic.", industry="healthcare", task="answer")
    write_model(talk.project.brief, brief.model_copy(update={"skipped": list(Brief.questions())}))
    write_model(talk.project.knowledge, Knowledge(skipped=True))
    path = tmp_path / "faq.csv"
    path.write_text("Question,Answer\n" + "".join(f'"{q}","{a}"\n' for q, a in ROWS), encoding="utf-8")
    say(talk, "here is our list", files=[path])
    say(talk, "prepare the data")
    yield talk
    talk.close()


def rows(talk: Conversation) -> list[Example]:
    return talk.project.read_examples()


def card(talk: Conversation, kind: str = "data") -> dict[str, Any]:
    return next(c for c in talk.reply().cards if c["kind"] == kind)


def sheet_of(talk: Conversation, said: str = "export the rows as excel") -> Path:
    say(talk, said)
    return Path(card(talk, "files")["files"][0]["path"])


def fill_in(sheet: Path, back: Path, changes: dict[int, dict[str, str]]) -> Path:
    """Change cells of a workbook by the row's number, as a person would."""
    book = openpyxl.load_workbook(sheet)
    table = book.active
    assert table is not None
    head = [str(c.value) for c in table[1]]
    for number, cells in changes.items():
        for name, value in cells.items():
            table.cell(number + 1, head.index(name) + 1).value = value
    book.save(back)
    return back


# Doubt and why


@pytest.mark.parametrize(
    "said", ["show the worst 20", "which rows are doubtful?", "what should I look at first?", "show me the worst rows"]
)
def test_the_most_doubtful_rows_come_first_with_their_reasons(review: Conversation, said: str) -> None:
    say(review, "row 3 is wrong: the fee is 5 euro")
    reply = say(review, said)
    first = card(review)["rows"][0]
    assert first["number"] == 3 and "the fee is 5 euro" in first["notes"][0], first
    assert "worst come first" in reply.text


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("show the worst 2", 2), ("the 2 worst", 2), ("worst two", 2), ("show me the three worst rows", 3),
        ("show the 3 most doubtful rows", 3),
    ],
)  # fmt: skip
def test_as_many_of_the_worst_are_shown_as_were_asked_for(review: Conversation, said: str, number: int) -> None:
    for row in (1, 2, 3, 4):
        say(review, f"row {row} is wrong: the fee is {row} euro")
    reply = say(review, said)
    shown = {row["number"] for row in card(review)["rows"]}
    assert len(shown) == number and f"Shown are 1 to {number}" in reply.text
    say(review, "more")
    assert card(review)["rows"][0]["number"] not in shown


@pytest.mark.parametrize("said", ["why is row 4 here?", "explain row 4", "who decided on row 4?"])
def test_a_row_tells_where_it_comes_from_and_who_decided_what(review: Conversation, said: str) -> None:
    say(review, "I am Maria", "row 4 should answer: Ask us for the price of an X-ray.")
    text = say(review, said).text
    for words in ("Row 4", "faq.csv, row 5", "Edited by Maria on"):
        assert words in text, text
    assert any(side in text for side in ("used for training", "final test", "to watch the training"))


def test_a_row_that_is_left_out_says_why_and_how_it_comes_back(review: Conversation) -> None:
    say(review, "drop row 5")
    text = say(review, "why is row 5 left out?").text
    assert "left out: dropped by you" in text and "Dropped by you on" in text and "Bring row 5 back" in text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("why is row 3 here?", "Row 3 comes from faq.csv"),
        ("show contradictions", "disagree"),
        ("which rows contradict?", "disagree"),
        ("show the worst 3", "doubt"),
        ("please show me the dropped rows", "left out"),
    ],
)
def test_rows_are_looked_at_while_the_interview_asks_something(
    assistant: Assistant, tmp_path: Path, said: str, told: str
) -> None:
    talk = assistant.conversation(tmp_path.name.replace("_", "-"))
    list(talk.open())
    path = tmp_path / "faq.csv"
    path.write_text("Question,Answer\n" + "".join(f'"{q}","{a}"\n' for q, a in ROWS), encoding="utf-8")
    before = say(talk, "We are a dental clinic in Ohio.", files=[path])
    known = read_brief(talk.project)
    assert before.waiting_for == "task" and "clinic" in known.organisation, "what is said beside a file is heard, too"
    reply = say(talk, said)
    assert told in reply.text and reply.waiting_for == before.waiting_for
    assert read_brief(talk.project) == known, "no answer to what was asked"
    talk.close()


def test_this_row_is_the_one_spoken_of_last(review: Conversation) -> None:
    say(review, "row 7 is wrong")
    assert "Row 7 comes from" in say(review, "why is this row here?").text


# Marks


def test_marks_are_kept_under_the_reviewers_name_and_survive_preparing_and_reading_again(
    review: Conversation, tmp_path: Path
) -> None:
    assert "Hello Maria" in say(review, "I am Maria").text
    assert "marked good by Maria" in say(review, "mark rows 3-9 good").text
    reply = say(review, "row 12 is wrong: the fee is 5 euro")
    assert "marked bad by Maria: the fee is 5 euro" in reply.text and "row 12 should answer" in reply.text
    marks = {m.row: (m.reviewer, m.mark, m.comment) for m in read_review(review.project).marks}
    assert len(marks) == 8 and marks[rows(review)[11].id] == ("Maria", "bad", "the fee is 5 euro")
    say(review, "prepare the data")
    again = tmp_path / "faq.csv"
    say(review, "and again", files=[again])
    say(review, "prepare the data", "show me the unmarked rows")
    used = [e for e in rows(review) if e.status != "dropped"]
    assert card(review)["total"] == len(used) - 8


def test_undo_takes_marks_back(review: Conversation) -> None:
    say(review, "row 2 is fine", "row 2 is unsure")
    assert [m.mark for m in read_review(review.project).marks] == ["unsure"]
    say(review, "undo")
    assert [m.mark for m in read_review(review.project).marks] == ["good"]
    say(review, "undo")
    assert not read_review(review.project).marks


def test_two_reviewers_are_compared(review: Conversation) -> None:
    say(review, "I am Maria", "mark rows 1-20 good", "I'm Ben", "mark rows 1-18 good")
    say(review, "rows 19 and 20 are wrong")
    reply = say(review, "do we agree?")
    assert "both marked 20 rows and agree on 18" in reply.text and "kappa" in reply.text
    assert "differ on rows 19, 20" in reply.text
    assert [r["number"] for r in card(review)["rows"]] == [19, 20]
    say(review, "where do the reviewers disagree?")
    assert card(review)["total"] == 2


def test_a_mark_on_words_that_changed_counts_no_more(review: Conversation) -> None:
    say(review, "I am Maria", "row 1 is good", "row 1 should answer: Sixty euros.")
    assert "changed or left out since" in say(review, "who marked what?").text
    assert "before it was changed" in say(review, "why is row 1 here?").text


def test_approving_a_row_is_not_approving_the_test_set(review: Conversation) -> None:
    assert "3 rows are approved" in say(review, "approve rows 1-3").text
    assert read_sources(review.project).sealed is None
    say(review, "approved")
    assert read_sources(review.project).sealed
    assert "seal" not in say(review, "approve row 4").text
    assert read_sources(review.project).sealed, "finding a row right changes no row"


# Sheets


def test_a_sheet_goes_out_comes_back_is_shown_and_taken_over_in_one_step(review: Conversation, tmp_path: Path) -> None:
    sheet = sheet_of(review, "export the rows for Maria as excel")
    assert sheet.name == "rows-maria.xlsx"
    back = fill_in(
        sheet,
        tmp_path / "from maria.xlsx",
        {
            1: {"answer": "Sixty euros.", "mark": "good"},
            2: {"status": "dropped"},
            3: {"status": "approved"},
            4: {"mark": "wrong", "comment": "old price"},
        },
    )
    before = review.project.examples.read_bytes()
    reply = say(review, "here it is", files=[back])
    assert reply.waiting_for == "approval:import_examples"
    for words in ("1 row edited", "1 row dropped", "1 row approved", "2 marks by Maria"):
        assert words in reply.text, reply.text
    assert review.project.examples.read_bytes() == before, "shown, not done"
    assert "from maria.xlsx" not in {p.name for p in review.project.files.iterdir()}
    reply = say(review, "yes")
    after = rows(review)
    assert after[0].answer == "Sixty euros." and after[1].status == "dropped" and after[2].status == "approved"
    assert {m.reviewer for m in read_review(review.project).marks} == {"Maria"}
    assert "Edited by Maria" in say(review, "why is row 1 here?").text
    say(review, "undo")
    assert review.project.examples.read_bytes() == before and not read_review(review.project).marks


def test_no_leaves_everything_and_the_changes_can_be_taken_later(review: Conversation, tmp_path: Path) -> None:
    back = fill_in(sheet_of(review), tmp_path / "back.xlsx", {1: {"answer": "Sixty euros."}})
    say(review, "here", files=[back])
    say(review, "no")
    assert rows(review)[0].answer != "Sixty euros."
    assert say(review, "apply the changes of the sheet").waiting_for == "approval:import_examples"
    say(review, "yes")
    assert rows(review)[0].answer == "Sixty euros."


def test_what_changed_on_both_sides_stays_until_the_sheet_is_preferred(review: Conversation, tmp_path: Path) -> None:
    back = fill_in(
        sheet_of(review), tmp_path / "back.xlsx", {1: {"answer": "Sixty euros."}, 2: {"answer": "Seventy euros."}}
    )
    say(review, "row 1 should answer: Fifty euros.")
    reply = say(review, "here", files=[back])
    assert "changed here since" in reply.text and "1 row edited" in reply.text
    assert "take the sheet’s version" in say(review, "yes").text.replace("'", "’")
    assert [e.answer for e in rows(review)[:2]] == ["Fifty euros.", "Seventy euros."]
    say(review, "take the sheet's version", "yes")
    assert rows(review)[0].answer == "Sixty euros."


def test_two_people_send_their_sheets_back(review: Conversation, tmp_path: Path) -> None:
    backs = []
    for who in ("Maria", "Ben"):
        sheet = sheet_of(review, f"export the rows for {who} as excel")
        marks = {n: {"mark": "good" if who == "Maria" or n < 15 else "bad"} for n in range(1, 21)}
        backs.append(fill_in(sheet, tmp_path / f"{who}.xlsx", marks))
    assert "40 marks" in say(review, "both are back", files=backs).text or "20 marks by Ben" in review.reply().text
    say(review, "yes")
    assert "agree on 14 of them" in say(review, "how well do Maria and Ben agree?").text


def test_a_jsonl_sheet_comes_back_too(review: Conversation, tmp_path: Path) -> None:
    sheet = sheet_of(review, "export the rows as jsonl")
    lines = [json.loads(line) for line in sheet.read_text(encoding="utf-8").splitlines()]
    lines[5]["answer"] = "Ask at the desk."
    back = tmp_path / "back.jsonl"
    back.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    say(review, "here", files=[back])
    say(review, "yes")
    assert rows(review)[5].answer == "Ask at the desk."


def test_a_sheet_that_changes_nothing_asks_nothing(review: Conversation, tmp_path: Path) -> None:
    back = fill_in(sheet_of(review), tmp_path / "back.xlsx", {})
    reply = say(review, "here", files=[back])
    assert "changes nothing" in reply.text and reply.waiting_for != "approval:import_examples"


def test_a_sheet_of_another_project_is_refused(review: Conversation, assistant: Assistant, tmp_path: Path) -> None:
    back = fill_in(sheet_of(review), tmp_path / "back.xlsx", {1: {"answer": "Sixty euros."}})
    other = assistant.conversation("somebody-else")
    list(other.open())
    assert "another project" in say(other, "here", files=[back]).text
    assert not other.project.examples.exists()
    other.close()


@pytest.mark.parametrize(
    "said",
    [
        "show me row 3 in full",
        "read me the whole answer of row 3",
        "show row 3",
        "row 3",
        "show me row 3 in full please",
    ],
)
def test_one_row_is_shown_whole(talk: Conversation, tmp_path: Path, said: str) -> None:
    answer = "Please bring your card, your letter and the list of what you take. " * 4 + "The end of it is here."
    fields = [name for name in Brief.questions() if name != "organisation"]
    write_model(talk.project.brief, Brief(organisation="A clinic.", skipped=fields))
    write_model(talk.project.knowledge, Knowledge(skipped=True))
    table = tmp_path / "faq.csv"
    table.write_text(
        f"Question,Answer\nWhen?,At nine.\nWhere?,In the hall.\nWhat do I bring?,{answer!r}\n".replace("'", '"')
    )
    say(talk, "", files=[table])
    say(talk, "prepare the data")
    reply = say(talk, said)
    shown = "\n".join(map(card_as_text, reply.cards))
    assert answer.strip() in shown and "faq.csv, row" in shown and "Status:" in shown, reply.text
    assert answer.strip() in "".join(str(card_as_html(card)) for card in reply.cards)
