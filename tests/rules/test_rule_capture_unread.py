"""Protocols that no rule reads are named, so that silence about them is not taken for health."""

from pathlib import Path

import pytest
from sessions import FactsOf, Said, asks, found_in, says, session

from explainer import analyse, ask
from explainer.model import Severity

GET, VALUE = (True, b"DATE\r\n"), (False, b"111 20261126080000\r\n")  # NNTP (RFC 3977)


@pytest.mark.parametrize(
    ("port", "said", "name"),
    [
        (119, (GET, VALUE), "NNTP (news)"), (119, (GET,), None), (21, (says("220 ready"), asks("QUIT")), None),
        (50000, ((True, b"\1\2\3"), (False, b"\4\5\6")), "an unknown protocol"),
    ],
    ids=["two frames", "one frame", "a protocol that is read", "no dissector"],
)  # fmt: skip
def test_what_is_not_judged_is_named(
    port: int, said: tuple[Said, ...], name: str | None, tmp_path: Path, facts_of: FactsOf
) -> None:
    findings = found_in("capture_unread", facts_of, session(tmp_path / "c.pcap", port, *said))
    assert [finding.severity for finding in findings] == ([Severity.INFO] if name else [])
    assert all(f"What is said in {name} (2 frames)" in finding.title for finding in findings)


@pytest.mark.parametrize(("port", "said"), [(119, (GET, VALUE)), (21, (says("220 ready"), asks("QUIT")))])
def test_the_answer_says_how_far_it_goes(port: int, said: tuple[Said, ...], tmp_path: Path) -> None:
    capture = session(tmp_path / "c.pcap", port, *said)
    verdict = ask(analyse(capture), "What is wrong here?").verdict
    assert verdict.startswith("No fault was found in this capture")
    assert ("is not judged here" in verdict) is (port == 119)
