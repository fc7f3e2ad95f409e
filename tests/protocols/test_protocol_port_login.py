"""Logins at a switch port (IEEE 802.1X), byte by byte."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from factories import pcap
from sessions import found_in

from explainer.facts import Facts
from explainer.model import Severity
from explainer.protocols.applications import replies

FactsOf = Callable[..., Facts]
STATION, SWITCH, GROUP = "020000000009", "020000000001", "0180c2000003"
REQUEST, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4


def eapol(source: str, target: str, kind: int, body: bytes = b"") -> bytes:
    return bytes.fromhex(target + source + "888e") + struct.pack("!BBH", 1, kind, len(body)) + body


def eap(code: int, *, identity: bytes = b"", to: str = STATION) -> bytes:
    data = b"\x01" + identity if code in (REQUEST, RESPONSE) else b""
    ends = (STATION, SWITCH) if code == RESPONSE else (SWITCH, to)
    return eapol(*ends, 0, struct.pack("!BBH", code, 7, 4 + len(data)) + data)


ASKED = (eap(REQUEST), eap(RESPONSE, identity=b"ann"))
LOGOFF = eapol(STATION, SWITCH, 2)


@pytest.mark.parametrize(
    ("packets", "severities"),
    [
        ([*ASKED, eap(FAILURE)], [Severity.HIGH]),
        ([*ASKED, eap(FAILURE, to=GROUP)], [Severity.HIGH]),
        ([*ASKED, eap(FAILURE), *ASKED, eap(SUCCESS)], [Severity.INFO]),
        ([*ASKED, eap(SUCCESS)], []),
        ([eap(REQUEST), eap(FAILURE)], []),
        ([*ASKED, LOGOFF, eap(FAILURE)], []),
        ([*ASKED, eap(SUCCESS), eap(FAILURE)], []),
    ],
    ids=["refused", "told to the group", "then let in", "let in", "nobody answered", "left", "answers nothing"],
)
def test_who_is_not_let_in(packets: list[bytes], severities: list[Severity], tmp_path: Path, facts_of: FactsOf) -> None:
    findings = found_in("service_error", facts_of, pcap(tmp_path / "c.pcap", packets))
    assert [f.severity for f in findings] == severities
    assert all("02:00:00:00:00:01" in f.title and "not let in (EAP failure)" in f.title for f in findings)


def test_who_is_let_in(tmp_path: Path, facts_of: FactsOf) -> None:
    (told,) = facts_of(pcap(tmp_path / "c.pcap", [*ASKED, eap(SUCCESS)]), replies)[replies]
    assert (told.about, told.ok, told.request_frame, told.frame) == ("ann", True, 2, 3)
    assert (told.client.address, told.server.address) == ("02:00:00:00:00:09", "02:00:00:00:00:01")
