"""What all tests share: the lab's captures with their truth, and facts read from them by the real tshark."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from explainer import analyse
from explainer.capture import read, tshark
from explainer.facts import Facts, Need, required
from explainer.model import Analysis

CAPTURES = Path(__file__).parent / "captures"
CASES: list[dict[str, Any]] = [json.loads(line) for line in (CAPTURES / "cases.jsonl").read_text().splitlines()]


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
def analysis_of() -> Callable[[str], Analysis]:
    """Return the analysis of a lab capture by its name; a rule that raises is a failed test."""

    @cache
    def analysis(name: str) -> Analysis:
        return analyse(CAPTURES / f"{name}.pcapng", strict=True)

    return analysis


@pytest.fixture(scope="session")
def facts_of() -> Callable[..., Facts]:
    """Return the facts behind some needs, from a capture by name (of the lab) or path, as tshark dissects it."""

    @cache
    def facts(capture: str | Path, *needs: Need) -> Facts:
        path = capture if isinstance(capture, Path) else CAPTURES / f"{capture}.pcapng"
        columns, taps = required(needs)
        captured = read.read(path, tshark.find(None), columns, taps, time_limit_s=60)
        return Facts(captured.frames, captured.taps)

    return facts
