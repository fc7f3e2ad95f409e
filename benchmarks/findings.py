"""How long `explainer findings` takes beside one dissection by tshark alone (`tshark -n -q -z io,stat,0`).

Each is run in turn, five times; medians of wall and CPU seconds. Usage: findings.py [MEGABYTES]
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import traffic

_ROUNDS = 5


def measured(command: list[str]) -> tuple[float, float]:
    """Return wall and CPU seconds of a command."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the table."""
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as folder:
        capture = Path(folder) / "traffic.pcap"
        frames = traffic.write(capture, int(megabytes * 1e6))
        commands = {
            "tshark alone": ["tshark", "-n", "-q", "-z", "io,stat,0", "-r", str(capture)],
            "explainer findings": [sys.executable, "-m", "explainer", "findings", str(capture)],
        }
        runs = {name: list[tuple[float, float]]() for name in commands}
        for _ in range(_ROUNDS):
            for name, command in commands.items():
                runs[name].append(measured(command))
    print(f"{megabytes:g} MB, {frames:,} packets, medians of {_ROUNDS}")
    print(f"{'':20}{'wall s':>10}{'CPU s':>10}")
    for name, times in runs.items():
        wall, cpu = (statistics.median(t[index] for t in times) for index in (0, 1))
        print(f"{name:20}{wall:10.2f}{cpu:10.2f}")
    walls = [statistics.median(t[0] for t in times) for times in runs.values()]
    print(f"explainer takes {walls[1] - walls[0]:.2f} s more than tshark alone")


if __name__ == "__main__":
    main()
