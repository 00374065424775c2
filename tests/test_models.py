"""Base models: the catalogue is complete, and whatever keeps a model from loading is said in plain words."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.errors import UserError
from finetune.models import (
    catalogue,
    known,
    load_errors,
    load_model,
    load_tokenizer,
    memory_errors,
    model_size,
    resolve,
)


@pytest.fixture
def copy(tiny_model: Path, tmp_path: Path) -> Path:
    """A model folder to spoil."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_every_entry_says_licence_size_languages_and_source() -> None:
    assert catalogue()[0].name == "starter"
    for entry in catalogue():
        assert entry.licence
        assert entry.parameters > 1e6
        assert entry.context >= 512
        assert entry.languages
        assert entry.source
    assert known("qwen/qwen2.5-0.5b-instruct") is not None
    assert known("nobody/nothing") is None


def test_a_folder_loads_with_its_tokenizer_and_size(tiny_model: Path) -> None:
    source = resolve(str(tiny_model))
    model, size = load_model(source), model_size(source)
    assert size.parameters == model.num_parameters()
    assert (size.layers, size.width, size.context) == (2, 32, 512)
    assert not model.training
    assert load_tokenizer(source).chat_template


def test_a_model_without_a_chat_template_gets_chatml(copy: Path) -> None:
    (copy / "chat_template.jinja").unlink()
    tokenizer = load_tokenizer(resolve(str(copy)))
    turns = [{"role": "user", "content": "Hi"}]
    text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    assert text == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"


def rewrite_config(**changes: Any) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | changes))

    return spoil


def pickle_only(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def without_a_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.norm.weight")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda f: (f / "config.json").unlink(), "no config.json"),
    "torn config": (lambda f: (f / "config.json").write_text('{"model_ty'), "cannot be read"),
    "config of something else": (lambda f: (f / "config.json").write_text('{"colour": 1}'), "what kind"),
    "unknown kind": (rewrite_config(model_type="astrology"), "cannot be loaded"),
    "not a language model": (rewrite_config(model_type="vit", architectures=["ViTModel"]), "cannot be loaded"),
    "code of its own": (
        rewrite_config(
            model_type="own", auto_map={"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"}, architectures=["M"]
        ),
        "code|cannot be loaded",
    ),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "no weights"),
    "pickle only": (pickle_only, "pickle"),
    "half weights": (
        lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:2000]),
        "cannot be loaded",
    ),
    "weights of another size": (rewrite_config(hidden_size=64), "cannot be loaded"),
    "a tensor missing": (without_a_tensor, "not complete"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_folder_is_refused_with_advice(copy: Path, case: str) -> None:
    spoil, words = SPOILT[case]
    spoil(copy)
    with pytest.raises(UserError, match=words) as caught:
        load_model(resolve(str(copy)))
    assert caught.value.where == str(copy)
    assert caught.value.action


def test_a_folder_without_a_tokenizer_is_refused(copy: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (copy / name).unlink()
    with pytest.raises(UserError, match="tokenizer"):
        load_tokenizer(resolve(str(copy)))


@pytest.mark.parametrize("name", ["/no/such/folder", "nothing", "a/b/c", "./gone", ""])
def test_a_name_that_is_neither_folder_nor_hub_name_is_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"no such folder|config\.json"):
        resolve(name)


def test_a_file_is_no_model_folder(tmp_path: Path) -> None:
    (tmp_path / "model.zip").touch()
    with pytest.raises(UserError, match="not a folder"):
        resolve(str(tmp_path / "model.zip"))


def test_without_network_a_hub_model_is_refused_and_the_starter_offered() -> None:
    source = resolve("Qwen/Qwen2.5-0.5B-Instruct")
    assert not source.is_folder
    for load in (load_tokenizer, load_model):
        with pytest.raises(UserError, match="cannot be reached") as caught:
            load(source)
        assert "starter" in caught.value.action


def test_a_revision_the_plan_names_is_the_one_loaded() -> None:
    assert resolve("some/model", "abc123").revision == "abc123"


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), RuntimeError("can't allocate memory")],
)
def test_running_out_of_memory_is_the_users_to_mend(error: Exception, tiny_model: Path) -> None:
    with (
        pytest.raises(UserError, match="not enough memory"),
        memory_errors("m"),
        load_errors(resolve(str(tiny_model)), "model"),
    ):
        raise error


def test_other_faults_stay_faults() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_errors("m"):
        raise RuntimeError("shapes do not match")
