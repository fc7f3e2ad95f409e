"""What all tests share: the lab's captures with their truth, and facts read from them by the real tshark."""

import json
import os
from collections.abc import Callable
from concurrent.futures import Future
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from dissections import DISSECTED, Dissection, written
from hypothesis import settings

from explainer import dissected, registry
from explainer.analysis import analysis as analysed
from explainer.capture import read, tshark
from explainer.capture.again import Again
from explainer.capture.background import in_background
from explainer.capture.selection import EVERYTHING
from explainer.facts import Facts, Look, Need, View, required
from explainer.model import Analysis

# How long a busy machine takes is no property of the code; the same code passes or fails every time. To search for new
# examples: EXPLAINER_EXAMPLES=5000 make test
_SEARCH = int(os.environ.get("EXPLAINER_EXAMPLES", "0"))
settings.register_profile("suite", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=_SEARCH or 1)
settings.load_profile("search" if _SEARCH else "suite")
CAPTURES = Path(__file__).parent / "captures"
CASES: list[dict[str, Any]] = [json.loads(line) for line in (CAPTURES / "cases.jsonl").read_text().splitlines()]


# One of each kind: what is parametrized with these need not look at the others, which differ in their cause alone.
SAMPLE = (
    "bittorrent_among_web", "dns_and_http_healthy", "dns_servfail", "dns_truncated_then_tcp_healthy", "dtls12_expired",
    "http_500", "http_secrets_healthy", "ipv6_healthy", "portmapper_probe", "quic_expired_with_keys", "tcp_refused",
    "tcp_rejected_icmp", "tcp_syn_unanswered", "tls12_capture_cut", "tls12_expired", "tls12_expired_on_odd_port",
    "tls12_hostile_names", "tls12_out_of_order_healthy", "tls12_starttls_smtp_expired", "tls13_client_side_only",
    "tls13_expired_with_keys", "tls13_hello_retry_healthy", "tls_to_http_port", "tunnel_gre_healthy",
)  # fmt: skip


@pytest.fixture(params=[case for case in CASES if case["name"] in SAMPLE], ids=lambda case: case["name"])
def sample(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One capture of each kind, with its question and its truth."""
    found: dict[str, Any] = request.param
    return found


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of the lab's captures."""
    return CAPTURES


@pytest.fixture(params=CASES, ids=lambda case: case["name"])
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each capture of the lab, with its question and its truth."""
    found: dict[str, Any] = request.param
    return found


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the processes of one test run share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def dissection_of(shared: Path) -> Callable[[str], Dissection]:
    """Return a lab capture by its name as tshark dissects it, with all that statistics and rules need.

    tshark takes longer to start than to read such a capture, so that all tests share what one process has read.
    """

    @cache
    def dissection(name: str) -> Dissection:
        return Dissection.of(CAPTURES / f"{name}.pcapng", shared)

    return dissection


@pytest.fixture(scope="session")
def analysis_of(dissection_of: Callable[[str], Dissection], shared: Path) -> Callable[[str], Analysis]:
    """Return the analysis of a lab capture by its name; a rule that raises is a failed test."""

    @cache
    def analysis(name: str) -> Analysis:
        kept = shared / f"{name}.analysis"
        if not kept.exists():
            seen = dissection_of(name)
            made = analysed(seen.info, seen.facts, registry.statistics, registry.rules, strict=True)
            written(kept, lambda path: path.write_text(made.model_dump_json(), "utf-8"))
        return Analysis.model_validate_json(kept.read_bytes())

    return analysis


@pytest.fixture(scope="session")
def facts_of(dissection_of: Callable[[str], Dissection]) -> Callable[..., Facts]:
    """Return the facts behind some needs, from a capture by name (of the lab) or path, as tshark dissects it."""

    @cache
    def facts(capture: str | Path, *needs: Need) -> Facts:
        columns, taps = required(needs)
        if isinstance(capture, str) and {*columns, *taps} <= DISSECTED:
            return dissection_of(capture).facts
        path = capture if isinstance(capture, Path) else CAPTURES / f"{capture}.pcapng"
        program = tshark.find(None)
        captured = read.read(path, program, columns, taps, time_limit_s=60)

        again = Again(path, program, captured.frames.height, EVERYTHING, 60)

        def look_again(look: Look, view: View) -> "Future[pl.DataFrame]":
            return in_background(lambda: again.look(look.columns, view))

        version = dissected.version(captured)
        return Facts(captured.frames, captured.taps, look_again=look_again, given=version)

    return facts
