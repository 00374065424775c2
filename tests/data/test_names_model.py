"""A model that finds more names: loaded from a folder, joined with the recognisers, refused in words."""

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from finetune.data.__main__ import main
from finetune.data.kept import Kept
from finetune.data.names_model import kind_of, load_names_model
from finetune.data.personal import find_personal
from finetune.data.prepare import prepare
from finetune.errors import UserError
from finetune.example import Source, make_example
from tests.repository import REPOSITORY

# Made up: in no list of names, and nothing around them tells a person.
NAMES = ("Qorvath", "Zellimar", "Ubrinto")
TOWNS = ("Drexholm", "Vantolia")
SENTENCES = ("the file is with {} now", "{} brought it back", "it was {} again", "ask {} or wait")
LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def build_names_model(folder: Path, *, positions: int = 64) -> Path:
    """A tiny BERT that has learnt by heart which of the made-up words are persons and which are towns."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertForTokenClassification, PreTrainedTokenizerFast

    texts = [(text.format(name), name) for text in SENTENCES for name in (*NAMES, *TOWNS, "somebody")]
    words = sorted({word for text, _ in texts for word in text.split()} | set(".,?"))
    vocabulary = {word: n for n, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(
        vocab_size=len(vocabulary), max_position_embeddings=positions, hidden_dropout_prob=0.0, **shape,
        id2label=dict(enumerate(LABELS)), label2id={label: n for n, label in enumerate(LABELS)},
    )  # fmt: skip
    model = BertForTokenClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    batch = tokenizer([text for text, _ in texts], return_tensors="pt", padding=True)
    wanted = {vocabulary[name]: 1 for name in NAMES} | {vocabulary[town]: 3 for town in TOWNS}
    labels = torch.tensor([[wanted.get(int(word), 0) for word in row] for row in batch["input_ids"]])
    for _ in range(40):
        loss = model(**batch, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert loss.item() < 0.05
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def names_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_names_model(tmp_path_factory.mktemp("names"))


def test_a_name_in_no_list_is_found_by_the_model_alone(names_folder: Path) -> None:
    text = "ask Qorvath or wait. it was Drexholm again"
    assert find_personal([text]) == []
    model = load_names_model(str(names_folder))
    found = [(text[i.start : i.end], i.kind) for i in find_personal([text], more=model)]
    assert found == [("Qorvath", "name")]
    found = [(text[i.start : i.end], i.kind) for i in find_personal([text], indirect=True, more=model)]
    assert found == [("Qorvath", "name"), ("Drexholm", "place")]


def test_a_names_model_is_loaded_and_used_without_a_word(names_folder: Path) -> None:
    code = (
        "import sys; from finetune.data.names_model import load_names_model\n"
        "assert load_names_model(sys.argv[1])(['ask Qorvath or wait'])[0]"
    )
    command = [sys.executable, "-c", code, str(names_folder)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""


def test_its_finds_join_those_of_the_recognisers_without_overlaps(names_folder: Path) -> None:
    model = load_names_model(str(names_folder))
    text = "Mr. Qorvath, qorvath@example.org, asked Zellimar."
    found = [(text[i.start : i.end], i.kind) for i in find_personal([text], more=model)]
    assert ("qorvath@example.org", "email") in found and ("Zellimar", "name") in found
    spans = [(i.start, i.end) for i in find_personal([text], more=model)]
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_a_text_longer_than_the_model_reads_is_read_to_its_end(names_folder: Path) -> None:
    text = "it was somebody again . " * 100 + "ask Ubrinto or wait"
    (find,) = load_names_model(str(names_folder))([text])[0]
    assert text[find.start : find.end] == "Ubrinto"


def test_nothing_to_read_gives_nothing(names_folder: Path) -> None:
    model = load_names_model(str(names_folder))
    assert model([]) == [] and model(["", " \n"]) == [[], []]


def test_rows_are_prepared_with_it_and_the_report_says_so(names_folder: Path, tmp_path: Path) -> None:
    source = Source(file="papers.csv")
    rows = [
        make_example(f"Where is paper {n}?", f"the file is with {name} now", source=source)
        for n, name in enumerate(NAMES)
    ]
    without = prepare(rows, kept=Kept(tmp_path))
    assert [row.answer for row in without.examples] == [row.answer for row in rows]
    named = prepare(rows, kept=Kept(tmp_path, names=load_names_model(str(names_folder))))
    assert {row.answer for row in named.examples} == {"the file is with [name] now"}
    assert f"Names were looked for by {names_folder}, too." in named.report.sentences
    assert [row.answer for row in prepare(rows, kept=Kept(tmp_path)).examples] == [row.answer for row in rows]


def test_the_command_line_takes_one(names_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("question,answer\nWhere is paper one?,the file is with Qorvath now\n", encoding="utf-8")
    out = tmp_path / "out"
    assert main([str(table), "--out", str(out), "--names-model", str(names_folder)]) == 0
    assert "Qorvath" not in (out / "examples.jsonl").read_text(encoding="utf-8")
    assert main([str(table), "--out", str(out), "--names-model", str(tmp_path / "none")]) == 1
    assert "There is no such folder, and it is not a name on the Hub." in capsys.readouterr().err


def without_labels(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {str(n): f"LABEL_{n}" for n in range(len(LABELS))}
    config["label2id"] = {label: int(n) for n, label in config["id2label"].items()}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def without_weights(folder: Path) -> None:
    (folder / "model.safetensors").unlink()


def with_half_the_weights(folder: Path) -> None:
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (without_labels, "None of the model's labels is a kind of personal data."),
        (without_weights, "The folder has no weights"),
        (with_half_the_weights, "The names model cannot be loaded"),
    ],
)
def test_a_folder_that_is_no_such_model_is_refused_in_words(
    names_folder: Path, tmp_path: Path, harm: Any, said: str
) -> None:
    folder = Path(shutil.copytree(names_folder, tmp_path / "model"))
    harm(folder)
    with pytest.raises(UserError, match=said) as refused:
        load_names_model(str(folder))
    assert str(folder) in str(refused.value)


def test_a_language_model_is_no_names_model(tiny_model: Path) -> None:
    with pytest.raises(UserError, match=r"no trained labels|cannot be loaded"):
        load_names_model(str(tiny_model))


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("PER", "name"), ("PERSON", "name"), ("GIVENNAME", "name"), ("last_name", "name"), ("USERNAME", "user name"),
        ("ORG", "organisation"), ("company_name", "organisation"), ("GPE", "place"), ("DATEOFBIRTH", "date of birth"),
        ("CREDITCARDNUMBER", "card number"), ("TELEPHONENUM", "phone"), ("STREET", "address"), ("MISC", None),
        ("LANGUAGE", None), ("CARDINAL", None), ("PERCENT", None), ("WORK_OF_ART", None),
    ],
)  # fmt: skip
def test_labels_of_several_schemes_are_understood(label: str, kind: str | None) -> None:
    assert kind_of(label) == kind
