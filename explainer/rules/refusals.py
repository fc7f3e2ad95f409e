"""What every rule about an application server's refusals shares: which of them lasted, and how they are told.

Rules
* A refusal that the same client overcomes later, at the same server and for the same thing, is of info severity; of low
  severity where another user is let in.
* What the server said is quoted, and stands beside what it means.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Kind, Reply
from explainer.rules.evidence import connection_filter
from explainer.wording import OVERCOME, count

SUBJECT = "answers of application servers"
SUBJECT_OF_SIGNS = "signs of application protocols"
AREA = "the answers of application servers (mail, files, directories, databases, terminals)"
_LAYERS = {
    "Modbus": "modbus", "RTSP": "rtsp", "Diameter": "diameter", "Cassandra": "cql", "EAP": "eap", "CoAP": "coap",
    "rsync": "rsync", "memcached": "memcache", "git": "git", "Kafka": "kafka", "VNC": "vnc", "SNMP": "snmp",
    "RDP": "rdp", "MQTT": "mqtt", "AMQP": "amqp", "PostgreSQL": "pgsql", "MySQL": "mysql", "SQL Server": "tds",
    "Redis": "resp", "IPP": "ipp", "Telnet": "telnet", "BACnet": "bacapp", "S7": "s7comm", "CIP": "cip", "GTP": "gtp",
    "GTPv2": "gtpv2", "PFCP": "pfcp", "EPS": "nas-eps", "5GS": "nas-5gs", "ISUP": "isup", "Q.931": "q931",
    "MGCP": "mgcp", "SMPP": "smpp", "iSCSI": "iscsi", "MPLS echo": "mpls_echo", "LDP": "ldp", "DCE/RPC": "dcerpc",
    "Oracle": "tns", "PPTP": "pptp", "L2TP": "l2tp", "EtherNet/IP": "enip", "IEC 104": "iec60870_asdu", "M3UA": "m3ua",
    "DCCP": "dccp",
}  # fmt: skip
"""Layers of protocols whose rule is about several."""
_QUOTED = 160
_SHOWN = 20


class Meaning(NamedTuple):
    """What a refusal means, in words: the cause as a clause, who must act and how."""

    cause: str
    act: str
    side: Side
    severity: Severity = Severity.HIGH
    advice: tuple[str, ...] = ()


class Family(NamedTuple):
    """How the refusals of one rule are told: its id, a display filter's last part, what is refused in a title.

    `told` makes the title's first half from a reply: "The mail server 10.0.0.1 does not accept the sender a@b.example".
    """

    rule: str
    layer: str
    told: Callable[[Reply], str]
    meaning: Callable[[Reply], Meaning | None]
    limits: tuple[str, ...] = ("why the server answers so: its own log tells",)


def refusals(replies: Sequence[Reply], family: Family) -> Iterator[Finding]:
    """Yield a finding for each client, server and code among these replies that means something."""
    later = defaultdict[tuple[object, ...], list[Reply]](list)
    for reply in replies:
        if reply.ok:
            later[_matter(reply)].append(reply)
    groups = defaultdict[tuple[object, ...], list[Reply]](list)
    meanings = dict[tuple[object, ...], Meaning]()
    for reply in replies:
        means = None if reply.ok else family.meaning(reply)
        if means:
            overcome = any(good.frame > reply.frame for good in later[_matter(reply)])
            key = reply.client.address, reply.server, reply.request, reply.code, means.cause, overcome
            groups[key].append(reply)
            meanings.setdefault(key, means)
    for matter, group in groups.items():
        good = next((g for g in later[_matter(group[0])] if g.frame > group[-1].frame), None)
        yield _refused(family, group, meanings[matter], good)


def _matter(reply: Reply) -> tuple[object, ...]:
    """Return what a later success must be about: logins count for each other, whoever the user."""
    about = "" if reply.kind in (Kind.LOGIN, Kind.SESSION, Kind.TIME) else reply.about
    return reply.protocol, reply.client.address, reply.server.address, reply.kind, about


def _refused(family: Family, group: Sequence[Reply], means: Meaning, good: Reply | None) -> Finding:
    first = group[0]
    frames = [frame for reply in group for frame in reply.frames]
    streams = tuple(dict.fromkeys(reply.stream for reply in group if reply.stream is not None))
    other = good is not None and bool(good.about and first.about) and good.about != first.about
    overcome = f"; later {good.about} is let in" if good and other else "; a later attempt succeeded" if good else ""
    severity = (Severity.LOW if other else Severity.INFO) if good else means.severity
    quoted = f'"{said(first)}"'
    told = (*streams, *([good.stream] if good and good.stream is not None else []))
    all_over_tcp = streams and all(reply.stream is not None for reply in (*group, *([good] if good else [])))
    where = connection_filter(first.server, told) if all_over_tcp else ""
    layer = _LAYERS.get(first.protocol, family.layer)
    return Finding(
        id=f"{family.rule}:{first.frame}",
        rule=family.rule,
        severity=severity,
        confidence=Confidence.CERTAIN,
        side=means.side,
        title=f"{family.told(first)}: {means.cause} ({quoted}){overcome}.",
        act=means.act if other or not good else f"{OVERCOME} {means.act}",
        measured={"refusals": len(group), "code": first.code},
        evidence=Evidence.of(
            [*frames, *([good.frame] if good else [])],
            where if first.unusual else f"{where} && {layer}" if where else layer,
            _steps(group, good),
        ),
        scope=Scope(
            streams=streams[:100],
            addresses=tuple(dict.fromkeys((first.client.address, first.server.address))),
            ports=(first.server.port,) if first.server.port else (),
        ),
        advice=means.advice or (f"Look for this moment in the log of {first.server.address}: it says why.",),
        limitations=family.limits,
    )


def said(reply: Reply) -> str:
    """Return the answer in the server's words."""
    words = f"{reply.code} {reply.text}".strip()
    return words if len(words) <= _QUOTED else f"{words[:_QUOTED]}…"


def _steps(group: Sequence[Reply], good: Reply | None) -> Iterator[Step]:
    first = group[0]
    about = f" {first.about}" if first.about else ""
    if first.request_frame:
        asked = f"{first.request}{about}".strip()
        yield Step(frames=(first.request_frame,), text=f"{first.client.address} asks: {asked}")
    yield Step(frames=(first.frame,), text=f'{first.server.address} answers: "{said(first)}"')
    if len(group) > 1:
        rest = tuple(reply.frame for reply in group[1:_SHOWN])
        yield Step(frames=rest, text=f"the same answer {count(len(group) - 1, 'more time')}")
    if good:
        yield Step(frames=(good.frame,), text="a later attempt succeeds")
