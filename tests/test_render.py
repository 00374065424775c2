"""Cards as the terminal and the page show them."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from assistant import markup, render
from assistant.events import Progress, Reply, TextDelta, ToolFinished, ToolStarted
from finetune.project import Project
from tools.brief import Brief
from tools.journey import STAGE_NAMES, read_state, write_model
from tools.result import CardKind

HOSTILE = "<img src=x onerror=alert(1)>\n\n# *no* {0} %s"


def cards(text: str = "words") -> dict[str, dict[str, Any]]:
    """A card of every kind, with the given text wherever a file or a person could have put one."""
    pair = {"question": text, "reference": text, "base": text, "tuned": text}
    data: dict[str, dict[str, Any]] = {
        "brief": {"fields": [{"name": "organisation", "title": "Organisation", "value": text}]},
        "rules": {
            "entries": [
                {
                    "id": "us-x", "title": text, "citation": text, "jurisdiction": text, "url": "https://example.org/law",
                    "as_of": "2026-01-01", "verified": False, "summary": text, "reason": text, "kept": None,
                }
            ]
        },
        "passages": {
            "query": text,
            "passages": [
                {
                    "number": 1, "file": text, "page": 4, "heading": text, "text": text, "score": 0.9, "reason": text,
                }
            ],
        },
        "file": {"name": text, "rows": 3, "read": [text], "notes": [text], "problems": [text]},
        "columns": {"file": text, "header": [text, "B"], "question": text, "answer": None, "sample": [[text]]},
        "data": {
            "rows": [
                {
                    "id": "1", "number": 1, "question": text, "answer": text, "kind": "faq", "topic": text,
                    "split": "test", "status": "kept", "source": text, "notes": [text],
                }
            ] * 9,
            "total": 40,
        },
        "conflicts": {
            "questions": [
                {
                    "question": text,
                    "answers": [{"numbers": [3, 8], "question": text, "answer": text, "source": text}] * 2,
                }
            ],
            "total": 7,
        },
        "report": {"counts": {"kept": 1200}, "sentences": [text]},
        "personal": {
            "found": [{"example": "1", "kind": "phone", "replacement": "[phone]", "context": text}],
            "cannot_find": [text],
        },
        "verdict": {"level": "caution", "sentences": [text], "figures": {"rows": 82.0, "lookup score": 0.28}},
        "plan": {
            "settings": [{"name": "learning_rate", "value": 2e-4, "description": text, "reason": text}],
            "minutes": 4.2, "memory_gib": 0.7, "system_message": text,
        },
        "progress": {
            "run": "1", "state": "training", "step": 5, "max_steps": 10, "minutes_left": 2.0, "sentence": text,
            "curve": [
                {"step": 0, "train_loss": None, "validation_loss": 3.0},
                {"step": 4, "train_loss": 2.5, "validation_loss": 2.0},
                {"step": 5, "train_loss": 2.2, "validation_loss": None},
            ],
        },
        "evaluation": {
            "run": "1", "verdict": "better", "sentence": text, "file": "evaluation.md",
            "metrics": [{"name": text, "base": 3.0, "tuned": 1.5, "low": -2.0, "high": -1.0, "sentence": text}],
            "best": [pair], "worst": [pair],
            "checks": [{"name": text, "base_passed": 1, "tuned_passed": 4, "total": 5}],
        },
        "comparison": {
            "prompt": text, "base": text, "tuned": text, "run": "1",
            "source": {"file": text, "page": None, "text": text},
        },
        "files": {"files": [{"name": text, "path": "/elsewhere/pack.zip", "size": 3 * 2**20}]},
        "coverage": {
            "sentences": [text],
            "topics": [{"topic": text, "rows": 3, "share": 0.5, "example": text}],
            "subjects": [{"what": "rule", "subject": text, "rows": 1, "least": 3, "level": "thin"}],
            "additions": [{"request": text, "reason": text, "gain": 2.0}],
        },
        "watch": {"sentences": [text], "test_items": 2, "training_rows": 1},
    }  # fmt: skip
    return {kind: {"kind": kind, "title": text, **body} for kind, body in data.items()}


def test_every_kind_of_card_has_a_text_and_a_picture() -> None:
    kinds = set(get_args(CardKind))
    assert set(render.TEXTS) == kinds
    assert set(markup.BODIES) == kinds
    assert set(cards()) == kinds


@pytest.mark.parametrize("kind", get_args(CardKind))
def test_no_text_of_a_file_becomes_markup(kind: str) -> None:
    shown = markup.card_as_html(cards(HOSTILE)[kind])
    assert "&lt;img" in shown
    assert "<img" not in shown
    assert "\n" not in shown, "a blank line would end the HTML block and let Markdown begin"


@pytest.mark.parametrize("kind", get_args(CardKind))
def test_every_card_says_its_words_in_the_terminal(kind: str) -> None:
    shown = render.card_as_text(cards("apples and pears")[kind])
    assert "apples and pears" in shown
    assert "<" not in shown


def test_a_note_and_a_problem_differ_by_a_word_and_not_by_colour_alone() -> None:
    card = {"kind": "file", "title": "a.zip", "rows": 2, "read": [], "notes": ["one tab"], "problems": ["no text"]}
    for shown in (render.card_as_text(card), re.sub("<[^>]+>", "", markup.card_as_html(card))):
        assert "Note: one tab" in shown
        assert "Problem: no text" in shown
    assert "Note: words" in re.sub("<[^>]+>", "", markup.card_as_html(cards()["data"]))


def test_a_file_card_of_an_older_conversation_has_no_notes() -> None:
    card = {"kind": "file", "title": "a.csv", "rows": 2, "read": ["pairs"], "problems": []}
    assert "pairs" in render.card_as_text(card) and "pairs" in markup.card_as_html(card)


def test_only_addresses_of_the_web_become_links() -> None:
    card = cards()["rules"]
    assert 'href="https://example.org/law"' in markup.card_as_html(card)
    for address in ("javascript:alert(1)", "data:text/html,x", "//example.org", ""):
        card["entries"][0]["url"] = address
        assert "href" not in markup.card_as_html(card)


def test_a_file_that_must_not_be_fetched_is_named_without_a_link() -> None:
    card = cards("pack.zip")["files"]
    assert "href" not in markup.card_as_html(card)
    assert 'href="take/pack.zip"' in markup.card_as_html(card, lambda path: "take/" + Path(path).name)


def test_the_answer_loads_nothing_and_brings_no_markup() -> None:
    said = markup.spoken("<script>x</script> ![a](https://example.org/spy.png) **bold**")
    assert "<script" not in said
    assert "![" not in said.replace("!\\[", "")
    assert "**bold**" in said


def test_a_message_is_shown_letter_by_letter() -> None:
    shown = markup.user_bubble("# not a heading\n\n<b>& _it_</b>", ["a<b>.csv"])
    assert "# not a heading&#10;&#10;&lt;b&gt;&amp; _it_&lt;/b&gt;" in shown
    assert "a&lt;b&gt;.csv" in shown
    assert "\n" not in shown


def test_the_curve_needs_two_points_and_marks_the_best() -> None:
    points = cards()["progress"]["curve"]
    assert not markup.curve(points[:1])
    drawn = str(markup.curve(points))
    assert "best at step 4" in drawn
    heights = [float(y) for y in re.findall(r",([\d.]+)", re.search(r'at-held" points="([^"]+)"', drawn)[1])]  # type: ignore[index]
    assert heights[0] < heights[1], "a smaller error stands lower"


def test_a_flat_curve_can_be_drawn() -> None:
    assert "polyline" in str(markup.curve([{"step": 0, "train_loss": 1.0, "validation_loss": 1.0}] * 2))


def test_long_tables_of_data_are_folded() -> None:
    shown = markup.card_as_html(cards()["data"])
    assert "3 more rows" in shown
    assert "9 of 40 rows shown" in shown


def test_an_approval_has_one_weighty_button() -> None:
    assert "at-approval" in markup.suggestions(["Yes", "No"], "approval:start_training")
    assert "at-approval" not in markup.suggestions(["Yes", "No"], "audience")
    assert 'data-say="say &#34;hi&#34;"' in markup.suggestions(['say "hi"'], None)


def test_every_stage_is_one_of_the_nine_steps() -> None:
    assert len(markup.STEPS) == 9
    assert [markup.step_of(stage) for stage in STAGE_NAMES] == sorted(markup.step_of(stage) for stage in STAGE_NAMES)
    assert "Step 3 of 9" in markup.heading("data")


def test_each_known_fact_can_be_changed_from_the_sidebar(home: Path) -> None:
    project = Project.open(home, "clinic")
    write_model(project.brief, Brief(organisation="<b>Clinic</b>", right_answer="short"))
    (project.files / "a & b.csv").write_text("x")
    shown = markup.sidebar(read_state(project))
    assert 'data-say="go back to right answer"' in shown
    assert "&lt;b&gt;Clinic&lt;/b&gt;" in shown
    assert "a &amp; b.csv" in shown
    assert 'aria-current="step">Getting to know you' in shown


def test_a_reply_shows_its_options_with_an_arrow() -> None:
    shown = render.reply_as_text(Reply("Who reads it?", ["Staff", "Both"], "audience", "interview", []))
    assert shown == "Who reads it?\n\n→ Staff | Both\n"


def test_a_table_stands_in_straight_columns() -> None:
    lines = render.aligned(("a", "long head"), [("x" * 9, 1), ("y", "z" * 200)])
    assert {line.index(word) for line, word in zip(lines, ("long", "1", "z"), strict=True)} == {11}
    assert max(map(len, lines)) <= 11 + render.CELL


def test_progress_is_one_short_line() -> None:
    shown = render.reply_as_text(Progress(cards("It is learning.")["progress"]))
    assert "\n" not in shown
    assert "5/10, at most 2 minutes left  It is learning." in shown
    assert shown.count("█") == shown.count("░")


def test_work_is_named_when_it_begins_and_when_it_fails() -> None:
    assert "Reading your files" in render.reply_as_text(ToolStarted("1", "Reading your files"))
    assert render.reply_as_text(ToolFinished("1", "Reading your files", "ok", False)) == ""
    assert "not done" in render.reply_as_text(ToolFinished("1", "Reading your files", "no", True))
    assert render.reply_as_text(TextDelta("half a sen")) == ""


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.2, "a minute"), (1.0, "1 minute"), (12.4, "12 minutes"), (150.0, "2.5 hours")]
)
def test_times_are_said_as_people_say_them(minutes: float, words: str) -> None:
    assert render.duration(minutes) == words
