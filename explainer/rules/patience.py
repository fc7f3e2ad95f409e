"""How long a client waits for an answer before it leaves: whether that tells of a fault, or of somebody's whim."""

from collections.abc import Sequence

_SHORTEST_S, _TIMES, _SHARE = 0.5, 2, 0.05


def gave_up(waits_s: Sequence[float], long_s: float) -> set[float]:
    """Return those waits (seconds) after which a client gave up an answer that should have come.

    All of them from `long_s` on; shorter ones only where they are alike, within a twentieth, two of them or more:
    people leave when they like, programs after a time limit that is set.
    """
    long = [wait for wait in waits_s if wait >= long_s]
    short = sorted(wait for wait in waits_s if _SHORTEST_S <= wait < long_s)
    alike = len(short) >= _TIMES and short[-1] - short[0] <= _SHARE * short[-1]
    return {*long, *(short if alike else ())}
