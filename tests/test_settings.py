"""Settings: each variable is read, and one that cannot be used is named."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversation import Assistant
from assistant.settings import Settings
from finetune.data.synthetic import Price
from finetune.errors import UserError
from knowledge.errors import UserError as EncoderError
from knowledge.official import Sources


def test_without_variables_the_page_is_for_this_computer_alone() -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)
    assert settings.chat_model is None and settings.secret is None
    assert settings.home == Path.home() / ".attune"


def test_each_variable_is_read() -> None:
    settings = Settings.from_environment(
        {
            "ATTUNE_HOME": "~/elsewhere",
            "ATTUNE_CHAT_MODEL": "openai:some-model",
            "ATTUNE_SECRET": "s",
            "ATTUNE_HOST": "192.0.2.1",
            "ATTUNE_PORT": "8080",
            "ATTUNE_ENCODER": "team/encoder",
            "ATTUNE_NAMES_MODEL": "team/names@v2",
            "ATTUNE_ECFR": "https://ecfr.example.org",
            "ATTUNE_EURLEX": "https://cellar.example.org/",
            "ATTUNE_WRITER_MODEL": "ollama:other-model",
            "ATTUNE_WRITER_PRICE": "0.25/2.00 USD",
        }
    )
    home = Path.home() / "elsewhere"
    mirrors = Sources(ecfr="https://ecfr.example.org", eurlex="https://cellar.example.org")
    first = (home, "openai:some-model", "s", "192.0.2.1", 8080, "team/encoder", mirrors)
    assert settings == Settings(*first, "ollama:other-model", Price(0.25, 2.0, "USD"), "team/names@v2")


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    names = (
        "HOME",
        "CHAT_MODEL",
        "SECRET",
        "HOST",
        "PORT",
        "ENCODER",
        "NAMES_MODEL",
        "ECFR",
        "EURLEX",
        "WRITER_MODEL",
        "WRITER_PRICE",
    )
    assert Settings.from_environment({f"ATTUNE_{n}": "" for n in names}) == Settings.from_environment({})


def test_in_a_space_the_page_answers_the_spaces_proxy() -> None:
    assert Settings.from_environment({"SPACE_ID": "team/attune"}).host == "0.0.0.0"
    assert Settings.from_environment({"SPACE_ID": "team/attune", "ATTUNE_HOST": "127.0.0.1"}).host == "127.0.0.1"


@pytest.mark.parametrize("port", ["http", "-1", "65536", "78.60", "7 860"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(UserError) as caught:
        Settings.from_environment({"ATTUNE_PORT": port})
    assert caught.value.where == "ATTUNE_PORT"


def test_a_price_that_is_none_is_named() -> None:
    with pytest.raises(UserError, match="not a price") as caught:
        Settings.from_environment({"ATTUNE_WRITER_PRICE": "cheap"})
    assert caught.value.where == "ATTUNE_WRITER_PRICE"


def test_the_encoder_that_was_set_is_the_one_that_is_used(home: Path) -> None:
    settings = replace(Settings.from_environment({}), home=home, encoder=str(home))
    with pytest.raises(EncoderError, match="no sentence encoder") as caught:
        Assistant(settings).services.encode(["hello"])
    assert caught.value.where == str(home)


def test_torch_is_told_not_to_spin_before_it_is_imported() -> None:
    code = (
        "import os, sys; from assistant.conversation import Assistant; from assistant.settings import Settings; "
        "assert 'torch' not in sys.modules; Settings.from_environment(); print(os.environ['OMP_WAIT_POLICY'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PASSIVE"]
