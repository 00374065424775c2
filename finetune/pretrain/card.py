"""The card of a starter model: what it is, what it was made from, figures and limits."""

import os
import platform
from collections import Counter
from collections.abc import Sequence

from finetune.pretrain.corpus import HELD_OUT_ONE_IN, LICENCES, Conversation, Document, licence_of
from finetune.pretrain.recipe import Course, Recipe
from finetune.pretrain.score import Scores


def card(
    recipe: Recipe,
    course: Course,
    kind: str,
    scores: dict[str, Scores],
    documents: Sequence[Document],
    conversations: Sequence[Conversation],
) -> str:
    """The model card: what it is, what it was made from and under which licences, figures, limits."""
    from importlib.metadata import version

    counted = Counter(licence_of(each.source) for each in documents)
    data = "\n".join(f"| {each.work} | {each.terms} | {counted[each] or '–'} |" for each in LICENCES)
    tasks = Counter(each.task for each in conversations)
    size, hours = recipe.parameters / 1e6, course.seconds / 3600
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
All tokens count, those of a prompt {recipe.prompt_weight:g} times. {_circuit(recipe)}
Made again with `python -m finetune.pretrain CORPUS_DIR --out DIR --hours {hours:.2f} --seed {recipe.seed}`.

## Measured on what was held out
{"At points of the way; the last column is this model. " if len(scores) > 1 else ""}Up to 300 greedy answers a task.
{_table(scores)}

## What it cannot do
It knows little and makes things up: never use it untuned, and never without a person who checks. English only. It
does not calculate, reason over several steps, or read more than {recipe.context} tokens well. What it says of health,
law or money is the echo of textbooks and is no advice. Its data are mostly US-American and have those authors'
blind spots.
"""


def _circuit(recipe: Recipe) -> str:
    if not recipe.copying_heads:
        return "The first weights are drawn by chance."
    return (
        f"The first weights hold an induction circuit: {recipe.copying_heads} attention heads that continue what stood "
        "in the prompt before, so that copying need not be discovered."
    )


def _table(scores: dict[str, Scores]) -> str:
    """A column a point of the training, a row a figure."""
    last = list(scores.values())[-1]
    lines = ["| | " + " | ".join(scores) + " |", "|---|" + "---|" * len(scores)]

    def line(name: str, cells: list[str]) -> None:
        lines.append(f"| {name} | " + " | ".join(cells) + " |")

    line("running text, bits a byte", [f"{each.text_bits_per_byte:.3f}" for each in scores.values()])
    line("answers, bits a byte", [f"{each.answer_bits_per_byte:.3f}" for each in scores.values()])
    for task, score in last.tasks.items():
        name = f"{task}: equal answers of {score.asked}, shared words (F1)"
        line(name, [f"{each.tasks[task].exact:.0%}, {each.tasks[task].f1:.2f}" for each in scores.values()])
    for name in last.shares:
        line(name, [str(each.shares[name]) for each in scores.values()])
    return "\n".join(lines)
