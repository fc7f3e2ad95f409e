"""What all tests share: the lab's captures with their truth, and facts read from them by the real tshark."""

import json
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import settings

from explainer import analyse
from explainer.capture import read, tshark
from explainer.facts import Facts, Look, Need, View, required
from explainer.model import Analysis

# How long a busy machine takes is no property of the code.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
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
def analysis_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Analysis]:
    """Return the analysis of a lab capture by its name; a rule that raises is a failed test.

    The processes of one test run share what each has analysed: the result is the same in all of them.
    """
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "analyses"
    shared.mkdir(exist_ok=True)

    @cache
    def analysis(name: str) -> Analysis:
        kept = shared / f"{name}.json"
        if kept.exists():
            return Analysis.model_validate_json(kept.read_bytes())
        made = analyse(CAPTURES / f"{name}.pcapng", strict=True)
        unfinished = shared / f"{name}.{os.getpid()}"
        unfinished.write_text(made.model_dump_json(), "utf-8")
        unfinished.replace(kept)
        return made

    return analysis


@pytest.fixture(scope="session")
def facts_of() -> Callable[..., Facts]:
    """Return the facts behind some needs, from a capture by name (of the lab) or path, as tshark dissects it."""

    @cache
    def facts(capture: str | Path, *needs: Need) -> Facts:
        path = capture if isinstance(capture, Path) else CAPTURES / f"{capture}.pcapng"
        columns, taps = required(needs)
        program = tshark.find(None)
        captured = read.read(path, program, columns, taps, time_limit_s=60)

        def look_again(look: Look, view: View) -> pl.DataFrame:
            return read.again(path, program, look.columns, view, time_limit_s=60)

        return Facts(captured.frames, captured.taps, look_again=look_again)

    return facts
