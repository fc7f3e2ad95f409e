"""Servers that complete the handshake and hang up without an answer."""

from collections.abc import Callable
from typing import Any

import pytest
from tls_records import (
    CLIENT_CIPHER,
    CLIENT_DATA,
    DATA,
    LATER,
    SERVER_CIPHER,
    SERVER_DATA,
    at,
    client_hello,
    encrypted,
    found,
    handshake,
    hidden_handshake,
    record,
    time_at,
    tls_connection,
)

from explainer.model import Analysis, RuleStatus, Severity, Side
from explainer.protocols.tls import Handshake, Record

AnalysisOf = Callable[[str], Analysis]
RULE = "tls_hung_up"
FINISHED = encrypted(0, CLIENT_CIPHER, 53, from_client=True)
REQUEST = encrypted(0, CLIENT_DATA, 200, from_client=True)
TICKETS = (encrypted(0, SERVER_CIPHER, 250, from_client=False), encrypted(0, SERVER_DATA, 250, from_client=False))
ANSWER = encrypted(0, SERVER_DATA, 400, from_client=False)
CLOSES: dict[str, Any] = {"server_ends": (at(0, LATER),), "server_payload": 0}


def told(known: Handshake, **below: Any) -> list[Severity]:
    connection = tls_connection(known, **CLOSES | {"last_ns": time_at(0, LATER)} | below)
    return [finding.severity for finding in found(RULE, known, connections=[connection])]


def test_the_labs_server_is_told_of(analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of("tls13_hung_up").findings if f.rule == RULE)
    assert finding.severity is Severity.HIGH
    assert "without an answer" in finding.title


@pytest.mark.parametrize(
    "name",
    ["tls13_healthy", "tls12_healthy", "tls13_early_data_healthy", "tls13_resumption_healthy", "tls12_probe_healthy",
     "tls13_gnutls_healthy", "tls13_http2_healthy", "tls13_with_keys_healthy", "tls13_java_healthy"],
)  # fmt: skip
def test_the_labs_healthy_servers_are_not(name: str, analysis_of: AnalysisOf) -> None:
    assert [f.rule for f in analysis_of(name).findings if f.rule == RULE] == []


def test_without_tls_it_does_not_apply(analysis_of: AnalysisOf) -> None:
    (outcome,) = (outcome for outcome in analysis_of("dns_nxdomain").outcomes if outcome.rule == RULE)
    assert outcome.status is RuleStatus.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("records", "below", "severities"),
    [
        ((FINISHED, REQUEST, *TICKETS), {}, [Severity.HIGH]),
        ((FINISHED, REQUEST), {}, [Severity.HIGH]),
        ((FINISHED, *TICKETS), {}, [Severity.MEDIUM]),
        ((FINISHED, REQUEST, TICKETS[0], ANSWER), {}, []),
        ((FINISHED, REQUEST, ANSWER), {}, []),
        ((FINISHED, REQUEST, *TICKETS), {"server_ends": ()}, []),
        ((FINISHED, REQUEST, *TICKETS), {"client_ends": (at(0, SERVER_DATA),)}, []),
        ((FINISHED, REQUEST, *TICKETS), {"server_payload": 511}, []),
        ((FINISHED, REQUEST, *TICKETS), {"last_ns": time_at(0, CLIENT_DATA) + 2_999_000_000}, [Severity.HIGH]),
        ((FINISHED, REQUEST, *TICKETS), {"last_ns": time_at(0, CLIENT_DATA) + 3_001_000_000}, []),
    ],
    ids=["tickets alone", "nothing", "before a request", "an answer after a ticket", "one record may be an answer",
         "stays", "the client left first", "more than is known", "just soon enough", "later"],
)  # fmt: skip
def test_what_the_records_and_the_end_tell(
    records: tuple[Record, ...], below: dict[str, Any], severities: list[Severity]
) -> None:
    assert told(hidden_handshake(0, *records), **below) == severities


def test_early_data_may_have_been_answered_within_the_handshake() -> None:
    early = client_hello(0, extensions=(42,))
    assert told(hidden_handshake(0, FINISHED, REQUEST, *TICKETS, client_hellos=(early,))) == []


def test_up_to_tls_1_2_any_data_of_the_server_is_an_answer() -> None:
    complete = handshake().records
    silent = tuple(r for r in complete if r.from_client or r.type != DATA)
    assert told(handshake(), server_payload=0) == []
    assert told(handshake(records=silent)) == [Severity.HIGH]


def test_where_the_client_is_served_later_it_is_small() -> None:
    first = hidden_handshake(0, FINISHED, REQUEST, *TICKETS)
    later = handshake(1, client=first.client, server=first.server)
    below = [tls_connection(first, **CLOSES | {"last_ns": time_at(0, LATER)}), tls_connection(later)]
    assert [f.severity for f in found(RULE, first, later, connections=below)] == [Severity.LOW]


def test_a_reset_is_called_that() -> None:
    known = hidden_handshake(0, FINISHED, REQUEST)
    reset = {"server_ends": (), "server_resets": (at(0, LATER),), "server_payload": 0, "last_ns": time_at(0, LATER)}
    (finding,) = found(RULE, known, connections=[tls_connection(known, **reset)])
    assert "resets" in finding.title
    assert record(0, LATER, DATA, from_client=False).frame in finding.evidence.frames


EMPTY = encrypted(0, CLIENT_CIPHER, 25, from_client=True)
SENT = encrypted(0, CLIENT_CIPHER, 1200, from_client=True)


@pytest.mark.parametrize(
    ("records", "side", "words"),
    [
        ((EMPTY, FINISHED, REQUEST), Side.CLIENT, "the client sent none"),
        ((SENT, FINISHED, REQUEST), Side.EITHER, "probably does not accept the one"),
        ((FINISHED, REQUEST), Side.SERVER, "without an answer to what the client sent."),
    ],
    ids=["none", "one", "not asked"],
)
def test_a_client_certificate_is_the_likely_reason(records: tuple[Record, ...], side: Side, words: str) -> None:
    known = hidden_handshake(0, *records)
    below = tls_connection(known, **CLOSES | {"last_ns": time_at(0, LATER)})
    (finding,) = found(RULE, known, connections=[below])
    assert finding.side is side
    assert words in finding.title
