"""What a model sees of a list of packets."""

from collections.abc import Callable
from pathlib import Path

from explainer.capture import tshark
from explainer.capture.selection import EVERYTHING
from explainer.capture_access import CaptureAccess
from explainer.llm.looks import text
from explainer.llm.tools import Toolbox
from explainer.model import Analysis


def listed(name: str, display_filter: str, captures: Path, analysis_of: Callable[[str], Analysis]) -> str:
    access = CaptureAccess(captures / f"{name}.pcapng", tshark.find(None), EVERYTHING, 60)
    return text(Toolbox(analysis_of(name), access, lambda original: None).frames(display_filter))


def test_what_a_tunnel_carries_in_a_null_record_is_not_among_the_packets(
    captures: Path, analysis_of: Callable[[str], Analysis]
) -> None:
    shown = listed("dns_tunnel", "dns.flags.response == 1 && dns.resp.type == 10", captures, analysis_of)
    answers = [line for line in shown.splitlines() if "Standard query response" in line]
    assert answers
    assert all(line.endswith(("NULL ...", "…")) for line in answers)


def test_an_ordinary_lookup_is_shown_whole(captures: Path, analysis_of: Callable[[str], Analysis]) -> None:
    shown = listed("dns_and_http_healthy", "dns", captures, analysis_of)
    assert "Standard query response" in shown
    assert "..." not in shown
