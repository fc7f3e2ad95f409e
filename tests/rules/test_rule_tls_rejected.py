from collections.abc import Callable
from typing import Any

import pytest
from tls_records import (
    CLIENT_DATA,
    CLIENT_LEAVES,
    LATER,
    SERVER_DATA,
    SERVER_LEAVES,
    alert,
    at,
    certificate,
    certificates,
    client_hello,
    encrypted,
    found,
    handshake,
    hidden_handshake,
    presenting,
    tls_connection,
)

from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.tls import Handshake, Record

AnalysisOf = Callable[[str], Analysis]
REJECTED, UNUSED, REFUSED = "tls_certificate_rejected", "tls_unused", "tls_rejected_by_server"
RULES = (REJECTED, UNUSED, REFUSED)


def client(length: int, place: int = CLIENT_DATA, stream: int = 0) -> Record:
    return encrypted(stream, place, length, from_client=True)


def server(length: int, place: int = SERVER_DATA, stream: int = 0) -> Record:
    return encrypted(stream, place, length, from_client=False)


FINISHED, ALERT, REQUEST = client(53), client(19), client(200, CLIENT_DATA + 1)
TICKET, REFUSAL = server(250), server(19)


def told(*records: Record, **below: Any) -> list[str]:
    """Return which of the rules say something about a TLS 1.3 connection with these records."""
    known = hidden_handshake(0, *records)
    return [rule for rule in RULES if found(rule, known, connections=[tls_connection(known, **below)])]


@pytest.mark.parametrize(
    ("name", "rule", "confidence", "side"),
    [
        ("tls13_self_signed_gnutls", REJECTED, Confidence.PROBABLE, Side.SERVER),
        ("tls13_expired_gnutls", REJECTED, Confidence.PROBABLE, Side.SERVER),
        ("tls13_unknown_ca_java", REJECTED, Confidence.PROBABLE, Side.SERVER),
        ("tls13_other_name_client_leaves", UNUSED, Confidence.POSSIBLE, Side.EITHER),
    ],
)
def test_the_labs_faults(name: str, rule: str, confidence: Confidence, side: Side, analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule in RULES)
    assert (finding.rule, finding.confidence, finding.side) == (rule, confidence, side)


@pytest.mark.parametrize(
    "name",
    ["tls13_healthy", "tls13_gnutls_healthy", "tls13_java_healthy", "tls13_client_certificate_healthy",
     "tls13_early_data_healthy", "tls13_http2_healthy", "tls12_probe_healthy"],
)  # fmt: skip
def test_the_labs_healthy_connections(name: str, analysis_of: AnalysisOf) -> None:
    assert [f.rule for f in analysis_of(name).findings if f.rule in RULES] == []


@pytest.mark.parametrize(
    ("records", "below", "rules"),
    [
        ((ALERT,), {}, [REJECTED]),
        ((client(36),), CLIENT_LEAVES, [REJECTED]),
        ((client(37),), CLIENT_LEAVES, []),
        ((client(18),), CLIENT_LEAVES, []),
        ((FINISHED, ALERT), CLIENT_LEAVES, [UNUSED]),
        ((FINISHED,), CLIENT_LEAVES, [UNUSED]),
        ((FINISHED, TICKET), CLIENT_LEAVES, [UNUSED]),
        ((FINISHED, server(80)), CLIENT_LEAVES, []),
        ((FINISHED, TICKET, server(300)), CLIENT_LEAVES, []),
        ((FINISHED, REQUEST), CLIENT_LEAVES, []),
        ((FINISHED,), SERVER_LEAVES, []),
        ((FINISHED,), SERVER_LEAVES | {"client_ends": (at(0, LATER + 1),)}, []),
        ((FINISHED,), {}, []),
        ((FINISHED, REFUSAL), SERVER_LEAVES, [REFUSED]),
        ((FINISHED, REFUSAL), {}, []),
        ((FINISHED, REFUSAL), {"client_ends": (at(0, CLIENT_DATA),), "server_ends": (at(0, LATER),)}, []),
        ((FINISHED, server(37)), SERVER_LEAVES, []),
        ((FINISHED, TICKET, REFUSAL), SERVER_LEAVES, []),
        ((client(25), FINISHED, REFUSAL), SERVER_LEAVES, []),
        ((client(900), client(100), FINISHED, REFUSAL), SERVER_LEAVES, []),
        ((client(26), FINISHED, REFUSAL), SERVER_LEAVES, [REFUSED]),
        ((), CLIENT_LEAVES, []),
    ],
    ids=[
        "alert", "longest alert", "longer than an alert", "shorter than an alert", "farewell after the handshake",
        "left after the handshake", "left after a ticket", "left after a greeting", "left after two answers",
        "left after a request", "server leaves", "server leaves first", "nobody leaves", "refused",
        "refused but stays", "the client left first", "answered", "ticket first", "empty certificate",
        "a certificate", "something unknown first", "nothing hidden",
    ],
)  # fmt: skip
def test_what_the_lengths_and_the_end_tell(
    records: tuple[Record, ...], below: dict[str, Any], rules: list[str]
) -> None:
    assert told(*records, **below) == rules


@pytest.mark.parametrize(("alpn", "said"), [(("grpc-old",), "grpc-old"), ((), "encrypts its reason")])
def test_a_server_may_refuse_right_after_its_hello(alpn: tuple[str, ...], said: str) -> None:
    known = hidden_handshake(0, server(19), client_hellos=(client_hello(0, alpn=alpn),))
    (finding,) = found(REFUSED, known, connections=[tls_connection(known, **SERVER_LEAVES)])
    assert said in finding.title
    assert found(REFUSED, known, connections=[tls_connection(known)]) == []
    both = SERVER_LEAVES | {"client_ends": (at(0, CLIENT_DATA),)}
    assert found(REFUSED, known, connections=[tls_connection(known, **both)]) == []


@pytest.mark.parametrize(("stayed_s", "rules"), [(1.9, [UNUSED]), (2.1, [])])
def test_a_connection_kept_in_reserve_is_left_for_no_fault(stayed_s: float, rules: list[str]) -> None:
    assert told(FINISHED, **CLIENT_LEAVES, last_ns=FINISHED.time_ns + round(stayed_s * 1e9)) == rules


@pytest.mark.parametrize(("name", "times", "findings"), [("", 2, 1), ("", 3, 0), ("www.example.org", 3, 1)])
def test_a_load_balancer_that_tests_a_server_is_not_told_of(name: str, times: int, findings: int) -> None:
    tries = [
        hidden_handshake(
            stream,
            client(53, stream=stream),
            client_hellos=(client_hello(stream, server_name=name),),
            server=handshake().server,
            client=handshake().client,
        )
        for stream in range(times)
    ]
    below = [tls_connection(known, client_ends=(at(known.stream, LATER),)) for known in tries]
    assert len(found(UNUSED, *tries, connections=below)) == findings


def test_what_a_server_says_after_the_farewell_is_no_use_of_the_connection() -> None:
    late = server(224, LATER)
    assert told(FINISHED, TICKET, client(19, CLIENT_DATA + 1), late, client_ends=(at(0, LATER + 1),)) == [UNUSED]


@pytest.mark.parametrize("rule", RULES)
def test_they_do_not_apply_to_what_is_in_clear(rule: str) -> None:
    unused = handshake(records=handshake().records[:2])
    assert found(rule, unused, connections=[tls_connection(unused, **CLIENT_LEAVES)]) == []
    assert found(rule, hidden_handshake(0, ALERT, alerts=(alert(from_client=True),))) == []
    assert found(rule) == []


@pytest.mark.parametrize(
    ("rule", "records", "below", "severity", "confidence"),
    [
        (REJECTED, (ALERT,), {}, Severity.HIGH, Confidence.PROBABLE),
        (UNUSED, (FINISHED,), CLIENT_LEAVES, Severity.MEDIUM, Confidence.POSSIBLE),
        (REFUSED, (FINISHED, REFUSAL), SERVER_LEAVES, Severity.MEDIUM, Confidence.POSSIBLE),
    ],
)
def test_nothing_here_is_certain(
    rule: str, records: tuple[Record, ...], below: dict[str, Any], severity: Severity, confidence: Confidence
) -> None:
    known = hidden_handshake(0, *records)
    (finding,) = found(rule, known, connections=[tls_connection(known, **below)])
    assert (finding.severity, finding.confidence) == (severity, confidence)
    assert any("encrypt" in limit for limit in finding.limitations)


def rejecting(stream: int, **overrides: Any) -> Handshake:
    return hidden_handshake(stream, client(19, stream=stream), **overrides)


def test_each_name_that_was_asked_for_is_a_finding() -> None:
    named = [rejecting(n, client_hellos=(client_hello(n, server_name=f"{n % 2}.example"),)) for n in range(5)]
    assert sorted(f.measured["connections"] for f in found(REJECTED, *named)) == [2, 3]


class TestUnused:
    def test_silent_where_the_client_uses_another_connection(self) -> None:
        left, used = hidden_handshake(0, FINISHED), hidden_handshake(1, client(53, stream=1), server(300, stream=1))
        below = [tls_connection(left, **CLIENT_LEAVES)]
        assert len(found(UNUSED, left, connections=below)) == 1
        assert found(UNUSED, left, used, connections=below) == []

    def test_silent_where_the_certificate_can_be_read(self) -> None:
        shown = certificates(0, certificate())
        read = hidden_handshake(0, FINISHED, certificate_messages=(shown,))
        assert found(UNUSED, read, connections=[tls_connection(read, **CLIENT_LEAVES)]) == []


def leaves(*alpn: str, name: str = "www.example.org", **certificate_of: Any) -> list[Any]:
    """Return what is told of a client that leaves a TLS 1.2 connection whose certificate can be read."""
    hello = client_hello(server_name=name, alpn=alpn)
    records = handshake().records[:2]
    known = presenting(0, certificate(**certificate_of), records=records, client_hellos=(hello,))
    return found(UNUSED, known, connections=[tls_connection(known, **CLIENT_LEAVES)])


@pytest.mark.parametrize(
    ("name", "words"),
    [("www.example.org", "issuer, CN=Example CA, or expects another one (pinning)"), ("", "the client names no host")],
)
def test_a_web_client_that_asks_nothing_may_not_like_a_certificate_in_order(name: str, words: str) -> None:
    (finding,) = leaves("http/1.1", name=name)
    assert words in finding.title
    assert (finding.severity, finding.side) == (Severity.MEDIUM, Side.EITHER)
    assert "TLS 1.3 encrypts" not in " ".join(finding.limitations)


def test_a_client_that_may_only_test_a_readable_certificate_is_not_told_of() -> None:
    assert leaves() == []
    assert leaves("mqtt") == []
