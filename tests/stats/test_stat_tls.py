from datetime import timedelta
from typing import Any

import pytest
from factories import (
    START,
    alert,
    certificate,
    certificates,
    facts,
    failed_handshake,
    first_frame,
    handshake,
)

from explainer.model import Cell
from explainer.protocols.tls import Handshake
from explainer.stats.tls import tls


def row_of(found: Handshake) -> dict[str, Cell]:
    stat = tls(facts(handshakes=[found]))
    return dict(zip((column.name for column in stat.columns), stat.rows[0], strict=True))


def test_it_is_empty_without_handshakes() -> None:
    assert tls(facts()).rows == ()


def test_a_row_says_what_was_asked_for_and_agreed() -> None:
    presented = certificates(0, certificate(not_after=START + timedelta(days=1)), None)
    first = first_frame(0)
    assert row_of(handshake(certificate_messages=(presented,))) == {
        "stream": 0, "client": "192.0.2.10:40000", "server": "198.51.100.20:443", "server_name": "www.example.org",
        "client_hello_frame": first + 3, "server_hello_frame": first + 4, "version": "TLS 1.2",
        "cipher_suite": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "certificate": "CN=www.example.org",
        "certificate_expiry": (START + timedelta(days=1)).isoformat(), "outcome": "established",
        "outcome_frame": first + 9,
        "warnings": None,
        "warning_frame": None,
    }  # fmt: skip


def test_what_was_not_seen_is_left_empty() -> None:
    row = row_of(failed_handshake(0, client_hello=None, server_hello=None))
    empty = ("server_name", "client_hello_frame", "server_hello_frame", "version", "cipher_suite", "certificate")
    assert [row[name] for name in empty] == [None] * len(empty)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (failed_handshake(0, alert(code=40)), "failed: handshake_failure (40) from server"),
        (failed_handshake(0, alert(code=48, from_client=True)), "failed: unknown_ca (48) from client"),
        (failed_handshake(0, alert(code=112, level=1)), "not finished"),
        (failed_handshake(0), "not finished"),
        (handshake(alerts=(alert(code=112, level=1),)), "established"),
        (handshake(certificate_messages=(certificates(0, None),)), "established"),
    ],
)
def test_outcomes(found: Handshake, outcome: str) -> None:
    assert row_of(found)["outcome"] == outcome


@pytest.mark.parametrize("sides", [{"client_data": ()}, {"client_data": (), "server_data": ()}])
def test_an_unused_connection_is_established_by_the_servers_change_of_cipher(sides: dict[str, Any]) -> None:
    row = row_of(handshake(**sides))
    assert (row["outcome"], row["outcome_frame"]) == ("established", first_frame(0) + 8)
