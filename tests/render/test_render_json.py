"""JSON: whole, ASCII, and the model's own values again."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from factories import capture_info, finding

from explainer import ask, registry
from explainer.model import Analysis, Answer, CaptureInfo, Finding, RuleOutcome, RuleStatus, Stat

AnalysisOf = Callable[[str], Analysis]
STYLE = registry.Style(width=60, colour=True)


def renderer() -> registry.Renderer:
    found = registry.renderers.get("json")
    assert found is not None
    return found


def test_answers_are_read_back(sample: dict[str, Any], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(sample["name"])
    answer = ask(analysis, sample["question"])
    render = renderer().answers
    assert render is not None
    first, second = json.loads(render([(analysis, answer), (analysis, answer)], STYLE))
    assert first == second
    assert Answer.model_validate(first["answer"]) == answer
    assert CaptureInfo.model_validate(first["capture"]) == analysis.info


def test_statistics_are_read_back(sample: dict[str, Any], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(sample["name"])
    document = json.loads(renderer().statistics(analysis, STYLE))
    assert tuple(Stat.model_validate(stat) for stat in document["statistics"]) == analysis.stats


def test_findings_are_read_back_with_what_became_of_each_rule(sample: dict[str, Any], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(sample["name"])
    document = json.loads(renderer().findings(analysis, STYLE))
    assert tuple(Finding.model_validate(found) for found in document["findings"]) == analysis.findings
    assert [rule["rule"] for rule in document["rules"]] == [outcome.rule for outcome in analysis.outcomes]
    assert document["schema_version"] == analysis.schema_version


@pytest.mark.parametrize("hostile", ["\x1b[31m", "\u202e", "\x07", "\ud800", "\x7f", "\x9b", "\u2028"])
def test_a_captured_string_is_ascii_and_comes_back_unchanged(hostile: str) -> None:
    found = RuleOutcome(
        rule="some_rule",
        title="Some fault",
        area="TCP",
        status=RuleStatus.RAN,
        findings=(finding(title=f"a{hostile}b"),),
    )
    analysis = Analysis(info=capture_info(file="x"), stats=(), outcomes=(found,))
    text = renderer().findings(analysis, STYLE)
    assert text.isascii()
    assert set(text) - {"\n"} <= set(map(chr, range(32, 127)))
    assert json.loads(text)["findings"][0]["title"] == f"a{hostile}b"


def test_an_analysis_survives_the_round_trip(sample: dict[str, Any], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(sample["name"])
    assert Analysis.model_validate_json(analysis.model_dump_json()) == analysis
