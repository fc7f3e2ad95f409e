"""TCP data that was lost: repaired, or never acknowledged at all (RFC 9293, RFC 6298, RFC 5681)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import sqrt

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.icmp_errors import TOO_BIG, errors
from explainer.protocols.tcp import connections
from explainer.protocols.tcp_sent import LONGEST_MS, Loss, Unacknowledged, losses, unacknowledged
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.evidence import stream_filter
from explainer.rules.tcp_case import finding, scope, told_by_tls
from explainer.wording import count, listing, milliseconds

_AREA = "the delivery of TCP data"
_TIMES, _SECONDS, _GROWTH = 4, 1.5, 1.5
_SHOWN = 20
_FULL = 1000  # bytes: from here on, what other segments get through may be too large for a link on the way


def is_dead(open_: Unacknowledged) -> bool:
    """Return whether a sender tried long enough and nobody answered.

    That is four transmissions of the same data within at least 1.5 s (a time-out of 200 ms, doubled twice, is 1.4 s)
    with growing pauses, and no segment of the peer after the first repetition.
    """
    pauses = [(b - a) / 1e9 for a, b in zip(open_.times_ns, open_.times_ns[1:], strict=False)]
    patient = len(pauses) >= _TIMES - 1 and sum(pauses) >= _SECONDS and max(pauses) * 1000 <= LONGEST_MS
    return patient and max(pauses) >= _GROWTH * pauses[0] and open_.answered is None


@rule("Lost segments", connections, losses, unacknowledged, errors, endings, subject="TCP connections", area=_AREA)
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
    acknowledged, what a smaller MTU made necessary, and connections whose TLS handshake failed.
    """
    dead = {o.stream for o in facts[unacknowledged] if len(o.frames) >= _TIMES - 1}
    too_big = {(e.source, e.destination) for e in facts[errors] if e.kind == TOO_BIG}
    elsewhere = dead | told_by_tls(facts[endings])
    by_way = defaultdict[tuple[str, str], list[Loss]](list)
    for loss in facts[losses]:
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


_SENT_AGAIN = "tcp.analysis.retransmission || tcp.analysis.out_of_order"
"""Wireshark calls a repetition that comes soon after an acknowledgement out of order."""


def _loss(group: Sequence[Loss], sender: str, receiver: str, severity: Severity) -> Finding:
    again = [frame for x in group for frame in x.again]
    data, longest = sum(x.data for x in group), max(x.longest_ms for x in group)
    share = f"{count(len(again), 'data segment')} of {data:,} ({100 * len(again) / data:.2g} %)"
    low, high = _interval(len(again), data)
    lost = severity is not Severity.INFO or any(x.fast or x.timeouts for x in group)
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
        confidence=Confidence.CERTAIN if lost else Confidence.POSSIBLE,
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
    ways = [f"{rest:,} within a short time"] if rest and not (fast or late) else ways
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


@rule(
    "Connection gone silent", unacknowledged, endings, subject="segments sent again and never acknowledged", area=_AREA
)
def tcp_dead(facts: Facts, *, idle_s: float = 60) -> Iterator[Finding]:
    """The same data, sent at least four times with growing pauses, that is never acknowledged (RFC 6298).

    Nothing of the peer comes any more. After a pause of `idle_s` the idle time-out is the likelier cause, and another
    rule tells it; of a sender that had already said good-bye (FIN) it is only information.
    """
    elsewhere = told_by_tls(facts[endings])
    for open_ in facts[unacknowledged]:
        if is_dead(open_) and open_.silence_s < idle_s and open_.stream not in elsewhere:
            yield _dead(open_)


def _dead(open_: Unacknowledged) -> Finding:
    sender, peer, times = open_.sender, open_.receiver, len(open_.frames)
    lasted = (open_.times_ns[-1] - open_.times_ns[0]) / 1e9
    large = open_.size >= _FULL and open_.largest_passed < open_.size
    first, rest = open_.frames[0], open_.frames[1:]
    steps = [
        Step(frames=(first,), text=f"{sender} sends {count(open_.size, 'byte')} to {peer}"),
        Step(
            frames=rest[:_SHOWN], text=f"it sends the same data again, {count(len(rest), 'time')}, with growing pauses"
        ),
        Step(frames=(), text=f"No packet of {peer} follows: in {lasted:.1f} s no acknowledgement."),
    ]
    if large:
        small = f"up to {count(open_.largest_passed, 'byte')}" if open_.largest_passed else "the handshake's alone"
        steps.append(
            Step(frames=(), text=f"No packet as large has arrived on this connection, only small ones: {small}.")
        )
    if open_.reset:
        steps.append(Step(frames=(open_.reset,), text=f"a reset in the name of {peer} ends it"))
    return finding(
        "tcp_dead",
        first,
        Severity.INFO if open_.ended else Severity.HIGH,
        Side.EITHER,
        f"{peer.address} went silent in the middle of a connection: {sender.address} sent the same segment {times}"
        f" times in {lasted:.1f} s (retransmissions), and it was never acknowledged. The peer or the path is dead"
        + (", or large packets are dropped on the way (a smaller MTU)." if large else "."),
        Evidence.of([*open_.frames, *([open_.reset] if open_.reset else [])], f"tcp.stream == {open_.stream}", steps),
        scope([open_.stream], sender, peer),
        act=f"Either {peer.address} is gone, or the path is broken in one direction: check {peer.address} first.",
        measured={"transmissions": times, "seconds": round(lasted, 3), "bytes": open_.size},
        confidence=Confidence.CERTAIN if open_.peer_frames else Confidence.PROBABLE,
        advice=(
            f"Check that {peer.address} still runs and is reachable: ping {peer.address}",
            f"Record on {peer.address} at the same time: if the segment arrives there, the acknowledgement gets lost.",
            *((f"Find the largest packet that passes: ping -M do -s 1372 {peer.address}",) if large else ()),
            "Look for a firewall on the way that dropped the connection from its table, or a route that changed.",
        ),
        limits=("whether the segment or its acknowledgement is lost", "where on the way"),
    )


@rule("Segments out of order", connections, losses, subject="TCP connections", area=_AREA)
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
