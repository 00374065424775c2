"""From an example's messages to token numbers: template, mask, truncation, batches of like length."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finetune.errors import UserError
from finetune.example import Example, Message

if TYPE_CHECKING:
    import torch

VALIDATION_ROWS = 100  # thousands of answer tokens, enough to see a change of a few per cent; more slows each check

# What a base without a chat template of its own gets; SmolLM2 and Qwen bring the same. {end} closes a turn.
CHATML = (
    "{{% for message in messages %}}<|im_start|>{{{{ message['role'] }}}}\n"
    "{{{{ message['content'] }}}}{end}\n{{% endfor %}}"
    "{{% if add_generation_prompt %}}<|im_start|>assistant\n{{% endif %}}"
)


@dataclass(frozen=True)
class TokenRow:
    """One example as tokens. `ids[answer_start:]` is the answer, the only part the model is taught."""

    ids: tuple[int, ...]
    answer_start: int

    @property
    def answer_tokens(self) -> int:
        return len(self.ids) - self.answer_start


@dataclass(frozen=True)
class Batch:
    """Rows side by side, padded on the right.

    A causal model cannot look right, so real tokens never see padding and no attention mask is needed.
    `ids`: (rows, length). `positions`: (labels,), flat places in `ids` whose next token is taught.
    `targets`: (labels,), those next tokens.
    """

    ids: "torch.Tensor"
    positions: "torch.Tensor"
    targets: "torch.Tensor"


def with_system(messages: Sequence[Message], system_message: str) -> list[Message]:
    """The messages led by the standing instruction, unless they bring their own."""
    if not system_message or messages[0].role == "system":
        return list(messages)
    return [Message(role="system", content=system_message), *messages]


def render(tokenizer: Any, messages: Sequence[Message], *, for_answer: bool) -> str:
    """The messages in the model's chat template; `for_answer` ends with the cue after which the model speaks.

    Control tokens inside a message ("<|im_end|>") are taken out: a user's text must not be able to end its own turn.
    """
    # Some models keep their turn marks only among the added tokens, not in the list of special ones.
    added = {str(token) for token in tokenizer.added_tokens_decoder.values() if token.special}
    specials = sorted(added | set(tokenizer.all_special_tokens), key=len, reverse=True)
    control = re.compile("|".join(re.escape(token) for token in specials)) if specials else re.compile(r"(?!)")
    plain = [{"role": m.role, "content": control.sub("", m.content)} for m in messages]
    return str(tokenizer.apply_chat_template(plain, tokenize=False, add_generation_prompt=for_answer))


def prompt_ids(tokenizer: Any, messages: Sequence[Message], system_message: str = "") -> list[int]:
    """Token numbers of everything before the answer, exactly as in training."""
    text = render(tokenizer, with_system(messages, system_message), for_answer=True)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def tokenize(tokenizer: Any, example: Example, *, system_message: str = "", max_length: int) -> TokenRow:
    """One example as tokens, at most `max_length` of them.

    A row that is too long loses the middle of its prompt first, since the instruction stands at the beginning and
    the assistant's cue at the end; an answer is cut only where it alone takes more than three quarters of the room.
    A cut answer gets no end token: the model must not learn to stop in mid-sentence.
    """
    prompt = prompt_ids(tokenizer, example.messages[:-1], system_message)
    answer = answer_ids(tokenizer, example, system_message)
    room_for_prompt = max(max_length - len(answer), max_length // 4)
    if len(prompt) > room_for_prompt:
        head = room_for_prompt // 2
        prompt = prompt[:head] + prompt[len(prompt) - (room_for_prompt - head) :]
    return TokenRow((*prompt, *answer[: max_length - len(prompt)]), len(prompt))


def answer_ids(tokenizer: Any, example: Example, system_message: str = "") -> list[int]:
    """Token numbers of the answer and its end token."""
    messages = with_system(example.messages, system_message)
    before = render(tokenizer, messages[:-1], for_answer=True)
    whole = render(tokenizer, messages, for_answer=False)
    # Some templates write the cue and the answer differently (a "thinking" block, say): then the bare answer is taught.
    text = whole[len(before) :] if whole.startswith(before) else example.answer
    ids = list(tokenizer(text.rstrip("\n"), add_special_tokens=False)["input_ids"])
    if not ids or ids[-1] != tokenizer.eos_token_id:
        ids.append(tokenizer.eos_token_id)
    return ids


def tokenize_all(
    tokenizer: Any, examples: Sequence[Example], *, system_message: str, max_length: int, where: str
) -> list[TokenRow]:
    """All examples of one file as tokens.

    Raises:
        UserError: there is no row, or rows without an answer of the assistant; all such rows are named together.
    """
    if not examples:
        raise UserError(
            "There are no rows.", where=where, action="Add examples, then let me split them and make the run anew."
        )
    bad = [
        number
        for number, example in enumerate(examples, 1)
        if example.messages[-1].role != "assistant" or not example.answer.strip()
    ]
    if bad:
        named = ", ".join(map(str, bad[:20])) + (f" and {len(bad) - 20} more" if len(bad) > 20 else "")
        raise UserError(
            f"These rows have no answer: {named}. Training needs one in every row.",
            where=where,
            action="Fill the answers in, or ask me to drop such rows.",
        )
    return [tokenize(tokenizer, e, system_message=system_message, max_length=max_length) for e in examples]


def updates_of_epoch(rows: int, examples_per_update: int, *, seed: int, epoch: int) -> list[list[int]]:
    """Row numbers of each update of an epoch, shuffled; seed and epoch alone decide, so a resumed run sees the same."""
    order = list(range(rows))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return [order[start : start + examples_per_update] for start in range(0, rows, examples_per_update)]


def micro_batches(rows: Sequence[TokenRow], tokens_per_batch: int) -> Iterator[list[TokenRow]]:
    """The rows in groups of like length, each of at most `tokens_per_batch` tokens with padding, or a single row."""
    group: list[TokenRow] = []
    # Longest first: if memory does not suffice, that shows at once.
    for row in sorted(rows, key=lambda row: len(row.ids), reverse=True):
        if group and (len(group) + 1) * len(group[0].ids) > tokens_per_batch:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def collate(rows: Sequence[TokenRow]) -> Batch:
    """Pad the rows to the longest and list the label positions."""
    import torch

    length = max(len(row.ids) for row in rows)
    ids = torch.zeros((len(rows), length), dtype=torch.long)  # any number pads: nothing looks at it
    positions: list[int] = []
    targets: list[int] = []
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)] = torch.tensor(row.ids)
        positions.extend(number * length + place - 1 for place in range(row.answer_start, len(row.ids)))
        targets.extend(row.ids[row.answer_start :])
    return Batch(ids, torch.tensor(positions), torch.tensor(targets))
