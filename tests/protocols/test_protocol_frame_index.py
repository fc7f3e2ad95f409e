from collections.abc import Callable

import pytest

from explainer.facts import Facts
from explainer.protocols.frame_index import INDEX_NEEDS, FrameIndex, frame_index


@pytest.fixture
def index(facts_of: Callable[..., Facts]) -> FrameIndex:
    return facts_of("tls12_expired", *INDEX_NEEDS)[frame_index]


def test_a_frame_tells_what_it_speaks_of(index: FrameIndex) -> None:
    alert = index.get(24)
    assert alert is not None
    assert {"10.20.1.10", "10.20.2.20"} <= alert.addresses
    assert 443 in alert.ports
    assert {"tcp", "tls"} <= alert.protocols
    assert (alert.stream, alert.source) == ("tcp:1", "10.20.1.10")
    assert "Certificate Expired" in alert.info


def test_signs(index: FrameIndex) -> None:
    assert [sign for number in (17, 25, 26) if (sight := index.get(number)) for sign in sight.signs] == [
        "syn", "finish", "reset",
    ]  # fmt: skip


def test_the_whole(index: FrameIndex) -> None:
    assert len(index) == 70
    assert 70 in index
    assert 71 not in index
    assert index.get(71) is None
    assert {"10.20.1.1", "02:00:0a:14:01:0a"} <= index.addresses
    assert {53, 80, 443} <= index.ports
    assert "tls" in index.spoken_in("tcp:1")
    assert index.spoken_in("tcp:99") == frozenset()
    assert [sight.frame for sight in index.of_stream("tcp:1", 3)] == [17, 18, 19]
