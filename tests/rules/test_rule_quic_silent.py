"""The rule about QUIC connections that fall silent, and what it looks at."""

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from factories import START_NS, KnownFacts, findings_of
from test_rule_quic import connection, ending

from explainer.model import Finding, Severity
from explainer.protocols import icmp_errors
from explainer.protocols.icmp_errors import UNREACHABLE, Error
from explainer.protocols.layers import UDP
from explainer.protocols.tls import Outcome
from explainer.protocols.tls.datagrams import QuicConnection, quic_connections

PROBES = (2.2, 2.5, 3.1, 4.2)
USED, OTHER = (connection(Outcome.ESTABLISHED, ending=ending(stream=n)) for n in range(2))


def packet(of: QuicConnection, at_s: float, *, from_client: bool) -> dict[str, Any]:
    below = of.ending.connection
    ends = (below.client, below.server) if from_client else (below.server, below.client)
    return {
        "time": START_NS + round(at_s * 1e9), "length": 80, "stream": of.ending.handshake.stream,
        "src": ends[0].address, "sport": ends[0].port, "dst": ends[1].address, "dport": ends[1].port,
    }  # fmt: skip


def silent(
    probes: Sequence[float], *more: dict[str, Any], used: QuicConnection = USED, said: Sequence[Error] = ()
) -> list[Finding]:
    """Return what is found where the server's last packet comes after 2 s, and the client sends these after it."""
    first = [packet(used, at, from_client=ours) for at, ours in ((0, True), (0.1, False), (2, False), (2.01, True))]
    rows = [*first, *(packet(used, at, from_client=True) for at in probes), *more]
    numbered = [{"frame": number, **row} for number, row in enumerate(rows, 1)]
    known = {UDP.headers: pl.DataFrame(numbered), quic_connections: (used, OTHER), icmp_errors.errors: tuple(said)}
    return findings_of("quic_went_silent", KnownFacts(known))


def test_the_server_falls_silent() -> None:
    (finding,) = silent(PROBES)
    assert finding.severity is Severity.MEDIUM
    assert finding.evidence.frames == (3, 5, 6, 7, 8)
    assert "in the middle of a QUIC connection" in finding.title
    assert "nobody said anything" not in finding.title


def test_silence_before_it_points_at_a_time_out() -> None:
    (finding,) = silent([at + 38 for at in PROBES])
    assert "after 38.2 s in which nobody said anything" in finding.title
    assert "30 s" in finding.act


def test_a_later_connection_weighs_less() -> None:
    (finding,) = silent(PROBES, packet(OTHER, 9, from_client=True), packet(OTHER, 9.1, from_client=False))
    assert finding.severity is Severity.LOW
    assert finding.evidence.frames[-1] == 10


@pytest.mark.parametrize("probes", [PROBES[:3], (2.2, 2.5, 3.1, 4.19), (2.02, 2.03, 2.04, 2.05, 4.5), ()])
def test_too_few_or_too_soon(probes: Sequence[float]) -> None:
    assert silent(probes) == []


def test_the_server_answers_or_was_never_heard() -> None:
    assert silent(PROBES, packet(USED, 4.3, from_client=False)) == []
    assert silent(PROBES, used=connection(Outcome.ENDED_EARLY, ending=ending(Outcome.ENDED_EARLY))) == []


def test_what_icmp_answers_is_told_there() -> None:
    below = USED.ending.connection
    error = Error(
        9, 0, below.server.address, below.client.address, UNREACHABLE, 4, 3, None, None, "udp", below.client.address,
        below.server.address, below.client.port, below.server.port, 1,
    )  # fmt: skip
    assert silent(PROBES, said=[error]) == []


def test_not_without_quic() -> None:
    assert findings_of("quic_went_silent", KnownFacts({quic_connections: (), icmp_errors.errors: ()})) == []
