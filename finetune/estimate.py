"""Minutes and memory of a training run, from its tokens, the model's size and this machine's measured speed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from finetune.machine import GIB, Precision, device, fastest_precision, multiply_speeds
from finetune.models import ModelSize
from finetune.plan import Estimate, TrainingPlan
from finetune.tokens import VALIDATION_ROWS

# Share of the plain products' speed that training reaches as a whole (normalisation, attention and optimiser take the
# rest). On two cores with the 13.7M starter shape: 0.33 in bfloat16 and 0.45 in float32 on short rows, about 0.25 on
# real rows of 300 tokens. A time that is kept beats one that is hoped for.
EFFICIENCY = 0.25
START_SECONDS = 15.0  # importing the libraries, loading the model, measuring the base
LIBRARIES_GIB = 0.5  # torch, transformers and peft before any weight is loaded: 0.41 measured


@dataclass(frozen=True)
class Load:
    """What a run has to work through."""

    train_tokens: int  # of one epoch
    validation_tokens: int  # of one check
    updates_per_epoch: int


def load(plan: TrainingPlan, train_lengths: Sequence[int], validation_lengths: Sequence[int]) -> Load:
    """The run's load from the lengths of its rows in tokens, before they are cut to the plan's longest."""
    checked = min(VALIDATION_ROWS, len(validation_lengths))
    return Load(
        sum(min(length, plan.max_length) for length in train_lengths),
        round(fmean(min(length, plan.max_length) for length in validation_lengths) * checked) if checked else 0,
        math.ceil(len(train_lengths) / plan.examples_per_update),
    )


def estimate(plan: TrainingPlan, load: Load, model: ModelSize, *, speed: float | None = None) -> Estimate:
    """Expected minutes and peak memory if training is not stopped early.

    A token costs 2 operations a parameter forward and 2 back, since the frozen base needs no gradient of its weights.

    Args:
        speed: operations per second; measured on this machine where it is not given.
    """
    where = device()
    precision = fastest_precision(where) if plan.precision == "auto" else plan.precision
    multiply = speed or multiply_speeds(where)[precision]
    checks = plan.epochs * min(plan.evaluations_per_epoch, load.updates_per_epoch) + 1
    operations = model.parameters * (4 * plan.epochs * load.train_tokens + 2 * checks * load.validation_tokens)
    seconds = operations / (multiply * EFFICIENCY) + START_SECONDS
    tokens_per_second = multiply * EFFICIENCY / (4 * model.parameters)
    return Estimate(
        minutes=round(seconds / 60, 1),
        memory_gib=round(training_memory_gib(plan, model, precision), 1),
        basis=(
            f"{load.train_tokens:,} tokens an epoch, at most {plan.epochs} epochs, and about "
            f"{tokens_per_second:,.0f} tokens a second, as measured on this machine for a model of "
            f"{model.parameters / 1e6:,.0f} million parameters. It is often shorter, because training stops by itself."
        ),
    )


def training_memory_gib(plan: TrainingPlan, model: ModelSize, precision: Precision) -> float:
    """Weights, adapter with its optimiser, what a batch leaves for the way back, and the libraries."""
    width_bytes = 2 if precision == "bfloat16" else 4
    # Seven linear layers a block, each with an adapter of two thin matrices; master copy and two moments in float32.
    adapter = model.layers * 7 * 2 * plan.rank * 2 * model.width
    # About 34 numbers a token and width survive a block's forward pass (Korthikanti and others, arXiv 2205.05198),
    # and a square of attention weights for each row and head, twice.
    kept = plan.tokens_per_batch * (34 * model.width + 2 * model.heads * min(plan.max_length, plan.tokens_per_batch))
    activations = kept * model.layers
    return (
        LIBRARIES_GIB
        + (model.parameters * width_bytes + adapter * (width_bytes + 12) + activations * width_bytes) / GIB
    )
