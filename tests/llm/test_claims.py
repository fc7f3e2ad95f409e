"""True and false statements about captures of the lab, written from the captures alone: which the check believes.

Paraphrases, rounded numbers, other units; wrong frames, hosts, directions, dates, negations, causes.
"""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import CASES

from explainer.capture import tshark
from explainer.capture.selection import EVERYTHING
from explainer.capture_access import CaptureAccess
from explainer.llm import check
from explainer.llm.ledger import Ledger
from explainer.llm.written import Statement, Written
from explainer.model import Analysis

CLAIMS = [json.loads(line) for line in (Path(__file__).parent / "claims.jsonl").read_text("utf-8").splitlines()]
QUESTIONS = {case["name"]: case["question"] for case in CASES}
LEAST = 0.95
Judged = list[tuple[dict[str, Any], str]]


@pytest.fixture(scope="module")
def judged(analysis_of: Callable[[str], Analysis], captures: Path) -> Judged:
    """Each claim, and what the check finds amiss with it."""
    program = tshark.find(None)
    by_capture = defaultdict[str, list[dict[str, Any]]](list)
    for claim in CLAIMS:
        by_capture[claim["capture"]].append(claim)
    found: Judged = []
    for name, claims in by_capture.items():
        index = CaptureAccess(captures / f"{name}.pcapng", program, EVERYTHING, 60).index
        ledger = Ledger.of(analysis_of(name), index)
        for claim in claims:
            said = Statement(text=claim["text"], frames=tuple(claim["frames"]), sources=tuple(claim["sources"]))
            (held,) = check.claims(Written(verdict="", claims=(said,)), ledger, QUESTIONS[name])
            assert held.backed == (not held.why)
            found.append((claim, held.why))
    return found


@pytest.mark.parametrize(("true", "said"), [(True, "true ones backed"), (False, "false ones caught")])
def test_the_check_tells_true_from_false(
    judged: Judged, true: bool, said: str, record_property: Callable[[str, object], None]
) -> None:
    asked = [(claim, why) for claim, why in judged if claim["true"] == true]
    wrong = [f"{claim['capture']}: {claim['text']} ({why})" for claim, why in asked if bool(why) == true]
    share = 1 - len(wrong) / len(asked)
    print(f"{said}: {len(asked) - len(wrong)} of {len(asked)} ({share:.0%})")  # noqa: T201  # a figure to read, with -s
    record_property(said, share)
    assert len(asked) >= 60
    assert share >= LEAST, wrong
