"""What holds for every statistic: on a capture without its subject it is empty, never an error."""

from pathlib import Path

import pytest
from factories import pcap

from explainer import analyse, registry
from explainer.model import Analysis


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    capture = pcap(tmp_path_factory.mktemp("empty") / "none.pcap", [bytes(12) + b"\x88\xb5" + bytes(46)])
    return analyse(capture, strict=True)


@pytest.mark.parametrize("statistic", [entry.id for entry in registry.statistics])
def test_a_capture_without_the_subject_gives_a_table_that_fits_its_columns(statistic: str, empty: Analysis) -> None:
    stat = empty.stat(statistic)
    assert stat is not None
    assert stat.columns
    assert stat.total_rows >= len(stat.rows)
    if statistic in ("destinations", "ports", "rtt", "tls"):
        assert (stat.rows, stat.total_rows) == ((), 0)


def test_a_file_without_ip_still_has_its_protocols(tmp_path: Path) -> None:
    capture = pcap(tmp_path / "none.pcap", [bytes(12) + b"\x88\xb5" + bytes(46)] * 3)
    stat = analyse(capture, only_statistics=["protocol_hierarchy"], rules=False).stat("protocol_hierarchy")
    assert stat is not None
    assert stat.rows[0][3] == 3
