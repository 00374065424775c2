"""A frozen base model, its LoRA adapter and the adapter's optimiser: learn from some rows, or measure their loss."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from finetune.errors import UserError
from finetune.plan import TrainingPlan
from finetune.tokens import TokenRow, collate, micro_batches

GRADIENT_NORM = 1.0  # the usual ceiling; it catches the odd row that would throw the adapter far off
# Models that bend their logits after the head; the short way around the full logits would miss that.
BENT_LOGITS = ("final_logit_softcapping", "logits_scaling", "logit_scale", "lm_head_multiplier")


class Learner:
    """Trains in whatever number format the base was loaded in; the optimiser always works on a float32 copy."""

    def __init__(self, base: Any, plan: TrainingPlan, *, device: str = "cpu") -> None:
        import peft

        torch.manual_seed(plan.seed)
        self.plan, self.device = plan, device
        self.lora = peft.LoraConfig(
            r=plan.rank,
            lora_alpha=plan.alpha,
            lora_dropout=plan.dropout,
            target_modules="all-linear",
            # Above this rank the usual scaling makes the adapter too quiet (rsLoRA, arXiv 2312.03732).
            use_rslora=plan.rank >= 64,
            task_type="CAUSAL_LM",
        )
        base.config.use_cache = False
        self.model = peft.get_peft_model(base, self.lora, autocast_adapter_dtype=False).to(device)
        for layer in self.model.modules():
            if hasattr(layer, "lora_dropout"):
                layer.lora_dropout["default"] = FeatureDropout(plan.dropout)
        self.causal = self.model.get_base_model()
        self.decoder = getattr(self.causal, self.causal.base_model_prefix)
        self.head = self.causal.get_output_embeddings()
        self.adapter = [p for p in self.model.parameters() if p.requires_grad]
        self.master = nn.Parameter(torch.cat([p.detach().float().flatten() for p in self.adapter]))
        self.optimiser = torch.optim.AdamW([self.master], weight_decay=plan.weight_decay)

    def update(self, rows: Sequence[TokenRow], *, learning_rate: float, step: int) -> float:
        """One optimiser step on the rows; their mean loss per answer token, in nats.

        Every answer token of the update weighs the same, however the rows are batched.
        Dropout depends on seed and `step` alone, so that a resumed run repeats an unbroken one.

        Raises:
            UserError: the loss or its gradient is no longer a finite number.
        """
        torch.manual_seed(self.plan.seed * 1_000_003 + step)
        self.model.train()
        labels = sum(row.answer_tokens for row in rows)
        total = 0.0
        for group in micro_batches(rows, self.plan.tokens_per_batch):
            loss = self._loss_sum(group) / labels
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        gradient = torch.cat([p.grad.flatten().float() for p in self.adapter if p.grad is not None])
        for parameter in self.adapter:
            parameter.grad = None
        norm = gradient.norm()
        if not torch.isfinite(norm):
            raise UserError(
                f"Training broke down: at step {step} the loss was no longer a number.",
                where="learning_rate",
                action="Halve the learning rate and train again; the best state before that is kept.",
            )
        self.master.grad = gradient * (GRADIENT_NORM / norm).clamp(max=1.0)
        self.optimiser.param_groups[0]["lr"] = learning_rate
        self.optimiser.step()
        self._spread()
        return total

    @torch.no_grad()
    def loss(self, rows: Sequence[TokenRow]) -> float:
        """Mean loss per answer token, in nats, without learning.

        Raises:
            UserError: it is not a finite number.
        """
        self.model.eval()
        groups = micro_batches(rows, self.plan.tokens_per_batch)
        loss = sum(self._loss_sum(group).item() for group in groups) / sum(row.answer_tokens for row in rows)
        if not math.isfinite(loss):
            raise UserError(
                "The model's loss on the held-out rows is not a number.",
                where="validation",
                action="Use float32 as the number format or another base model; the best state so far is kept.",
            )
        return loss

    def state(self) -> dict[str, Tensor]:
        """All that an update depends on, beside the step number."""
        moments = self.optimiser.state.get(self.master, {})
        zero = torch.zeros_like(self.master)
        return {"master": self.master.detach().clone()} | {
            name: moments.get(name, zero).clone() for name in ("exp_avg", "exp_avg_sq")
        }

    def restore(self, state: dict[str, Tensor], step: int) -> None:
        """Go back to what `state` gave after `step` updates."""
        with torch.no_grad():
            self.master.copy_(state["master"])
        moments = {name: state[name].to(self.device).clone() for name in ("exp_avg", "exp_avg_sq")}
        self.optimiser.state[self.master] = {"step": torch.tensor(float(step)), **moments}
        self._spread()

    def write_adapter(self, folder: Path, *, base_model: str, revision: str | None) -> None:
        """Write the adapter as peft stores it, naming the base as the plan does and not by this machine's path."""
        from peft import get_peft_model_state_dict
        from safetensors.torch import save_file

        tensors = get_peft_model_state_dict(self.model, save_embedding_layers=False)
        save_file(
            {name: t.detach().cpu().contiguous() for name, t in tensors.items()}, folder / "adapter_model.safetensors"
        )
        config = self.model.peft_config["default"].to_dict() | {
            "base_model_name_or_path": base_model,
            "revision": revision,
            "inference_mode": True,
        }
        config["target_modules"] = sorted(config["target_modules"])
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=1, default=str) + "\n", encoding="utf-8")

    def _spread(self) -> None:
        """Copy the float32 numbers into the adapter's layers."""
        with torch.no_grad():
            start = 0
            for parameter in self.adapter:
                parameter.copy_(self.master[start : start + parameter.numel()].view_as(parameter))
                start += parameter.numel()

    def _loss_sum(self, rows: Sequence[TokenRow]) -> Tensor:
        batch = collate(rows)
        ids, targets = batch.ids.to(self.device), batch.targets.to(self.device)
        positions = batch.positions.to(self.device)
        if self.head.bias is not None or any(getattr(self.causal.config, name, None) for name in BENT_LOGITS):
            logits = self.causal(input_ids=ids, use_cache=False).logits.flatten(0, 1)[positions]
            return nn.functional.cross_entropy(logits.float(), targets, reduction="sum")
        hidden = self.decoder(input_ids=ids, use_cache=False).last_hidden_state
        return label_loss(hidden.flatten(0, 1)[positions], self.head.weight, targets)


class FeatureDropout(nn.Module):
    """Leaves out whole input features of an adapter, other ones for each row of the batch.

    peft's own draws a number for every token and feature, on one core: a fifth of a small model's training time.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, features: Tensor) -> Tensor:
        """(rows, length, width) to the same."""
        if not self.training or self.share == 0:
            return features
        kept = torch.rand(features.shape[0], 1, features.shape[-1], device=features.device) >= self.share
        return features * (kept.to(features.dtype) / (1 - self.share))


def label_loss(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    """Summed cross-entropy of `hidden` (labels, width) under a frozen `head` (vocabulary, width)."""
    loss: Tensor = _LabelLoss.apply(hidden, head, targets)  # type: ignore[no-untyped-call]
    return loss


class _LabelLoss(torch.autograd.Function):
    """Loss and gradient in one pass over chunks, so that logits of a large vocabulary never lie in memory at once."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
        wants_gradient = ctx.needs_input_grad[0]
        gradient = torch.empty_like(hidden) if wants_gradient else None
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        rows = max(16, 2**24 // head.shape[0])  # 64 MiB of float32 logits
        for start in range(0, len(targets), rows):
            part = slice(start, start + rows)
            logits = (hidden[part] @ head.T).float()
            normaliser = logits.logsumexp(1)
            total += (normaliser - logits.gather(1, targets[part, None]).squeeze(1)).sum()
            if gradient is not None:
                slope = logits.sub_(normaliser[:, None]).exp_()
                slope[torch.arange(len(slope), device=slope.device), targets[part]] -= 1
                gradient[part] = slope.to(hidden.dtype) @ head
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * slope.to(gradient.dtype), None, None
