"""Data sets of the Hub: what is written is what is read, and strangers' columns are understood."""

import json
from pathlib import Path

import pytest
import yaml

from finetune.data.__main__ import main
from finetune.data.document import Limits
from finetune.data.hub import fingerprint_of_test, read_dataset, save_dataset
from finetune.data.reasons import HIDDEN
from finetune.errors import UserError
from finetune.example import Example, Message, Source, Split, make_example

SIDES: list[Split] = ["train", "train", "train", "validation", "test"]
QUESTIONS = [
    ("When do you open?", "We open at eight."),
    ("How do I pay?", "By card — ¿o en efectivo? Both."),
    ("Where can I park?", "Behind the house."),
    ("Do you treat children?", "Yes, from the age of three."),
    ("Can I move my visit?", "Call us a day before."),
]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The library's cache, to see that nothing of a team's rows stays in it."""
    cache = tmp_path / "cache"
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", cache)
    return cache


@pytest.fixture
def examples() -> list[Example]:
    made = [
        make_example(question, answer, source=Source(file="faq.csv", row=n, quote=answer), topic="visits")
        for n, (question, answer) in enumerate(QUESTIONS, 2)
    ]
    rows = [e.model_copy(update={"split": side, "status": "approved"}) for e, side in zip(made, SIDES, strict=True)]
    rows[0].messages.insert(0, Message(role="system", content="You answer for a clinic."))
    rows[1].reasons.append(HIDDEN)
    rows[4] = rows[4].model_copy(update={"source": Source(citation="45 CFR 164.524"), "kind": "rule"})
    gone = make_example("When do you open??", "At eight.", source=Source(file="faq.csv", row=9))
    return [*rows, gone.model_copy(update={"status": "dropped", "reasons": ["nearly the same as another row"]})]


def test_a_data_set_comes_back_as_it_was_written_but_not_approved(
    examples: list[Example], tmp_path: Path, own_cache: Path
) -> None:
    folder = save_dataset(examples, tmp_path / "dataset", title="Clinic")
    back = read_dataset(str(folder)).examples
    expected = [e.model_copy(update={"status": "proposed", "reasons": []}) for e in examples if e.status != "dropped"]
    assert back == expected
    assert fingerprint_of_test(back) == fingerprint_of_test(examples)
    assert not list(own_cache.rglob("*.arrow")), "a team's rows must not stay in a cache its project does not own"


def test_the_library_itself_reads_what_was_written(examples: list[Example], tmp_path: Path) -> None:
    from datasets import load_dataset

    folder = save_dataset(examples, tmp_path / "dataset", title="Clinic")
    found = load_dataset(str(folder), cache_dir=str(tmp_path / "other"))
    assert {split: len(rows) for split, rows in found.items()} == {"train": 3, "validation": 1, "test": 1}
    assert set(found["train"].features) == {"id", "messages", "kind", "topic", "source"}
    assert found["train"][0]["messages"][0] == {"role": "system", "content": "You answer for a clinic."}
    assert found["train"].features["source"]["row"].dtype == "int32"


def test_the_card_says_what_was_done_and_how_to_load_it(examples: list[Example], tmp_path: Path) -> None:
    folder = save_dataset(examples, tmp_path / "dataset", title="Clinic: questions\nand answers", licence="CC-BY-4.0")
    card = (folder / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["pretty_name"] == "Clinic: questions and answers"
    assert front["license"] == "cc-by-4.0"
    assert front["size_categories"] == ["n<1K"]
    for file in front["configs"][0]["data_files"]:
        assert list(folder.glob(file["path"])), file
    for words in (
        f"1 rows: {HIDDEN}",
        "1 rows left out: nearly the same as another row",
        fingerprint_of_test(examples),
        "| rule | 0 | 0 | 1 |",
    ):
        assert words in card
    save_dataset(examples, folder, title="Again")
    assert "None was chosen" in (folder / "README.md").read_text(encoding="utf-8")


def test_nothing_to_write_is_told(tmp_path: Path, examples: list[Example]) -> None:
    undivided = [e.model_copy(update={"split": None}) for e in examples]
    with pytest.raises(UserError, match="no rows to write"):
        save_dataset(undivided, tmp_path / "dataset", title="Clinic")
    assert not (tmp_path / "dataset").exists()


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path, examples: list[Example]) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"thesis\.txt"):
        save_dataset(examples, tmp_path, title="Clinic")
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def folder_of(tmp_path: Path, rows: list[dict[str, object]], name: str = "train.jsonl") -> str:
    folder = tmp_path / "given"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(folder)


@pytest.mark.parametrize(
    "make",
    [
        lambda q, a: {"question": q, "answer": a},
        lambda q, a: {"id": 7, "instruction": q, "output": a, "category": "x"},
        lambda q, a: {"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]},
        lambda q, a: {"conversations": [{"from": "human", "value": q}, {"from": "gpt", "value": a}]},
    ],
    ids=["question and answer", "instruction and output", "messages", "conversations"],
)
def test_strangers_columns_are_understood(tmp_path: Path, make: object) -> None:
    assert callable(make)
    folder = folder_of(tmp_path, [make(*pair) for pair in QUESTIONS])
    found = read_dataset(folder).examples
    assert [(e.question, e.answer) for e in found] == QUESTIONS
    assert found[1].source.file == f"{folder}, train"
    assert all(e.status == "proposed" and e.split is None for e in found)


def test_one_row_alone_is_a_row(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "Here."}]
    assert [e.answer for e in read_dataset(folder_of(tmp_path, [{"messages": turns}])).examples] == ["Here."]


def test_one_split_can_be_read_alone(tmp_path: Path, examples: list[Example]) -> None:
    folder = str(save_dataset(examples, tmp_path / "dataset", title="Clinic"))
    assert [e.split for e in read_dataset(folder, "test").examples] == ["test"]
    with pytest.raises(UserError, match="no part called dev") as caught:
        read_dataset(folder, "dev")
    assert "validation" in caught.value.action


def test_the_columns_can_be_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, [{"a1": answer, "b2": question} for question, answer in QUESTIONS])
    found = read_dataset(folder, question="b2", answer="a1").examples
    assert [(e.question, e.answer) for e in found] == QUESTIONS


def test_too_many_rows_are_refused_and_none_is_kept(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, [{"question": f"{n}?", "answer": "yes"} for n in range(30)])
    with pytest.raises(UserError, match="more than 20 rows"):
        read_dataset(folder, limits=Limits(rows=20))
    with pytest.raises(UserError, match="more than 100 characters"):
        read_dataset(folder, limits=Limits(characters=100))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("team/data", "cannot be reached"),
        ("team/data:part@main", "cannot be reached"),
        ("csv", "no such data set"),
        ("no/such/folder", "no such data set"),
        ("hf://datasets/team/data", "no such data set"),
    ],
)
def test_a_data_set_out_of_reach_is_told_with_a_way_out(name: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as caught:
        read_dataset(name)
    assert caught.value.where == name and caught.value.action


@pytest.mark.parametrize("damage", ["empty", "torn", "code", "not ours"])
def test_a_bad_folder_is_told_in_plain_words(tmp_path: Path, examples: list[Example], damage: str) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    if damage == "torn":
        (folder / "train.parquet").write_bytes(b"PAR1 torn")
    elif damage == "code":
        (folder / "given.py").write_text("raise SystemExit('must not run')")
    elif damage == "not ours":
        strange = {"id": "1", "messages": [], "kind": "faq", "topic": "", "source": {}}
        folder_of(tmp_path, [strange, strange])
    with pytest.raises(UserError) as caught:
        read_dataset(str(folder))
    assert str(folder) in caught.value.where and caught.value.action


def test_the_command_line_writes_a_data_set_and_reads_it_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "faq.jsonl"
    file.write_text("".join(json.dumps({"question": q, "answer": a}) + "\n" for q, a in QUESTIONS), encoding="utf-8")
    assert main([str(file), "--out", str(tmp_path / "one"), "--dataset"]) == 0
    written = tmp_path / "one" / "dataset"
    assert main([f"hub:{written}", "hub:team/none", "--out", str(tmp_path / "two"), "--json"]) == 0
    told = capsys.readouterr()
    assert "team/none" in told.err
    report = json.loads(told.out.splitlines()[-1])
    assert report["kept"] == len(QUESTIONS)
    assert report["files"][f"{written}, test"]["rows"] == 1
