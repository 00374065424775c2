"""Estimate and plan: figures follow from rows, model and machine, and every value has a reason."""

from pathlib import Path

import pytest

from finetune.errors import UserError
from finetune.estimate import EFFICIENCY, Load, estimate, load
from finetune.example import Example, Source, make_example
from finetune.machine import Machine, multiply_speeds
from finetune.models import ModelSize
from finetune.plan import TrainingPlan
from finetune.propose import FEWEST_EPOCHS, choose, propose_plan, within_patience

SMALL = ModelSize(parameters=13_700_000, layers=6, width=384, heads=6, context=512)
LAPTOP = Machine(cores=2, memory_gib=16)


def examples(count: int, answer: str = "It costs ten dollars.") -> list[Example]:
    rows = [make_example(f"How much is visit {i}?", answer, source=Source()) for i in range(count)]
    return [
        row.model_copy(update={"split": "test" if i % 10 == 8 else "validation" if i % 10 == 9 else "train"})
        for i, row in enumerate(rows)
    ]


def test_minutes_follow_from_the_operations(tiny_model: Path) -> None:
    plan = TrainingPlan(precision="float32", epochs=2, evaluations_per_epoch=1)
    work = Load(train_tokens=100_000, validation_tokens=0, updates_per_epoch=30)
    expected = estimate(plan, work, SMALL, speed=100e9)
    # 2 epochs x 100,000 tokens x 4 x 13.7M operations at a quarter of 100 GFLOP/s, and 15 s to start
    assert expected.minutes == pytest.approx((2 * 1e5 * 4 * 13.7e6 / (EFFICIENCY * 100e9) + 15) / 60, abs=0.06)


def test_twice_the_rows_or_epochs_take_longer_and_a_larger_model_more_memory() -> None:
    plan = TrainingPlan(precision="float32")
    one = estimate(plan, Load(1000_000, 1000, 30), SMALL, speed=1e11)
    rows = estimate(plan, Load(2000_000, 1000, 60), SMALL, speed=1e11)
    epochs = estimate(plan.model_copy(update={"epochs": 10}), Load(1000_000, 1000, 30), SMALL, speed=1e11)
    larger = estimate(plan, Load(1000_000, 1000, 30), ModelSize(135_000_000, 30, 576, 9, 8192), speed=1e11)
    assert rows.minutes > 1.8 * one.minutes
    assert epochs.minutes > 1.8 * one.minutes
    assert larger.minutes > 8 * one.minutes
    assert larger.memory_gib > one.memory_gib + 0.5


def test_rows_longer_than_the_plan_allows_count_as_cut() -> None:
    work = load(TrainingPlan(max_length=100, examples_per_update=4), [50, 500, 80], [1000] * 1000)
    assert work.train_tokens == 230
    assert work.validation_tokens == 100 * 100, "a check reads at most a hundred rows"
    assert work.updates_per_epoch == 1


def test_the_speed_is_measured_in_well_under_a_second_and_only_once() -> None:
    first = multiply_speeds("cpu")
    assert all(speed > 1e8 for speed in first.values())
    assert multiply_speeds("cpu") is first


def test_every_chosen_value_has_a_reason_and_the_plan_an_estimate(tiny_model: Path) -> None:
    plan = propose_plan(examples(100), str(tiny_model), machine=LAPTOP, system_message="Be kind.")
    exempt = {"base_model", "revision", "system_message", "method", "probe_rates", "seed", "reasons", "estimate"}
    assert set(plan.reasons) == set(TrainingPlan.model_fields) - exempt
    assert all(reason.endswith(".") for reason in plan.reasons.values())
    assert plan.estimate is not None and plan.estimate.minutes > 0
    assert plan.system_message == "Be kind."


def test_few_rows_get_more_dropout_and_smaller_updates_and_many_rows_fewer_epochs() -> None:
    few, some, many = (choose([100] * rows, 10, SMALL, LAPTOP) for rows in (60, 1000, 20_000))
    assert few["dropout"].value > some["dropout"].value > many["dropout"].value
    assert few["examples_per_update"].value < some["examples_per_update"].value
    assert few["epochs"].value == 5 > many["epochs"].value
    assert "60 rows" in few["dropout"].reason


def test_the_longest_row_sets_the_length_within_the_models_context() -> None:
    assert choose([100, 130], 10, SMALL, LAPTOP)["max_length"].value == 192
    long = choose([100, 1300], 10, SMALL, LAPTOP)["max_length"]
    assert long.value == 512
    assert "1 of 2 rows" in long.reason


def test_epochs_are_cut_where_all_would_take_too_long_but_not_below_the_fewest() -> None:
    plan = TrainingPlan(epochs=5, reasons={})
    slow = ModelSize(100_000_000_000, 80, 8192, 64, 8192)
    cut = within_patience(plan, Load(1_000_000, 0, 60), slow)
    assert cut.epochs == FEWEST_EPOCHS
    assert "too long" in cut.reasons["epochs"]
    assert within_patience(plan, Load(100, 0, 1), SMALL) == plan


def test_a_change_is_kept_and_named_as_the_users(tiny_model: Path) -> None:
    plan = propose_plan(examples(100), str(tiny_model), machine=LAPTOP, changes={"epochs": 2})
    assert plan.epochs == 2
    assert plan.reasons["epochs"] == "You asked for it."


def test_all_impossible_changes_are_named_together_with_their_limits(tiny_model: Path) -> None:
    with pytest.raises(UserError, match=r"epochs.*20.*colour") as caught:
        propose_plan(examples(100), str(tiny_model), machine=LAPTOP, changes={"epochs": 400, "colour": "red"})
    assert caught.value.action


def test_without_training_rows_there_is_no_plan(tiny_model: Path) -> None:
    only_test = [e for e in examples(100) if e.split == "test"]
    with pytest.raises(UserError, match="no rows to train on"):
        propose_plan(only_test, str(tiny_model), machine=LAPTOP)


def test_this_machine_can_be_measured() -> None:
    machine = Machine.measure()
    assert machine.cores >= 1
    assert machine.memory_gib > 0.5
