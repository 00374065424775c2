"""A round of training is deleted: what goes, what stays, and that its number never comes back."""

from pathlib import Path

import pytest

from assistant.conversation import Assistant, Conversation
from finetune.errors import UserError
from finetune.files import write_json
from finetune.project import Run
from tests.talking import last, say
from tests.test_deletion import approve, no_training, ready, train, use
from tools import round_deletion
from tools.journey import read_state
from tools.publications import note_publication
from tools.round_deletion import rounds_deleted

__all__ = ["no_training", "ready"]  # fixtures

ADDRESS = "https://hub.example/clinic"


@pytest.fixture
def trained(ready: Conversation) -> Run:
    approve(ready)
    run = train(ready)
    run.adapter.mkdir()
    write_json(run.adapter / "adapter_config.json", {})
    (run.adapter / "adapter_model.safetensors").write_bytes(b"weights")
    exported = ready.project.published / run.published_as
    exported.mkdir(parents=True)
    (exported / "adapter_model.safetensors").write_bytes(b"weights")
    note_publication(ready.project, "file", f"published/{run.published_as}", run=run.name)
    note_publication(ready.project, "space", ADDRESS, run=run.name)
    return run


@pytest.mark.parametrize(
    "said",
    ["delete round 1", "Please delete the model of round 1.", "remove the tuned model", "delete our model for good"],
)
def test_a_round_is_deleted_after_a_yes_with_its_weights_and_what_was_exported(
    ready: Conversation, trained: Run, said: str
) -> None:
    rows = ready.project.examples.read_bytes()
    asked = say(ready, said)
    assert asked.waiting_for == "approval:delete_round" and trained.dir.exists(), asked.text
    assert "its copy of" in asked.text and "published/round-1" in asked.text and "cannot bring it back" in asked.text
    told = say(ready, "yes").text
    assert "Round 1 is deleted" in told and ADDRESS in told, "where it has to be withdrawn"
    assert list(ready.project.dir.rglob("*.safetensors")) == [] and list(ready.project.runs_dir.iterdir()) == []
    assert ready.project.examples.read_bytes() == rows
    state = read_state(ready.project)
    assert state.run is None and not state.has_model and not state.published and state.sources.sealed
    assert "deleted on" in use(ready.context, "show_lineage", run="1")


def test_a_no_keeps_the_round(ready: Conversation, trained: Run) -> None:
    say(ready, "delete round 1", "no")
    assert (trained.adapter / "adapter_model.safetensors").exists() and not rounds_deleted(ready.project)


def test_the_number_of_a_deleted_round_is_not_used_again(ready: Conversation, trained: Run) -> None:
    say(ready, "delete round 1", "yes")
    assert train(ready).name == "2"
    use(ready.context, "delete_round", run="2")
    assert train(ready).name == "3" and [one.run for one in rounds_deleted(ready.project)] == ["1", "2"]


def test_the_round_before_it_is_the_newest_again(ready: Conversation, trained: Run) -> None:
    second = train(ready)
    with pytest.raises(UserError, match="There are 2 rounds"):
        use(ready.context, "delete_round")
    use(ready.context, "delete_round", run=second.name)
    state = read_state(ready.project)
    assert state.run is not None and state.run.name == "1" and state.has_model


def test_a_round_that_is_not_there_or_is_being_trained_is_not_deleted(ready: Conversation, trained: Run) -> None:
    for name, what in (("7", "no round 7"), ("1/../1", "no round")):
        with pytest.raises(UserError, match=what):
            use(ready.context, "delete_round", run=name)
    assert say(ready, "delete round 7").waiting_for != "approval:delete_round"
    trained.evaluation.unlink()
    reply = say(ready, "delete round 1")
    assert reply.waiting_for != "approval:delete_round" and "under way" in reply.text
    with pytest.raises(UserError, match="under way"):
        use(ready.context, "delete_round", run="1")
    assert trained.dir.exists()


@pytest.mark.parametrize("step", ["rmtree", "replace"])
def test_killed_half_way_the_rest_goes_when_the_project_is_opened(
    ready: Conversation, trained: Run, assistant: Assistant, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    say(ready, "delete round 1")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(round_deletion.shutil if step == "rmtree" else round_deletion.os, step, killed)
        with pytest.raises(KeyboardInterrupt):
            say(ready, "yes")
    again = assistant.conversation(ready.project.name)
    assert "Round 1 is deleted" in last(again.open()).text
    assert list(again.project.runs_dir.iterdir()) == [] and len(rounds_deleted(again.project)) == 1
    assert not (again.project.published / trained.published_as).exists()


def test_a_file_or_a_row_is_no_round(ready: Conversation, trained: Run, tmp_path: Path) -> None:
    assert say(ready, "delete row 1").waiting_for != "approval:delete_round"
    assert say(ready, "delete faq.csv").waiting_for == "approval:delete_source"
    assert trained.dir.exists()
