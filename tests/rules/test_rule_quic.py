from collections.abc import Callable
from typing import Any

import pytest
from tls_records import HELLO, LAST, LATER, at, found, handshake, tls_connection

from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.icmp_errors import UNREACHABLE, Error
from explainer.protocols.tls import Ending, Outcome
from explainer.protocols.tls.datagrams import Close, QuicConnection, quic_ending

AnalysisOf = Callable[[str], Analysis]
UNANSWERED, VERSION, CLOSED = "quic_unanswered", "quic_version", "quic_closed"
RULES = (UNANSWERED, VERSION, CLOSED)
NEGOTIATION = {"negotiations": (at(0, LAST),)}


def ending(outcome: Outcome = Outcome.ESTABLISHED, stream: int = 0, transport: str = "quic", **below: Any) -> Ending:
    """Return a connection over UDP that ended so."""
    known = handshake(stream, transport=transport, server_hello=None, records=())
    return Ending(known, tls_connection(known, **below), outcome, at(stream, HELLO))


def connection(outcome: Outcome, **overrides: Any) -> QuicConnection:
    """Return a QUIC connection that ended so."""
    values: dict[str, Any] = {
        "ending": ending(outcome), "versions": (1,), "spoken": (), "negotiations": (), "retries": (), "client_data": (),
        "server_data": (), "close": None,
    }  # fmt: skip
    return QuicConnection(**values | overrides)


def close(code: int = 2, *, from_client: bool = False, reason: str = "") -> dict[str, Close]:
    return {"close": Close(at(0, LATER), from_client, code, reason)}


@pytest.mark.parametrize("name", ["quic_healthy", "dtls12_healthy", "quic_alpn_refused", "dtls12_expired"])
def test_silent_about_the_labs_connections(name: str, analysis_of: AnalysisOf) -> None:
    assert [f for f in analysis_of(name).findings if f.rule in RULES] == []


@pytest.mark.parametrize(("transport", "severity"), [("quic", Severity.MEDIUM), ("dtls", Severity.HIGH)])
def test_nothing_answers(transport: str, severity: Severity) -> None:
    (finding,) = found(UNANSWERED, datagrams=[ending(Outcome.SILENCE, n, transport) for n in range(3)])
    assert (finding.severity, finding.confidence, finding.side) == (severity, Confidence.CERTAIN, Side.NETWORK)
    assert finding.measured["connections"] == 3
    assert finding.evidence.display_filter == "udp.stream == 0 || udp.stream == 1 || udp.stream == 2"


@pytest.mark.parametrize(("reporter", "side"), [("198.51.100.20", Side.SERVER), ("192.0.2.1", Side.NETWORK)])
def test_icmp_tells_why_nothing_answers(reporter: str, side: Side) -> None:
    silent = ending(Outcome.SILENCE)
    client, server = silent.handshake.client, silent.handshake.server
    frame = silent.frame + 1
    error = Error(
        frame, 0, reporter, client.address, UNREACHABLE, 4, 3, None, None, "udp", client.address, server.address,
        client.port, server.port, 1,
    )  # fmt: skip
    (finding,) = found(UNANSWERED, datagrams=[silent], said=[error])
    assert finding.side is side
    assert frame in finding.evidence.frames
    assert f"says {reporter} (destination unreachable: port unreachable)" in finding.title
    other = error._replace(source_port=client.port + 1)
    (alone,) = found(UNANSWERED, datagrams=[silent], said=[other])
    assert "says" not in alone.title
    soon = silent._replace(outcome=Outcome.ENDED_EARLY, connection=silent.connection._replace(server_frames=0))
    assert len(found(UNANSWERED, datagrams=[soon], said=[error])) == 1
    assert found(UNANSWERED, datagrams=[soon], said=[other]) == []


@pytest.mark.parametrize(
    "silent",
    [ending(Outcome.ENDED_EARLY), ending(Outcome.ESTABLISHED), ending(Outcome.SILENCE, transport="tcp")],
    ids=["the capture ends too early", "established", "over TCP"],
)
def test_not_yet_or_not_here(silent: Ending) -> None:
    assert found(UNANSWERED, datagrams=[silent]) == found(UNANSWERED) == []


@pytest.mark.parametrize(
    ("outcome", "more", "fires"),
    [
        (Outcome.ENDED_EARLY, NEGOTIATION, True),
        (Outcome.ENDED_EARLY, {"negotiations": (at(0, LATER),)}, False),
        (Outcome.ENDED_EARLY, {}, False),
        (Outcome.ESTABLISHED, NEGOTIATION, False),
    ],
    ids=["the last word", "the client goes on", "none", "another version works"],
)
def test_a_version_negotiation_after_which_the_client_leaves(
    outcome: Outcome, more: dict[str, Any], fires: bool
) -> None:
    findings = found(VERSION, quic=[connection(outcome, **more)])
    assert [(f.severity, f.measured["offered"]) for f in findings] == [
        (Severity.HIGH, "QUIC version 1 (0x00000001)")
    ] * fires


@pytest.mark.parametrize(
    ("offered", "spoken", "side", "words"),
    [
        ((2**32 - 1,), (), Side.EITHER, "One side must be updated"),
        ((0x6B3343CF,), (1, 0x1A2A3A4A), Side.CLIENT, "offer QUIC version 1 (0x00000001), too"),
        ((0xFF00001D,), (1,), Side.CLIENT, "speaks an outdated version of QUIC"),
        ((1,), (0xFF00001D, 0x1A2A3A4A), Side.SERVER, "speaks outdated versions of QUIC only"),
    ],
    ids=["the server's are not known", "both speak a standard", "the client's is a draft", "the server's are drafts"],
)
def test_whose_version_of_quic_is_old(
    offered: tuple[int, ...], spoken: tuple[int, ...], side: Side, words: str
) -> None:
    known = connection(Outcome.ENDED_EARLY, versions=offered, spoken=spoken, **NEGOTIATION)
    (finding,) = found(VERSION, quic=[known])
    assert finding.side is side
    assert words in finding.act
    assert "1a2a3a4a" not in finding.title


def test_the_labs_versions_of_both_sides(analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of("quic_other_version").findings if f.rule == VERSION)
    assert "offers QUIC version 2 (0x6b3343cf), and the server speaks QUIC version 1 (0x00000001)" in finding.title


@pytest.mark.parametrize(
    ("outcome", "more", "side"),
    [
        (Outcome.LEFT_BY_SERVER, close(), Side.SERVER),
        (Outcome.LEFT_BY_CLIENT, close(from_client=True), Side.CLIENT),
        (Outcome.LEFT_BY_SERVER, close(8), Side.CLIENT),
        (Outcome.LEFT_BY_CLIENT, close(8, from_client=True), Side.SERVER),
        (Outcome.ESTABLISHED, close(), None),
        (Outcome.ALERT_FROM_SERVER, close(0x128), None),
        (Outcome.ENDED_EARLY, close(0), None),
        (Outcome.LEFT_BY_SERVER, {}, None),
    ],
    ids=[
        "by the server",
        "by the client",
        "over what the client sends",
        "over what the server sends",
        "after use",
        "a TLS alert",
        "without an error",
        "unseen",
    ],
)
def test_an_error_closes_it_before_it_is_used(outcome: Outcome, more: dict[str, Any], side: Side | None) -> None:
    findings = found(CLOSED, quic=[connection(outcome, **more)])
    assert [f.side for f in findings] == [side] * (side is not None)


@pytest.mark.parametrize(
    ("code", "reason", "words"),
    [(2, "", "refuses the connection"), (2, "too busy", '"too busy"'), (0x7777, "", "error 30583")],
)
def test_what_the_error_says(code: int, reason: str, words: str) -> None:
    (finding,) = found(CLOSED, quic=[connection(Outcome.LEFT_BY_SERVER, **close(code, reason=reason))])
    assert words in finding.title
    assert finding.advice


def test_they_do_not_apply_without_datagrams() -> None:
    assert [found(rule) for rule in RULES] == [[], [], []]


@pytest.mark.parametrize(
    ("answers", "from_client", "outcome"),
    [(0, True, Outcome.SILENCE), (1, True, Outcome.LEFT_BY_CLIENT), (1, False, Outcome.LEFT_BY_SERVER)],
)
def test_a_client_that_gives_up_unanswered_has_not_closed_a_connection(
    answers: int,
    from_client: bool,  # a parameter of the test
    outcome: Outcome,
) -> None:
    known = handshake(0, transport="quic", server_hello=None, records=())
    below, said = tls_connection(known, server_frames=answers), Close(at(0, LATER), from_client, 12, "")
    assert quic_ending(known, below, said, False, (), below.last_ns + 4_000_000_000).outcome is outcome
