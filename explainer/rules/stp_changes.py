"""A spanning tree that changes again and again: switches forget each time where hosts are (IEEE 802.1D, 802.1w)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.spanning_tree import Bridge, bridges
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20
_SAME_NS = 6_000_000_000
"""Messages about one change follow each other like all others, every two seconds."""


@rule("Spanning tree keeps changing", bridges, subject="spanning tree (STP)", area="spanning tree")
def stp_changes(facts: Facts, *, min_changes: int = 4, max_pause_s: float = 120.0) -> Iterator[Finding]:
    """A bridge that tells of a topology change `min_changes` times, one no more than `max_pause_s` after the other.

    A port that comes up is one change, a few computers that are switched on are several; a cable, a card or a loop that
    makes a port go up and down goes on. Messages that follow each other within seconds tell of the same change.
    """
    for bridge in facts[bridges]:
        starts = _starts(bridge)
        run = _longest(starts, max_pause_s * 1e9)
        if len(run) >= min_changes:
            yield _told(bridge, run)


def _starts(bridge: Bridge) -> list[tuple[int, int]]:
    """Return the first message of each change, and when."""
    found, last = list[tuple[int, int]](), -_SAME_NS - 1
    for frame, time in zip(bridge.changes, bridge.change_ns, strict=True):
        if time - last > _SAME_NS:
            found.append((frame, time))
        last = time
    return found


def _longest(starts: Sequence[tuple[int, int]], pause_ns: float) -> list[tuple[int, int]]:
    """Return the longest run of changes without a longer pause between them."""
    best, begin = (0, 0), 0
    for n, (_, time) in enumerate(starts):
        if n and time - starts[n - 1][1] > pause_ns:
            begin = n
        best = max(best, (begin, n + 1), key=lambda run: run[1] - run[0])
    return list(starts[slice(*best)])


def _told(bridge: Bridge, run: Sequence[tuple[int, int]]) -> Finding:
    frames = [frame for frame, _ in run]
    span_s = (run[-1][1] - run[0][1]) / 1e9
    every = f", every {span_s / (len(run) - 1):.0f} s on average"
    return finding(
        "stp_changes",
        frames[0],
        Severity.MEDIUM,
        Side.NETWORK,
        f"The spanning tree keeps changing: {bridge.bridge} tells of {count(len(run), 'topology change')} in"
        f" {span_s:.0f} s{every}. Each time the switches forget where hosts are, and send what is for one to all.",
        Evidence.of(
            frames,
            f"stp.flags.tc == 1 && stp.bridge.hw == {bridge.bridge}",
            [Step(frames=tuple(frames[:_SHOWN]), text=f"{bridge.bridge} sets the flag of a topology change")],
        ),
        Scope(),
        act="Whoever runs the switches must find the port that goes up and down, and mend its cable, its device or the"
        " loop behind it.",
        measured={"changes": len(run), "span_s": round(span_s, 3)},
        confidence=Confidence.CERTAIN,
        advice=(
            "On the switches: show spanning-tree detail tells how many changes there were, and from which port the last"
            " one came; go on from switch to switch.",
            "Ports of computers and servers belong to the edge (portfast): their coming and going is no change then.",
        ),
        limits=("which port it is",),
    )
