"""Base models: the catalogue, and loading one from the starter, a folder or the Hub; failures in plain words."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field

from finetune.errors import UserError
from finetune.tokens import CHATML

STARTER = Path(__file__).parent / "starter"
CATALOGUE = Path(__file__).with_name("models.yaml")
CHOOSE = "Choose another base model: starter, a folder that holds a language model, or a name on the Hub."


class CatalogueEntry(BaseModel):
    """One base model the assistant knows the facts of."""

    name: str = Field(description="what a plan's base_model says")
    title: str
    licence: str
    parameters: int
    context: int = Field(description="longest text in tokens")
    languages: list[str] = Field(description="ISO 639-1 codes")
    gated: bool = Field(description="needs an account on the Hub that accepted the licence")
    revision: str | None
    source: str = Field(description="where the figures come from")


@dataclass(frozen=True)
class ModelSource:
    """Where a base model is loaded from."""

    name: str  # as the plan says it
    location: str  # a folder, or a name on the Hub
    revision: str | None
    is_folder: bool


@cache
def catalogue() -> tuple[CatalogueEntry, ...]:
    """All known base models, the starter first."""
    entries = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))
    return tuple(CatalogueEntry(name=name, **entry) for name, entry in entries.items())


def known(base_model: str) -> CatalogueEntry | None:
    return next((entry for entry in catalogue() if entry.name.lower() == base_model.lower()), None)


def resolve(base_model: str, revision: str | None = None) -> ModelSource:
    """Find a base model by the plan's word for it; a folder is checked, the Hub is not asked yet.

    Raises:
        UserError: a folder that holds no model in safetensors, or a name that can be neither folder nor Hub name.
    """
    if base_model == "starter":
        check_folder(STARTER, "starter")
        return ModelSource(base_model, str(STARTER), None, True)
    folder = Path(base_model).expanduser()
    if folder.exists():
        check_folder(folder, base_model)
        return ModelSource(base_model, str(folder), None, True)
    if base_model.count("/") != 1 or base_model.startswith((".", "/", "~")):
        raise UserError("There is no such folder, and it is not a name on the Hub.", where=base_model, action=CHOOSE)
    entry = known(base_model)
    return ModelSource(base_model, base_model, revision or (entry.revision if entry else None), False)


def check_folder(folder: Path, name: str, choose: str = CHOOSE) -> None:
    """Say what is wrong with a model folder before a library stumbles over it; `choose` is the advice.

    Raises:
        UserError: not a folder, no readable config.json, no weights, or weights only as a pickle.
    """

    def problem(what: str, action: str = choose) -> UserError:
        return UserError(what, where=name, action=action)

    if not folder.is_dir():
        raise problem("This is not a folder with a model in it.")
    if not (folder / "config.json").exists():
        raise problem("The folder holds no model: it has no config.json.")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise problem("The model's config.json cannot be read.", "Copy the model's folder again.") from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise problem("The model's config.json does not say what kind of model it is.")
    if not any(folder.glob("*.safetensors")):
        if any(folder.glob("*.bin")) or any(folder.glob("*.pt")) or any(folder.glob("*.pth")):
            raise problem(
                "The model's weights are pickle files, which can run code when they are opened.",
                "Save the model as safetensors first, or choose another base model.",
            )
        raise problem("The folder has no weights (model.safetensors).", "Copy the model's folder again.")


@dataclass(frozen=True)
class ModelSize:
    """What time and memory depend on."""

    parameters: int
    layers: int
    width: int
    heads: int
    context: int


def model_size(source: ModelSource) -> ModelSize:
    """The model's size from its config, without loading its weights.

    Raises:
        UserError: the config cannot be had.
    """
    from transformers import AutoConfig, AutoModelForCausalLM

    with load_errors(source, "model"):
        config = AutoConfig.from_pretrained(source.location, revision=source.revision, trust_remote_code=False)
        entry = known(source.name)
        if entry is not None and not source.is_folder:
            parameters = entry.parameters
        else:
            import torch

            with torch.device("meta"):  # shapes without memory
                parameters = AutoModelForCausalLM.from_config(config).num_parameters()
    return ModelSize(
        parameters,
        config.num_hidden_layers,
        config.hidden_size,
        config.num_attention_heads,
        getattr(config, "max_position_embeddings", 2048),
    )


def load_tokenizer(source: ModelSource) -> Any:
    """The model's tokenizer, with a ChatML template where it has none.

    Raises:
        UserError: it cannot be loaded, has no end token, or would need code of its own.
    """
    from transformers import AutoTokenizer

    with load_errors(source, "tokenizer"):
        tokenizer = AutoTokenizer.from_pretrained(source.location, revision=source.revision, trust_remote_code=False)
    if tokenizer.eos_token is None:
        raise UserError("The model's tokenizer has no end token.", where=source.name, action=CHOOSE)
    if tokenizer.chat_template is None:
        has_turns = "<|im_end|>" in tokenizer.get_vocab()
        tokenizer.chat_template = CHATML.format(end="<|im_end|>" if has_turns else tokenizer.eos_token)
    return tokenizer


def load_model(source: ModelSource, *, dtype: str = "float32", attention: str = "sdpa") -> Any:
    """The model with its weights in `dtype`, on the CPU, in evaluation mode.

    Safetensors only, and no code that comes with a model is run.

    Raises:
        UserError: anything that keeps the model from loading, missing weights included.
    """
    import torch
    from transformers import AutoModelForCausalLM

    with load_errors(source, "model"), memory_errors(source.name):
        model, info = AutoModelForCausalLM.from_pretrained(
            source.location,
            revision=source.revision,
            dtype=getattr(torch, dtype),
            attn_implementation=attention,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    if info["missing_keys"]:
        raise UserError(
            f"The model's weights are not complete: {len(info['missing_keys'])} tensors are missing.",
            where=source.name,
            action="Copy the model's folder again, or choose another base model.",
        )
    return model.eval()


@contextmanager
def load_errors(source: ModelSource, part: str, choose: str = CHOOSE) -> Iterator[None]:
    """Turn what transformers, safetensors and the Hub client raise while loading into a UserError, whose advice is
    `choose` where another model has to be named. What they only remark is not shown."""
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError
    from safetensors import SafetensorError

    def problem(what: str, action: str) -> UserError:
        return UserError(what, where=source.name, action=action)

    quieten_libraries()
    try:
        yield
    # transformers raises KeyError and RuntimeError, too, for files that do not fit together.
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        if is_memory_error(error):
            raise
        causes = list(_chain(error))
        if any(isinstance(cause, GatedRepoError) for cause in causes):
            raise problem(
                "The model's owner lets only registered accounts download it.",
                f"Accept its licence on its Hub page and set HF_TOKEN. Or: {choose}",
            ) from error
        if any(
            isinstance(cause, RepositoryNotFoundError) and not isinstance(cause, GatedRepoError) for cause in causes
        ):
            raise problem("There is no such model on the Hub.", choose) from error
        offline = any(isinstance(cause, (LocalEntryNotFoundError, ConnectionError)) for cause in causes)
        if not source.is_folder and (offline or "connect to" in str(error) or "offline" in str(error).lower()):
            raise problem(
                "The model is not on this computer, and the Hub cannot be reached.",
                f"Connect to the network and try again. Or: {choose}",
            ) from error
        if "trust_remote_code" in str(error):
            raise problem("The model brings program code of its own, which I do not run.", choose) from error
        raise problem(f"The {part} cannot be loaded ({_first_line(error)}).", choose) from error


def quieten_libraries() -> None:
    """Terminal and log are read by people: no bars, nothing about the libraries' own future. Errors still show.

    For the whole process and for good, since the libraries go on remarking when a loaded model is used.
    """
    import warnings

    from transformers.utils import logging

    logging.disable_progress_bar()  # the Hub client's, too
    logging.set_verbosity_error()
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers|peft")
    # peft's stay: they tell of an adapter that does not fit.
    warnings.filterwarnings("ignore", category=UserWarning, module="transformers")


@contextmanager
def memory_errors(where: str) -> Iterator[None]:
    """Turn running out of memory into a UserError."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_memory_error(error):
            raise
        raise UserError(
            "There is not enough memory.",
            where=where,
            action="Halve the tokens per batch, choose a smaller base model, or close other programs; then try again.",
        ) from error


def is_memory_error(error: BaseException) -> bool:
    # torch has a class of its own only for accelerators; on the CPU it raises a bare RuntimeError with these words.
    words = ("out of memory", "not enough memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in words)


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
