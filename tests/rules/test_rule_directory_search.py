"""Searches in directories that find nobody."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sessions import FactsOf, found_in, session

from explainer import ask
from explainer.model import Analysis, RuleStatus, Severity

AnalysisOf = Callable[[str], Analysis]


def tlv(tag: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return bytes([tag, len(data)]) + data


def said(number: int, operation: bytes) -> bytes:
    return tlv(0x30, tlv(2, bytes([number])), operation)


def asks(number: int, user: bytes, base: bytes = b"dc=example") -> tuple[bool, bytes]:
    """Return a search of the whole tree for a uid (RFC 4511, section 4.5.1)."""
    head = tlv(4, base) + tlv(10, b"\2") + tlv(10, b"\0") + tlv(2, b"\0") + tlv(2, b"\0") + tlv(1, b"\0")
    return True, said(number, tlv(0x63, head, tlv(0xA3, tlv(4, b"uid"), tlv(4, user)), tlv(0x30)))


def entry(number: int, name: bytes) -> tuple[bool, bytes]:
    return False, said(number, tlv(0x64, tlv(4, name), tlv(0x30)))


def done(number: int, code: int = 0) -> tuple[bool, bytes]:
    return False, said(number, tlv(0x65, tlv(10, bytes([code])), tlv(4), tlv(4)))


def test_a_user_whom_nobody_finds(analysis_of: AnalysisOf) -> None:
    (finding,) = (f for f in analysis_of("ldap_nobody_found").findings if f.rule == "ldap_search_empty")
    assert "finds nobody for uid=berta below dc=example" in finding.title
    assert finding.severity is Severity.INFO
    told = ask(analysis_of("ldap_nobody_found"), "Why can berta not log in?")
    assert told.verdict == finding.title
    assert "No fault was found" in ask(analysis_of("ldap_nobody_found"), "Is anything wrong here?").verdict


@pytest.mark.parametrize(
    "talk",
    [
        (asks(1, b"anna"), entry(1, b"uid=anna"), done(1)),
        (asks(1, b"anna"), done(1), asks(2, b"anna"), entry(2, b"uid=anna"), done(2)),
        (asks(1, b"anna"), done(1, 32)),
        (asks(1, b"anna", b""), done(1)),
        (asks(1, b"anna"),),
    ],
)
def test_what_is_found_at_last_refused_general_or_not_ended_is_silent(
    talk: tuple[tuple[bool, bytes], ...], tmp_path: Path, facts_of: FactsOf
) -> None:
    assert found_in("ldap_search_empty", facts_of, session(tmp_path / "a.pcap", 389, *talk)) == []


def test_without_directories_it_does_not_apply(analysis_of: AnalysisOf) -> None:
    (outcome,) = (o for o in analysis_of("tcp_refused").outcomes if o.rule == "ldap_search_empty")
    assert outcome.status is RuleStatus.NOT_APPLICABLE
