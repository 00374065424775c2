"""A training plan proposed from the rows, the base model and the machine, every value with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from finetune.data.general import general_count
from finetune.errors import UserError
from finetune.estimate import Load, estimate, load
from finetune.example import Example
from finetune.machine import Machine
from finetune.models import ModelSize, load_tokenizer, model_size, resolve
from finetune.plan import TrainingPlan
from finetune.tokens import tokenize

NO_LIMIT = 10**9
LONG_MINUTES = 4.5  # what a person waits for beside a chat
FEWEST_EPOCHS = 2  # with fewer, an adapter has seen nothing twice
SMALL_PARAMETERS = 50_000_000
STARTER = "starter"  # the model that ships
USUAL_TOKENS = 120  # of a row: the instruction, a question and two or three sentences of answer


YOUR_CHOICE = "You asked for it."  # the reason of a value that the user chose


@dataclass(frozen=True)
class Choice:
    """A value and why."""

    value: Any
    reason: str


def propose_plan(
    examples: Sequence[Example],
    base_model: str = STARTER,
    *,
    machine: Machine,
    changes: Mapping[str, Any] | None = None,
    system_message: str = "",
) -> TrainingPlan:
    """The plan for these examples; rows of the test set play no part in it.

    Args:
        examples: with their splits; rows without a split count as training rows.
        changes: values the user wants instead of the proposed ones, by field name.

    Raises:
        UserError: no training row, a base model that cannot be had, or a change that is not allowed.
    """
    wanted = dict(changes or {})
    base_model = str(wanted.get("base_model", base_model))
    source = resolve(base_model, wanted.get("revision"))
    size = model_size(source)
    tokenizer = load_tokenizer(source)
    system_message = str(wanted.get("system_message", system_message))
    lengths: dict[str, list[int]] = {"train": [], "validation": []}
    for example in examples:
        if example.split in (None, "train", "validation"):
            row = tokenize(tokenizer, example, system_message=system_message, max_length=NO_LIMIT)
            lengths[example.split or "train"].append(len(row.ids))
    if not lengths["train"]:
        raise UserError("There are no rows to train on.", action="Add examples and let me split them first.")
    values: dict[str, Any] = {"base_model": base_model, "revision": source.revision, "system_message": system_message}
    return _plan(lengths, values | wanted, wanted, size, machine)


def usual_minutes(rows: int, machine: Machine) -> float:
    """Minutes that the starter would be trained for on so many rows of usual length, a tenth of them held out."""
    held_out = rows // 10
    lengths = {"train": [USUAL_TOKENS] * (rows - held_out), "validation": [USUAL_TOKENS] * held_out}
    plan = _plan(lengths, {"base_model": STARTER}, {}, model_size(resolve(STARTER)), machine)
    assert plan.estimate is not None
    return plan.estimate.minutes


def _plan(
    lengths: Mapping[str, list[int]],
    named: Mapping[str, Any],
    wanted: Mapping[str, Any],
    size: ModelSize,
    machine: Machine,
) -> TrainingPlan:
    """The plan for rows of these `lengths` in tokens, by split; `named` fields are taken as they are."""
    choices = choose(lengths["train"], len(lengths["validation"]), size, machine)
    values: dict[str, Any] = {name: choice.value for name, choice in choices.items()} | dict(named)
    reasons = {name: choice.reason for name, choice in choices.items()} | dict.fromkeys(wanted, YOUR_CHOICE)
    if "learning_rate" in wanted:
        values.setdefault("probe_rates", False)  # a rate the user names is not to be second-guessed
    plan = checked({**values, "reasons": reasons})
    general = general_count(len(lengths["train"]), plan.general_share)  # about as long as the team's own
    work = load(plan, [*lengths["train"], *lengths["train"][:general]], lengths["validation"])
    if "epochs" not in wanted:
        plan = within_patience(plan, work, size)
    return plan.model_copy(update={"estimate": estimate(plan, work, size)})


def within_patience(plan: TrainingPlan, work: Load, size: ModelSize) -> TrainingPlan:
    """The plan with fewer epochs where all of them would take too long on this machine."""
    while plan.epochs > FEWEST_EPOCHS and estimate(plan, work, size).minutes > LONG_MINUTES:
        reason = (
            f"At most {plan.epochs - 1} times through your rows, so that it does not take too long on this machine; "
            "training stops sooner when it no longer helps."
        )
        plan = plan.model_copy(update={"epochs": plan.epochs - 1, "reasons": plan.reasons | {"epochs": reason}})
    return plan


def choose(lengths: Sequence[int], validation_rows: int, size: ModelSize, machine: Machine) -> dict[str, Choice]:
    """Values that follow from the training rows' `lengths` in tokens, the model's size and the machine."""
    rows = len(lengths)
    few = rows < 300
    room = machine.gpu_memory_gib or machine.memory_gib
    tokens_per_batch = 8192 if machine.gpu else (2048 if room >= 32 else 1024)
    place = f"its GPU ({machine.gpu})" if machine.gpu else f"{machine.cores} cores and {machine.memory_gib:.0f} GiB"
    longest = max(lengths)
    limit = min(size.context, 2048 if room >= 16 else 1024)
    max_length = min(max(64, -(-longest // 64) * 64), limit)
    cut = sum(length > max_length for length in lengths)
    examples_per_update = 4 if rows < 100 else 8 if rows < 400 else 16
    epochs = 5 if rows < 2000 else 3 if rows < 10_000 else 2
    return {
        "rank": Choice(16, "16 is usual; it holds far more than a few thousand rows can teach."),
        "alpha": Choice(32, "Twice the rank, as is usual."),
        "dropout": Choice(
            0.1 if few else 0.05 if rows < 2000 else 0.0,
            f"{'More, since' if few else 'Moderate, since' if rows < 2000 else 'None, since'} you have {rows} rows: "
            "the fewer rows, the easier they are learnt by heart.",
        ),
        "learning_rate": Choice(
            # 20 updates of the starter: held-out loss 7.04 before, 6.83 at 1e-3, 6.80 at 3e-3.
            1e-3 if size.parameters < SMALL_PARAMETERS else 5e-4,
            "Small models bear bigger steps than the usual 5e-4; short trials before training pick the best."
            if size.parameters < SMALL_PARAMETERS
            else "In the middle of the usual 2e-4 to 1e-3 for an adapter; short trials before training pick the best.",
        ),
        "epochs": Choice(
            epochs, f"At most {epochs} times through {rows} rows; training stops sooner when it no longer helps."
        ),
        "tokens_per_batch": Choice(tokens_per_batch, f"What this machine can hold ({place})."),
        "examples_per_update": Choice(
            examples_per_update,
            f"{examples_per_update} rows a step make {-(-rows // examples_per_update)} steps of {rows} rows.",
        ),
        "max_length": Choice(
            max_length,
            f"Your longest row has {longest} tokens"
            + (f"; what the model or the memory does not hold is cut ({cut} of {rows} rows)." if cut else "."),
        ),
        "weight_decay": Choice(
            0.05 if few else 0.01, f"{'Stronger' if few else 'Light'}, because you have {rows} rows."
        ),
        "warmup_share": Choice(0.1, "A tenth of the steps, as is usual."),
        "general_share": Choice(
            # 96 rows, 3 epochs: loss on general English 5.99 before, 6.41 after, 6.48 with a tenth, 6.53 with a
            # quarter (one run each; tests/benchmarks/general_rows.py).
            0.0,
            "None: with a tenth of them the starter forgot as much as without. To try it all the same, say “mix in "
            "10 % general rows”.",
        ),
        "evaluations_per_epoch": Choice(
            2, f"Twice each time through your rows; a check reads {validation_rows} held-out rows."
        ),
        "patience": Choice(2, "Two checks without progress are enough to know."),
        "precision": Choice("auto", "I measure at the start which number format this machine is faster with."),
    }


def checked(values: Mapping[str, Any]) -> TrainingPlan:
    """The values as a plan; what is wrong with any of them is said in one go, with the limits."""
    try:
        return TrainingPlan.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(limits_in_words(str(e["loc"][0]), e["msg"]) for e in error.errors())
        raise UserError(f"That cannot be set: {wrong}.", action="Choose a value within the limits.") from error


def limits_in_words(field: str, fault: str) -> str:
    """A field's allowed range as its declaration has it; the fault as told where it has none."""
    bounds: dict[str, float] = {}
    for constraint in TrainingPlan.model_fields[field].metadata if field in TrainingPlan.model_fields else []:
        for name in ("ge", "gt", "le", "lt"):
            if hasattr(constraint, name):
                bounds["from" if name in ("ge", "gt") else "to"] = getattr(constraint, name)
    name = field.replace("_", " ")
    return f"{name} goes from {bounds['from']:g} to {bounds['to']:g}" if len(bounds) == 2 else f"{name}: {fault}"
