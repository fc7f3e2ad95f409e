"""TCP connections whose peer goes silent: data sent again and again, and never acknowledged (RFC 9293, RFC 6298)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tcp_sent import Unacknowledged, unacknowledged
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.tcp_case import finding, scope, told_by_tls
from explainer.rules.tcp_loss import AREA, is_dead
from explainer.wording import count

_SHOWN = 20
_FULL = 1000  # bytes: from here on, what other segments get through may be too large for a link on the way


@rule(
    "Connection gone silent",
    unacknowledged,
    endings,
    connections,
    subject="segments sent again and never acknowledged",
    area=AREA,
)
def tcp_dead(facts: Facts, *, idle_s: float = 60) -> Iterator[Finding]:
    """The same data, sent at least four times with growing pauses, that is never acknowledged (RFC 6298).

    Nothing of the peer comes any more. After a pause of `idle_s` the idle time-out is the likelier cause, and another
    rule tells it; of a sender that had already said good-bye (FIN) it is only information. Where the peer answers on
    another connection meanwhile, or later, it is not the peer that is dead.
    """
    elsewhere = told_by_tls(facts[endings])
    for open_ in facts[unacknowledged]:
        if is_dead(open_) and open_.silence_s < idle_s and open_.stream not in elsewhere:
            yield _dead(open_, _alive(open_, facts[connections]))


def _alive(open_: Unacknowledged, every: Sequence[Connection]) -> int | None:
    """Return a frame with which the peer opens or accepts another connection of the two after the silence began."""
    pair = {open_.sender.address, open_.receiver.address}
    for c in every:
        if {c.client.address, c.server.address} == pair and c.first_frame > open_.frames[0]:
            shown = c.syn_ack_frame if c.server.address == open_.receiver.address else c.first_frame
            if shown:
                return shown
    return None


def _dead(open_: Unacknowledged, alive: int | None) -> Finding:
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
    if alive:
        steps.append(Step(frames=(alive,), text=f"{peer.address} is alive: it answers on another connection"))
    if open_.reset:
        steps.append(Step(frames=(open_.reset,), text=f"a reset in the name of {peer} ends it"))
    return finding(
        "tcp_dead",
        first,
        Severity.INFO if open_.ended else Severity.HIGH,
        Side.NETWORK if alive and large else Side.EITHER,
        f"{peer.address} went silent in the middle of a connection: {sender.address} sent the same segment {times}"
        f" times in {lasted:.1f} s (retransmissions), and it was never acknowledged."
        f" {_why(open_, large=large, alive=alive)}",
        Evidence.of(
            [*open_.frames, *filter(None, (alive, open_.reset))],
            f"tcp.stream == {open_.stream}" + (f" || frame.number == {alive}" if alive else ""),
            steps,
        ),
        scope([open_.stream], sender, peer),
        act=_act(open_, large=large, alive=alive),
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


def _why(open_: Unacknowledged, *, large: bool, alive: int | None) -> str:
    """Return what is dead, as far as that is known."""
    peer = open_.receiver.address
    small_mtu = "large packets are dropped on the way (a smaller MTU)"
    if alive is None:
        return f"The peer or the path is dead{f', or {small_mtu}' if large else ''}."
    # What it answers later may be after a failure that passed.
    meanwhile = alive < open_.frames[-1]
    passed = "" if meanwhile else ", or the path was broken for a time"
    if large:
        return f"{peer} itself is alive, as another connection shows: most likely {small_mtu}{passed}."
    if meanwhile:
        return (
            f"{peer} itself is alive, as another connection shows: something on the way, or its program, no longer"
            " knows this one."
        )
    return f"The peer or the path was dead for a time: later {peer} answers on another connection."


def _act(open_: Unacknowledged, *, large: bool, alive: int | None) -> str:
    sender, peer = open_.sender.address, open_.receiver.address
    if alive and large:
        return f"Whoever runs the path from {sender} to {peer} must act: it drops packets of full size."
    if alive and alive < open_.frames[-1]:
        return f"Look for a firewall, NAT or load balancer between {sender} and {peer} that lost the connection."
    return f"Either {peer} is gone, or the path is broken in one direction: check {peer} first."
