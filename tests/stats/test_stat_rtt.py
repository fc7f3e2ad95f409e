from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import ACK, SYN, connection, facts, first_frame, segment_rows, unanswered

from explainer.model import Analysis
from explainer.stats.rtt import rtt


def test_it_equals_wiresharks(sample: dict[str, Any], captures: Path, analysis_of: Callable[[str], Analysis]) -> None:
    stat = analysis_of(sample["name"]).stat("rtt")
    assert stat is not None
    shown = segment_rows(captures / sample["file"])
    answers = {int(row["tcp.stream"]): row for row in reversed(shown) if int(row["tcp.flags"], 16) == SYN | ACK}
    initial = {int(r["tcp.stream"]): r["tcp.analysis.initial_rtt"] for r in shown if r["tcp.analysis.initial_rtt"]}
    assert {row[0] for row in stat.rows} == set(answers)
    for row in stat.rows:
        answer = answers[int(str(row[0]))]
        assert row[4] == int(answer["frame.number"])
        assert row[6] == pytest.approx(float(answer["tcp.analysis.ack_rtt"]) * 1000, abs=1e-6)
        assert row[7] == pytest.approx(float(initial[int(str(row[0]))]) * 1000, abs=1e-6)


def test_only_answered_connections_have_a_round_trip() -> None:
    stat = rtt(facts([connection(0), unanswered(1), connection(2, syn_frames=(), syn_ack_rtt_ms=None)]))
    first = first_frame(0)
    assert stat.rows[0][:8] == (0, "192.0.2.10:40000", "198.51.100.20:443", first, first + 1, first + 2, 1.0, 2.0)
    assert [row[0] for row in stat.rows] == [0, 2]
    assert stat.rows[1][3] is None


def test_it_is_empty_without_connections() -> None:
    assert rtt(facts()).rows == ()
