"""Settings: each variable is read, and one that cannot be used is named."""

from pathlib import Path

import pytest

from assistant.settings import Settings
from finetune.errors import UserError


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
        }
    )
    assert settings == Settings(Path.home() / "elsewhere", "openai:some-model", "s", "192.0.2.1", 8080)


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    names = ("HOME", "CHAT_MODEL", "SECRET", "HOST", "PORT")
    assert Settings.from_environment({f"ATTUNE_{n}": "" for n in names}) == Settings.from_environment({})


def test_in_a_space_the_page_answers_the_spaces_proxy() -> None:
    assert Settings.from_environment({"SPACE_ID": "team/attune"}).host == "0.0.0.0"
    assert Settings.from_environment({"SPACE_ID": "team/attune", "ATTUNE_HOST": "127.0.0.1"}).host == "127.0.0.1"


@pytest.mark.parametrize("port", ["http", "-1", "65536", "78.60", "7 860"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(UserError) as caught:
        Settings.from_environment({"ATTUNE_PORT": port})
    assert caught.value.where == "ATTUNE_PORT"
