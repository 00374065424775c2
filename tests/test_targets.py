"""What a command is about."""

from typing import Any

import pytest

from assistant.targets import all_but, find_rows, find_said, find_settings, find_target, find_term


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("drop rows 3, 5 and 8-10", [3, 5, 8, 9, 10]),
        ("drop 2 to 4", [2, 3, 4]),
        ("keep #12", [12]),
        ("keep the first three", [1, 2, 3]),
        ("drop the second one and the fourth rule", [2, 4]),
        ("we have 300 e-mails", []),
        ("use 3 epochs", []),
        ("drop rows 1-99999999", []),
    ],
)
def test_rows_are_numbers_ranges_and_ordinals(text: str, rows: list[int]) -> None:
    assert find_rows(text) == rows


def test_all_but_some_is_told_apart() -> None:
    assert all_but("keep all except 3")
    assert not all_but("keep 3")


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("use 3 epochs", {"epochs": 3}),
        ("use two epochs", {"epochs": 2}),
        ("set the learning rate to 1e-4", {"learning_rate": 1e-4}),
        ("rank 32 and dropout of 0.1", {"rank": 32, "dropout": 0.1}),
        ("use Qwen2.5-0.5B instead", {"base_model": "Qwen2.5-0.5B"}),
        ("mix in 10 % general rows", {"general_share": 0.1}),
        ("use 25 percent general rows and 2 epochs", {"epochs": 2, "general_share": 0.25}),
        ("mix in general rows", {"general_share": 0.1}),
        ("no general rows please", {"general_share": 0.0}),
        ("use no general rows", {"general_share": 0.0}),
        ("train without any general rows", {"general_share": 0.0}),
        ("set the general share to 0.2", {"general_share": 0.2}),
        ("train longer", {}),
    ],
)
def test_settings_are_named_as_in_the_plan(text: str, settings: dict[str, Any]) -> None:
    assert find_settings(text) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("it should have said: call us", "call us"),
        ('change the answer of row 3 to "Call us first."', "Call us first."),
        ("the right answer is that we refund in 14 days", "we refund in 14 days"),
        ("correction: 30 days", "30 days"),
        ("edit row 3", None),
    ],
)
def test_the_words_to_put_in_are_cut_out(text: str, said: str | None) -> None:
    assert find_said(text) == said


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("go back to the data", "data"),
        ("change my answer about the audience", "audience"),
        ("back to the rules", "knowledge"),
        ("go back to the plan", "plan"),
        ("start training", "training"),
        ("go back", None),
    ],
)
def test_a_target_is_a_stage_or_a_field(text: str, target: str | None) -> None:
    assert find_target(text) == target


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("what does epoch mean?", "epoch"),
        ("what's LoRA", "LoRA"),
        ("explain validation loss please", "loss"),
        ("what does EOB mean?", "eob"),
        ("what does that mean?", None),
    ],
)
def test_a_term_is_named_as_in_the_glossary_or_as_asked(text: str, term: str | None) -> None:
    assert find_term(text) == term


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("use the base model /srv/models/ours", "/srv/models/ours"),
        ("take the model in ./models/mine please", "./models/mine"),
        ("use model our-team/tiny-chat instead", "our-team/tiny-chat"),
        ("use the starter model", "starter"),
    ],
)
def test_a_base_model_is_named_by_folder_or_by_its_name(text: str, model: str) -> None:
    assert find_settings(text)["base_model"] == model


@pytest.mark.parametrize(
    "text",
    [
        "row 1 should answer: Please call us.",
        "it should be: Please call us.",
        "that is wrong, better: Please call us.",
        "change the answer of row 3 to Please call us.",
    ],
)
def test_the_words_to_put_in_are_found(text: str) -> None:
    assert find_said(text) == "Please call us."
