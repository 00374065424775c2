"""General rows mixed in against forgetting: everyday tasks the starter was made with, made up by code.

A model that reads nothing but one team's rows unlearns other things (McCloskey and Cohen 1989); reading a few of its
earlier tasks along with them, called rehearsal or replay, holds against it (Robins 1995).
"""

import random
from collections.abc import Sequence

from finetune.example import Example, Message, Source
from finetune.pretrain.made_up import by_rule, everyday, fields

SOURCE = "made up by the program, as general practice"
MAKERS = (everyday, by_rule, fields)


def general_count(rows: int, share: float) -> int:
    """How many general rows beside `rows` make up `share` of all."""
    return round(rows * share / (1 - share))


def mixed_with_general(train: Sequence[Example], share: float, seed: int) -> list[Example]:
    """The training rows with as many general ones among them that these make up `share` of all."""
    count = general_count(len(train), share)
    mixed = [*train, *general_rows(count, seed)]
    random.Random(seed).shuffle(mixed)
    return mixed if count else list(train)


def general_rows(count: int, seed: int) -> list[Example]:
    """Different general rows; the same for the same seed, and fewer where no more can be made up."""
    random_ = random.Random(seed)
    made: dict[tuple[tuple[str, str], ...], Example] = {}
    for n in range(20 * count):
        if len(made) == count:
            break
        conversation = MAKERS[n % len(MAKERS)](random_)
        # What the model is called and told to be is the team's to say, not ours.
        said = tuple(turn for turn in conversation.messages if turn[0] != "system")
        if any("I am a small language model" in words for _, words in said):
            continue
        made.setdefault(said, _example(said, len(made), seed))
    return list(made.values())


def _example(said: Sequence[tuple[str, str]], number: int, seed: int) -> Example:
    messages = [Message.model_validate({"role": role, "content": words}) for role, words in said]
    id = f"general-{seed}-{number}"
    return Example(id=id, messages=messages, source=Source(citation=SOURCE), kind="general", topic="general")
