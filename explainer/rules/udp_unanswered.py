"""UDP services that do not answer: VPNs, time servers, SNMP and others of which every request wants an answer."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.capture_quality import one_way_hosts
from explainer.protocols.icmp_errors import errors
from explainer.protocols.tcp import connections
from explainer.protocols.udp_requests import Unanswered, unanswered_requests
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20
_VPNS = {"wg", "openvpn", "isakmp", "l2tp"}
_WIREGUARD = "wg"
# Why a server that is there may keep silent, and what to look at first.
_SILENT = {
    "wg": (
        "a WireGuard peer answers only whom it knows: a wrong public or preshared key looks the same as a blocked port",
        "On the other side: wg show, and compare both public keys, the preshared key and the endpoint.",
    ),
    "openvpn": (
        "OpenVPN with tls-auth or tls-crypt answers only who has the right key",
        "See in the log of the OpenVPN server whether the packets arrive (TLS Error: cannot locate HMAC).",
    ),
    "isakmp": (
        "an IPsec gateway may answer only peers whose address it knows",
        "See in the log of the gateway whether IKE packets of this client arrive; UDP 500 and 4500 must pass.",
    ),
    "ntp": (
        "a time server may answer only networks that it is told to (allow, restrict)",
        "Ask it by hand: ntpdate -q or chronyc, and see its list of allowed networks.",
    ),
    "snmp": (
        "an SNMP agent drops a wrong community, or an address that it does not allow, without a word",
        "Compare the community or user, and the agent's list of allowed addresses.",
    ),
    "tftp": (
        "a TFTP server answers from another port than 69 (RFC 1350, section 4): a firewall that does not follow TFTP"
        " drops that",
        "Look at the firewalls between the two for TFTP's answers, from a new port of the server.",
    ),
    "radius": (
        "a RADIUS server drops requests of clients that it does not know, or whose shared secret is wrong",
        "Compare the client's address and shared secret with the server's list of clients.",
    ),
}  # fmt: skip


@rule(
    "UDP service without an answer",
    unanswered_requests,
    errors,
    connections,
    one_way_hosts,
    subject="UDP requests",
    area="the answers of UDP services",
)
def udp_unanswered(
    facts: Facts,
    *,
    min_requests: int = 2,
    min_span_s: float = 1.0,
    min_wait_s: float = 2.0,
    went_silent_s: float = 15.0,
) -> Iterator[Finding]:
    """Requests to a service that has to answer (WireGuard, OpenVPN, IKE, NTP, SNMP, RADIUS …), and nothing comes.

    At least `min_requests` over `min_span_s` (two at once are two questions), with the capture going on for
    `min_wait_s` after the first: these services ask again within that time; a tunnel (WireGuard, OpenVPN) that had
    answered before counts after `went_silent_s`, in which both would have sent keep-alives. Of low severity where
    another server answers the same client, and where WireGuard sends more than its opening, which has one size: then
    the tunnel was up, and perhaps only one direction is recorded. TFTP's server answers from a new port: where its
    answers are seen, and the client asks again without a word to them, they are told as lost. Of SNMP, whose every
    exchange may name another community, also a port of the client that is never answered, where others are. What an
    ICMP error answers is told there; silent where the client then uses the same port by TCP (SIP, Kerberos), and where
    TCP shows that of what the client hears nothing is recorded.
    """
    over_tcp = {(c.client.address, c.server.address, c.server.port) for c in facts[connections] if c.server_payload}
    told = {(e.source, e.destination, e.destination_port) for e in facts[errors]}
    for u in facts[unanswered_requests]:
        patience = min_wait_s if u.answer is None else went_silent_s
        waited = min(u.after_s, max(u.lasted_s, min_wait_s)) >= patience
        whole = u.client, u.server, u.port
        asked = len(u.frames) >= min_requests and u.lasted_s >= min_span_s
        unheard = u.client in facts[one_way_hosts] and not u.others
        if asked and waited and not unheard and whole not in told and whole not in over_tcp:
            yield _unheard(u) if u.unheard else _in_part(u) if u.elsewhere else _unanswered(u)


def _unheard(u: Unanswered) -> Finding:
    return finding(
        "udp_unanswered",
        u.frames[0],
        Severity.HIGH,
        Side.NETWORK,
        f"The answers of {u.server} to {u.client} ({u.service}) do not get through: they come from another port than"
        f" {u.port}, as {u.service}'s do, and {u.client} takes none of them and asks again.",
        Evidence.of(
            (*u.frames, *u.unheard),
            f"{address_field(u.server)} == {u.server} && {address_field(u.client)} == {u.client} && udp",
            [
                Step(frames=u.frames[:_SHOWN], text=f"{u.client} asks {count(len(u.frames), 'time')} ({u.service})"),
                Step(frames=u.unheard[:_SHOWN], text=f"{u.server} answers, from a port of its own choice"),
                Step(frames=(), text=f"Nothing of {u.client} goes back to that port."),
            ],
        ),
        Scope(addresses=(u.client, u.server), ports=(u.port,)),
        act=f"Whoever runs the firewalls between the two, or on {u.client}, must let {u.service}'s answers through.",
        measured={"requests": len(u.frames), "answers": len(u.unheard)},
        confidence=Confidence.PROBABLE,
        advice=(_SILENT["tftp"][1], "On Linux, nf_conntrack_tftp tells a firewall which answers belong to a request."),
        limits=("where the answers are lost",),
    )  # fmt: skip


def _in_part(u: Unanswered) -> Finding:
    silent, advice = _SILENT[u.protocol]
    title = (
        f"{u.server} answers some {u.service} requests of {u.client}, and others never:"
        f" {count(len(u.frames), 'request')}, repetitions included, stay without an answer, most likely for a wrong"
        " community."
    )
    return finding(
        "udp_unanswered",
        u.frames[0],
        Severity.MEDIUM,
        Side.CLIENT,
        title,
        Evidence.of(
            (*u.frames, *((u.elsewhere,) if u.elsewhere else ())),
            f"{address_field(u.server)} == {u.server} && udp.port == {u.port}",
            [
                Step(frames=u.frames[:_SHOWN], text=f"{u.client} asks in vain, and asks again ({u.service})"),
                Step(frames=(u.elsewhere,) if u.elsewhere else (), text=f"{u.server} answers another request"),
                Step(frames=(), text=f"What to know: {silent}."),
            ],
        ),
        Scope(addresses=(u.client, u.server), ports=(u.port,)),
        act=f"Whoever runs the program on {u.client} must compare the community that it sends with that of {u.server}.",
        measured={"requests": len(u.frames)},
        confidence=Confidence.PROBABLE,
        advice=(advice,),
        limits=("whether the requests or the answers are lost, or dropped on purpose",),
    )


def _was_up(u: Unanswered) -> bool:
    """Return whether it sends data through WireGuard: without a session it sends its opening alone, of one size."""
    return u.protocol == _WIREGUARD and u.sizes > 1 and u.answer is None


def _title(u: Unanswered, asks: str) -> str:
    sent = count(len(u.frames), "packet")
    if _was_up(u):
        return (
            f"Nothing of {u.server} is in this capture, while {u.client} sends {sent} of {u.sizes} sizes to it through"
            f" a tunnel that was up before (WireGuard, UDP port {u.port}): it has fallen silent, or only one direction"
            " is recorded."
        )
    if u.answer:
        return (
            f"The VPN has stopped working: {u.server} no longer answers {u.service} (UDP port {u.port}); since its last"
            f" packet {u.client} has sent {sent} in {u.lasted_s:.0f} s in vain."
        )
    vpn = "The VPN does not come up: " if u.protocol in _VPNS else ""
    return f"{vpn}{u.server} never answers {u.service} (UDP port {u.port}): {asks} in vain."


def _unanswered(u: Unanswered) -> Finding:
    silent, advice = _SILENT.get(u.protocol, ("", f"Look into the log of the {u.service} server at that moment."))
    severity = Severity.HIGH if u.protocol in _VPNS else Severity.MEDIUM
    severity = Severity.LOW if u.others or _was_up(u) else severity
    asks = f"{u.client} asks {count(len(u.frames), 'time')} in {u.lasted_s:.0f} s"
    steps = [
        *((Step(frames=(u.answer,), text=f"the last packet of {u.server} port {u.port}"),) if u.answer else ()),
        Step(frames=u.frames[:_SHOWN], text=f"{asks} ({u.service}, UDP port {u.port})"),
        Step(frames=(), text=f"Nothing of {u.server} port {u.port} answers, and no ICMP error says why."),
        *((Step(frames=(), text=f"What to know: {silent}."),) if silent else ()),
    ]
    title = _title(u, asks)
    return finding(
        "udp_unanswered",
        u.frames[0],
        severity,
        Side.EITHER,
        title,
        Evidence.of(
            (*u.frames, *((u.answer,) if u.answer else ())),
            f"{address_field(u.server)} == {u.server} && udp.port == {u.port}",
            steps,
        ),
        Scope(addresses=(u.client, u.server), ports=(u.port,)),
        act=f"Check {u.server} first: whether the service runs and knows {u.client}; then whether a firewall drops UDP"
        f" port {u.port}.",
        measured={"requests": len(u.frames), "seconds": round(u.after_s, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            advice,
            f"Record on {u.server} at the same time: tcpdump -ni any host {u.client} and udp port {u.port}",
        ),
        limits=("whether the requests or the answers are lost",),
    )
