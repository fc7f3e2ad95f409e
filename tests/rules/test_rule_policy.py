"""The rule about the network's own policy."""

from pathlib import Path
from typing import Any

import pytest
from factories import CLIENT, SERVER, KnownFacts, findings_of

from explainer import analyse
from explainer.errors import SettingsError
from explainer.model import Finding, Severity
from explainer.policy import POLICY, parse
from explainer.protocols.flows import Flow, flows
from explainer.protocols.tcp import Endpoint
from explainer.settings import Settings


def flow(**overrides: Any) -> Flow:
    values: dict[str, Any] = {
        "transport": "TCP", "stream": 0, "client": Endpoint(CLIENT, 40000), "server": Endpoint(SERVER, 23),
        "protocols": frozenset({"telnet"}), "first_frame": 1, "frames": 9, "answered": True,
    }  # fmt: skip
    return Flow(**values | overrides)


def found(policy: str | None, *every: Flow) -> list[Finding]:
    given = {} if policy is None else {POLICY: policy.encode()}
    return findings_of("policy_forbidden", KnownFacts({flows: every}, given=given))


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ('[forbid]\nprotocols = ["Telnet"]', "The protocol telnet is used"),
        ("[forbid]\nports = [23]", "The port 23 (TCP) is used"),
        ('[forbid]\nnetworks = ["198.51.100.0/24"]', "The network 198.51.100.0/24 is used"),
        ('[allow]\nprotocols = ["tls"]', "The protocol telnet is used"),
        ("[allow]\nports = [443]", "The port 23 (TCP) is used"),
        ('[allow]\nnetworks = ["192.0.2.0/24"]', f"The address {SERVER} is used"),
    ],
)
def test_what_is_forbidden_or_not_allowed_is_told(policy: str, words: str) -> None:
    (finding,) = found(policy, flow())
    assert finding.title.startswith(words)
    assert finding.severity is Severity.HIGH
    assert finding.evidence.frames == (1,)


@pytest.mark.parametrize(
    "policy",
    [
        "", '[forbid]\nprotocols = ["ftp"]\nports = [24]\nnetworks = ["203.0.113.0/24"]',
        '[allow]\nprotocols = ["telnet"]\nports = [23]\nnetworks = ["0.0.0.0/0"]',
    ],
)  # fmt: skip
def test_what_the_policy_says_nothing_of_is_silent(policy: str) -> None:
    assert found(policy, flow()) == []


def test_a_port_counts_where_it_answers_and_a_protocol_where_it_is_known() -> None:
    assert found("[forbid]\nports = [23]", flow(answered=False)) == []
    assert found('[allow]\nprotocols = ["tls"]', flow(protocols=frozenset({"data"}))) == []


def test_flows_of_one_reason_are_one_finding() -> None:
    (finding,) = found("[forbid]\nports = [23]", flow(), flow(stream=1, first_frame=20))
    assert finding.measured == {"flows": 2, "frames": 18, "hosts": 2}


def test_the_default_policy_asks_without_judging() -> None:
    assert found(None, flow()) == []
    (finding,) = found(None, flow(protocols=frozenset({"gnutella"})))
    assert finding.severity is Severity.LOW


@pytest.mark.parametrize("text", [b"ports = 1", b"[forbid]\nports = [70000]", b"[forbid", b"\xff"])
def test_a_policy_that_is_wrong_is_refused(text: bytes) -> None:
    with pytest.raises(SettingsError, match="The policy is"):
        parse(text)


def test_a_recording_is_held_against_the_policy(captures: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[forbid]\nprotocols = ["telnet"]')
    every = analyse(captures / "telnet_without_login.pcapng", settings=Settings(policy=policy), strict=True).findings
    (finding,) = (finding for finding in every if finding.rule == "policy_forbidden")
    assert "10.20.2.20" in finding.title
    assert finding.evidence.frames == (13,)
