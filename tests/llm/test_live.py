"""A real server: EXPLAINER_LIVE_URL=http://127.0.0.1:8080/v1 (llama.cpp, Ollama, vLLM), EXPLAINER_LIVE_MODEL its model.

What a small model says is not tested: that it is asked in a way it understands, and that its words are checked, is.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from explainer import ask
from explainer.llm.model import Message
from explainer.llm.openai import OpenAIModel
from explainer.model import Analysis
from explainer.settings import Settings

URL = os.environ.get("EXPLAINER_LIVE_URL", "")
QUESTION = "Why does my TLS handshake fail?"
pytestmark = [
    pytest.mark.skipif(not URL, reason="EXPLAINER_LIVE_URL is not set: no real server is asked"),
    pytest.mark.block_network(allowed_hosts=[".*"]),
]


@pytest.fixture
def settings() -> Settings:
    name = os.environ.get("EXPLAINER_LIVE_MODEL", "")
    found = Settings(model=name or "any", base_url=URL, model_timeout_s=600, budget=1500)
    known = OpenAIModel.of(found).models(10)
    return found if name or not known else found.model_copy(update={"model": known[0]})


def test_words_come_whole_and_in_pieces(settings: Settings) -> None:
    asked, heard = [Message("user", "Say: ready.")], list[str]()
    assert OpenAIModel.of(settings).reply(asked).text.strip()
    assert OpenAIModel.of(settings).reply(asked, heard=heard.append).text == "".join(heard)


def test_an_answer_is_checked(settings: Settings, analysis_of: Callable[[str], Analysis], captures: Path) -> None:
    capture = captures / "tls12_expired.pcapng"
    found = ask(analysis_of("tls12_expired"), QUESTION, settings=settings, capture=capture)
    assert found.verdict
    assert found.model or "is not shown" in found.note
    assert all(claim.backed or claim.why for claim in found.claims)
