"""What a long document shows of others makes no rows; what it says itself does. Headings keep their levels."""

from pathlib import Path

import pytest

from finetune.data.document import Document, Passage
from finetune.data.from_documents.rows import examples_from_passages
from finetune.data.read import read_file

FILLING = "The bank keeps its branches open on every working day of the year. " * 200
OURS = "Tellers must count each deposit of cash with a second colleague."
SHOWN = "Workers must wear two ear protectors in rooms with more than two machines."


def write(folder: Path, text: str) -> Path:
    path = folder / "guide.md"
    path.write_text(f"# Staff handbook\n\n## The branches\n\n{FILLING}\n\n{text}", encoding="utf-8")
    return path


def answers(folder: Path, text: str) -> list[str]:
    """The answers of the rows made from a long handbook with these chapters."""
    return [row.answer for row in examples_from_passages(read_file(write(folder, text)))]


@pytest.mark.parametrize("kind", ["md", "html", "docx"])
def test_a_passage_knows_the_headings_above_its_own(tmp_path: Path, kind: str) -> None:
    headings = [(1, "Handbook"), (2, "Leave"), (3, "Sick leave"), (2, "Pay")]
    texts = ["", "", "Call by nine.", "We pay on the 25th."]
    path = tmp_path / f"handbook.{kind}"
    if kind == "docx":
        import docx

        written = docx.Document()
        for (level, heading), text in zip(headings, texts, strict=True):
            written.add_heading(heading, level=level - 1)  # the first has the style of a title
            written.add_paragraph(text)
        written.save(str(path))
    else:
        mark = {"md": "{hashes} {heading}\n\n{text}\n\n", "html": "<h{level}>{heading}</h{level}><p>{text}</p>"}[kind]
        parts = [
            mark.format(hashes="#" * level, level=level, heading=heading, text=text)
            for (level, heading), text in zip(headings, texts, strict=True)
        ]
        path.write_text("".join(parts), encoding="utf-8")
    found = [(passage.heading, passage.above) for passage in read_file(path).passages]
    assert found == [("Sick leave", ("Handbook", "Leave")), ("Pay", ("Handbook",))]


def test_a_heading_without_text_leads_the_one_of_its_level_right_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "flat.md"
    path.write_text("## Manual\n\n## Fences\n\nFences are green.\n\n## Gates\n\nGates are red.\n", encoding="utf-8")
    found = [(passage.above, passage.lead) for passage in read_file(path).passages]
    assert found == [((), "Manual"), ((), "")]


def test_where_a_format_tells_no_levels_nothing_stands_above(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("OPENING HOURS\n\nWe open at nine on every day of the week.\n", encoding="utf-8")
    assert [passage.above for passage in read_file(path).passages] == [()]


def test_a_document_keeps_its_levels_on_its_way_from_the_reading_process() -> None:
    document = Document("a.md", "markdown", passages=[Passage("Call by nine.", None, "Sick leave", ("Handbook",))])
    assert Document.from_json(document.as_json()) == document


@pytest.mark.parametrize("heading", ["An example", "Range improvements [excerpt, without figures]"])
def test_a_chapter_that_shows_a_sample_is_silent_from_there_on(tmp_path: Path, heading: str) -> None:
    shown = f"## Writing well\n\n### Notes\n\n{OURS}\n\n### {heading}\n\n### Ear protectors\n\n{SHOWN}\n\n"
    after = "## Cash\n\nTellers must lock each vault of cash with a second key.\n"
    found = answers(tmp_path, shown + after)
    assert OURS in found and SHOWN not in found
    assert "Tellers must lock each vault of cash with a second key." in found


@pytest.mark.parametrize(
    "title", ["Site manual, example 2", "Sample letter to a member", "Announcement template", "Preamble - Example"]
)
def test_a_chapter_whose_title_says_sample_makes_no_rows(tmp_path: Path, title: str) -> None:
    found = answers(tmp_path, f"## {title}\n\n### Ear protectors\n\n{SHOWN}\n\n## Cash\n\n{OURS}\n")
    assert SHOWN not in found and OURS in found


@pytest.mark.parametrize("title", ["Samples of blood", "Sample sizes", "Templates of the bank"])
def test_a_chapter_about_samples_makes_rows(tmp_path: Path, title: str) -> None:
    assert OURS in answers(tmp_path, f"## {title}\n\n### Tellers\n\n{OURS}\n")


def test_a_text_announced_as_rewritten_is_silent_and_one_example_costs_one_passage(tmp_path: Path) -> None:
    announced = f"## Prizes\n\n{OURS}\n\nHere is the notice before and after it was rewritten:\n\n{SHOWN}\n"
    found = answers(tmp_path, announced)
    assert OURS in found and SHOWN not in found
    found = answers(tmp_path, f"## Prizes\n\nFor example:\n\n{SHOWN}\n\n{OURS}\n")
    assert OURS in found and SHOWN not in found


def test_a_document_that_calls_itself_a_sample_still_speaks(tmp_path: Path) -> None:
    path = write(tmp_path, f"## Cash\n\n{OURS}\n")
    path.write_text(path.read_text("utf-8").replace("# Staff handbook", "# Handbook, example 1", 1), encoding="utf-8")
    assert OURS in [row.answer for row in examples_from_passages(read_file(path))]


def test_an_answer_that_runs_into_a_sample_makes_no_row(tmp_path: Path) -> None:
    plain = "Sentences should have fifteen to twenty words, and never more than forty words each."
    asked = "### How long should the sentences of our letters be?\n\n"
    assert plain in answers(tmp_path, f"## Letters\n\n{asked}{plain}\n")
    sample = f"{plain} For example: The operator shall fill each hole. If you make a hole, fill it."
    assert answers(tmp_path, f"## Letters\n\n{asked}{sample}\n") == []


def test_a_question_of_an_faq_that_says_little_names_what_stands_above_it(tmp_path: Path) -> None:
    text = (
        "## Access to Concur\n\n### Frequently asked questions\n\n### What is my user type?\n\n"
        "Everybody who is based in a city with an office of ours is a regular user.\n\n"
        "### How do I change the password of my travel account?\n\nOpen the settings and choose the new password.\n"
    )
    asked = [row.question for row in examples_from_passages(read_file(write(tmp_path, text)))]
    assert asked == [
        "Under “Access to Concur” in the Staff handbook, what is my user type?",
        "How do I change the password of my travel account?",
    ]


def test_before_and_after_are_samples_only_where_the_one_is_the_other_rewritten(tmp_path: Path) -> None:
    rewritten = (
        "### Before\n\nEar protectors of the approved type shall be worn by each worker in rooms with two machines.\n\n"
        f"### After\n\n{SHOWN}\n"
    )
    assert SHOWN not in answers(tmp_path, f"## Clear writing\n\n{rewritten}")
    eat = "Patients should take each tablet with a glass of cold water."
    rest = "A friend must drive each patient of a tooth surgery."
    operation = f"## Pulling a tooth\n\n### Before\n\n{eat}\n\n### After\n\n{rest}\n\n### Costs\n\n{OURS}\n"
    assert {eat, rest, OURS} <= set(answers(tmp_path, operation))


def test_a_letter_to_be_filled_in_makes_no_rows_in_a_short_document_either(tmp_path: Path) -> None:
    path = tmp_path / "short.md"
    letter = "You must send the appeal within 10 days."
    path.write_text(
        f"# Handbook\n\n## Cash\n\n{OURS}\n\n## Template: letter to a member\n\n{letter}\n\n## Keys\n\n"
        "Tellers must lock each vault of cash with a second key.\n",
        encoding="utf-8",
    )
    found = {row.answer for row in examples_from_passages(read_file(path))}
    assert {OURS, "Tellers must lock each vault of cash with a second key."} <= found and letter not in found


def asked(folder: Path, text: str) -> list[str]:
    return [row.question for row in examples_from_passages(read_file(write(folder, text)))]


def test_a_guides_question_names_the_chapter_that_it_does_not_speak_of(tmp_path: Path) -> None:
    message = "You can send a direct message to one colleague or to a group of colleagues."
    (question,) = asked(tmp_path, f"## Chat with Brisk\n\n### Direct messages\n\n{message}\n")
    assert question.startswith("Under “Chat with Brisk” in the Staff handbook, can I send a direct message")
    (question,) = asked(tmp_path, f"## Direct messages\n\n### Colleagues\n\n{message}\n")
    assert question.startswith("Can I send a direct message")


def test_where_the_heading_is_named_its_chapter_stands_before_it(tmp_path: Path) -> None:
    text = "If you have access to an office, check the supply rooms for what you need."
    (question,) = asked(tmp_path, f"## Purchase requests\n\n### Office supplies\n\n{text}\n")
    assert question.startswith("Under “Purchase requests: Office supplies” in the Staff handbook, what should I do if")


def test_a_laws_question_names_no_chapter(tmp_path: Path) -> None:
    rule = "A branch manager must keep a register of all complaints."
    path = write(tmp_path, f"## Chapter II\n\n### Complaints\n\n{rule}\n")
    path.write_text(path.read_text("utf-8").replace("# Staff handbook", "# Fair Branches Act", 1), encoding="utf-8")
    asked_of_law = [row.question for row in examples_from_passages(read_file(path))]
    assert "Under the Fair Branches Act, must a branch manager keep a register of all complaints?" in asked_of_law


def test_what_stands_over_every_section_alike_is_named_in_no_question(tmp_path: Path) -> None:
    message = "You can send a direct message to one colleague or to a group of colleagues."
    path = tmp_path / "page.html"
    path.write_text(
        f"<p>Home</p><h1>Welcome to our pages</h1><h2>Branches</h2><p>{FILLING}</p><h2>Colleagues</h2><p>{message}</p>"
        f"<h2>Cash</h2><p>{OURS}</p>",
        encoding="utf-8",
    )
    found = [row.question for row in examples_from_passages(read_file(path))]
    assert found and not any("Welcome" in question for question in found)
