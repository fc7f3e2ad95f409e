"""Attacks told by packets that no system sends by itself: Teardrop, the ping of death, Land."""

from collections.abc import Iterator
from ipaddress import ip_address

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.forged import Forged, forged_fragments
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_AREA = "attacks by packets that no system sends by itself"
_SHOWN = 20


@rule("Forged fragments", forged_fragments, subject="IPv4 fragments", area=_AREA)
def attack_fragments(facts: Facts) -> Iterator[Finding]:
    """Fragments that overlap others of their packet, or reach beyond 65,535 bytes (Teardrop; the ping of death).

    Overlaps may also hide from a firewall what they carry (RFC 1858, section 4): each host puts them together its way.
    A fragment that came twice, at the same place, is no overlap. Whether today's system minds is another question.
    """
    for forged in facts[forged_fragments]:
        yield _fragments(forged)


def _fragments(f: Forged) -> Finding:
    frames, steps = sorted({*f.overlapping, *f.too_far}), list[Step]()
    if f.overlapping:
        steps.append(Step(frames=f.overlapping[:_SHOWN], text="fragments that overlap others of their packet"))
    if f.too_far:
        steps.append(Step(frames=f.too_far[:_SHOWN], text="a fragment that ends beyond the longest packet that IP has"))
    overlap = (
        "that overlap, as the Teardrop attack does, or somebody who hides from a firewall what they carry (RFC 1858)"
    )
    what = overlap if f.overlapping else "of a packet longer than IP allows"
    more = "" if f.overlapping else ", as the ping of death does"
    shown = f"{address_field(f.source)} == {f.source} && {address_field(f.destination)} == {f.destination}"
    return finding(
        "attack_fragments", frames[0], Severity.HIGH, Side.CLIENT,
        f"{f.source} sends {f.destination} fragments {what}{more}.", Evidence.of(frames, shown, steps),
        Scope(addresses=(f.source, f.destination)), confidence=Confidence.PROBABLE,
        act=f"Whoever runs the network must find the sender (the address may be forged) and let the firewall drop such"
        f" fragments; {f.destination} should run a system that is kept up to date.",
        advice=("See from which port of the switch, or from which line, these fragments come.",),
        limits=("who sends them, if the address is forged", "whether they did any harm"),
    )  # fmt: skip


@rule("Connection request from itself", connections, subject="TCP connections", area=_AREA)
def attack_land(facts: Facts) -> Iterator[Finding]:
    """SYNs that a host seems to send from a port of its own to the same port (Land, CERT CA-1997-28)."""
    found = dict[str, list[Connection]]()
    for c in facts[connections]:
        if c.syn_frames and c.client == c.server and not ip_address(c.client.address.partition("%")[0]).is_loopback:
            found.setdefault(c.client.address, []).append(c)
    for host, group in found.items():
        frames = [frame for c in group for frame in c.syn_frames]
        ports = tuple(dict.fromkeys(c.server.port for c in group))
        step = Step(frames=tuple(frames[:_SHOWN]), text=f"a SYN from {host} to {host}, the same port at both ends")
        yield finding(
            "attack_land", frames[0], Severity.HIGH, Side.CLIENT,
            f"{count(len(frames), 'connection request')} to {host} carry its own address and port as the sender's (port"
            f" {listing([str(port) for port in ports[:5]])}): the Land attack.",
            Evidence.of(frames, f"{address_field(host)} == {host} && tcp.flags.syn == 1", [step]),
            Scope(addresses=(host,), ports=ports[:100], streams=tuple(c.stream for c in group[:100])),
            act="Whoever runs the network must let no packet in whose sender is the receiver (RFC 2827).",
            advice=("See from which port of the switch, or from which line, these packets come.",),
            limits=("who sends them: the address is forged",),
        )  # fmt: skip
