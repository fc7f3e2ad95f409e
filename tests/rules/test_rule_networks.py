"""What routers and file stores refuse: BGP, PPP, NFS."""

import struct
from pathlib import Path

import pytest
from sessions import FactsOf, found, found_in, reply, session

from explainer.model import Severity, Side
from explainer.protocols.applications import Kind
from explainer.protocols.applications.file_sharing import EXPORT


@pytest.mark.parametrize(
    ("rule", "protocol", "code", "words", "severity"),
    [
        ("bgp_refused", "BGP", "6/2", "administrative shutdown", Severity.MEDIUM),
        ("bgp_refused", "BGP", "2/2", "bad peer AS", Severity.HIGH),
        ("bgp_refused", "BGP", "4/0", "hold timer expired", Severity.HIGH),
        ("bgp_refused", "BGP", "6/7", "collision resolution", Severity.INFO),
        ("ppp_refused", "PPP", "failure", "user name or password is wrong", Severity.HIGH),
        ("nfs_refused", "NFS file", "13", "permission is denied", Severity.HIGH),
        ("nfs_refused", "NFS file", "2", "no such file", Severity.INFO),
    ],
)
def test_a_refusal_is_told(rule: str, protocol: str, code: str, words: str, severity: Severity) -> None:
    (finding,) = found(rule, reply(protocol, code, kind=Kind.OTHER))
    assert finding.severity is severity
    assert words in finding.title
    assert found(rule, reply(protocol, code, ok=True)) == []
    assert found(rule, reply("SMTP", "550")) == []


def test_a_mount_by_nfs_4_is_a_folder_below_the_root() -> None:
    (missing,) = found("nfs_refused", reply("NFS file", "2", kind=Kind.FILE, request=EXPORT))
    assert (missing.severity, missing.side) == (Severity.MEDIUM, Side.EITHER)
    assert "it exports no folder of that name" in missing.title
    (denied,) = found("nfs_refused", reply("NFS file", "13", kind=Kind.FILE, request=EXPORT))
    assert "permission is denied" in denied.title


def bgp(kind: int, body: bytes = b"") -> bytes:
    return b"\xff" * 16 + struct.pack("!HB", 19 + len(body), kind) + body


def test_a_notification_is_read(tmp_path: Path, facts_of: FactsOf) -> None:
    opened = bgp(1, struct.pack("!BHHIB", 4, 65001, 180, 1, 0))
    why = b"maintenance"
    end = bgp(3, bytes([6, 2, len(why)]) + why)
    capture = session(tmp_path / "b.pcap", 179, (True, opened), (False, opened), (True, bgp(4)), (False, end))
    (finding,) = found_in("bgp_refused", facts_of, capture)
    assert "administrative shutdown" in finding.title
    assert "maintenance" in finding.title
    assert finding.evidence.frames == (7,)
