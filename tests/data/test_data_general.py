"""General rows: the share asked for, different rows, nothing that speaks for the team or stands in the measure."""

import re
from pathlib import Path

import pytest

from finetune.data.general import general_rows, mixed_with_general
from finetune.evaluate import GENERAL
from finetune.machine import Machine
from finetune.plan import TrainingPlan
from finetune.project import Run
from finetune.propose import propose_plan
from tests.data.test_data_topics import row
from tools.training import write_data


@pytest.mark.parametrize(("share", "general"), [(0.0, 0), (0.1, 20), (0.25, 60), (0.5, 180)])
def test_the_share_is_that_of_all_rows_together(share: float, general: int) -> None:
    train = [row(f"Question {n}") for n in range(180)]
    mixed = mixed_with_general(train, share, seed=7)
    assert sum(e.kind == "general" for e in mixed) == general
    assert {e.id for e in train} <= {e.id for e in mixed}
    assert mixed == mixed_with_general(train, share, seed=7)


def test_they_stand_among_the_others_and_not_behind_them() -> None:
    mixed = mixed_with_general([row(f"Question {n}") for n in range(90)], 0.1, seed=7)
    assert any(e.kind == "general" for e in mixed[:50])


def test_no_row_comes_twice_and_each_says_where_it_is_from() -> None:
    rows = general_rows(200, seed=3)
    assert len({tuple(m.content for m in e.messages) for e in rows}) == len({e.id for e in rows}) == 200
    assert all(e.source.citation and e.messages[-1].role == "assistant" for e in rows)


def test_they_say_nothing_about_who_the_model_is() -> None:
    said = " ".join(m.content for e in general_rows(300, seed=1) for m in e.messages)
    assert "language model" not in said
    assert all(m.role != "system" for e in general_rows(300, seed=1) for m in e.messages)


def test_the_sentences_that_measure_forgetting_are_never_trained_on() -> None:
    said = {m.content for e in general_rows(300, seed=1) for m in e.messages}
    assert not said & set(GENERAL.read_text(encoding="utf-8").splitlines())


def test_a_run_gets_its_general_rows_in_training_alone(tmp_path: Path) -> None:
    rows = [row(f"Question {n}", split=("train", "train", "validation", "test")[n % 4]) for n in range(80)]
    for share, general in ((0.0, 0), (0.2, 10)):
        run = Run(tmp_path / str(share))
        write_data(run, rows, TrainingPlan(general_share=share))
        kinds = {split: [e.kind for e in run.examples(split)] for split in ("train", "validation", "test")}
        assert kinds["train"].count("general") == general and len(kinds["train"]) == 40 + general
        assert not {"general"} & {*kinds["validation"], *kinds["test"]}


def test_a_proposed_plan_says_why_it_mixes_in_what_it_does(tiny_model: Path) -> None:
    rows = [row(f"Question {n}", split="train") for n in range(60)]
    machine = Machine(cores=2, memory_gib=8.0, gpu=None, gpu_memory_gib=None)
    plan = propose_plan(rows, str(tiny_model), machine=machine)
    more = propose_plan(rows, str(tiny_model), machine=machine, changes={"general_share": 0.5})
    assert plan.general_share == 0 and "mix in 10 % general rows" in plan.reasons["general_share"]
    tokens = [int(re.findall(r"[\d,]+", p.estimate.basis)[0].replace(",", "")) for p in (plan, more) if p.estimate]
    assert tokens[1] == 2 * tokens[0], "as many general rows as own ones take as long again"
