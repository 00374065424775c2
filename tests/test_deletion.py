"""A source that is deleted is gone: from data, undo, runs, index and conversation; who learnt from it is named."""

import struct
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.conversation import Assistant, Conversation
from assistant.events import ToolFinished
from finetune.data.archive import without
from finetune.data.marks import Review, make_mark, read_review, write_review
from finetune.data.synthetic import Replies, Reply
from finetune.errors import UserError
from finetune.evaluate import Evaluation, Pair
from finetune.files import write_json
from finetune.jobs import Jobs
from finetune.lineage import read_lineage
from finetune.plan import TrainingPlan
from finetune.project import Run
from finetune.report import as_markdown
from tests.bad_files import locked_archive
from tests.files import dental_csv
from tests.talking import last, say
from tools import deletion
from tools.brief import Brief
from tools.context import Context
from tools.deletion import deletions
from tools.history import undo
from tools.journey import Knowledge, read_sources, read_state, write_model
from tools.registry import TOOLS

WORD = "quagmarine"  # stands in every row and passage of the deleted file, and nowhere else
HANDBOOK = "\n\n".join(
    f"## Chapter {n}\n\nThe {WORD} desk must answer request number {n} within {n + 2} days and send a copy of its "
    "answer to the archive."
    for n in range(1, 9)
)
TABLE = "Question,Answer\n" + "".join(
    f"What does the {WORD} plan number {n} cost?,The {WORD} plan number {n} costs {n * 7} dollars a month in all.\n"
    for n in range(1, 13)
)


# Rows in one mould stand on one side of the split; these do not.
DIFFERENT = "Question,Answer\n" + "".join(
    f"{question},{answer}\n"
    for question, answer in [
        ("Where do visitors leave their bicycles?", "Behind the house there is a stand for twenty of them."),
        ("Who waters the plants in summer?", "A gardener comes by every second Tuesday."),
        ("May dogs wait in the hall?", "Small ones on a lead are welcome."),
        ("When is the roof repaired?", "The builders begin after Easter and take a fortnight."),
        ("How loud may music be at night?", "Neighbours must not hear it after ten."),
        ("Which bin takes glass?", "Green lids are for bottles and jars."),
        ("What happens with lost umbrellas?", "They hang at the reception until someone asks."),
        ("Can I borrow a ladder?", "Ask the caretaker and bring it back the same day."),
        ("Why is the lift slow?", "Its motor dates from the seventies and needs patience."),
        ("Do parcels get accepted?", "The kiosk next door signs for them."),
    ]
)


@pytest.fixture(autouse=True)
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Jobs, "ensure_supervisor", lambda self: None)


@pytest.fixture
def ready(talk: Conversation, tmp_path: Path) -> Conversation:
    """A conversation past interview and rules, with one file that stays and a folder for those that go."""
    fields = [name for name in Brief.questions() if name != "organisation"]
    write_model(talk.project.brief, Brief(organisation="A clinic.", skipped=fields))
    write_model(talk.project.knowledge, Knowledge(skipped=True))
    say(talk, "", files=[dental_csv(tmp_path / "faq.csv")])
    return talk


def attach(talk: Conversation, folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    say(talk, "", files=[folder / name])


def train(talk: Conversation) -> Run:
    """A round as the chat starts it, with an evaluation that quotes its test rows; nothing is computed."""
    project = talk.project
    sealed = read_sources(project)
    assert sealed.sealed, "approve first"
    write_model(project.plan, TrainingPlan(base_model="starter"))
    use(talk.context, "start_training")
    run = project.latest_run()
    assert run is not None
    quoted = [*run.examples("test"), *run.examples("train")]
    tested = [row for row in quoted if WORD in row.answer][:2] or quoted[:2]
    pairs = [
        Pair(question=r.question, reference=r.answer, base="?", tuned=r.answer, base_score=0, tuned_score=1)
        for r in tested
    ]
    found = Evaluation(
        run=run.name, verdict="better", advice="release", sentence="Better.", to_do=[], metrics=[], best=pairs,
        worst=pairs, checks=[], notes=[], test_rows=len(tested), answered_rows=len(tested), seed=1,
        adapter_sha256="0", minutes=1.0,
    )  # fmt: skip
    write_json(run.evaluation, found.model_dump(mode="json"))
    (run.dir / found.file).write_text(as_markdown(found), encoding="utf-8")
    return run


def use(context: Context, tool: str, **arguments: Any) -> str:
    runtime = SimpleNamespace(context=context, state={"messages": []})
    return str(TOOLS[tool][0].func(runtime, **arguments)[0])  # type: ignore[attr-defined]


def holding(folder: Path, word: str) -> list[str]:
    """The files below a folder that hold the word."""
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and word.encode() in path.read_bytes().lower()
    ]


def approve(talk: Conversation) -> None:
    say(talk, "prepare the data")
    say(talk, "approved")


def test_not_one_word_of_a_deleted_file_is_left_anywhere(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "plans.csv", TABLE)
    attach(ready, tmp_path, "handbook.md", HANDBOOK)
    say(ready, "prepare the data")
    say(ready, "show me rows with plan number")
    say(ready, f"change row 50 to: Please call the {WORD} office.")
    say(ready, "which copy goes to the archive according to our handbook?")
    say(ready, "drop row 3")
    say(ready, "undo")
    first, other = (
        next(row for row in ready.project.read_examples() if row.source.file == file)
        for file in ("faq.csv", "handbook.md")
    )
    said = f"It should say that the {WORD} desk must answer request number 4 within 6 days."
    marks = [
        make_mark(first, "Ann", "bad", said),
        make_mark(first, "Ben", "bad", "Too long."),
        make_mark(other, "Ann", "good", WORD),
    ]
    write_review(ready.project, Review(marks=marks))
    say(ready, "approved")
    train(ready)
    before = holding(ready.project.dir, WORD)
    assert {"examples.jsonl", "files/plans.csv", "runs/1/data/train.jsonl", "runs/1/evaluation.md"} <= set(before)
    for folder in ("thread.sqlite", "passages/", ".history/"):
        assert any(name.startswith(folder) for name in before), f"{folder} is to be emptied, too"
    for name in ("plans.csv", "handbook.md"):
        asked = say(ready, f"delete {name}")
        assert asked.waiting_for == "approval:delete_source", asked.text
        assert asked.text.count("cannot bring it back") == 1 and "round 1" in asked.text.lower()
        assert "is deleted" in say(ready, "yes").text
    ready.connection.commit()
    assert holding(ready.project.dir, WORD) == []
    assert len(ready.project.read_examples()) >= 40, "the other file's rows stay"
    assert [(m.reviewer, m.comment) for m in read_review(ready.project).marks] == [("Ann", ""), ("Ben", "Too long.")]
    assert any("48" in (turn.reply.text if turn.reply else "") for turn in ready.history()), "so does the conversation"


def test_undo_cannot_bring_a_deleted_file_back(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "plans.csv", TABLE)
    say(ready, "prepare the data")
    say(ready, "drop row 1")
    say(ready, "remove the file plans.csv and everything from it", "yes")
    while undo(ready.project) is not None:
        assert not any(row.source.file == "plans.csv" for row in ready.project.read_examples())
        assert read_sources(ready.project).file("plans.csv") is None


def test_a_broken_seal_is_said_loudly_and_the_next_step_is_to_approve_again(
    ready: Conversation, tmp_path: Path
) -> None:
    attach(ready, tmp_path, "plans.csv", DIFFERENT)
    approve(ready)
    tested = [row for row in ready.project.read_examples() if row.split == "test" and row.source.file == "faq.csv"]
    assert tested
    say(ready, "no")
    reply = say(ready, "delete faq.csv", "yes")
    assert f"seal of the test set is broken: {len(tested)} row" in reply.text
    state = read_state(ready.project)
    assert state.stage == "data" and not state.sources.sealed and state.verdict is None
    say(ready, "prepare the data")
    assert "rows are sealed" in say(ready, "approved").text


def test_the_rounds_that_learnt_from_it_are_named_and_published_no_more(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "plans.csv", TABLE)
    approve(ready)
    run = train(ready)
    rows = sum(row.source.file == "plans.csv" for split in ("train", "validation") for row in run.examples(split))
    (ready.project.published / run.published_as).mkdir(parents=True)
    told = use(ready.context, "delete_source", name="plans.csv")
    assert f"Round 1 learnt from {rows} of its rows" in told and "train a new round" in told
    assert "published/round-1" in told, "where it has to be withdrawn"
    assert read_state(ready.project).stage == "data", "a new round begins"
    write_json(run.adapter / "adapter_config.json", {})
    with pytest.raises(UserError, match="not here any more"):
        use(ready.context, "publish")
    lineage = read_lineage(run)
    (gone,) = [source for source in lineage.sources if source.deleted]
    assert gone.file == "plans.csv" and gone.rows["train"] + gone.rows.get("validation", 0) == rows
    assert not [row for row in lineage.rows if row.file == "plans.csv"]
    assert "deleted on" in say(ready, "which models know plans.csv?").text


def test_a_note_of_the_deletion_stays_without_a_word_of_the_file(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "plans.csv", TABLE)
    say(ready, "prepare the data")
    say(ready, "delete plans.csv", "yes")
    (note,) = deletions(ready.project)
    assert note.done and note.file == "plans.csv" and note.rows == 12 and note.sha256 and note.begun
    assert WORD not in ready.project.deletions.read_text()


@pytest.mark.parametrize(
    "step", ["strip_run", "strip_rows", "strip_sources", "snapshots", "Path.unlink", "append_jsonl"]
)
def test_killed_half_way_it_goes_on_when_the_project_is_opened(
    ready: Conversation, assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    attach(ready, tmp_path, "plans.csv", TABLE)
    attach(ready, tmp_path, "handbook.md", HANDBOOK)
    approve(ready)
    train(ready)
    say(ready, "delete plans.csv")
    with monkeypatch.context() as broken:
        cut_off(broken, step)
        with pytest.raises(KeyboardInterrupt):
            say(ready, "yes")
    again = assistant.conversation(ready.project.name)
    assert "is deleted" in last(again.open()).text
    assert all(note.done for note in deletions(again.project))
    again.connection.commit()
    left = [name for name in holding(again.project.dir, f"{WORD} plan") if "handbook" not in name]
    assert left == []
    assert again.context.services.own_sources(again.project).files() == {"handbook.md": 8}
    again.close()


def cut_off(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Let the deletion die at a step, as a killed process does."""

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    if step == "Path.unlink":
        real = Path.unlink
        monkeypatch.setattr(Path, "unlink", lambda p, **k: die() if p.name == "plans.csv" else real(p, **k))
    elif step == "append_jsonl":
        real_append, times = deletion.append_jsonl, iter(range(9))
        monkeypatch.setattr(deletion, "append_jsonl", lambda *a: die() if next(times) else real_append(*a))
    elif step == "snapshots":
        real_strip = deletion.strip_rows
        monkeypatch.setattr(deletion, "strip_rows", lambda p, n: die() if ".history" in str(p) else real_strip(p, n))
    else:
        monkeypatch.setattr(deletion, step, die)


def attach_folder(talk: Conversation, folder: Path) -> Path:
    """Attach an archive of a price list, two lists of calls and a handbook; the archive as it is kept."""
    with zipfile.ZipFile(folder / "mails.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Notes.md", HANDBOOK.replace(WORD, "front"))
        archive.writestr("PRICES 2026 new.csv", TABLE)
        archive.writestr("lists/Calls week 41.csv", DIFFERENT)
        archive.writestr("lists/Calls week 42.csv", DIFFERENT.replace("?,", " now?,"))
    say(talk, "", files=[folder / "mails.zip"])
    return talk.project.files / "mails.zip"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    "said",
    [
        "delete the price list",
        "ignore the price list",
        "delete PRICES 2026 new.csv",
        "remove prices 2026 new.csv and everything from it",
        "delete mails.zip/PRICES 2026 new.csv",
        "delete the file PRICES 2026 new.csv from mails.zip",
    ],
)
def test_a_file_in_an_archive_goes_alone(ready: Conversation, assistant: Assistant, tmp_path: Path, said: str) -> None:
    path = attach_folder(ready, tmp_path)
    before = members(path)
    say(ready, "prepare the data")
    asked = say(ready, said)
    assert asked.waiting_for == "approval:delete_source", asked.text
    assert "12 rows" in asked.text and "The rest of mails.zip stays" in asked.text
    assert "is deleted" in say(ready, "yes").text
    assert members(path) == {name: held for name, held in before.items() if "PRICES" not in name}
    ready.connection.commit()
    assert holding(ready.project.dir, WORD) == []
    say(ready, "prepare the data")
    again = assistant.conversation(ready.project.name)
    list(again.open())
    files = {row.source.file for row in again.project.read_examples()}
    assert "mails.zip/Notes.md" in files and not any("PRICES" in (name or "") for name in files)
    assert again.context.services.own_sources(again.project).files() == {"mails.zip/Notes.md": 8}
    assert "cannot put it back" in say(again, "put the price list back").text
    again.close()


@pytest.mark.parametrize("named", ["delete Calls week 42.csv", "the week 42 one", "Calls week 42.csv", "2"])
def test_where_several_files_in_an_archive_fit_it_asks_which(ready: Conversation, tmp_path: Path, named: str) -> None:
    path = attach_folder(ready, tmp_path)
    asked = say(ready, "delete the calls list")
    assert asked.waiting_for != "approval:delete_source"
    assert "mails.zip/lists/Calls week 41.csv" in asked.text and "Calls week 42.csv" in asked.text
    assert asked.options == ["Delete mails.zip/lists/Calls week 41.csv", "Delete mails.zip/lists/Calls week 42.csv"]
    assert say(ready, named).waiting_for == "approval:delete_source"
    say(ready, "yes")
    assert list(members(path)) == ["Notes.md", "PRICES 2026 new.csv", "lists/Calls week 41.csv"]


def test_asked_which_file_one_may_do_something_else(ready: Conversation, tmp_path: Path) -> None:
    path = attach_folder(ready, tmp_path)
    say(ready, "delete the calls list")
    assert "which" not in say(ready, "where are we?").text.lower()
    assert say(ready, "no").waiting_for != "approval:delete_source"
    assert len(members(path)) == 4


def test_a_locked_file_stays_to_the_byte_when_one_beside_it_goes(tmp_path: Path) -> None:
    locked_archive(tmp_path / "locked.zip")
    before = (tmp_path / "locked.zip").read_bytes()
    left = without(before, "faq.csv")
    assert left is not None
    with zipfile.ZipFile(BytesIO(left)) as archive:
        assert set(archive.namelist()) == {"../up.csv", "half.pdf", "bomb.csv"}
        for member in archive.infolist():
            assert member.flag_bits & 1, "locked as it was"
            assert packed(left, member.filename) == packed(before, member.filename)


def packed(data: bytes, name: str) -> bytes:
    """A member's bytes as they are packed."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        member = archive.getinfo(name)
    start = member.header_offset + 30 + sum(struct.unpack_from("<HH", data, member.header_offset + 26))
    return data[start : start + member.compress_size]


def test_a_round_that_learnt_from_a_file_in_an_archive_is_named(ready: Conversation, tmp_path: Path) -> None:
    attach_folder(ready, tmp_path)
    approve(ready)
    run = train(ready)
    told = use(ready.context, "delete_source", name="mails.zip/PRICES 2026 new.csv")
    assert "Round 1 learnt from" in told
    (gone,) = [source for source in read_lineage(run).sources if source.deleted]
    assert gone.file == "mails.zip/PRICES 2026 new.csv"
    assert holding(run.dir, WORD) == []


def test_killed_before_the_archive_is_written_anew_it_goes_on(
    ready: Conversation, assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = attach_folder(ready, tmp_path)
    say(ready, "delete the price list")
    with monkeypatch.context() as broken:
        cut_off(broken, "remove_bytes")
        with pytest.raises(KeyboardInterrupt):
            say(ready, "yes")
    assert "PRICES 2026 new.csv" in members(path)
    again = assistant.conversation(ready.project.name)
    assert "is deleted" in last(again.open()).text
    again.close()
    assert "PRICES 2026 new.csv" not in members(path)


def test_an_archive_goes_whole(ready: Conversation, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "mails.zip", "w") as archive:
        archive.writestr("plans.csv", TABLE)
        archive.writestr("notes.md", HANDBOOK)
    say(ready, "", files=[tmp_path / "mails.zip"])
    say(ready, "prepare the data")
    assert "28 rows" in say(ready, "remove mails.zip and everything in it").text
    say(ready, "yes")
    assert holding(ready.project.dir, WORD) == [] and not read_sources(ready.project).rights.get("mails.zip")


def test_what_a_model_wrote_from_other_files_is_kept(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "handbook.md", HANDBOOK)
    replies = Replies(ready.project.replies)
    for name in ("handbook.md", "faq.csv"):
        replies.keep(name, Reply(name, (("text", None, ""),), "[]"))
    say(ready, "delete handbook.md", "yes")
    assert list(replies.read()) == ["faq.csv"]
    say(ready, "delete faq.csv", "yes")
    assert not ready.project.replies.exists(), "as if none had been written"


def test_a_row_left_out_as_a_duplicate_comes_back_when_the_other_is_deleted(
    ready: Conversation, tmp_path: Path
) -> None:
    copied = (ready.project.files / "faq.csv").read_text().splitlines()
    attach(ready, tmp_path, "again.csv", "\n".join(copied[:9]))
    say(ready, "prepare the data")
    assert sum(row.status == "dropped" for row in ready.project.read_examples()) == 8
    say(ready, "delete faq.csv", "yes")
    say(ready, "prepare the data")
    assert [row.source.file for row in ready.project.read_examples() if row.status != "dropped"][:8] == [
        "again.csv"
    ] * 8


def test_no_is_no_and_an_unknown_file_is_not_asked_about(ready: Conversation) -> None:
    rows = ready.project.read_examples()
    assert say(ready, "delete nothing.pdf").waiting_for != "approval:delete_source"
    say(ready, "delete faq.csv")
    events = list(ready.send("no"))
    finished = [event for event in events if isinstance(event, ToolFinished)]
    assert finished and not any(event.failed for event in finished), "what was declined did not go wrong"
    assert all("rejected" not in event.text for event in finished)
    assert ready.project.read_examples() == rows and deletions(ready.project) == []


def test_a_file_is_not_deleted_under_a_running_training(ready: Conversation) -> None:
    approve(ready)
    run = train(ready)
    run.evaluation.unlink()
    with pytest.raises(UserError, match="stop the training"):
        use(ready.context, "delete_source", name="faq.csv")
    assert deletions(ready.project) == [] and run.examples("train")


def test_another_project_keeps_its_file_of_the_same_name(
    ready: Conversation, assistant: Assistant, tmp_path: Path
) -> None:
    attach(ready, tmp_path, "handbook.md", HANDBOOK)
    other = assistant.conversation("the-other-team")
    list(other.open())
    write_model(other.project.brief, read_state(ready.project).brief)
    write_model(other.project.knowledge, Knowledge(skipped=True))
    attach(other, tmp_path, "handbook.md", HANDBOOK)
    before = {p: p.read_bytes() for p in other.project.dir.rglob("*.json*")}
    say(ready, "delete handbook.md", "yes")
    assert {p: p.read_bytes() for p in other.project.dir.rglob("*.json*")} == before
    assert other.context.services.own_sources(other.project).find("a copy of its answer to the archive")
    other.close()
