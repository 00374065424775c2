"""Fixtures all tests share: a home of its own for each test, no network, a tiny model built once."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from finetune.tokens import CHATML

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.conversation import Assistant, Conversation
    from finetune.project import Run

# Set before any library reads them: tests must not wait for a hub that is not there.
os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    GRADIO_ANALYTICS_ENABLED="False",
    TOKENIZERS_PARALLELISM="false",
    OMP_WAIT_POLICY="PASSIVE",  # threads that spin while they wait make tests crawl on a busy machine
)
# Models this small are faster on one thread; two that spin for each other crawl when the machine is busy.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home folder for projects."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """Other people's data and law text beside the checkout; a test that wants it skips where it is absent."""
    if not SHARED.exists():
        pytest.skip("no shared folder beside the checkout")
    return SHARED


def build_tiny_model(folder: Path, *, hidden_size: int = 32, layers: int = 2, vocabulary: int = 320) -> Path:
    """A Llama with random weights and a byte-level BPE tokenizer with ChatML turns, as the starter has."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["The clinic opens at eight. How much does a visit cost? You can pay by card or in cash."] * 4
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(words, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    tokenizer.chat_template = CHATML.format(end="<|im_end|>")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=hidden_size,
        intermediate_size=2 * hidden_size,
        num_hidden_layers=layers,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        initializer_range=0.2,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny language model that knows nothing but trains in seconds."""
    return build_tiny_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="session")
def learnt_run(tmp_path_factory: pytest.TempPathFactory) -> "Run":
    """A run whose adapter has learnt eight rows by heart. Copy the folder before you change it."""
    from tests import tuned

    return tuned.learnt_run(tmp_path_factory.mktemp("learnt"))


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> "Assistant":
    """One process's worth of program for a file of tests, with a home of its own."""
    from tests.talking import make_assistant

    return make_assistant(tmp_path_factory.mktemp("home"))


@pytest.fixture
def talk(assistant: "Assistant", request: pytest.FixtureRequest) -> "Iterator[Conversation]":
    """A new project's conversation that has greeted."""
    conversation = assistant.conversation(f"team-{abs(hash(request.node.name))}")
    list(conversation.open())
    yield conversation
    conversation.close()
