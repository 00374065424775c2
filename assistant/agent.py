"""One agent, two brains: the guide or any LangChain chat model, with the same tools, approvals and thread."""

from collections.abc import Callable
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    HumanInTheLoopMiddleware,
    InterruptOnConfig,
    ModelRequest,
    ToolCallLimitMiddleware,
    dynamic_prompt,
    wrap_tool_call,
)
from langchain.chat_models import init_chat_model
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import ToolMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

import finetune.errors
import knowledge.errors
from assistant.prompt import system_prompt
from tools.context import Context
from tools.journey import read_state
from tools.registry import APPROVALS, SAID_WITH_IT, TOOLS

CALLS_A_TURN = 12  # a turn of the longest kind makes seven
USER_ERRORS = (finetune.errors.UserError, knowledge.errors.UserError)


@wrap_tool_call
def tell_user_errors(
    request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]]
) -> ToolMessage | Command[Any]:
    """What the user can mend becomes the tool's answer; anything else is a bug and escapes."""
    try:
        return handler(request)
    except USER_ERRORS as error:
        return ToolMessage(
            str(error), name=request.tool_call["name"], tool_call_id=request.tool_call["id"] or "", status="error"
        )


@dynamic_prompt
def where_we_are(request: ModelRequest[Context]) -> str:
    """The system prompt holds the project's state, read anew for every step."""
    return system_prompt(read_state(request.runtime.context.project))


def chat_model(name: str, *, where: str = "ATTUNE_CHAT_MODEL") -> BaseChatModel:
    """A chat model by its LangChain name, such as openai:gpt-5-mini or ollama:qwen3; `where` it was named.

    Raises:
        UserError: the package for that provider is missing, or the name is not understood.
    """
    try:
        model: BaseChatModel = init_chat_model(name)
    except (ImportError, ValueError) as error:
        raise finetune.errors.UserError(
            f"The chat model {name!r} cannot be used: {error}",
            where=where,
            action="Install the provider's package and set its key, or unset the variable to use the built-in guide.",
        ) from error
    return model


def asking(name: str, question: str) -> InterruptOnConfig:
    """How approval for a tool is asked: with what has to be said first, such as a cost, if it was not just now."""
    saying = SAID_WITH_IT.get(name)
    if saying is None:
        return {"allowed_decisions": ["approve", "reject"], "description": question}

    def description(tool_call: Any, state: Any, runtime: Any) -> str:
        said = saying(runtime.context, tool_call["args"]) or ""
        return question if said in state["messages"][-1].text else f"{said} {question}"

    def when(request: Any) -> bool:
        return saying(request.runtime.context, request.tool_call["args"]) is not None

    return {"allowed_decisions": ["approve", "reject"], "description": description, "when": when}


def build_agent(
    model: BaseChatModel, checkpointer: BaseCheckpointSaver[Any], *, prompted: bool
) -> "CompiledStateGraph[Any, Context, Any, Any]":
    """The agent over one thread. `prompted` adds the system prompt, which the guide does not need."""
    middleware: list[AgentMiddleware[Any, Any]] = [
        tell_user_errors,
        HumanInTheLoopMiddleware(interrupt_on={name: asking(name, question) for name, question in APPROVALS.items()}),
        ToolCallLimitMiddleware(run_limit=CALLS_A_TURN, exit_behavior="end"),
    ]
    if prompted:
        middleware.append(where_we_are)
    return create_agent(
        model,
        [tool for tool, _ in TOOLS.values()],
        middleware=middleware,
        context_schema=Context,
        checkpointer=checkpointer,
    )
