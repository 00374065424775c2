"""Doubt, marks, sheets and seals, without a conversation."""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from finetune.data.changes import Differences, belongs, differences
from finetune.data.doubt import DOUBTFUL, Doubt, doubts
from finetune.data.marks import (
    Mark,
    Review,
    Verdict,
    agreements,
    cohens_kappa,
    make_mark,
    read_review,
    write_review,
)
from finetune.data.sheet import LONGEST, project_mark, returned_sheet, sheet_rows, write_sheet
from finetune.errors import UserError
from finetune.example import Example, Kind, Source, make_example
from finetune.files import read_json, write_json
from finetune.project import Project
from tests.test_dataset_tools import call, context, examples, prepared, read
from tools.context import Context
from tools.history import undo
from tools.journey import read_sources
from tools.review_table import Edit, Pressed, View, act, table

__all__ = ["context", "prepared"]  # fixtures
SUBJECTS = ("parking", "invoices", "crowns", "fillings", "braces", "holidays", "emergencies", "payments", "letters")


def row(number: int, question: str, answer: str, kind: Kind = "faq", quote: str | None = None) -> Example:
    return make_example(question, answer, source=Source(file="faq.csv", row=number, quote=quote), kind=kind)


def sound(count: int = 40) -> list[Example]:
    """Rows there is nothing to doubt in."""
    return [
        row(
            n,
            f"What is the rule for {SUBJECTS[n % 9]} in house {n}?",
            f"In house {n} the rule for {SUBJECTS[n % 9]} is told at the desk {n % 5}, each day from nine.",
        )
        for n in range(count)
    ]


def found(rows: list[Example], example: Example, marks: tuple[Mark, ...] = ()) -> Doubt | None:
    return next((d for d in doubts(rows, marks, year=2026) if d.id == example.id), None)


# Doubt


def test_sound_rows_are_not_doubted() -> None:
    assert not [d for d in doubts(sound(), year=2026) if d.score >= DOUBTFUL]


@pytest.mark.parametrize(
    ("question", "answer", "reason"),
    [
        ("What does a visit cost now?", "The price list is valid until 31 March 2023, and holds for all.", "2023"),
        ("What does a visit cost now?", "See above, and ask at the desk if anything stays open.", "points at"),
        ("What does a visit cost now?", "A visit costs sixty euros if you come before noon and", "break off"),
        ("What does a visit cost now?", "A visit costs {price} and is paid at the desk at once.", "never filled"),
        (
            "What does a visit cost now?",
            "A visit costs sixty euros, f\ufffdr each child thirty euros.",
            "broken letters",
        ),
        ("What does a visit cost now?", "Ok.", "very short answer"),
        ("What does a visit cost now?", "A visit costs sixty euros, as we say each day. " * 60, "very long answer"),
        ("What does a visit cost now?", "In house 3 the rule for fillings is told at noon.", "fits that of row"),
    ],
)
def test_each_sign_of_doubt_is_told_in_words(question: str, answer: str, reason: str) -> None:
    odd = row(99, question, answer)
    doubt = found([*sound(), odd], odd)
    assert doubt and doubt.score >= DOUBTFUL and any(reason in r for r in doubt.reasons), doubt


def test_a_year_in_a_laws_name_does_not_pass() -> None:
    law = row(99, "Which law says so?", "The Data Protection Act 2018 says so, and we keep to it each day.")
    assert found([*sound(), law], law) is None


def test_rows_that_contradict_each_other_name_each_other() -> None:
    rows = [*sound(), row(90, "Is there a fee?", "Yes, five euros."), row(91, "Is there a fee?", "No, it is free.")]
    one = found(rows, rows[-2])
    assert one and "row 42 answers the same question differently" in one.reasons


def test_an_answer_that_goes_beyond_its_quote_is_doubted() -> None:
    made = row(
        99, "What is a crown?", "A crown protects teeth and lasts forever without any trouble.", "document",
        quote="A crown is a cap.",
    )  # fmt: skip
    doubt = found([*sound(), made], made)
    assert doubt and "the answer says more than its quote" in doubt.reasons


def test_what_a_reviewer_said_counts_most_and_a_good_mark_calms() -> None:
    rows = [*sound(), row(98, "When?", "Valid until 31 March 2023, said the price list then."), row(99, "Fee?", "Ok.")]
    bad = make_mark(rows[0], "Maria", "bad", "old price")
    order = [d.id for d in doubts(rows, [bad], year=2026)]
    assert order[0] == rows[0].id
    good = make_mark(rows[-2], "Maria", "good")
    before, after = found(rows, rows[-2]), found(rows, rows[-2], (good,))
    assert before and after and after.score < before.score / 2


def test_planted_faults_come_before_sound_rows() -> None:
    rng = random.Random(5)
    rows = sound(300)
    wrong = rng.sample(range(300), 20)
    answers = (
        "See above.", "Valid until 1 May 2021, and told at the desk each day.", "Ok.", "It is _____ at the desk.",
    )  # fmt: skip
    for n, place in enumerate(wrong):
        rows[place].messages[-1].content = answers[n % 4] if n % 5 else rows[(place + 4) % 300].answer
    worst = {d.id for d in doubts(rows, year=2026)[:20]}
    assert len(worst & {rows[place].id for place in wrong}) >= 18


# Marks


def marks(rows: list[Example], who: str, said: str) -> list[Mark]:
    words: dict[str, Verdict] = {"g": "good", "b": "bad", "u": "unsure"}
    return [make_mark(e, who, words[c]) for e, c in zip(rows, said, strict=False)]


def test_agreement_is_counted_on_rows_both_have_marked() -> None:
    rows = sound(30)
    given = [*marks(rows, "Maria", "g" * 15 + "b" * 10), *marks(rows, "Ben", "g" * 13 + "b" * 10 + "gg")]
    (two,) = agreements(given, rows)
    assert (two.both, two.same) == (25, 21) and len(two.apart) == 4
    # 2x2 table 13, 2, 2, 8: observed 0.84, by chance 0.6² + 0.4² = 0.52
    assert two.kappa == pytest.approx((0.84 - 0.52) / (1 - 0.52))


def test_few_rows_give_no_kappa_and_one_mark_for_all_neither() -> None:
    rows = sound(30)
    (few,) = agreements([*marks(rows, "A", "gb" * 5), *marks(rows, "B", "gb" * 5)], rows)
    assert few.kappa is None and few.share == 1
    assert cohens_kappa([("good", "good")] * 30) is None
    assert cohens_kappa([("good", "bad"), ("bad", "good")] * 15) == -1


def test_a_later_mark_of_the_same_person_takes_the_place_of_the_first() -> None:
    rows = sound(2)
    review = Review().put(marks(rows, "Maria", "gg")).put(marks(rows, "maria", "b")).put(marks(rows, "Ben", "u"))
    assert sorted((m.reviewer, m.mark) for m in review.marks) == [
        ("Ben", "unsure"),
        ("Maria", "good"),
        ("maria", "bad"),
    ]


# Sheets


def written(rows: list[Example], path: Path, reviewer: str = "") -> Path:
    write_sheet(sheet_rows(enumerate(rows, 1), "clinic", marks={}, reviewer=reviewer, places={}, doubts={}), path)
    return path


def change(path: Path, edit: Callable[[list[dict[str, Any]]], object]) -> Path:
    """Edit a JSONL sheet's rows in place."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    edit(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def compared(path: Path, rows: list[Example]) -> Differences:
    sheet = returned_sheet(path)
    assert sheet is not None
    return differences(sheet, rows, "you")


HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "-2+3",
    "\t=1",
    '=HYPERLINK("http://x")',
    "a\x00b\x0bc",
    "_x000D_ x",
)


@pytest.mark.parametrize("ending", ["xlsx", "jsonl"])
def test_any_text_comes_back_as_it_went_and_is_no_formula(tmp_path: Path, ending: str) -> None:
    texts = [*HOSTILE, "two\nlines\r\nthree", "x" * (LONGEST + 50), "“quotes” ' \" ; , \u202e", "  blanks  "]
    rows = [row(n, text, text) for n, text in enumerate(texts)]
    path = written(rows, tmp_path / f"rows.{ending}")
    assert compared(path, rows) == Differences([], [], [])
    if ending == "xlsx":
        book = openpyxl.load_workbook(path)
        assert not [c.coordinate for line in book.active.iter_rows() for c in line if c.data_type == "f"]  # type: ignore[union-attr]
        assert book.active["C2"].quotePrefix  # type: ignore[index, union-attr]
        book.save(path)  # as a spreadsheet program would
        assert compared(path, rows).changes == []


def test_an_xlsx_sheet_saved_as_csv_comes_back(tmp_path: Path) -> None:
    rows = sound(5)
    sheet = openpyxl.load_workbook(written(rows, tmp_path / "rows.xlsx")).active
    assert sheet is not None
    lines = [["" if v is None else v for v in line] for line in sheet.iter_rows(values_only=True)]
    lines[2][3] = "Another answer."
    with (tmp_path / "rows.csv").open("w", newline="", encoding="cp1252") as file:
        csv.writer(file, delimiter=";").writerows(lines)
    (only,) = compared(tmp_path / "rows.csv", rows).changes
    assert only.number == 2 and only.values == {"answer": "Another answer."}


def test_a_formula_put_into_a_sheet_is_left_out_and_named(tmp_path: Path) -> None:
    rows = sound(3)
    path = written(rows, tmp_path / "rows.xlsx")
    book = openpyxl.load_workbook(path)
    book.active["D3"].value = "=1+1"  # type: ignore[index, union-attr]
    book.save(path)
    result = compared(path, rows)
    assert not result.changes and "Line 3: a formula" in result.problems[0]


def test_what_does_not_fit_is_named_line_by_line(tmp_path: Path) -> None:
    rows = sound(8)

    def spoil(lines: list[dict[str, Any]]) -> None:
        lines[0]["id"] = "unknown"
        lines[2]["id"] = lines[1]["id"]
        lines[3]["status"] = "perhaps"
        lines[4]["mark"] = "purple"
        lines[5]["split"] = "test"
        lines[6]["answer"] = ""

    result = compared(change(written(rows, tmp_path / "rows.jsonl"), spoil), rows)
    assert not result.changes, "an emptied cell is no wish, and nothing doubtful is taken"
    told = " ".join(result.problems)
    for words in ("Line 1: no row of mine", "Lines 2, 3: one id", "Lines 4, 5: a mark is", "Rows 6: the split"):
        assert words in told, told


def test_missing_columns_are_named_and_what_is_there_is_taken(tmp_path: Path) -> None:
    rows = sound(4)

    def strip(lines: list[dict[str, Any]]) -> None:
        for line in lines:
            del line["question"], line["hash"]
        lines[0]["answer"] = "New."

    result = compared(change(written(rows, tmp_path / "rows.jsonl"), strip), rows)
    assert [c.values for c in result.changes] == [{"answer": "New."}]
    assert "question, hash" in result.problems[0] and "cannot tell" in result.problems[0]


def test_three_ways_of_change_are_told_apart(tmp_path: Path) -> None:
    rows = sound(4)
    path = written(rows, tmp_path / "rows.jsonl")
    now = [e.model_copy(deep=True) for e in rows]
    for place in (0, 1, 2):
        now[place].messages[-1].content = f"Changed here {place}."

    def edit(lines: list[dict[str, Any]]) -> None:
        lines[1]["answer"] = "Changed there."
        lines[2]["answer"] = "Changed here 2."
        lines[3]["answer"] = "Changed there."

    result = compared(change(path, edit), now)
    assert [(c.number, c.conflict) for c in result.changes] == [(2, True), (4, False)]


def test_a_sheet_knows_its_project_without_telling_its_name(tmp_path: Path) -> None:
    rows = sound(3)
    path = written(rows, tmp_path / "rows.jsonl")
    sheet = returned_sheet(path)
    assert sheet and belongs(sheet, "clinic", []) and not belongs(sheet, "bank", [e.id for e in rows])
    assert "clinic" not in path.read_text() and project_mark("clinic") in path.read_text()


def test_other_files_are_no_sheets(tmp_path: Path) -> None:
    for name, text in (
        ("faq.csv", "Question,Answer\na,b\n"),
        ("tickets.csv", "id,subject,body\n1,a,b\n"),
        ("chat.jsonl", '{"messages": []}\n'),
        ("broken.xlsx", "PK no zip"),
        ("x.jsonl", "[1, 2]\nnot json\n"),
    ):
        (tmp_path / name).write_text(text)
        assert returned_sheet(tmp_path / name) is None


def test_a_ticket_export_with_like_columns_is_still_read_as_data(context: Context) -> None:
    read(context, "tickets.csv", "id,number,status,Question,Answer\n1,7,open,Open on Sunday?,No we are closed.\n")
    assert [e.answer for e in examples(context)] == ["No we are closed."]


# The seal


def reread(context: Context) -> str:
    return call(context, "read_files", names=["faq.csv"])[0]


def mark_first(context: Context) -> str:
    return call(context, "mark_examples", rows=[1], mark="good")[0]


BREAKING: dict[str, Callable[[Context], str]] = {
    "an edit": lambda c: call(c, "edit_example", row=1, answer="Another answer.")[0],
    "a wording changed": lambda c: call(c, "edit_example", replace_from="front desk", replace_to="reception")[0],
    "a drop": lambda c: call(c, "drop_examples", rows=[2])[0],
    "a file read": reread,
    "preparing": lambda c: call(c, "prepare_data")[0],
}


@pytest.mark.parametrize("what", BREAKING)
def test_what_changes_rows_breaks_the_seal_loudly_and_undo_mends_it(prepared: Context, what: str) -> None:
    call(prepared, "approve_data", said="approved")
    sealed = read_sources(prepared.project).sealed
    text = BREAKING[what](prepared)
    assert "breaks the seal" in text and "approved" in text, text
    assert read_sources(prepared.project).sealed is None
    assert "breaks the seal" not in call(prepared, "drop_examples", rows=[5])[0], "it is broken once"
    undo(prepared.project)
    assert "sealed again" in call(prepared, "undo_last")[0]
    assert read_sources(prepared.project).sealed == sealed


def test_a_changed_test_row_is_told_as_such(prepared: Context) -> None:
    call(prepared, "approve_data", said="approved")
    number = next(n for n, e in enumerate(examples(prepared), 1) if e.split == "test")
    assert "is a test row" in call(prepared, "edit_example", row=number, answer="Another one.")[0]


def test_marks_and_approvals_leave_the_seal_whole(prepared: Context) -> None:
    call(prepared, "approve_data", said="approved")
    assert "seal" not in mark_first(prepared) + call(prepared, "approve_examples", rows=[1])[0]
    assert read_sources(prepared.project).sealed


@pytest.mark.parametrize("how", ["words", "deleted", "moved"])
def test_rows_changed_behind_the_programs_back_stop_the_training(prepared: Context, how: str) -> None:
    call(prepared, "approve_data", said="approved")
    rows = examples(prepared)
    test = next(e for e in rows if e.split == "test")
    if how == "words":
        test.messages[-1].content = "Flattering."
    elif how == "moved":
        test.split = "train"
    else:
        rows.remove(test)
    prepared.project.write_examples(rows)
    for tool in ("judge_tuning", "plan_training"):
        with pytest.raises(UserError, match="not the one you approved"):
            call(prepared, tool)
    call(prepared, "approve_data", said="approved")
    assert read_sources(prepared.project).sealed


# Editing


def test_a_new_wording_with_personal_data_or_a_trained_question_is_warned_of(prepared: Context) -> None:
    text = call(prepared, "edit_example", row=2, answer="Write to anna.berg@example.org please.")[0]
    assert "personal data (e-mail" in text or "personal data (email" in text, text
    rows = examples(prepared)
    trained = next(e for e in rows if e.split == "train" and e.id != rows[1].id)
    held = next(n for n, e in enumerate(rows, 1) if e.split == "test")
    text = call(prepared, "edit_example", row=held, question=trained.question)[0]
    assert "other side of the split" in text


def test_undo_brings_marks_decisions_and_rows_back_together(prepared: Context) -> None:
    call(prepared, "mark_examples", rows=[1, 2], mark="bad")
    before = (prepared.project.examples.read_bytes(), prepared.project.review.read_bytes())
    call(prepared, "drop_examples", rows=[1])
    assert [d.deed for d in read_review(prepared.project).decisions] == ["dropped"]
    undo(prepared.project)
    assert (prepared.project.examples.read_bytes(), prepared.project.review.read_bytes()) == before


def test_a_duplicate_says_which_row_it_repeats(context: Context) -> None:
    read(context, "faq.csv", "Question,Answer\nOpen on Sunday?,No we are closed.\nopen on sunday,No we are closed\n")
    call(context, "prepare_data")
    text, _ = call(context, "explain_example", row=2)
    assert "left out: duplicate of row 1" in text


def test_rows_tied_together_by_the_split_are_named(context: Context) -> None:
    rows = "".join(f"What does number {n} cost?,It costs {n} euros and not a cent more.\n" for n in range(2, 30))
    same = "You may park behind the house for as long as your visit takes"
    read(context, "faq.csv", f"Question,Answer\nMay I park?,{same}.\nIs there room for a car?,{same}!\n{rows}")
    call(context, "prepare_data")
    text, _ = call(context, "explain_example", row=1)
    assert "together with row 2" in text


# The table beside the conversation


def test_the_table_filters_pages_and_counts(prepared: Context) -> None:
    whole = table(prepared.project, View())
    used = [e for e in examples(prepared) if e.status != "dropped"]
    assert whole.total == whole.in_use == len(used) and len(whole.rows) == 20
    assert dict(whole.choices["split"])["train"] == sum(e.split == "train" for e in used)
    last = table(prepared.project, View(page=10_000))
    assert last.rows[-1][1].id == used[-1].id, "a page that is gone is the last one"
    crowns = table(prepared.project, View(words="crowns"))
    assert crowns.total and all("crown" in f"{e.question}{e.answer}".lower() for _, e in crowns.rows)
    call(prepared, "drop_examples", rows=[1])
    assert [n for n, _ in table(prepared.project, View(status="dropped")).rows] == [1]
    mark_first(prepared)
    call(prepared, "mark_examples", rows=[2], mark="good")
    assert 2 not in [n for n, _ in table(prepared.project, View(only="unmarked")).rows]
    assert table(prepared.project, View(only="nonsense")).total == len(used) - 1


def edit(example: Example, answer: str) -> Edit:
    from finetune.data.sheet import fingerprint_of

    return Edit(id=example.id, seen=fingerprint_of(example), question=example.question, answer=answer)


def test_a_press_saves_the_edits_that_came_with_it_and_undo_takes_back_one_by_one(prepared: Context) -> None:
    one, two, *_ = examples(prepared)
    said = act(prepared, Pressed(do="drop", row=two.id, edits=[edit(one, "Sixty euros.")]))
    assert "Row 1 is saved." in said and "Row 2 is left out." in said
    assert "dropping of row 2" in act(prepared, Pressed(do="undo"))
    assert examples(prepared)[0].answer == "Sixty euros." and examples(prepared)[1].status != "dropped"
    act(prepared, Pressed(do="undo"))
    assert examples(prepared)[0].answer == one.answer


def test_a_row_changed_meanwhile_is_not_overwritten(prepared: Context) -> None:
    one = examples(prepared)[0]
    call(prepared, "edit_example", row=1, answer="Changed in the chat.")
    with pytest.raises(UserError, match="changed meanwhile"):
        act(prepared, Pressed(do="save", edits=[edit(one, "Changed in the table.")]))
    assert examples(prepared)[0].answer == "Changed in the chat."


def test_an_empty_text_is_refused_and_a_gone_row_named(prepared: Context) -> None:
    one = examples(prepared)[0]
    with pytest.raises(UserError, match="cannot be used"):
        act(prepared, Pressed(do="save", edits=[edit(one, "  ")]))
    with pytest.raises(UserError, match="not there any more"):
        act(prepared, Pressed(do="drop", row="nothing"))


def test_what_the_table_does_is_what_the_conversation_would(prepared: Context) -> None:
    act(prepared, Pressed(do="name", name="Maria"))
    one, two, three, *_ = examples(prepared)
    act(prepared, Pressed(do="approve", row=one.id))
    act(prepared, Pressed(do="bad", row=two.id))
    act(prepared, Pressed(do="drop", row=three.id))
    act(prepared, Pressed(do="restore", row=three.id))
    review = read_review(prepared.project)
    assert [(d.deed, d.reviewer) for d in review.decisions] == [
        ("approved", "Maria"), ("dropped", "Maria"), ("brought back", "Maria"),
    ]  # fmt: skip
    assert [(m.row, m.reviewer, m.mark) for m in review.marks] == [(two.id, "Maria", "bad")]


def test_a_lost_review_file_is_an_empty_review(home: Path) -> None:
    project = Project.open(home, "x")
    assert read_review(project) == Review()
    write_review(project, Review(reviewer="Maria"))
    assert read_json(project.review)["reviewer"] == "Maria"
    write_json(project.review, {})
    assert read_review(project).marks == []
