"""The sentence encoder: the published weights and nothing else, and the reference implementation's vectors."""

import json
import math
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from knowledge import encoder as encoder_module
from knowledge.encoder import (
    DIMENSIONS,
    REVISION,
    SHA256,
    Encoder,
    Network,
    extra_folder,
    load_encoder,
    read_encoder,
    read_tokenizer,
)
from knowledge.errors import UserError
from knowledge.search import EVERYTHING, Library
from tests.repository import REPOSITORY

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
def test_the_network_agrees_with_transformers_bert(folder: Path) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import BertModel

    weights = load_file(folder / "model.safetensors")
    bert = BertModel.from_pretrained(folder, add_pooling_layer=False).eval()
    tokenizer = read_tokenizer((folder / "tokenizer.json").read_bytes())
    rows = [encoding.ids for encoding in tokenizer.encode_batch(TEXTS)]
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


def test_another_encoder_is_loaded_without_a_word(tiny: Path) -> None:
    code = "import sys; from knowledge.encoder import load_encoder; load_encoder(sys.argv[1]).encode(['hello'])"
    command = [sys.executable, "-c", code, str(tiny)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sentence-transformers model with random weights and vectors of 16 numbers."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    base, folder = tmp_path_factory.mktemp("bert"), tmp_path_factory.mktemp("encoder") / "tiny"
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz?", *"##".join(["", *"aeiou"])]
    vocabulary = base / "vocab.txt"
    vocabulary.write_text("\n".join(dict.fromkeys([*words, "what", "is", "a", "chair", "visit"])), encoding="utf-8")
    BertTokenizerFast(vocab_file=str(vocabulary)).save_pretrained(base)
    config = BertConfig(
        vocab_size=60, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(base)
    transformer = Transformer(str(base), max_seq_length=32)
    SentenceTransformer(modules=[transformer, Pooling(16)], device="cpu").save(str(folder))
    return folder


@pytest.mark.slow
def test_the_quick_path_gives_what_sentence_transformers_gives_on_the_same_bytes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [*TEXTS, "¿Cuánto tarda un reembolso?", "Our SLA is 4 hours; e-mail help@example.org."]
    expected = load_encoder(str(folder)).encode(texts)
    fastest = read_encoder(folder)
    monkeypatch.setattr(encoder_module, "BF16_WORTH", math.inf)
    exact = read_encoder(folder)
    assert exact.precision == "float32"
    assert (exact.encode(texts) * expected).sum(1).min() >= 0.9999
    # bfloat16, where a machine is faster with it, keeps 8 bits of each number.
    assert (fastest.encode(texts) * expected).sum(1).min() >= 0.999


def test_another_encoder_is_loaded_from_its_folder(tiny: Path) -> None:
    other = load_encoder(str(tiny))
    vectors = other.encode(["what is a chair?", "a visit", "x " * 100])
    assert vectors.shape == (3, other.dimensions) == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(other.encode(["a visit"])[0], vectors[1], atol=1e-5)
    assert other.encode([]).shape == (0, 16)


def test_the_library_works_with_another_encoder_in_an_index_of_its_own(tiny: Path, tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "one.yaml").write_text(
        "industries: [healthcare]\nterms:\n  - {id: own-chair, term: chair, jurisdiction: US, citation: x, "
        'url: "https://example.org/x", as_of: 2026-01-01, definition: "What the patient sits on."}\n',
        encoding="utf-8",
    )
    other = load_encoder(str(tiny))
    library = Library(tmp_path / "index", other, packs)
    assert library.find("what is a chair?", floor=EVERYTHING)[0].entry.id == "own-chair"
    changed = tmp_path / "changed"
    shutil.copytree(tiny, changed)
    (changed / "README.md").write_text("Another card makes no other encoder.", encoding="utf-8")
    assert load_encoder(str(changed)).key == other.key
    config = json.loads((changed / "1_Pooling" / "config.json").read_text())
    (changed / "1_Pooling" / "config.json").write_text(json.dumps(config | {"include_prompt": False}))
    assert Library(tmp_path / "index", load_encoder(str(changed)), packs)._name != library._name


def test_a_folder_without_an_encoder_is_refused_in_plain_words(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no sentence encoder") as caught:
        load_encoder(str(tmp_path))
    assert caught.value.where == str(tmp_path)
    assert "ATTUNE_ENCODER" in caught.value.action


@pytest.mark.parametrize("damage", ["weights", "config", "code", "pickle"])
def test_a_damaged_encoder_is_refused_in_plain_words(tiny: Path, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    match = "cannot be loaded"
    if damage == "weights":
        (copy / "model.safetensors").write_bytes(b"no weights")
    elif damage == "config":
        (copy / "config.json").write_text("{")
    elif damage == "pickle":
        import torch
        from safetensors.torch import load_file

        torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
        (copy / "model.safetensors").unlink()
    else:
        modules = json.loads((copy / "modules.json").read_text())
        modules[1]["type"] = "own_code.Pooling"
        (copy / "modules.json").write_text(json.dumps(modules))
        (copy / "own_code.py").write_text("raise SystemExit('must not run')")
        match = "code of its own"
    with pytest.raises(UserError, match=match) as caught:
        load_encoder(str(copy))
    assert caught.value.where == str(copy)


@pytest.mark.parametrize("name", ["team/encoder", "team/encoder@abc", "no/such/folder/anywhere"])
def test_an_encoder_out_of_reach_is_told_with_a_way_out(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError) as caught:
        load_encoder(name, allow_download=False)
    assert caught.value.where == name and caught.value.action


def test_an_encoder_of_the_hubs_cache_is_loaded_at_its_revision(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(tiny, tmp_path / "models--team--tiny" / "snapshots" / commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    found = load_encoder(f"team/tiny@{commit}", allow_download=False)
    assert found.key == load_encoder(str(tiny)).key
