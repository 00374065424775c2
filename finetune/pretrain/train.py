"""Make the starter model from nothing: tokenizer, mixture, training, evaluation, model card.

    python -m finetune.pretrain CORPUS_DIR --out DIR --hours 1.5

The same command after a kill goes on from the last checkpoint; after the end it scores and writes again.
The finished model is the folder DIR/model, and DIR/points has it at each quarter of the way; `--now` writes it as the
last checkpoint has it, beside a running training.

Read from top to bottom. In the spirit of Karpathy's nanochat: a story, not a framework.
"""

import hashlib
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.checkpoint import write_folder
from finetune.errors import UserError
from finetune.files import append_jsonl, read_json, replacing, write_json, write_text
from finetune.machine import device, fastest_precision
from finetune.pretrain.card import card
from finetune.pretrain.corpus import Conversation, Document, read_documents
from finetune.pretrain.mixture import make_conversations
from finetune.pretrain.model import export, make_model, make_optimisers, token_losses
from finetune.pretrain.recipe import Course, Recipe
from finetune.pretrain.score import Scores, score
from finetune.pretrain.tokens import Position, Rows, load_rows, make_tokenizer, pack_chat, pack_text

if TYPE_CHECKING:
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

POINTS = 4  # the model is kept at so many points of its way, and each is scored
SAY_SECONDS = 15


def pretrain(
    corpus: Path,
    out: Path,
    recipe: Recipe,
    *,
    hours: float | None = None,
    steps: int | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Make a model from `corpus` in `out`, or go on with the one begun there; returns the finished model's folder.

    `hours` or `steps` says how long; with neither the last checkpoint is scored and written as it is. With `steps` a
    killed and resumed run ends with the very weights of an unbroken one on the same machine and thread count; with
    `hours` the clock decides how many steps fit. Nothing in the loop is drawn by chance, so a checkpoint needs no
    state of a random generator.

    Raises:
        UserError: the corpus is missing or its licence unknown, `out` holds a run of another recipe or, without a
            length, no checkpoint, the disk is full.
    """
    if hours is not None and steps is not None:
        raise ValueError("give hours or steps, not both")
    if hours is None and steps is None and not (out / "state.pt").exists():
        raise UserError("Nothing was trained here yet.", where=str(out), action="Train first, with --hours.")
    _keep_recipe(out, recipe)
    say("Reading the corpus")
    documents = read_documents(corpus)
    conversations = make_conversations(corpus, documents, recipe.seed)
    tokenizer = _tokenizer_of(out, documents, conversations, recipe, say)
    text, chat = _rows_of(out, documents, conversations, tokenizer, recipe, say)
    model = make_model(recipe, tokenizer)

    def keep(part: str) -> None:
        export(model, tokenizer, out / "points" / part)

    training = train(model, text, chat, out, recipe, hours, steps, say, keep)
    course, folder = training.course, out / "model"
    export(model, tokenizer, folder)
    points = {f"{int(each.name)} %": each for each in sorted((out / "points").glob("??"))}
    here = f"{100 * course.progress:.0f} %"  # less than all where the last checkpoint is written as it is
    points = {part: each for part, each in points.items() if part != here} | {here: folder}
    scores = {part: _score_once(each, documents, conversations, recipe, say) for part, each in points.items()}
    write_text(folder / "README.md", card(recipe, course, training.kind, scores, documents, conversations))
    say(f"Done: {folder}. Held-out text {scores[here].text_bits_per_byte:.3f} bits a byte.")
    return folder


@dataclass
class Training:
    """All that changes while a model is trained, which is what a checkpoint holds."""

    model: "LlamaForCausalLM"
    optimisers: "list[torch.optim.Optimizer]"
    kind: str  # the number type it is computed in, as torch names it
    course: Course = field(default_factory=Course)
    position: Position = field(default_factory=Position)

    def step(self, share: float) -> None:
        """Use the gradients, and forget them, at `share` (0 to 1) of each group's full rate."""
        import torch

        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = share * group["initial_lr"]
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)

    def save(self, path: Path) -> None:
        """Replace the checkpoint in one step.

        Raises:
            UserError: the disk is full; the checkpoint before is still there.
        """
        import torch

        state = {
            "model": self.model.state_dict(),
            "optimisers": [each.state_dict() for each in self.optimisers],
            "course": asdict(self.course),
            "position": asdict(self.position),
            "kind": self.kind,
        }
        with replacing(path) as file:
            torch.save(state, file)

    def go_on(self, path: Path, where: str) -> bool:
        """Take up the checkpoint, where there is one; says whether there was."""
        import torch

        if not path.exists():
            return False
        saved = torch.load(path, map_location=where, weights_only=True)
        self.model.load_state_dict(saved["model"])
        for optimiser, part in zip(self.optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(part)
        self.course, self.position, self.kind = Course(**saved["course"]), Position(**saved["position"]), saved["kind"]
        return True


def train(
    model: "LlamaForCausalLM",
    text: Rows,
    chat: Rows,
    out: Path,
    recipe: Recipe,
    hours: float | None,
    steps: int | None,
    say: Callable[[str], None],
    keep: Callable[[str], None] = lambda part: None,
) -> Training:
    """Train `model` in place to the end of its course.

    `keep` is told at each of the `POINTS` on the way, in per cent, that the model is there.
    """
    import torch

    where = device()
    model.to(where).train()
    body = torch.compile(model.model) if recipe.compiled and shutil.which("g++") else model.model
    training = Training(model, make_optimisers(model, recipe), str(fastest_precision(where)))
    if training.go_on(out / "state.pt", where):
        say(f"Going on at step {training.course.step}")
    course = training.course
    if steps:
        course.pace = 1 / steps
    rows_per_step = recipe.rows_per_pass * recipe.passes_per_step
    last_saved = last_said = time.perf_counter()
    while (hours or steps) and course.progress < 1 - 1e-9:
        started, before = time.perf_counter(), course.progress
        of_chat = recipe.chat_at_last if course.progress > 2 / 3 else recipe.chat_at_first
        batch = training.position.next_rows(rows_per_step, of_chat, text, chat)
        loss = _gradients(model, body, batch, recipe, where, getattr(torch, training.kind))
        # Taken in the middle of the step, so that the first one moves already and the last one still does.
        share = max(rate_share(course.progress + course.pace / 2, recipe.warm_up), 0.0)
        training.step(share)
        now = time.perf_counter()
        course.step += 1
        course.tokens += rows_per_step * recipe.context
        course.seconds += now - started
        if steps:
            course.progress = course.step / steps
        elif hours:
            _keep_pace(course, 3600 * hours)
        ended = course.progress >= 1 - 1e-9
        if ended or now - last_said > SAY_SECONDS:
            last_said = now
            say(_told(course, loss))
            append_jsonl(out / "metrics.jsonl", {**asdict(course), "loss": loss, "rate": share * recipe.rate})
        if ended or now - last_saved > 60 * recipe.checkpoint_minutes:
            training.save(out / "state.pt")
            last_saved = time.perf_counter()
        point = int(course.progress * POINTS)
        if int(before * POINTS) < point < POINTS:
            keep(f"{100 * point // POINTS:02d}")
    return training


def _told(course: Course, loss: float) -> str:
    steps_left = (1 - course.progress) / course.pace if course.pace else 0.0
    return (
        f"step {course.step:,} · {course.progress:.0%} · loss {loss:.3f}"
        f" · {course.tokens / course.seconds:,.0f} tokens/s"
        f" · {steps_left * course.seconds / course.step / 60:.0f} minutes left"
    )


def rate_share(progress: float, warm_up: float) -> float:
    """What part of the full rate is used at `progress` (0 to 1): a short rise, then a straight line to zero."""
    return min(progress / warm_up if warm_up else 1.0, (1 - progress) / (1 - warm_up))


def _keep_pace(course: Course, budget_seconds: float) -> None:
    """One step's progress, and a new pace from the time a step has taken so far and the time that is left."""
    course.progress = min(course.progress + course.pace, 1.0)
    steps_left = (budget_seconds - course.seconds) / (course.seconds / course.step)
    if steps_left < 1:
        course.progress, course.pace = 1.0, 0.0
    else:
        course.pace = (1 - course.progress) / steps_left


def _gradients(
    model: "LlamaForCausalLM", body: Any, batch: Rows, recipe: Recipe, where: str, kind: "torch.dtype"
) -> float:
    """Add the gradients of one step's rows to the model; returns the weighted mean loss in nats a token.

    `body` is the model without its head, compiled or not.
    """
    import torch

    tokens = torch.from_numpy(batch.tokens.astype("int64")).to(where)
    weights = torch.from_numpy(batch.counts.astype("float32")).to(where)
    weights = recipe.prompt_weight + (1 - recipe.prompt_weight) * weights[:, 1:]
    total = float(weights.sum())
    loss_sum = 0.0
    for start in range(0, len(tokens), recipe.rows_per_pass):
        part = slice(start, start + recipe.rows_per_pass)
        with torch.autocast(where, dtype=kind, enabled=kind != torch.float32):
            losses = token_losses(body, model.lm_head, tokens[part])
        loss = (losses * weights[part]).sum() / total
        loss.backward()  # type: ignore[no-untyped-call]
        loss_sum += float(loss.detach())
    return loss_sum


def _keep_recipe(out: Path, recipe: Recipe) -> None:
    path = out / "recipe.json"
    known = read_json(path)
    if known is not None and known != asdict(recipe):
        raise UserError(
            "This folder holds a training with other settings.",
            where=str(out),
            action="Name another folder with --out, or the settings it was begun with.",
        )
    if known is None:
        write_json(path, asdict(recipe))


def _tokenizer_of(
    out: Path,
    documents: list[Document],
    conversations: list[Conversation],
    recipe: Recipe,
    say: Callable[[str], None],
) -> "PreTrainedTokenizerFast":
    from transformers import AutoTokenizer

    folder = out / "tokenizer"
    if folder.exists():
        return AutoTokenizer.from_pretrained(folder)
    say("Learning the tokenizer")
    texts = [each.text for each in documents if not each.held_out]
    texts += [content for each in conversations[::4] if not each.held_out for _, content in each.messages]
    tokenizer = make_tokenizer(iter(texts), recipe.vocabulary, recipe.context)
    write_folder(folder, tokenizer.save_pretrained)
    return AutoTokenizer.from_pretrained(folder)


def _rows_of(
    out: Path,
    documents: list[Document],
    conversations: list[Conversation],
    tokenizer: "PreTrainedTokenizerFast",
    recipe: Recipe,
    say: Callable[[str], None],
) -> tuple[Rows, Rows]:
    """The training rows of text and of chat, each shuffled once; made at the first start and read at later ones."""
    import numpy

    paths = out / "text.npz", out / "chat.npz"
    if not all(path.exists() for path in paths):
        say("Turning text into tokens")
        seen = [each for each in documents if not each.held_out]
        text = pack_text(seen, tokenizer, recipe.context)
        chat = pack_chat([each for each in conversations if not each.held_out], tokenizer, recipe.context)
        for rows, path in zip((text, chat), paths, strict=True):
            if not len(rows.tokens):
                raise UserError(
                    f"The corpus is too small: it fills no row of {recipe.context} tokens.",
                    action="Add text to the corpus, or choose a shorter context.",
                )
            order = numpy.random.default_rng(recipe.seed).permutation(len(rows.tokens))
            Rows(rows.tokens[order], rows.counts[order]).save(path)
    text, chat = load_rows(paths[0]), load_rows(paths[1])
    say(f"{text.tokens.size / 1e6:.1f} million tokens of text, {chat.tokens.size / 1e6:.1f} million of conversations")
    return text, chat


def _score_once(
    folder: Path,
    documents: list[Document],
    conversations: list[Conversation],
    recipe: Recipe,
    say: Callable[[str], None],
) -> Scores:
    """The model's scores, kept beside it: a point of the way does not change."""
    path = folder.with_name(f"{folder.name}.scores.json")
    with open(folder / "model.safetensors", "rb") as file:
        weights = hashlib.file_digest(file, "sha256").hexdigest()
    known = read_json(path)
    if known is not None and known["weights"] == weights:
        return Scores.model_validate(known["scores"])
    say(f"Scoring {folder.name} on the held-out part")
    scores = score(folder, documents, conversations, recipe.context, say=say)
    write_json(path, {"weights": weights, "scores": scores.model_dump()})
    return scores
