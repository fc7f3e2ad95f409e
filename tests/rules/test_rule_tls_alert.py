from collections.abc import Callable
from pathlib import Path

import pytest
from factories import (
    alert,
    certificates,
    client_hello,
    connection,
    facts,
    failed_handshake,
    findings_of,
    first_frame,
    handshake,
    matching,
)

from explainer.model import Analysis, Finding, Side
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Handshake

AnalysisOf = Callable[[str], Analysis]


def found(*handshakes: Handshake) -> list[Finding]:
    return findings_of("tls_alert", facts([connection(h.stream) for h in handshakes], handshakes))


@pytest.mark.parametrize(
    ("name", "code"), [("tls12_no_shared_cipher", 40), ("tls_no_common_version", 70), ("tls12_unknown_ca", 48)]
)
def test_the_labs_evidence_is_the_hello_and_the_alert(
    name: str, code: int, captures: Path, analysis_of: AnalysisOf
) -> None:
    (finding,) = analysis_of(name).findings
    shown = matching(captures / f"{name}.pcapng", f"tls.handshake.type == 1 || tls.alert_message.desc == {code}")
    assert set(finding.evidence.frames) == shown
    assert finding.measured["alert"] == code


def test_a_fatal_alert_is_found_with_the_hello_before_it() -> None:
    (finding,) = found(failed_handshake(0, alert(0)))
    assert finding.evidence.frames == (first_frame(0) + 3, first_frame(0) + 6)


@pytest.mark.parametrize(
    "quiet",
    [
        handshake(),
        failed_handshake(0),
        handshake(alerts=(alert(0, 112, level=1),)),
        failed_handshake(0, alert(0, 40, level=1)),
        failed_handshake(0, alert(0, 0, level=2)),
        failed_handshake(0, alert(0, 0, level=1)),
    ],
    ids=["established", "not finished", "warning", "warning only", "close_notify as fatal", "close_notify"],
)
def test_without_a_fatal_alert_there_is_nothing_to_say(quiet: Handshake) -> None:
    assert found(quiet) == []


def test_the_same_alert_to_the_same_server_is_one_finding() -> None:
    (finding,) = found(*(failed_handshake(n, alert(n)) for n in range(30)))
    assert finding.measured["connections"] == 30
    assert finding.evidence.total == 60
    assert finding.scope.streams == tuple(range(30))


def test_other_alerts_senders_servers_and_clients_are_findings_of_their_own() -> None:
    assert len(found(
        failed_handshake(0, alert(0)),
        failed_handshake(1, alert(1, 70)),
        failed_handshake(2, alert(2, from_client=True)),
        failed_handshake(3, alert(3), server=Endpoint("198.51.100.99", 443)),
        failed_handshake(4, alert(4), client=Endpoint("192.0.2.99", 40000)),
    )) == 5  # fmt: skip


@pytest.mark.parametrize("from_client", [True, False])
@pytest.mark.parametrize("code", range(1, 256))
def test_every_alert_is_put_in_words(code: int, from_client: bool) -> None:
    said = [
        finding
        for chosen in ({}, {"server_hello": None})
        for name in ("www.example.org", "", "{client}{0}{")
        for finding in found(
            failed_handshake(
                0, alert(0, code, from_client=from_client), client_hello=client_hello(0, server_name=name), **chosen
            )
        )
    ]
    assert len(said) == 6
    for finding in said:
        words = " ".join([finding.title, finding.act, *finding.advice, *finding.limitations])
        own = words.replace("{client}{0}{", "")
        assert "{" not in own
        assert "}" not in own
        assert "None" not in own


def test_without_a_hello_the_alert_stands_alone() -> None:
    (finding,) = found(failed_handshake(0, alert(0), client_hello=None, server_hello=None))
    assert finding.evidence.frames == (first_frame(0) + 6,)
    assert finding.scope.names == ()


def test_a_refused_empty_client_certificate_is_named_as_the_cause() -> None:
    empty = certificates(0, from_client=True)
    (finding,) = found(failed_handshake(0, alert(0, 40), certificate_messages=(empty,), certificate_request=104))
    assert finding.side is Side.CLIENT
    assert "client certificate" in finding.title
    assert empty.frame in finding.evidence.frames
    # An alert that says nothing about certificates keeps its own meaning.
    (other,) = found(failed_handshake(0, alert(0, 70), certificate_messages=(empty,)))
    assert "client certificate" not in other.title


def test_a_handshake_failure_means_less_once_the_server_has_chosen() -> None:
    (before,) = found(failed_handshake(0, alert(0, 40), server_hello=None))
    (after,) = found(failed_handshake(0, alert(0, 40)))
    assert "in common" in before.title
    assert "in common" not in after.title


@pytest.mark.parametrize(
    "trouble",
    [{"retransmissions": 1}, {"lost_segments": 1}, {"server_resets": (first_frame(0) + 4,)}, {"syn_frames": ()}],
    ids=["retransmission", "loss", "reset before", "start not seen"],
)
def test_the_network_is_cleared_only_where_the_connection_shows_it(trouble: dict[str, object]) -> None:
    failed = failed_handshake(0, alert(0))

    def cleared(**overrides: object) -> bool:
        (finding,) = findings_of("tls_alert", facts([connection(0, **overrides)], [failed]))
        return any("network is not the cause" in step.text for step in finding.evidence.steps)

    assert cleared()
    assert cleared(server_resets=(first_frame(0) + 7,))
    assert not cleared(**trouble)
