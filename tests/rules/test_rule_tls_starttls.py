from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from factories import KnownFacts, findings_of
from talk import Talk, Wire, client_hello, server_hello

from explainer import registry
from explainer.facts import Facts
from explainer.model import Analysis, Confidence, Finding, RuleStatus, Severity, Side
from explainer.protocols.starttls import Reply, Upgrade, upgrades
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import handshakes

AnalysisOf = Callable[[str], Analysis]
FactsOf = Callable[..., Facts]
RULE = "tls_starttls_refused"


def upgrade(stream: int = 0, **overrides: Any) -> Upgrade:
    """Return a STARTTLS that the mail server refuses, after which the client leaves."""
    first = 100 * stream
    values: dict[str, Any] = {
        "stream": stream, "client": Endpoint("192.0.2.10", 40000 + stream), "server": Endpoint("198.51.100.20", 587),
        "protocol": "SMTP", "request": "STARTTLS", "reply": Reply.REFUSED, "request_frame": first + 5,
        "answer_frame": first + 6, "text": "454 4.7.0 TLS not available", "left_frame": first + 7,
    }  # fmt: skip
    return Upgrade(**values | overrides)


def found(*known: Upgrade) -> list[Finding]:
    return findings_of(RULE, KnownFacts({upgrades: known, handshakes: ()}))


def steps(finding: Finding) -> str:
    return " ".join(step.text for step in finding.evidence.steps)


@pytest.mark.parametrize("name", ["454", "502", "postgresql"])
def test_the_labs_refusals_are_found(name: str, analysis_of: AnalysisOf) -> None:
    full = "tls_starttls_postgresql_refused" if name == "postgresql" else f"tls_starttls_refused_{name}"
    (finding,) = (f for f in analysis_of(full).findings if f.rule == RULE)
    assert (finding.severity, finding.confidence, finding.side) == (Severity.HIGH, Confidence.CERTAIN, Side.SERVER)
    assert "refuses to change to TLS" in finding.title


@pytest.mark.parametrize("name", ["tls12_healthy", "tls12_starttls_smtp_healthy", "tls12_starttls_imap_self_signed"])
def test_where_nothing_is_refused_it_does_not_apply(name: str, analysis_of: AnalysisOf) -> None:
    (outcome,) = (outcome for outcome in analysis_of(name).outcomes if outcome.rule == RULE)
    assert outcome.status is RuleStatus.NOT_APPLICABLE


@pytest.mark.parametrize("reply", [Reply.ACCEPTED, Reply.NOT_WANTED])
def test_an_agreement_is_no_finding(reply: Reply) -> None:
    assert found(upgrade(reply=reply)) == []


@pytest.mark.parametrize(
    ("known", "severity"),
    [
        ([upgrade()], Severity.HIGH),
        ([upgrade(next_frame=8)], Severity.MEDIUM),
        ([upgrade(protocol="PostgreSQL", next_frame=8)], Severity.INFO),
        ([upgrade(protocol="PostgreSQL")], Severity.HIGH),
        ([upgrade(protocol="RDP"), upgrade(1, protocol="RDP", reply=Reply.NOT_WANTED)], Severity.INFO),
        ([upgrade(reply=Reply.NOT_OFFERED, text="")], Severity.MEDIUM),
    ],
)
def test_who_goes_on_without_it_is_less_hurt(known: Iterable[Upgrade], severity: Severity) -> None:
    (finding,) = found(*known)
    assert finding.severity is severity


def test_what_was_not_offered_is_only_probably_missed() -> None:
    (smtp,) = found(upgrade(reply=Reply.NOT_OFFERED, text=""))
    (mysql,) = found(upgrade(reply=Reply.NOT_OFFERED, text="", protocol="MySQL", request_frame=None))
    assert (smtp.confidence, mysql.confidence) == (Confidence.PROBABLE, Confidence.POSSIBLE)
    assert found(upgrade(reply=Reply.NOT_OFFERED), upgrade(1, reply=Reply.ACCEPTED, next_frame=9)) == []


def test_a_server_that_offers_no_login_either_may_be_left_for_that() -> None:
    (finding,) = found(upgrade(reply=Reply.NOT_OFFERED, text="", login=False))
    assert "neither a login (AUTH) nor TLS" in finding.title
    assert finding.side is Side.EITHER
    (masked,) = found(upgrade(reply=Reply.NOT_OFFERED, text="", login=False, masked=True))
    assert "AUTH" not in masked.title


def test_a_firewall_that_writes_over_the_offer_is_named() -> None:
    (finding,) = found(upgrade(reply=Reply.NOT_OFFERED, text="", masked=True))
    assert finding.side is Side.NETWORK
    assert "hides its offer" in finding.title
    assert "written over" in steps(finding)


def test_rdp_that_wants_more_is_the_clients_matter() -> None:
    (finding,) = found(upgrade(protocol="RDP", reply=Reply.REQUIRED, text="HYBRID_REQUIRED_BY_SERVER (5)"))
    assert finding.side is Side.CLIENT
    assert "network level authentication" in finding.act


@pytest.mark.parametrize(
    ("protocol", "reply", "side", "words"),
    [
        ("RDP", Reply.NOT_OFFERED, Side.EITHER, "neither TLS nor network level authentication (NLA), and the client"),
        ("RDP", Reply.DEMANDED, Side.CLIENT, "which offers neither TLS nor NLA, at its start"),
        ("XMPP", Reply.DEMANDED, Side.CLIENT, "lets nobody log in before TLS (STARTTLS)"),
    ],
)
def test_what_only_the_parting_shows_is_probable(protocol: str, reply: Reply, side: Side, words: str) -> None:
    (finding,) = found(upgrade(protocol=protocol, reply=reply, text=""))
    assert words in finding.title
    assert (finding.severity, finding.confidence, finding.side) == (Severity.MEDIUM, Confidence.PROBABLE, side)
    assert found(upgrade(protocol=protocol, reply=reply, text=""), upgrade(1, reply=Reply.NOT_WANTED)) == []


def test_the_same_again_is_one_finding_and_another_server_is_another() -> None:
    same, other = found(upgrade(), upgrade(1), upgrade(2, server=Endpoint("198.51.100.21", 587)))
    assert same.measured["connections"] == 2
    assert same.evidence.total == 4
    assert other.scope.streams == (2,)


def test_a_later_encrypted_connection_makes_it_small(tmp_path: Path, facts_of: FactsOf) -> None:
    wire = Wire()
    refusing = (b"220 mail ESMTP\r\n", b"EHLO me\r\n", b"250 STARTTLS\r\n", b"STARTTLS\r\n")
    for port, last in ((40000, (b"454 not now\r\n",)), (40001, (b"220 go\r\n", client_hello(), server_hello()))):
        talk = Talk(wire, sport=port, dport=587).open()
        for turn, word in enumerate((*refusing, *last)):
            (talk.say if turn % 2 else talk.answer)(word)
        talk.part()
    entry = registry.rules.get(RULE)
    assert entry is not None
    (finding,) = findings_of(RULE, facts_of(wire.save(tmp_path / "later.pcap"), *entry.needs))
    assert finding.severity is Severity.LOW
    assert "is encrypted" in steps(finding)
