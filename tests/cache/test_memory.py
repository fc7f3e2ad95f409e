"""What is remembered of a capture comes back as it was, under its own key alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from dissections import Dissection
from factories import dense

from explainer.cache.memory import NOTHING, Memory
from explainer.cache.store import Store
from explainer.frame_table import FrameTable
from explainer.model import Analysis
from explainer.protocols.frame import FRAME, PROTOCOLS

AnalysisOf = Callable[[str], Analysis]
DEPENDS_ON = ("content", "4.0.17")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_an_analysis_comes_back_equal(store: Store, sample: dict[str, str], analysis_of: AnalysisOf) -> None:
    analysis = analysis_of(sample["name"])
    Memory(store, DEPENDS_ON).keep_analysis(analysis)
    known = Memory(store, DEPENDS_ON)
    if analysis.info.warnings:
        assert (known.info(), known.outcomes()) == (None, None)
        return
    assert (known.info(), known.outcomes()) == (analysis.info, analysis.outcomes)
    assert tuple(known.stat(stat.id) for stat in analysis.stats) == analysis.stats


def test_a_table_comes_back_equal(store: Store, dissection_of: Callable[[str], Dissection]) -> None:
    seen = dissection_of("tls12_expired")
    frames = FrameTable.of(seen.facts.frames(FRAME, PROTOCOLS))
    keeping = Memory(store, DEPENDS_ON)
    keeping.keep_capture(seen.info, frames, {"expert": "text"})
    keeping.keep_analysis(Analysis(info=seen.info, stats=(), outcomes=()))
    known = Memory(store, DEPENDS_ON)
    table = known.frames(frames.height)
    assert table is not None
    assert dense(table).equals(dense(frames))
    assert known.taps() == {"expert": "text"}


def test_of_anything_else_nothing_is_known(store: Store, analysis_of: AnalysisOf) -> None:
    Memory(store, DEPENDS_ON).keep_analysis(analysis_of("tls12_expired"))
    other = Memory(store, ("content", "4.2.0"))
    assert (other.info(), other.outcomes(), other.frames(1)) == (None, None, None)
    assert other.taps() == {}


def test_other_trusted_roots_are_other_findings_of_the_same_capture(store: Store, analysis_of: AnalysisOf) -> None:
    Memory(store, DEPENDS_ON).keep_analysis(analysis_of("tls12_expired"))
    trusting = Memory(store, DEPENDS_ON, ("trust store:1",))
    assert trusting.info() is not None
    assert trusting.outcomes() is None


def test_what_is_not_what_it_was_is_made_anew(store: Store, analysis_of: AnalysisOf) -> None:
    known = Memory(store, DEPENDS_ON)
    known.keep_analysis(analysis_of("tls12_expired"))
    key = store.entries()[0].key
    for name, content in (("info.json", b"{}"), ("frames-0.parquet", b"PAR1")):
        store.write(key, name, content)
    assert (known.info(), known.frames(1)) == (None, None)
    assert not (store.folder / key / "info.json").exists()


def test_without_a_store_nothing_is_kept(analysis_of: AnalysisOf) -> None:
    NOTHING.keep_analysis(analysis_of("tls12_expired"))
    assert not NOTHING.keeps
    assert (NOTHING.info(), NOTHING.outcomes(), NOTHING.frames(1), NOTHING.stat("rtt")) == (None, None, None, None)
