"""An OpenAI-compatible server on loopback whose replies a test writes: each request is handed to a function.

It keeps the exact bytes of every request, speaks JSON and server-sent events, and can break off in mid-stream.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Said:
    """What the server says: words, tool calls (name, arguments), or an error with its code."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    status: int = 200
    code: str | None = None
    message: str = ""
    ended: str = "stop"
    cut: bool = False


Script = Callable[[dict[str, Any]], Said]


@dataclass
class Scripted:
    """A running server."""

    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    script: Script = lambda asked: Said("")

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The requests as JSON."""
        return [json.loads(request) for request in self.requests]


def brief_of(asked: dict[str, Any]) -> str:
    """Return what the first user message holds, without the marks of its lines."""
    content = next(str(message["content"]) for message in asked["messages"] if message["role"] == "user")
    return re.sub(r"(?m)^[0-9a-f]{4}\| ", "", content)


def answer(verdict: str, *claims: dict[str, Any], **changes: Any) -> Said:
    """Return an answer in the JSON that is asked for."""
    body: dict[str, Any] = {
        "verdict": verdict, "cause": "", "side": "unknown", "claims": list(claims), "next_steps": [], "filters": [],
        "cannot_tell": [],
    }  # fmt: skip
    return Said(json.dumps(body | changes))


@contextmanager
def running(script: Script) -> Iterator[Scripted]:
    """Yield a server that answers by the script."""
    scripted = Scripted(script=script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            scripted.requests.append(raw)
            asked = json.loads(raw)
            said = scripted.script(asked)
            if said.status == 200 and asked.get("stream"):
                self._stream(said)
            else:
                self._whole(said)

        def do_GET(self) -> None:
            self._send(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})

        def _whole(self, said: Said) -> None:
            if said.status != 200:
                error = {"message": said.message, "type": "error", "param": None, "code": said.code}
                self._send(said.status, {"error": error})
                return
            message = {"role": "assistant", "content": said.text or None, "tool_calls": _calls(said) or None}
            choice = {"index": 0, "finish_reason": "tool_calls" if said.calls else said.ended, "message": message}
            usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
            self._send(200, {"id": "1", "object": "chat.completion", "created": 1, "model": "scripted",
                             "choices": [choice], "usage": usage})  # fmt: skip

        def _send(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Retry-After-Ms", "1")
            self.end_headers()
            self.wfile.write(data)

        def _stream(self, said: Said) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            half = len(said.text) // 2 + 1
            pieces: list[dict[str, Any]] = [{"content": part} for part in (said.text[:half], said.text[half:]) if part]
            pieces += [{"tool_calls": [{"index": n, **call}]} for n, call in enumerate(_calls(said))]
            for piece in pieces[: 1 if said.cut else None]:
                self._event({"index": 0, "delta": piece, "finish_reason": None})
            if not said.cut:
                self._event({"index": 0, "delta": {}, "finish_reason": "tool_calls" if said.calls else said.ended})
                self.wfile.write(b"data: [DONE]\n\n")
            self.close_connection = True

        def _event(self, choice: dict[str, Any]) -> None:
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "s", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        scripted.url = f"http://127.0.0.1:{server.server_port}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield scripted
        finally:
            server.shutdown()
            thread.join()


def _calls(said: Said) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for number, (name, arguments) in enumerate(said.calls)
    ]
