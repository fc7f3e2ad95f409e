from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from factories import matching
from tls_records import (
    ALERTED,
    ANSWER,
    HELLO,
    LATER,
    alert,
    at,
    client_hello,
    failed_handshake,
    found,
    handshake,
    hidden_handshake,
    record,
    tls_connection,
)

from explainer.model import Analysis, Finding
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]
RULE = "tls_alert"
ELSEWHERE = Endpoint("198.51.100.99", 443)


def of(*handshakes: Handshake) -> list[Finding]:
    return found(RULE, *handshakes)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("tls12_unknown_ca", 48),
        ("tls13_expired_openssl", 45),
        ("tls13_other_name_openssl", 42),
        ("tls12_psk_differs", 20),
    ],
)
def test_the_labs_evidence_is_the_hello_and_the_alert(
    name: str, code: int, captures: Path, analysis_of: AnalysisOf
) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule == RULE)
    shown = matching(captures / f"{name}.pcapng", f"tls.handshake.type == 1 || tls.alert_message.desc == {code}")
    assert set(finding.evidence.frames) == shown
    assert finding.measured["alert"] == code


@pytest.mark.parametrize(
    "name", ["tls12_unknown_ca", "tls12_expired", "tls_no_common_version", "tls12_no_shared_cipher"]
)
def test_it_gives_way_to_the_rule_that_knows_the_cause(name: str, analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule == RULE)
    assert finding.explained_by


@pytest.mark.parametrize("name", ["tls13_expired_openssl", "tls13_other_name_openssl", "tls13_self_signed_python"])
def test_it_stands_where_no_other_rule_does(name: str, analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule.startswith("tls_"))
    assert (finding.rule, finding.explained_by) == (RULE, "")
    assert "the certificate itself: TLS 1.3 encrypts it" in finding.limitations


def test_a_fatal_alert_is_found_with_the_hello_before_it() -> None:
    (finding,) = of(failed_handshake(0, alert()))
    assert finding.evidence.frames == (at(0, HELLO), at(0, ALERTED))


@pytest.mark.parametrize(
    "quiet",
    [
        handshake(),
        failed_handshake(0),
        handshake(alerts=(alert(code=112, level=1),)),
        failed_handshake(0, alert(level=1)),
        failed_handshake(0, alert(code=0, level=2)),
        failed_handshake(0, alert(code=0, level=1)),
        hidden_handshake(0),
    ],
    ids=["established", "not finished", "warning", "warning only", "close_notify as fatal", "close_notify", "TLS 1.3"],
)
def test_without_a_fatal_alert_there_is_nothing_to_say(quiet: Handshake) -> None:
    assert of(quiet) == of() == []


def test_the_same_alert_to_the_same_server_is_one_finding() -> None:
    (finding,) = of(*(failed_handshake(n, alert(n)) for n in range(30)))
    assert finding.measured["connections"] == 30
    assert finding.evidence.total == 50  # the hellos of the first twenty, and all alerts
    assert finding.scope.streams == tuple(range(30))


def test_other_alerts_senders_servers_and_clients_are_findings_of_their_own() -> None:
    assert len(of(
        failed_handshake(0, alert(0)),
        failed_handshake(1, alert(1, 70)),
        failed_handshake(2, alert(2, from_client=True)),
        failed_handshake(3, alert(3), server=ELSEWHERE),
        failed_handshake(4, alert(4), client=Endpoint("192.0.2.99", 40000)),
        failed_handshake(5, alert(5), transport="quic"),
    )) == 6  # fmt: skip


def test_those_that_name_no_host_are_a_finding_of_their_own() -> None:
    nameless = (client_hello(server_name=""),)
    named, without = of(
        failed_handshake(0, alert(code=112)), failed_handshake(1, alert(1, 112), client_hellos=nameless)
    )
    assert "does not know the name www.example" in named.title
    assert without.title.endswith("does not know the name that the client asks for, or wants one and gets none.")


@pytest.mark.parametrize("from_client", [True, False])
def test_every_alert_is_put_in_words(from_client: bool) -> None:
    hostile = "{client}{0}{"
    for code in range(1, 256):
        for name in ("www.example.org", "", hostile):
            hellos = (client_hello(server_name=name),)
            said = alert(code=code, from_client=from_client)
            known = failed_handshake(0, said, client_hellos=hellos)
            before = failed_handshake(0, said, client_hellos=hellos, server_hello=None)
            for finding in (*of(known), *of(before)):
                words = " ".join([finding.title, finding.act, *finding.advice, *finding.limitations])
                own = words.replace(hostile, "")
                assert not any(mark in own for mark in ("{", "}", "None")), code
                assert finding.title.endswith(".")
                assert finding.act
                assert finding.advice
                assert finding.limitations


def test_without_a_hello_the_alert_stands_alone() -> None:
    (finding,) = of(failed_handshake(0, alert(), client_hellos=(), server_hello=None))
    assert finding.evidence.frames == (at(0, ALERTED),)
    assert finding.scope.names == ()


@pytest.mark.parametrize(
    ("trouble", "cleared"),
    [
        ({}, True),
        ({"server_resets": (at(0, LATER),)}, True),
        ({"retransmissions": 1}, False),
        ({"lost_segments": 1}, False),
        ({"server_resets": (at(0, ANSWER),)}, False),
        ({"syn_frames": ()}, False),
        ({"syn_ack_rtt_ms": None}, False),
    ],
    ids=["nothing odd", "reset after", "retransmission", "loss", "reset before", "start not seen", "not measured"],
)
def test_the_network_is_cleared_only_where_the_connection_shows_it(trouble: dict[str, object], cleared: bool) -> None:
    failed = failed_handshake(0, alert())
    (finding,) = found(RULE, failed, connections=[tls_connection(failed, **trouble)])
    assert any("network is not the cause" in step.text for step in finding.evidence.steps) is cleared


@pytest.mark.parametrize(
    ("seen", "words"),
    [({"decoded_as": "tcp.port==9999,tls"}, "Decode As: tcp.port==9999,tls"), ({"reordered": True}, "out-of-order")],
)
def test_where_wireshark_needs_help_the_steps_say_how(seen: dict[str, Any], words: str) -> None:
    records = record(0, HELLO, 22, from_client=True), record(0, ALERTED, 21, from_client=False)
    known = failed_handshake(0, alert(), records=records)
    (plain,), (finding,) = of(known), of(replace(known, **seen))
    assert plain.evidence.display_filter == "tcp.stream == 0 && tls"
    assert finding.evidence.display_filter == "tcp.stream == 0"
    assert [step.text for step in finding.evidence.steps if words in step.text]
