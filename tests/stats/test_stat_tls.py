from datetime import timedelta
from typing import Any

import pytest
from factories import START, KnownFacts
from tls_records import (
    ALERTED,
    ANSWER,
    CLIENT_DATA,
    HELLO,
    LATER,
    SERVER_CIPHER,
    TLS13,
    alert,
    at,
    certificate,
    certificates,
    client_hello,
    encrypted,
    failed_handshake,
    handshake,
    hidden_handshake,
    message,
    server_hello,
    tls_connection,
    tls_facts,
)

from explainer.model import Cell
from explainer.protocols.tls import Handshake
from explainer.protocols.tls.messages import CERTIFICATE_REQUEST
from explainer.stats.tls import tls


def row_of(known: Handshake, **below: Any) -> dict[str, Cell]:
    facts: KnownFacts = tls_facts(known, connections=[tls_connection(known, **below)])
    stat = tls(facts)
    return dict(zip((column.name for column in stat.columns), stat.rows[0], strict=True))


def test_it_is_empty_without_handshakes() -> None:
    assert tls(tls_facts()).rows == ()


def test_a_row_says_what_was_asked_for_and_agreed() -> None:
    presented = certificates(0, certificate(not_after=START + timedelta(days=1)), None)
    row = row_of(handshake(certificate_messages=(presented,)))
    assert row.items() >= {
        "transport": "tcp", "stream": 0, "client": "192.0.2.10:40000", "server": "198.51.100.20:443",
        "server_name": "www.example.org",
        "client_hello_frame": at(0, HELLO), "server_hello_frame": at(0, ANSWER), "version": "TLS 1.2",
        "cipher_suite": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "certificate": "CN=www.example.org",
        "certificate_expiry": (START + timedelta(days=1)).isoformat(), "outcome": "established",
        "outcome_frame": at(0, SERVER_CIPHER), "warnings": None, "warning_frame": None,
    }.items()  # fmt: skip


def test_what_was_not_seen_is_left_empty() -> None:
    row = row_of(failed_handshake(0, client_hellos=(), server_hello=None))
    empty = ("server_name", "client_hello_frame", "server_hello_frame", "version", "cipher_suite", "certificate")
    assert [row[name] for name in empty] == [None] * len(empty)


@pytest.mark.parametrize(
    ("known", "below", "outcome", "place"),
    [
        (failed_handshake(0, alert()), {}, "failed: handshake_failure (40) from server", ALERTED),
        (failed_handshake(0, alert(code=48, from_client=True)), {}, "failed: unknown_ca (48) from client", ALERTED),
        (failed_handshake(0, alert(code=112, level=1)), {}, "capture ends too early", 20),
        (failed_handshake(0), {"client_ends": (at(0, LATER),)}, "left by client in the middle", LATER),
        (handshake(alerts=(alert(code=112, level=1),)), {}, "established", SERVER_CIPHER),
        (handshake(certificate_messages=(certificates(0, None),)), {}, "established", SERVER_CIPHER),
        (
            handshake(records=handshake().records[:2]),
            {"client_ends": (at(0, LATER),)},
            "established but not used",
            LATER,
        ),
        (
            hidden_handshake(0, encrypted(0, CLIENT_DATA, 19, from_client=True)),
            {},
            "rejected by client, probably",
            CLIENT_DATA,
        ),
    ],
)
def test_outcomes(known: Handshake, below: dict[str, Any], outcome: str, place: int) -> None:
    row = row_of(known, **below)
    assert (row["outcome"], row["outcome_frame"]) == (outcome, at(0, place))


def test_warnings_are_told_beside_the_outcome() -> None:
    said = alert(code=112, level=1), alert(code=100, level=1, from_client=True, frame=at(0, LATER))
    row = row_of(handshake(alerts=said))
    assert row["warnings"] == "unrecognized_name (112) from server and no_renegotiation (100) from client"
    assert row["warning_frame"] == said[0].frame


def test_a_hidden_certificate_is_left_empty() -> None:
    row = row_of(hidden_handshake(0, encrypted(0, CLIENT_DATA, 53, from_client=True)))
    assert (row["version"], row["certificate"], row["certificate_expiry"]) == ("TLS 1.3", None, None)


def test_what_both_sides_agreed_on() -> None:
    chosen = server_hello(version=TLS13, cipher_suite=0x1301, group=29, alpn="h2", pre_shared_key=True)
    row = row_of(hidden_handshake(0, server_hello=chosen, client_hellos=(client_hello(ja3="aa", ja4="bb"),)))
    agreed = (row["group"], row["alpn"], row["resumed"], row["ja3"], row["ja4"])
    assert agreed == ("x25519", "h2", True, "aa", "bb")
    row = row_of(handshake())
    assert (row["group"], row["alpn"], row["resumed"], row["ja3"]) == (None, None, False, None)


def test_the_steps_of_a_handshake_are_told_by_their_frames() -> None:
    asked = message(0, ANSWER, CERTIFICATE_REQUEST)
    shown = certificates(0, certificate(subject="CN=me"), from_client=True)
    row = row_of(handshake(messages=(asked,), certificate_messages=(certificates(0, certificate()), shown)))
    steps = (row["certificate_issuer"], row["certificate_request_frame"], row["client_certificate"])
    assert steps == (certificate().issuer, at(0, ANSWER), "CN=me")
    assert (row["early_data"], row["hello_retry_frame"], row["alpn_offered"]) == (False, None, None)
    none, unreadable = certificates(0, from_client=True), certificates(0, None, from_client=True)
    assert row_of(handshake(certificate_messages=(none,)))["client_certificate"] == ""
    assert row_of(handshake(certificate_messages=(unreadable,)))["client_certificate"] is None


def test_one_row_a_connection_in_order() -> None:
    named = [handshake(n, client_hellos=(client_hello(n, server_name=f"{n}.example"),)) for n in range(3)]
    stat = tls(tls_facts(*named, handshake(3, server_hello=server_hello(3, cipher_suite=0xFEFE))))
    assert [row[:2] for row in stat.rows] == [("tcp", 0), ("tcp", 1), ("tcp", 2), ("tcp", 3)]
    assert stat.total_rows == 4
    assert "0xfefe" in stat.rows[3]
