"""The rules about wireless stations."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import START_NS
from sessions import FactsOf, found, found_in, reply

from explainer.model import Analysis, Confidence, Severity
from explainer.protocols.applications import Kind
from explainer.protocols.applications.records import Reply
from explainer.protocols.tcp import Endpoint

STATION, BASE = "02:00:00:00:00:01", "02:00:00:00:00:02"
RULES = ("wireless_refused", "wireless_handshake", "wireless_sent_away", "wep_in_use")


def answer(code: str, frame: int = 1, request: str = "association", **overrides: object) -> Reply:
    ends = {"client": Endpoint(STATION, 0), "server": Endpoint(BASE, 0), "request_frame": None, "stream": None}
    return reply("Wi-Fi", code, frame, request=request, ok=code == "0", **ends | overrides)


def handshake(*numbers: int) -> list[Reply]:
    return [answer(str(n), frame, kind=Kind.SESSION) for frame, n in enumerate(numbers, 1)]


def test_a_refused_association() -> None:
    (finding,) = found("wireless_refused", answer("17"))
    assert f"The access point {BASE} refuses the association of the station {STATION}" in finding.title
    assert "as many stations as it can take" in finding.title
    assert finding.severity is Severity.HIGH


def test_an_association_that_succeeds_in_the_end_is_silent() -> None:
    assert found("wireless_refused", answer("17"), answer("0", 2)) == []
    assert found("wireless_refused", answer("76")) == []  # a step on the way through SAE


def test_a_status_without_words_is_told_by_its_number() -> None:
    (finding,) = found("wireless_refused", answer("69"))
    assert finding.title.endswith("for a reason that its status tells (status 69).")


def test_what_a_status_means() -> None:
    (finding,) = found("wireless_refused", answer("68"))
    assert finding.title.endswith("because it lets in nobody without authentication (status 68).")
    assert found("wireless_refused", answer("85")) == []  # success: the other one sleeps


def test_a_handshake_that_stops_after_its_second_message() -> None:
    (finding,) = found("wireless_handshake", *handshake(1, 2, 1, 2))
    assert finding.confidence is Confidence.PROBABLE
    assert "as it does with a wrong password" in finding.title
    assert found("wireless_handshake", *handshake(1, 2)) == []
    assert found("wireless_handshake", *handshake(1, 1, 1, 2)) == []
    assert found("wireless_handshake", *handshake(1, 2, 1, 2, 3, 4)) == []


def test_who_is_sent_away_for_a_fault_is_told() -> None:
    (finding,) = found(
        "wireless_sent_away", answer("15", request="deauthentication", kind=Kind.OTHER, about="access point")
    )
    assert finding.severity is Severity.MEDIUM
    assert "took too long" in finding.title
    assert found("wireless_sent_away", answer("3", request="deauthentication", kind=Kind.OTHER)) == []
    (other,) = found("wireless_sent_away", answer("62", request="deauthentication", kind=Kind.OTHER))
    assert "reason 62" in other.title


def test_frames_of_a_wireless_capture_are_read(tmp_path: Path, facts_of: FactsOf) -> None:
    def mac(text: str) -> bytes:
        return bytes.fromhex(text.replace(":", ""))

    header = mac(STATION) + mac(BASE) + mac(BASE) + b"\0\0"
    refusal = b"\x10\0\0\0" + header + struct.pack("<HHH", 0, 17, 0)
    farewell = b"\xc0\0\0\0" + header + struct.pack("<H", 15)
    capture = tmp_path / "wlan.pcap"
    records = b"".join(
        struct.pack("<IIII", START_NS // 10**9, n, len(frame), len(frame)) + frame
        for n, frame in enumerate((refusal, farewell))
    )
    capture.write_bytes(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 105) + records)
    assert [f.evidence.frames for f in found_in("wireless_refused", facts_of, capture)] == [(1,)]
    (away,) = found_in("wireless_sent_away", facts_of, capture)
    assert f"The access point {BASE} sends the station {STATION} away" in away.title


@pytest.mark.parametrize(("algorithm", "fires"), [(1, True), (0, False)], ids=["shared key", "open system"])
def test_wep(algorithm: int, fires: bool, tmp_path: Path, facts_of: FactsOf) -> None:
    macs = [bytes.fromhex(text.replace(":", "")) for text in (BASE, STATION, BASE)]
    frame = b"\xb0\0\0\0" + b"".join(macs) + b"\0\0" + struct.pack("<HHH", algorithm, 1, 0)
    record = struct.pack("<IIII", START_NS // 10**9, 0, len(frame), len(frame)) + frame
    capture = tmp_path / "wep.pcap"
    capture.write_bytes(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 105) + record)
    findings = found_in("wep_in_use", facts_of, capture)
    assert [f.severity for f in findings] == [Severity.INFO] * fires
    assert all(f"The wireless network of {BASE} uses WEP ({STATION} authenticates" in f.title for f in findings)


def test_without_wireless_frames_they_do_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    assert {o.status for o in analysis_of("tls12_healthy").outcomes if o.rule in RULES} == {"not applicable"}


def test_what_a_reason_means() -> None:
    gone: dict[str, Any] = {"request": "deauthentication", "kind": Kind.OTHER, "about": "station"}
    (finding,) = found("wireless_sent_away", answer("34", **gone))
    assert finding.title.endswith(
        "(deauthentication, reason 34): too many frames were not acknowledged: the channel is poor."
    )
    (finding,) = found("wireless_sent_away", answer("99", **gone))
    assert finding.title.endswith("its number is in no table of IEEE 802.11-2020.")
