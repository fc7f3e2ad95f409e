"""Connections of COTP that are turned away."""

from pathlib import Path

import pytest
from sessions import FactsOf, found_in, session

from explainer.rules.cotp_refused import called

REQUEST = bytes.fromhex("0300001611e00000000100c0010ac1020100c2020102")
CONFIRM = bytes.fromhex("0300001611d00001000200c0010ac1020100c2020102")


def disconnect(reason: int) -> bytes:
    return bytes.fromhex("0300000b0680000100 00".replace(" ", "")) + bytes([reason])


def test_a_wrong_slot(tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 102, (True, REQUEST), (False, disconnect(3)))
    (finding,) = found_in("cotp_refused", facts_of, capture)
    assert "0102, rack 0 and slot 2 of a controller" in finding.title
    assert finding.title.endswith("the address is unknown.")
    assert len(finding.evidence.frames) == 2


@pytest.mark.parametrize(
    ("asks", "answers"),
    [(REQUEST, CONFIRM), (CONFIRM, disconnect(3)), (REQUEST, disconnect(3)[:10])],
    ids=["accepted", "no request", "cut off"],
)
def test_what_is_no_refusal(asks: bytes, answers: bytes, tmp_path: Path, facts_of: FactsOf) -> None:
    capture = session(tmp_path / "a.pcap", 102, (True, asks), (False, answers))
    assert found_in("cotp_refused", facts_of, capture) == []


def test_the_address_that_is_called() -> None:
    assert called(REQUEST) == b"\x01\x02"
    assert called(REQUEST[:17]) == b""
