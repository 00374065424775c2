"""Answers of a base model and of its tuned form, from one set of weights.

`python -m finetune.generate RUN_DIR|MODEL "a question"` prints both.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.errors import UserError
from finetune.example import Example, Message
from finetune.files import read_json
from finetune.models import load_model, load_tokenizer, resolve
from finetune.plan import TrainingPlan
from finetune.project import Run
from finetune.tokens import TokenRow, collate, prompt_ids, tokenize

if TYPE_CHECKING:
    import torch

# Small models fall into loops. Base and tuned are held to the same rule: no run of this many tokens comes twice in
# one answer. Long enough to let a long name or a phrase of law come back, since only the 13th token is touched.
REPEAT_TOKENS = 12
# Prompt tokens worked on at once in a batch: 16 rows of 512 tokens keep a 135M model's cache below 1 GiB.
BATCH_TOKENS = 8192
BATCH_ROWS = 32
# Tokens scored at once: each needs a number for every word of the vocabulary, 600 MB with a vocabulary of 150,000.
SCORE_TOKENS = 1024


class RepetitionGuard:
    """Knows which token would complete a run of `REPEAT_TOKENS` tokens that the answer has had before."""

    def __init__(self) -> None:
        self._tokens: list[int] = []
        self._followers: dict[tuple[int, ...], set[int]] = {}

    def add(self, token: int) -> None:
        if len(self._tokens) >= REPEAT_TOKENS - 1:
            self._followers.setdefault(tuple(self._tokens[1 - REPEAT_TOKENS :]), set()).add(token)
        self._tokens.append(token)

    def banned(self) -> set[int]:
        return self._followers.get(tuple(self._tokens[1 - REPEAT_TOKENS :]), set())


class ChatModel:
    """A base model with, where there is one, its adapter on top; answers as either.

    Several threads may ask at once: the lock is held for one step of the model, so that base and tuned can be
    streamed side by side, and a reader who walks away blocks nobody.
    """

    def __init__(self, model: Any, tokenizer: Any, *, has_adapter: bool, system_message: str = "") -> None:
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.has_adapter = has_adapter
        self.system_message = system_message
        self.context_length = int(getattr(model.config, "max_position_embeddings", 0) or 2048)
        self._end_tokens = end_tokens(model, tokenizer)
        self._lock = threading.Lock()
        self._adapter_on = has_adapter

    @classmethod
    def load(cls, where: str | Path) -> ChatModel:
        """Load a run folder (base and adapter), or a base model by folder, name or `starter`.

        Raises:
            UserError: the run has no adapter yet, or the model cannot be loaded.
        """
        run = Run(Path(where))
        if not run.plan.exists():
            model, tokenizer = load_base(str(where))
            return cls(model, tokenizer, has_adapter=False)
        plan = TrainingPlan.model_validate_json(run.plan.read_text(encoding="utf-8"))
        require_adapter(run)
        model, tokenizer = load_base(plan.base_model, trained_revision(run, plan))
        from peft import PeftModel

        tuned = PeftModel.from_pretrained(model, str(run.adapter), is_trainable=False)
        return cls(tuned, tokenizer, has_adapter=True, system_message=plan.system_message)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """Tokens up to where the answer begins, the plan's standing instruction included, as in training."""
        return prompt_ids(self.tokenizer, messages, self.system_message)

    def row(self, example: Example) -> TokenRow:
        """A conversation that ends with an answer, as tokens, as in training; cut to what the model can read."""
        return tokenize(self.tokenizer, example, system_message=self.system_message, max_length=self.context_length)

    def count_tokens(self, text: str) -> int:
        return len(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def reply(
        self,
        messages: Sequence[Message],
        *,
        tuned: bool,
        max_tokens: int = 256,
        temperature: float = 0.0,
        top_p: float = 1.0,
        stop: Sequence[str] = (),
        seed: int | None = None,
    ) -> Iterator[str]:
        """The answer in pieces of text, as it is made. Temperature 0 takes the likeliest token each time.

        Raises:
            UserError: the conversation leaves no room for an answer, or the tuned model is asked for and there is none.
        """
        prompt = self.prompt(messages)
        room = self.context_length - len(prompt)
        if room < 1:
            raise UserError(
                f"The conversation has {len(prompt)} tokens; this model reads at most {self.context_length}, "
                "its answer included.",
                action="Shorten the message, or start a new conversation.",
            )
        steps = self._steps(
            [prompt], tuned=tuned, max_tokens=min(max_tokens, room), temperature=temperature, top_p=top_p, seed=seed
        )
        return _stop_at(self._as_text(token for step in steps for _, token in step), stop)

    def reply_batch(
        self, conversations: Sequence[Sequence[Message]], *, tuned: bool, max_tokens: int = 256
    ) -> list[str]:
        """Greedy answers to many conversations, worked on together; in 32-bit numbers the same as one by one.

        A prompt too long for the model loses its beginning.
        """
        room = max(1, self.context_length - max_tokens)
        prompts = [self.prompt(messages)[-room:] for messages in conversations]
        answers = [""] * len(prompts)
        for rows in _by_length([len(p) for p in prompts], BATCH_TOKENS):
            tokens: list[list[int]] = [[] for _ in rows]
            for step in self._steps([prompts[i] for i in rows], tuned=tuned, max_tokens=max_tokens):
                for row, token in step:
                    tokens[row].append(token)
            for i, ids in zip(rows, tokens, strict=True):
                answers[i] = self.tokenizer.decode(ids, skip_special_tokens=True).strip()
        return answers

    def losses(self, rows: Sequence[TokenRow], *, tuned: bool) -> list[float]:
        """Summed negative log-likelihood in nats of each row's answer tokens, given what comes before them."""
        import torch

        result = [0.0] * len(rows)
        for batch in _by_length([len(row.ids) for row in rows], SCORE_TOKENS):
            together = collate([rows[i] for i in batch])
            with self._lock, torch.inference_mode():
                self._switch(tuned)
                logits = self.model(input_ids=self._to(together.ids), use_cache=False).logits
            chosen = logits.flatten(0, 1)[self._to(together.positions)].float()
            each = torch.nn.functional.cross_entropy(chosen, self._to(together.targets), reduction="none")
            owners = (together.positions // together.ids.shape[1]).tolist()
            for owner, loss in zip(owners, each.tolist(), strict=True):
                result[batch[owner]] += loss
        return result

    def _steps(
        self,
        prompts: Sequence[list[int]],
        *,
        tuned: bool,
        max_tokens: int,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> Iterator[list[tuple[int, int]]]:
        """The new (row, token) pairs of each step; rows that have ended leave the batch."""
        import torch
        from transformers import DynamicCache

        length = max(map(len, prompts))
        ids = torch.tensor([[self._pad()] * (length - len(p)) + p for p in prompts])
        mask = torch.tensor([[0] * (length - len(p)) + [1] * len(p) for p in prompts])
        positions = (mask.cumsum(-1) - 1).clamp(min=0)
        running = list(range(len(prompts)))
        guards = [RepetitionGuard() for _ in prompts]
        dice = torch.Generator().manual_seed(seed) if seed is not None else None
        cache = DynamicCache(config=self.model.config)
        for _ in range(max_tokens):
            with self._lock, torch.inference_mode():
                self._switch(tuned)
                logits = self.model(
                    input_ids=self._to(ids),
                    attention_mask=self._to(mask),
                    position_ids=self._to(positions),
                    past_key_values=cache,
                    use_cache=True,
                    logits_to_keep=1,
                ).logits[:, -1]
            logits = logits.float().cpu().clone()  # a tensor made in inference mode cannot be changed outside it
            for i, row in enumerate(running):
                for token in guards[row].banned():
                    logits[i, token] = float("-inf")
            chosen = choose(logits, temperature, top_p, dice)
            kept = [i for i, token in enumerate(chosen) if token not in self._end_tokens]
            yield [(running[i], chosen[i]) for i in kept]
            if not kept:
                return
            for i in kept:
                guards[running[i]].add(chosen[i])
            if len(kept) < len(running):
                with torch.inference_mode():
                    cache.batch_select_indices(self._to(torch.tensor(kept)))
            running = [running[i] for i in kept]
            ids = torch.tensor([[chosen[i]] for i in kept])
            mask = torch.cat([mask[kept], torch.ones(len(kept), 1, dtype=mask.dtype)], dim=1)
            positions = positions[kept][:, -1:] + 1

    def _as_text(self, tokens: Iterator[int]) -> Iterator[str]:
        """Pieces of text, without space in front; a character made of several tokens comes once it is whole."""
        ids: list[int] = []
        said = ""
        for token in tokens:
            ids.append(token)
            text = self.tokenizer.decode(ids, skip_special_tokens=True).lstrip()
            if text.endswith("\N{REPLACEMENT CHARACTER}"):
                continue
            if text.startswith(said) and len(text) > len(said):
                yield text[len(said) :]
                said = text
        rest = self.tokenizer.decode(ids, skip_special_tokens=True).lstrip()[len(said) :]
        if rest:
            yield rest

    def _switch(self, tuned: bool) -> None:
        """Turn the adapter on or off; call with the lock held."""
        if tuned and not self.has_adapter:
            raise UserError(
                "There is no tuned model here, only a base model.", action="Name a run whose training has finished."
            )
        if self.has_adapter and tuned != self._adapter_on:
            if tuned:
                self.model.base_model.enable_adapter_layers()
            else:
                self.model.base_model.disable_adapter_layers()
            self._adapter_on = tuned

    def _pad(self) -> int:
        pad = self.tokenizer.pad_token_id
        return int(pad if pad is not None else self.tokenizer.eos_token_id or 0)

    def _to(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.model.device)


def require_adapter(run: Run) -> None:
    """Raises UserError where the run has not been trained yet."""
    if not (run.adapter / "adapter_config.json").exists():
        raise UserError(
            f"Run {run.name} has no tuned model yet.",
            action="Let the training finish first, or choose a run that has finished.",
        )


def trained_revision(run: Run, plan: TrainingPlan) -> str | None:
    """The exact version of the base the adapter was trained on: the plan's, or the one the trainer met and noted."""
    met: str | None = (read_json(run.dir / "resolved.json") or {}).get("revision")
    return plan.revision or met


def load_base(base_model: str, revision: str | None = None) -> tuple[Any, Any]:
    """The base model in 32-bit numbers, where base and tuned can be compared exactly, and its tokenizer."""
    source = resolve(base_model, revision)
    return load_model(source), load_tokenizer(source)


def end_tokens(model: Any, tokenizer: Any) -> set[int]:
    """Every token that ends an answer: the tokenizer's and the ones the model's own settings name."""
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    ends = {tokenizer.eos_token_id, tokenizer.pad_token_id, *(named if isinstance(named, list) else [named])}
    return {int(token) for token in ends if token is not None}


def choose(logits: torch.Tensor, temperature: float, top_p: float, dice: torch.Generator | None) -> list[int]:
    """One token a row from logits (rows, vocabulary)."""
    import torch

    if temperature <= 0:
        return [int(token) for token in logits.argmax(-1)]
    shares, tokens = (logits / temperature).softmax(-1).sort(-1, descending=True)
    shares[shares.cumsum(-1) - shares >= top_p] = 0.0
    picked = torch.multinomial(shares, 1, generator=dice)
    return [int(token) for token in tokens.gather(-1, picked)[:, 0]]


def _by_length(lengths: Sequence[int], most_tokens: int) -> Iterator[list[int]]:
    """Indices in batches of similar length, longest first, so that little is padding and too much shows at once."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batch and (len(batch) == BATCH_ROWS or lengths[batch[0]] * (len(batch) + 1) > most_tokens):
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _stop_at(pieces: Iterator[str], stop: Sequence[str]) -> Iterator[str]:
    """Pieces up to the first stop text; what might be its beginning is held back until that is clear."""
    hold = max((len(s) for s in stop), default=1) - 1
    text, said = "", 0
    for piece in pieces:
        text += piece
        found = [at for s in stop if s and (at := text.find(s, max(0, said - hold))) >= 0]
        end = min(found) if found else len(text) - hold
        if end > said:
            yield text[said:end]
            said = end
        if found:
            return
    if len(text) > said:
        yield text[said:]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m finetune.generate", description="Ask a base and a tuned model.")
    parser.add_argument("model", help="a run folder, a model folder, a name on the Hub, or starter")
    parser.add_argument("prompt", help="what to ask")
    parser.add_argument("--max-tokens", type=int, default=200)
    parser.add_argument("--temperature", type=float, default=0.0, help="0 is the likeliest answer, 1 is varied")
    parser.add_argument("--seed", type=int, default=None, help="makes a varied answer repeatable")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    options = parser.parse_args(arguments)
    try:
        return _answer(options)
    except UserError as error:
        print(json.dumps({"error": str(error)}) if options.json else str(error), file=sys.stderr)  # noqa: T201
        return 1


def _answer(options: argparse.Namespace) -> int:
    chat = ChatModel.load(options.model)
    answers: dict[str, str] = {}
    for tuned in (False, True) if chat.has_adapter else (False,):
        name = "tuned" if tuned else "base"
        pieces = chat.reply(
            [Message(role="user", content=options.prompt)],
            tuned=tuned,
            max_tokens=options.max_tokens,
            temperature=options.temperature,
            seed=options.seed,
        )
        if options.json:
            answers[name] = "".join(pieces)
            continue
        print(f"{name}: ", end="")  # noqa: T201
        for piece in pieces:
            print(piece, end="", flush=True)  # noqa: T201
        print()  # noqa: T201
    if options.json:
        print(json.dumps(answers, ensure_ascii=False))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
