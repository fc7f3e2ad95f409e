"""How the work of each fact, rule and statistic grows with the number of connections: 10, 30 and 100 times the lab's.

Prints seconds and the exponent from the least to the most (1.0: as the frames; n log n is about 1.1), largest first,
once with other hosts in each round and once with the same ones. Usage: growth.py [ROUNDS ROUNDS ...]
"""

import gc
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import traffic

from explainer import registry
from explainer.analysis import needs
from explainer.capture import read, tshark
from explainer.facts import Fact, Facts, Need, required

_ROUNDS = (10, 30, 100)
_LARGEST = 8_000
_LIMIT_S = 3600
_WORTH_A_ROW_S = 0.1
_STEEP = 1.5
"""Tables that outgrow the processor's caches make linear work look like up to 1.4; the square of the frames is 2."""


def in_order(needed: Iterable[Need], seen: set[Need]) -> Iterator[Fact[object]]:
    """Yield each fact behind these needs after those that it needs itself."""
    for need in needed:
        if isinstance(need, Fact) and need not in seen:
            seen.add(need)
            yield from in_order(need.needs, seen)
            yield need


def seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds that it takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measured(capture: Path) -> dict[str, float]:
    """Return CPU seconds by what was computed; facts without those that they are made of."""
    every = needs(registry.statistics, registry.rules)
    columns, taps = required(every)
    program = tshark.find(None)
    captured = read.read(capture, program, columns, taps, time_limit_s=_LIMIT_S)
    facts = Facts(captured.frames, captured.taps)
    found = {}
    for fact in in_order(every, set()):
        found[f"fact {fact.title}"] = seconds(lambda fact=fact: facts.limited_to((fact,))[fact])  # type: ignore[misc]
    for rule in registry.rules:
        view = facts.limited_to(rule.needs)
        found[f"rule {rule.id}"] = seconds(lambda rule=rule, view=view: list(rule.check(view)))  # type: ignore[misc]
    for stat in registry.statistics:
        view = facts.limited_to(stat.needs)
        found[f"statistic {stat.id}"] = seconds(lambda stat=stat, view=view: stat.compute(view))  # type: ignore[misc]
    return found


def main() -> int:
    """Print the tables; return 1 where something grows faster than n log n."""
    rounds = tuple(map(int, sys.argv[1:])) or _ROUNDS
    gc.disable()  # as good as the command line does
    steep = False
    for moved in traffic.Moved:
        table, frames = list[dict[str, float]](), list[int]()
        with tempfile.TemporaryDirectory() as folder:
            for number in rounds:
                capture = Path(folder) / f"{number}.pcap"
                frames.append(traffic.write_rounds(capture, number, moved, largest=_LARGEST))
                table.append(measured(capture))
        sizes = (f"{number}x = {count:,} frames" for number, count in zip(rounds, frames, strict=True))
        print(f"\n{moved.value}: {', '.join(sizes)}", flush=True)
        print(f"{'':52}{''.join(f'{number:>8}x' for number in rounds)}  exponent")
        growth = math.log(rounds[-1] / rounds[0])
        for name in sorted(table[-1], key=lambda name: -table[-1][name]):
            times = [row[name] for row in table]
            if times[-1] < _WORTH_A_ROW_S:
                break
            exponent = math.log(times[-1] / max(times[0], 1e-4)) / growth
            mark = "  grows too fast" if exponent > _STEEP else ""
            steep |= bool(mark)
            print(f"{name[:51]:52}{''.join(f'{value:9.2f}' for value in times)}{exponent:10.2f}{mark}")
        print(f"{'all':52}{''.join(f'{sum(row.values()):9.2f}' for row in table)}", flush=True)
    return int(steep)


if __name__ == "__main__":
    sys.exit(main())
