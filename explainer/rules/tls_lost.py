"""TLS handshakes of which the path loses a part: the ClientHello, or the server's large packets (RFC 4821)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Side, Step
from explainer.protocols.tls import Outcome, endings
from explainer.protocols.tls.carriage import Carriage, carriages
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict
from explainer.rules.tls_stopped import Group, answered, hints, severity, stopped, told
from explainer.wording import count

_AREA = "the delivery of TLS handshakes"
_LARGE = 1000
"""Bytes of TCP payload that a path with a reduced MTU may not carry; IPv6 guarantees 1280 bytes a packet."""


@rule(
    "ClientHello lost on the path",
    endings,
    carriages,
    answered,
    subject=SUBJECT,
    area=_AREA,
    evidence="the ClientHello and its repetitions",
    limits="where it is lost, or whether only the acknowledgements are",
)
def tls_hello_unacknowledged(
    facts: Facts, *, min_sendings: int = 2, patience_s: float = 3.0, given_up_s: float = 1.0
) -> Iterator[Finding]:
    """A ClientHello, sent at least `min_sendings` times, that nothing acknowledges, on a connection that had opened.

    The silence must have lasted `patience_s`, or `given_up_s` where the client then left: RFC 6298 has TCP send again
    after a second or less, so that a packet lost by chance is there by then.
    """

    def lost(case: Carriage) -> bool:
        again = len(case.delivery.client.unacknowledged) >= min_sendings
        return again and not case.server_spoke and case.waited_s >= (given_up_s if case.left else patience_s)

    for group in stopped(facts, Outcome.HELLO_UNACKNOWLEDGED, lost):
        yield told(facts, group, _unacknowledged(facts, group), _unacknowledged_steps(group[0]))


def _unacknowledged(facts: Facts, group: Group) -> Verdict:
    first = group[0]
    sendings = len(first.delivery.client.unacknowledged)
    large = first.hello_bytes > _LARGE
    size = "It is large: a path that carries small packets only (MTU) is a possible reason." if large else ""
    return Verdict(
        rule="tls_hello_unacknowledged",
        title="The client's first TLS message (ClientHello) never gets through to {server}: sent"
        f" {count(sendings, 'time')}, it is never"
        " acknowledged, though the connection had opened.",
        act="Whoever runs the network between {client} and {server} must act: something drops the ClientHello, such as"
        " a firewall that looks into TLS.",
        side=Side.NETWORK,
        severity=severity(facts, group),
        confidence=Confidence.PROBABLE,
        detail=" ".join(text for text in (hints(first), size) if text),
        advice=(
            "Record on {server} at the same time: if the ClientHello does not arrive there, the path drops it.",
            "Look for a firewall, proxy or filter on the way that inspects TLS or the name {name}.",
            "Try a smaller packet size on the client (MTU 1280), and another network.",
        ),
        limitations=("where the packets are lost", "whether only the acknowledgements are lost on their way back"),
        measured={"sendings": sendings, "hello_bytes": first.hello_bytes, "waited_s": round(first.waited_s, 3)},
        clears_network=False,
    )


def _unacknowledged_steps(case: Carriage) -> list[Step]:
    frames = case.delivery.client.unacknowledged
    text = f"it is sent again, {count(len(frames) - 1, 'time')}: no acknowledgement in {case.waited_s:.1f} s"
    again = Step(frames=frames[1:], text=text)
    if case.left is None:
        return [again]
    return [again, Step(frames=(case.left.frame,), text=f"the client gives up after {case.waited_s:.1f} s")]


@rule(
    "Server's answer lost on the path",
    endings,
    carriages,
    answered,
    subject=SUBJECT,
    area=_AREA,
    evidence="the server's segments around the gap, or their repetitions",
    limits="where they are lost",
)
def tls_flight_lost(facts: Facts, *, min_wait_s: float = 1.0) -> Iterator[Finding]:
    """A ServerHello or certificate of which bytes never arrive: missing before later ones, or sent again in vain.

    The loss must have lasted `min_wait_s`, in which TCP repeats what was lost by chance (RFC 6298). It is put down to
    the packets' size (MTU; RFC 4821) where all that arrived is smaller than what is missing, and that is near the MSS.
    """
    for group in stopped(facts, Outcome.FLIGHT_LOST, lambda case: case.lost_for_s >= min_wait_s, _by_size):
        yield told(facts, group, _flight(facts, group), _flight_steps(group[0]))


def _by_size(case: Carriage) -> bool:
    """Return whether it is the large segments that do not arrive."""
    full = _LARGE if case.mss is None else min(_LARGE, case.mss)
    return case.lost_bytes >= full and case.largest_arrived < full


def _flight(facts: Facts, group: Group) -> Verdict:
    first, sized = group[0], _by_size(group[0])
    what = "large packets are lost on the way, while small ones arrive" if sized else "packets are lost on the way"
    return Verdict(
        rule="tls_flight_lost",
        title="The answer of {server} to the client's first TLS message (ClientHello) does not arrive whole: its"
        f" {what}" + (" (MTU)." if sized else "."),
        act="Whoever runs the network or VPN between {client} and {server} must act: "
        + ("it has to carry full-size packets, or to say that it cannot." if sized else "it loses packets."),
        side=Side.NETWORK,
        severity=severity(facts, group),
        confidence=Confidence.PROBABLE,
        detail=hints(first),
        advice=(
            "Find the largest packet that passes: ping -M do -s 1372 {address} (1400 bytes), then larger and smaller.",
            'Let ICMP "fragmentation needed" and "packet too big" pass, or clamp the MSS on the VPN or router.',
            "To try it out, set a smaller MTU on the client, such as 1280.",
        )
        if sized
        else ("Look for loss on the path: mtr {address}", "Record on both sides at once, to see where packets go."),
        limitations=("where the packets are lost",),
        measured=_sizes(first),
        clears_network=False,
    )


def _sizes(case: Carriage) -> dict[str, int | float | str]:
    sizes = {"largest_arrived_bytes": case.largest_arrived, "lost_bytes": case.lost_bytes}
    return {**sizes, **({} if case.mss is None else {"mss": case.mss}), "lost_for_s": round(case.lost_for_s, 3)}


def _flight_steps(case: Carriage) -> list[Step]:
    sent = case.delivery.server
    if sent.gap_frame is None:
        text = (
            f"the server sends {case.lost_bytes} bytes, {count(len(sent.unacknowledged), 'time')}: no acknowledgement"
        )
        steps = [Step(frames=sent.unacknowledged[:20], text=text)]
    else:
        steps = [Step(frames=(case.ending.frame,), text=f"{case.lost_bytes} bytes before this packet never arrive")]
    if case.largest_arrived:
        steps.append(Step(frames=(), text=f"The largest segment that did arrive has {case.largest_arrived} bytes."))
    if case.left:
        text = f"after {case.waited_s:.1f} s the client gives up"
        steps.append(Step(frames=(case.left.frame,), text=text))
    return steps
