"""The team's own documents in the conversation: indexed as they are read, asked about, forgotten, kept apart."""

import csv
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from assistant.choices import asked_of_documents
from assistant.conversation import Assistant, Conversation
from assistant.markup import card_as_html
from assistant.render import card_as_text
from finetune.example import Source, make_example
from finetune.project import Project
from tests.files import dental_csv, policy_docx, policy_pdf
from tests.talking import make_assistant, say
from tools.brief import Brief
from tools.context import Context, Services
from tools.history import undo
from tools.journey import read_brief, read_knowledge, read_sources, write_model
from tools.own import in_step, look_up, own_sources, without_quotes
from tools.registry import TOOLS

TERMS = [
    ("EOB", "A note by the insurer on what it pays and what the patient owes."),
    ("Copay", "The share of a bill that the patient pays at the desk."),
]


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return Services(tmp_path_factory.mktemp("home"))


@pytest.fixture
def context(services: Services, request: pytest.FixtureRequest) -> Context:
    return made_context(services, f"team-{abs(hash(request.node.name))}")


def made_context(services: Services, name: str) -> Context:
    project = Project.open(services.home, name)
    write_model(project.brief, Brief(organisation="A dental clinic", industry="healthcare", jurisdictions=["US-OH"]))
    return Context(project, services)


def call(context: Context, name: str, **arguments: Any) -> tuple[str, list[dict[str, Any]]]:
    """A tool's words and cards."""
    said = HumanMessage("")
    runtime = SimpleNamespace(context=context, state={"messages": [said]}, stream_writer=lambda piece: None)
    text, artifact = TOOLS[name][0].func(runtime, **arguments)  # type: ignore[attr-defined]
    return text, artifact["cards"]


def glossary(path: Path, head: tuple[str, str] = ("Term", "Definition")) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *TERMS])
    return path


def written(context: Context, name: str, text: str) -> str:
    """A file of the project, read."""
    (context.project.files / name).write_text(text, encoding="utf-8")
    return call(context, "read_files", names=[name])[0]


# Reading


@pytest.mark.parametrize("make", [policy_pdf, policy_docx])
def test_a_handbook_is_indexed_as_it_is_read_and_that_is_said(context: Context, make: Any) -> None:
    path = make(context.project.files / f"handbook.{make.__name__.split('_')[1]}")
    text, _ = call(context, "read_files", names=[path.name])
    (source,) = read_sources(context.project).files
    assert source.passages and f"I can also look things up in it: {source.passages} passages." in text
    text, (card,) = call(context, "find_passages", query="how long do people have to pay their bill")
    best = card["passages"][0]
    assert best["file"] == path.name and "30 days" in best["text"]
    assert best["page"] == (1 if path.suffix == ".pdf" else None)
    for shown in (card_as_text(card), card_as_html(card)):
        assert path.name in shown and "30 days" in shown


@pytest.mark.parametrize("head", [("Term", "Definition"), ("Meaning", "Abbreviation")])
def test_a_glossary_is_looked_up_by_its_terms(context: Context, head: tuple[str, str]) -> None:
    rows = TERMS if head[0] == "Term" else [(meaning, term) for term, meaning in TERMS]
    lines = "\n".join(f'{a},"{b}"' if head[0] == "Term" else f'"{a}",{b}' for a, b in rows)
    written(context, "glossary.csv", f"{','.join(head)}\n{lines}\n")
    found = look_up(context, "what does EOB stand for")
    assert (found[0].heading, found[0].page) == ("EOB", None)


def test_a_table_of_questions_and_answers_is_no_document(context: Context) -> None:
    dental_csv(context.project.files / "faq.csv")
    text, _ = call(context, "read_files", names=["faq.csv"])
    assert "look things up" not in text and not context.project.passages.exists()


def test_a_handbook_in_an_archive_is_looked_up_by_its_own_name_and_after_a_lost_index(context: Context) -> None:
    with zipfile.ZipFile(context.project.files / "all.zip", "w") as packed:
        packed.writestr("b/refunds.md", "# Refunds\n\nRefunds are paid to the card within ten business days.\n")
    call(context, "read_files", names=["all.zip"])
    assert look_up(context, "when are refunds paid")[0].file == "all.zip/b/refunds.md"
    own_sources(context).remove("all.zip/b/refunds.md")
    assert look_up(context, "when are refunds paid")[0].file == "all.zip/b/refunds.md"


def test_a_price_in_a_documents_table_is_found(context: Context) -> None:
    rows = "| Service | Price |\n|---|---|\n| Dental cleaning | 90 dollars |\n"
    written(context, "prices.md", f"# Prices\n\nThese hold for the whole year.\n\n{rows}")
    found = look_up(context, "price of a cleaning")
    assert "Service: Dental cleaning; Price: 90 dollars" in [one.text for one in found]


def test_a_pasted_policy_is_looked_up_too(context: Context) -> None:
    text, _ = call(context, "add_text", text="# Refunds\n\nRefunds are paid to the card within ten business days.\n")
    assert "I can also look things up in it: 1 passage." in text
    assert look_up(context, "when are refunds paid")[0].file == "pasted-1.md"


def test_columns_named_later_take_no_passage_away(context: Context) -> None:
    glossary(context.project.files / "terms.csv", ("Term", "Definition"))
    call(context, "read_files", names=["terms.csv"])
    call(context, "set_columns", file="terms.csv", question="Term", answer="Definition")
    assert look_up(context, "copay")[0].file == "terms.csv"


# Asking


def test_rules_on_a_topic_come_with_what_the_own_documents_say(context: Context) -> None:
    policy_pdf(context.project.files / "handbook.pdf")
    call(context, "read_files", names=["handbook.pdf"])
    text, cards = call(context, "find_rules", query="a copy of medical records")
    assert [card["kind"] for card in cards] == ["passages", "rules"]
    assert "handbook.pdf, page 1" in text and cards[0]["passages"][0]["file"] == "handbook.pdf"
    _, cards = call(context, "find_rules")
    assert [card["kind"] for card in cards] == ["rules"], "without a topic there is nothing to look up"


def test_nothing_is_made_up_where_the_documents_say_nothing(context: Context) -> None:
    assert "no document" in call(context, "find_passages", query="refunds")[0]
    written(context, "handbook.md", "# Bills\n\nA bill is sent within ten days after the visit.\n")
    text, cards = call(context, "find_passages", query="the capital of France")
    assert text == "Nothing in handbook.md answers that. I did not make anything up." and not cards


CALLBACKS = """# Callbacks
Tom Barker of 14 Mill Street, phone 01584 555 917, asked about his invoice and gave GB29 NWBK 6016 1331 9268 19.
Call our usual number, 01584 555 012, for emergencies at night.
"""


def test_personal_data_in_a_document_is_shown_to_nobody_and_the_own_number_is(context: Context) -> None:
    written(context, "callbacks.md", CALLBACKS)
    for query in ("Tom Barker", "invoice callbacks", "emergencies at night"):
        text, cards = call(context, "find_passages", query=query)
        told = text + repr(cards)
        assert "invoice" in told and "01584 555 012" in told, query
        for personal in ("Barker,", "Barker of", "Mill Street", "555 917", "NWBK"):
            assert personal not in told, query


def test_a_callers_number_stays_hidden_however_often_it_stands_in_the_documents(context: Context) -> None:
    written(
        context,
        "calls.md",
        "# Monday\nTom Barker, 01584 555 917, asks for a refund.\n\n"
        "# Tuesday\nA refund for Tom Barker, 01584 555 917.\n\n"
        "# Friday\nThe refund: he wants to visit us, his number is 01584 555 917.\n\n"
        "# Sunday\nCall us back about the refund, Tom Barker, 01584 555 917.\n",
    )
    text, cards = call(context, "find_passages", query="refund Tom Barker")
    assert "hidden" in without_quotes(text) and "Personal data in it is hidden" in card_as_text(cards[0])
    assert len(cards[0]["passages"]) == 4 and "555 917" not in text + repr(cards)


def test_a_number_that_prepared_answers_hold_is_shown_in_passages_too(context: Context) -> None:
    written(context, "about.md", "# Contact\nTelephone of the reception\n01584 555 012 or 01584 555 917\n")
    query = "reception telephone contact"
    assert "01584 555 012" not in call(context, "find_passages", query=query)[0]
    row = make_example("How do I reach you?", "Dial 01584 555 012 at any time.", source=Source())
    context.project.write_examples([row])
    write_model(context.project.sources, read_sources(context.project).model_copy(update={"prepared": True}))
    told = call(context, "find_passages", query=query)[0]
    assert "01584 555 012" in told and "555 917" not in told


def test_a_documents_words_are_for_the_card_and_not_for_the_chat(context: Context) -> None:
    written(context, "handbook.md", "# Bills\n\nA bill is [sent](https://example.org/x) within ten days. <b>Now</b>\n")
    text, _ = call(context, "find_passages", query="when is a bill sent")
    assert "within ten days" in text
    assert without_quotes(text) == "Your own documents have 1 passage on that, in handbook.md."


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("What does our handbook say about refunds?", "refunds"),
        ("what do our policies say if a patient cancels late", "a patient cancels late"),
        ("according to the staff handbook, how many days of leave do we get?", "how many days of leave do we get"),
        ("Please look up late fees in our manual", "late fees"),
        ("is there anything in our policy about pets?", "pets"),
        ("does our handbook mention parking", "parking"),
        ("what does handbook.pdf say about fees?", "fees"),
        ("search our documents for late fees", "late fees"),
        ("What does our handbook say?", "What does our handbook say?"),
        ("it says what our policy says", None),
        ("we have a handbook", None),
        ("is the file good enough?", None),
        ("do the documents stay private", None),
        ("show me the files", None),
        ("what does EOB mean?", None),
        ("what are the rules on refunds", None),
        ("we answer questions about our policies", None),
    ],
)
def test_a_question_to_the_documents_is_told_from_other_words(said: str, topic: str | None) -> None:
    assert asked_of_documents(said) == topic


@pytest.fixture(scope="module")
def assistant(services: Services) -> Assistant:
    made = make_assistant(services.home)
    made.services = services
    return made


def test_the_guide_looks_it_up_and_goes_on_where_it_was(talk: Conversation, tmp_path: Path) -> None:
    say(talk, "we are a dental practice in Ohio, our patients ask about bills")
    asked = say(talk, "", files=[policy_pdf(tmp_path / "handbook.pdf")])
    before = read_brief(talk.project)
    reply = say(talk, "what does our handbook say about bills in California?")
    assert [card["kind"] for card in reply.cards] == ["passages"]
    assert "“" not in reply.text and "handbook.pdf, page 1" in reply.text
    assert reply.waiting_for == asked.waiting_for and read_brief(talk.project) == before
    assert not read_knowledge(talk.project).skipped


def test_the_trial_shows_the_passage_that_answers(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    class Echo:
        def reply(self, messages: Any, **kwargs: Any) -> list[str]:
            return ["I do not know."]

    run = context.project.new_run()
    run.adapter.mkdir()
    (run.adapter / "adapter_config.json").write_text("{}")
    monkeypatch.setattr(type(context.services), "trial_model", lambda self, run: Echo())
    _, (card,) = call(context, "try_model", prompt="how long do people have to pay a bill?")
    assert card["source"] is None and "says:" not in card_as_text(card)
    policy_pdf(context.project.files / "handbook.pdf")
    call(context, "read_files", names=["handbook.pdf"])
    _, (card,) = call(context, "try_model", prompt="how long do people have to pay a bill?")
    assert "30 days" in card["source"]["text"]
    for shown in (card_as_text(card), card_as_html(card)):
        assert "Your handbook.pdf, page 1, says: “" in shown
    _, (card,) = call(context, "try_model", prompt="who won the world cup?")
    assert card["source"] is None


# Forgetting


def test_an_undone_reading_is_forgotten(context: Context) -> None:
    written(context, "handbook.md", "# Bills\n\nA bill is sent within ten days after the visit.\n")
    assert look_up(context, "when is a bill sent")
    call(context, "undo_last")
    assert context.services.own_sources(context.project).files() == {}
    assert look_up(context, "when is a bill sent") == []


def test_even_an_undo_that_was_cut_off_leaves_nothing_to_be_found(context: Context) -> None:
    written(context, "handbook.md", "# Bills\n\nA bill is sent within ten days after the visit.\n")
    undo(context.project)
    assert look_up(context, "when is a bill sent") == []


def test_a_lost_index_is_made_anew_from_the_files(context: Context) -> None:
    written(context, "handbook.md", "# Bills\n\nA bill is sent within ten days after the visit.\n")
    context.services.put_away(context.project)
    for path in context.project.passages.iterdir():
        if path.is_file():
            path.unlink()
    assert in_step(context) == ["handbook.md"]
    assert look_up(context, "when is a bill sent")[0].file == "handbook.md"


def test_a_deleted_project_leaves_nothing_for_the_next_of_its_name(services: Services) -> None:
    context = made_context(services, "short-lived")
    written(context, "handbook.md", "# Bills\n\nA bill is sent within ten days after the visit.\n")
    assert look_up(context, "when is a bill sent")
    services.put_away(context.project)
    context.project.delete()
    assert not context.project.dir.exists()
    again = made_context(services, "short-lived")
    assert look_up(again, "when is a bill sent") == []
    written(again, "handbook.md", "# Pets\n\nDogs may wait in the garden.\n")
    assert [f.text for f in look_up(again, "when is a bill sent, and may dogs wait?")] == [
        "Dogs may wait in the garden."
    ]


# Two teams in one home

SECRET = "# Merger\n\nThe merger with Hollybrook Dental is signed on 3 May and must stay secret.\n"
OTHER = "# Bills\n\nA bill is sent within ten days after the visit.\n"
ASKED = ("the merger with Hollybrook Dental", "when is the merger signed", "what must stay secret", "bills")


@pytest.fixture
def teams(services: Services, request: pytest.FixtureRequest) -> tuple[Context, Context]:
    """Two projects with a document each, both called handbook.md."""
    name = f"{abs(hash(request.node.name))}"
    first, second = made_context(services, f"a{name}"), made_context(services, f"b{name}")
    written(first, "handbook.md", SECRET)
    written(second, "handbook.md", OTHER)
    return first, second


def everything_seen(context: Context) -> str:
    """All words and cards a team can get to: looking up, rules, trial, data."""
    seen = []
    for query in ASKED:
        seen += [call(context, "find_passages", query=query), call(context, "find_rules", query=query)]
    call(context, "prepare_data")
    seen += [call(context, "show_data"), call(context, "show_data", only="files"), call(context, "project_status")]
    return repr(seen)


def test_a_team_never_sees_another_teams_passages(teams: tuple[Context, Context]) -> None:
    first, second = teams
    assert "Hollybrook" in everything_seen(first)
    assert "Hollybrook" not in everything_seen(second)
    assert look_up(second, "when is a bill sent")[0].text.startswith("A bill is sent")


def test_the_trial_quotes_only_the_own_team(teams: tuple[Context, Context], monkeypatch: pytest.MonkeyPatch) -> None:
    echo = SimpleNamespace(reply=lambda messages, **kwargs: ["?"])
    monkeypatch.setattr(Services, "trial_model", lambda self, run: echo)
    quoted = []
    for context in teams:
        run = context.project.new_run()
        run.adapter.mkdir()
        (run.adapter / "adapter_config.json").write_text("{}")
        _, (card,) = call(context, "try_model", prompt="when is the merger with Hollybrook Dental signed?")
        quoted.append(card["source"])
    assert "Hollybrook" in quoted[0]["text"] and quoted[1] is None


@pytest.mark.parametrize(
    "way", ["../../{first}/files/handbook.md", "../{first}/files/handbook.md", "{dir}/files/handbook.md"]
)
def test_no_file_name_leads_into_another_teams_folder(teams: tuple[Context, Context], way: str) -> None:
    first, second = teams
    name = way.format(first=first.project.name, dir=first.project.dir)
    call(second, "read_files", names=[name])  # the own file of that name, as `user_file` has it
    assert look_up(second, ASKED[0]) == []
    sources = read_sources(second.project)
    escaping = sources.files[0].model_copy(update={"name": name, "passages": 1})
    write_model(second.project.sources, sources.model_copy(update={"files": [*sources.files, escaping]}))
    assert look_up(second, ASKED[0]) == [], "a name in sources.json leads nowhere either"


def test_many_teams_in_turn_each_find_their_own(services: Services) -> None:
    """More than stay open in memory, so that each is closed and read again."""
    contexts = [made_context(services, f"turn-{n}") for n in range(6)]
    for n, context in enumerate(contexts):
        written(context, "handbook.md", f"# Code\n\nThe door code of house number {n} is kept at the desk {n}.\n")
    for _ in range(2):
        for n, context in enumerate(contexts):
            found = look_up(context, "where is the door code kept")
            assert [one.text for one in found] == [f"The door code of house number {n} is kept at the desk {n}."]
