"""Vectors of the packs' passages, made beforehand: a first start would otherwise spend half a minute on them."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from knowledge.encoder import Encoder, Vectors
from knowledge.entries import PACKS, fingerprint

SHIPPED = PACKS / "vectors.npz"


def save(encoder: Encoder, passages: Sequence[str], path: Path = SHIPPED) -> None:
    """Keep the passages' vectors as half-precision numbers, which moves a cosine by less than 0.001."""
    texts = sorted(set(passages))
    keys = np.array([fingerprint([text]) for text in texts])
    vectors = encode(encoder, texts, path).astype(np.float16)
    np.savez_compressed(path, encoder=np.array(encoder.key), keys=keys, vectors=vectors)


def encode(encoder: Encoder, passages: Sequence[str], path: Path = SHIPPED) -> Vectors:
    """Vectors (len(passages), dimensions) of length 1: the shipped ones, and the encoder's for what is new.

    Those another encoder made are of no use to this one.
    """
    known = _read(path, encoder.key) if path.exists() else {}
    keys = [fingerprint([passage]) for passage in passages]
    new = [place for place, key in enumerate(keys) if key not in known]
    vectors = np.zeros((len(passages), encoder.dimensions), np.float32)
    for place, key in enumerate(keys):
        if key in known:
            vectors[place] = known[key]
    if new:
        vectors[new] = encoder.encode([passages[place] for place in new])
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit


def missing(encoder: Encoder, passages: Sequence[str], path: Path = SHIPPED) -> list[str]:
    """The passages without a shipped vector."""
    known = _read(path, encoder.key) if path.exists() else {}
    return [passage for passage in passages if fingerprint([passage]) not in known]


@cache
def _read(path: Path, encoder_key: str) -> dict[str, Vectors]:
    """A vector by the fingerprint of its text; {} where another encoder made them."""
    with np.load(path) as file:
        if str(file["encoder"]) != encoder_key:
            return {}
        return dict(zip(file["keys"].tolist(), file["vectors"].astype(np.float32), strict=True))
