"""Services over UDP that do not answer: NTP, RADIUS, SNMP, SIP, TFTP and others that owe an answer to each request."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.frame import last_ns
from explainer.protocols.tcp import connections
from explainer.protocols.udp_requests import Unanswered, unanswered
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.wording import count, listing


@dataclass(frozen=True, slots=True)
class _Service:
    """What is asked for, and why its servers may keep silent although they run."""

    name: str
    silent: str = "it does not run, or a firewall drops the requests or the answers"
    advice: tuple[str, ...] = ()


_KEEPS_SILENT = "the server is down, or a firewall drops the requests or the answers; or it ignores this client"
_RADIUS = _Service(
    "RADIUS (network login)",
    f"{_KEEPS_SILENT}, because it does not know its address or the shared secret is wrong (then it must not answer)",
    ("Compare the shared secret on both sides, and see whether the server's list of clients has this address.",),
)
_KERBEROS = _Service("Kerberos")
_SERVICES = {
    69: _Service("TFTP (files for devices)"),
    88: _KERBEROS,
    111: _Service("the portmapper (rpcbind)"),
    123: _Service("NTP (the time)", f"{_KEEPS_SILENT}, because its rules do not allow it"),
    161: _Service(
        "SNMP (monitoring)",
        f"{_KEEPS_SILENT}, because the community (SNMP's password) is wrong or its rules do not allow this address",
        ("Compare the community on both sides, and see whether the device allows this address.",),
    ),
    389: _Service("LDAP over UDP (the search for a domain controller)"),
    500: _Service("IKE (an IPsec tunnel)"),
    1194: _Service("OpenVPN", f"{_KEEPS_SILENT}, because the key for its first packets (tls-auth) is wrong"),
    1434: _Service("SQL Server's browser"),
    1645: _RADIUS,
    1812: _RADIUS,
    1813: _RADIUS,
    5060: _Service("SIP (telephony)"),
    5683: _Service("CoAP"),
    51820: _Service("WireGuard", f"{_KEEPS_SILENT}, because its key is not known there (then it does not answer)"),
}
_SERVERS, _SHOWN, _SOME = 3, 20, 4


@rule(
    "UDP service does not answer", unanswered, connections, last_ns, subject="UDP requests",
    area="the answers of services over UDP",
)  # fmt: skip
def udp_unanswered(
    facts: Facts, *, min_requests: int = 2, min_wait_s: float = 2.0, min_span_s: float = 1.0
) -> Iterator[Finding]:
    """Requests to a service of UDP whose every request wants an answer, to which nothing comes back.

    At least `min_requests` of them over `min_span_s`, and `min_wait_s` of capture after the first: clients repeat after
    a second or two; two at once are two questions.
    DNS, DHCP and QUIC have rules of their own. Silent where an ICMP error answers, where the client then uses the same
    port by TCP, and of broadcasts. Of many servers that are asked only once each, nothing is told: that is a search.
    """
    over_tcp = {(c.client.address, c.server.address, c.server.port) for c in facts[connections] if c.server_payload}
    groups = defaultdict[tuple[str, int], list[Unanswered]](list)
    for one in facts[unanswered]:
        waited = (facts[last_ns] - one.first_ns) / 1e9
        asked = one.requests >= min_requests and one.last_ns - one.first_ns >= min_span_s * 1e9 and waited >= min_wait_s
        if one.port in _SERVICES and asked and (one.client, one.server, one.port) not in over_tcp:
            groups[one.client, one.port].append(one)
    for group in groups.values():
        yield _silent(group)


def _silent(group: list[Unanswered]) -> Finding:
    first, service = group[0], _SERVICES[group[0].port]
    servers = [one.server for one in group]
    more = [f"{len(servers) - _SERVERS} more"] if len(servers) > _SERVERS else []
    who = listing([*servers[:_SERVERS], *more])
    requests, frames = sum(one.requests for one in group), [frame for one in group for frame in one.frames]
    lasts = max(one.last_ns for one in group) - min(one.first_ns for one in group)
    silence = count(requests, "request")
    return Finding(
        id=f"udp_unanswered:{first.frames[0]}",
        rule="udp_unanswered",
        severity=Severity.HIGH if len(servers) <= _SOME else Severity.MEDIUM,
        confidence=Confidence.CERTAIN,
        side=Side.EITHER,
        title=f"{who} never {'answers' if len(servers) == 1 else 'answer'} {first.client}, which asks for"
        f" {service.name} on UDP"
        f" port {first.port}: {silence} in {lasts / 1e9:.1f} s, no answer.",
        act=f"Whoever runs {who} must act, or the firewall before it: {service.silent}.",
        measured={"requests": requests, "servers": len(servers)},
        evidence=Evidence.of(
            frames, f"{address_field(first.server)} == {first.server} && udp.port == {first.port}",
            [
                Step(frames=first.frames[:1], text=f"{first.client} asks {first.server}, UDP port {first.port}"),
                Step(frames=tuple(frames[1:_SHOWN]), text=f"asked {count(requests - 1, 'more time')}: nothing comes"
                f" back"),
            ],
        ),
        scope=Scope(addresses=(first.client, *servers[:100]), ports=(first.port,)),
        advice=(
            f"On {first.server}, see whether the requests arrive: tcpdump -ni any udp port {first.port}",
            f"See whether the service runs there: ss -lun 'sport = :{first.port}'",
            *service.advice,
        ),
        limitations=("whether the requests arrive, and whether answers are lost on the way back",),
    )  # fmt: skip
