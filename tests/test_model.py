import json
from typing import Any

import pydantic
import pytest
from brief import samples
from hypothesis import given
from hypothesis import strategies as st

from explainer.model import Analysis, Confidence, Evidence, Finding, Severity, Stat, StatColumn, Step


class TestEvidence:
    @given(st.lists(st.integers(1, 10**6), min_size=1))
    def test_lists_the_first_twenty_of_all(self, frames: list[int]) -> None:
        found = Evidence.of(frames, "tcp")
        assert found.frames == tuple(sorted(set(frames))[:20])
        assert found.total == len(set(frames))

    def test_cannot_be_empty(self) -> None:
        with pytest.raises(pydantic.ValidationError):
            Evidence.of([], "tcp")

    def test_more_of_it_counts_what_is_not_listed_either(self) -> None:
        step = Step(frames=(7, 90), text="more")
        found = Evidence.of(range(1, 31), "tcp").also(step, frames=(91,), display_filter="arp || icmp")
        assert (found.frames, found.total) == (tuple(range(1, 21)), 32)
        assert (found.display_filter, found.steps) == ("(tcp) || arp || icmp", (step,))

    def test_more_steps_alone_change_no_filter(self) -> None:
        found = Evidence.of([5], "tcp").also(Step(frames=(3,), text="more"))
        assert (found.frames, found.total, found.display_filter) == ((3, 5), 2, "tcp")

    def test_needs_a_filter(self) -> None:
        with pytest.raises(pydantic.ValidationError):
            Evidence.of([1], "")

    @pytest.mark.parametrize("frame", [0, -1])
    def test_frames_count_from_one(self, frame: int) -> None:
        with pytest.raises(pydantic.ValidationError):
            Evidence.of([frame], "tcp")
        with pytest.raises(pydantic.ValidationError):
            Step(frames=(frame,), text="x")


class TestFinding:
    def test_cannot_be_built_without_evidence(self) -> None:
        values: dict[str, Any] = samples.finding().model_dump()
        del values["evidence"]
        with pytest.raises(pydantic.ValidationError, match="evidence"):
            Finding.model_validate(values)

    def test_is_frozen(self) -> None:
        with pytest.raises(pydantic.ValidationError, match="frozen"):
            samples.finding().title = "x"

    def test_knows_no_other_fields(self) -> None:
        with pytest.raises(pydantic.ValidationError, match="extra"):
            Finding.model_validate({**samples.finding().model_dump(), "colour": "red"})


class TestStat:
    def test_a_row_must_fit_its_columns(self) -> None:
        with pytest.raises(pydantic.ValidationError, match="a row of x does not fit its columns"):
            Stat(id="x", title="X", columns=(StatColumn(name="a"),), rows=((1, 2),), total_rows=1)

    def test_cells_keep_their_types(self) -> None:
        row = ("1", 1, 1.5, True, None)
        stat = samples.stat("x", "abcde", [row])
        assert [type(cell) for cell in stat.rows[0]] == [type(cell) for cell in row]
        assert Stat.model_validate_json(stat.model_dump_json()) == stat


class TestAnalysis:
    def test_findings_come_causes_first_worst_first(self) -> None:
        low = samples.finding("low", severity=Severity.LOW)
        high = samples.finding("high", frames=(9,))
        earlier = samples.finding("earlier", frames=(2,))
        unsure = samples.finding("unsure", confidence=Confidence.POSSIBLE, frames=(1,))
        symptom = samples.finding("symptom", explained_by="high:0", frames=(1,))
        found = samples.analysis(*map(samples.ran, (symptom, low, unsure, high, earlier))).findings
        assert [finding.rule for finding in found] == ["earlier", "high", "unsure", "low", "symptom"]

    def test_survives_json(self) -> None:
        analysis = samples.analysis(
            samples.ran(samples.finding()), samples.failed("x"), stats=[samples.stat("x", ("a",), [(1,)])]
        )
        assert Analysis.model_validate_json(analysis.model_dump_json()) == analysis
        assert json.loads(analysis.model_dump_json())["schema_version"]

    def test_stat(self) -> None:
        analysis = samples.analysis(stats=[samples.stat("x", ("a",))])
        assert analysis.stat("x") is analysis.stats[0]
        assert analysis.stat("y") is None


def test_ranks_count_up_from_the_worst_and_the_surest() -> None:
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3]
    assert [confidence.rank for confidence in Confidence] == [0, 1, 2]
