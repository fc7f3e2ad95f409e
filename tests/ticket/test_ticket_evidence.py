"""The evidence of every capture of the lab: it opens, shows the same cause alone, and redacted tells of nobody."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import CASES, SAMPLE
from factories import tshark

from explainer import closeup, pcapng, pipeline, reporting
from explainer.capture.selection import EVERYTHING, Selection
from explainer.model import Analysis
from explainer.privacy.addresses import is_kept
from explainer.report import Report
from explainer.ticket.evidence import Evidence, gathered, rules_of

AnalysisOf = Callable[[str], Analysis]

# The whole lab takes many minutes: EXPLAINER_TICKETS=all looks at all of it, as `make tickets` does.
WHOLE = os.environ.get("EXPLAINER_TICKETS") == "all"
SAMPLES = [case for case in CASES if case["name"] in SAMPLE]
_NAME = re.compile(rb"(?<![\w.-])((?:[a-z0-9-]{2,}\.)*[a-z0-9-]{2,})\.example(?![\w-])")
_WORDS = (b"required", b"incorrect", b"command", b"authentication")
_PUBLIC = (b"www", b"mail")
_KEYS = re.compile(rb"^[A-Z0-9_]+ ([0-9a-f]{64}) ([0-9a-f]{64,128})\r?$", re.MULTILINE)
SECRETS = re.compile(rb"(?i)(?:authorization: basic|cookie: \w+=|pass|password=) ?([\w+/=-]{5,})")


def evidence(case: dict[str, Any], captures: Path, analysis_of: AnalysisOf, *, redact: bool) -> Evidence:
    made = report(case, analysis_of)
    mapping = reporting.mapping_of(made) if redact else None
    return gathered(captures / case["file"], made, pipeline.DEFAULTS, EVERYTHING, mapping)


def report(case: dict[str, Any], analysis_of: AnalysisOf) -> Report:
    analysis = analysis_of(case["name"])
    answer = pipeline.ask(analysis, case["question"])
    return Report(tool_version="1", analysis=analysis, answers=(answer,))


@pytest.mark.parametrize("case", CASES if WHOLE else SAMPLES[::4], ids=lambda case: case["name"])
def test_it_shows_the_same_cause_alone(case: dict[str, Any], captures: Path, analysis_of: AnalysisOf) -> None:
    found = evidence(case, captures, analysis_of, redact=False)
    assert (found.lost, found.extra) == ((), ())
    assert set(found.shown) == rules_of(analysis_of(case["name"]))
    assert len(found.frames) <= analysis_of(case["name"]).info.frames


@pytest.mark.parametrize("case", CASES if WHOLE else SAMPLES[1::2], ids=lambda case: case["name"])
def test_redacted_it_shows_the_same_cause_alone_and_tells_of_nobody(
    case: dict[str, Any], captures: Path, analysis_of: AnalysisOf
) -> None:
    found = evidence(case, captures, analysis_of, redact=True)
    assert left_in(found.capture, captures / case["file"], analysis_of(case["name"])) == []
    assert (found.lost, found.extra) == ((), ())


@pytest.mark.parametrize("name", ["quic_alpn_refused", "quic_expired_with_keys", "tls13_with_keys_healthy"])
def test_what_secrets_or_anybody_can_decrypt_tells_of_nobody_either(
    name: str, captures: Path, analysis_of: AnalysisOf, tmp_path: Path
) -> None:
    case = next(case for case in CASES if case["name"] == name)
    place = tmp_path / "evidence.pcapng"
    place.write_bytes(evidence(case, captures, analysis_of, redact=True).capture)
    own, told = (
        set(_NAME.findall(tshark(path, "-V", "-Y", "tls.handshake").encode()))
        for path in (captures / case["file"], place)
    )
    assert b"payroll" in own
    assert len(own) == len(told)
    assert not own & told
    assert evidence(case, captures, analysis_of, redact=True).capture == place.read_bytes()


def test_secrets_from_a_file_are_in_it_by_their_stand_ins_alone(captures: Path, tmp_path: Path) -> None:
    own = pcapng.read((captures / "tls13_expired_with_keys.pcapng").read_bytes())
    bare, log, place = (tmp_path / name for name in ("bare.pcapng", "keys.log", "evidence.pcapng"))
    bare.write_bytes(pcapng.write(replace(own, secrets=()), "test"))
    log.write_bytes(own.secrets[0][8:])
    made = reporting.report(bare, selection=Selection(keylog=log))
    found = gathered(bare, made, pipeline.DEFAULTS, Selection(keylog=log), reporting.mapping_of(made))
    assert (found.shown, found.lost, found.secrets) == (("tls_certificate_expired",), (), True)
    place.write_bytes(found.capture)
    assert rules_of(pipeline.analyse(place, only_statistics=())) == {"tls_certificate_expired"}
    assert not [word for line in _KEYS.findall(log.read_bytes()) for word in line if word in found.capture]


def left_in(redacted: bytes, original: Path, analysis: Analysis) -> list[bytes]:
    """Return what is left of the addresses, names and secrets, found in the original without the code under test."""
    wanted = set[bytes]()
    for stat in ("endpoints_ip", "endpoints_ipv6", "endpoints_eth"):
        for row in found.rows if (found := analysis.stat(stat)) else ():
            wanted |= forms(str(row[0]))
    held = original.read_bytes()
    for name in _NAME.findall(held.lower()):
        if name not in _PUBLIC:
            wanted |= {name + b".example", b"".join(bytes([len(p)]) + p for p in (*name.split(b"."), b"example"))}
    wanted.update(
        match for match in SECRETS.findall(held) if match.lower() not in (b"required", b"incorrect", b"command")
    )
    for text in (text for line in _KEYS.findall(held) for text in line):
        wanted |= {text, bytes.fromhex(text.decode())}
    return sorted(value for value in wanted if value in redacted or value in redacted.lower())


def forms(address: str) -> set[bytes]:
    """Return an address as text and as bytes in both orders; nothing for one that is the same everywhere."""
    import ipaddress

    if re.fullmatch(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", address):
        octets = bytes.fromhex(address.replace(":", ""))
        return set() if octets[0] & 1 else {octets, octets[::-1], address.encode()}
    if is_kept(address):
        return set()
    packed = ipaddress.ip_address(address).packed
    return {packed, packed[::-1], address.encode()}


def test_a_packet_says_what_it_proves(captures: Path, analysis_of: AnalysisOf, tmp_path: Path) -> None:
    case = {"name": "tls12_expired", "file": "tls12_expired.pcapng", "question": "why?"}
    place = tmp_path / "evidence.pcapng"
    for redact in (False, True):
        found = evidence(case, captures, analysis_of, redact=redact)
        place.write_bytes(found.capture)
        alert = found.frames.index(24) + 1
        layers = closeup.frame(place, alert)
        comments = [field.value for layer in layers for field in layer.fields if "comment" in field.name]
        assert any("frame 24 of the original; tls_certificate_expired:1" in text for text in comments)
        assert any("certificate_expired (45)" in text for text in comments)
        assert ("payroll" in "".join(comments)) is not redact


def test_report_and_evidence_speak_of_the_same_hosts(captures: Path, analysis_of: AnalysisOf, tmp_path: Path) -> None:
    for name in ("tls12_expired", "dns_nxdomain", "tls12_other_name", "tcp_refused"):
        case = {"name": name, "file": f"{name}.pcapng", "question": "why?"}
        made = report(case, analysis_of)
        mapping = reporting.mapping_of(made)
        place = tmp_path / f"{name}.pcapng"
        place.write_bytes(gathered(captures / case["file"], made, pipeline.DEFAULTS, EVERYTHING, mapping).capture)
        alone = pipeline.analyse(place, only_statistics=()).findings[0]
        told = reporting.redacted(made, mapping).analysis.findings[0]
        assert (alone.title, alone.act) == (told.title, told.act)
