"""Whole conversations of different people, up to the plan: no dead end, no question asked twice."""

from pathlib import Path

import pytest

from assistant.conversation import Assistant, Conversation
from assistant.events import Reply
from tests.files import dental_csv, policy_docx, policy_pdf
from tests.talking import say
from tools.journey import read_brief, read_sources

pytestmark = pytest.mark.slow


def answer_all(talk: Conversation, answers: dict[str, str], *, until: str) -> Reply:
    """Answer questions until one of a kind is asked; each field may be asked for only once."""
    asked: list[str] = []
    reply = talk.reply()
    while reply.waiting_for != until:
        field = reply.waiting_for
        assert field is not None, f"a dead end: {reply.text}"
        assert field not in asked, f"{field} is asked twice"
        asked.append(field)
        reply = say(talk, answers.get(field, "skip"))
    return reply


def test_an_insurer_with_only_documents_gets_to_a_plan(talk: Conversation, tmp_path: Path) -> None:
    say(talk, "hi there")
    say(
        talk,
        "We are an insurance broker in London. Our agents answer questions about claims. No spreadsheets, just PDFs.",
    )
    brief = read_brief(talk.project)
    assert brief.industry == "insurance"
    assert brief.jurisdictions == ["UK"]
    answers = {
        "inputs": "claims questions by e-mail",
        "outputs": "a short reply",
        "right_answer": "it says what the policy says",
        "never": "promise that a claim is paid",
        "rules": "keep all",
    }
    answer_all(talk, answers, until="files")
    say(talk, "", files=[policy_pdf(tmp_path / "policy.pdf")])
    say(talk, "", files=[policy_docx(tmp_path / "handbook.docx")])
    prepared = say(talk, "that's all I have")
    assert "report" in {card["kind"] for card in prepared.cards}
    quoted = [e for e in talk.project.read_examples() if e.source.file == "policy.pdf"]
    assert quoted and all(e.source.quote and e.source.page == 1 for e in quoted)
    verdict = next(card for card in say(talk, "approved").cards if card["kind"] == "verdict")
    assert verdict["level"] in ("caution", "stop")  # so few rows are said to be few
    reply = talk.reply()
    assert reply.waiting_for in ("train_anyway", "approval:start_training")


def test_a_bank_that_sorts_messages_keeps_its_categories(talk: Conversation, shared: Path) -> None:
    say(talk, "we're a bank in Ireland, we want incoming customer messages sorted into categories")
    assert read_brief(talk.project).task == "classify"
    answer_all(talk, {"rules": "keep none"}, until="files")
    read = say(talk, "", files=[shared / "data" / "banking77_train.csv"])
    assert "10003" in read.text.replace(",", "")
    say(talk, "prepare the data")
    rows = [e for e in talk.project.read_examples() if e.source.file == "banking77_train.csv"]
    assert {e.kind for e in rows} == {"category"}
    approved = say(talk, "approved")
    verdict = next(card for card in approved.cards if card["kind"] == "verdict")
    assert verdict["figures"]


def test_someone_who_changes_their_mind_and_leaves_finds_everything(
    assistant: Assistant, talk: Conversation, tmp_path: Path
) -> None:
    say(talk, "we are a clinic in Texas and answer patients' questions")
    say(talk, "sorry, not Texas, we are in Florida")
    say(talk, "actually we want to draft letters, not answer questions")
    brief = read_brief(talk.project)
    assert brief.jurisdictions == ["US-FL"]
    assert brief.task == "draft"
    say(talk, "", files=[dental_csv(tmp_path / "letters.csv")])
    before = talk.reply()
    name = talk.project.name
    talk.close()
    again = assistant.conversation(name)
    assert list(again.open()) == []
    assert again.reply() == before
    answer_all(again, {"rules": "keep all"}, until="files")
    say(again, "prepare the data")
    assert read_sources(again.project).prepared
    where = say(again, "where are we?").text
    assert "letters" in where or "1 file" in where
    again.close()
