"""Each capture of the lab, asked its question: findings, words and cited frames are held against its truth."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import matching

from explainer import ask, registry
from explainer.model import Analysis, RuleStatus, Severity

AnalysisOf = Callable[[str], Analysis]
OPEN_QUESTION = "what is wrong here?"

_RANGE = r"\d+(?:-\d+)?"
_CITED = re.compile(rf"\bframes? ({_RANGE}(?:(?:, | and ){_RANGE})*)")


def cited(text: str) -> set[int]:
    """Return the frames that a text cites: "frame 4", "frames 4, 6-8 and 10"."""
    frames = set[int]()
    for group in _CITED.findall(text):
        for part in re.split(r", | and ", group):
            first, _, last = part.partition("-")
            frames.update(range(int(first), int(last or first) + 1))
    return frames


def test_citations_are_read_as_people_read_them() -> None:
    text = "frame 4    x\nframes 6-8, 10 and 12    y\nframes 1 and 2 more   z; 99 frames"
    assert cited(text) == {4, 6, 7, 8, 10, 12, 1, 2}


def told(analysis: Analysis) -> set[str]:
    """Return the rules whose findings are told: no symptoms of others, nothing that is only worth knowing."""
    return {f.rule for f in analysis.findings if not f.explained_by and f.severity is not Severity.INFO}


def text_of(analysis: Analysis, question: str) -> str:
    renderer = registry.renderers.get("text")
    assert renderer is not None
    assert renderer.answers is not None
    return renderer.answers([(analysis, ask(analysis, question))], registry.Style(width=100_000, colour=False))


def expected(case: dict[str, Any], analysis: Analysis) -> set[str]:
    wanted = set(case["findings"])
    if case.get("later") and not told(analysis):
        pytest.skip(f"{case['name']}: no rule finds this yet")
    return wanted


def test_the_findings_are_the_truth(case: dict[str, Any], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(case["name"])
    assert told(analysis) == expected(case, analysis)


def test_no_rule_fails(case: dict[str, Any], analysis_of: AnalysisOf) -> None:
    assert RuleStatus.FAILED not in {outcome.status for outcome in analysis_of(case["name"]).outcomes}


def test_the_answer_says_what_it_must(case: dict[str, Any], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(case["name"])
    expected(case, analysis)
    answer = re.sub(r"\s+", " ", text_of(analysis, case["question"]))
    assert [pattern for pattern in case["words"] if not re.search(pattern, answer)] == [], answer


@pytest.mark.parametrize("asked", ["its question", "the open question"])
def test_the_answer_claims_nothing_wrong(asked: str, case: dict[str, Any], analysis_of: AnalysisOf) -> None:
    question = case["question"] if asked == "its question" else OPEN_QUESTION
    answer = text_of(analysis_of(case["name"]), question)
    assert [pattern for pattern in case["answer_must_not"] if re.search(pattern, answer)] == [], answer


@pytest.mark.parametrize("asked", ["its question", "the open question"])
def test_the_answer_cites_a_frame_that_decides(asked: str, case: dict[str, Any], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(case["name"])
    expected(case, analysis)
    if case["healthy"]:
        return
    question = case["question"] if asked == "its question" else OPEN_QUESTION
    assert cited(text_of(analysis, question)).intersection(case["decides"])


def test_the_frames_that_decide_are_those_of_their_filter(sample: dict[str, Any], captures: Path) -> None:
    assert matching(captures / sample["file"], sample["decisive_filter"]) == set(sample["decides"])


def test_an_open_question_is_answered_with_the_worst_finding(case: dict[str, Any], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(case["name"])
    answer = ask(analysis, OPEN_QUESTION)
    if expected(case, analysis):
        assert analysis.findings[0].title in answer.verdict
    else:
        assert answer.verdict.startswith("No fault was found")
        assert answer.next_steps


_SIDES = re.compile(r"^(The (client|server|network)'s side|Both sides|One side|Whoever )")


def test_whoever_asks_about_tls_hears_at_once_whose_side_must_act(
    case: dict[str, Any], analysis_of: AnalysisOf
) -> None:
    analysis = analysis_of(case["name"])
    about_tls = {f.rule for f in analysis.findings if f.rule.startswith(("tls_", "quic_"))}
    if case["healthy"] or not set(case["findings"]) & about_tls:
        return
    answer = ask(analysis, "why does my TLS handshake fail?")
    assert _SIDES.match(answer.act), answer.act


def test_a_healthy_capture_raises_nothing_and_says_so(case: dict[str, Any], analysis_of: AnalysisOf) -> None:
    if not case["healthy"]:
        return
    analysis = analysis_of(case["name"])
    assert [f.id for f in analysis.findings if f.severity is not Severity.INFO] == []
    assert "No fault was found" in text_of(analysis, case["question"])
