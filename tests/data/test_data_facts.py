# ruff: noqa: E501 (a case reads best on one line)
"""Price lists, opening hours and limits become rows; records of persons and dates do not."""

from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from finetune.data.collect import collect, examples_from_document
from finetune.data.document import Document, Passage, Table
from finetune.data.doubt import doubts
from finetune.data.from_tables import examples_from_facts
from finetune.data.split import group_rows
from finetune.example import Example

PRICES = ["Code", "Service", "Price (USD)", "Duration", "Notes"]
DOGS = [
    ["A1", "Dental cleaning", "120", "45 minutes", ""],
    ["A2", "Vaccination", "$60", "15 minutes", "booster included"],
    ["A3", "Nail trim", "15", "n/a", ""],
]


def told(*tables: Table) -> dict[str, str]:
    return {row.question: row.answer for row in examples_from_facts(tables, "prices.xlsx")}


def table(header: list[str], *rows: list[str], name: str = "Sheet1") -> Table:
    return Table(name, header, list(rows), 2)


def test_each_line_of_a_price_list_is_asked_about_in_the_tables_own_words() -> None:
    rows = told(table(PRICES, *DOGS))
    assert rows["How much is dental cleaning?"] == "Dental cleaning – Price (USD): 120"
    assert rows["What is the price of dental cleaning?"] == rows["How much is dental cleaning?"]
    assert rows["How long does vaccination take?"] == "Vaccination – Duration: 15 minutes; Notes: booster included"
    assert not any("nail trim take" in question for question in rows), "where a cell says nothing, nothing is asked"


def test_a_row_names_its_cell_and_line_and_both_ways_to_ask_stand_on_one_side() -> None:
    rows = examples_from_facts([table(PRICES, *DOGS)], "prices.xlsx")
    first = next(row for row in rows if row.question == "How much is vaccination?")
    source = first.source
    assert (first.kind, source.file, source.row, source.quote) == (
        "document",
        "prices.xlsx",
        3,
        "Service: Vaccination; Price (USD): $60; Notes: booster included",
    )
    groups = [[rows[member] for member in members] for members in group_rows(rows).values()]
    assert [len({(row.source.row, row.topic) for row in group}) for group in groups] == [1] * 5, "each cell by itself"


def test_what_a_table_says_is_not_doubted_for_being_no_sentence() -> None:
    note = "only for dogs that have been here before, and not on the day of an operation."
    lines = [["A1", "Cleaning of ears and claws", "$12", "5 minutes", note[:-1]], *DOGS]
    found = doubts(examples_from_facts([table(PRICES, *lines)], "prices.xlsx"))
    assert {reason for doubt in found for reason in doubt.reasons} == {"made by a pattern; nobody wrote the question"}


def test_the_same_thing_on_two_sheets_is_told_apart_by_the_sheet() -> None:
    cats = table(PRICES, ["B1", "Vaccination", "$55", "15 minutes", ""], ["B2", "Claws", "$12", "", ""], name="Cats")
    rows = told(table(PRICES, *DOGS, name="Dogs"), cats)
    assert rows["How much is vaccination (Dogs)?"].startswith("Vaccination (Dogs) – Price (USD): $60")
    assert rows["How much is vaccination (Cats)?"] == "Vaccination (Cats) – Price (USD): $55"


def test_a_question_that_two_tables_without_names_answer_differently_is_left_out() -> None:
    one = table(["Service", "Fee"], ["Visit", "$50"], ["X-ray", "$90"], name="page 1, table 1")
    other = table(["Service", "Fee"], ["Visit", "$70"], ["Blood test", "$30"], name="page 9, table 2")
    rows = told(one, other)
    assert "How much is X-ray?" in rows and not any("visit" in question.lower() for question in rows)


def test_a_line_of_its_own_heads_the_lines_below_it() -> None:
    lines = [["Dogs", ""], ["Spay", "$200"], ["Neuter", "$150"], ["Cats", ""], ["Spay", "$120"], ["Neuter", "$90"]]
    rows = told(table(["Surgery", "Fee"], *lines))
    assert rows["How much is spay (Dogs)?"] == "Spay (Dogs) – Fee: $200"
    assert rows["What is the fee for neuter (Cats)?"] == "Neuter (Cats) – Fee: $90"


@pytest.mark.parametrize(
    ("header", "rows", "question"),
    [
        (["Day", "Opening hours"], [["Monday", "9–5"], ["Public holidays", "closed"]], "What are the opening hours on Monday?"),
        (["Branch", "Address", "Hours"], [["Downtown", "1 Main St", "9–5"], ["North", "2 Mall Rd", "9–1"]], "When is Downtown open?"),
        (["Leave", "Entitlement", "Notice"], [["Annual leave", "25 days", "4 weeks"], ["Study leave", "5 days", "2 weeks"]], "What is the notice for annual leave?"),
        (["Claim", "Deadline"], [["Theft", "7 days"], ["Fire", "14 days"]], "What is the deadline for theft?"),
        (["Product", "Term", "Rate"], [["Car loan", "3 years", "4.9%"], ["Car loan", "5 years", "5.4%"], ["Home loan", "10 years", "7%"]], "What is the rate for car loan, 3 years?"),
        (["Plan", "Description", "Price"], [["Gold", "All check-ups of a year.", "$90"], ["Silver", "Two check-ups.", "$50"]], "What is gold?"),
        (["Loan", "APR from"], [["New car", "6.49%"], ["Personal", "10.9%"]], "What is the APR for new car?"),
        (["Month", "Fee"], [["May", "$4"], ["June", "$5"]], "What is the fee in May?"),
    ],
)  # fmt: skip
def test_what_stands_under_a_heading_is_asked_as_people_ask(
    header: list[str], rows: list[list[str]], question: str
) -> None:
    assert question in told(table(header, *rows))


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (["Customer", "Balance", "Limit"], [["Ann Lee", "$14", "$100"], ["Bo Ray", "$1", "$20"]]),
        (["Date", "Item", "Amount"], [["2024-01-02", "Paper", "$14"], ["2024-02-02", "Ink", "$20"]]),
        (["Message", "Rate"], [["my card is late and I am angry", "4"], ["where is my card please tell me", "5"]]),
        (["Question", "Price"], [["How much is a visit?", "$50"], ["How much is a crown?", "$900"]]),
        (["Code", "Price"], [["A-1", "$50"], ["A-2", "$900"]]),
        (["Service", "Price"], [["Visit", "$50"], ["Visit", "$90"]]),
        (["Service", "Price"], [["Visit", "$50"]]),
        (["Leistung", "Preis"], [["Untersuchung", "50 €"], ["Impfung", "60 €"]]),
    ],
)
def test_records_messages_and_what_cannot_be_told_apart_give_nothing(header: list[str], rows: list[list[str]]) -> None:
    assert told(table(header, *rows)) == {}


def test_a_price_list_is_read_without_a_question_about_its_columns(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Service", "Fee"])
    for line in ["Visit", "$50"], ["Crown", "$900"]:
        sheet.append(line)
    book.save(tmp_path / "fees.xlsx")
    found = collect([tmp_path / "fees.xlsx"])
    assert [row.question for row in found.examples] == [
        "How much is visit?", "What is the fee for visit?", "How much is crown?", "What is the fee for crown?"
    ]  # fmt: skip
    assert found.files["fees.xlsx"]["columns"] == [] and "How much is visit?" in found.files["fees.xlsx"]["notes"][-1]
    assert not found.errors


def test_headings_that_name_answers_make_questions_and_answers_of_a_table_with_prices() -> None:
    lines = [["Crown", "It takes two visits.", "$900"], ["Visit", "It takes half an hour.", "$50"]]
    asked = Document("faq.csv", "csv", tables=[table(["Question", "Answer", "Price"], *lines)])
    assert [row.question for row in examples_from_document(asked)[0]] == ["Crown", "Visit"]
    treatments = Document("list.csv", "csv", tables=[table(["Treatment", "Remark", "Price"], *lines)])
    made = examples_from_document(treatments, encode=lambda texts: np.eye(len(texts), 64, dtype=np.float32))[0]
    assert {row.question for row in made if "crown" in row.question} == {
        "How much is crown?",
        "What is the price of crown?",
    }
    assert made[0].answer == "Crown – Price: $900; Remark: It takes two visits."


def test_a_fee_table_within_a_document_gives_rows_with_its_page() -> None:
    fees = Table("page 2, table 1", ["Service", "Fee"], [["Visit", "$50"], ["Crown", "$900"]], 2, page=2)
    document = Document("book.pdf", "pdf", tables=[fees], passages=[Passage("All our fees.", 1, "")])
    rows: list[Example] = examples_from_document(document)[0]
    assert (rows[0].answer, rows[0].source.page) == ("Visit – Fee: $50", 2)


def test_columns_the_user_names_are_questions_and_answers_whatever_their_headings() -> None:
    fees = Document("fees.csv", "csv", tables=[table(["Service", "Fee"], ["Visit", "It is $50."], ["Crown", "$900"])])
    rows = examples_from_document(fees, question="Service", answer="Fee")[0]
    assert [(row.question, row.answer) for row in rows] == [("Visit", "It is $50."), ("Crown", "$900")]
