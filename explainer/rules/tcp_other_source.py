"""Connections that are answered from another address than they were sent to (RFC 9293 section 3.5)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import connections
from explainer.protocols.tcp_strays import Stray, strays
from explainer.registry import rule
from explainer.rules.evidence import port_filter
from explainer.rules.tcp_case import finding, scope
from explainer.wording import count

_SHOWN = 20


@rule(
    "Connection answered from another address", connections, strays, subject="TCP connections",
    area="the opening of TCP connections",
)  # fmt: skip
def tcp_other_source(facts: Facts) -> Iterator[Finding]:
    """A SYN that its server does not answer, while another address sends a SYN/ACK to the client's very port.

    A server with two network cards that answers through the other one, a load balancer or a translation of addresses
    (NAT, hairpin) that sees one way alone. The client knows no connection with that address, and resets it.
    """
    groups = defaultdict[tuple[str, str, int, str], list[Stray]](list)
    for stray in facts[strays]:
        asked = stray.asked
        groups[asked.client.address, asked.server.address, asked.server.port, stray.answer.server.address].append(stray)
    for group in groups.values():
        yield _told(group)


def _told(group: Sequence[Stray]) -> Finding:
    asked, answer = group[0]
    client, server, other = asked.client.address, asked.server.address, answer.server.address
    syns = [frame for stray in group for frame in stray.asked.syn_frames]
    answers = [stray.answer.syn_ack_frame for stray in group if stray.answer.syn_ack_frame is not None]
    resets = [frame for stray in group for frame in stray.answer.client_resets]
    steps = [
        Step(
            frames=tuple(syns[:_SHOWN]), text=f"{client} asks to connect to {asked.server} (SYN): no answer from there"
        ),
        Step(frames=tuple(answers[:_SHOWN]), text=f"{other} answers instead (SYN/ACK), to the same port of the client"),
    ]
    if resets:
        text = f"{client} knows no connection with {other} and resets it, {count(len(resets), 'time')}"
        steps.append(Step(frames=tuple(resets[:_SHOWN]), text=text))
    return finding(
        "tcp_other_source",
        syns[0],
        Severity.HIGH,
        Side.SERVER,
        f"The answer to the connection requests to {asked.server} comes from another address: {other} answers"
        f" {client}, which asked {server}. So no connection opens.",
        Evidence.of(
            sorted({*syns, *answers, *resets}),
            port_filter(client, [asked.server.port]),
            steps,
        ),
        scope([stream for s in group for stream in (s.asked.stream, s.answer.stream)], asked.client, asked.server),
        act=f"The server's side must act: answers must leave with the address that was asked, {server}.",
        measured={"attempts": len(group)},
        confidence=Confidence.CERTAIN if resets else Confidence.PROBABLE,
        advice=(
            f"On the host that has {other}: ip addr; ip route get {client} (two network cards need a rule for each:"
            " ip rule)",
            f"If {server} is a load balancer or a translated address (NAT): its answers have to come back through it;"
            " translate the sender's address, too (SNAT, hairpin NAT), or route the way back over it.",
        ),
        limits=(f"why {other} answers with its own address: its routes and the NAT before it tell",),
    )
