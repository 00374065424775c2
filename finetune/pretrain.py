"""Make the starter model from nothing: tokenizer, mixture, training, evaluation, model card.

    python -m finetune.pretrain CORPUS_DIR --out DIR --hours 1.5

The same command after a kill goes on from the last checkpoint; after the end it scores and writes again.
The finished model is the folder DIR/model; `--now` writes it as the last checkpoint has it, beside a running training.

Read from top to bottom. In the spirit of Karpathy's nanochat: a story, not a framework.
"""

import argparse
import contextlib
import json
import math
import os
import platform
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.errors import UserError
from finetune.files import append_jsonl, read_json, write_json, write_text
from finetune.machine import device, fastest_precision
from finetune.mixture import (
    HELD_OUT_ONE_IN,
    LICENCES,
    Conversation,
    Document,
    licence_of,
    make_conversations,
    read_documents,
)

if TYPE_CHECKING:
    import numpy
    import torch
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

SEPARATOR, TURN_START, TURN_END, PADDING = "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"
# ChatML as Qwen and SmolLM2 use it, without a default system message.
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Recipe:
    """Every choice of a pre-training; kept in recipe.json beside the checkpoint, which fits no other."""

    seed: int = 0
    vocabulary: int = 8192
    # Wide and shallow: at 13.8 million parameters six layers of 384 ran 1.8 times as fast as nine of 320 on two cores.
    hidden: int = 384
    layers: int = 6
    inner: int = 1024  # width of the feed-forward part, 8/3 of hidden as Llama has it
    heads: int = 6  # of 64, as in most Llama models
    context: int = 512  # tokens a row
    rows_per_pass: int = 4  # what fits the processor's cache best
    passes_per_step: int = 1  # 2,048 tokens a step: a budget of an hour or two is short of steps, not of rows
    rate: float = 3e-3  # of both optimisers; Muon's is scaled to AdamW's update size ("match_rms_adamw")
    muon: bool = True  # for the layers' matrices
    warm_up: float = 0.02  # share of the run in which the rate rises
    weight_decay: float = 0.05
    chat_at_first: float = 0.2  # share of the rows that are conversations …
    chat_at_last: float = 0.5  # … and in the last third, so that the form is fresh and the language broad
    prompt_weight: float = 0.3  # of a question's tokens beside an answer's 1: passages are good text, too
    checkpoint_minutes: float = 3.0


@dataclass(frozen=True)
class Scores:
    """On the held-out part: bits a byte of UTF-8 text, and the share of answers equal to the expected one."""

    text_bits_per_byte: float
    answer_bits_per_byte: float
    exact: dict[str, tuple[int, int]]
    """task → (equal answers, asked)"""


# 1. Tokenizer


def make_tokenizer(texts: Iterator[str], recipe: Recipe) -> "PreTrainedTokenizerFast":
    """A cased byte-level BPE learnt from `texts`: any bytes go in and come back, digits one by one."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=recipe.vocabulary,
        special_tokens=[SEPARATOR, TURN_START, TURN_END, PADDING],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=SEPARATOR,
        eos_token=TURN_END,
        pad_token=PADDING,
        additional_special_tokens=[TURN_START],
        chat_template=CHAT_TEMPLATE,
        model_max_length=recipe.context,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


# 2. Rows of tokens


@dataclass(frozen=True)
class Rows:
    """Token ids (rows, context + 1) and, of the same shape, 1 where a token counts in full, 0 where as a prompt."""

    tokens: "numpy.ndarray[Any, Any]"
    counts: "numpy.ndarray[Any, Any]"

    def save(self, path: Path) -> None:
        import numpy

        beside = path.with_suffix(".part.npz")
        numpy.savez(beside, tokens=self.tokens, counts=self.counts)
        os.replace(beside, path)


def load_rows(path: Path) -> Rows:
    import numpy

    with numpy.load(path) as arrays:
        return Rows(arrays["tokens"], arrays["counts"])


def pack_text(documents: list[Document], tokenizer: "PreTrainedTokenizerFast", context: int) -> Rows:
    """Documents end to end, cut every `context` tokens; one row's last token is the next one's first."""
    import numpy

    stream: list[numpy.ndarray[Any, Any]] = []
    for start in range(0, len(documents), 256):
        texts = [f"{SEPARATOR}# {each.title}\n{each.text}" for each in documents[start : start + 256]]
        stream += [numpy.array(ids, numpy.uint16) for ids in tokenizer(texts, verbose=False)["input_ids"]]
    tokens = numpy.concatenate(stream)
    rows = (len(tokens) - 1) // context
    starts = numpy.arange(rows)[:, None] * context
    packed = tokens[starts + numpy.arange(context + 1)[None, :]]
    return Rows(packed, numpy.ones_like(packed, numpy.uint8))


def pack_chat(conversations: list[Conversation], tokenizer: "PreTrainedTokenizerFast", context: int) -> Rows:
    """Whole conversations one after another; the last one of a row is cut, and the next row begins with a new one."""
    import numpy

    tokens: list[list[int]] = []
    counts: list[list[int]] = []
    row: list[int] = []
    count: list[int] = []
    for start in range(0, len(conversations), 4096):
        batch = conversations[start : start + 4096]
        for ids in tokenizer([render(each, tokenizer) for each in batch], verbose=False)["input_ids"]:
            row += ids
            count += answer_mask(ids, tokenizer)
            if len(row) > context:
                tokens.append(row[: context + 1])
                counts.append(count[: context + 1])
                row, count = [], []
    shape = (len(tokens), context + 1)
    return Rows(numpy.array(tokens, numpy.uint16).reshape(shape), numpy.array(counts, numpy.uint8).reshape(shape))


def render(conversation: Conversation, tokenizer: "PreTrainedTokenizerFast") -> str:
    messages = [{"role": role, "content": content} for role, content in conversation.messages]
    return str(tokenizer.apply_chat_template(messages, tokenize=False))


def answer_mask(ids: list[int], tokenizer: "PreTrainedTokenizerFast") -> list[int]:
    """1 for the tokens the assistant writes, the end of its turn included; 0 for all others."""
    start, end = tokenizer.convert_tokens_to_ids([TURN_START, TURN_END])
    header = tokenizer("assistant\n")["input_ids"]
    mask = [0] * len(ids)
    for position, token in enumerate(ids):
        begin = position + 1 + len(header)
        if token == start and ids[position + 1 : begin] == header:
            stop = ids.index(end, begin) if end in ids[begin:] else len(ids) - 1
            mask[begin : stop + 1] = [1] * (stop + 1 - begin)
    return mask


@dataclass
class Position:
    """How far each kind of row has been read, and what is owed to conversations by the share so far."""

    text: int = 0
    chat: int = 0
    owed: float = 0.0

    def next_rows(self, number: int, chat_share: float, text: Rows, chat: Rows) -> Rows:
        """The next rows in a fixed order: no chance in it, so a resumed run reads on where it was."""
        import numpy

        tokens, counts = [], []
        for _ in range(number):
            self.owed += chat_share
            rows, index = (chat, self.chat) if self.owed >= 1 else (text, self.text)
            if self.owed >= 1:
                self.owed -= 1
                self.chat += 1
            else:
                self.text += 1
            tokens.append(rows.tokens[index % len(rows.tokens)])
            counts.append(rows.counts[index % len(rows.counts)])
        return Rows(numpy.stack(tokens), numpy.stack(counts))


# 3. Model and optimisers


def make_model(recipe: Recipe, tokenizer: "PreTrainedTokenizerFast") -> "LlamaForCausalLM":
    import torch
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=recipe.vocabulary,
        hidden_size=recipe.hidden,
        intermediate_size=recipe.inner,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        head_dim=recipe.hidden // recipe.heads,
        max_position_embeddings=recipe.context,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # Plain matrix products: on a processor the fused attention's backward pass was slower at 512 tokens.
        attn_implementation="eager",
    )
    model = LlamaForCausalLM(config)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        max_new_tokens=256,
        do_sample=False,
    )
    return model


def make_optimisers(model: "LlamaForCausalLM", recipe: Recipe) -> "list[torch.optim.Optimizer]":
    """Muon for the matrices between the layers' ends, AdamW for the embedding and the norms."""
    import torch

    inside = [each for name, each in model.named_parameters() if each.ndim == 2 and ".layers." in name]
    if not recipe.muon:
        return [torch.optim.AdamW(model.parameters(), lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.05)]
    outside = [each for name, each in model.named_parameters() if each.ndim != 2 or ".layers." not in name]
    return [
        torch.optim.Muon(inside, lr=recipe.rate, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(outside, lr=recipe.rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def rate_share(progress: float, warm_up: float) -> float:
    """What part of the full rate is used at `progress` (0 to 1): a short rise, then a straight line to zero."""
    return min(progress / warm_up if warm_up else 1.0, (1 - progress) / (1 - warm_up))


# 4. Training


@dataclass
class Course:
    """Where a run stands. `pace` is the progress one step makes; with hours given it follows the measured speed."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    progress: float = 0.0
    pace: float = 0.0


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
    course, kind = train(model, text, chat, out, recipe, hours, steps, say)
    folder = out / "model"
    _export(model, tokenizer, folder)
    say("Scoring the held-out part")
    scores = score(folder, documents, conversations, recipe)
    write_json(out / "scores.json", asdict(scores))
    write_text(folder / "README.md", card(recipe, course, kind, scores, documents, conversations))
    say(f"Done: {folder}. Held-out text {scores.text_bits_per_byte:.3f} bits a byte.")
    return folder


def train(
    model: "LlamaForCausalLM",
    text: Rows,
    chat: Rows,
    out: Path,
    recipe: Recipe,
    hours: float | None,
    steps: int | None,
    say: Callable[[str], None],
) -> tuple[Course, str]:
    """Train `model` in place to the end of its course; returns the course and the number type it was computed in."""
    import torch

    where = device()
    model.to(where).train()
    optimisers = make_optimisers(model, recipe)
    course, position, kind = Course(), Position(), str(fastest_precision(where))
    state = out / "state.pt"
    if state.exists():
        saved = torch.load(state, map_location=where, weights_only=True)
        model.load_state_dict(saved["model"])
        for optimiser, part in zip(optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(part)
        course, position, kind = Course(**saved["course"]), Position(**saved["position"]), saved["kind"]
        say(f"Going on at step {course.step}")

    def save() -> None:
        beside = state.with_suffix(".part")
        with open(beside, "wb") as file:
            parts = [each.state_dict() for each in optimisers]
            where = {"course": asdict(course), "position": asdict(position), "kind": kind}
            torch.save({"model": model.state_dict(), "optimisers": parts, **where}, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, state)

    rows_per_step = recipe.rows_per_pass * recipe.passes_per_step
    last_saved = last_said = time.perf_counter()
    while (hours or steps) and course.progress < 1 - 1e-9:
        started = time.perf_counter()
        share = recipe.chat_at_last if course.progress > 2 / 3 else recipe.chat_at_first
        batch = position.next_rows(rows_per_step, share, text, chat)
        loss = _gradients(model, batch, recipe, where, getattr(torch, kind))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if steps:
            course.pace = 1 / steps
        # Taken in the middle of the step, so that the first one moves already and the last one still does.
        rate = recipe.rate * max(rate_share(course.progress + course.pace / 2, recipe.warm_up), 0.0)
        for optimiser in optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        now = time.perf_counter()
        course.step += 1
        course.tokens += rows_per_step * recipe.context
        course.seconds += now - started
        if steps:
            course.progress = course.step / steps
        elif hours:
            _keep_pace(course, 3600 * hours)
        if now - last_said > 15 or course.progress >= 1:
            last_said = now
            speed = course.tokens / course.seconds
            steps_left = (1 - course.progress) / course.pace if course.pace else 0.0
            left = steps_left * course.seconds / course.step / 60
            say(
                f"step {course.step:,} · {course.progress:.0%} · loss {loss:.3f} · {speed:,.0f} tokens/s"
                f" · {left:.0f} minutes left"
            )
            append_jsonl(out / "metrics.jsonl", {**asdict(course), "loss": loss, "rate": rate})
        if now - last_saved > 60 * recipe.checkpoint_minutes or course.progress >= 1 - 1e-9:
            save()
            last_saved = time.perf_counter()
    return course, kind


def _keep_pace(course: Course, budget_seconds: float) -> None:
    """One step's progress, and a new pace from the time a step has taken so far and the time that is left."""
    course.progress = min(course.progress + course.pace, 1.0)
    steps_left = (budget_seconds - course.seconds) / (course.seconds / course.step)
    if steps_left < 1:
        course.progress, course.pace = 1.0, 0.0
    else:
        course.pace = (1 - course.progress) / steps_left


def _gradients(model: "LlamaForCausalLM", batch: Rows, recipe: Recipe, where: str, kind: "torch.dtype") -> float:
    """Add the gradients of one step's rows to the model; returns the weighted mean loss in nats a token."""
    import torch

    tokens = torch.from_numpy(batch.tokens.astype("int64")).to(where)
    weights = torch.from_numpy(batch.counts.astype("float32")).to(where)
    weights = recipe.prompt_weight + (1 - recipe.prompt_weight) * weights[:, 1:]
    total = float(weights.sum())
    loss_sum = 0.0
    for start in range(0, len(tokens), recipe.rows_per_pass):
        part = slice(start, start + recipe.rows_per_pass)
        with torch.autocast(where, dtype=kind, enabled=kind != torch.float32):
            losses = token_losses(model, tokens[part])
        loss = (losses * weights[part]).sum() / total
        loss.backward()  # type: ignore[no-untyped-call]
        loss_sum += float(loss.detach())
    return loss_sum


def token_losses(model: "LlamaForCausalLM", tokens: "torch.Tensor") -> "torch.Tensor":
    """Nats for each next token: (rows, length) → (rows, length - 1), float32.

    The vocabulary's scores are made for one row at a time, so that (rows × length × vocabulary) never stands in memory.
    """
    import torch
    from torch.nn.functional import cross_entropy

    hidden = model.model(input_ids=tokens[:, :-1], use_cache=False).last_hidden_state
    return torch.stack(
        [
            cross_entropy(model.lm_head(row).float(), target, reduction="none")
            for row, target in zip(hidden, tokens[:, 1:], strict=True)
        ]
    )


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
    tokenizer = make_tokenizer(iter(texts), recipe)
    beside = out / "tokenizer.part"
    tokenizer.save_pretrained(beside)
    os.replace(beside, folder)
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


def _export(model: "LlamaForCausalLM", tokenizer: "PreTrainedTokenizerFast", folder: Path) -> None:
    """Write the finished folder in bfloat16, in one step."""
    import copy

    import torch

    beside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(beside, ignore_errors=True)
    finished = copy.deepcopy(model).to("cpu", torch.bfloat16).eval()
    # The attention is the loader's choice, not the model's.
    finished.config._attn_implementation_internal = None
    finished.save_pretrained(beside)
    tokenizer.save_pretrained(beside)
    # The class under the name that other programs and older releases know, and nothing of this machine.
    settings = read_json(beside / "tokenizer_config.json") or {}
    kept = {name: value for name, value in settings.items() if name not in ("is_local", "local_files_only", "backend")}
    write_json(beside / "tokenizer_config.json", kept | {"tokenizer_class": "PreTrainedTokenizerFast"})
    (beside / "model.safetensors").chmod(0o644)
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(beside, folder)


# 5. Evaluation


def score(
    folder: Path,
    documents: list[Document],
    conversations: list[Conversation],
    recipe: Recipe,
    *,
    rows: int = 128,
    asked: int = 24,
) -> Scores:
    """Score the exported model, as it will be loaded, on what was held out.

    Args:
        rows: at most so many rows of text, and so many conversations for the answers' bits.
        asked: at most so many questions a task for the share of equal answers.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    held_out = [each for each in documents if each.held_out]
    kept = [each for each in conversations if each.held_out]
    text_bits = answer_bits = math.nan
    with torch.inference_mode():
        if held_out and len(packed := pack_text(held_out, tokenizer, recipe.context).tokens):
            text_bits = _text_bits(model, tokenizer, packed[:: max(1, len(packed) // rows)][:rows])
        if kept:
            answer_bits = _answer_bits(model, tokenizer, kept[:rows], recipe.context)
        exact = {
            task: _equal_answers(model, tokenizer, [each for each in kept if each.task == task][:asked], recipe.context)
            for task in sorted({each.task for each in kept} - {"question", "exercise", "definition"})
        }
    return Scores(text_bits, answer_bits, exact)


def _text_bits(model: Any, tokenizer: Any, rows: Any) -> float:
    import torch

    nats, size = 0.0, 0
    for row in rows:
        tokens = torch.from_numpy(row.astype("int64"))[None]
        nats += float(token_losses(model, tokens).sum())
        size += len(tokenizer.decode(tokens[0, 1:], skip_special_tokens=True).encode())
    return nats / math.log(2) / size


def _answer_bits(model: Any, tokenizer: Any, conversations: list[Conversation], context: int) -> float:
    import torch

    nats, size = 0.0, 0
    for each in conversations:
        ids = tokenizer(render(each, tokenizer), verbose=False)["input_ids"]
        mask = torch.tensor(answer_mask(ids, tokenizer)[1:], dtype=torch.bool)
        if len(ids) > context:
            continue
        nats += float(token_losses(model, torch.tensor([ids]))[0][mask].sum())
        size += len("".join(text for role, text in each.messages if role == "assistant").encode())
    return nats / math.log(2) / size if size else math.nan


def _equal_answers(model: Any, tokenizer: Any, asked: list[Conversation], context: int) -> tuple[int, int]:
    """How many greedy answers equal the expected one, spaces aside."""
    import torch

    equal = 0
    for each in asked:
        messages = [{"role": role, "content": content} for role, content in each.messages[:-1]]
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False)
        wanted = len(tokenizer(each.answer)["input_ids"])
        if len(ids) + wanted >= context:
            continue
        prompt = torch.tensor([ids])
        made = model.generate(prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=wanted + 2)
        answer = tokenizer.decode(made[0, len(ids) :], skip_special_tokens=True)
        equal += " ".join(answer.split()) == " ".join(each.answer.split())
    return equal, len(asked)


# 6. Card


def card(
    recipe: Recipe,
    course: Course,
    kind: str,
    scores: Scores,
    documents: list[Document],
    conversations: list[Conversation],
) -> str:
    """The model card: what it is, what it was made from and under which licences, figures, limits."""
    from importlib.metadata import version

    counted = Counter(licence_of(each.source) for each in documents)
    data = "\n".join(f"| {each.work} | {each.terms} | {counted[each] or '–'} |" for each in LICENCES)
    tasks = Counter(each.task for each in conversations)
    tried = "\n".join(f"| {task} | {equal} of {asked} |" for task, (equal, asked) in scores.exact.items())
    size, hours = parameter_count(recipe) / 1e6, course.seconds / 3600
    shape = f"{recipe.layers} layers of {recipe.hidden}, {recipe.heads} heads, vocabulary {recipe.vocabulary:,}"
    speed = f"{course.tokens / course.seconds:,.0f} tokens a second on {os.cpu_count()} cores ({platform.machine()})"
    optimiser = "Muon for the matrices, AdamW for the rest" if recipe.muon else "AdamW"
    chat = f"{recipe.chat_at_first:.0%} of the rows at first and {recipe.chat_at_last:.0%} in the last third"
    return f"""---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
---
# Attune's starter model

A language model of {size:.1f} million parameters, made from nothing on openly licensed English text, so that a tuning
can be tried from end to end on two processor cores with no download. It is a starting point for tuning and a
stand-in for a bigger base model, not an assistant.

Llama architecture: {shape} (cased byte-level BPE), context {recipe.context} tokens, ChatML turns, bfloat16.
It loads with `AutoModelForCausalLM` and needs no code of its own.

## Made from
| work | licence | documents |
|---|---|---|
{data}

MedQuAD, and part of OpenStax, came as questions with answers. From the same text code made these conversations:
{", ".join(f"{task} {number:,}" for task, number in tasks.most_common())}.
One document in {HELD_OUT_ONE_IN} was held out, with everything made from it.

## How
{course.tokens / 1e6:.2f} million tokens in {course.step:,} steps and {hours:.2f} hours, {speed},
computed in {kind} with torch {version("torch")}. {optimiser}, rate {recipe.rate:g} with a short rise
and a straight line to zero, rows of {recipe.context} tokens without padding. Conversations are {chat}.
All tokens count, those of a prompt {recipe.prompt_weight:g} times.
Made again with `python -m finetune.pretrain CORPUS_DIR --out DIR --hours {hours:.2f} --seed {recipe.seed}`.

## Measured on what was held out
- running text: {scores.text_bits_per_byte:.3f} bits a byte
- answers in conversations: {scores.answer_bits_per_byte:.3f} bits a byte

Answers equal to the expected one, letter for letter:
| task | equal |
|---|---|
{tried}

## What it cannot do
It knows little and makes things up: never use it untuned, and never without a person who checks. English only. It
does not calculate, reason over several steps, or read more than {recipe.context} tokens well. What it says of health,
law or money is the echo of textbooks and is no advice. Its data are mostly US-American and have those authors'
blind spots.
"""


def parameter_count(recipe: Recipe) -> int:
    """Embedding (tied), attention, feed-forward and norms."""
    layer = 4 * recipe.hidden**2 + 3 * recipe.hidden * recipe.inner + 2 * recipe.hidden
    return recipe.vocabulary * recipe.hidden + recipe.layers * layer + recipe.hidden


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m finetune.pretrain", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", type=Path, help="folder with documents.jsonl.xz and questions.jsonl.xz")
    parser.add_argument("--out", type=Path, required=True, help="folder to work in; the model ends in its model/")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--hours", type=float, help="how long to train; the rate falls to zero by then")
    length.add_argument("--steps", type=int, help="how many steps to train instead")
    length.add_argument("--now", action="store_true", help="train no further: write and score the last checkpoint")
    parser.add_argument("--seed", type=int, default=Recipe.seed, help=f"default {Recipe.seed}")
    parser.add_argument("--threads", type=int, help="default: all cores")
    parser.add_argument("--json", action="store_true", help="print each line as a JSON object")
    options = parser.parse_args(arguments)

    def say(line: str) -> None:
        print(json.dumps({"text": line}) if options.json else f"{time.strftime('%H:%M:%S')} {line}", flush=True)  # noqa: T201

    try:
        if options.threads:
            import torch

            torch.set_num_threads(options.threads)
        recipe = Recipe(seed=options.seed)
        pretrain(options.corpus, options.out, recipe, hours=options.hours, steps=options.steps, say=say)
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
