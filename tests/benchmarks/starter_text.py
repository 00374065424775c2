"""Bits a byte of the starter on held-out text, beside xz and a 5-gram model on the same bytes.

    python -m tests.benchmarks.starter_text CORPUS_DIR [--model DIR]

The 5-gram model counts the starter's tokens in the same training text, smoothed by absolute discounting (Ney et al.
1994) down to single tokens. xz is given twice: on the held-out bytes alone, and as what they add to the training text.
"""

import argparse
import json
import lzma
from pathlib import Path
from typing import Any

import numpy

from finetune.generate import ChatModel
from finetune.pretrain.corpus import Document, read_documents
from finetune.pretrain.score import text_bits
from finetune.pretrain.tokens import pack_text

ORDER, DISCOUNT = 5, 0.75
DICTIONARY_BYTES = 2**27  # holds the whole training text


def as_text(documents: list[Document]) -> str:
    return "".join(f"# {each.title}\n{each.text}\n" for each in documents)


def xz_bytes(data: bytes) -> int:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": DICTIONARY_BYTES}]
    return len(lzma.compress(data, format=lzma.FORMAT_XZ, filters=filters))


class Ngrams:
    """Counts of runs of 1 to 5 tokens, each run hashed to 64 bits."""

    def __init__(self, tokens: Any, vocabulary: int) -> None:
        self.vocabulary = vocabulary
        self.runs = [numpy.unique(hashed(tokens, order), return_counts=True) for order in range(1, ORDER + 1)]
        # How often a run is followed by anything, and by how many different tokens.
        self.followed = []
        for order in range(1, ORDER):
            grams = hashed(tokens, order + 1, kept=order)
            keys, totals = numpy.unique(grams[0], return_counts=True)
            pairs = numpy.unique(numpy.stack(grams, 1), axis=0)
            kinds = numpy.unique(pairs[:, 0], return_counts=True)[1]
            self.followed.append((keys, totals, kinds))

    def bits(self, tokens: Any) -> float:
        """Bits of all tokens but the first four."""
        ends = len(tokens) - ORDER + 1
        keys, counts = self.runs[0]
        single = counted(keys, counts, hashed(tokens, 1))[-ends:]
        probability = (single + 1) / (counts.sum() + self.vocabulary)
        for order in range(2, ORDER + 1):
            keys, totals, kinds = self.followed[order - 2]
            contexts = hashed(tokens, order, kept=order - 1)[0][-ends:]
            total, different = counted(keys, totals, contexts), counted(keys, kinds, contexts)
            seen = counted(*self.runs[order - 1], hashed(tokens, order)[-ends:])
            safe = numpy.maximum(total, 1)
            smoothed = numpy.maximum(seen - DISCOUNT, 0) / safe + DISCOUNT * different / safe * probability
            probability = numpy.where(total > 0, smoothed, probability)
        return float(-numpy.log2(probability).sum())


def hashed(tokens: Any, order: int, kept: int | None = None) -> Any:
    """A number for each run of `order` tokens; with `kept`, also one for its first `kept` tokens, which comes first."""
    wide = tokens.astype(numpy.uint64) + numpy.uint64(1)
    number = numpy.zeros(len(tokens) - order + 1, numpy.uint64)
    first = number
    for place in range(order):
        if place == kept:
            first = number
        number = number * numpy.uint64(0x9E3779B97F4A7C15) + wide[place : len(tokens) - order + 1 + place]
    return number if kept is None else (first, number)


def counted(keys: Any, counts: Any, wanted: Any) -> Any:
    place = numpy.minimum(numpy.searchsorted(keys, wanted), len(keys) - 1)
    return numpy.where(keys[place] == wanted, counts[place], 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", default="starter", help="default: the model that ships")
    parser.add_argument("--rows", type=int, default=400, help="rows of held-out text, of the model's whole context")
    options = parser.parse_args()
    documents = read_documents(options.corpus)
    seen = [each for each in documents if not each.held_out]
    chat = ChatModel.load(options.model)
    context = chat.context_length
    rows = pack_text([each for each in documents if each.held_out], chat.tokenizer, context).tokens[: options.rows]
    held_out = "".join(chat.tokenizer.decode(row[1:], skip_special_tokens=True) for row in rows).encode()
    training = as_text(seen).encode()
    counts = Ngrams(pack_text(seen, chat.tokenizer, context).tokens[:, :-1].reshape(-1), len(chat.tokenizer))
    ngram_bits = counts.bits(numpy.append(rows[:, :-1].reshape(-1), rows[-1, -1]))
    figures = {
        "starter": text_bits(chat, rows),
        "5-gram of tokens": ngram_bits / len(held_out),
        "xz, beside the training text": 8 * (xz_bytes(training + held_out) - xz_bytes(training)) / len(held_out),
        "xz, alone": 8 * xz_bytes(held_out) / len(held_out),
    }
    print(f"{len(held_out):,} held-out bytes in {len(rows)} rows; bits a byte:")
    for name, figure in figures.items():
        print(f"  {figure:.3f}  {name}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
