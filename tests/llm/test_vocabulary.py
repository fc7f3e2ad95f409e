import socket
from pathlib import Path

import pytest
import tiktoken
import tiktoken.load
import tiktoken.registry

from explainer.brief.tokens import ESTIMATE
from explainer.llm.vocabulary import counter


@pytest.fixture
def no_vocabulary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A machine without a vocabulary; what tries to connect is written down and refused."""
    tried = list[object]()

    def refuse(self: socket.socket, address: object) -> None:
        tried.append(address)
        raise OSError("no network in this test")

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(tiktoken.registry, "ENCODINGS", {})
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tried


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-3.5-turbo", "llama3.2", ""])
def test_without_the_table_it_is_estimated_and_nothing_is_fetched(no_vocabulary: list[object], model: str) -> None:
    assert counter(model) is ESTIMATE
    assert no_vocabulary == []


def test_tiktoken_alone_would_have_fetched_it(no_vocabulary: list[object]) -> None:
    with pytest.raises(Exception, match=r"network|connect|resolve|Max retries"):
        tiktoken.get_encoding("o200k_base")


@pytest.mark.usefixtures("no_vocabulary")
def test_tiktoken_is_left_as_it_was() -> None:
    before = tiktoken.load.read_file
    counter("gpt-4o")
    assert tiktoken.load.read_file is before


def test_with_the_table_the_count_is_exact() -> None:
    exact = counter("gpt-4o")
    if exact is ESTIMATE:
        pytest.skip("tiktoken's vocabulary is not on this machine: set TIKTOKEN_CACHE_DIR to a folder that holds it")
    assert exact.name == "tiktoken o200k_base"
    assert exact.count("hello world") == 2
    assert exact.count("<|endoftext|>") > 1
