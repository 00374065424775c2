"""What a training curve means, said to someone who has never seen one."""

from collections.abc import Sequence
from statistics import fmean

from finetune.status import Metric

LEVEL = 0.01  # a change of the held-out loss by less than this share is no news


def explain(metrics: Sequence[Metric], *, ended: bool = False) -> str:
    """One plain sentence about the run so far, or about the whole run once it has `ended`."""
    checks = [(m.step, m.validation_loss) for m in metrics if m.validation_loss is not None]
    if not checks:
        return "I am getting ready."
    base = checks[0][1]
    if len(checks) == 1:
        return f"Before any training, the error on the held-out rows is {base:.2f}. Now the model reads your rows."
    best_step, best = min(checks, key=lambda check: check[1])
    last_step, last = checks[-1]
    if best_step == checks[0][0]:
        return f"So far nothing beats the base model on the held-out rows ({base:.2f} before, {last:.2f} now)." + (
            " I kept the base model's behaviour." if ended else ""
        )
    gain = f"from {base:.2f} to {best:.2f}"
    if last_step == best_step:
        if len(checks) > 2 and min(loss for _, loss in checks[:-1]) - last < LEVEL * last:
            return f"It has levelled off: the error on rows it has never seen fell {gain} and hardly moves any more."
        return f"It is learning: the error on rows it has never seen fell {gain}."
    back = f"; I went back to step {best_step}, the best" if ended else f"; step {best_step} is the best so far"
    if last - best > LEVEL * best and _train_loss_fell(metrics, best_step):
        return (
            f"It began to memorise after step {best_step}: better on the rows it reads, "
            f"worse on those it has never seen{back} (error {gain})."
        )
    return (
        f"It has levelled off: since step {best_step} the error on rows it has never seen no longer falls"
        f"{back} ({gain})."
    )


def _train_loss_fell(metrics: Sequence[Metric], since: int) -> bool:
    """Whether the rows being read got easier after step `since`, by means because single updates are noisy."""
    after = [m.train_loss for m in metrics if m.train_loss is not None and m.step > since]
    before = [m.train_loss for m in metrics if m.train_loss is not None and m.step <= since]
    return bool(after and before) and fmean(after) < fmean(before[-max(len(after), 4) :])
