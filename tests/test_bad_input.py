"""Bad input gets a clear answer, and the conversation goes on with nothing lost."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.conversation import LONGEST_MESSAGE, Assistant, Conversation
from assistant.events import Reply
from tests.bad_files import BAD_FILES, BadFile
from tests.files import dental_csv
from tests.talking import last
from tools.journey import read_brief, read_sources


@pytest.fixture
def talk(assistant: Assistant, request: pytest.FixtureRequest) -> Iterator[Conversation]:
    conversation = assistant.conversation(f"p{abs(hash(request.node.name))}")
    list(conversation.open())
    say(conversation, "we are a dental practice in Ohio, patients ask about bills")
    yield conversation
    conversation.close()


def say(talk: Conversation, text: str, *files: Path) -> Reply:
    return last(talk.send(text, files))


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_a_bad_file_is_named_with_what_to_do_and_nothing_is_lost(
    talk: Conversation, bad: BadFile, tmp_path: Path
) -> None:
    before = read_brief(talk.project)
    path = tmp_path / bad.name
    bad.make(path)
    reply = say(talk, "", path)
    assert bad.name in reply.text
    assert bad.says in reply.text.lower()
    assert "Traceback" not in reply.text
    assert bool(talk.project.read_examples()) == bad.usable or bool(read_sources(talk.project).unsure)
    assert read_brief(talk.project) == before
    good = say(talk, "", dental_csv(tmp_path / "good.csv"))
    assert "good.csv" in good.text
    assert len([e for e in talk.project.read_examples() if e.source.file == "good.csv"]) == 48


def test_a_message_of_a_hundred_thousand_characters_is_refused_and_the_question_stays(talk: Conversation) -> None:
    before = talk.reply()
    reply = say(talk, "x" * 100_000)
    assert f"{LONGEST_MESSAGE:,}" in reply.text and "file" in reply.text
    assert reply.waiting_for == before.waiting_for
    assert talk.reply() == before


@pytest.mark.parametrize("text", ["", "   ", "\n\0\n"])
def test_an_empty_message_is_answered_with_what_to_do(talk: Conversation, text: str) -> None:
    assert "empty" in say(talk, text).text


@pytest.mark.parametrize(
    "text", ["\ud800 half a character", "‮ backwards", "<script>alert(1)</script>", "{{7*7}}", "💥" * 50]
)
def test_odd_characters_are_answered_like_any_words(talk: Conversation, text: str) -> None:
    assert say(talk, text).text


def test_a_file_that_is_not_there_is_named(talk: Conversation, tmp_path: Path) -> None:
    assert "missing.csv" in say(talk, "", tmp_path / "missing.csv").text


def test_two_windows_on_one_project_take_turns(assistant: Assistant, talk: Conversation) -> None:
    other = assistant.conversation(talk.project.name)
    replies: list[Reply] = []
    windows = [
        threading.Thread(target=lambda w=window, t=text: replies.append(say(w, t)))
        for window, text in ((talk, "our patients read the answers"), (other, "it must never give a diagnosis"))
    ]
    for window in windows:
        window.start()
    for window in windows:
        window.join(60)
    assert len(replies) == 2
    brief = read_brief(talk.project)
    assert brief.audience and brief.never
    said = [turn.user for turn in other.history()]
    assert {"our patients read the answers", "it must never give a diagnosis"} <= set(said)


def test_a_base_model_folder_that_is_no_model_is_refused_before_training(talk: Conversation, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    say(talk, "", dental_csv(tmp_path / "good.csv"))
    for text in ("skip",) * 12:
        if talk.reply().waiting_for in ("files", "approval:approve_data"):
            break
        say(talk, "keep all" if talk.reply().waiting_for == "rules" else text)
    say(talk, "prepare the data")
    say(talk, "approved")
    say(talk, "no")
    reply = say(talk, f"use the base model {tmp_path / 'notes'}")
    assert "notes" in reply.text
    assert "Traceback" not in reply.text
    assert not talk.project.runs()
