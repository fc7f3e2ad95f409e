"""Addresses that DHCP does not give: no answer, a refusal, or an address that somebody else has (RFC 2131)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dhcp import Lease, leases
from explainer.protocols.dhcp_relayed import relayed
from explainer.protocols.frame import last_ns
from explainer.protocols.ip import packets
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count, listing

_DHCP_AREA = "the giving out of addresses (DHCP)"
_SHOWN = 20


@rule("No DHCP offer", leases, packets, last_ns, subject="DHCP messages", area=_DHCP_AREA)
def address_no_offer(facts: Facts, *, min_discovers: int = 2, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A client that asks for an address `min_discovers` times, and no server offers one (RFC 2131).

    A server that serves other clients of the capture is named: its pool may be used up, which it says to nobody. A
    client with an address from before asks for that first (INIT-REBOOT, section 3.2): where it asks in vain for that
    alone, and does not use it, it is told, too; a request that follows the discover has had an offer. What a relay
    passes on is counted apart, and tells where it goes.
    """
    served = {server for lease in facts[leases] if lease.acks for server in lease.servers}
    passed_on = relayed(facts[packets], facts[leases])
    used = set(facts[packets]["src"].unique())
    for lease in facts[leases]:
        waited = (facts[last_ns] - lease.first_ns) / 1e9
        asked = [frame for frame in lease.discovers if frame not in passed_on]
        times = max(len(asked), len(lease.discovers) - len(asked))
        answered = lease.offers or lease.acks or lease.naks or lease.requests[-1:] > lease.discovers[:1]
        again = [frame for frame in lease.requests if frame not in passed_on]
        if len(again) >= min_discovers and waited >= min_wait_s and _asks_for_its_old(lease, used):
            yield _old_address(lease, again, waited)
        if times >= min_discovers and not answered and waited >= min_wait_s:
            others = f" The server {listing(sorted(served))} serves others: it may have no free address left (pool used"
            others = f"{others} up), or not serve this client." if served else ""
            relay = next((passed_on[frame] for frame in lease.discovers if frame in passed_on), None)
            way = f" {relay[0]} (a relay) passes this on to {relay[1]}, of which no answer is seen." if relay else ""
            yield _lease(
                "address_no_offer",
                lease,
                lease.discovers,
                f"No DHCP server offers {lease.mac} an address: it asks {count(times, 'time')} in {waited:.0f} s"
                f" without an answer.{way}{others}",
                f"{lease.mac} asks for an address (DHCP discover); no offer follows",
                act="Whoever runs the local network must act: the DHCP server or the relay to it does not answer.",
                advice=(
                    "Check that the DHCP server runs, has free addresses, and serves this network (VLAN, relay).",
                    "Record on the server: udp port 67 shows whether the question arrives.",
                ),
                limits=("whether the question, or the offer, gets lost",),
            )


def _asks_for_its_old(lease: Lease, used: set[str]) -> bool:
    heard = lease.discovers or lease.offers or lease.acks or lease.naks or lease.declines
    asks = lease.requested and not used & set(lease.requested)
    return bool(asks) and not heard and lease.last_ns - lease.first_ns >= 1e9  # a relay's copy follows at once


def _old_address(lease: Lease, frames: Sequence[int], waited: float) -> Finding:
    old = f"its old address {lease.requested[-1]}"
    return _lease(
        "address_no_offer",
        lease,
        frames,
        f"No DHCP server answers {lease.mac}: it asks for {old} again, {count(len(frames), 'time')} in {waited:.0f} s,"
        " and gets neither yes nor no (ACK, NAK).",
        f"{lease.mac} asks for {old} (DHCP request without a discover); no answer follows",
        act="Whoever runs the local network must act: the DHCP server or the relay to it does not answer.",
        advice=(
            "Check that the DHCP server runs and serves this network (VLAN, relay). A server that does not know the"
            " client keeps silent, unless it is set to be authoritative.",
            "Let the client forget its lease and ask anew (ipconfig /release and /renew, dhclient -r).",
        ),
        limits=("whether the question, or the answer, gets lost",),
    )


@rule("DHCP refuses the address", leases, subject="DHCP messages", area=_DHCP_AREA)
def address_refused(facts: Facts) -> Iterator[Finding]:
    """A server that answers a client's request with NAK, and no acknowledgement of any server follows (RFC 2131)."""
    for lease in facts[leases]:
        if lease.naks and not any(frame > lease.naks[-1] for frame in lease.acks):
            wanted = f" {lease.requested[-1]}" if lease.requested else ""
            who = listing(list(lease.refusing)) or "a server"
            yield _lease(
                "address_refused",
                lease,
                (*lease.requests, *lease.naks),
                f"The DHCP server {who} refuses {lease.mac} the address{wanted} (NAK), and gives no other.",
                f"{who} refuses the address{wanted} (DHCP NAK)",
                act="Whoever runs the DHCP server must act, or the client must forget its old address.",
                advice=(
                    "Let the client ask anew: release and renew its lease.",
                    "See whether two DHCP servers with different ranges serve this network.",
                ),
                limits=("why the server refuses: its log says so",),
            )


@rule("DHCP address declined", leases, subject="DHCP messages", area=_DHCP_AREA)
def address_declined(facts: Facts) -> Iterator[Finding]:
    """A client that gives back an address because another host has it already (DECLINE; RFC 2131, section 3.1.5)."""
    for lease in facts[leases]:
        if lease.declines:
            which = f" {lease.declined[-1]}" if lease.declined else ""
            yield _lease(
                "address_declined",
                lease,
                lease.declines,
                f"The client {lease.mac} gives back the address{which} that it was given (DHCP decline): another host"
                " uses it already.",
                f"{lease.mac} declines the address{which}",
                act="Whoever runs the local network must find the host that uses an address of the DHCP range.",
                advice=(
                    "Ask who has it: arping, or the switch's table; look for a fixed address inside the DHCP range.",
                ),
                limits=("which host has the address",),
            )


def _lease(
    rule_id: str,
    lease: Lease,
    frames: Sequence[int],
    title: str,
    shown: str,
    *,
    act: str,
    advice: tuple[str, ...],
    limits: tuple[str, ...],
) -> Finding:
    return finding(
        rule_id,
        frames[0],
        Severity.HIGH,
        Side.SERVER,
        title,
        Evidence.of(
            frames, f"dhcp.hw.mac_addr == {lease.mac}", [Step(frames=tuple(sorted(frames)[:_SHOWN]), text=shown)]
        ),
        Scope(addresses=lease.requested + lease.servers + lease.refusing, ports=(67, 68)),
        act=act,
        measured={"discovers": len(lease.discovers), "requests": len(lease.requests)},
        advice=advice,
        limits=limits,
    )
