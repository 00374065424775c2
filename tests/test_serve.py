"""The tuned model behind OpenAI's API, asked by OpenAI's own client over loopback."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import httpx
import openai
import pytest
import uvicorn

from finetune.generate import ChatModel
from finetune.project import Run
from finetune.serve import MOST_BYTES, main, make_server
from tests import tuned as making

KEY = "a-key-of-the-test"


@pytest.fixture(scope="module")
def chat(learnt_run: Run) -> ChatModel:
    return ChatModel.load(learnt_run.dir)


@pytest.fixture(scope="module")
def address(chat: ChatModel) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(make_server(chat, key=KEY), host="127.0.0.1", port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/v1"
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(address: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=address, api_key=KEY, max_retries=0) as client:
        yield client


QUESTION, ANSWER = making.PAIRS[0]
ASKED = [{"role": "user", "content": QUESTION}]


def test_both_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tuned", "base"]
    assert client.models.retrieve("tuned").id == "tuned"


def test_the_tuned_model_answers_with_its_standing_instruction(client: openai.OpenAI, chat: ChatModel) -> None:
    found = client.chat.completions.create(model="tuned", messages=ASKED)
    assert found.choices[0].message.content == ANSWER
    assert found.choices[0].finish_reason == "stop"
    assert found.usage is not None
    assert found.usage.completion_tokens == chat.count_tokens(ANSWER)
    assert found.usage.prompt_tokens > chat.count_tokens(making.SYSTEM) + chat.count_tokens(QUESTION)


def test_a_request_with_its_own_instruction_keeps_it(client: openai.OpenAI) -> None:
    own = [{"role": "system", "content": "Hi"}, *ASKED]
    short = client.chat.completions.create(model="base", messages=own, max_tokens=1).usage
    usual = client.chat.completions.create(model="base", messages=ASKED, max_tokens=1).usage
    assert short is not None and usual is not None
    assert short.prompt_tokens < usual.prompt_tokens


def test_a_streamed_answer_is_the_same_in_pieces(client: openai.OpenAI) -> None:
    chunks = list(
        client.chat.completions.create(
            model="tuned",
            messages=ASKED,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == ANSWER
    assert len(pieces) > 4
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens > 0


def test_the_stream_ends_as_clients_expect(address: str) -> None:
    body = {"model": "tuned", "messages": ASKED, "stream": True}
    answer = httpx.post(f"{address}/chat/completions", json=body, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith("data: [DONE]\n\n")


def test_an_answer_cut_short_says_so(client: openai.OpenAI) -> None:
    found = client.chat.completions.create(model="tuned", messages=ASKED, max_tokens=2)
    assert found.choices[0].finish_reason == "length"
    stopped = client.chat.completions.create(model="tuned", messages=ASKED, stop=[" eight"])
    assert stopped.choices[0].message.content == "We open at"


def test_parts_of_a_message_are_read(client: openai.OpenAI) -> None:
    parts = [{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]
    assert client.chat.completions.create(model="tuned", messages=parts).choices[0].message.content == ANSWER


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("{", 400, "JSON"),
        ("[]", 400, "object"),
        ('{"model": "tuned"}', 400, "messages"),
        ('{"model": "tuned", "messages": []}', 400, "messages"),
        ('{"model": "tuned", "messages": [{"role": "robot", "content": "x"}]}', 400, "messages.0.role"),
        ('{"model": "tuned", "messages": [{"role": "user", "content": "x"}], "temperature": 9}', 400, "temperature"),
        ('{"model": "tuned", "messages": [{"role": "user", "content": "x"}], "n": 2}', 400, "n"),
        ('{"model": "gpt", "messages": [{"role": "user", "content": "x"}]}', 404, "tuned, base"),
        ('{"model": "tuned", "messages": [{"role": "user", "content": "%s"}]}' % ("word " * 900), 400, "reads at most"),
        ("x" * (MOST_BYTES + 1), 413, "larger"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(address: str, body: str, status: int, words: str) -> None:
    answer = httpx.post(f"{address}/chat/completions", content=body, headers={"Authorization": f"Bearer {KEY}"})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert words in error["message"]
    assert error["type"] == "invalid_request_error"


def test_openais_client_raises_its_own_errors(client: openai.OpenAI, address: str) -> None:
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt")
    with (
        openai.OpenAI(base_url=address, api_key="wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError),
    ):
        stranger.chat.completions.create(model="tuned", messages=ASKED)
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="tuned", messages=[])


def test_an_unknown_address_answers_in_the_same_shape(address: str) -> None:
    answer = httpx.get(f"{address}/embeddings")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "Not Found")


def test_two_callers_at_once_get_their_own_answers(client: openai.OpenAI) -> None:
    got: dict[int, str | None] = {}

    def ask(i: int) -> None:
        question = [{"role": "user", "content": making.PAIRS[i][0]}]
        got[i] = client.chat.completions.create(model="tuned", messages=question).choices[0].message.content

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == {i: making.PAIRS[i][1] for i in range(4)}


def test_other_computers_are_let_in_only_with_a_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ATTUNE_API_KEY", raising=False)
    assert main(["nowhere", "--host", "0.0.0.0"]) == 1
    assert "ATTUNE_API_KEY" in capsys.readouterr().err


def test_help_comes_without_loading_the_server() -> None:
    code = "import sys, finetune.serve; sys.exit(any(m in sys.modules for m in ('torch', 'fastapi', 'uvicorn')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
