"""Responses that come late, or after the client has left; the lab's case is in test_rule_http_status."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchanges import exchange, found, late
from factories import connection, findings_of, first_frame, start_ns

from explainer import registry
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection


def slow(*exchanges: Exchange, **below: Any) -> list[Finding]:
    return found("http_slow", *exchanges, below=[connection(**below)])


def test_two_seconds_are_slow_and_a_little_less_is_not() -> None:
    (finding,) = slow(late(2000))
    assert (finding.severity, finding.confidence, finding.side) == (Severity.MEDIUM, Confidence.CERTAIN, Side.SERVER)
    assert "2 s to begin its answer to the request for /page" in finding.title
    assert finding.evidence.frames == (4, 5, 6)
    assert slow(late(1999)) == []


def left(stream: int, patience_ms: int, ms: int = 9000) -> Exchange:
    frame, start = first_frame(stream) + 4, start_ns(stream)
    answered = start + ms * 1_000_000
    return exchange(stream, first_byte_ns=answered, left_frame=frame, left_ns=start + patience_ms * 1_000_000)


def gone(*exchanges: Exchange, refused: bool = True) -> list[Finding]:
    def below(e: Exchange) -> Connection:
        resets = (first_frame(e.stream) + 6,) if refused else ()
        return connection(e.stream, client_ends=(first_frame(e.stream) + 4,), client_resets=resets)

    return found("http_slow", *exchanges, below=map(below, exchanges))


def test_a_client_that_leaves_before_the_answer_has_waited_in_vain() -> None:
    (finding,) = gone(left(0, 2000))
    assert (finding.severity, finding.confidence) == (Severity.HIGH, Confidence.CERTAIN)
    assert finding.title.endswith("and the client leaves after 2.0 s.")
    (kept,) = gone(left(0, 2000), refused=False)
    assert (kept.severity, "leaves" in kept.title) == (Severity.MEDIUM, False)


@pytest.mark.parametrize(("patience", "fires"), [((1000, 1010), True), ((1000, 1200), False), ((1000,), False)])
def test_who_leaves_sooner_must_do_so_each_time(patience: tuple[int, ...], fires: bool) -> None:
    assert bool(gone(*(left(n, ms, 1500) for n, ms in enumerate(patience)))) is fires


def test_many_that_leave_do_not_wait_on_purpose() -> None:
    (finding,) = gone(*(left(n, 2000) for n in range(5)))
    assert (finding.severity, finding.measured["requests"]) == (Severity.HIGH, 5)


def test_a_tenth_in_the_network_acquits_the_server() -> None:
    assert len(slow(late(2000), syn_ack_rtt_ms=200.0)) == 1
    assert slow(late(2000), syn_ack_rtt_ms=201.0) == []
    assert slow(late(2000), syn_ack_rtt_ms=None) == []
    assert len(slow(late(2000, acknowledged_ns=start_ns(0) + 200_000_000))) == 1
    assert slow(late(2000, acknowledged_ns=start_ns(0) + 201_000_000)) == []
    assert slow(late(2000, acknowledged_ns=None, acknowledged_frame=None)) == []


@pytest.mark.parametrize("overrides", [{"status": 504}, {"status": 101}, {"method": "CONNECT"}, {"status": None}])
def test_a_late_error_a_tunnel_and_a_switch_of_protocols_are_not_slow(overrides: dict[str, Any]) -> None:
    assert slow(late(9000, **overrides)) == []


@pytest.mark.parametrize(
    "overrides",
    [{"path": "/api/longpoll"}, {"path": "/socket.io/"}, {"path": "/Events"}, {"status": 204}],
)
def test_what_may_wait_for_news_is_possible_and_low(overrides: dict[str, Any]) -> None:
    (finding,) = slow(late(25_000, **overrides))
    assert (finding.severity, finding.confidence) == (Severity.LOW, Confidence.POSSIBLE)
    assert "perhaps on purpose" in finding.title


def test_the_same_page_three_times_may_wait_for_news() -> None:
    twice = [late(2000, request_frame=4 + 20 * n) for n in range(2)]
    assert [f.severity for f in slow(*twice)] == [Severity.MEDIUM]
    assert [f.severity for f in slow(*twice, late(2000, request_frame=50))] == [Severity.LOW]


def test_a_slow_server_in_a_file_that_holds_every_packet_twice(
    tmp_path: Path, captures: Path, facts_of: Callable[..., Facts]
) -> None:
    once, again, merged = captures / "http_slow_server.pcapng", tmp_path / "again.pcapng", tmp_path / "merged.pcapng"
    subprocess.run(["editcap", "-t", "0.00002", once, again], check=True)
    subprocess.run(["mergecap", "-w", merged, once, again], check=True)
    entry = registry.rules.get("http_slow")
    assert entry is not None
    (finding,) = findings_of("http_slow", facts_of(merged, *entry.needs))
    assert finding.severity is Severity.MEDIUM
