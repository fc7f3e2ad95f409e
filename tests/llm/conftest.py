"""How the model's replies are recorded and played back; cassettes/README.md says how to record them anew."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from servers import chat

PORT = 18080
"""A recording holds the address that was asked, so the scripted server is always at the same one."""


@pytest.fixture(scope="session")
def vcr_config() -> dict[str, Any]:
    """Leave out of a recording what is secret or differs from machine to machine."""
    secret = ["authorization", "api-key", "x-api-key", "user-agent", "cookie", "accept-encoding"]
    return {
        "filter_headers": secret,
        "before_record_request": _without_machine,
        "before_record_response": _without_date,
        "match_on": ["method", "scheme", "host", "port", "path", "normalised body"],
    }


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """One folder a test module."""
    return str(Path(__file__).parents[2] / "cassettes" / request.module.__name__.rpartition(".")[2])


def pytest_recording_configure(config: pytest.Config, vcr: Any) -> None:
    """Teach vcrpy to compare what a request asks, whatever its nonce."""
    vcr.register_matcher("normalised body", _same_body)


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The scripted server's address; the server runs only while replies are recorded."""
    if request.config.getoption("--record-mode") == "none":
        yield f"http://127.0.0.1:{PORT}/v1"
        return
    with chat.running(PORT) as url:
        yield url


def _same_body(first: Any, second: Any) -> None:
    assert _normalised(first.body) == _normalised(second.body), "the prompts have changed: record the cassettes anew"


def _normalised(body: bytes | str | None) -> Any:
    """Return the request, with the nonce of its fences and the mark of its lines replaced by fixed words."""
    text = body.decode() if isinstance(body, bytes) else body or "{}"
    if found := re.search(r"<brief ([0-9a-f]{16})>", text):
        text = text.replace(found[1], "NONCE").replace(f"{found[1][:4]}|", "MARK|")
    return json.loads(text)


def _without_machine(request: Any) -> Any:
    for name in [name for name in request.headers if name.lower().startswith("x-stainless")]:
        del request.headers[name]
    return request


def _without_date(response: Any) -> Any:
    for name in [name for name in response["headers"] if name.lower() in ("date", "server")]:
        del response["headers"][name]
    return response
