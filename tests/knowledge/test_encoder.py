"""The sentence encoder: the published weights and nothing else, and the reference implementation's vectors."""

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from knowledge import encoder as encoder_module
from knowledge.encoder import DIMENSIONS, REVISION, SHA256, Encoder, Network, extra_folder, load_encoder, read_encoder
from knowledge.errors import UserError

TEXTS = [
    "How long do we have to give patients their records?",
    "The branch opens at nine.",
    "word " * 400,
    "",
]


@pytest.fixture(scope="module")
def folder() -> Path:
    found = extra_folder()
    if found is None:
        pytest.skip("the offline extra is not installed")
    return found


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    for file in SHA256:
        shutil.copy(folder / file, tmp_path / file)
    return tmp_path


def test_vectors_have_384_numbers_and_length_one(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (4, DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, DIMENSIONS)


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: Encoder) -> None:
    together = encoder.encode(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert float(encoder.encode([text])[0] @ vector) > 0.999


def test_a_caller_cannot_change_what_the_next_one_gets(encoder: Encoder) -> None:
    before = encoder.encode([TEXTS[0]])
    encoder.encode([TEXTS[0]])[:] = 0
    np.testing.assert_array_equal(encoder.encode([TEXTS[0]]), before)


def test_like_meanings_are_nearer_than_unlike_ones(encoder: Encoder) -> None:
    records, same, other = encoder.encode(
        ["A patient wants a copy of her chart", "Someone asks to see their medical records", "My card was stolen"]
    )
    assert records @ same > records @ other + 0.2


def test_several_threads_get_what_one_gets(encoder: Encoder) -> None:
    texts = [f"Question {number} about a refund" for number in range(40)]
    expected = np.concatenate([encoder.encode([text]) for text in texts])
    found: dict[int, object] = {}

    def work(first: int) -> None:
        for index in range(first, len(texts), 4):
            found[index] = encoder.encode([texts[index], texts[0]])[0]

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    got = np.stack([found[index] for index in range(len(texts))])
    assert (got * expected).sum(1).min() > 0.999


@pytest.mark.slow
def test_the_network_agrees_with_transformers_bert(folder: Path, encoder: Encoder) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import BertModel

    weights = load_file(folder / "model.safetensors")
    bert = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    rows = [encoding.ids for encoding in encoder._tokenizer.encode_batch(TEXTS)]
    with torch.inference_mode():
        ours = Network(weights, torch.float32).forward(rows)
        for row, vector in zip(rows, ours, strict=True):
            hidden = bert(torch.tensor([row])).last_hidden_state[0].mean(0)
            torch.testing.assert_close(vector, hidden / hidden.norm(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("file", SHA256)
def test_bytes_that_are_not_the_published_ones_are_refused(copy: Path, file: str) -> None:
    content = bytearray((copy / file).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / file).write_bytes(content)
    with pytest.raises(UserError, match="not the published one") as caught:
        read_encoder(copy)
    assert caught.value.where == file
    assert caught.value.action


def test_a_missing_file_is_told_with_a_way_out(copy: Path) -> None:
    (copy / "tokenizer.json").unlink()
    with pytest.raises(UserError, match="cannot be read") as caught:
        read_encoder(copy)
    assert "pip install" in caught.value.action


def test_no_encoder_at_all_is_told_with_a_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encoder_module, "EXTRA", "a-package-nobody-has")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="downloading is switched off") as caught:
        load_encoder(allow_download=False)
    assert "attune[offline]" in caught.value.action


def test_the_hubs_cache_is_read_where_the_extra_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    snapshot = tmp_path / "models--sentence-transformers--all-MiniLM-L6-v2" / "snapshots" / REVISION
    snapshot.mkdir(parents=True)
    for file in SHA256:
        (snapshot / file).symlink_to(folder / file)
    monkeypatch.setattr(encoder_module, "EXTRA", "a-package-nobody-has")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    encoder = load_encoder(allow_download=False)
    assert REVISION[:7] in encoder.source.name
    assert encoder.encode(["hello"]).shape == (1, DIMENSIONS)


def test_a_hub_out_of_reach_is_told_soon_and_with_a_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(encoder_module, "EXTRA", "a-package-nobody-has")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    # The discard port of this machine: refused at once, as without a network.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(UserError, match="cannot be reached") as caught:
        load_encoder()
    assert time.monotonic() - started < 10
    assert "attune[offline]" in caught.value.action
