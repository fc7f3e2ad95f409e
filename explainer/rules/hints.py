"""Traffic that may be something else than it looks: hints, never more, for whoever knows the hosts."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tls import endings
from explainer.registry import rule
from explainer.rules.evidence import connection_filter, stream_filter
from explainer.rules.exposure import public
from explainer.rules.tcp_case import finding, scope
from explainer.rules.tls_presented import Presented, presented
from explainer.wording import count, milliseconds

_AREA = "signs of hidden programs"
# tor makes both up anew for each connection: www, 8 to 20 characters of base32, com and net (tor-spec, "Negotiating").
_TOR_SUBJECT, _TOR_ISSUER = re.compile(r"CN=www\.[a-z2-7]{8,20}\.net"), re.compile(r"CN=www\.[a-z2-7]{8,20}\.com")
_SHOWN = 20


@rule("Tor", endings, subject="TLS connections", area=_AREA)
def hint_tor(facts: Facts) -> Iterator[Finding]:
    """TLS whose lone certificate looks as tor's relays make theirs: random names of one kind, no names in it besides.

    Up to TLS 1.2 only; a relay that speaks TLS 1.3 shows no certificate.
    """
    groups = defaultdict[str, list[Presented]](list)
    for case in presented(facts[endings]):
        lone = len(case.message.certificates) == 1 and not case.leaf.dns_names
        if lone and _TOR_SUBJECT.fullmatch(case.leaf.subject) and _TOR_ISSUER.fullmatch(case.leaf.issuer):
            groups[case.ending.handshake.client.address].append(case)
    for client, group in groups.items():
        yield _tor(client, group)


def _tor(client: str, group: Sequence[Presented]) -> Finding:
    relays = list(dict.fromkeys(case.ending.handshake.server for case in group))
    frames, first = [case.message.frame for case in group], group[0].leaf
    return finding(
        "hint_tor",
        frames[0],
        Severity.LOW,
        Side.CLIENT,
        f"{client} probably uses Tor: {count(len(relays), 'server')} that it talks to by TLS"
        f" {'shows a certificate' if len(relays) == 1 else 'show certificates'} as Tor relays make them.",
        Evidence.of(
            frames,
            f"{stream_filter(case.ending.handshake.stream for case in group)} && tls",
            [Step(frames=tuple(frames[:_SHOWN]), text=f"a certificate of {first.subject}, issued by {first.issuer}")],
        ),
        scope((case.ending.handshake.stream for case in group), group[0].ending.handshake.client, *relays),
        confidence=Confidence.PROBABLE,
        act=f"Whoever answers for {client} must say whether Tor may be used there.",
        measured={"relays": len(relays), "connections": len(group)},
        advice=("Compare the servers' addresses with Tor's public list of relays.", "On the client: ss -tnp"),
        limits=("what is done through Tor", "whether another program makes such certificates"),
    )


@rule("Regular connections", connections, subject="TCP connections", area=_AREA)
def hint_beaconing(
    facts: Facts, *, min_connections: int = 10, min_interval_s: float = 5.0, most_jitter: float = 0.1
) -> Iterator[Finding]:
    """Small connections of one client to one public server that begin at even intervals: programs do that, not people.

    At least `min_connections`, `min_interval_s` apart in the median; nine of ten intervals within `most_jitter` of it.
    Updaters, monitors and mail programs do so, too, and so does malware that asks for orders: for information alone.
    """
    groups = defaultdict[tuple[str, str], list[Connection]](list)
    for connection in facts[connections]:
        if connection.established and public(connection.server.address):
            groups[connection.client.address, str(connection.server)].append(connection)
    for (client, server), group in groups.items():
        group.sort(key=lambda connection: connection.syn_ns[0])
        gaps = [(b.syn_ns[0] - a.syn_ns[0]) / 1e9 for a, b in pairwise(group)]
        if len(group) < min_connections or (usual := median(gaps)) < min_interval_s:
            continue
        if sum(abs(gap - usual) <= most_jitter * usual for gap in gaps) >= 0.9 * len(gaps):
            yield _regular(client, server, group, usual)


def _regular(client: str, server: str, group: Sequence[Connection], every_s: float) -> Finding:
    frames, last = [connection.syn_frames[0] for connection in group], group[0]
    every = milliseconds(1000 * every_s)
    return finding(
        "hint_beaconing",
        frames[0],
        Severity.INFO,
        Side.EITHER,
        f"{client} connects to {server} every {every}, {count(len(group), 'time')}: a program does that by itself.",
        Evidence.of(
            frames,
            f"{connection_filter(last.server, (c.stream for c in group))} && tcp.flags.syn == 1",
            [Step(frames=tuple(frames[:_SHOWN]), text=f"connections that begin {every} apart")],
        ),
        scope((c.stream for c in group), last.client, last.server),
        confidence=Confidence.POSSIBLE,
        act=f"Nobody has to act if the program is known: on {client}, see which one it is.",
        measured={"connections": len(group), "interval_s": round(every_s, 3)},
        advice=("On the client: ss -tnp", f"Find out who runs {last.server.address}."),
        limits=("which program it is, and whether it is wanted: updaters and monitors connect as regularly",),
    )
