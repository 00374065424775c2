"""Any chat model in the guide's place has the same tools, the same approvals and the same rules."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable

from assistant.agent import chat_model
from assistant.conversation import Assistant, Conversation
from assistant.events import ToolFinished
from assistant.prompt import system_prompt
from finetune.errors import UserError
from tests.standin import serving
from tests.talking import last, settings
from tools.journey import Knowledge, Offered, read_brief, read_state, write_model


class Scripted(FakeMessagesListChatModel):
    """A chat model that says what the test wrote down; it accepts tools and ignores them."""

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, Any]:
        return self


def calling(tool: str, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": tool, "args": arguments, "id": f"call-{tool}", "type": "tool_call"}])


def scripted(home: Path, *messages: AIMessage | str) -> Conversation:
    said: list[BaseMessage] = [m if isinstance(m, AIMessage) else AIMessage(m) for m in messages]
    return Assistant(settings(home), Scripted(responses=said)).conversation("team")


def test_another_chat_model_fills_the_same_brief(home: Path) -> None:
    talk = scripted(home, calling("record_facts", facts={"industry": "banking"}), "Noted: banking.")
    reply = last(talk.send("we are a credit union"))
    assert reply.text == "Noted: banking."
    assert read_brief(talk.project).industry == "banking"
    assert reply.cards[0]["kind"] == "brief"


def test_another_chat_model_cannot_skip_a_stage(home: Path) -> None:
    talk = scripted(home, calling("plan_training"), "It is too early.")
    events = list(talk.send("train now"))
    refused = next(e for e in events if isinstance(e, ToolFinished))
    assert refused.failed
    assert "not approved" in refused.text


def test_another_chat_model_cannot_approve_the_test_set_for_the_user(home: Path) -> None:
    talk = scripted(home, calling("approve_data"), "It needs your word.")
    events = list(talk.send("just do everything yourself"))
    assert next(e for e in events if isinstance(e, ToolFinished)).failed


def test_deleting_waits_for_a_yes_and_a_no_leaves_everything(home: Path) -> None:
    talk = scripted(home, calling("delete_project"), "I left it.")
    reply = last(talk.send("delete the project"))
    assert reply.waiting_for == "approval:delete_project"
    assert reply.options == ["Yes", "No"]
    reply = last(talk.send("no"))
    assert reply.text == "I left it."
    assert talk.project.dir.exists()


def test_a_yes_deletes_the_project_with_its_conversation(home: Path) -> None:
    talk = scripted(home, calling("delete_project"), "Gone.")
    list(talk.send("delete the project"))
    list(talk.send("yes"))
    assert not talk.project.dir.exists()


def test_a_waiting_approval_survives_a_restart(home: Path) -> None:
    list(scripted(home, calling("delete_project")).send("delete the project"))
    again = scripted(home, "I left it.")
    assert again.reply().waiting_for == "approval:delete_project"
    assert last(again.send("no, keep it")).text == "I left it."


def test_a_wrong_argument_goes_back_to_the_model(home: Path) -> None:
    talk = scripted(home, calling("record_facts", facts={"industry": "astrology"}), "I cannot note that.")
    events = list(talk.send("we are astrologers"))
    told = next(e for e in events if isinstance(e, ToolFinished))
    assert told.failed
    assert "industry" in told.text


def test_a_model_that_calls_tools_for_ever_is_stopped(home: Path) -> None:
    talk = scripted(home, *[calling("project_status") for _ in range(40)])
    assert last(talk.send("hello"))
    assert len([m for m in talk.messages() if m.type == "tool"]) < 40


def test_an_openai_compatible_server_takes_the_guides_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = [("record_facts", {"facts": {"industry": "insurance"}}), "You are insurers. What comes in?"]
    with serving(list(script)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        talk = Assistant(settings(home, "openai:any-model")).conversation("team")
        reply = last(talk.send("we sell insurance"))
    assert reply.text == "You are insurers. What comes in?"
    assert read_brief(talk.project).industry == "insurance"
    first = server.asked[0]
    assert {"record_facts", "start_training"} <= {tool["function"]["name"] for tool in first["tools"]}
    assert "Still to ask" in first["messages"][0]["content"]


def test_a_chat_model_is_told_what_kept_rules_leave_to_the_team(home: Path) -> None:
    project = scripted(home).project
    asked = "Who answers requests for records?"
    assert asked not in system_prompt(read_state(project))
    kept = Offered(id="gdpr-access", as_of="2024", fingerprint="", reason="", asks=asked, kept=True)
    write_model(project.knowledge, Knowledge(offered=[kept]))
    assert f"gdpr-access: {asked}" in system_prompt(read_state(project))


def test_a_chat_model_that_is_not_there_is_named_with_what_to_do(home: Path) -> None:
    with pytest.raises(UserError, match="ATTUNE_CHAT_MODEL") as error:
        chat_model("nobody:knows")
    assert error.value.action
