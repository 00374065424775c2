"""What a pre-training reads: the tokenizer, and rows of tokens without padding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.files import replacing
from finetune.pretrain.corpus import Conversation, Document

if TYPE_CHECKING:
    import numpy
    from transformers import PreTrainedTokenizerFast

SEPARATOR, TURN_START, TURN_END, PADDING = "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"
# ChatML as Qwen and SmolLM2 use it, without a default system message, and with a space before each message: so its
# first word has the token that it has in running text, and copying a word never means spelling it.
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n ' + message['content'] | trim"
    " + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def make_tokenizer(texts: Iterator[str], vocabulary: int, context: int) -> "PreTrainedTokenizerFast":
    """A cased byte-level BPE learnt from `texts`: any bytes go in and come back, digits one by one."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
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
        model_max_length=context,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )


@dataclass(frozen=True)
class Rows:
    """Token ids (rows, context + 1) and, of the same shape, 1 where a token counts in full, 0 where as a prompt."""

    tokens: "numpy.ndarray[Any, Any]"
    counts: "numpy.ndarray[Any, Any]"

    def save(self, path: Path) -> None:
        """Raises UserError where the disk is full."""
        import numpy

        with replacing(path) as file:
            numpy.savez(file, tokens=self.tokens, counts=self.counts)


def load_rows(path: Path) -> Rows:
    import numpy

    with numpy.load(path) as arrays:
        return Rows(arrays["tokens"], arrays["counts"])


def pack_text(documents: Sequence[Document], tokenizer: "PreTrainedTokenizerFast", context: int) -> Rows:
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


def pack_chat(conversations: Sequence[Conversation], tokenizer: "PreTrainedTokenizerFast", context: int) -> Rows:
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
