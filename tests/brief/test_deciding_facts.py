"""Whether the brief holds what decides a question: the cause, the hosts, the frames, of every capture of the lab."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from conftest import CASES

from explainer.brief.build import build
from explainer.brief.tokens import ESTIMATE
from explainer.llm.written import cited
from explainer.model import Analysis, Finding

FAULTY = [case for case in CASES if case["findings"]]
BUDGETS = {2000: 0.95, 4000: 1.0, 8000: 1.0}


def deciding(case: dict[str, Any], analysis: Analysis) -> list[Finding]:
    return [f for f in analysis.findings if f.rule in case["findings"] and not f.explained_by]


def facts(case: dict[str, Any], analysis: Analysis, budget: int) -> list[bool]:
    """Return whether each deciding fact is in the brief."""
    text = build(analysis, case["question"], budget=budget, counter=ESTIMATE).text
    known = deciding(case, analysis)
    assert known, f"no rule finds what {case['name']} shows"
    frames = {frame for line in text.splitlines() for frame in cited(line)}
    held = [all(re.search(words, text) for words in case["words"])]
    for finding in known:
        held.append(f"FINDING {finding.id}" in text)
        held += [address in text for address in finding.scope.addresses]
        held += [frame in frames for frame in finding.evidence.frames[:4]]
    return held


def test_the_brief_holds_the_deciding_facts(
    analysis_of: Callable[[str], Analysis], record_property: Callable[[str, object], None]
) -> None:
    for budget, least in BUDGETS.items():
        found = {case["name"]: facts(case, analysis_of(case["name"]), budget) for case in FAULTY}
        every = [fact for held in found.values() for fact in held]
        share = sum(every) / len(every)
        told = f"brief of {budget} tokens: {share:.1%} of {len(every)} deciding facts, {len(FAULTY)} captures"
        print(told)  # noqa: T201  # a figure to read, with -s
        record_property(f"deciding facts at {budget}", share)
        missing = {name: held for name, held in found.items() if not all(held)}
        assert share >= least, missing


@pytest.mark.parametrize("budget", [500, 2000])
def test_a_question_about_one_host_among_many_still_gets_it(
    analysis_of: Callable[[str], Analysis], budget: int
) -> None:
    text = build(analysis_of("tls12_expired"), "What of 10.20.2.20?", budget=budget, counter=ESTIMATE).text
    assert "FINDING tls_certificate_expired:1" in text
