"""What is said about sources: whose they are, how personal data is hidden, what a model was trained on; the card."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.conversation import Conversation
from assistant.events import Working
from assistant.provenance import kept_in, licence_in, personal_in, rights_in
from assistant.review_panel import panel
from finetune.data import kept
from finetune.data.__main__ import main as prepare_files
from finetune.data.personal import CANNOT_FIND
from finetune.errors import UserError
from finetune.export import export
from finetune.files import read_jsonl
from finetune.lineage import read_lineage
from finetune.project import Run
from tests.talking import say
from tests.test_deletion import approve, attach, no_training, ready, train, use
from tools.brief import Brief
from tools.dataset import KEPT_AS_OWN
from tools.journey import read_brief, read_sources, write_model
from tools.lineage import file_hash
from tools.masking import own_names
from tools.review_table import View, table
from tools.rows import NOT_HIDDEN

__all__ = ["no_training", "ready"]  # fixtures

LETTERS = """Question,Answer
"This is Maria Lopez from Columbus, my phone is 614-555-0142. When is the bill due?","Dear Maria Lopez, on the first."
"My name is Peter Schmidt, write to peter.schmidt@web.de: what is a crown?","Dear Peter Schmidt, it is 400 dollars."
"I live in Dayton and work at Acme Tools Inc, can I come in the evening?","Yes, we are open until eight on Thursdays."
"Do you take cards at the desk?","Yes, all the usual cards, and cash."
"""
HOUSE = "small vet practice in Ludlow called Willow Lane Vets"
NAMES = ("Maria", "Lopez", "Schmidt", "614-555-0142")


def letters(talk: Conversation) -> str:
    """The words of the rows that came from the letters."""
    rows = [row for row in talk.project.read_examples() if row.source.file == "letters.csv"]
    return "\n".join(f"{row.question} {row.answer} {row.source.quote}" for row in rows)


def test_hiding_more_in_many_rows_says_how_far_it_is(
    ready: Conversation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    say(ready, "prepare the data")
    monkeypatch.setattr(kept, "TEXTS_AT_ONCE", 1)
    told = [event for event in ready.send("hide towns and employers too") if isinstance(event, Working)]
    looked = [event for event in told if event.what == "Looking for personal data"]
    assert looked and looked[-1].done == looked[-1].total


# Whose a file is


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ("Our own: train and publish", [{"owner": "ours", "train": True, "publish": True}]),
        ("Our own: train, do not publish", [{"owner": "ours", "train": True, "publish": False}]),
        ("our customers' letters: train, do not publish", [{"owner": "customers", "train": True, "publish": False}]),
        ("our own, train but dont publish", [{"owner": "ours", "train": True, "publish": False}]),
        ("our own, don't publish it please", [{"owner": "ours", "publish": False}]),
        ("ours, you can train on it but it can’t be published", [{"owner": "ours", "train": True, "publish": False}]),
        ("ours. we cannot share it", [{"owner": "ours", "publish": False}]),
        (
            "a.csv is ours, guide.pdf is licensed and may not be published",
            [{"owner": "ours", "file": "a.csv"}, {"owner": "licensed", "publish": False, "file": "guide.pdf"}],
        ),
        ("a.csv may not be trained on", [{"train": False, "file": "a.csv"}]),
        ("guide.pdf is public, CC BY-SA 4.0", [{"owner": "public", "licence": "cc-by-sa-4.0", "file": "guide.pdf"}]),
        (
            "a.csv and guide.pdf are ours and may be published",
            [{"owner": "ours", "publish": True, "file": f} for f in ("a.csv", "guide.pdf")],
        ),
        ("we may publish a.csv", [{"publish": True, "file": "a.csv"}]),
        ("the weather is fine", []),
    ],
)
def test_what_is_said_of_files_is_read_file_by_file(said: str, answers: list[dict[str, Any]]) -> None:
    assert rights_in(said, ["a.csv", "guide.pdf"]) == answers


@pytest.mark.parametrize(
    ("said", "licence"),
    [("under CC BY 4.0", "cc-by-4.0"), ("as cc0", "cc0"), ("Apache 2.0 please", "apache-2.0"), ("submit it", "")],
)
def test_a_licence_is_spelt_as_the_hub_does(said: str, licence: str) -> None:
    assert licence_in(said) == licence


def test_whose_the_files_are_is_asked_once_for_all_of_them(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "prices.csv", "Question,Answer\nWhat is the fee for a copy?,A copy costs two dollars.\n")
    asked = say(ready, "prepare the data")
    assert asked.waiting_for == "rights" and "faq.csv, prices.csv" in asked.text
    assert "sign" in say(ready, "why do you ask?").text and ready.reply().waiting_for == "rights"
    noted = say(ready, "Our own: train and publish")
    assert noted.waiting_for == "approval:approve_data"
    rights = read_sources(ready.project).rights
    assert {name: (r.owner, r.train, r.publish) for name, r in rights.items()} == dict.fromkeys(
        ("faq.csv", "prices.csv"), ("ours", True, True)
    )
    attach(ready, tmp_path, "more.csv", "Question,Answer\nIs there a garden?,Yes behind the house.\n")
    again = say(ready, "prepare the data")
    assert "(more.csv)" in again.text, "only the new file is asked about"
    say(ready, "undo", "undo")
    assert read_sources(ready.project).rights == rights


@pytest.mark.parametrize("instead", ["skip", "drop row 2", "approved"])
def test_the_question_can_be_passed_over_and_does_not_come_back(ready: Conversation, instead: str) -> None:
    say(ready, "prepare the data")
    assert ready.reply().waiting_for == "rights"
    say(ready, instead)
    assert say(ready, "drop row 4").waiting_for != "rights"
    assert not read_sources(ready.project).rights["faq.csv"].said


def test_undo_and_a_look_leave_the_question_open_and_its_answer_is_taken_after_them(ready: Conversation) -> None:
    say(ready, "prepare the data", "drop row 2")  # passes it over
    say(ready, "undo", "undo", "prepare the data")
    assert ready.reply().waiting_for == "rights", "undo brought the question back"
    say(ready, "show row 1")
    say(ready, "Our own: train, do not publish")
    rights = read_sources(ready.project).rights["faq.csv"]
    assert (rights.owner, rights.train, rights.publish) == ("ours", True, False)


def test_whose_the_files_are_may_be_said_before_it_is_asked_and_is_no_other_answer(ready: Conversation) -> None:
    say(ready, "our customers' letters, train but never publish")
    rights = read_sources(ready.project).rights["faq.csv"]
    assert (rights.owner, rights.train, rights.publish) == ("customers", True, False)
    assert not read_brief(ready.project).never


def test_the_data_set_is_published_only_when_every_file_may_be(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    say(ready, "prepare the data", "keep the tags", "skip", "approved", "no")
    folder = ready.project.published / "dataset"
    refused = say(ready, "publish the data set")
    assert refused.waiting_for != "approval:publish", "nobody is asked to approve what would be refused"
    assert "nobody has said whether it may" in refused.text and not folder.exists()
    say(ready, "faq.csv is ours and may be published, letters.csv are our customers' letters and may not be published")
    assert "letters.csv: you said it may not" in say(ready, "publish the data set").text and not folder.exists()
    say(ready, "delete letters.csv", "yes", "prepare the data", "approved by Jo Okafor, head of billing", "no")
    assert "data set is ready" in say(ready, "publish the data set under CC BY 4.0", "yes").text
    card = (folder / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(card.split("---\n")[1])
    assert front["license"] == "cc-by-4.0" and "question-answering" in front["task_categories"]
    for words in (
        f"| faq.csv | `{file_hash(ready.project, 'faq.csv')}` | the team's own; may be published. |",
        "Jo Okafor, head of billing",
        read_sources(ready.project).approved[:10],
        read_sources(ready.project).sealed,
        "tags such as [name]",
        *CANNOT_FIND,
    ):
        assert words and words in card, words
    assert "letters.csv" not in card


def test_rows_that_may_not_be_trained_on_stop_the_training(ready: Conversation) -> None:
    approve(ready)
    told = say(ready, "no", "faq.csv is licensed and may not be trained on").text
    assert "48 rows are from faq.csv" in told and "delete faq.csv" in told
    with pytest.raises(UserError, match="may not be trained on"):
        train(ready)
    assert not ready.project.runs()


# Personal data


@pytest.mark.parametrize(
    ("said", "chosen"),
    [
        ("use invented names instead of tags", {"style": "stand-ins"}),
        ("I would rather have made-up names", {"style": "stand-ins"}),
        ("use tags instead of invented names", {"style": "tags"}),
        ("Keep the tags", {"style": "tags"}),
        ("hide towns and employers too", {"indirect": True}),
        ("please mask dates and ages as well", {"indirect": True}),
        ("don't hide towns", {"indirect": False}),
        ("show the towns again", {"indirect": False}),
        ("use stand-ins and hide the job titles", {"style": "stand-ins", "indirect": True}),
        ("drop row 3", None),
        ("are dates hidden?", None),
    ],
)
def test_how_personal_data_is_to_be_hidden_is_read_from_the_words(said: str, chosen: dict[str, Any] | None) -> None:
    assert personal_in(said) == chosen


@pytest.mark.parametrize(
    ("said", "call"),
    [
        ("but our own adress and phone number must stay, customers need them", ("own_contacts_kept", {})),
        ("keep our own address and phone number visible", ("own_contacts_kept", {})),
        ("please don't hide our e-mail address", ("own_contacts_kept", {})),
        ("our phone number is 01584 555 012", ("choose_personal", {"keep": ["01584 555 012"]})),
        ("Our number is (614) 555-2368, keep it", ("choose_personal", {"keep": ["(614) 555-2368"]})),
        ("don't hide our own name", ("own_contacts_kept", {})),
        ("it should keep our customer name out of it", None),
        ("stop hiding names", ("own_contacts_kept", {"people": True})),
        ("show the phone numbers", ("own_contacts_kept", {"people": True})),
        ("keep the name Dr Sarah Lane", ("choose_personal", {"keep": ["Dr Sarah Lane"]})),
        ("don't hide Shrewsbury", ("choose_personal", {"keep": ["Shrewsbury"]})),
        ("keep the tags", None),
        ("keep row 12", None),
        ("keep the names hidden", None),
        ("Keep 1 and 3", None),
        ("don't hide towns", None),
        ("our number one problem is late payment", None),
        ("row 69 should say our number 01584 555 012", None),
        ("what is our phone number?", None),
        ("it must never show our customers' phone numbers to anybody", None),
    ],
)
def test_what_is_no_secret_is_read_from_the_words(said: str, call: tuple[str, dict[str, Any]] | None) -> None:
    found = kept_in(said)
    assert (None if found is None else (found.tool, found.args)) == call


def test_the_own_number_stays_at_any_point_of_the_talk_and_answers_no_question(talk: Conversation) -> None:
    say(talk, "hi")
    before, asked = read_brief(talk.project), talk.reply().waiting_for
    reply = say(talk, "our phone number is 01584 555 012")
    assert "01584 555 012" in reply.text and read_sources(talk.project).personal.keep == ["01584 555 012"]
    assert "customers need them" not in say(talk, "but our own adress must stay, customers need them").text
    assert read_brief(talk.project) == before and talk.reply().waiting_for == asked


@pytest.mark.parametrize("said", ["keep the tags", "Keep the tags."])
def test_an_offered_answer_is_taken_for_its_own_question_while_another_is_open(
    talk: Conversation, tmp_path: Path, said: str
) -> None:
    attach(talk, tmp_path, "letters.csv", LETTERS)
    before, asked = read_brief(talk.project), talk.reply().waiting_for
    assert asked in ("organisation", "industry", "task")
    say(talk, said)
    assert read_brief(talk.project) == before and talk.reply().waiting_for == asked
    assert read_sources(talk.project).personal.asked


def test_what_stays_as_the_teams_own_says_so_in_the_list_of_what_was_hidden(
    ready: Conversation, tmp_path: Path
) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS + '"How do I reach you?","Call us on 614-555-0199."\n')
    told = say(ready, "prepare the data")
    (card,) = [card for card in told.cards if card["kind"] == "personal"]
    reads = {found["replacement"] for found in card["found"]}
    assert KEPT_AS_OWN in reads and "" not in reads and "[phone]" in reads
    assert card["title"].endswith(f" {sum(r.startswith('[') for r in [f['replacement'] for f in card['found']])}")


def test_a_value_that_was_kept_comes_back_into_prepared_rows_and_others_stay_hidden(
    ready: Conversation, tmp_path: Path
) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    say(ready, "prepare the data", "skip", "skip")
    assert "[name]" in letters(ready)
    name = "Maria Lopez"
    assert name not in letters(ready)
    assert name in say(ready, f"keep the name {name}").text
    assert name in letters(ready) and "Schmidt" not in letters(ready) and "614-555-0142" not in letters(ready)
    say(ready, "use invented names instead of tags")
    assert name in letters(ready)


def test_the_teams_own_name_stays_where_it_stands_whole(ready: Conversation, tmp_path: Path) -> None:
    write_model(ready.project.brief, read_brief(ready.project).model_copy(update={"organisation": HOUSE}))
    attach(
        ready,
        tmp_path,
        "letters.csv",
        "Question,Answer\nWhom do I write to about a bill?,Please write to the desk of Willow Lane Vets.\n"
        "Who saw my cat last week on Monday?,Mrs Sarah Lane of Willow Lane Vets has seen her.\n",
    )
    say(ready, "prepare the data", "skip", "skip")
    assert letters(ready).count("Willow Lane Vets") >= 2 and "Sarah" not in letters(ready)
    assert "Willow Lane Vets" in say(ready, "don't hide our own name").text
    assert own_names(Brief(organisation="Peter Schmidt, the office")) == []
    assert own_names(Brief(organisation="We are Smith & Sons Dental in Ohio")) == ["Smith & Sons Dental"]
    assert own_names(Brief(organisation="A dental clinic in Columbus.")) == []


def test_what_is_kept_already_is_said_to_stay(talk: Conversation) -> None:
    say(talk, "hi", "our phone number is 01584 555 012")
    assert "01584 555 012 stays" in say(talk, "our phone number is 01584 555 012").text


def test_a_change_of_mind_about_names_works_from_the_originals(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    asked = say(ready, "prepare the data")
    assert asked.waiting_for == "personal" and "[name]" in letters(ready)
    ids = [row.id for row in ready.project.read_examples()]
    for said, there, gone in (
        ("use invented names instead of tags", "Columbus", "[name]"),
        ("hide towns and employers too", "Dear ", "Columbus"),
        ("use tags instead of invented names", "[place]", "Acme"),
        ("show towns and employers again", "from Columbus", "[place]"),
    ):
        say(ready, said)
        assert there in letters(ready) and gone not in letters(ready), said
        assert not [name for name in NAMES if name in letters(ready)], f"after “{said}”"
    assert [row.id for row in ready.project.read_examples()] == ids
    assert ready.reply().waiting_for == "rights", "what personal data becomes is not asked again"
    say(ready, "undo")
    assert "[place]" in letters(ready)


@pytest.mark.parametrize(
    "said",
    [
        "show row 49",
        "show rows with phone",
        "why is row 49 here?",
        "change row 49 to: On the first of each month.",
        "replace due with payable in all rows",
        "bring back row 49",
    ],
)
def test_rows_are_shown_without_persons_before_they_are_prepared(
    ready: Conversation, tmp_path: Path, said: str
) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    if said == "bring back row 49":
        say(ready, "drop row 49")
    told = say(ready, said)
    shown = f"{told.text} {json.dumps(told.cards)}"
    assert "hidden here" in told.text and "When is the bill" in shown
    assert not [name for name in NAMES if name in shown]
    assert "Maria" in letters(ready), "the rows themselves are as they were read"


def test_where_rows_must_stand_as_they_are_it_is_said_that_nothing_is_hidden_yet(
    ready: Conversation, tmp_path: Path
) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    assert NOT_HIDDEN in say(ready, "export the rows").text
    assert NOT_HIDDEN in panel(table(ready.project, View()), View())
    say(ready, "prepare the data")
    assert NOT_HIDDEN not in say(ready, "export the rows").text
    assert NOT_HIDDEN not in panel(table(ready.project, View()), View())


def test_what_only_preparing_finds_is_not_called_none_before(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    ready.project.report.unlink(missing_ok=True)
    assert "when the data is prepared" in say(ready, "show the contradictions").text


def test_a_row_the_user_edited_keeps_its_words(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    say(ready, "prepare the data", "skip", "skip", "change row 49 to: Please call the desk.")
    told = say(ready, "use invented names instead of tags").text
    assert "1 row keeps the old tags" in told and "Please call the desk." in letters(ready)


def test_the_choice_before_the_data_is_prepared_is_kept_for_it(ready: Conversation, tmp_path: Path) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    use(ready.context, "choose_personal", style="stand-ins", indirect=True)
    assert say(ready, "prepare the data").waiting_for == "rights"
    assert "[" not in letters(ready) and "Columbus" not in letters(ready)
    assert not [name for name in NAMES if name in letters(ready)]


@pytest.mark.parametrize(
    ("flags", "there", "gone"),
    [
        ([], "[name]", "Maria"),
        (["--stand-ins"], "from Columbus", "["),
        (["--indirect"], "[place]", "Columbus"),
        (["--stand-ins", "--indirect"], "Dear ", "Columbus"),
    ],
)
def test_the_command_line_hides_personal_data_as_its_flags_say(
    tmp_path: Path, flags: list[str], there: str, gone: str
) -> None:
    (tmp_path / "letters.csv").write_text(LETTERS, encoding="utf-8")
    assert prepare_files([str(tmp_path / "letters.csv"), "--out", str(tmp_path / "out"), *flags]) == 0
    rows = list(read_jsonl(tmp_path / "out" / "examples.jsonl"))
    words = " ".join(m["content"] for row in rows for m in row["messages"])
    assert there in words and gone not in words and not [name for name in NAMES if name in words]
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert report["personal_style"] == ("stand-ins" if "--stand-ins" in flags else "tags")


# Lineage


def test_a_row_a_model_and_a_file_are_traced_in_plain_words(ready: Conversation) -> None:
    assert "No model has been trained yet" in say(ready, "what was the model trained on?").text
    approve(ready)
    row = say(ready, "no", "where does row 5 come from?").text
    assert "faq.csv, row 6" in row and "No model has been trained or tested on it" in row
    run = train(ready)
    assert "Round 1 had it" in say(ready, "where does row 5 come from?").text
    for question in ("what was the model trained on?", "what was model 1 trained on?", "which data did round 1 use?"):
        told = say(ready, question).text
        assert "faq.csv: 48 rows" in told, question
    for question in ("which models know faq.csv?", "was faq.csv used to train a model?", "lineage of faq.csv"):
        assert "Round 1 had rows of it" in say(ready, question).text, question
    assert "no round 7" in say(ready, "what was model 7 trained on?").text
    lineage = read_lineage(run)
    (source,) = lineage.sources
    assert source.sha256 == file_hash(ready.project, "faq.csv")
    assert lineage.test_sha256 == read_sources(ready.project).sealed
    assert len(lineage.rows) == sum(len(run.examples(split)) for split in ("train", "validation", "test"))


@pytest.mark.parametrize("said", ["why is row 3 here?", "Why do we have row number 3?", "why was row #3 kept"])
def test_why_a_row_is_there_is_answered_by_where_it_comes_from(ready: Conversation, tmp_path: Path, said: str) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    say(ready, "prepare the data")
    assert "row 3" in say(ready, said).text.lower()


def test_deleting_a_thing_no_file_is_called_by_deletes_nothing_and_is_no_answer(
    ready: Conversation, tmp_path: Path
) -> None:
    attach(ready, tmp_path, "letters.csv", LETTERS)
    before = read_brief(ready.project)
    reply = say(ready, "delete handbook")
    assert "letters.csv" in reply.text and read_brief(ready.project) == before
    assert "letters.csv" in read_sources(ready.project).attached


def test_the_pack_names_every_row_and_holds_none_of_its_words(learnt_run: Run, tmp_path: Path) -> None:
    shutil.copytree(learnt_run.dir, tmp_path / "1")
    out = export(tmp_path / "1", tmp_path / "pack", title="Clinic", unevaluated=True).dir
    text = (out / "lineage.json").read_text(encoding="utf-8")
    rows = Run(tmp_path / "1").examples("train")
    assert {row["id"] for row in json.loads(text)["rows"]} == {row.id for row in rows}
    assert not [row for row in rows if row.answer in text or row.question in text]
