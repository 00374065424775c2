"""The starter model: made from nothing on text these tests write, and the one that ships."""

import errno
import json
import lzma
import random
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from finetune.checks import OUT_OF_SCOPE, is_refusal
from finetune.errors import UserError
from finetune.pretrain.__main__ import main
from finetune.pretrain.corpus import LICENCES, is_held_out, read_documents
from finetune.pretrain.made_up import looked_up
from finetune.pretrain.mixture import make_conversations
from finetune.pretrain.model import make_model, token_losses
from finetune.pretrain.passage_tasks import SAID_INSTEAD
from finetune.pretrain.recipe import RECIPES, Course, Recipe
from finetune.pretrain.tokens import answer_mask, make_tokenizer
from finetune.pretrain.train import _keep_pace, pretrain, rate_share

STARTER = Path(__file__).resolve().parents[1] / "finetune" / "starter"
TINY = Recipe(
    vocabulary=600, hidden=32, layers=2, inner=64, heads=2, context=64, copying_heads=0, rows_per_pass=2, compiled=False
)

ANIMALS = ("otter", "heron", "badger", "marten", "plover", "lizard", "beaver", "falcon", "weasel", "turtle")
WEATHERS = ("rainy", "stormy", "sunny", "cloudy", "misty", "frosty", "windy", "snowy", "humid", "chilly")
PLACES = ("river bank", "quiet meadow", "stone bridge", "market garden", "harbour wall", "chestnut forest")


def write_corpus(folder: Path) -> Path:
    """A small corpus of made-up nature notes, enough that some of it is held out."""
    random_ = random.Random(5)
    documents, questions = [], []
    for number in range(160):
        animal, place = random_.choice(ANIMALS), random_.choice(PLACES)
        sentences = [
            f"The {animal} near the {random_.choice(PLACES)} was seen {random_.randint(2, 99)} times in {sky} weather."
            for sky in random_.sample(WEATHERS, 8)
        ]
        text = f"## Notes\nA {animal} is an animal of the {place}. " + " ".join(sentences)
        source = ("openstax/nature", "MedQuAD/notes", "law/eu-birds")[number % 3]
        documents.append({"source": source, "title": f"The {animal} {number}", "text": text})
        questions.append(
            {
                "source": "openstax/nature",
                "kind": "definition",
                "title": f"Note {number}",
                "question": f"{animal} count",
                "answer": f"the number of times a {animal} is seen at the {place}",
            }
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("documents", documents), ("questions", questions)):
        with lzma.open(folder / f"{name}.jsonl.xz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return make_tokenizer(
        iter(["The heron stood on the stone bridge at 10 o'clock."] * 20), TINY.vocabulary, TINY.context
    )


@pytest.mark.parametrize(("heads", "least", "most"), [(Recipe.copying_heads, 0.95, 1.0), (0, 0.0, 0.1)])
def test_a_model_with_copying_heads_repeats_what_it_read_before_it_learnt_anything(
    tokenizer: Any, heads: int, least: float, most: float
) -> None:
    import torch

    model = make_model(replace(Recipe(), layers=2, copying_heads=heads), tokenizer).eval()
    once = torch.randint(0, Recipe.vocabulary, (1, 150), generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        said = model(torch.cat([once, once], dim=1)).logits[0, 150:-1].argmax(-1)
    assert least <= float((said == once[0, 1:]).float().mean()) <= most


@pytest.mark.parametrize(("name", "millions"), [("cpu", 14), ("gpu", 30)])
def test_each_recipe_has_the_size_it_is_said_to_have(tokenizer: Any, name: str, millions: int) -> None:
    recipe = RECIPES[name]
    assert make_model(recipe, tokenizer).num_parameters() == recipe.parameters
    assert round(recipe.parameters / 1e6) == millions


@pytest.mark.parametrize("text", ["Dr. McCoy", "ÄÖÜ ß 漢字 🙂", "\t two  spaces\n\n", "A1b2 1984", "\x00\x7f", "İi"])
def test_the_tokenizer_gives_back_every_text_with_its_case(tokenizer: Any, text: str) -> None:
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_digits_are_read_one_by_one(tokenizer: Any) -> None:
    assert len(tokenizer("1984")["input_ids"]) == 4


def test_the_template_writes_turns_as_chatml(tokenizer: Any) -> None:
    messages = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Good day"}]
    turns = "<|im_start|>user\n Hello<|im_end|>\n<|im_start|>assistant\n Good day<|im_end|>\n"
    assert tokenizer.apply_chat_template(messages, tokenize=False) == turns
    asked = tokenizer.apply_chat_template(messages[:1], tokenize=False, add_generation_prompt=True)
    assert asked == "<|im_start|>user\n Hello<|im_end|>\n<|im_start|>assistant\n"


def test_only_what_the_assistant_writes_counts_in_full(tokenizer: Any) -> None:
    turns = "<|im_start|>user\nassistant\n<|im_end|>\n<|im_start|>assistant\n Good day<|im_end|>\n"
    ids = tokenizer(turns)["input_ids"]
    counted = [token for token, counts in zip(ids, answer_mask(ids, tokenizer), strict=True) if counts]
    assert tokenizer.decode(counted) == " Good day<|im_end|>"


def test_everything_made_from_a_held_out_document_is_held_out(corpus: Path) -> None:
    documents = read_documents(corpus)
    assert any(each.held_out for each in documents)
    seen = " ".join(each.text for each in documents if not each.held_out)
    for each in make_conversations(corpus, documents, seed=1):
        if each.task == "quote" and not each.held_out:
            assert each.answer in seen
        if each.task == "quote" and each.held_out:
            assert any(each.answer in document.text for document in documents if document.held_out)
    assert is_held_out("a", "b") == is_held_out("a", "b")


def test_a_quote_is_in_its_passage_and_a_missing_thing_is_not(corpus: Path) -> None:
    made = make_conversations(corpus, read_documents(corpus), seed=1)
    quotes = [each for each in made if each.task == "quote"]
    missing = [each for each in made if each.task == "not said"]
    assert quotes
    assert missing
    for each in quotes:
        assert any(each.answer in content for role, content in each.messages if role != "assistant")
    for each in missing:
        rules = [content for role, content in each.messages if role != "assistant" and "say: " in content]
        assert each.answer in SAID_INSTEAD
        assert all(f"say: {each.answer}" in rule for rule in rules), "it says what it was told to say"


def test_what_fills_a_gap_stands_in_the_passage(corpus: Path) -> None:
    gaps = [each for each in make_conversations(corpus, read_documents(corpus), seed=1) if each.task == "gap"]
    assert gaps
    for each in gaps:
        shown = each.messages[-2][1].split("“")[-1].split("”")[0]
        assert shown.count("___") == 1
        passage = " ".join(content for role, content in each.messages if role != "assistant")
        before = shown.split("___")[0].split()[-1]
        assert each.answer.startswith(f"{before} ")
        assert shown.replace(f"{before} ___", each.answer) in passage


def test_what_is_said_about_a_phrase_begins_with_it(corpus: Path) -> None:
    asked = re.compile(r"(?:What does the passage say|What is said) about (.+?)\?$", re.M)
    documents = read_documents(corpus)
    made = [each for seed in range(10) for each in make_conversations(corpus, documents, seed)]
    about = [
        (match[1], each) for each in made if each.task == "quote" and (match := asked.search(each.messages[-2][1]))
    ]
    assert about
    for phrase, each in about:
        assert each.answer.startswith(phrase)


def test_a_line_that_is_looked_up_stands_in_the_list_as_answered() -> None:
    chance = random.Random(3)
    for _ in range(50):
        made = looked_up(chance)
        lines = made.messages[-2][1].split("\n")
        assert lines.count(made.answer) == 1
        assert sum(":" in line for line in lines) >= 3


def test_a_conversation_on_a_seen_passage_asks_no_question_twice(corpus: Path) -> None:
    made = make_conversations(corpus, read_documents(corpus), seed=1)
    longest = max(len([role for role, _ in each.messages if role == "assistant"]) for each in made)
    assert longest > 1, "a passage is read once for several questions"
    for each in made:
        if each.task in ("quote", "gap", "not said", "yes or no"):
            asked = [content.split("\n\n")[-1] for role, content in each.messages if role == "user"]
            assert len(set(asked)) == len(asked)
            assert len(asked) == 1 or not each.held_out, "held-out questions are asked one by one"


def test_what_is_forbidden_is_declined_and_what_is_not_is_answered(corpus: Path) -> None:
    made = make_conversations(corpus, read_documents(corpus), seed=1)
    declined = [each for each in made if each.task == "declined"]
    answered = [each for each in made if each.task == "answered"]
    assert declined
    assert answered
    for each in declined:
        assert is_refusal(each.answer), each.answer
    assert not any(is_refusal(each.answer) for each in answered)
    assert not {question for each in declined for _, question in each.messages} & set(OUT_OF_SCOPE)


def test_another_edition_of_a_text_is_read_once(tmp_path: Path) -> None:
    words = [f"word{number}" for number in range(400)]
    texts = [" ".join(words), " ".join(["new", *words[:380]]), " ".join(reversed(words))]
    with lzma.open(tmp_path / "documents.jsonl.xz", "wt") as file:
        for number, text in enumerate(texts):
            file.write(json.dumps({"source": "openstax/x", "title": f"t{number}", "text": text}) + "\n")
    assert [each.title for each in read_documents(tmp_path)] == ["t0", "t2"]


def test_a_rule_is_answered_by_its_number(corpus: Path) -> None:
    for each in make_conversations(corpus, read_documents(corpus), seed=1):
        asked = each.messages[-2][1]
        if each.task == "rule" and "days ago. Can I return" in asked:
            limit, value = (int(word) for word in asked.split() if word.isdigit())
            assert each.answer.startswith("Yes" if value <= limit else "No")


def test_text_without_a_known_licence_is_refused(tmp_path: Path) -> None:
    with lzma.open(tmp_path / "documents.jsonl.xz", "wt") as file:
        file.write(json.dumps({"source": "somewhere", "title": "t", "text": "x"}) + "\n")
    with pytest.raises(UserError, match="somewhere"):
        read_documents(tmp_path)


def test_a_folder_that_is_no_corpus_ends_with_a_sentence_and_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nothing"), "--out", str(tmp_path / "out"), "--steps", "1"]) == 1
    assert "documents.jsonl.xz" in capsys.readouterr().err


def test_writing_what_was_never_trained_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Nothing was trained"):
        pretrain(tmp_path, tmp_path / "out", TINY)


def test_the_rate_rises_and_falls_to_zero() -> None:
    shares = [rate_share(step / 100, 0.1) for step in range(101)]
    assert max(shares) == shares[10] == 1
    assert shares[0] == shares[100] == 0
    assert shares[10:] == sorted(shares[10:], reverse=True)


class Killed(Exception):
    pass


@pytest.mark.slow
def test_a_killed_training_resumed_ends_with_the_weights_of_an_unbroken_one(corpus: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    recipe = replace(TINY, checkpoint_minutes=0)
    unbroken = pretrain(corpus, tmp_path / "unbroken", recipe, steps=12)

    import finetune.pretrain.train as module

    passes = 0
    whole = token_losses

    def killed_in_step_seven(*arguments: Any) -> Any:
        nonlocal passes
        passes += 1
        if passes == 13:
            raise Killed
        return whole(*arguments)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, "token_losses", killed_in_step_seven)
        pretrain(corpus, tmp_path / "broken", recipe, steps=12)
    lines: list[str] = []
    resumed = pretrain(corpus, tmp_path / "broken", recipe, steps=12, say=lines.append)

    assert "Going on at step 6" in lines
    left, right = load_file(unbroken / "model.safetensors"), load_file(resumed / "model.safetensors")
    assert left.keys() == right.keys()
    assert all(left[name].equal(right[name]) for name in left)
    rows = [json.loads(line) for line in (tmp_path / "unbroken" / "metrics.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == 12
    as_it_is = pretrain(corpus, tmp_path / "broken", recipe)
    assert load_file(as_it_is / "model.safetensors").keys() == right.keys()
    with pytest.raises(UserError, match="other settings"):
        pretrain(corpus, tmp_path / "broken", replace(recipe, rate=1e-4), steps=12)


@pytest.mark.slow
def test_a_full_disk_ends_a_training_with_its_last_checkpoint_kept(corpus: Path, tmp_path: Path) -> None:
    import torch

    recipe, saves, whole = replace(TINY, checkpoint_minutes=0), 0, torch.save

    def full_at_the_third(state: Any, file: Any) -> None:
        nonlocal saves
        saves += 1
        if saves == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(state, file)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(UserError, match="No space left"):
        patch.setattr(torch, "save", full_at_the_third)
        pretrain(corpus, tmp_path, recipe, steps=4)
    assert not list(tmp_path.glob(".*.part"))
    lines: list[str] = []
    pretrain(corpus, tmp_path, recipe, steps=4, say=lines.append)
    assert "Going on at step 2" in lines


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="compiling needs a C++ compiler")
def test_the_compiled_way_ends_where_the_plain_one_does(corpus: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    plain = pretrain(corpus, tmp_path / "plain", TINY, steps=3)
    compiled = pretrain(corpus, tmp_path / "compiled", replace(TINY, compiled=True), steps=3)
    left, right = load_file(plain / "model.safetensors"), load_file(compiled / "model.safetensors")
    for name in left:
        assert left[name].float().sub(right[name].float()).abs().max() < 2e-2, name


def test_the_loss_falls_and_the_card_says_how_long_it_took(corpus: Path, tmp_path: Path) -> None:
    folder = pretrain(corpus, tmp_path / "out", TINY, steps=40)
    row = json.loads((tmp_path / "out" / "metrics.jsonl").read_text().splitlines()[-1])
    assert row["loss"] < 5.5  # log(600) = 6.4 at the start
    assert row["rate"] < TINY.rate / 10
    assert "in 40 steps" in (folder / "README.md").read_text()


@pytest.mark.parametrize("seconds_a_step", [[2.0], [9.0] + [1.0] * 40, [1.0] * 200 + [3.0]])
def test_hours_end_on_time_however_the_speed_changes(seconds_a_step: list[float]) -> None:
    course, budget = Course(), 600.0
    while course.progress < 1:
        before = course.progress
        course.step += 1
        course.seconds += seconds_a_step[min(course.step, len(seconds_a_step)) - 1]
        _keep_pace(course, budget)
        assert course.progress >= before
    assert abs(course.seconds - budget) < 10


def test_the_card_names_every_work_and_licence() -> None:
    text = (STARTER / "README.md").read_text()
    for licence in LICENCES:
        assert licence.work in text
        assert licence.terms in text


def test_the_shipped_starter_is_what_the_recipe_says() -> None:
    from safetensors import safe_open

    weights = list(STARTER.glob("*.safetensors"))
    assert len(weights) == 1
    assert weights[0].stat().st_size < 64e6
    with safe_open(weights[0], "pt") as file:
        tensors = [file.get_tensor(name) for name in file.keys()]  # noqa: SIM118 (the file is no dict)
    assert sum(tensor.numel() for tensor in tensors) == Recipe().parameters
    assert {str(tensor.dtype) for tensor in tensors} == {"torch.bfloat16"}


def test_the_shipped_starter_loads_and_ends_its_answer() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(STARTER)
    model = AutoModelForCausalLM.from_pretrained(STARTER)
    messages = [{"role": "user", "content": "Thank you"}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    made = model.generate(**prompt, max_new_tokens=60)[0, prompt["input_ids"].shape[1] :]
    assert tokenizer.decode(made, skip_special_tokens=True).strip()
    assert made[-1] == tokenizer.eos_token_id
