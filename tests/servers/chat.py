"""An OpenAI-compatible server with scripted replies, on loopback: the model's name in a request chooses the reply."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TEXT = "The certificate expired 12 days before the capture. The server's side must act.\n\nframe 6: the certificate"


def _completion(text: str | None, usage: dict[str, int] | None) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
    body = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1763718938, "model": "scripted"}
    return {**body, "choices": [choice], **({"usage": usage} if usage else {})}


def _error(code: str | None, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


ANSWER = {
    "verdict": "tcp_refused happened.", "cause": "", "side": "server",
    "claims": [{"text": "tcp_refused begins.", "frames": [4], "sources": []}],
    "next_steps": ["Mend tcp_refused."], "filters": ["tcp.stream == 0"], "cannot_tell": ["what came before"],
}  # fmt: skip
_USAGE = {"prompt_tokens": 812, "completion_tokens": 40, "total_tokens": 852}
REPLIES: dict[str, tuple[int, Any]] = {
    "good": (200, _completion(TEXT, _USAGE)),
    "answers": (200, _completion(json.dumps(ANSWER), _USAGE)),
    "no-usage": (200, _completion(TEXT, None)),
    "empty": (200, _completion("", _USAGE)),
    "null": (200, _completion(None, _USAGE)),
    "blank": (200, _completion(" \n", _USAGE)),
    "no-choices": (200, {**_completion("", None), "choices": []}),
    "escapes": (200, _completion("All \x1b[31mis\x07 well\u202e.\nSecond line", None)),
    "not-json": (200, "<html>gateway</html>"),
    "bad-key": (401, _error("invalid_api_key", "Incorrect API key provided")),
    "forbidden": (403, _error(None, "Country not supported")),
    "unknown-model": (404, _error("model_not_found", "The model does not exist")),
    "no-quota": (429, _error("insufficient_quota", "You exceeded your current quota")),
    "too-often": (429, _error("rate_limit_exceeded", "Rate limit reached")),
    "too-long": (400, _error("context_length_exceeded", "maximum context length is 8192 tokens")),
    "bad-request": (400, _error(None, "temperature is not supported")),
    "broken": (500, _error(None, "The server had an error")),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer as the model that is asked for; retries are told not to wait."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, reply = REPLIES[asked["model"]]
        text = reply if isinstance(reply, str) else json.dumps(reply)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(reply, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Retry-After-Ms", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running(port: int = 0) -> Iterator[str]:
    """Yield the base URL of a running server."""
    with ThreadingHTTPServer(("127.0.0.1", port), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()
