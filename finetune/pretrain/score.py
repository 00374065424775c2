"""What a starter model can do, measured on text and conversations it has not seen."""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from finetune.checks import is_refusal
from finetune.example import Example, Message
from finetune.generate import ChatModel
from finetune.pretrain.corpus import Conversation, Document
from finetune.pretrain.passage_tasks import SAID_INSTEAD
from finetune.pretrain.tokens import pack_text
from finetune.score import exact_match, token_f1
from finetune.tokens import TokenRow

ASKED = 300  # of each task, as far as the held-out part has them
TEXT_ROWS = 128
ANSWER_TOKENS = 96
# Tasks whose answers are not one fixed text: everything that is right is not one wording.
OPEN = {"question", "exercise", "definition", "everyday", "title", "declined", "answered"}


class TaskScore(BaseModel):
    """Of `asked` greedy answers: shares, 0 to 1, of equal words and, on average, of shared ones (SQuAD's F1)."""

    asked: int
    exact: float
    f1: float


class Share(BaseModel):
    """So many of so many."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number} of {self.of}"


class Scores(BaseModel):
    """On the held-out part. Bits a byte are of UTF-8 text."""

    text_bits_per_byte: float
    answer_bits_per_byte: float
    tasks: dict[str, TaskScore]
    shares: dict[str, Share]


def score(
    folder: Path,
    documents: Sequence[Document],
    conversations: Sequence[Conversation],
    context: int,
    *,
    asked: int = ASKED,
    say: Callable[[str], None] = lambda line: None,
) -> Scores:
    """Score an exported model, as it will be loaded.

    Args:
        context: tokens the model reads.
        asked: at most so many questions a task.
    """
    chat = ChatModel.load(folder)
    held_out = [each for each in conversations if each.held_out]
    bits = answer_bits = math.nan
    text = pack_text([each for each in documents if each.held_out], chat.tokenizer, context).tokens
    if len(text):
        bits = text_bits(chat, text[:: max(1, len(text) // TEXT_ROWS)][:TEXT_ROWS])
    if held_out:
        answer_bits = _answer_bits(chat, held_out[:ASKED])
    answers: dict[str, list[tuple[Conversation, str]]] = {}
    for task in sorted({each.task for each in held_out}):
        those = [each for each in held_out if each.task == task and len(each.messages) <= 3][:asked]
        if task in OPEN - {"declined", "answered"} or not those:
            continue
        say(f"Asking {len(those)} times: {task}")
        given = chat.reply_batch([_asked(each) for each in those], tuned=False, max_tokens=ANSWER_TOKENS)
        answers[task] = list(zip(those, given, strict=True))
    tasks = {task: _task_score(pairs) for task, pairs in answers.items() if task not in OPEN}
    return Scores(text_bits_per_byte=bits, answer_bits_per_byte=answer_bits, tasks=tasks, shares=_shares(answers))


def _task_score(pairs: list[tuple[Conversation, str]]) -> TaskScore:
    exact = [exact_match(given, each.answer) for each, given in pairs]
    shared = [token_f1(given, each.answer) for each, given in pairs]
    return TaskScore(asked=len(pairs), exact=sum(exact) / len(exact), f1=sum(shared) / len(shared))


def _shares(answers: dict[str, list[tuple[Conversation, str]]]) -> dict[str, Share]:
    """Behaviour that has a right side and a wrong one; only what was asked at all."""
    there = [pair for task in ("quote", "glossary") for pair in answers.get(task, [])]
    counted: dict[str, list[bool]] = {
        "says it is not there when it is not": [_abstains(given) for _, given in answers.get("not said", [])],
        "says it is not there although it is": [_abstains(given) for _, given in there],
        "declines what it is told never to do": [is_refusal(given) for _, given in answers.get("declined", [])],
        "declines an ordinary question": [is_refusal(given) for _, given in answers.get("answered", [])],
        "JSON with the keys asked for": [_same_keys(given, each.answer) for each, given in answers.get("JSON", [])],
        "a list of three": [_is_list_of_three(given) for _, given in answers.get("list", [])],
        "one of the categories offered": [
            given.strip() != "" and given in each.messages[-2][1] for each, given in answers.get("category", [])
        ],
    }
    return {name: Share(number=sum(each), of=len(each)) for name, each in counted.items() if each}


def _abstains(answer: str) -> bool:
    return any(exact_match(answer, said) for said in SAID_INSTEAD)


def _same_keys(answer: str, wanted: str) -> bool:
    try:
        given = json.loads(answer)
    except ValueError:
        return False
    return isinstance(given, dict) and list(given) == list(json.loads(wanted))


def _is_list_of_three(answer: str) -> bool:
    lines = answer.strip().split("\n")
    return len(lines) == 3 and all(line.startswith("- ") and line[2:].strip() for line in lines)


def text_bits(chat: ChatModel, rows: Any, *, tuned: bool = False) -> float:
    """Bits a byte of UTF-8 over rows of token ids, (rows, length); the first token of each is given."""
    nats = sum(chat.losses([TokenRow(tuple(row.tolist()), 1) for row in rows], tuned=tuned))
    size = sum(len(chat.tokenizer.decode(row[1:], skip_special_tokens=True).encode()) for row in rows)
    return nats / math.log(2) / size


def _answer_bits(chat: ChatModel, conversations: Sequence[Conversation]) -> float:
    rows = [
        (chat.row(Example(id="held out", messages=_messages(each))), len(each.answer.encode()))
        for each in conversations
    ]
    whole = [(row, size) for row, size in rows if len(row.ids) < chat.context_length]  # a cut one is that long
    nats = sum(chat.losses([row for row, _ in whole], tuned=False))
    return nats / math.log(2) / sum(size for _, size in whole) if whole else math.nan


def _messages(conversation: Conversation) -> list[Message]:
    return [Message(role=role, content=text) for role, text in conversation.messages]


def _asked(conversation: Conversation) -> list[Message]:
    return _messages(conversation)[:-1]
