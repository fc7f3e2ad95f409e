"""Addresses that a DHCP server gave, and that the client cannot keep because no server answers any more (RFC 2131)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dhcp import Lease, leases
from explainer.protocols.frame import last_ns
from explainer.protocols.icmp_errors import Error, errors
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_SHOWN = 20
_SERVER_PORT = 67


@rule(
    "DHCP lease not renewed",
    leases,
    errors,
    last_ns,
    subject="DHCP messages",
    area="the giving out of addresses (DHCP)",
)
def address_not_renewed(facts: Facts, *, min_asks: int = 2, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A client that was given an address asks `min_asks` times to keep it, or for a new one, and no server answers.

    A server answers within a second; a client asks again after some, and the capture goes on for `min_wait_s` after the
    first (RFC 2131, section 4.4.5). One that asks for a new one has lost its address, or was started anew: of high
    severity. While it asks to keep it, the address still holds.
    """
    for lease in facts[leases]:
        waited = (facts[last_ns] - (lease.unheard_ns or facts[last_ns])) / 1e9
        if lease.acks and len(lease.unheard) >= min_asks and waited >= min_wait_s:
            own = {*lease.given, *lease.requested}
            to_server = (e for e in facts[errors] if e.destination_port == _SERVER_PORT and e.source in own)
            yield _not_renewed(lease, waited, [e for e in to_server if e.frame > lease.unheard[0]])


def _not_renewed(lease: Lease, waited: float, refused: list[Error]) -> Finding:
    keeps = [frame for frame in lease.unheard if frame in set(lease.requests)]
    anew = [frame for frame in lease.unheard if frame in set(lease.discovers)]
    server = listing(list(lease.servers)) or "that gave it"
    address = lease.given[-1] if lease.given else "its address"
    asks = [f"to keep {address} ({count(len(keeps), 'request')})"] if keeps else []
    asks += [f"for a new address ({count(len(anew), 'discover')})"] if anew else []
    given = Step(frames=lease.acks[-1:], text=f"the last word of a DHCP server: {lease.mac} has {address} (ACK)")
    steps = [given, Step(frames=lease.unheard[:_SHOWN], text=f"{lease.mac} asks {listing(asks)}; nothing answers")]
    if refused:
        text = f"{refused[0].reporter} says by ICMP that no program listens there (UDP port {_SERVER_PORT})"
        steps.append(Step(frames=(refused[0].frame,), text=text))
    lost = "it is without an address then" if anew else "when its lease ends, it has no address any more"
    return finding(
        "address_not_renewed",
        lease.unheard[0],
        Severity.HIGH if anew else Severity.MEDIUM,
        Side.SERVER,
        f"The DHCP server {server} no longer answers {lease.mac}, to which it gave {address}: the client asks"
        f" {listing(asks)} in {waited:.0f} s without an answer; {lost}.",
        Evidence.of(
            [*lease.acks[-1:], *lease.unheard, *(e.frame for e in refused[:1])],
            f"dhcp.hw.mac_addr == {lease.mac}{' || icmp.type == 3' if refused else ''}",
            steps,
        ),
        Scope(addresses=(*lease.given, *lease.servers), ports=(67, 68)),
        act=f"Whoever runs the DHCP server {server} must act: it runs no more, or is no longer reached.",
        measured={"requests": len(keeps), "discovers": len(anew), "seconds": round(waited, 3)},
        advice=(
            f"Check that the DHCP service on {server} runs, and that the way to it (VLAN, relay) is as it was.",
            "Record on the server: udp port 67 shows whether the questions arrive.",
        ),
        limits=("whether the questions, or the answers, get lost",),
    )
