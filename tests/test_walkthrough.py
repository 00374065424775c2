"""From hello to the trial in the terminal, on rows the tests make: a shortened tests/benchmarks/journey.py."""

import json
from pathlib import Path

import pytest

from tests.files import dental_csv, policy_docx
from tests.person import DENTIST, Person, go_on
from tests.terminal import Json, Terminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_a_team_goes_from_hello_to_talking_with_its_own_model(home: Path, tmp_path: Path) -> None:
    person = Person(dict(DENTIST), [dental_csv(tmp_path / "answered.csv"), policy_docx(tmp_path / "policy.docx")])
    terminal = Terminal(home)
    turns: list[tuple[str, Json]] = []
    opened = terminal.wait_for("opened", 60)
    assert opened["waiting_for"] == "organisation"
    started = go_on(terminal, person, note=lambda line, reply: turns.append((line, reply)))
    assert started["stage"] == "training"
    asked = [field for field in person.asked if not field.startswith("approval")]
    assert len(asked) == len(set(asked)), f"asked twice: {asked}"
    kinds = {card["kind"] for _, reply in turns for card in reply["cards"]}
    assert {"brief", "rules", "file", "report", "data", "verdict", "plan", "progress"} <= kinds

    while_training = terminal.say("how is it going?")
    assert while_training["stage"] in ("training", "evaluation", "trial")
    report = terminal.wait_for("report", 600)
    assert {"progress", "evaluation"} <= {card["kind"] for card in report["cards"]}
    progress = [event for event in terminal.events if event["event"] == "progress"]
    assert progress[-1]["curve"]

    assert terminal.say("Try the model")["waiting_for"] == "trial"
    tried = terminal.say("When is the bill for my crown due?")
    comparison = next(card for card in tried["cards"] if card["kind"] == "comparison")
    assert comparison["base"] and comparison["tuned"]  # two rounds change the loss, not every word: see the end
    terminal.say("It should have said: The bill for your crown is due within 30 days.")
    terminal.say("Leave the trial")
    feedback = [json.loads(line) for line in (home / "projects/team/feedback.jsonl").read_text().splitlines()]
    assert [row["kind"] for row in feedback] == ["answer", "rating"]
    assert feedback[1]["correction"].startswith("The bill")

    asked = terminal.say("publish it as a file")
    assert asked["waiting_for"] == "approval:publish", asked["text"]
    published = terminal.say("yes", 300)
    files = next(card for card in published["cards"] if card["kind"] == "files")["files"]
    assert any(file["name"].endswith(".zip") for file in files)
    watched = terminal.say("Watch over it")
    assert next(card for card in watched["cards"] if card["kind"] == "watch")["test_items"] == 1
    again = terminal.say("Begin a new round")
    assert again["stage"] == "data"
    assert terminal.close() == 0
    metrics = json.loads((home / "projects/team/runs/1/evaluation.json").read_text())["metrics"]
    loss = next(m for m in metrics if "loss" in m["name"].lower())
    assert loss["tuned"] < loss["base"]
