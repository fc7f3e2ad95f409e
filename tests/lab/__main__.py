"""python -m tests.lab [--list] [--seed N] [--into DIRECTORY] [NAME …]: record all scenarios, or the named ones."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import catalogue, scenarios
from .network import network
from .pcapng import with_secrets
from .plan import DEFAULT_SEED, Plan, plan_for
from .programs import LabError, missing
from .recording import TRAFFIC, recorded
from .scenario import KEY_LOG, SCENARIOS, Lab, Scenario

ATTEMPTS = 3


def record(scenario: Scenario, plan: Plan, into: Path) -> catalogue.Case:
    """Play one scenario in a network of its own and keep its capture once it shows its truth."""
    with tempfile.TemporaryDirectory(prefix="lab-") as place:
        directory = Path(place)
        # dumpcap and nginx drop their privileges on some systems and must still get in here.
        directory.chmod(0o755)
        capture = directory / f"{scenario.name}.pcapng"
        with network(plan, directory) as built:
            host, interface = built.side(scenario.side)
            with recorded(host, interface, capture, plan.fill(scenario.records) or TRAFFIC, scenario.snap):
                scenario.play(Lab(plan, built, directory))
        data = capture.read_bytes()
        data = scenario.finish(data) if scenario.finish else data
        keys = directory / KEY_LOG
        capture.write_bytes(with_secrets(data, keys.read_bytes()) if keys.exists() else data)
        case = catalogue.case(scenario, plan, capture)
        into.mkdir(parents=True, exist_ok=True)
        (into / capture.name).write_bytes(capture.read_bytes())
    return case


def attempt(scenario: Scenario, plan: Plan, into: Path) -> catalogue.Case | None:
    """Record one scenario, again where chance spoiled it; a failure is reported and does not stop the others."""
    for _ in range(ATTEMPTS):
        try:
            case = record(scenario, plan, into)
        except catalogue.OddRecordingError as chance:
            print(chance, file=sys.stderr)
        except (LabError, OSError, subprocess.SubprocessError) as failure:
            print(f"{scenario.name}: {failure}", file=sys.stderr)
            return None
        else:
            print(f"{scenario.name}: {case['frames']} frames", file=sys.stderr)
            return case
    return None


def main() -> int:
    options = arguments()
    if options.list:
        for name in sorted(SCENARIOS):
            print(f"{name:36}{plan_for(options.seed).fill(SCENARIOS[name].shows)}")
        return 0
    faults = complaints(options.names)
    if faults:
        print("\n".join(faults), file=sys.stderr)
        return 2
    plan = plan_for(options.seed)
    chosen = [SCENARIOS[name] for name in sorted(options.names or SCENARIOS)]
    # Ended either way, the lab still takes its networks down.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            cases = list(pool.map(lambda scenario: attempt(scenario, plan, options.into), chosen))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise SystemExit("stopped; nothing was added to the catalogue") from None
    catalogue.update(options.into, [case for case in cases if case])
    return 0 if all(cases) else 1


def complaints(names: list[str]) -> list[str]:
    """What keeps the lab from working, each as a sentence."""
    unknown = [f"No scenario is called {name}; --list shows them all." for name in names if name not in SCENARIOS]
    root = [] if os.geteuid() == 0 else ["The lab builds network namespaces and must run as root."]
    return unknown + root + missing()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=scenarios.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="scenarios to record; all, if none is named")
    parser.add_argument("--list", action="store_true", help="list the scenarios and what they show")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="other seeds draw other addresses and names")
    parser.add_argument("--into", type=Path, default=catalogue.CAPTURES, help="where captures and their truth go")
    parser.add_argument("--jobs", type=int, default=4, help="how many scenarios are recorded side by side")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
