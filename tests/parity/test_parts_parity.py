"""Captures read in parts beside the same read whole: the lab's, and all in the folders that EXPLAINER_PARITY names."""

from pathlib import Path

import pytest
from factories import dense

from explainer import registry
from explainer.analysis import needs
from explainer.capture import passes, read, tshark
from explainer.capture.passes import Workers
from explainer.capture.records import native
from explainer.capture.splitting import split
from explainer.errors import ExplainerError
from explainer.facts import required
from parity.test_parity import CAPTURES, FOLDERS

COLUMNS, _ = required(needs(registry.statistics, registry.rules))


def falls_into_parts(path: Path) -> bool:
    try:
        found = native(path)
    except (OSError, ValueError):  # an empty file
        return False
    return found is not None and found.whole and split(found, 2) is not None


FILES = [
    path
    for folder in (CAPTURES, *FOLDERS)
    for path in sorted(folder.iterdir())
    if path.suffix not in (".jsonl", ".md") and falls_into_parts(path)
]


def test_some_captures_fall_into_parts() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_parts_give_the_table_of_the_whole(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "SPLIT_FROM_BYTES", 0)
    program = tshark.find(None)
    try:
        whole = read.read(path, program, COLUMNS, (), time_limit_s=120)
    except ExplainerError as error:
        pytest.skip(f"{path.name}: {error}")
    in_parts = read.read(path, program, COLUMNS, (), time_limit_s=120, workers=Workers(2))
    assert dense(in_parts.frames).equals(dense(whole.frames))
    assert in_parts.info == whole.info
