"""The recorded captures and their truth: cases.jsonl for the tests, README.md for people.

Rules
* A capture that is not recorded anew keeps its bytes and its line.
* Both files follow from the lines alone, sorted by name.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .plan import Plan
from .programs import LabError, run
from .scenario import Scenario

CAPTURES = Path(__file__).parent.parent / "captures"
Case = dict[str, Any]
HEAD = """# Captures

Recordings of real programs that fail for a real reason, or that only look as if they did. Made by `tests/lab`, which
knows the truth because it made the fault; this file and `cases.jsonl` are generated with them. To record one anew, as
root on Linux: `python -m tests.lab NAME`.

| capture | frames | recorded at | shows | expected findings |
|---|---|---|---|---|
"""


# What looks like a fault, whoever caused it.
ODD = (
    "(tcp.analysis.flags || tcp.flags.reset == 1 || icmp || icmpv6 || dns.flags.rcode > 0 || tcp.checksum.status == 0 "
    "|| udp.checksum.status == 0 || ip.checksum.status == 0)"
)


class OddRecordingError(LabError):
    """By chance the recording holds more than the scenario made; made anew, it will not."""


def case(scenario: Scenario, plan: Plan, capture: Path) -> Case:
    """The truth of a scenario with the plan's values, checked against the recording."""
    decisive = plan.fill(scenario.decisive_filter)
    decides = frames(capture, decisive)
    if not decides:
        raise LabError(f"{scenario.name}: no frame matches {decisive!r}; the recording does not show its truth")
    _only_intended(scenario, plan, capture)
    line: Case = {
        "name": scenario.name,
        "file": capture.name,
        "question": plan.fill(scenario.question),
        "shows": plan.fill(scenario.shows),
        "healthy": scenario.healthy,
        "findings": list(scenario.findings),
        "decisive_filter": decisive,
        "decides": decides,
        "words": [_pattern(plan, word) for word in scenario.words],
        "answer_must_not": [_pattern(plan, word) for word in scenario.answer_must_not],
        "side": scenario.side,
        "frames": len(frames(capture)),
    }
    return line | ({"later": True} if scenario.later else {})


def frames(capture: Path, display_filter: str = "frame") -> list[int]:
    """The numbers of the frames that match; tshark ends with 2 where the file is cut, and lists what it could read."""
    checksums = [word for layer in ("ip", "tcp", "udp") for word in ("-o", f"{layer}.check_checksum:TRUE")]
    command = (
        "tshark",
        "-n",
        *checksums,
        "-r",
        str(capture),
        "-Y",
        display_filter,
        "-T",
        "fields",
        "-e",
        "frame.number",
    )
    return list(map(int, run(command, accept=(0, 2)).split()))


def update(into: Path, recorded: list[Case]) -> None:
    """Replace the lines of what was recorded, keep the others, and write both files."""
    lines = into / "cases.jsonl"
    kept = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
    by_name = {each["name"]: each for each in (*kept, *recorded)}
    cases = [by_name[name] for name in sorted(by_name)]
    lines.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in cases))
    (into / "README.md").write_text(HEAD + "".join(_row(each) for each in cases))


def _only_intended(scenario: Scenario, plan: Plan, capture: Path) -> None:
    unintended = ODD + (f" && !({plan.fill(scenario.oddities)})" if scenario.oddities else "")
    if count := len(frames(capture, unintended)):
        raise OddRecordingError(
            f"{scenario.name}: {count} frames match {unintended!r}, which the scenario does not mean"
        )


def _row(case: Case) -> str:
    expected = ", ".join(f"`{finding}`" for finding in case["findings"]) or ("none" if case["healthy"] else "none yet")
    shows = case["shows"].replace("|", "\\|")
    return f"| [{case['name']}]({case['file']}) | {case['frames']} | {case['side']} | {shows} | {expected} |\n"


def _pattern(plan: Plan, pattern: str) -> str:
    filled = plan.fill(pattern)
    re.compile(filled)
    return filled
