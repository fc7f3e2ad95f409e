"""DHCP exchanges that stop after the offer: requests without an answer, and offers that a client does not take."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dhcp import Lease
from explainer.protocols.dhcp_unfinished import Unfinished, unfinished, without_boot_file
from explainer.protocols.frame import last_ns
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_SUBJECT, _AREA = "DHCP offers without an acknowledgement", "the giving out of addresses (DHCP)"
_SHOWN = 20


@rule("DHCP request unanswered", unfinished, last_ns, subject=_SUBJECT, area=_AREA)
def address_not_acknowledged(facts: Facts, *, min_requests: int = 2, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A client asks for the address that it was offered, and gets neither ACK nor NAK (RFC 2131, section 3.1).

    `min_requests` of its requests are `min_wait_s` old at the end of the capture: a server answers within a second.
    A client that uses the address was given it where this capture does not show it.
    """
    for u in facts[unfinished]:
        late = [said for said in u.requests if facts[last_ns] - said.time >= min_wait_s * 1e9]
        if len(late) >= min_requests:
            yield _not_acknowledged(u, (facts[last_ns] - late[0].time) / 1e9)


def _not_acknowledged(u: Unfinished, waited: float) -> Finding:
    lease, frames = u.lease, [said.frame for said in u.requests]
    server, address = _server(lease), listing([a for a in lease.requested if a in lease.offered])
    way = f"the way to it through the relay {u.relay}" if u.relay else "the way to it (relay, VLAN)"
    offer = next(frame for frame in reversed(lease.offers) if frame < frames[0])
    return finding(
        "address_not_acknowledged",
        frames[0],
        Severity.HIGH,
        Side.SERVER,
        f"{lease.mac} is offered the address {address} by the DHCP server {server}, and its request for it is never"
        f" answered: {count(len(frames), 'request')} in {waited:.0f} s without an ACK or a NAK. The client stays"
        " without that address.",
        Evidence.of(
            [offer, *frames],
            f"dhcp.hw.mac_addr == {lease.mac}",
            [
                Step(frames=(offer,), text=f"offered by {server}: {address} (DHCP offer)"),
                Step(
                    frames=tuple(frames[:_SHOWN]), text=f"{lease.mac} asks for it (DHCP request); no ACK or NAK follows"
                ),
            ],
        ),
        Scope(addresses=(*lease.offered, *lease.servers), ports=(67, 68)),
        act=f"Whoever runs the DHCP server {server}, or the relay to it, must act: the requests are not answered.",
        measured={"requests": len(frames), "offers": len(lease.offers), "seconds": round(waited, 3)},
        advice=(
            f"Look into the log of the DHCP server {server} for {lease.mac}, and check {way}.",
            "Record on the server: udp port 67 shows whether the requests arrive, and whether it sends an ACK.",
        ),
        limits=("whether the requests, or the acknowledgements, get lost",),
    )


@rule("DHCP offer not taken", unfinished, without_boot_file, last_ns, subject=_SUBJECT, area=_AREA)
def address_not_taken(facts: Facts, *, min_rounds: int = 3, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A client that is offered an address `min_rounds` times, and each time asks anew instead of taking it (RFC 2131).

    The last offer counts when the capture goes on for `min_wait_s` after it. Who asks minutes later only looks whether
    a server is there. A client that boots by PXE takes no offer without a boot file; that is the server's to name.
    """
    for u in facts[unfinished]:
        waits = u.last_offer.frame > max([0, *(said.frame for said in u.anew)])
        waits = waits and facts[last_ns] - u.last_offer.time >= min_wait_s * 1e9
        if not u.lease.requests and u.anew and len(u.anew) + waits >= min_rounds:
            yield _not_taken(u, boots=u.lease.mac in facts[without_boot_file])


def _not_taken(u: Unfinished, *, boots: bool) -> Finding:
    lease = u.lease
    server, address = _server(lease), listing(list(lease.offered))
    frames = sorted({*lease.offers, *(said.frame for said in u.anew)})
    title = f"The client {lease.mac} takes no address: it is offered {address} by the DHCP server {server}"
    title += f" ({count(len(lease.offers), 'offer')}), and asks anew each time instead of requesting it."
    act = f"Whoever runs the client must act: see whether the offers reach it, and why it does not take {address}."
    if boots:
        title += " It wants to boot from the network (PXE), and no offer names a boot file or comes from a PXE server."
        act = f"Whoever runs the DHCP server {server} must act: name a boot file, or let a PXE server answer, too."
    return finding(
        "address_not_taken",
        lease.offers[0],
        Severity.HIGH,
        Side.SERVER if boots else Side.CLIENT,
        title,
        Evidence.of(
            frames,
            f"dhcp.hw.mac_addr == {lease.mac}",
            [
                Step(frames=lease.offers[:_SHOWN], text=f"offered by {server}: {address} (DHCP offer)"),
                Step(
                    frames=tuple(said.frame for said in u.anew[:_SHOWN]),
                    text=f"{lease.mac} asks anew (DHCP discover); it never requests what it was offered",
                ),
            ],
        ),
        Scope(addresses=(*lease.offered, *lease.servers), ports=(67, 68)),
        act=act,
        measured={"offers": len(lease.offers), "discovers": len(lease.discovers)},
        confidence=Confidence.PROBABLE,
        advice=_advice(u, boots=boots),
        limits=(
            "if this was not recorded at the client: whether the offers reach it",
            "what the client misses in them",
        ),
    )


def _server(lease: Lease) -> str:
    return listing(list(lease.servers)) or "(not named)"


def _advice(u: Unfinished, *, boots: bool) -> list[str]:
    advice = ["Set boot file and next server (options 67, 66), or start the PXE server's proxy DHCP."] if boots else []
    advice.append("Record at the client itself: udp port 68 shows whether the offers arrive there.")
    if u.relay:
        advice.append(f"Check the relay {u.relay}, which the offers are sent to, and its way to the client.")
    advice.append("Where the offers arrive, look into the client's log: an offer may lack a setting that it needs.")
    return advice
