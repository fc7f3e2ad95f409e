"""How the model's replies are recorded and played back; cassettes/README.md says how to record them anew."""

import json
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
        # The prompt holds a nonce: what is asked is matched by place and model, not byte for byte.
        "match_on": ["method", "scheme", "host", "port", "path", "model"],
    }


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """One folder a test module."""
    return str(Path(__file__).parents[2] / "cassettes" / request.module.__name__.rpartition(".")[2])


def pytest_recording_configure(config: pytest.Config, vcr: Any) -> None:
    """Teach vcrpy to compare the model that a request asks for."""
    vcr.register_matcher("model", _same_model)


@pytest.fixture(scope="session")
def base_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The scripted server's address; the server runs only while replies are recorded."""
    if request.config.getoption("--record-mode") == "none":
        yield f"http://127.0.0.1:{PORT}/v1"
        return
    with chat.running(PORT) as url:
        yield url


def _same_model(first: Any, second: Any) -> bool:
    return bool(_model(first.body) == _model(second.body))


def _model(body: bytes | str | None) -> str:
    found: str = json.loads(body or b"{}").get("model", "")
    return found


def _without_machine(request: Any) -> Any:
    for name in [name for name in request.headers if name.lower().startswith("x-stainless")]:
        del request.headers[name]
    return request


def _without_date(response: Any) -> Any:
    for name in [name for name in response["headers"] if name.lower() in ("date", "server")]:
        del response["headers"][name]
    return response
