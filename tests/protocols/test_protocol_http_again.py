"""HTTP on ports that tshark gives to another protocol."""

from pathlib import Path

import pytest
from sessions import FactsOf, Said, found_in, session

from explainer import registry
from explainer.protocols.applications import logins
from explainer.protocols.flows import flows
from explainer.protocols.http import requests
from explainer.protocols.http_again import AGAIN, hidden_http
from explainer.protocols.tls.again import hidden

ASKED = (True, b"GET /api/orders HTTP/1.1\r\nHost: shop.example\r\n\r\n")
FAILED = (False, b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
PREFACE = (True, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"))
HELLO = (True, bytes.fromhex("1603010031010000 2d0303") + bytes(32) + bytes.fromhex("00 0002 1301 0100 0000"))


@pytest.mark.parametrize("port", [9092, 5672, 9300, 1433, 6379])
def test_http_is_read_on_a_port_of_another_protocol(port: int, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", port, ASKED, FAILED)
    (exchange,) = facts_of(capture, requests)[requests]
    assert (exchange.path, exchange.status, exchange.decoded_as) == ("/api/orders", 503, f"tcp.port=={port},http")
    (finding,) = found_in("http_error", facts_of, capture)
    assert finding.evidence.display_filter == "tcp.stream == 0 && tcp.len > 0"
    assert any("Decode As" in step.text for step in finding.evidence.steps)
    assert found_in("capture_unread", facts_of, capture) == []


def test_what_tshark_shows_is_not_looked_at_again(tmp_path: Path, facts_of: FactsOf) -> None:
    facts = facts_of(session(tmp_path / "a.pcap", 8080, ASKED, FAILED), requests, AGAIN)
    assert (facts[requests][0].status, facts[requests][0].decoded_as) == (503, "")
    assert facts.look(AGAIN) is None


@pytest.mark.parametrize(
    "said",
    [(ASKED, (False, b"-ERR unknown command\r\n")), ((True, b"\1\2\3"), (False, b"\4\5\6")), (HELLO,)],
    ids=["the server speaks another protocol", "nobody speaks HTTP", "TLS"],
)
def test_what_is_not_http(said: tuple[Said, ...], tmp_path: Path, facts_of: FactsOf) -> None:
    assert facts_of(session(tmp_path / "a.pcap", 8085, *said), hidden_http)[hidden_http] == {}


def test_a_request_without_an_answer_is_read(tmp_path: Path, facts_of: FactsOf) -> None:
    (exchange,) = facts_of(session(tmp_path / "a.pcap", 9092, ASKED), requests)[requests]
    assert (exchange.path, exchange.status) == ("/api/orders", None)


def test_the_preface_of_http2_is_told_apart(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 9092, PREFACE)
    assert facts_of(capture, hidden_http)[hidden_http] == {0: "tcp.port==9092,http2"}


def test_a_port_of_the_client_s_own_accuses_nobody(tmp_path: Path, facts_of: FactsOf) -> None:
    """tshark 4.0 takes port 57000 for IRC, which the default policy asks about."""
    capture = session(tmp_path / "a.pcap", 3000, ASKED, FAILED, sport=57000)
    assert [flow.protocols for flow in facts_of(capture, flows)[flows]] == [frozenset({"http"})]
    assert found_in("policy_forbidden", facts_of, capture) == []
    assert len(facts_of(capture, requests)[requests]) == 1


@pytest.mark.parametrize("port", [5000, 8085, 9300])
def test_tls_is_read_on_a_port_of_another_protocol(port: int, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", port, HELLO)
    assert facts_of(capture, hidden)[hidden] == {0: f"tcp.port=={port},tls"}
    assert found_in("capture_unread", facts_of, capture) == []


def test_a_password_in_a_form_is_seen(tmp_path: Path, facts_of: FactsOf) -> None:
    form = b"user=anna&password=secret"
    head = f"POST /login HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
    capture = session(tmp_path / "a.pcap", 9092, (True, head.encode() + b"\r\n" + form), FAILED)
    (login,) = facts_of(capture, logins)[logins]
    assert (login.protocol, login.user, login.unusual) == ("HTTP form", "anna", True)


def test_the_port_is_named_by_what_is_spoken_there(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 8085, ASKED, FAILED)
    entry = registry.statistics.get("ports")
    assert entry is not None
    (row,) = entry.compute(facts_of(capture, *entry.needs)).rows
    assert row[-1] == "http"
