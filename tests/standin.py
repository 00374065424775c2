"""A stand-in for an OpenAI-compatible chat server, on loopback: answers from a script and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = str | tuple[str, dict[str, Any]]  # words, or a tool's name and arguments


class StandIn:
    """`asked` holds the request bodies; each answer of the script is given once, then "That is all."."""

    def __init__(self, script: list[Answer]) -> None:
        self.script, self.asked = list(script), list[dict[str, Any]]()
        self.url = ""

    def delta(self) -> dict[str, Any]:
        answer = self.script.pop(0) if self.script else "That is all."
        if isinstance(answer, str):
            return {"role": "assistant", "content": answer}
        name, arguments = answer
        call = {"name": name, "arguments": json.dumps(arguments)}
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"index": 0, "id": f"call_{len(self.asked)}", "type": "function", "function": call}],
        }


@contextmanager
def serving(script: list[Answer]) -> Iterator[StandIn]:
    """Run the stand-in for as long as the block lasts."""
    stand_in = StandIn(script)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stand_in.asked.append(body)
            delta = stand_in.delta()
            reason = "tool_calls" if "tool_calls" in delta else "stop"
            common = {"id": "x", "created": 0, "model": body["model"]}
            if body.get("stream"):
                parts = [
                    {
                        **common,
                        "object": "chat.completion.chunk",
                        "choices": [{"index": 0, "delta": d, "finish_reason": r}],
                    }
                    for d, r in ((delta, None), ({}, reason))
                ]
                content = "".join(f"data: {json.dumps(p)}\n\n" for p in parts) + "data: [DONE]\n\n"
                kind = "text/event-stream"
            else:
                choice = {"index": 0, "message": delta, "finish_reason": reason}
                content = json.dumps({**common, "object": "chat.completion", "choices": [choice]})
                kind = "application/json"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content.encode())))
            self.end_headers()
            self.wfile.write(content.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
