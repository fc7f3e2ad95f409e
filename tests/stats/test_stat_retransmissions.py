"""Retransmissions over time: their sums are tshark's."""

import re
import subprocess
from pathlib import Path

import pytest

from explainer import analyse


@pytest.mark.parametrize("name", ["tcp_loss", "tcp_refused", "tcp_syn_unanswered"])
def test_the_sums_are_tshark_s(name: str, captures: Path) -> None:
    path = captures / f"{name}.pcapng"
    (stat,) = analyse(path, only_statistics=["retransmissions"], rules=False).stats
    words: list[str | Path] = ["tshark", "-n", "-q", "-r", path, "-z", "io,stat,0,tcp,tcp.analysis.retransmission"]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    counts = re.search(r"<>[^|]*\|\s*(\d+) \|\s*\d+ \|\s*(\d+) \|", printed)
    assert counts is not None
    assert (sum(int(str(row[1])) for row in stat.rows), sum(int(str(row[2])) for row in stat.rows)) == (
        int(counts[1]), int(counts[2]),
    )  # fmt: skip
