"""ARP that is carried inside a tunnel (VXLAN, GENEVE, GRE): the ends of the tunnel decide whether an answer comes."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from explainer.lazy import pl
from explainer.model import Finding, Step
from explainer.protocols.arp import Resolution
from explainer.wording import count, in_sentence


class Tunnel(NamedTuple):
    """From which end to which a question goes; `silent` where nothing of the other end is in the capture."""

    near: str
    far: str
    silent: bool


def tunnels(every: Iterable[Resolution], packets: "pl.DataFrame") -> dict[int, Tunnel]:
    """Return the tunnel of each request that an IP packet carries, by the request's frame."""
    asked = [frame for r in every for frame in r.request_frames]
    carried = packets.filter(pl.col("frame").is_in(asked)).select("frame", "src", "dst").rows() if asked else []
    if not carried:
        return {}
    heard = set(packets["src"].drop_nulls().unique())
    inside = packets.filter(pl.col("headers") > 1).height > 0  # whose own addresses hide those of the tunnel's ends
    return {frame: Tunnel(near, far, far not in heard and not inside) for frame, near, far in carried}


def tunnel_of(request: Resolution, known: dict[int, Tunnel], recorded: Collection[str]) -> Tunnel | None:
    """Return the tunnel of a question of which an answer would be in the capture, as what comes to its near end is."""
    tunnel = known.get(request.request_frames[0]) if request.request_frames else None
    return tunnel if tunnel and tunnel.near in recorded else None


def through(finding: Finding, tunnel: Tunnel) -> Finding:
    """Return the finding of a question that nobody answers, where it went into a tunnel."""
    near, far = tunnel.near, tunnel.far
    title = f"{finding.title} It asks inside the tunnel from {near} to {far}."
    steps, scope = list(finding.evidence.steps), finding.scope
    if tunnel.silent:
        asker, target, *_ = scope.addresses
        times = count(int(finding.measured["requests"]), "time")
        title = (
            f"Nothing comes back through the tunnel from {near} to {far}: inside it {asker} asks for {target} by ARP,"
            f" {times} without an answer."
        )
        steps.append(Step(frames=(), text=f"No packet of {far}, the other end of the tunnel, is in the capture."))
    return finding.model_copy(
        update={
            "title": title,
            "act": f"Compare both ends of the tunnel, {near} and {far}, first: the number of the network (VNI), the"
            f" port, the peers, and whether a firewall lets it through; else {in_sentence(finding.act)}",
            "evidence": finding.evidence.model_copy(update={"steps": tuple(steps)}),
            "scope": scope.model_copy(update={"addresses": (*scope.addresses, near, far)}),
            "advice": (
                f"On {far}: does the tunnel's packet arrive (tcpdump -ni any host {near} and udp), and with which VNI?"
                " ip -d link show type vxlan",
                *finding.advice,
            ),
        }
    )
