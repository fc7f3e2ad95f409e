"""Tunnels that are up and carry data one way only."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.tunnels import NAMES, Way, tunnel_ways
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20
_BESIDE = {"wg": "keep-alives and handshakes alone", "esp": "no ESP at all, only other packets"}
_ADVICE = {
    "wg": "On {receiver}: wg show; the AllowedIPs of this peer must hold the address that {sender} has inside.",
    "esp": "On {receiver}: compare the traffic selectors of both ends, and see whether its packets go into the tunnel"
    " at all (the counters of its security associations).",
}


@rule("Tunnel that carries data one way", tunnel_ways, subject="tunnels with data (WireGuard, IPsec)", area="tunnels")
def tunnel_one_way(facts: Facts, *, min_packets: int = 5, min_span_s: float = 5.0) -> Iterator[Finding]:
    """A tunnel (WireGuard, or IPsec's ESP) whose one end sends data, while the other sends none and is there.

    `min_packets` over `min_span_s`: programs inside ask again within that time, and what they ask is answered. The
    other end must be heard after the first of them, so that its packets are in the capture: WireGuard's by keep-alives,
    which it sends where it got data and has none to send. Not certain: what goes through may want no answer.
    """
    for way in facts[tunnel_ways]:
        if not way.back and way.heard and len(way.frames) >= min_packets and way.lasted_s >= min_span_s:
            yield _one_way(way)


def _one_way(way: Way) -> Finding:
    sender, receiver, name = way.sender, way.receiver, NAMES[way.protocol]
    packets = count(len(way.frames), "packet")
    return finding(
        "tunnel_one_way",
        way.frames[0],
        Severity.MEDIUM,
        Side.EITHER,
        f"The tunnel between {sender} and {receiver} ({name}) carries data one way only: {sender} sends {packets} in"
        f" {way.lasted_s:.0f} s, and no data comes back from {receiver}.",
        Evidence.of(
            (*way.frames, *way.heard),
            f"{address_field(sender)} == {sender} && {address_field(receiver)} == {receiver}",
            [
                Step(frames=way.frames[:_SHOWN], text=f"{sender} sends {packets} of data through the tunnel"),
                Step(frames=way.heard[:_SHOWN], text=f"{receiver} is there, and sends {_BESIDE[way.protocol]}"),
            ],
        ),
        Scope(addresses=(sender, receiver)),
        act=f"Whoever runs {receiver} must see what becomes of the packets there: which addresses the tunnel admits,"
        " the route back into it, the firewall and the forwarding behind it.",
        measured={"packets": len(way.frames), "lasted_s": round(way.lasted_s, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            _ADVICE[way.protocol].format(sender=sender, receiver=receiver),
            f"Record inside the tunnel on {receiver} (its tunnel interface): do the packets come out of it?",
        ),
        limits=("what is inside: whether it wants an answer", "whether an answer is made, and goes another way"),
    )
