"""TCP data that was lost: repaired, or never acknowledged at all (RFC 9293, RFC 6298, RFC 5681)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import sqrt

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.icmp_errors import TOO_BIG, errors
from explainer.protocols.tcp import connections
from explainer.protocols.tcp_discarded import discarded
from explainer.protocols.tcp_sent import LONGEST_MS, Loss, Unacknowledged, losses, unacknowledged
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.evidence import stream_filter
from explainer.rules.tcp_case import finding, scope, told_by_tls
from explainer.wording import count, listing, milliseconds

AREA = "the delivery of TCP data"
_TIMES, _SECONDS, _GROWTH = 4, 1.5, 1.5
_SHOWN = 20


def is_dead(open_: Unacknowledged) -> bool:
    """Return whether a sender tried long enough and nobody answered.

    That is four transmissions of the same data within at least 1.5 s (a time-out of 200 ms, doubled twice, is 1.4 s)
    with growing pauses, and no segment of the peer after the first repetition.
    """
    pauses = [(b - a) / 1e9 for a, b in zip(open_.times_ns, open_.times_ns[1:], strict=False)]
    patient = len(pauses) >= _TIMES - 1 and sum(pauses) >= _SECONDS and max(pauses) * 1000 <= LONGEST_MS
    return patient and max(pauses) >= _GROWTH * pauses[0] and open_.answered is None


@rule(
    "Lost segments", connections, losses, discarded, unacknowledged, errors, endings, subject="TCP connections",
    area=AREA,
)  # fmt: skip
def tcp_loss(
    facts: Facts,
    *,
    many: int = 5,
    rate: float = 0.02,
    stall_ms: float = 2000,
    some: int = 3,
    slight: float = 0.005,
) -> Iterator[Finding]:
    """Data that had to be sent again, by sender and receiver; copies of the capture and keep-alives do not count.

    `many` segments at a `rate` that slows TCP down, or a pause of `stall_ms`, are of medium severity; fewer than
    `some`, or a `slight` share, are what every network loses now and then. Left to other rules: what was never
    acknowledged, what a smaller MTU made necessary, what a receiver had no room for (its window was closed meanwhile),
    and connections whose TLS handshake failed.
    """
    dead = {o.stream for o in facts[unacknowledged] if len(o.frames) >= _TIMES - 1}
    too_big = {(e.source, e.destination) for e in facts[errors] if e.kind == TOO_BIG}
    elsewhere = dead | told_by_tls(facts[endings])
    by_way = defaultdict[tuple[str, str], list[Loss]](list)
    for every in facts[losses]:
        loss = _without(every, facts[discarded])
        way = loss.sender.address, loss.receiver.address
        if loss.again and loss.stream not in elsewhere and way not in too_big:
            by_way[way].append(loss)
    for (sender, receiver), group in by_way.items():
        # What comes twice for neither reason may be a tail loss probe (RFC 8985): no sign of loss by itself.
        proven = any(x.fast or x.timeouts for x in group) or sum(len(x.again) for x in group) >= many
        again, data = sum(len(x.again) for x in group) if proven else 0, sum(x.data for x in group)
        longest = max(x.longest_ms for x in group)
        if (again >= many and again >= rate * data) or longest >= stall_ms:
            severity = Severity.MEDIUM
        else:
            severity = Severity.LOW if again >= some and again >= slight * data else Severity.INFO
        yield _loss(group, sender, receiver, severity)


def _without(loss: Loss, unroomed: frozenset[int]) -> Loss:
    """Return the loss without what its receiver discarded."""
    gone = unroomed.intersection(loss.again)
    if not gone:
        return loss
    fast, timeouts, others = (
        tuple(frame for frame in frames if frame not in gone) for frames in (loss.fast, loss.timeouts, loss.others)
    )
    return loss._replace(
        fast=fast, timeouts=timeouts, others=others, longest_ms=loss.longest_ms if timeouts else 0.0,
        recorded=max(0, loss.recorded - len(gone)),
    )  # fmt: skip


_SENT_AGAIN = "tcp.analysis.retransmission || tcp.analysis.out_of_order"
"""Wireshark calls a repetition that comes soon after an acknowledgement out of order."""


def _loss(group: Sequence[Loss], sender: str, receiver: str, severity: Severity) -> Finding:
    again = [frame for x in group for frame in x.again]
    data, longest = sum(x.data for x in group), max(x.longest_ms for x in group)
    share = f"{count(len(again), 'data segment')} of {data:,} ({100 * len(again) / data:.2g} %)"
    low, high = _interval(len(again), data)
    unseen = not any(x.recorded for x in group)  # of none the first transmission came this far
    told = severity is not Severity.INFO or any(x.fast or x.timeouts for x in group)
    lost = told or unseen
    title = f"Data from {sender} to {receiver} was sent twice within a short time: {share}."
    if lost:
        title = f"Packets from {sender} to {receiver} were lost: {share} had to be sent again, {_repair(group)}."
    return finding(
        "tcp_loss",
        again[0],
        severity,
        Side.NETWORK,
        title,
        Evidence.of(again, f"{stream_filter(x.stream for x in group)} && ({_SENT_AGAIN})", _steps(group)),
        scope((x.stream for x in group), *(end for x in group for end in (x.receiver, x.sender))),
        act=f"The network's side must act if it is slow: something between {sender} and {receiver} loses packets."
        if lost
        else "Nobody has to act: TCP repeats a little to be sure (tail loss probes), and these may be such.",
        confidence=Confidence.CERTAIN if told else Confidence.PROBABLE if lost else Confidence.POSSIBLE,
        measured={
            "sent_again": len(again),
            "data_segments": data,
            "percent": round(100 * len(again) / data, 3),
            "percent_at_least": round(100 * low, 3),
            "percent_at_most": round(100 * high, 3),
            "longest_wait_ms": round(longest, 3),
        },
        advice=(
            f"Look at error and drop counters between {sender} and {receiver} (ip -s link, switch ports),"
            " at Wi-Fi quality, and at links that are full.",
            "Record on both sides at once: what one has and the other lacks shows where it is lost.",
        ),
        limits=("which link loses the packets", "whether a repetition was needless because only an ACK was late"),
    )


def _repair(group: Sequence[Loss]) -> str:
    fast, late = sum(len(x.fast) for x in group), sum(len(x.timeouts) for x in group)
    longest = max(x.longest_ms for x in group)
    ways = [f"{fast:,} at once (fast retransmission)"] if fast else []
    ways += [f"{late:,} after a time-out (up to {milliseconds(longest)})"] if late else []
    rest = sum(len(x.others) for x in group)
    ways += [f"{rest:,} in the same recovery"] if rest else []
    if rest and not (fast or late):
        seen = any(x.recorded for x in group)
        ways = [f"{rest:,} within a short time" if seen else f"{rest:,} whose first transmission is not recorded"]
    return f"and that repaired it: {listing(ways)}"


def _steps(group: Sequence[Loss]) -> Iterator[Step]:
    for name, text in (
        (
            "fast",
            "duplicate acknowledgements told of a gap, and the segment was sent again at once (fast retransmission)",
        ),
        ("timeouts", "no acknowledgement came in time, and the segment was sent again (time-out)"),
        ("others", "sent again while the losses were being repaired"),
    ):
        frames = tuple(frame for x in group for frame in getattr(x, name))
        if frames:
            yield Step(frames=frames[:_SHOWN], text=text)
    again, recorded = sum(len(x.again) for x in group), sum(x.recorded for x in group)
    if recorded in (0, again):
        place = "behind the place of the capture: it holds" if recorded else "before the place of the capture: it lacks"
        yield Step(frames=(), text=f"The loss is {place} the first transmission of what was sent again.")


def _interval(hits: int, of: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a share (Wilson)."""
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return max(0.0, middle - half), min(1.0, middle + half)


@rule("Segments out of order", connections, losses, subject="TCP connections", area=AREA)
def tcp_out_of_order(facts: Facts, *, min_frames: int = 5, told_from: float = 0.05) -> Iterator[Finding]:
    """Segments that overtook each other, by sender; from `told_from` of the data segments on it can slow TCP down."""
    by_way = defaultdict[tuple[str, str], list[Loss]](list)
    for loss in facts[losses]:
        if loss.out_of_order:
            by_way[loss.sender.address, loss.receiver.address].append(loss)
    for (sender, receiver), group in by_way.items():
        frames, data = [frame for x in group for frame in x.out_of_order], sum(x.data for x in group)
        if len(frames) < min_frames:
            continue
        yield finding(
            "tcp_out_of_order",
            frames[0],
            Severity.LOW if len(frames) >= told_from * data else Severity.INFO,
            Side.NETWORK,
            f"{count(len(frames), 'segment')} of {data:,} from {sender} to {receiver} came out of order.",
            Evidence.of(
                frames,
                f"{stream_filter(x.stream for x in group)} && tcp.analysis.out_of_order",
                [Step(frames=tuple(frames[:_SHOWN]), text="the segment comes after one that was sent later")],
            ),
            scope((x.stream for x in group), *(end for x in group for end in (x.receiver, x.sender))),
            act="The network's side may act: two paths, or a device with several queues, reorder the packets.",
            measured={"out_of_order": len(frames), "data_segments": data},
            advice=(
                "See whether links are bonded packet by packet, and whether the path changes within a connection.",
            ),
            limits=("whether a lost segment that was repaired quickly only looks like it",),
        )
