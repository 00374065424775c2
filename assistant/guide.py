"""The guide: a chat model that needs no language model. It decides by rules, from the project's files and the words."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import uuid4

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

from assistant.messages import current_exchange
from assistant.moves import Say
from assistant.policy import Policy
from assistant.understanding import Understood
from tools.journey import State


class Guide(BaseChatModel):
    """Answers each step of a turn with words or one tool call, like any chat model that can call tools.

    `additional_kwargs` of a spoken message hold `options`, `waiting_for` and the guide's own notes.
    """

    state: Callable[[], State] = Field(exclude=True)
    read: Callable[..., Understood] = Field(exclude=True)
    define: Callable[[str], str | None] = Field(exclude=True)

    @property
    def _llm_type(self) -> str:
        return "attune-guide"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[LanguageModelInput, AIMessage]:
        return self.bind(**kwargs)  # it knows the tools by name; the agent still checks every call

    def _next(self, messages: Sequence[BaseMessage]) -> AIMessage:
        policy = Policy(self.state(), current_exchange(messages), self.read, self.define)
        move = policy.move()
        if isinstance(move, Say):
            notes = {"options": list(move.options), "waiting_for": move.waiting_for, "language": policy.language}
            notes |= move.note
            return AIMessage(move.text, additional_kwargs=notes)
        call = {"name": move.tool, "args": move.args, "id": f"call_{uuid4().hex[:12]}", "type": "tool_call"}
        return AIMessage(move.text, tool_calls=[call])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        said = self._next(messages)
        chunk = AIMessageChunk(
            content=said.content, additional_kwargs=said.additional_kwargs, tool_calls=said.tool_calls
        )
        yield ChatGenerationChunk(message=chunk)
