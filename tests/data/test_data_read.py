"""Reading a user's files, the good and the bad ones."""

import io
import json
import os
import re
import signal
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from finetune.data.collect import examples_from_document
from finetune.data.columns import map_columns
from finetune.data.document import Limits
from finetune.data.from_documents.rows import examples_from_passages
from finetune.data.kinds import SUPPORTED
from finetune.data.letters import LONGEST_LETTER, parts_of
from finetune.data.read import Reading, read_file
from finetune.data.text_formats import document_from_text
from finetune.errors import UserError
from tests.data.small_files import POLICY, Put, notes, pdf, refused, word_document, workbook, zipped

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64)


# Tables as text


def test_a_plain_table_keeps_the_row_numbers_of_its_spreadsheet(put: Put) -> None:
    table = read_file(put("faq.csv", "Question,Answer\nOpen on Sunday?,No.\n\nParking?,Behind the house.\n")).tables[0]
    assert table.header == ["Question", "Answer"]
    assert table.filled() == [(2, ["Open on Sunday?", "No."]), (4, ["Parking?", "Behind the house."])]


def test_an_empty_file_is_refused(put: Put) -> None:
    assert "empty" in refused(put("faq.csv", "")).what
    assert "empty" in refused(put("spaces.txt", "  \n\n ")).what


def test_column_names_without_rows_are_refused_by_name(put: Put) -> None:
    error = refused(put("faq.csv", "Question,Answer\n"))
    assert "Question, Answer" in error.what and error.where == "faq.csv"
    assert "no rows" in refused(put("faq.xlsx", workbook([["Question", "Answer"]]))).what


def test_empty_columns_behind_a_table_are_none(put: Put) -> None:
    table = read_file(put("faq.csv", f"q;a{';' * 300_000}\nOpen?;Yes{';' * 300_000}\nParking?;No\n")).tables[0]
    assert table.header == ["q", "a"] and table.rows == [["Open?", "Yes"], ["Parking?", "No"]]


def test_a_table_of_countless_columns_is_refused_and_one_of_many_costs_no_square_of_them(put: Put) -> None:
    def wide(columns: int) -> str:
        return "\n".join(",".join(f"{word}{n}" for n in range(columns)) for word in ("name", "one", "two"))

    assert "300,000 columns" in refused(put("wide.csv", wide(300_000))).what
    assert "2,001 columns" in refused(put("keys.json", json.dumps([{f"k{n}": "a" for n in range(2_001)}]))).what
    document = read_file(put("faq.csv", wide(2_000)))
    started = time.process_time()
    map_columns(document.tables[0])
    assert time.process_time() - started < 3


def test_a_sheet_without_any_row_is_refused(put: Put) -> None:
    assert refused(put("none.xlsx", workbook([]))).where == "none.xlsx"
    assert refused(put("none.json", "[]")).where == "none.json"


def test_one_column_stays_one_column(put: Put) -> None:
    table = read_file(put("one.csv", "message\nHello, how are you\nFine, thanks, bye\n")).tables[0]
    assert table.header == ["message"]
    assert table.rows == [["Hello, how are you"], ["Fine, thanks, bye"]]


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_prices_in_pounds_tell_windows_from_dos(put: Put, encoding: str) -> None:
    said = "A visit costs £48.;The café says so"
    rows = f"Question;Answer\nWhat is a visit?;{said.partition(';')[0]}\nWho said that?;{said.partition(';')[2]}\n"
    data = rows.encode(encoding) + (b"And then\x85;Nothing.\n" if encoding == "cp1252" else b"")
    cells = [cell for row in read_file(put("prices.csv", data)).tables[0].rows for cell in row]
    assert "A visit costs £48." in cells and "The café says so" in cells


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig"])
def test_accents_survive_other_encodings(put: Put, encoding: str) -> None:
    text = "Frage;Antwort\nWann öffnen Sie?;Täglich außer Montag, früh um 8 Uhr.\nWo parke ich?;Hinter dem Haus.\n"
    document = read_file(put("faq.csv", text.encode(encoding)))
    assert document.tables[0].rows[0] == ["Wann öffnen Sie?", "Täglich außer Montag, früh um 8 Uhr."]
    if encoding in ("latin-1", "cp1252"):
        assert "not in UTF-8" in notes(document)


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_the_separator_is_found(put: Put, separator: str) -> None:
    rows = [["Question", "Answer"], ["Open?", "Yes"], ["Parking?", "No"]]
    table = read_file(put("faq.csv", "\n".join(separator.join(row) for row in rows))).tables[0]
    assert [table.header, *table.rows] == rows


def test_an_unclosed_quote_costs_its_line_only_and_the_line_is_named(put: Put) -> None:
    text = 'q,a\nOne?,First\nTwo?,"never closed\nThree?,"a, b"\nFour?,Fourth\n'
    document = read_file(put("faq.csv", text))
    assert [row[0] for _, row in document.tables[0].filled()] == ["One?", "Three?", "Four?"]
    assert [number for number, _ in document.tables[0].filled()] == [2, 4, 5]
    assert "Line 3" in notes(document)


def test_an_unclosed_quote_in_the_last_line_is_named_too(put: Put) -> None:
    document = read_file(put("faq.csv", 'q,a\nOne?,First\nTwo?,"never closed\n'))
    assert [row for _, row in document.tables[0].filled()] == [["One?", "First"]]
    assert "Line 3" in notes(document)


def test_bare_quotes_inside_a_quoted_cell_are_kept(put: Put) -> None:
    document = read_file(put("faq.csv", 'q,a\n"He said "hi" to me","Say "hi" back"\nTwo?,Second\n'))
    assert document.tables[0].rows == [['He said "hi" to me', 'Say "hi" back'], ["Two?", "Second"]]


def test_a_row_with_surplus_cells_is_left_out_and_named(put: Put) -> None:
    document = read_file(put("faq.csv", "q,a\nOne?,First\nTwo?,yes, but later\nThree?,Third\nFour?,Fourth\n"))
    assert [number for number, _ in document.tables[0].filled()] == [2, 4, 5]
    assert "Line 3 has more cells" in notes(document)


def test_a_table_without_column_names_gets_numbers(put: Put) -> None:
    table = read_file(
        put("faq.csv", "When do you open on Monday?,At eight.\nWhere can I park my car?,Behind.\n")
    ).tables[0]
    assert table.header == ["Column 1", "Column 2"]
    assert table.first_row == 1 and len(table.rows) == 2


def test_nul_bytes_are_removed_and_told(put: Put) -> None:
    document = read_file(put("faq.csv", b"q,a\nOpen\x00?,Yes\x00\n"))
    assert document.tables[0].rows == [["Open?", "Yes"]]
    assert "2 NUL" in notes(document)


def test_spreadsheet_formulas_in_a_csv_stay_text(put: Put) -> None:
    table = read_file(put("faq.csv", 'q,a\nTotal?,"=HYPERLINK(""http://x"",""y"")"\nSum?,=1+1\n')).tables[0]
    assert table.rows == [["Total?", '=HYPERLINK("http://x","y")'], ["Sum?", "=1+1"]]


# JSON


def test_a_broken_json_line_is_named_and_the_others_are_read(put: Put) -> None:
    lines = [json.dumps({"question": f"Question {i}?", "answer": f"Answer {i}."}) for i in range(1, 21)]
    lines[13] = '{"question": "Question 14?", "answer": '
    document = read_file(put("faq.jsonl", "\n".join(lines)))
    assert "Line 14" in notes(document)
    rows = document.tables[0].filled()
    assert len(rows) == 19 and rows[13] == (15, ["Question 15?", "Answer 15."])


def test_json_that_is_none_is_refused_with_the_place(put: Put) -> None:
    assert "line 2" in refused(put("faq.json", '[{"question": "a",\n "answer" oops}]')).what


def test_deeply_nested_json_is_refused(put: Put) -> None:
    assert refused(put("deep.json", "[" * 200_000)).where == "deep.json"


def test_chat_exports_keep_all_turns(put: Put) -> None:
    openai = {
        "messages": [
            {"role": r, "content": c} for r, c in (("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello"))
        ]
    }
    share = {
        "conversations": [
            {"from": f, "value": v} for f, v in (("human", "A?"), ("gpt", "B."), ("human", "C?"), ("gpt", "D."))
        ]
    }
    document = read_file(put("chats.jsonl", f"{json.dumps(openai)}\n{json.dumps(share)}\n"))
    assert document.conversations[0].messages == [("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello")]
    assert len(document.conversations[1].messages) == 4 and document.conversations[1].row == 2


def test_an_instruction_and_its_input_make_one_question(put: Put) -> None:
    rows = [{"instruction": "Shorten this.", "input": "A long text.", "output": "Short."}]
    table = read_file(put("alpaca.json", json.dumps(rows))).tables[0]
    assert table.header == ["instruction", "output"]
    assert table.rows == [["Shorten this.\n\nA long text.", "Short."]]


def test_pairs_deep_inside_a_data_set_are_found(put: Put) -> None:
    nested = {"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "Who?", "answers": [{"text": "Ada"}]}]}]}]}
    table = read_file(put("squad.json", json.dumps(nested))).tables[0]
    assert table.rows == [["Who?", "Ada"]]


# Sheets


def test_merged_cells_count_for_every_row_they_cover(put: Put) -> None:
    rows: list[list[object]] = [
        ["Topic", "Question", "Answer"],
        ["Billing", "How?", "By card."],
        [None, "When?", "Monthly."],
    ]
    document = read_file(put("faq.xlsx", workbook(rows, merge="A2:A3")))
    assert document.tables[0].rows == [["Billing", "How?", "By card."], ["Billing", "When?", "Monthly."]]
    assert "merged" in notes(document)


def test_a_title_above_the_column_names_is_passed_over(put: Put) -> None:
    rows: list[list[object]] = [["Our FAQ 2024", None], ["Question", "Answer"], ["Open?", "Yes."], ["Closed?", "No."]]
    table = read_file(put("faq.xlsx", workbook(rows, merge="A1:B1"))).tables[0]
    assert table.header == ["Question", "Answer"] and table.first_row == 3


def test_a_formula_without_stored_result_is_told_with_its_cell(put: Put) -> None:
    document = read_file(
        put("fees.xlsx", workbook([["Question", "Answer"], ["Fee?", "=10*2"], ["Tax?", "None at all."]]))
    )
    assert "no stored result (first: B2)" in notes(document)
    assert document.tables[0].rows[0] == ["Fee?", ""]


# Documents


def test_a_pdf_gives_passages_with_page_and_heading(put: Put) -> None:
    document = read_file(put("policy.pdf", pdf(f"Refunds\n{POLICY[0]}", f"Appointments\n{POLICY[1]}")))
    assert [(p.text, p.page, p.heading) for p in document.passages] == [
        (POLICY[0], 1, "Refunds"),
        (POLICY[1], 2, "Appointments"),
    ]


def test_larger_type_makes_a_heading_and_running_heads_are_left_out(put: Put) -> None:
    from fpdf import FPDF

    class Paper(FPDF):
        def header(self) -> None:
            self.set_font("Helvetica", size=8)
            self.cell(0, 6, "Bright Smile, office policy 2026", new_x="LMARGIN", new_y="NEXT")

        def footer(self) -> None:
            self.set_y(-15)
            self.cell(0, 6, f"Page {self.page_no()} of 3")

    paper = Paper()
    for heading in ("What counts as late", "Fees and other charges", "Lists"):
        paper.add_page()
        paper.set_font("Helvetica", size=16)
        paper.multi_cell(0, 8, heading, new_x="LMARGIN", new_y="NEXT")
        paper.set_font("Helvetica", size=11)
        for line in (POLICY[0], "Please bring:", "- a card", "- a form", f"Afterwards ask about {heading.lower()}."):
            paper.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    passages = read_file(put("policy.pdf", bytes(paper.output()))).passages
    assert list(dict.fromkeys(p.heading for p in passages)) == [
        "What counts as late",
        "Fees and other charges",
        "Lists",
    ]
    assert [p.text for p in passages if p.page == 1] == [
        POLICY[0],
        "Please bring:\n- a card\n- a form",
        "Afterwards ask about what counts as late.",
    ]


def test_an_encrypted_pdf_is_refused_by_its_reason(put: Put) -> None:
    assert "password" in refused(put("secret.pdf", pdf("Secret text of ours.", password="horse"))).what


def test_a_scanned_pdf_is_refused_by_its_reason(put: Put) -> None:
    error = refused(put("scan.pdf", pdf("", "")))
    assert "2 pages are pictures" in error.what and "OCR" in error.action


def ocrmypdf(folder: Path, does: str) -> None:
    """A program of that name which does this with its last two arguments, the scan and the copy it is to write."""
    program = folder / "ocrmypdf"
    program.write_text(f"#!{sys.executable}\nimport shutil, sys, time\nscan, copy = sys.argv[-2:]\n{does}\n")
    program.chmod(0o755)


def test_a_scan_is_read_where_a_program_recognises_its_text(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    recognised = put("recognised.pdf", pdf(f"Refunds\n{POLICY[0]}", f"Appointments\n{POLICY[1]}"))
    ocrmypdf(tmp_path, f"shutil.copy({str(recognised)!r}, copy)")
    document = read_file(put("scan.pdf", pdf("", "")))
    assert (document.file, [p.page for p in document.passages]) == ("scan.pdf", [1, 2])
    assert "text of pages 1 and 2 was recognised by ocrmypdf" in notes(document)
    half = read_file(put("half.pdf", pdf(POLICY[0], "")))
    assert "text of page 2 was recognised" in notes(half)


@pytest.mark.parametrize(
    ("does", "told"),
    [("sys.exit('no language data')", "no language data"), ("time.sleep(60)", "longer than 1 seconds"), ("", "exit 0")],
)
def test_a_recognition_that_fails_is_told_and_what_has_text_is_read(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, told: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    ocrmypdf(tmp_path, does)
    document = read_file(put("half.pdf", pdf(POLICY[0], "")), limits=Limits(recognition_seconds=1))
    assert [p.text for p in document.passages] == [POLICY[0]]
    assert "recognition by ocrmypdf failed" in notes(document) and told in notes(document)
    assert "Page 2 is without text" in notes(document)


LEFT = ["Refunds are issued within 14 days of", "the request. The money goes back to", "the card it was paid with."]
RIGHT = ["Appointments may be cancelled up to", "24 hours before they begin. A later", "cancellation costs 40 dollars."]


def test_columns_of_a_page_are_read_one_after_the_other_and_its_table_row_by_row(put: Put) -> None:
    from fpdf import FPDF

    paper = FPDF()
    paper.add_page()
    paper.set_font("Helvetica", size=10)
    for left, right in zip(LEFT, RIGHT, strict=True):
        paper.cell(95, 6, left)
        paper.cell(95, 6, right, new_x="LMARGIN", new_y="NEXT")
    paper.ln(10)
    for row in (
        ("Service", "Price", "Minutes"),
        ("Cleaning", "90", "30"),
        ("Crown, with a", "900", "90"),
        ("temporary one", "", ""),
    ):
        for cell in row:
            paper.cell(60, 7, cell)
        paper.ln()
    paper.multi_cell(0, 7, "All of these prices are for one visit, and may change at the end of a year without notice.")
    document = read_file(put("leaflet.pdf", bytes(paper.output())))
    said = " ".join(p.text for p in document.passages)
    assert " ".join(LEFT) in said and " ".join(RIGHT) in said and "All of these prices" in said
    (table,) = document.tables
    assert (table.header, table.page) == (["Service", "Price", "Minutes"], 1)
    assert table.rows == [["Cleaning", "90", "30"], ["Crown, with a temporary one", "900", "90"]]


def test_a_table_that_goes_on_over_the_page_is_one_table(put: Put) -> None:
    from fpdf import FPDF

    paper = FPDF()
    paper.set_font("Helvetica", size=10)
    for page in range(2):
        paper.add_page()
        for row in [("Question", "Answer"), *((f"Case {page}{n}?", f"Answer {page}{n}.") for n in range(5))]:
            paper.cell(90, 7, row[0])
            paper.cell(90, 7, row[1], new_x="LMARGIN", new_y="NEXT")
    (table,) = read_file(put("table.pdf", bytes(paper.output()))).tables
    assert [row[0] for row in table.rows] == [f"Case {page}{n}?" for page in range(2) for n in range(5)]


def test_a_broken_page_costs_only_itself(put: Put) -> None:
    document = read_file(put("half.pdf", pdf(*POLICY).replace(b"/FlateDecode", b"/FlateDecodX", 1)))
    assert [p.page for p in document.passages] == [2]
    assert "Page 1 is damaged" in notes(document)


def test_word_headings_lists_and_tables_are_read(tmp_path: Path) -> None:
    import docx

    word = docx.Document()
    word.add_heading("What must I bring?", 1)
    word.add_paragraph("Please bring:")
    word.add_paragraph("your insurance card", style="List Bullet")
    table = word.add_table(rows=2, cols=2)
    for cell, text in zip(
        [*table.rows[0].cells, *table.rows[1].cells], ["Question", "Answer", "Open?", "Yes."], strict=True
    ):
        cell.text = text
    word.save(str(tmp_path / "policy.docx"))
    document = read_file(tmp_path / "policy.docx")
    assert document.passages[0].heading == "What must I bring?"
    assert document.passages[0].text == "Please bring:\n- your insurance card"
    assert document.tables[0].rows == [["Open?", "Yes."]]


def test_a_web_page_is_read_without_its_menus_and_without_fetching_anything(put: Put) -> None:
    page = (
        "<!doctype html><html><head><script>alert(1)</script></head><body><nav>Home | About</nav>"
        "<h2>How do I pay?</h2><p>Pay by card or <b>cash</b>.</p><img src='file:///etc/passwd'>"
        "<iframe src='http://127.0.0.1:9/'></iframe><div style='display:none'>hidden words</div></body></html>"
    )
    passages = read_file(put("faq.html", page)).passages
    assert [(p.heading, p.text) for p in passages] == [("How do I pay?", "Pay by card or cash.")]


def test_a_page_that_closes_no_cell_and_one_of_tables_in_tables_keep_their_rows(put: Put) -> None:
    rows = "<tr><th>Question<th>Answer<tr><td>Open?<td>Yes.<tr><td>Parking?<td>No."
    for page in (f"<html><table>{rows}</table>", f"<html><table><tr><td><table>{rows}</table><td>Menu</table>"):
        (table,) = read_file(put("faq.html", page)).tables
        assert [table.header, *table.rows] == [["Question", "Answer"], ["Open?", "Yes."], ["Parking?", "No."]]


def test_a_page_of_tables_within_tables_is_read_in_time(put: Put) -> None:
    page = "<html><body>" + "<p>Pay by card.<table><tr><th>a<th>b" * 300
    assert read_file(put("deep.html", page), limits=Limits(seconds=20)).passages


def test_markdown_and_text_give_headings(put: Put) -> None:
    markdown = read_file(put("faq.md", "# FAQ\n\n## How do I pay?\n\nBy **card** or [online](http://x).\n"))
    assert [(p.heading, p.text) for p in markdown.passages] == [("How do I pay?", "By card or online.")]
    text = read_file(put("faq.txt", "Q: How do I pay?\nA: By card.\n\nQ: When?\nA: At the visit.\n"))
    assert [(p.heading, p.text) for p in text.passages] == [("How do I pay?", "By card."), ("When?", "At the visit.")]


def test_a_rule_within_a_table_begins_no_other(put: Put) -> None:
    (table,) = read_file(put("faq.md", "| q | a |\n|---|---|\n" + "| One? | Yes. |\n|---|---|\n" * 300)).tables
    assert table.header == ["q", "a"] and len(table.rows) == 600


def test_two_columns_of_one_name_are_told_apart_in_markdown_too(put: Put) -> None:
    (table,) = read_file(put("faq.md", "| a | a |\n|---|---|\n| c | d |\n")).tables
    assert table.header == ["a", "a (2)"]


def test_a_paragraph_of_very_many_lines_is_read_in_time(put: Put) -> None:
    lines = [f"and also the case of number {n} in a list with no end" for n in range(60_000)]
    (passage,) = read_file(put("long.txt", "\n".join(lines)), limits=Limits(seconds=20)).passages
    assert passage.text.endswith("59999 in a list with no end")


# Files that lie, and files that attack


def test_a_pdf_called_csv_is_read_as_the_pdf_it_is(put: Put) -> None:
    document = read_file(put("policy.csv", pdf(POLICY[0])))
    assert document.kind == "pdf" and "the content is a PDF" in notes(document)


def test_a_csv_called_xlsx_is_read_as_the_csv_it_is(put: Put) -> None:
    document = read_file(put("export.xlsx", "Question,Answer\nOpen?,Yes\n"))
    assert document.kind == "csv" and document.tables[0].rows == [["Open?", "Yes"]]


def test_a_picture_called_csv_is_refused(put: Put) -> None:
    assert "picture" in refused(put("faq.csv", PNG)).what


def test_unsupported_endings_are_told_what_is_supported(put: Put) -> None:
    error = refused(put("notes.xyz", "some text"))
    assert ".xyz" in error.what and SUPPORTED in error.action


def test_a_bomb_in_office_clothes_is_refused_before_it_is_opened(put: Put) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\x00" * 60 * 2**20)
    assert "unpack" in refused(put("bomb.docx", file.getvalue())).what


def test_an_archive_without_rows_and_a_damaged_one_are_refused(put: Put) -> None:
    assert "faq.csv: The table has column names" in refused(put("faq.zip", zipped({"faq.csv": b"q,a"}))).what
    assert "damaged" in refused(put("faq.xlsx", workbook([["q", "a"], ["b", "c"]])[:900])).what


def test_a_damaged_pdf_is_refused(put: Put) -> None:
    assert refused(put("policy.pdf", b"%PDF-1.7\n" + b"garbage " * 50)).where == "policy.pdf"


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with open(path, "wb") as file:
        file.truncate(200 * 2**20)
    assert "200 MiB; the limit is 50 MiB" in refused(path).what


def test_a_parser_that_takes_too_much_memory_is_stopped(put: Put) -> None:
    rows: list[list[object]] = [["q", "a"]] + [[f"question {i}", "answer " * 20] for i in range(20_000)]
    assert "memory" in refused(put("big.xlsx", workbook(rows)), memory_mib=150).what


def test_reading_that_takes_too_long_is_stopped(put: Put) -> None:
    assert "longer than 0 seconds" in refused(put("policy.pdf", pdf(POLICY[0])), seconds=0).what


def test_a_broken_marked_section_costs_no_page_and_no_letter(put: Put) -> None:
    page = f"<p>{POLICY[0]}</p><![do x]><p>{POLICY[1]}</p>"
    told = " ".join(p.text for p in read_file(put("page.html", f"<html><body>{page}</body></html>")).passages)
    assert POLICY[0] in told and POLICY[1] in told
    letter = f"From: a@b.example\nTo: c@d.example\nSubject: Rules\nContent-Type: text/html\n\n{page}\n"
    assert POLICY[1] in str(read_file(put("letter.eml", letter)).as_json())


def test_a_workbook_without_a_workbook_in_it_is_damaged_and_ends_no_process(put: Put) -> None:
    empty = zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})
    with Reading(Limits()) as reading:
        reading.file(put("faq.csv", "q,a\nOpen?,Yes\n"))
        before = reading._process
        with pytest.raises(UserError, match="damaged"):
            reading.file(put("faq.xlsx", empty))
        assert reading._process is before


def test_a_parser_that_works_too_long_is_stopped_by_the_seconds_of_the_processor(put: Put) -> None:
    page = "<div>" + "<p>One <b>thing</b> after <i>another</i>.</p>" * 60_000
    assert "longer than 1 seconds" in refused(put("long.html", page), seconds=1).what


def test_a_wait_for_other_work_on_the_machine_is_no_hang(put: Put) -> None:
    with Reading(Limits(seconds=1)) as reading:
        reading.file(put("first.csv", "q,a\nOpen?,Yes\n"))
        assert reading._process
        os.kill(reading._process.pid, signal.SIGSTOP)
        waited = threading.Timer(2, os.kill, (reading._process.pid, signal.SIGCONT))
        waited.start()
        assert reading.file(put("second.csv", "q,a\nOpen?,No\n")).tables
        waited.join()


def test_many_files_one_after_the_other_do_not_use_up_the_time_of_one(put: Put) -> None:
    page = "<div>" + "<p>One <b>thing</b> after <i>another</i>.</p>" * 4_000
    with Reading(Limits(seconds=2, whole_seconds=1)) as reading:
        started = {reading.file(put("long.html", page)) and reading._process for _ in range(5)}
    assert len(started) == 1, "the process was never ended"


@pytest.mark.parametrize(
    "name", ["..csv", "-rf.csv", "a\nb\x1b[31m.csv", "\u202evsc.csv", "<script>.csv", "x" * 200 + ".csv"]
)
def test_hostile_names_are_shown_harmlessly(put: Put, name: str) -> None:
    document = read_file(put(name, "q,a\nOpen?,Yes\n"))
    assert document.file.isprintable() and len(document.file) <= 100


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    assert "not a file" in refused(tmp_path).what
    assert "cannot be opened" in refused(tmp_path / "gone.csv").what


def test_the_reading_process_may_use_neither_network_nor_programs_nor_write_files(tmp_path: Path) -> None:
    import subprocess

    for attempt in (
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import subprocess; subprocess.run(['true'])",
        f"open({str(tmp_path / 'written')!r}, 'w').write('x' * 10)",
    ):
        program = f"from finetune.data.read_worker import *; confine(Limits()); {attempt}"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert done.returncode != 0
        assert "PermissionError" in done.stderr or "OSError" in done.stderr or done.returncode < 0, done.stderr
    assert not (tmp_path / "written").exists() or (tmp_path / "written").stat().st_size == 0


# What the messy folder taught


def test_thousands_of_unclosed_comments_are_read_within_the_limit_and_closed_ones_left_out(put: Put) -> None:
    start = time.process_time()
    text = "# Fees\n\nA visit costs 50 dollars.<!-- not said --> Pay at the desk.\n\n" + "# <!--FA\n" * 30_000
    document = read_file(put("notes.md", text))
    assert document.passages[0].text == "A visit costs 50 dollars. Pay at the desk."
    assert time.process_time() - start < 15


def test_a_word_document_with_a_broken_style_is_read(put: Put) -> None:
    parts = zipfile.ZipFile(io.BytesIO(word_document()))
    files = {name: parts.read(name) for name in parts.namelist()}
    broken = re.sub(rb'<w:name w:val="[^"]*"/>', b"<w:name/>", files["word/styles.xml"], count=3)
    assert broken != files["word/styles.xml"]
    whole = read_file(put("whole.docx", word_document()))
    document = read_file(put("policy.docx", zipped({**files, "word/styles.xml": broken})))
    assert [passage.text for passage in document.passages] == [passage.text for passage in whole.passages]


def test_a_table_of_ten_thousand_unclosed_cells_is_read_within_the_limit(put: Put) -> None:
    page = "<table><tr><th>Question</th><th>Answer</th></tr><tr>" + "<td>Open?</td><td>Yes<" * 10_000
    assert "no rows that can be read" in refused(put("unclosed.html", page.encode())).what


def test_fifty_thousand_columns_are_named_within_the_limit() -> None:
    from finetune.data.tables import unique_header

    names = unique_header(["a", "a (2)", "a", "a b", "", "a"] + ["x"] * 50_000)
    assert names[:6] == ["a", "a (2)", "a (3)", "a b", "Column 5", "a (4)"] and names[-1] == "x (50000)"


def test_a_page_with_a_filter_of_an_old_name_is_named_as_damaged(put: Put) -> None:
    page = pdf("We open at eight on every working day.", "We close at five on every working day.")
    told = read_file(put("old.pdf", page.replace(b"/FlateDecode", b"/Fl         ", 1)))
    assert "We close at five" in " ".join(passage.text for passage in told.passages)


def test_twenty_thousand_boxes_within_boxes_are_read_within_the_limit(put: Put) -> None:
    page = "<h2>Opening hours</h2><p>We open at eight.</p>" + "<div><b>x</b>" * 20_000
    assert read_file(put("boxes.html", page.encode())).passages[0].text == "We open at eight."


def test_tens_of_thousands_of_unclosed_tags_and_buttons_are_read_within_the_limit(put: Put) -> None:
    opening = "<p>We open at eight.</p>"
    for broken in ("<htm" * 80_000, "<a href=" * 40_000, "<button>Why?</button>" * 15_000):
        assert read_file(put("tags.html", opening + broken)).passages[0].text.startswith("We open at eight.")


@pytest.mark.parametrize(
    ("name", "again"),
    [
        ("a.md", "\t"), ("a.md", "["), ("a.md", "!["), ("a.md", "[a]("), ("a.md", "# # "), ("a.md", "Mr. A "),
        ("a.txt", "# # "), ("a.txt", "A. "), ("a.txt", "\t"),
    ],
)  # fmt: skip
def test_a_line_of_one_thing_over_and_over_costs_no_square_of_its_length(put: Put, name: str, again: str) -> None:
    text = f"We open at eight on every working day.\n\n{again * (400_000 // len(again))} end\n"
    document = read_file(put(name, text), limits=Limits(seconds=10))
    started = time.process_time()
    examples_from_passages(document)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("again", ["a", "a.", "@", "a@"])
def test_a_cell_of_one_thing_over_and_over_costs_no_square_of_its_length(again: str) -> None:
    head = (
        "Ticket ID,Created,Author,Message\n1,2026-05-05 10:00,Customer,How do I pay?\n1,2026-05-05 11:00,Agent,Cash.\n"
    )
    name = again * (300_000 // len(again))
    document = document_from_text(f"{head}2,,{name},{name}\n".encode(), "tickets.csv", Limits(), kind="csv")
    started = time.process_time()
    examples_from_document(document)
    assert time.process_time() - started < 5


def test_a_letter_of_blanks_costs_no_square_of_them() -> None:
    started = time.process_time()
    (part,) = parts_of("When do you open?" + "\t" * (LONGEST_LETTER - 100) + "end\n")
    assert part.text.endswith("end") and time.process_time() - started < 5


def test_words_beside_the_parts_of_a_page_are_read_in_their_order(put: Put) -> None:
    page = "<body>First <b>of</b> all.<div>Then <i>this</i>.<p>A part.</p>And its end.</div><font>At last.</font>"
    read = read_file(put("page.html", f"<html>{page}<select><option>Pick one</select></body></html>"))
    told = ["First of all.", "Then this.", "A part.", "And its end.", "At last."]
    assert " ".join(" ".join(passage.text for passage in read.passages).split()) == " ".join(told)


def test_twenty_thousand_headings_within_headings_are_read_within_the_limit(put: Put) -> None:
    page = "<details><summary><h3>May I swim?</h3></summary><p>We do not say.</p></details>" + "<h2>x" * 20_000
    assert read_file(put("headings.html", page.encode())).passages[0].heading == "May I swim?"


def test_tens_of_thousands_of_unclosed_quotes_cost_no_more_than_their_lines() -> None:
    import gc
    import time

    from finetune.data.tables import table_from_separated

    def seconds(count: int) -> float:
        text = "q,a\n" + "".join(f'Question {n}?,"never closed\nQuestion {n}?,Closed.\n' for n in range(count))
        gc.disable()  # its work grows with all that other tests have left, and not with this file
        began = time.process_time()
        table, _ = table_from_separated(text, "quotes.csv", Limits())
        taken = time.process_time() - began
        gc.enable()
        assert len(table.filled()) == count
        return taken

    few, many = (min(seconds(count) for _ in range(3)) for count in (4_000, 32_000))
    assert many < 24 * max(few, 0.02), "eight times the lines, not sixty-four times the work"


def test_inserted_words_boxes_and_footnotes_of_word_are_read_and_deleted_ones_are_not(tmp_path: Path) -> None:
    from tests.data.messy_files import FILES, Plant

    for name in ("tracked changes.docx", "footnotes and boxes.docx"):
        planted = FILES[name](tmp_path / "word.docx", Plant(1, 1))
        said = " ".join(p.text for p in read_file(tmp_path / "word.docx").passages)
        assert all(sentence in said for sentence in planted.sentences) and "OLD WORDS" not in said


def test_an_answer_that_opens_on_a_click_is_read_and_a_hidden_menu_is_not(put: Put) -> None:
    page = (
        "<html><body><div hidden>Accept all our cookies now</div>"
        '<h3><button aria-controls="p1">How do I pay?</button></h3>'
        '<div id="p1" style="display:none"><p>By card at the front desk.</p></div></body></html>'
    )
    (passage,) = read_file(put("faq.html", page)).passages
    assert (passage.heading, passage.text) == ("How do I pay?", "By card at the front desk.")


def test_a_pdf_whose_end_is_missing_gives_what_is_there(put: Put) -> None:
    document = read_file(put("cut.pdf", pdf(*POLICY)[:-250]))
    assert [p.text for p in document.passages] == POLICY
    assert "end of the PDF is missing" in notes(document)


def test_a_file_without_an_ending_is_what_its_bytes_are(put: Put) -> None:
    document = read_file(put("export", "Question,Answer\nOpen?,Yes.\n"))
    assert document.tables[0].rows == [["Open?", "Yes."]] and "no ending" in notes(document)


def title_of(folder: Path, name: str, content: bytes) -> str:
    (folder / name).write_bytes(content)
    return read_file(folder / name).title


def word_file(*paragraphs: tuple[str, str]) -> bytes:
    import docx

    word = docx.Document()
    for text, style in paragraphs:
        word.add_paragraph(text, style=style)
    file = io.BytesIO()
    word.save(file)
    return file.getvalue()


def test_a_document_is_called_by_the_title_it_opens_with(tmp_path: Path) -> None:
    text = "Members may close an account at any branch on a working day."
    titles = {
        "only one of its rank.md": f"# Member handbook\n\n{text}\n\n## Accounts\n\n{text}",
        "heads a heading.md": f"# Member handbook\n\n# Accounts\n\n{text}\n\n# Cards\n\n{text}",
        "page.html": f"<html><body><h1>Member  handbook</h1><p>{text}</p><h2>Accounts</h2><p>{text}</p></body></html>",
    }
    assert {name: title_of(tmp_path, name, content.encode()) for name, content in titles.items()} == dict.fromkeys(
        titles, "Member handbook"
    )
    word = word_file(("Member handbook", "Title"), (text, "Normal"), ("Accounts", "Heading 1"), (text, "Normal"))
    assert title_of(tmp_path, "set as title.docx", word) == "Member handbook"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sections.md", "# Accounts\n\nThey are free.\n\n# Cards\n\nThey are free as well."),
        ("question.md", "# How do I close an account?\n\nAt any branch."),
        ("plain.txt", "Members may close an account at any branch.\n\nCards are free."),
    ],
)
def test_a_document_that_opens_without_a_title_has_none(tmp_path: Path, name: str, content: str) -> None:
    assert title_of(tmp_path, name, content.encode()) == ""
