"""Every word the assistant uses can be asked about."""

import re

import pytest

from assistant.glossary import entries, explain


def test_there_are_sixty_terms_and_no_name_twice() -> None:
    names = [name.lower() for entry in entries() for name in (entry.term, *entry.also)]
    assert len(entries()) >= 60
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.term)
def test_an_entry_is_one_to_three_plain_sentences(entry: object) -> None:
    text: str = entry.text  # type: ignore[attr-defined]
    assert 40 <= len(text) <= 320
    assert text[0].isupper()
    assert text.endswith(".")
    assert 1 <= len(re.findall(r"[.](?:\s|$)", text)) <= 3


@pytest.mark.parametrize(
    ("asked", "term"),
    [
        ("LoRA", "LoRA"),
        ("epochs", "epoch"),
        ("an adapter", "adapter"),
        ("PII", "personal data"),
        ("RAG", "retrieval"),
        ("overfiting", "overfitting"),
        ("confidence interval", "interval"),
        ("the validation set", "validation set"),
        ("quantization", "quantisation"),
        ("near duplicates", "near-duplicate"),
        ("hallucinations", "hallucination"),
        ("lr", "learning rate"),
    ],
)
def test_plurals_short_forms_and_slips_find_their_term(asked: str, term: str) -> None:
    entry = explain(asked)
    assert entry is not None
    assert entry.term == term


@pytest.mark.parametrize("word", ["banana", "", "???", "refund policy", "cat", "your price"])
def test_other_words_are_not_explained(word: str) -> None:
    assert explain(word) is None
