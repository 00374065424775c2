"""Training as the conversation sees it: started by a yes, talked about while it runs, stopped, tested, told."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.conversation import Conversation
from assistant.events import Progress, Reply, ToolStarted
from tests.files import dental_csv
from tests.talking import last, make_assistant, say

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def talk(home: Path, tmp_path: Path, tiny_model: Path) -> Iterator[Conversation]:
    """A conversation with an approved data set and a plan for the tiny model, waiting for the yes."""
    conversation = make_assistant(home).conversation("team")
    last(conversation.open())
    say(conversation, "we're a 12-person dental practice in Ohio, patients keep asking about billing")
    last(conversation.send("", [dental_csv(tmp_path / "mail.csv")]))
    while (waiting := conversation.reply().waiting_for) not in ("files", "approval:approve_data"):
        say(conversation, "keep all" if waiting == "rules" else "skip")
    say(conversation, "prepare the data", "approved")
    reply = say(conversation, f"use the base model {tiny_model}, 20 epochs and a learning rate of 1e-3")
    assert reply.waiting_for == "approval:start_training"
    yield conversation
    for job in conversation.context.services.jobs.of_project("team"):
        conversation.context.services.jobs.cancel(job.id)
    conversation.close()


def poll_until_told(talk: Conversation, seconds: float = 300) -> tuple[list[Progress], Reply]:
    """Look once a second until the assistant speaks of its own accord."""
    progress: list[Progress] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for event in talk.poll():
            if isinstance(event, Progress):
                progress.append(event)
            elif isinstance(event, Reply):
                return progress, event
        time.sleep(0.5)
    raise AssertionError("nothing was told")


def test_a_training_is_started_by_a_yes_and_told_when_it_is_over(talk: Conversation) -> None:
    begins = "Starting the training"
    again = [e for e in talk.send("use 19 epochs") if isinstance(e, ToolStarted)]
    assert again and begins not in [e.title for e in again], "nothing has begun before the yes"
    events = list(talk.send("yes please"))
    assert [e.title for e in events if isinstance(e, ToolStarted)][:1] == [begins]
    started = events[-1]
    assert isinstance(started, Reply) and started.stage == "training"
    assert say(talk, "how is it going?").text
    assert say(talk, "what is overfitting?").text  # any other talk goes on meanwhile
    progress, told = poll_until_told(talk)
    assert progress and progress[-1].finished
    assert {"progress", "evaluation"} <= {card["kind"] for card in told.cards}
    evaluation = next(card for card in told.cards if card["kind"] == "evaluation")
    assert evaluation["advice"] != "release", "the tiny model learns little"
    assert "Begin a new round" in told.options and "Publish it" not in told.options
    assert evaluation["to_do"][0] in told.text
    assert told.stage == "trial"
    assert list(talk.poll()) == []
    assert talk.history()[-1].user is None
    for asked in ("what would help most?", "how can we make it better"):
        assert "coverage" in [card["kind"] for card in say(talk, asked).cards]


def test_a_stopped_training_keeps_the_best_and_is_still_tested(talk: Conversation) -> None:
    say(talk, "yes")
    run = talk.project.runs()[0]
    deadline = time.monotonic() + 120
    while not run.metrics.exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "best" in say(talk, "stop the training").text
    _, told = poll_until_told(talk)
    if not run.evaluation.exists():
        assert "testing" in told.text
        _, told = poll_until_told(talk)
    assert run.evaluation.exists()
    assert "evaluation" in {card["kind"] for card in told.cards}


def test_a_second_training_is_refused_while_one_runs(talk: Conversation) -> None:
    say(talk, "yes")
    reply = say(talk, "start training")
    assert len(talk.project.runs()) == 1
    if reply.waiting_for == "approval:start_training":
        assert "under way" in say(talk, "yes").text
    assert len(talk.project.runs()) == 1
