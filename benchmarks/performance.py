"""Time and memory of an analysis beside tshark alone, beside what a user would run by hand, and beside others' tools.

Each command is run in turn with the others, several rounds; medians. Writes the table to docs/performance.md.
Usage: performance.py [MEGABYTES ...] (default: 5 20 100 1000, of which other kinds than mixed traffic get 5 and 100)
"""

import argparse
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import traffic

_DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
_BEGIN, _END = "<!-- measured -->", "<!-- /measured -->"
_ROUNDS = ((10, 5), (500, 3), (math.inf, 1))
"""How often each command is run, by the megabytes up to which that goes."""
_PYSHARK_MB, _DOCTOR_MB = 100, 20
"""Up to which size the two are measured: pyshark takes six minutes for 100 MB."""
_OF_MIXED_ALONE_MB = (20, 1000)
_QUESTION = "why does my TLS handshake fail?"
_FIRST = "`explainer findings`, a capture never seen"
_SECOND = "second question (`explainer ask`)"
_PYSHARK_ALONE = "pyshark, conversations and RTT alone (once)"
_DOCTOR = "pcap-doctor (once)"
_ONCE = {_PYSHARK_ALONE, _DOCTOR}
_BY_HAND = ("conv,tcp", "conv,ip", "endpoints,ip", "expert", "io,phs")
_PYSHARK = """
import sys, pyshark
capture, pairs, times = pyshark.FileCapture(sys.argv[1], keep_packets=False), {}, []
for packet in capture:
    if "IP" in packet:
        pair = frozenset((packet.ip.src, packet.ip.dst))
        pairs[pair] = pairs.get(pair, 0) + int(packet.length)
    if "TCP" in packet and hasattr(packet.tcp, "analysis_ack_rtt"):
        times.append(float(packet.tcp.analysis_ack_rtt))
print(len(pairs), len(times))
"""


@dataclass(frozen=True)
class Cost:
    """What one run took: seconds by the clock, of the processors, and the megabytes of its largest process."""

    wall_s: float
    cpu_s: float
    memory_mb: float


def cost(command: list[str], variables: dict[str, str]) -> Cost:
    """Return what a command takes, with all that it starts.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **variables}
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


def commands(capture: Path, megabytes: float, cache: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield what is measured of one capture, with its name."""
    tshark = ["tshark", "-n", "-q", "-r", str(capture)]
    ours = [sys.executable, "-m", "explainer"]
    yield "base pass (`tshark -n -q -z io,stat,0`)", [*tshark, "-z", "io,stat,0"]
    yield "taps by hand", [*tshark, *(word for tap in _BY_HAND for word in ("-z", tap))]
    yield _FIRST, [*ours, "findings", str(capture)]
    for jobs in (1, os.cpu_count() or 1):
        words = ["findings", str(capture), "--no-cache", "--jobs", str(jobs)]
        yield f"`explainer findings --no-cache`, {jobs} job{'s' * (jobs > 1)}", [*ours, *words]
    yield _SECOND, [*ours, "ask", str(capture), _QUESTION]
    if megabytes <= _PYSHARK_MB:
        yield _PYSHARK_ALONE, [sys.executable, "-c", _PYSHARK, str(capture)]
    doctor = shutil.which("pcap-doctor", path=str(cache.parent / "doctor" / "bin"))
    if doctor and megabytes <= _DOCTOR_MB:
        yield _DOCTOR, [doctor, "analyze", str(capture), "--out", str(cache.parent / "doctored")]


def measured(capture: Path, megabytes: float, folder: Path) -> dict[str, Cost]:
    """Return the medians of each command; what fails is told and left out."""
    cache = folder / "cache"
    variables = {"EXPLAINER_CACHE": str(cache)}
    asked = list(commands(capture, megabytes, cache))
    runs: dict[str, list[Cost]] = {}
    subprocess.run(
        [sys.executable, "-m", "explainer", "ask", str(capture), _QUESTION],
        check=True, stdout=subprocess.DEVNULL, env={**os.environ, **variables},
    )  # fmt: skip
    for turn in range(next(rounds for most, rounds in _ROUNDS if megabytes <= most)):
        for name, command in asked:
            if turn and name in _ONCE:
                continue
            if name == _FIRST:
                _forget(cache)
            if name == _SECOND:
                cost(command, variables)
            try:
                runs.setdefault(name, []).append(cost(command, variables))
            except subprocess.CalledProcessError as error:
                print(f"{name} failed: {error}", file=sys.stderr)
    return {name: _median(costs) for name, costs in runs.items() if costs}


def _forget(cache: Path) -> None:
    """Leave nothing in the cache but what is known of tshark and of our own program."""
    for entry in cache.iterdir():
        if entry.name != "programs":
            shutil.rmtree(entry)


def _median(costs: list[Cost]) -> Cost:
    def middle(of: Callable[[Cost], float]) -> float:
        return statistics.median(map(of, costs))

    return Cost(middle(lambda c: c.wall_s), middle(lambda c: c.cpu_s), middle(lambda c: c.memory_mb))


def table(kind: str, packets: int, megabytes: float, costs: dict[str, Cost]) -> str:
    """Return the measurements of one capture as Markdown."""
    base = next(iter(costs.values()))
    lines = [
        f"### {kind}, {megabytes:g} MB, {packets:,} packets", "",
        "| | wall s | to base | CPU s | to base | packets/s | largest process MB |", "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, each in costs.items():
        ratios = (
            f"{each.wall_s:.2f} | {each.wall_s / base.wall_s:.1f} | {each.cpu_s:.2f} | {each.cpu_s / base.cpu_s:.1f}"
        )
        lines.append(f"| {name} | {ratios} | {packets / each.wall_s:,.0f} | {each.memory_mb:,.0f} |")
    lines += ["", f"`findings` takes {costs[_FIRST].wall_s - base.wall_s:.2f} s more than the base pass."]
    return "\n".join(lines)


def growth(found: dict[float, dict[str, Cost]]) -> str:
    """Return how time and memory grow from the smallest to the largest capture of mixed traffic."""
    least, most = min(found), max(found)
    lines = [f"Growth from {least:g} to {most:g} MB of mixed traffic (1.0: as the size):", ""]
    for name in found[least]:
        if name in found[most]:
            one, other = found[least][name], found[most][name]
            exponents = (
                math.log(after / before) / math.log(most / least)
                for before, after in ((one.cpu_s, other.cpu_s), (one.memory_mb, other.memory_mb))
            )
            lines.append("* {}: CPU {:.2f}, memory {:.2f}".format(name, *exponents))
    return "\n".join(lines)


def machine() -> str:
    """Return what this machine is."""
    version = subprocess.run(["tshark", "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    names = [line for line in Path("/proc/cpuinfo").read_text().split("\n") if line.startswith("model name")]
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1e6
    processor = names[0].partition(": ")[2] if names else platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {memory:.0f} GB; {version}; Python {platform.python_version()}."


def main() -> None:
    """Measure, print, and write the document."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=float, default=[5.0, 20.0, 100.0, 1000.0])
    sizes = parser.parse_args().sizes
    parts, mixed = [machine()], dict[float, dict[str, Cost]]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        doctor = folder / "doctor"
        subprocess.run([sys.executable, "-m", "venv", doctor], check=True)
        subprocess.run([doctor / "bin" / "pip", "install", "--quiet", "pcap-doctor"], check=False)
        for kind in traffic.Kind:
            for megabytes in sizes:
                if kind is not traffic.Kind.MIXED and megabytes in _OF_MIXED_ALONE_MB:
                    continue
                capture = folder / "traffic.pcap"
                packets = traffic.write(capture, int(megabytes * 1e6), kind)
                costs = measured(capture, megabytes, folder)
                parts.append(table(kind.value, packets, megabytes, costs))
                print(parts[-1], flush=True)
                if kind is traffic.Kind.MIXED:
                    mixed[megabytes] = costs
    if len(mixed) > 1:
        parts.append(growth(mixed))
        print(parts[-1])
    before, _, rest = _DOCUMENT.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _DOCUMENT.write_text(f"{before}{_BEGIN}\n\n" + "\n\n".join(parts) + f"\n\n{_END}{after}", "utf-8")


if __name__ == "__main__":
    main()
