from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import KnownFacts, hierarchy

from explainer.model import Analysis
from explainer.stats.hierarchy import HIERARCHY, protocol_hierarchy

TEXT = """Filter:

eth                                      frames:4 bytes:400
  ip                                     frames:3 bytes:300
    tcp                                  frames:2 bytes:250
      tls                                frames:1 bytes:200
    udp                                  frames:1 bytes:50
  arp                                    frames:1 bytes:100
"""


def test_it_equals_wiresharks(sample: dict[str, Any], captures: Path, analysis_of: Callable[[str], Analysis]) -> None:
    stat = analysis_of(sample["name"]).stat("protocol_hierarchy")
    assert stat is not None
    assert [(row[0], row[3], row[4]) for row in stat.rows] == hierarchy(captures / sample["file"])


def with_text(text: str) -> KnownFacts:
    return KnownFacts({}, {HIERARCHY.argument: text})


def test_each_line_stands_under_the_one_that_carries_it_with_its_share() -> None:
    assert protocol_hierarchy(with_text(TEXT)).rows == (
        ("eth", "eth", 0, 4, 400, 100.0, 100.0),
        ("eth/ip", "ip", 1, 3, 300, 75.0, 75.0),
        ("eth/ip/tcp", "tcp", 2, 2, 250, 50.0, 62.5),
        ("eth/ip/tcp/tls", "tls", 3, 1, 200, 25.0, 50.0),
        ("eth/ip/udp", "udp", 2, 1, 50, 25.0, 12.5),
        ("eth/arp", "arp", 1, 1, 100, 25.0, 25.0),
    )


def test_several_link_types_share_the_whole() -> None:
    two = "eth  frames:3 bytes:300\n  ip  frames:3 bytes:300\nsll  frames:1 bytes:100\n"
    assert [row[5] for row in protocol_hierarchy(with_text(two)).rows] == [75.0, 75.0, 25.0]


@pytest.mark.parametrize("text", ["", "Filter:\n"])
def test_without_a_line_there_is_no_row(text: str) -> None:
    stat = protocol_hierarchy(with_text(text))
    assert (stat.rows, stat.total_rows) == ((), 0)


def test_it_says_that_tshark_was_stopped_before_it_could_count() -> None:
    assert "stopped" in protocol_hierarchy(with_text("")).note
    assert protocol_hierarchy(with_text(TEXT)).note == ""
