"""The packs' vectors that ship: complete, and as good as freshly made ones."""

from pathlib import Path

import numpy as np

from knowledge.encoder import Encoder
from knowledge.entries import read_packs, texts_with_vectors
from knowledge.vectors import encode, missing, save


def test_every_text_of_the_packs_has_a_shipped_vector(encoder: Encoder) -> None:
    assert missing(encoder, texts_with_vectors()) == [], "run python -m knowledge vectors"


def test_shipped_vectors_are_those_the_encoder_makes(encoder: Encoder) -> None:
    passages = [entry.passages()[0] for entry in list(read_packs().values())[::40]]
    cosines = (encode(encoder, passages) * encoder.encode(passages)).sum(1)
    assert cosines.min() > 0.998


def test_what_is_new_is_encoded_and_what_another_encoder_made_is_not_used(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "vectors.npz"
    texts = ["A bill is due in thirty days.", "Bring your insurance card."]
    save(encoder, texts[:1], path)
    assert missing(encoder, texts, path) == texts[1:]
    assert np.allclose(encode(encoder, texts, path), encoder.encode(texts), atol=2e-3)
    with np.load(path) as file:
        np.savez(path, encoder=np.array("another-384"), keys=file["keys"], vectors=file["vectors"] * 0 + 1)
    path.touch()
    from knowledge import vectors

    vectors._read.cache_clear()
    assert missing(encoder, texts, path) == texts
