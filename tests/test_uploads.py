"""Files and folders given in a conversation: what becomes of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.__main__ import attached
from assistant.conversation import Assistant, Conversation
from assistant.page import gathered
from tests.talking import make_assistant, say
from tools.journey import read_sources

ROWS = b"Question,Answer\nDo you open on Sunday?,No. Call the emergency line.\nWhere do I park?,Behind the house.\n"


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return make_assistant(tmp_path_factory.mktemp("home"))


@pytest.fixture
def talk(assistant: Assistant, request: pytest.FixtureRequest) -> Iterator[Conversation]:
    conversation = assistant.conversation(f"p{abs(hash(request.node.name))}")
    list(conversation.open())
    yield conversation
    conversation.close()


def test_a_folder_named_in_the_terminal_is_read_file_by_file(talk: Conversation, tmp_path: Path) -> None:
    folder = tmp_path / "our mails"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026" / "faq.csv").write_bytes(ROWS)
    (folder / "link.csv").symlink_to(folder / "2026" / "faq.csv")
    words, files = attached(f"/file {folder}/ -- these are our mails")
    reply = say(talk, words, files=files)
    assert "our mails.zip/2026/faq.csv: 2 examples" in reply.text
    assert "a link, not a file): link.csv" in reply.text
    assert {e.source.file for e in talk.project.read_examples()} == {"our mails.zip/2026/faq.csv"}
    say(talk, "", files=files)
    assert read_sources(talk.project).attached == ["our mails.zip"], "the same folder again is the same source"


def test_an_empty_folder_is_refused_and_the_question_stays(talk: Conversation, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    before = talk.reply()
    reply = say(talk, "", files=[tmp_path / "nothing"])
    assert "no file in the folder" in reply.text and reply.waiting_for == before.waiting_for


def test_files_of_one_name_in_a_folder_sent_by_the_browser_all_arrive(tmp_path: Path) -> None:
    sent = [tmp_path / part / "faq.csv" for part in "abc"]
    for path in sent:
        path.parent.mkdir()
        path.write_text(path.parent.name)
    folder = gathered([*sent, sent[0]])
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        "faq.csv": "a", "faq-2.csv": "b", "faq-3.csv": "c"
    }  # fmt: skip
