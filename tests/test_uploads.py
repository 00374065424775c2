"""Files and folders given in a conversation: what becomes of them."""

from pathlib import Path

import pytest

from assistant.__main__ import attached
from assistant.conversation import Conversation
from assistant.page import gathered
from tests.data.small_files import small_files
from tests.talking import say
from tools.journey import read_sources

ROWS = b"Question,Answer\nDo you open on Sunday?,No. Call the emergency line.\nWhere do I park?,Behind the house.\n"


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


FILES = small_files()


def damaged(name: str) -> dict[str, bytes]:
    """A file as it comes from a broken download, as an empty one, in the wrong encoding, and under another's name."""
    whole = FILES[name]
    return {
        f"half {name}": whole[: len(whole) // 2],
        f"empty {name}": b"",
        f"recoded {name}": whole.decode("latin-1").encode("utf-16"),
        f"renamed {name}.pdf": whole,
    }


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_of_each_kind_becomes_rows_that_name_it(talk: Conversation, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    reply = say(talk, "", files=[path])
    rows = talk.project.read_examples()
    assert name in reply.text
    assert rows and all(row.source.file.split("/")[0] == name and row.answer for row in rows)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_damaged_file_of_each_kind_is_answered_and_the_whole_one_is_still_read(
    talk: Conversation, tmp_path: Path, name: str
) -> None:
    for broken, content in damaged(name).items():
        (tmp_path / broken).write_bytes(content)
        reply = say(talk, "", files=[tmp_path / broken])
        assert broken in reply.text and "Traceback" not in reply.text
        assert talk.project.read_examples() or reply.waiting_for, "what could not be read is asked for again"
    (tmp_path / name).write_bytes(FILES[name])
    assert name in say(talk, "", files=[tmp_path / name]).text
    assert any(row.source.file.split("/")[0] == name for row in talk.project.read_examples())
