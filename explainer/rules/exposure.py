"""Doors that stand open to the internet: remote control and file sharing between public addresses."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.protocols.applications.terminals import DESKTOP
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.evidence import port_filter
from explainer.wording import count, listing

_DOORS = {
    23: "Telnet", 139: "Windows file sharing (NetBIOS)", 445: "Windows file sharing (SMB)", 512: "rexec", 513: "rlogin",
    514: "rsh", 3389: "remote desktop (RDP)", 5900: "remote control (VNC)", 5901: "remote control (VNC)",
    5902: "remote control (VNC)", 5985: "Windows remote management (WinRM)",
}  # fmt: skip
_CLIENTS = 3


def public(address: str) -> bool:
    """Return whether it is an address of the internet (not private, documentation, multicast …)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast


def _across(client: str, server: str) -> bool:
    """Return whether both are addresses of the internet, and not of one organisation (the same /16, or /32 of IPv6)."""
    if not (public(client) and public(server)):
        return False
    near = 32 if ":" in server else 16
    return ipaddress.ip_address(client) not in ipaddress.ip_network(f"{server}/{near}", strict=False)


@rule(
    "Remote control from the internet", connections, signs,
    subject="TCP connections", area="doors open to the internet",
)  # fmt: skip
def exposed_remote_control(facts: Facts) -> Iterator[Finding]:
    """A host with a public address whose remote desktop, VNC, Telnet, SMB or the like answers another public address.

    It answers when it sends data: an accepted connection alone may be a firewall's. SSH is left out: it is made for it.
    """
    groups = defaultdict[tuple[str, int], list[Connection]](list)
    for c in facts[connections]:
        if c.server.port in _DOORS and c.server_payload and _across(c.client.address, c.server.address):
            groups[c.server.address, c.server.port].append(c)
    named = defaultdict[int | None, list[Sign]](list)
    for sign in facts[signs] if groups else ():
        if sign.what == DESKTOP:
            named[sign.stream].append(sign)
    for group in groups.values():
        yield _exposed(group, [sign for c in group for sign in named.get(c.stream, ())])


def _exposed(group: Sequence[Connection], desktops: Sequence[Sign]) -> Finding:
    server, door = group[0].server, _DOORS[group[0].server.port]
    clients = list(dict.fromkeys(c.client.address for c in group))
    more = [f"{len(clients) - _CLIENTS} more"] if len(clients) > _CLIENTS else []
    who = listing([*clients[:_CLIENTS], *more])
    opened = tuple(c.syn_frames[0] if c.syn_frames else c.first_frame for c in group)
    steps = [
        Step(frames=opened[:20], text=f"{count(len(group), 'connection')} from {who} to {server}, from public address"
             " to public address"),
        *(
            Step(frames=(sign.frame,), text=f"remote desktop asks for a session as {sign.text}")
            if sign.text
            else Step(frames=(sign.frame,), text="remote desktop negotiates the session")
            for sign in desktops[:4]
        ),
    ]  # fmt: skip
    return Finding(
        id=f"exposed_remote_control:{opened[0]}",
        rule="exposed_remote_control",
        severity=Severity.MEDIUM,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"The {door} of {server} answers across the internet: {who} {'uses' if len(clients) == 1 else 'use'} it"
        " from a public address.",
        act=f"Whoever runs {server.address} should close port {server.port} to the internet and let people in by a VPN"
        " or a gateway.",
        measured={"connections": len(group), "clients": len(clients)},
        evidence=Evidence.of(
            (*opened, *(sign.frame for sign in desktops)), port_filter(server.address, [server.port]), steps
        ),
        scope=Scope(
            streams=tuple(c.stream for c in group[:100]),
            addresses=(server.address, *clients[:100]),
            ports=(server.port,),
        ),
        advice=(
            f"In the firewall, allow port {server.port} of {server.address} from known addresses only.",
            "Look into the host's log for logins from addresses that nobody knows.",
        ),
        limitations=("whether these clients are known and wanted", "whether a login succeeded"),
    )
