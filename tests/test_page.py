"""The page without a browser: what it yields, what it refuses, what it keeps to itself."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from starlette.applications import Starlette
from starlette.testclient import TestClient

from assistant import page as page_module
from assistant.conversation import Assistant, Conversation
from assistant.events import Event, Progress, Reply, TextDelta, ToolFinished, ToolStarted, TrialDelta, Turn
from assistant.page import OPAQUE_NAME, Page, Screen, Shown, download_address, download_route, opened, thread_mark
from assistant.settings import Settings
from finetune.example import Example, Source, make_example
from finetune.project import Project

NAME = "0123456789abcdef" * 2


class Scripted(FakeMessagesListChatModel):
    """A chat model that says what the test wrote down."""

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, Any]:
        return self


def calling(tool: str, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": tool, "args": arguments, "id": f"call-{tool}", "type": "tool_call"}])


def make_page(home: Path, *said: AIMessage | str) -> Page:
    responses = [m if isinstance(m, AIMessage) else AIMessage(m) for m in said or ("Hello, I am Attune.",)]
    settings = Settings(home=home, chat_model=None, secret=None, host="127.0.0.1", port=7860)
    return Page(Assistant(settings, Scripted(responses=list(responses))))


def screens(steps: Iterator[tuple[Any, ...]]) -> list[Screen]:
    return [Screen(*values) for values in steps]


def words(screen: Screen) -> str:
    return "\n".join(str(message["content"]) for message in screen.chat)


# --- who sees what ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "memory", [None, "x", {}, {"open": "default"}, {"open": "../x"}, {"open": 3}, {"open": NAME[:-1]}]
)
def test_a_browser_cannot_name_a_project(memory: Any) -> None:
    assert OPAQUE_NAME.fullmatch(opened(memory))
    assert opened(memory) != opened(memory), "each gets a new one"


def test_a_browser_comes_back_to_its_own_project() -> None:
    assert opened({"open": NAME}) == NAME


def test_two_browsers_see_nothing_of_each_other(home: Path) -> None:
    page = make_page(home, "Hello.", "Noted.", "Hello.")
    first = screens(page.on_load(None))[-1]
    screens(page.on_message({"text": "we are a bank"}, first.memory))
    second = screens(page.on_load(None))[-1]
    assert second.memory != first.memory
    assert "bank" not in words(second)


def test_a_restart_forgets_nobody(home: Path) -> None:
    assert make_page(home).memory.secret == make_page(home).memory.secret
    assert (home / "page_secret").stat().st_mode & 0o077 == 0


# --- turns ------------------------------------------------------------------------------------------------------------


def test_what_the_user_says_stands_there_before_the_answer(home: Path) -> None:
    page = make_page(home, "Hello.", "A bank, then.")
    memory = screens(page.on_load(None))[-1].memory
    seen = screens(page.on_message({"text": "we are a bank"}, memory))
    assert "we are a bank" in words(seen[0])
    assert "A bank, then." not in words(seen[0])
    assert "Working" in seen[0].head
    assert "A bank, then." in words(seen[-1])
    assert "Working" not in seen[-1].head


def test_opening_the_page_again_shows_the_same(home: Path) -> None:
    page = make_page(home, "Hello.", calling("record_facts", facts={"industry": "banking"}), "Noted: banking.")
    memory = screens(page.on_load(None))[-1].memory
    last = screens(page.on_message({"text": "we are a bank"}, memory))[-1]
    again = screens(make_page(home).on_load(memory))[-1]
    assert (again.chat, again.side, again.options) == (last.chat, last.side, last.options)
    assert "Banking and lending" in again.side


def test_a_button_is_a_message(home: Path) -> None:
    class Pressed:
        _data = {"say": "go back to audience"}

    box, sent = make_page(home).on_sent({"text": "half typed", "files": []}, Pressed())  # type: ignore[arg-type]
    assert sent == {"text": "go back to audience"}
    assert box != {"text": "", "files": []}, "what is half typed stays"


def test_an_attached_file_goes_into_the_project_and_leaves_the_uploads(home: Path, tmp_path: Path) -> None:
    page = make_page(home, "Hello.", "Got it.")
    memory = screens(page.on_load(None))[-1].memory
    upload = tmp_path / "rows.csv"
    upload.write_text("question,answer\na,b\n")
    last = screens(page.on_message({"text": "", "files": [str(upload)]}, memory))[-1]
    assert (home / "projects" / memory["open"] / "files" / "rows.csv").exists()
    assert not upload.exists()
    assert "rows.csv" in words(last)
    assert "rows.csv" in last.side


def test_a_refused_message_is_answered_and_changes_nothing(home: Path) -> None:
    page = make_page(home, "Hello.")
    memory = screens(page.on_load(None))[-1].memory
    last = screens(page.on_message({"text": "x" * 30_000}, memory))[-1]
    assert "30,000 characters" in words(last)
    assert "30,000 characters" not in words(screens(page.on_load(memory))[-1])


def test_an_empty_message_is_no_message(home: Path) -> None:
    assert not screens(make_page(home).on_message({"text": "  ", "files": []}, {"open": NAME}))


def test_a_bug_is_told_calmly_and_logged_without_anybodys_words(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    warned: list[str] = []
    monkeypatch.setattr(page_module.gr, "Warning", lambda text, **_: warned.append(text))

    def broken(self: Conversation, text: str, files: Sequence[Path] = ()) -> Iterator[Event]:
        yield TextDelta("half")
        raise KeyError(text)

    page = make_page(home, "Hello.")
    memory = screens(page.on_load(None))[-1].memory
    monkeypatch.setattr(Conversation, "send", broken)
    with caplog.at_level(logging.ERROR):
        screens(page.on_message({"text": "my secret number is 7"}, memory))
    assert warned == [page_module.SORRY]
    assert "KeyError" in caplog.text
    assert "broken" in caplog.text, "the place is logged"
    assert "secret" not in caplog.text


def test_deleting_a_project_opens_a_new_one(home: Path) -> None:
    page = make_page(home, "Hello.", calling("delete_project"), "Gone.", "Hello again.")
    memory = screens(page.on_load(None))[-1].memory
    screens(page.on_message({"text": "delete this project"}, memory))
    page.assistant.read = lambda text, **_: Sure()  # type: ignore[assignment,method-assign]
    last = screens(page.on_message({"text": "yes"}, memory))[-1]
    assert last.memory["open"] != memory["open"]
    assert not (home / "projects" / memory["open"]).exists()


class Sure:
    """An understanding that is certain of a yes."""

    class Intent:
        name, score = "yes", 1.0

    intents = (Intent,)


# --- between turns ----------------------------------------------------------------------------------------------------


def test_nothing_is_repainted_while_nothing_happens(home: Path) -> None:
    page = make_page(home, "Hello.")
    first = screens(page.on_load(None))[-1]
    ticked = screens(page.on_tick(first.memory, first.seen))
    assert len(ticked) == 1
    assert ticked[0].chat != first.chat, "a value would repaint; this one says: leave it"
    assert "skip" in repr(ticked[0].chat) or "__type__" in repr(ticked[0].chat)


def test_a_second_tab_shows_what_the_first_one_said(home: Path) -> None:
    page = make_page(home, "Hello.", "A bank, then.")
    first = screens(page.on_load(None))[-1]
    second = screens(page.on_load(first.memory))[-1]
    screens(page.on_message({"text": "we are a bank"}, first.memory))
    assert "A bank, then." in words(screens(page.on_tick(second.memory, second.seen))[-1])


def test_a_running_training_moves_and_the_chat_stays(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = {
        "kind": "progress", "title": "Training round 1", "run": "1", "state": "training", "step": 3, "max_steps": 9,
        "minutes_left": 2.0, "sentence": "It is learning.", "curve": [],
    }  # fmt: skip

    def poll(self: Conversation) -> Iterator[Event]:
        yield Progress(card)

    page = make_page(home, "Hello.")
    first = screens(page.on_load(None))[-1]
    Project.open(home, first.memory["open"]).new_run()
    monkeypatch.setattr(Conversation, "poll", poll)
    ticked = screens(page.on_tick(first.memory, first.seen))
    assert len(ticked) == 1
    assert "It is learning." in ticked[0].live
    assert not isinstance(ticked[0].chat, list)


def test_the_mark_changes_with_every_step_of_the_thread(home: Path) -> None:
    page = make_page(home, "Hello.", "Yes?")
    memory = screens(page.on_load(None))[-1].memory
    project = Project.open(home, memory["open"])
    before = thread_mark(project)
    assert before == thread_mark(project)
    screens(page.on_message({"text": "hello"}, memory))
    assert thread_mark(project) != before


# --- a growing turn ---------------------------------------------------------------------------------------------------


def test_a_grown_turn_looks_like_the_stored_one() -> None:
    card = {"kind": "verdict", "title": "t", "level": "go", "sentences": ["Enough rows."], "figures": {}}
    done = ToolFinished("1", "Preparing the data", "Enough rows.", False, [card])
    reply = Reply("Enough rows. Go on?", ["Yes"], None, "data", [card])
    growing = Shown(user="go")
    for event in (ToolStarted("1", "Preparing the data"), done, TextDelta("Enough "), TextDelta("rows."), reply):
        growing.take(event)
    stored = Shown.of(Turn("go", [], [done], reply)).messages(lambda path: None)
    grown = growing.messages(lambda path: None)
    for message in grown:
        message.get("metadata", {}).pop("duration", None)
    assert grown == stored


def test_work_under_way_is_pending_and_a_refused_one_says_so() -> None:
    turn = Shown(user="go")
    turn.take(ToolStarted("1", "Reading your files"))
    assert turn.messages(lambda path: None)[1]["metadata"]["status"] == "pending"
    turn.take(ToolFinished("1", "Reading your files", "There is no such file.", True))
    message = turn.messages(lambda path: None)[1]
    assert message["metadata"]["status"] == "done"
    assert "not possible yet" in message["metadata"]["title"]


def test_both_answers_of_the_trial_grow_side_by_side() -> None:
    turn = Shown(user="When do you open?")
    for event in (TrialDelta("base", "I do"), TrialDelta("base", " not know."), TrialDelta("tuned", "At <eight>.")):
        turn.take(event)
    shown = turn.messages(lambda path: None)[-1]["content"]
    assert "I do not know." in shown
    assert "At &lt;eight&gt;." in shown


def test_a_card_does_not_repeat_the_answer_below_it() -> None:
    card = {"kind": "report", "title": "Report", "counts": {}, "sentences": ["Kept 9 rows.", "One was empty."]}
    done = ToolFinished("1", "Preparing", "", False, [card])
    shown = Shown.of(Turn("go", [], [done], Reply("Kept 9 rows. Go on?", [], None, "data", [card])))
    html = shown.messages(lambda path: None)[2]["content"]
    assert "One was empty." in html
    assert "Kept 9 rows." not in html


# --- files ------------------------------------------------------------------------------------------------------------


def published(home: Path) -> Project:
    project = Project.open(home, NAME)
    (project.published / "round-1").mkdir(parents=True)
    (project.published / "round-1" / "pack.zip").write_bytes(b"zip")
    project.thread.write_bytes(b"private")
    (project.new_run().dir / "evaluation.md").write_text("# Report")
    (project.dir / "runs" / "1" / "plan.json").write_text("{}")
    return project


def test_what_is_published_can_be_fetched_and_nothing_else(home: Path) -> None:
    project = published(home)
    (project.published / "way-out").symlink_to(home)
    (home / "page_secret").write_text("key")
    client = TestClient(Starlette(routes=[download_route(home)]))
    fetched = client.get(f"/take/{NAME}/published/round-1/pack.zip")
    assert fetched.content == b"zip"
    assert fetched.headers["content-disposition"].startswith("attachment")
    assert client.get(f"/take/{NAME}/runs/1/evaluation.md").status_code == 200
    for inside in (
        "thread.sqlite", "runs/1/plan.json", "published", "published/none.zip", "published/way-out/page_secret",
        "published/%2e%2e/thread.sqlite", "published/../thread.sqlite", "/etc/hostname",
    ):  # fmt: skip
        assert client.get(f"/take/{NAME}/{inside}").status_code == 404, inside


def test_a_project_named_by_hand_cannot_be_fetched_from(home: Path) -> None:
    (Project.open(home, "default").published / "a").mkdir(parents=True)
    (home / "projects" / "default" / "published" / "a" / "x.zip").write_bytes(b"x")
    client = TestClient(Starlette(routes=[download_route(home)]))
    assert client.get("/take/default/published/a/x.zip").status_code == 404


def test_links_lead_only_to_what_can_be_fetched(home: Path) -> None:
    project = published(home)
    link = download_address(project)
    assert link(str(project.published / "round-1" / "pack.zip")) == f"take/{NAME}/published/round-1/pack.zip"
    assert link(str(project.runs()[0].dir / "evaluation.md")) == f"take/{NAME}/runs/1/evaluation.md"
    assert link("runs/1/evaluation.md") == f"take/{NAME}/runs/1/evaluation.md"
    assert link(str(project.published / "round-1")) is None, "a folder cannot be sent"
    assert link(str(project.thread)) is None
    assert link("/etc/passwd") is None


# --- the server -------------------------------------------------------------------------------------------------------


def test_no_event_of_the_page_is_open_to_programs(home: Path) -> None:
    config = make_page(home).blocks.get_config_file()
    assert config["dependencies"]
    assert {d["api_visibility"] for d in config["dependencies"]} == {"private"}


# --- the table of rows ------------------------------------------------------------------------------------------------


def pressed(page: Page, memory: Any, **what: Any) -> Any:
    """The table's HTML after a press; Gradio's word for "nothing changes" otherwise."""
    return page.on_review(memory, gr.EventData(None, {"press": what}))


@pytest.fixture
def rows(home: Path) -> list[Example]:
    """A project of the browser's with 30 rows, one of them hostile."""
    project = Project.open(home, NAME)
    texts = ["<img src=x onerror=alert(1)> ${1+1}", *(f"We answer question {n} at the desk." for n in range(29))]
    made = [
        make_example(f"What about {n}?", text, source=Source(file="faq.csv", row=n + 2)) for n, text in enumerate(texts)
    ]
    project.write_examples(made)
    return made


def test_the_table_shows_escaped_rows_and_does_what_is_pressed(home: Path, rows: list[Example]) -> None:
    page, memory = make_page(home), {"open": NAME}
    shown = pressed(page, memory)
    assert "&lt;img src=x" in shown and "<img" not in shown and shown.count('class="at-row"') == 20
    assert "Row 2 is left out." in pressed(page, memory, do="drop", row=rows[1].id)
    assert "I took back the dropping of row 2." in pressed(page, memory, do="undo")
    second = pressed(page, memory, view={"page": 1})
    assert second.count('class="at-row"') == 10 and "Rows 21 to 30 of 30" in second


@pytest.mark.parametrize(
    "what",
    [
        {"do": "delete everything"},
        {"view": {"page": -1}},
        {"edits": [{"id": "x"}]},
        {"edits": [{"id": "x", "seen": "", "question": "q" * 50_000, "answer": ""}]},
        {"do": "drop", "row": "unknown"},
    ],
)
def test_a_strange_press_changes_nothing(home: Path, rows: list[Example], what: dict[str, Any]) -> None:
    before = Project(home / "projects" / NAME).examples.read_bytes()
    assert not isinstance(pressed(make_page(home), {"open": NAME}, **what), str)
    assert Project(home / "projects" / NAME).examples.read_bytes() == before


def test_a_press_from_a_browser_without_a_project_makes_none(home: Path) -> None:
    assert not isinstance(pressed(make_page(home), None), str)
    assert not (home / "projects").exists() or not list((home / "projects").iterdir())


def test_sheets_can_be_fetched_and_those_that_came_back_cannot(home: Path) -> None:
    project = Project.open(home, NAME)
    for inside in ("rows.xlsx", "returned/rows.xlsx"):
        path = project.sheets / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    link = download_address(project)
    assert link(str(project.sheets / "rows.xlsx")) and link(str(project.sheets / "returned/rows.xlsx")) is None
