"""A tuned model behind the API that OpenAI's clients speak: `python -m finetune.serve RUN_DIR`."""

import argparse
import hmac
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from finetune.errors import UserError
from finetune.example import Message

if TYPE_CHECKING:
    from fastapi import FastAPI

    from finetune.generate import ChatModel

MOST_BYTES = 1_000_000  # far above any conversation the context can hold
KEY_VARIABLE = "ATTUNE_API_KEY"
TUNED, BASE = "tuned", "base"


class TextPart(BaseModel):
    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    def as_message(self) -> Message:
        text = self.content if isinstance(self.content, str) else "\n".join(part.text for part in self.content)
        return Message(role="system" if self.role == "developer" else self.role, content=text)


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatRequest(BaseModel):
    """The part of OpenAI's request that is honoured; fields beyond it are ignored, as other servers do."""

    model: str
    messages: list[ChatMessage] = Field(min_length=1)
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    temperature: float = Field(0.0, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    seed: int | None = None
    stop: str | list[str] | None = None
    n: Literal[1] = 1
    stream: bool = False
    stream_options: StreamOptions | None = None

    @property
    def most_tokens(self) -> int:
        return self.max_completion_tokens or self.max_tokens or 256

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


class RequestError(Exception):
    """A request that cannot be answered, in OpenAI's words."""

    def __init__(self, status: int, message: str, *, kind: str = "invalid_request_error", code: str | None = None):
        self.status, self.message, self.kind, self.code = status, message, kind, code
        super().__init__(message)

    def as_json(self) -> dict[str, Any]:
        return {"error": {"message": self.message, "type": self.kind, "param": None, "code": self.code}}


class Completion:
    """One answer being made: its pieces, and the counts that are known at its end."""

    def __init__(self, chat: "ChatModel", request: ChatRequest) -> None:
        """
        Raises:
            RequestError: the model is not served here, or the conversation is too long for it.
        """
        if request.model not in served_models(chat):
            raise RequestError(
                404,
                f"The model {request.model!r} is not served here. Use one of: {', '.join(served_models(chat))}.",
                code="model_not_found",
            )
        self._chat, self._most_tokens = chat, request.most_tokens
        self.id = f"chatcmpl-{uuid.uuid4().hex}"
        self.created = int(time.time())
        self.model = request.model
        messages = [message.as_message() for message in request.messages]
        self.prompt_tokens = len(chat.prompt(messages))
        self.text = ""
        try:
            self._pieces = chat.reply(
                messages,
                tuned=request.model == TUNED,
                max_tokens=request.most_tokens,
                temperature=request.temperature,
                top_p=request.top_p,
                stop=request.stops,
                seed=request.seed,
            )
        except UserError as error:
            raise RequestError(400, str(error), code="context_length_exceeded") from error

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            self.text += piece
            yield piece

    @property
    def finish_reason(self) -> str:
        room = self._chat.context_length - self.prompt_tokens
        return "length" if self.answer_tokens >= min(self._most_tokens, room) else "stop"

    @property
    def answer_tokens(self) -> int:
        return self._chat.count_tokens(self.text)

    @property
    def usage(self) -> dict[str, int]:
        answer = self.answer_tokens
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": answer,
            "total_tokens": self.prompt_tokens + answer,
        }

    def whole(self) -> dict[str, Any]:
        """The answer as one object."""
        text = "".join(self)
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "logprobs": None,
            "finish_reason": self.finish_reason,
        }
        return {**self._head("chat.completion"), "choices": [choice], "usage": self.usage}

    def events(self, *, include_usage: bool) -> Iterator[str]:
        """The answer as server-sent events."""
        yield self._event({"role": "assistant", "content": ""})
        for piece in self:
            yield self._event({"content": piece})
        yield self._event({}, finish_reason=self.finish_reason)
        if include_usage:
            yield _sse({**self._head("chat.completion.chunk"), "choices": [], "usage": self.usage})
        yield "data: [DONE]\n\n"

    def _event(self, delta: dict[str, str], *, finish_reason: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return _sse({**self._head("chat.completion.chunk"), "choices": [choice]})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def served_models(chat: "ChatModel") -> list[str]:
    return [TUNED, BASE] if chat.has_adapter else [BASE]


def make_server(chat: "ChatModel", *, key: str | None = None) -> "FastAPI":
    """The web application.

    Args:
        key: what callers must send as `Authorization: Bearer …`; None lets everyone who reaches the port in.
    """
    from fastapi import FastAPI, Request
    from fastapi.responses import JSONResponse, StreamingResponse
    from starlette.concurrency import run_in_threadpool
    from starlette.exceptions import HTTPException

    app = FastAPI(title="Attune", docs_url=None, redoc_url=None, openapi_url=None)
    started = int(time.time())

    @app.exception_handler(RequestError)
    async def told(_: Request, error: RequestError) -> JSONResponse:
        headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
        return JSONResponse(error.as_json(), error.status, headers=headers)

    @app.exception_handler(HTTPException)
    async def no_such_address(_: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse(RequestError(error.status_code, str(error.detail)).as_json(), error.status_code)

    @app.get("/v1/models")
    async def models(request: Request) -> dict[str, Any]:
        _require_key(request.headers.get("authorization"), key)
        rows = [{"id": n, "object": "model", "created": started, "owned_by": "attune"} for n in served_models(chat)]
        return {"object": "list", "data": rows}

    @app.get("/v1/models/{name}")
    async def model(name: str, request: Request) -> dict[str, Any]:
        _require_key(request.headers.get("authorization"), key)
        if name not in served_models(chat):
            raise RequestError(404, f"The model {name!r} is not served here.", code="model_not_found")
        return {"id": name, "object": "model", "created": started, "owned_by": "attune"}

    @app.post("/v1/chat/completions", response_model=None)
    async def chat_completions(request: Request) -> JSONResponse | StreamingResponse:
        _require_key(request.headers.get("authorization"), key)
        asked = _read(await _body(request.stream))
        completion = await run_in_threadpool(Completion, chat, asked)
        if asked.stream:
            usage = bool(asked.stream_options and asked.stream_options.include_usage)
            events = completion.events(include_usage=usage)
            return StreamingResponse(events, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
        return JSONResponse(await run_in_threadpool(completion.whole))

    return app


def _require_key(header: str | None, key: str | None) -> None:
    given = (header or "").removeprefix("Bearer ").strip()
    # Compared as bytes and in constant time, so that the key cannot be guessed letter by letter.
    if key and not hmac.compare_digest(given.encode(), key.encode()):
        raise RequestError(401, "The API key is missing or wrong.", kind="authentication_error", code="invalid_api_key")


async def _body(stream: Callable[[], Any]) -> bytes:
    """The request's body; it is given up on as soon as it is too long, whatever length it announced."""
    body = b""
    async for piece in stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise RequestError(413, f"The request is larger than {MOST_BYTES:,} bytes.")
    return body


def _read(body: bytes) -> ChatRequest:
    try:
        return ChatRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise RequestError(400, f"{where}: {first['msg']}" if where else first["msg"]) from error


def _sse(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.serve",
        description="Serve a run's tuned and base model to OpenAI-compatible clients.",
        epilog=f"Set {KEY_VARIABLE} to require a key.",
    )
    parser.add_argument("run", type=Path, help="the run's folder, or a model's")
    parser.add_argument("--host", default="127.0.0.1", help="default: only this computer may ask")
    parser.add_argument("--port", type=int, default=8001)
    options = parser.parse_args(arguments)
    key = os.environ.get(KEY_VARIABLE)
    if not key and options.host not in ("127.0.0.1", "localhost", "::1"):
        print(f"{options.host} lets other computers in. Set {KEY_VARIABLE} first, then start again.", file=sys.stderr)  # noqa: T201
        return 1
    from finetune.generate import ChatModel

    try:
        chat = ChatModel.load(options.run)
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    import uvicorn

    uvicorn.run(make_server(chat, key=key), host=options.host, port=options.port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
