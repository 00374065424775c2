"""Publishing the data: approved rows only, at any stage after the approval, and never as if it were the model."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.choices import place_to_publish
from finetune.data.hub import fingerprint_of_test, read_dataset
from finetune.errors import UserError
from finetune.example import Example, Source, Split, make_example
from finetune.project import Project
from tools.context import Context, Services
from tools.journey import Rights, Sources, read_state, write_model
from tools.publishing import publish


@pytest.fixture
def context(home: Path) -> Context:
    project = Project.open(home, "clinic")
    sides: list[Split] = ["train", "train", "validation", "test"]
    rows = [
        make_example(f"Question {n}?", f"Answer {n}.", source=Source(file="faq.csv", row=n)).model_copy(
            update={"split": side, "status": "approved"}
        )
        for n, side in enumerate(sides, 2)
    ]
    dropped = rows[0].model_copy(update={"id": "gone", "status": "dropped", "reasons": ["dropped by you"]})
    project.write_examples([*rows, dropped])
    write_model(
        project.sources,
        Sources(prepared=True, sealed=fingerprint_of_test(rows), rights={"faq.csv": Rights(publish=True)}),
    )
    return Context(project, Services(home))


def published(context: Context) -> tuple[str, dict[str, Any]]:
    assert publish.func is not None
    text, artifact = publish.func(SimpleNamespace(context=context), where="dataset")
    return text, artifact


def test_the_approved_rows_become_a_data_set_before_there_is_a_model(context: Context) -> None:
    text, artifact = published(context)
    folder = context.project.published / "dataset"
    assert "4 approved rows" in text
    found = read_dataset(str(folder)).examples
    approved = [e for e in context.project.read_examples() if e.status == "approved"]
    assert [e.id for e in found] == [e.id for e in approved]
    files = artifact["cards"][0]["files"]
    assert files[0]["name"] == "README.md"
    assert all(Path(file["path"]).stat().st_size == file["size"] for file in files)
    assert "dropped by you" in (folder / "README.md").read_text(encoding="utf-8")


def test_a_published_data_set_is_not_taken_for_a_published_model(context: Context) -> None:
    before = read_state(context.project).stage
    published(context)
    assert read_state(context.project).stage == before
    assert read_state(context.project).published == []


def test_nothing_is_published_before_the_approval(context: Context) -> None:
    sources = Sources.model_validate(json.loads(context.project.sources.read_text()))
    write_model(context.project.sources, sources.model_copy(update={"sealed": None}))
    with pytest.raises(UserError, match="not approved yet"):
        published(context)
    assert not context.project.published.exists()


def test_a_row_that_nobody_approved_stays_at_home(context: Context) -> None:
    rows = context.project.read_examples()
    new = Example.model_validate(rows[0].model_dump() | {"id": "new", "status": "proposed"})
    context.project.write_examples([*rows, new])
    published(context)
    assert "new" not in {e.id for e in read_dataset(str(context.project.published / "dataset")).examples}


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("publish the data set", "dataset"),
        ("as a dataset please", "dataset"),
        ("upload our data-set to the hub", "dataset"),
        ("upload the model tuned on our dataset to the hub", "hub"),
        ("put it in a space", "space"),
        ("publish it", None),
    ],
)
def test_where_to_publish_is_read_from_what_is_said(said: str, place: str | None) -> None:
    assert place_to_publish(said) == place
