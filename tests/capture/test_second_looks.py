"""Second looks beside the rules: in turn, and those that fit together."""

import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from factories import matching

from capture import programs
from capture.programs import program
from explainer.capture import tshark as programs_found
from explainer.capture.again import Again, Asked
from explainer.capture.second_looks import SecondLooks
from explainer.capture.selection import EVERYTHING
from explainer.errors import TsharkError
from explainer.facts import Column, Kind, View

NUMBER = Column("frame.number", Kind.INT)


class Held(Again):
    """An Again whose first look waits until it is let go; `batches` are how many looks each tshark took."""

    def __init__(self, capture: Path, named: Path | None = None) -> None:
        super().__init__(capture, programs_found.find(named), len(matching(capture, "")), EVERYTHING, 30)
        self.go = threading.Event()
        self.batches = list[int]()

    def looks(self, asked: Sequence[Asked]) -> "list[pl.DataFrame]":
        self.batches.append(len(asked))
        assert self.go.wait(30)
        return super().looks(asked)


def views(capture: Path, *filters: str) -> list[View]:
    return [View(tuple(sorted(matching(capture, chosen)))) for chosen in filters]


def test_those_that_wait_go_together(captures: Path) -> None:
    capture = captures / "tls12_out_of_order_healthy.pcapng"
    again = Held(capture)
    looks = SecondLooks(again, 1)
    chosen = views(capture, "tcp.stream == 0", "tcp.stream == 1", "udp")
    begun = [looks.begin((NUMBER,), view) for view in chosen]
    again.go.set()
    seen = [each.result(30)["frame.number"].to_list() for each in begun]
    assert seen == [list(view.frames) for view in chosen]
    assert again.batches == [1, 2]


def test_those_that_do_not_fit_go_one_by_one(captures: Path) -> None:
    capture = captures / "tls12_out_of_order_healthy.pcapng"
    again = Held(capture)
    looks = SecondLooks(again, 1)
    begun = [looks.begin((NUMBER,), view) for view in views(capture, "tcp.stream == 0", "tcp", "tcp.stream == 1")]
    again.go.set()
    assert all(each.result(30).height for each in begun)
    assert again.batches == [1, 1, 1]


@pytest.mark.parametrize(("at_once", "at_work"), [(1, 1), (2, 2)])
def test_no_more_are_at_work_than_may(captures: Path, at_once: int, at_work: int) -> None:
    capture = captures / "tls12_out_of_order_healthy.pcapng"
    again = Held(capture)
    looks = SecondLooks(again, at_once)
    begun = [looks.begin((NUMBER,), view) for view in views(capture, "tcp.stream == 0", "tcp", "tcp.stream == 1")]
    waited = threading.Event()
    for _ in range(100):
        if len(again.batches) >= at_work:
            break
        waited.wait(0.02)
    assert len(again.batches) == at_work
    again.go.set()
    assert all(each.result(30).height for each in begun)


def test_an_error_is_raised_where_the_look_is_asked_for_and_the_next_one_goes_on(
    captures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture, other = captures / "tls12_out_of_order_healthy.pcapng", tmp_path / "other.snoop"
    subprocess.run(["editcap", "-F", "snoop", capture, other], check=True)
    chosen = views(other, "tcp.stream == 0", "tcp.stream == 1", "udp")
    again = Held(other, program(tmp_path, programs.logging(tmp_path / "log")))
    looks, path = SecondLooks(again, 1), os.environ["PATH"]
    monkeypatch.setenv("PATH", "")  # editcap, by which such a file is converted, is not found
    begun = [looks.begin((NUMBER,), view) for view in chosen]
    again.go.set()
    for each in begun:
        with pytest.raises(TsharkError):
            each.result(30)
    monkeypatch.setenv("PATH", path)
    assert looks.begin((NUMBER,), chosen[2]).result(30)["frame.number"].to_list() == list(chosen[2].frames)
