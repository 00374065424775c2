# ruff: noqa: E501 (a pair reads best on one line)
"""A chat model writes examples from documents: offered, its cost told, started by a yes, checked, told and undone."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel, FakeMessagesListChatModel
from langchain_core.messages import AIMessage

from assistant import writer as writer_module
from assistant.choices import passages_wanted, writing_wish
from assistant.conversation import Assistant, Conversation
from assistant.writer import on_this_machine, reply_in_time, stays_here, told, writer_of
from finetune.data.synthetic import Price, Replies, Writer
from finetune.errors import UserError
from finetune.example import Example
from tests.files import dental_csv, policy_docx
from tests.standin import serving
from tests.talking import say, settings
from tests.test_agent import calling, scripted
from tools.brief import Brief
from tools.context import Context, Services
from tools.history import undo
from tools.journey import read_sources, write_model

GOOD = [
    {"type": "factoid", "question": "Who has to be told when somebody's insurance changes?", "answer": "The front desk.",
     "quote": "Patients must tell the front desk when their insurance changes"},
    {"type": "conditional", "question": "What if I cancel my appointment only 3 hours before?",
     "answer": "A late cancellation costs 40 dollars.", "quote": "A late cancellation costs 40 dollars"},
    {"type": "unanswerable", "question": "Do patients get parking with an appointment?", "answer": "", "quote": ""},
]  # fmt: skip
WRONG = [
    {"type": "factoid", "question": "When must the manager answer complaints?", "answer": "Within 40 days.",
     "quote": "The manager must answer in writing within 14 days."},
    {"type": "factoid", "question": "When are visits free?", "answer": "Visits are always free.", "quote": "Visits are free."},
]  # fmt: skip
REPLY = json.dumps({"pairs": [*GOOD, *WRONG]})
SERVICE = "some-service:model"


class Service:
    """A writer that says what the test wrote down, and keeps what it was asked; an error in its place is raised."""

    def __init__(self, *replies: str | UserError) -> None:
        self.replies, self.asked = list(replies), list[str]()

    def __call__(self, system: str, user: str) -> str:
        self.asked.append(user)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, UserError):
            raise reply
        return reply

    def writer(self, **more: Any) -> Writer:
        return Writer(SERVICE, self, **more)


Opened = Callable[..., Conversation]


@pytest.fixture
def opened(assistant: Assistant, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """A team's conversation at its data, with a policy read, and the writer given."""
    talks: list[Conversation] = []

    def make(writer: Writer | None, *, file: Path | None = None) -> Conversation:
        assistant.services.writer = writer
        talk = assistant.conversation(f"team-{abs(hash(request.node.name))}")
        talks.append(talk)
        list(talk.open())
        say(talk, "we are a dental practice in Ohio and answer patients' questions", "skip everything", "keep none")
        say(talk, "", files=[file or policy_docx(tmp_path / "policy.docx")])
        return talk

    yield make
    for talk in talks:
        talk.close()


def written(talk: Conversation | Context) -> list[Example]:
    return [e for e in talk.project.read_examples() if e.written]


# In conversation


def test_it_is_offered_with_the_cost_first_and_nothing_is_sent_before_the_yes(opened: Opened) -> None:
    service = Service(REPLY)
    talk = opened(service.writer(price=Price(0.5, 2, "USD")))
    offered = talk.reply()
    assert "Write examples with the model" in offered.options and "cost" in offered.text
    cost = say(talk, "how much would it cost?")
    for word in ("1 passage of policy.docx", SERVICE, "tokens", "0.01 USD", "leaves this machine", "tags"):
        assert word in cost.text, word
    asked = say(talk, "write examples from my documents with the model")
    assert asked.waiting_for == "approval:write_examples" and asked.options == ["Yes", "No"]
    assert "one call each" in asked.text and asked.text.count("0.01 USD") == 1
    assert "goes wherever it runs" in say(talk, "why?").text
    left = say(talk, "no")
    assert "Nothing was started" in left.text and service.asked == [] and not written(talk)
    assert say(talk, "write examples with the model", "yes").waiting_for == "files"
    assert len(service.asked) == 1


def test_what_holds_becomes_rows_and_what_does_not_is_counted_by_reason(opened: Opened) -> None:
    talk = opened(Service(REPLY).writer())
    before = len(talk.project.read_examples())
    reply = say(talk, "please let the model write some questions", "yes")
    rows = written(talk)
    assert [row.question for row in rows] == [one["question"] for one in GOOD]
    assert len(talk.project.read_examples()) == before + len(GOOD)
    assert "I added 3 rows" in reply.text and "of the 5 pairs" in reply.text
    assert "1 × a number, date or amount" in reply.text and "1 × quote not found" in reply.text
    shown = next(card for card in reply.cards if card["kind"] == "data")["rows"]
    assert [row["source"] for row in shown] == [f"policy.docx, written by {SERVICE}"] * 3
    assert "prepare the data" in reply.text and talk.reply().waiting_for == "files"


def test_the_report_counts_them_apart_and_one_undo_takes_them_back(opened: Opened) -> None:
    service = Service(REPLY)
    talk = opened(service.writer())
    say(talk, "write examples with the model", "yes")
    prepared = say(talk, "prepare the data")
    assert f"3 written from your files by {SERVICE}" in prepared.text
    assert len(written(talk)) == 3, "cleaning keeps who wrote a row"
    say(talk, "undo", "undo")
    assert not written(talk)
    again = say(talk, "write examples with the model")
    assert len(written(talk)) == 3 and "asked" in again.text, "they come back without a call"
    assert again.waiting_for != "approval:write_examples" and len(service.asked) == 1


def test_without_a_model_it_says_what_it_needs_and_nothing_is_offered(opened: Opened) -> None:
    talk = opened(None)
    assert "Write examples with the model" not in talk.reply().options
    reply = say(talk, "write examples from my documents with the model")
    assert "ATTUNE_WRITER_MODEL" in reply.text and "ollama" in reply.text and reply.waiting_for == "files"


def test_without_a_document_it_asks_for_one(opened: Opened, tmp_path: Path) -> None:
    talk = opened(Service(REPLY).writer(), file=dental_csv(tmp_path / "faq.csv"))
    assert "Write examples with the model" not in talk.reply().options
    assert "no document" in say(talk, "write examples with the model").text


def test_fewer_passages_can_be_asked_for_and_the_rest_is_done_later(opened: Opened, tmp_path: Path) -> None:
    sentence = "The front desk opens at {n} and closes late in the evening, and visitors sign the green book there."
    handbook = tmp_path / "handbook.md"
    handbook.write_text("\n\n".join(f"# Part {n}\n\n" + " ".join([sentence.format(n=n)] * 20) for n in range(1, 9)))
    service = Service("[]")
    talk = opened(service.writer(), file=handbook)
    asked = say(talk, "write examples with the model")
    assert "8 passages" in asked.text
    fewer = say(talk, "yes, but only 3 passages")
    assert fewer.waiting_for == "approval:write_examples" and "3 passages" in fewer.text and not service.asked
    first = say(talk, "yes")
    assert len(service.asked) == 3 and "5 passages are left" in first.text
    more = say(talk, "write more examples")
    assert "5 passages" in more.text and "3 passages were done before" in more.text
    assert "left;" not in say(talk, "yes").text and len(service.asked) == 8


def test_a_service_that_fails_half_way_keeps_what_is_done_and_goes_on_later(opened: Opened, tmp_path: Path) -> None:
    handbook = tmp_path / "handbook.md"
    handbook.write_text("\n\n".join(f"# Part {n}\n\n" + f"{sentence} " * 40 for n, sentence in enumerate(FACTS)))
    fact = {"type": "factoid", "question": "What colour is the visitors' book?", "answer": "Green.",
            "quote": "The visitors' book is green"}  # fmt: skip
    broken = UserError("The service takes no more questions.", action="Wait a while.")
    service = Service(json.dumps([fact]), broken)
    talk = opened(service.writer(), file=handbook)
    reply = say(talk, "write examples with the model", "yes")
    assert "takes no more questions. Wait a while." in reply.text and "1 passage." in reply.text
    assert len(service.asked) == 2 and len(Replies(talk.project.replies).read()) == 1
    service.replies = ["[]"]
    asked = say(talk, "go on writing")
    assert "1 passage of handbook.md" in asked.text and "1 passage was done before" in asked.text
    say(talk, "yes")
    assert len(service.asked) == 3


FACTS = ("The visitors' book is green and lies at the desk.", "A parcel is kept for ten days at the desk.")


def test_a_service_that_fails_at_once_changes_nothing(opened: Opened) -> None:
    talk = opened(Service(UserError("The key is not accepted.", action="Check the key.")).writer())
    before = talk.project.read_examples()
    reply = say(talk, "write examples with the model", "yes")
    assert "The key is not accepted. Check the key." in reply.text and "Nothing was changed" in reply.text
    assert talk.project.read_examples() == before and reply.waiting_for == "files"


def test_a_turn_that_was_killed_in_the_middle_is_finished_when_the_program_comes_back(
    assistant: Assistant, opened: Opened, tmp_path: Path
) -> None:
    handbook = tmp_path / "handbook.md"
    handbook.write_text("\n\n".join(f"# Part {n}\n\n" + f"{sentence} " * 40 for n, sentence in enumerate(FACTS)))
    calls: list[str] = []

    def dies_at_the_second(system: str, user: str) -> str:
        calls.append(user)
        if len(calls) == 2:
            raise SystemExit
        return "[]"

    talk = opened(Writer(SERVICE, dies_at_the_second), file=handbook)
    say(talk, "write examples with the model")
    with pytest.raises(SystemExit):
        say(talk, "yes")
    talk.close()
    service = Service("[]")
    assistant.services.writer = service.writer()
    with closing(assistant.conversation(talk.project.name)) as again:
        list(again.open())
        assert len(service.asked) == 1 and service.asked[0] == calls[1]
        assert "1 passage" in again.reply().text and again.reply().waiting_for == "files"


def test_another_chat_model_is_held_to_the_same_cost_and_the_same_yes(home: Path, tmp_path: Path) -> None:
    talk = scripted(home, calling("read_files", names=["policy.docx"]), "Read.", calling("write_examples"), "Done.")
    service = Service(REPLY)
    talk.context.services.writer = service.writer()
    say(talk, "here", files=[policy_docx(tmp_path / "policy.docx")])
    asked = say(talk, "write examples")
    assert asked.waiting_for == "approval:write_examples" and not service.asked
    assert "one call each" in asked.text and asked.text.endswith("Shall I have the examples written?")
    assert say(talk, "yes").text == "Done." and len(service.asked) == 1 and len(written(talk)) == 3


@pytest.mark.parametrize("arguments", [{"passages": "many"}, {"passages": None}, {"passages": "1", "all": True}])
def test_what_another_chat_model_asks_for_in_odd_words_never_goes_round_the_yes(
    home: Path, tmp_path: Path, arguments: dict[str, Any]
) -> None:
    talk = scripted(
        home, calling("read_files", names=["policy.docx"]), "Read.", calling("write_examples", **arguments), "Done."
    )
    service = Service(REPLY)
    talk.context.services.writer = service.writer()
    say(talk, "here", files=[policy_docx(tmp_path / "policy.docx")])
    asked = say(talk, "write examples")
    assert not service.asked
    assert asked.waiting_for == "approval:write_examples" or asked.text == "Done."


def test_rows_added_after_the_test_set_was_sealed_open_it_again(home: Path, tmp_path: Path) -> None:
    context = prepared_context(home, tmp_path)
    sealed = read_sources(context.project).model_copy(update={"sealed": "hash", "prepared": True})
    write_model(context.project.sources, sealed)
    call(context)
    assert read_sources(context.project).sealed is None and not read_sources(context.project).prepared
    assert "written by" in str(undo(context.project))
    assert read_sources(context.project).sealed == "hash"


def test_a_model_that_sorts_gets_no_such_rows(home: Path, tmp_path: Path) -> None:
    context = prepared_context(home, tmp_path)
    write_model(context.project.brief, Brief(organisation="A clinic.", task="classify"))
    with pytest.raises(UserError, match="sort"):
        call(context)


def prepared_context(home: Path, tmp_path: Path) -> Context:
    from finetune.project import Project
    from tools.registry import TOOLS

    context = Context(Project.open(home, "clinic"), Services(home, writer=Service(REPLY).writer()))
    policy_docx(context.project.files / "policy.docx")
    TOOLS["read_files"][0].func(SimpleNamespace(context=context), names=["policy.docx"])  # type: ignore[attr-defined]
    return context


def call(context: Context) -> str:
    from tools.writing import write_examples

    assert write_examples.func is not None
    said: list[Any] = []
    text, _ = write_examples.func(SimpleNamespace(context=context, stream_writer=said.append))
    return str(text)


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("write examples from my documents with the model", "write_examples"),
        ("Can you write questions and answers from our handbook?", "write_examples"),
        ("ok, let the language model write some examples", "write_examples"),
        ("please use gpt-5 to make more questions", "write_examples"),
        ("generate question answer pairs with an LLM", "write_examples"),
        ("create 50 examples from the handbook using the AI", "write_examples"),
        ("write more examples", "write_examples"),
        ("go on writing", "write_examples"),
        ("how much would it cost?", "writing_cost"),
        ("What would that cost us?", "writing_cost"),
        ("and how many tokens would it take", "writing_cost"),
        ("what's the price of that?", "writing_cost"),
        ("don't write examples with the model", None),
        ("people write questions with the ai model of our website", None),
        ("create training rows from the handbook", None),
        ("How much does a crown cost?", None),
        ("why does the model write such answers?", None),
        ("prepare the data", None),
        ("write to us with any questions", None),
    ],
)
def test_the_wish_is_read_from_plain_sentences(said: str, wish: str | None) -> None:
    assert writing_wish(said) == wish


def test_a_number_of_passages_is_read() -> None:
    assert passages_wanted("only the first 10 passages please") == {"passages": 10}
    assert passages_wanted("write 10 examples") == {}


# The model behind it


class StatusError(Exception):
    def __init__(self, status_code: int | None, code: str | None = None) -> None:
        super().__init__("sk-secret-key in the words of the provider")
        self.status_code, self.code = status_code, code


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StatusError(401), "does not accept the key"),
        (StatusError(403), "does not accept the key"),
        (StatusError(429), "too many"),
        (StatusError(429, "insufficient_quota"), "credit"),
        (StatusError(404), "no model"),
        (StatusError(500), "StatusError 500"),
        (ConnectionRefusedError(), "could not be reached"),
        (TimeoutError(), "could not be reached"),
        (type("APITimeoutError", (Exception,), {})(), "could not be reached"),
        (type("AuthenticationError", (Exception,), {})(), "does not accept the key"),
        (type("RateLimitError", (Exception,), {})(), "too many"),
        (ValueError("sk-secret-key"), "ValueError"),
    ],
)
def test_each_failure_of_a_service_is_told_with_what_to_do_and_without_its_own_words(
    error: Exception, words: str
) -> None:
    said = told(error, SERVICE)
    assert words in str(said) and "done is kept" in said.action and "secret" not in str(said)


def test_a_model_that_never_answers_is_not_waited_for_for_ever() -> None:
    model = FakeListChatModel(responses=["late"], sleep=5)
    with pytest.raises(UserError, match="did not answer within"):
        reply_in_time(model, SERVICE, "system", "user", seconds=0.1)


def test_a_model_that_thinks_in_parts_is_read_by_its_text() -> None:
    message = AIMessage([{"type": "reasoning", "reasoning": "Hm."}, {"type": "text", "text": REPLY}])
    ask = writer_of(FakeMessagesListChatModel(responses=[message]), SERVICE).ask
    assert ask("system", "user") == REPLY


@contextmanager
def openai(monkeypatch: pytest.MonkeyPatch, url: str) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    yield


def test_a_server_that_speaks_openais_api_writes_examples_while_the_guide_leads(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving([REPLY]) as server, openai(monkeypatch, server.url):
        named = replace(settings(home), writer_model="openai:any-model")
        with closing(Assistant(named).conversation("team")) as talk:
            list(talk.open())
            say(talk, "we are a dental practice in Ohio", "skip everything", "keep none")
            say(talk, "", files=[policy_docx(tmp_path / "policy.docx")])
            asked = say(talk, "write examples with the model")
            assert "asked on this machine" in asked.text and server.asked == []
            say(talk, "yes")
            assert [row.written["model"] for row in written(talk) if row.written] == ["openai:any-model"] * 3
    roles = [message["role"] for message in server.asked[0]["messages"]]
    assert roles == ["system", "user"] and "tools" not in server.asked[0]


def test_the_model_in_the_guides_place_writes_where_no_other_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with openai(monkeypatch, "http://127.0.0.1:9/v1"):
        one = Assistant(replace(settings(home), chat_model="openai:talker"))
        assert one.services.writer and one.services.writer.name == "openai:talker"
        two = Assistant(replace(settings(home), chat_model="openai:talker", writer_model="openai:writer"))
        assert two.services.writer and two.services.writer.name == "openai:writer"
    with pytest.raises(UserError, match="nobody:knows") as caught:
        Assistant(replace(settings(home), writer_model="nobody:knows"))
    assert caught.value.where == writer_module.SETTING


def test_a_model_stays_on_this_machine_only_where_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    from langchain_openai import ChatOpenAI

    monkeypatch.setenv("OPENAI_API_KEY", "none")
    here = ChatOpenAI(model="m", base_url="http://localhost:8080/v1")
    assert stays_here(here, "openai:m") and not stays_here(here, "ollama:big-cloud")
    assert not stays_here(ChatOpenAI(model="m"), "openai:m")
    assert not stays_here(ChatOpenAI(model="m", base_url="http://127.0.0.1.example.org/v1"), "openai:m")
    assert not stays_here(FakeListChatModel(responses=[""]), "anything")
    assert on_this_machine("127.0.0.1:11434") and on_this_machine("http://[::1]:80") and not on_this_machine("10.0.0.1")
