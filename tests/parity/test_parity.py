"""Each number beside Wireshark's own, for the lab's captures, and all in the folders that EXPLAINER_PARITY names."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import SAMPLE

from explainer import analyse
from explainer.capture import tshark
from explainer.errors import CaptureError, TsharkError
from explainer.model import Analysis, Stat
from explainer.registry import statistics
from explainer.stats.expert import told
from parity import oracle
from parity.oracle import Row, Times

CAPTURES = Path(__file__).parents[1] / "captures"
FOLDERS = [Path(name) for name in os.environ.get("EXPLAINER_PARITY", "").split(os.pathsep) if name]
LAYERS = tuple(oracle.LAYERS)
WITH_PORTS = ("tcp", "udp")
WANTED = [
    "protocol_hierarchy", "destinations", "rtt", "expert",
    *(f"{kind}_{layer}" for kind in ("endpoints", "conversations") for layer in LAYERS),
]  # fmt: skip
SEVERITIES = {"Errors": "error", "Warns": "warning", "Notes": "note", "Chats": "chat", "Comments": "comment"}
SHOWN_ROWS = 10
DOCUMENTED = {
    "cfp": {"endpoints_eth", "conversations_eth", "endpoints_tcp", "conversations_tcp", "destinations"},
    "pgm": {"destinations"},
}
"""Tables that differ where a protocol is present, as docs/statistics.md says with the reason."""
AHEAD = 4
"""How many files are read ahead of the test that needs them: two programs work while a third is compared."""


@dataclass(frozen=True)
class Both:
    """One capture, as analysed and as Wireshark counts it."""

    analysis: Analysis
    taps: dict[str, list[dict[str, Any]]]
    text: oracle.Text


def captures() -> list[Path]:
    own = [CAPTURES / f"{name}.pcapng" for name in SAMPLE]
    named = (path for folder in FOLDERS for path in sorted(folder.iterdir()) if path.suffix not in (".jsonl", ".md"))
    return [*own, *named]


FILES = captures()


@pytest.fixture(scope="session")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], Both]]:
    """Return a capture's numbers, one analysis a file; the next files are read while this one is compared."""
    program = tshark.find(None)
    sharkd, editcap = program.companion("sharkd"), program.companion("editcap")
    if sharkd is None or editcap is None:
        pytest.skip("sharkd and editcap are not installed beside tshark")
    wanted = [name for name in WANTED if statistics.get(name)]
    copies = tmp_path_factory.mktemp("readable")

    def read(path: Path) -> Both:
        text = oracle.text(program, path)
        whole = oracle.readable(editcap, path, copies / f"{path.name}.pcapng") if text.damaged else path
        with oracle.sharkd(sharkd) as running:
            taps = running.taps(whole)
        return Both(analyse(path, only_statistics=wanted, rules=False), taps, text)

    futures = dict[Path, Future[Both]]()
    with ThreadPoolExecutor(2) as pool:

        def numbers(path: Path) -> Both:
            at = FILES.index(path)
            for near in FILES[at : at + AHEAD]:
                if near not in futures:
                    futures[near] = pool.submit(read, near)
            try:
                return futures[path].result()
            except (CaptureError, TsharkError, oracle.UnreadableError) as error:
                pytest.skip(f"{path.name}: {error}")

        yield numbers


def test_folders_are_named() -> None:
    if not FOLDERS:
        pytest.skip("EXPLAINER_PARITY is not set: only the lab's captures are compared with Wireshark's numbers")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_equals_wireshark(path: Path, both: Callable[[Path], Both]) -> None:
    numbers = both(path)
    protocols = {row[1] for row in _stat(numbers.analysis, "protocol_hierarchy").rows}
    differing = {name for protocol, names in DOCUMENTED.items() if protocol in protocols for name in names}
    tables = (table for table in _tables(numbers) if table[0] not in differing and not _merged_by_sharkd(*table))
    differences = [line for table in tables for line in _difference(*table)]
    assert not differences, "\n" + "\n".join(differences)


def _merged_by_sharkd(name: str, ours: Counter[Row], theirs: Counter[Row]) -> bool:
    """Return whether sharkd, which reads twice, has put conversations together that tshark's own tap keeps apart.

    They have the same ends and, put together, the same sums.
    """
    if name != "conversations_udp" or len(list(theirs.elements())) >= len(list(ours.elements())):
        return False

    def sums(rows: Counter[Row]) -> Counter[tuple[frozenset[object], str]]:
        found = Counter[tuple[frozenset[object], str]]()
        for *counts, packets, size, _ in rows.elements():
            ends = frozenset([tuple(counts[:2]), tuple(counts[2:4])])
            found[ends, "packets"] += int(str(packets))
            found[ends, "bytes"] += int(str(size))
        return found

    return sums(ours) == sums(theirs)


def _tables(numbers: Both) -> Iterator[tuple[str, Counter[Row], Counter[Row]]]:
    """Yield each table's name, our rows, and Wireshark's, in the same form."""
    found, text = numbers.analysis, numbers.text
    for layer in LAYERS:
        name = f"endpoints_{layer}"
        yield name, Counter(_stat(found, name).rows), oracle.endpoints(numbers.taps, layer)
        name = f"conversations_{layer}"
        ours = Counter(_conversation(row, layer) for row in _stat(found, name).rows)
        yield name, ours, oracle.conversations(numbers.taps, layer)
    destinations = {row[:3]: int(str(row[3])) for row in _stat(found, "destinations").rows}
    yield "destinations", Counter(destinations), text.destinations
    hierarchy = enumerate(_stat(found, "protocol_hierarchy").rows)
    ours = Counter((at, depth, name, *counts[:2]) for at, (_, name, depth, *counts) in hierarchy)
    yield "protocol_hierarchy", ours, Counter((at, *row) for at, row in enumerate(text.hierarchy))
    if statistics.get("expert") is not None:
        remarks = Counter[Row]()
        for row in _stat(found, "expert").rows:
            remarks[row[:4]] += int(str(row[4]))
        theirs = Counter[Row]()
        for (severity, group, protocol, message), count in text.expert.items():
            theirs[SEVERITIES[str(severity)], group, protocol, told(str(message))] += count
        yield "expert", remarks, theirs
    yield "rtt", *_rtt(numbers)


def _stat(analysis: Analysis, name: str) -> Stat:
    stat = analysis.stat(name)
    assert stat is not None, f"{name} was not computed"
    return stat


def _conversation(row: Row, layer: str) -> Row:
    start, duration = row[-2:]
    ends_and_counts = (*row[:4], *row[5:-2]) if layer in WITH_PORTS else row[:-2]  # sharkd does not name the stream
    return (*ends_and_counts, Times(start, None if start is None else start + duration))


def _rtt(numbers: Both) -> tuple[Counter[Row], Counter[Row]]:
    """Return stream, SYN/ACK's ack_rtt and initial_rtt of each answered connection: ours, tshark's."""
    stat = _stat(numbers.analysis, "rtt")
    names = [column.name for column in stat.columns]
    at = [names.index(name) for name in ("stream", "syn_ack_rtt_ms", "initial_rtt_ms")]
    ours = Counter(tuple(row[index] for index in at) for row in stat.rows)
    theirs = numbers.text.rtt
    return ours, Counter(
        (stream, _ms(theirs[int(str(stream))].syn_ack), _ms(theirs[int(str(stream))].initial)) for stream, *_ in ours
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 6)


def _difference(name: str, ours: Counter[Row], theirs: Counter[Row]) -> Iterator[str]:
    for side, rows in (("only here", ours - theirs), ("only in Wireshark", theirs - ours)):
        for row, count in list(rows.items())[:SHOWN_ROWS]:
            yield f"{name}, {side}: {row}" + (f" ({count} times)" if count > 1 else "")
        if len(rows) > SHOWN_ROWS:
            yield f"{name}, {side}: … and {len(rows) - SHOWN_ROWS} more"
