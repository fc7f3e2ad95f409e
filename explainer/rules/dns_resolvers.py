"""Lookups that work badly: at the wrong resolver, slowly, cut short, or with answers that contradict each other."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.dns import AREA, PRIVATE_ENDINGS
from explainer.rules.dns_alias import plain, short
from explainer.rules.dns_evidence import asked_for
from explainer.rules.dns_tunnel import CARRIERS
from explainer.rules.evidence import address_field
from explainer.rules.exposure import public
from explainer.wording import count, listing, milliseconds

_NOERROR, _NXDOMAIN, _DNS = 0, 3, 53
_SUBJECT = "DNS lookups"
_INVENTED = re.compile(r"[a-z]{7,15}")


@rule("Private name at a public resolver", lookups, subject=_SUBJECT, area=AREA)
def dns_private_name(facts: Facts) -> Iterator[Finding]:
    """A name under .local, .lan, .internal, .corp or the like (RFC 6762 appendix G) at a public resolver.

    It cannot know such a name: NXDOMAIN is the right answer. Silent where another lookup of the client resolves it.
    """
    every = facts[lookups]
    known = {(x.client.address, plain(x.name)) for x in every if x.rcode == _NOERROR and (x.answers or x.cut)}
    groups = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in every:
        private = plain(x.name).endswith(PRIVATE_ENDINGS) and x.rcode == _NXDOMAIN
        if private and public(x.server.address) and (x.client.address, plain(x.name)) not in known:
            groups[x.client.address, x.server.address].append(x)
    for (client, server), group in groups.items():
        names = list(dict.fromkeys(short(x.name) for x in group))
        yield lookup_finding(
            "dns_private_name",
            group,
            Severity.MEDIUM,
            Confidence.CERTAIN,
            Side.CLIENT,
            f"{client} asks the public resolver {server} for the private name {_few(names)}, which only a resolver of"
            " its own network can know (NXDOMAIN).",
            f"Whoever sets up {client} must give it the network's own resolver (DHCP, VPN), not {server}.",
            (f"Ask the network's own resolver: dig {shell_word(group[0].name)} @RESOLVER",),
            [Step(frames=_answers(group), text=f"{server} answers NXDOMAIN to {count(len(group), 'question')}")],
        )


@rule("Slow lookup", lookups, subject=_SUBJECT, area=AREA)
def dns_slow(
    facts: Facts, *, min_slow_ms: float = 1000.0, min_wait_ms: float = 4000.0, min_lost: int = 3
) -> Iterator[Finding]:
    """Answers that come after `min_slow_ms` or more, which people notice; of medium severity from `min_wait_ms` on.

    A failure is told as such, and a tunnel waits on purpose. Where an answer comes soon after the last repetition the
    server is not slow: the question before it, or its answer, was lost. That is told of `min_lost` lookups, or of one
    that took `min_wait_ms`: glibc repeats a question after 5 seconds only. Less is for information.
    """
    groups = defaultdict[tuple[str, str, bool], list[Lookup]](list)
    for x in facts[lookups]:
        useful = x.rcode in (_NOERROR, _NXDOMAIN) and x.type not in CARRIERS
        if useful and not x.multicast and (x.time_ms or 0.0) >= min_slow_ms:
            at_last = ((x.response_ns or 0) - (x.last_query_ns or 0)) / 1e6
            groups[x.client.address, x.server.address, x.retransmissions > 0 and at_last < min_slow_ms].append(x)
    for (client, server, lost), group in groups.items():
        much = max(x.time_ms or 0.0 for x in group) >= min_wait_ms
        few = Severity.INFO if lost and len({x.id for x in group}) < min_lost else Severity.LOW
        yield _slow(client, server, group, Severity.MEDIUM if much else few, lost=lost)


def _slow(client: str, server: str, group: Sequence[Lookup], severity: Severity, *, lost: bool) -> Finding:
    slowest = max(group, key=lambda x: x.time_ms or 0.0)
    waited, name = milliseconds(slowest.time_ms or 0.0), short(slowest.name)
    repeated = f" after {count(slowest.retransmissions, 'repetition')}" if slowest.retransmissions else ""
    title = f"The name server {server} is slow: {client} waits {waited} for {name}{repeated}."
    act = f"The name server's side must act: {server} or what it asks itself answers late, or packets get lost."
    if lost:
        title = (
            f"A question of {client} to the name server {server} (DNS), or the answer to it, was lost: looking up"
            f" {name} takes {waited}, and it is answered at once{repeated}."
        )
        act = f"The network's side must act if it happens often: something between {client} and {server} loses packets."
    return lookup_finding(
        "dns_slow", group, severity, Confidence.CERTAIN, Side.NETWORK if lost else Side.SERVER, title, act,
        (f"Measure it: dig {shell_word(slowest.name)} @{server}", "Compare with another resolver."),
        [
            Step(
                frames=(*slowest.query_frames[:10], *slowest.response_frames[:1]),
                text=f"asked for {name}, answered after {waited}",
            )
        ],
    )  # fmt: skip


@rule("Long answer cannot be fetched", lookups, connections, subject=_SUBJECT, area=AREA)
def dns_tcp_blocked(facts: Facts) -> Iterator[Finding]:
    """A truncated answer (TC), after which the client asks again over TCP (RFC 7766) and gets no connection."""
    cut = [x for x in facts[lookups] if x.truncated and x.transport == "UDP" and x.response_frames]
    tried = defaultdict[tuple[str, str], list[Connection]](list)
    for c in facts[connections] if cut else ():
        if c.server.port == _DNS:
            tried[c.client.address, c.server.address].append(c)
    for x in cut:
        after = [c for c in tried[x.client.address, x.server.address] if c.first_frame > x.response_frames[0]]
        if after and all(c.syn_ack_frame is None and not c.server_payload and c.syn_frames for c in after):
            syns = tuple(frame for c in after for frame in c.syn_frames)
            refused = tuple(frame for c in after for frame in c.server_resets[:1])
            how = "is refused" if refused else "is never answered"
            yield lookup_finding(
                "dns_tcp_blocked",
                [x],
                Severity.HIGH,
                Confidence.CERTAIN,
                Side.NETWORK,
                f"The answer for {short(x.name)} is too long for UDP, and the connection to {x.server.address} port 53"
                f" over TCP that the client then tries {how}.",
                f"Whoever runs the firewall, or {x.server.address}, must let DNS over TCP through (port 53).",
                (f"Try it: dig +tcp {shell_word(x.name)} @{x.server.address}",),
                [
                    Step(frames=x.response_frames[:1], text="answer over UDP, cut short (TC flag)"),
                    Step(frames=syns[:20], text=f"the client asks for a TCP connection, which {how}"),
                ],
                (*syns, *refused),
            )
            tried.pop((x.client.address, x.server.address))


@rule("Resolvers contradict each other", lookups, subject=_SUBJECT, area=AREA)
def dns_disagree(facts: Facts) -> Iterator[Finding]:
    """A name that one resolver gives an address and another says does not exist, or a private against a public one.

    Different public addresses are no contradiction: large sites answer by place and load.
    """
    asked = defaultdict[tuple[str, str, int], list[Lookup]](list)
    for x in facts[lookups]:
        if not (x.multicast or x.cut) and x.rcode in (_NOERROR, _NXDOMAIN) and (x.answers or x.rcode == _NXDOMAIN):
            asked[x.client.address, plain(x.name), x.type_number].append(x)
    for (client, _, _), group in asked.items():
        kinds = {x.server.address: _kind(x) for x in group}
        if len(set(kinds.values()) - {""}) > 1:
            told = [f"{server} says {kind}" for server, kind in kinds.items() if kind]
            yield lookup_finding(
                "dns_disagree",
                group,
                Severity.LOW,
                Confidence.CERTAIN,
                Side.EITHER,
                f"The resolvers of {client} contradict each other about {short(group[0].name)}: {_few(told)}.",
                f"{client} should ask resolvers of one kind alone, all of them the network's own or none.",
                (f"Ask each of them: dig {shell_word(group[0].name)} @RESOLVER",),
                [Step(frames=x.response_frames[:1], text=f"{x.server.address} says {_kind(x)}") for x in group[:4]],
            )


@rule("Missing names get an address", lookups, subject=_SUBJECT, area=AREA)
def dns_rewritten(facts: Facts, *, min_names: int = 2) -> Iterator[Finding]:
    """Invented names of one label, such as browsers ask to find this out, that all get one and the same address."""
    groups = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in facts[lookups]:
        if not x.multicast and _INVENTED.fullmatch(plain(x.name)) and len(x.answers) == 1 and public(x.answers[0]):
            groups[x.server.address, x.answers[0]].append(x)
    for (server, address), group in groups.items():
        names = list(dict.fromkeys(plain(x.name) for x in group))
        if len(names) >= min_names:
            yield lookup_finding(
                "dns_rewritten",
                group,
                Severity.LOW,
                Confidence.PROBABLE,
                Side.SERVER,
                f"The name server {server} answers with {address} where there is no such name (it rewrites NXDOMAIN):"
                f" {_few(names)}.",
                f"Whoever needs true answers must ask another resolver than {server}.",
                (f"Try a name that cannot exist: dig no-such-name-at-all @{server}",),
                [Step(frames=_answers(group), text=f"invented names, all answered with {address}")],
            )


def _kind(x: Lookup) -> str:
    """Return what an answer says, roughly: no such name, a private address, a public one; nothing for other answers."""
    if x.rcode == _NXDOMAIN:
        return "there is no such name"
    addresses = [parsed for parsed in map(_address, x.answers) if parsed]
    if not addresses:
        return ""
    return "a public address" if any(a.is_global for a in addresses) else "a private address"


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _answers(group: Iterable[Lookup]) -> tuple[int, ...]:
    return tuple(frame for x in group for frame in x.response_frames[:1])[:20]


def _few(words: Sequence[str], shown: int = 3) -> str:
    more = [f"{len(words) - shown} more"] if len(words) > shown else []
    return listing([*words[:shown], *more])


def lookup_finding(
    rule_id: str, group: Sequence[Lookup], severity: Severity, confidence: Confidence, side: Side, title: str, act: str,
    advice: tuple[str, ...], steps: Sequence[Step], more_frames: Sequence[int] = (),
) -> Finding:  # fmt: skip
    """Return a finding about these lookups of one name server."""
    frames = [frame for x in group for frame in (*x.query_frames, *x.response_frames[:1])]
    first, server = group[0], group[0].server.address
    over_tcp = f" || (tcp.port == {_DNS} && {address_field(server)} == {server})" if more_frames else ""
    names = tuple(dict.fromkeys(x.name for x in group if x.name))
    return Finding(
        id=f"{rule_id}:{first.first_frame}",
        rule=rule_id,
        severity=severity,
        confidence=confidence,
        side=side,
        title=title,
        act=act,
        measured={"questions": len(group)},
        evidence=Evidence.of([*frames, *more_frames], f"{asked_for(names, server)}{over_tcp}", list(steps)),
        scope=Scope(
            addresses=tuple(dict.fromkeys(a for x in group for a in (x.client.address, x.server.address)))[:100],
            ports=(_DNS,),
            names=names[:100],
        ),
        advice=advice,
        limitations=("what happens behind the resolver",),
    )
