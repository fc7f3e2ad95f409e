"""Lookups that end well, but late or without an address: a silent first resolver, AAAA unanswered, empty answers."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.dns_errors import bad_versions
from explainer.protocols.frame import last_ns
from explainer.protocols.ip import packets
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import circle, in_circle, plain, short
from explainer.rules.dns_resolvers import lookup_finding
from explainer.rules.dns_search import shortened
from explainer.wording import count, listing, milliseconds

_NOERROR, _NXDOMAIN = 0, 3
_A, _AAAA = 1, 28
_SUBJECT = "DNS lookups"
_SHOWN = 20


@rule("Waiting for a silent name server", lookups, subject=_SUBJECT, area=AREA)
def dns_late_fallback(facts: Facts, *, min_wait_ms: float = 1000.0, much_ms: float = 4000.0) -> Iterator[Finding]:
    """A question that one name server leaves unanswered, until the client asks another one, which answers.

    The wait counts from the first question to the answer; from `much_ms` on (glibc waits 5 seconds) it is of medium
    severity.
    """
    every = [x for x in facts[lookups] if not x.multicast]
    answers = defaultdict[tuple[str, str, int], list[Lookup]](list)
    for x in every:
        if x.response_ns is not None and x.rcode in (_NOERROR, _NXDOMAIN):
            answers[x.client.address, plain(x.name), x.type_number].append(x)
    waits = defaultdict[tuple[str, str, str], list[tuple[Lookup, Lookup, float]]](list)
    for x in every:
        if not x.unanswered or x.query_ns is None:
            continue
        later = [
            y
            for y in answers[x.client.address, plain(x.name), x.type_number]
            if y.server.address != x.server.address and y.query_ns and y.query_ns > x.query_ns and y.response_ns
        ]
        if later:
            waited = ((later[0].response_ns or 0) - x.query_ns) / 1e6
            if min_wait_ms <= waited <= 60_000:
                waits[x.client.address, x.server.address, later[0].server.address].append((x, later[0], waited))
    for hosts, group in waits.items():
        yield _fallback(hosts, group, much_ms)


def _fallback(hosts: tuple[str, str, str], group: Sequence[tuple[Lookup, Lookup, float]], much_ms: float) -> Finding:
    client, silent, other = hosts
    first, answer, waited = max(group, key=lambda found: found[2])
    names = listing(list(dict.fromkeys(short(x.name) for x, _, _ in group))[:3])
    return lookup_finding(
        "dns_late_fallback",
        [x for x, _, _ in group],
        Severity.MEDIUM if waited >= much_ms else Severity.LOW,
        Confidence.CERTAIN,
        Side.EITHER,
        f"The name server {silent} does not answer: {client} waits for it in vain, and only then asks"
        f" {other}, which"
        f" answers. Looking up {names} takes {milliseconds(waited)} for that reason.",
        f"Check whether the name server {silent} is up and reachable, or take it off the list of {client}.",
        (
            f"Ask both by hand: dig {shell_word(first.name)} @{silent}; dig {shell_word(first.name)} @{other}",
            f"On {client}, see which resolvers are set (DHCP, /etc/resolv.conf) and in which order.",
        ),
        [
            Step(
                frames=tuple(f for x, _, _ in group for f in x.query_frames)[:_SHOWN],
                text=f"{client} asks {silent}: no answer",
            ),
            Step(
                frames=(*answer.query_frames[:1], *answer.response_frames[:1]),
                text=f"it then asks {other}, which answers {milliseconds(waited)} after the first question",
            ),
        ],
    )


@rule("IPv6 question unanswered", lookups, last_ns, subject=_SUBJECT, area=AREA)
def dns_late_ipv6(facts: Facts, *, min_wait_s: float = 4.0) -> Iterator[Finding]:
    """A name server that answers the question for IPv4 (A) and never the one for IPv6 (AAAA), or the other way round.

    Programs wait for both: 5 seconds and more (RFC 8305 has them go on after 50 ms, which most do not).
    """
    pairs = defaultdict[tuple[str, str, str], dict[bool, list[Lookup]]](lambda: defaultdict(list))
    for x in facts[lookups]:
        if not x.multicast and x.type_number in (_A, _AAAA) and x.query_ns is not None:
            pairs[x.client.address, x.server.address, plain(x.name)][x.unanswered].append(x)
    groups = defaultdict[tuple[str, str, str], list[tuple[Lookup, Lookup, float]]](list)
    for (client, server, _), found in pairs.items():
        given, missing = found[False], found[True]
        got = {x.type for x in given}
        for x in missing:
            again = max((y.query_ns or 0 for y in given), default=0)
            waited = (max(x.last_query_ns or 0, again) - (x.query_ns or 0)) / 1e9
            silent = (facts[last_ns] - (x.query_ns or 0)) / 1e9
            if given and x.type not in got and silent >= min_wait_s:
                groups[client, server, x.type].append((x, given[0], waited))
    for (client, server, kind), group in groups.items():
        yield _half_answered(client, server, kind, group, min_wait_s)


def _half_answered(
    client: str, server: str, kind: str, group: Sequence[tuple[Lookup, Lookup, float]], min_wait_s: float
) -> Finding:
    first, given, waited = max(group, key=lambda found: found[2])
    wait = f" {client} waits {waited:.1f} s for it." if waited >= min_wait_s else ""
    family = "IPv6 (AAAA)" if kind == "AAAA" else "IPv4 (A)"
    return lookup_finding(
        "dns_late_ipv6",
        [x for x, _, _ in group],
        Severity.MEDIUM if waited >= min_wait_s else Severity.LOW,
        Confidence.CERTAIN,
        Side.SERVER,
        f"The name server {server} never answers the question for the {family} address of {short(first.name)}, although"
        f" it answers the other one ({given.type}).{wait}",
        f"Whoever runs {server} must act: it, or a firewall before it, drops questions of type {kind}. It has to answer"
        " them, with nothing if need be.",
        (
            f"Ask by hand: dig {kind} {shell_word(first.name)} @{server}",
            "Until then, options single-request in /etc/resolv.conf may shorten the wait.",
        ),
        [
            Step(frames=first.query_frames[:_SHOWN], text=f"{client} asks for {short(first.name)} ({kind}): no answer"),
            Step(frames=given.response_frames[:1], text=f"the question of type {given.type} is answered"),
        ],
    )


@rule("Name without an address", lookups, packets, bad_versions, subject=_SUBJECT, area=AREA)
def dns_no_address(facts: Facts) -> Iterator[Finding]:
    """A name that exists and has no address: each question for one (A, AAAA) gets an empty answer (RFC 2308, NODATA).

    Only answers of a resolver count: who asks other servers himself goes on where they refer to. Told, too, is a name
    that has an IPv4 address alone where the capture holds no IPv4 packet at all: its client may have IPv6 only. Silent
    where the same client gets an address for a longer or shorter form of the name.
    """
    groups = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in facts[lookups]:
        if (
            not x.multicast
            and x.type_number in (_A, _AAAA)
            and x.response_frames
            and x.rcode == _NOERROR
            and not x.referred
            and x.response_frames[0] not in facts[bad_versions]
        ):
            groups[x.client.address, plain(x.name)].append(x)
    resolved = {key for key, group in groups.items() if any(_has_address(x) for x in group)}
    begun = {(client, part) for client, name in resolved for part in shortened(name)}
    v6_only = all(":" in address for address in facts[packets]["src"].drop_nulls().unique())
    for (client, name), group in groups.items():
        asked = {x.type_number for x in group}
        lengthened = (client, name) in begun or any((client, part) in resolved for part in shortened(name))
        if any(x.truncated or x.cut for x in group) or lengthened:
            continue
        if (client, name) not in resolved and _A in asked:
            round_ = next(filter(None, map(circle, group)), ())
            yield in_circle(_empty(client, group), round_) if round_ else _empty(client, group)
        elif v6_only and asked == {_A, _AAAA} and not any(_has_address(x) for x in group if x.type_number == _AAAA):
            yield _old_only(client, group)


def _has_address(lookup: Lookup) -> bool:
    for answer in lookup.answers:
        try:
            ipaddress.ip_address(answer)
        except ValueError:
            continue
        return True
    return False


def _empty(client: str, group: Sequence[Lookup]) -> Finding:
    first = group[0]
    server, name = first.server.address, short(first.name)
    kinds = listing(sorted({x.type for x in group}))
    alias = next((plain(x.answers[-1]) for x in group if x.answers), "")
    what = f"is an alias (CNAME) of {short(alias)}, which" if alias else "exists, but"
    return lookup_finding(
        "dns_no_address",
        group,
        Severity.MEDIUM,
        Confidence.CERTAIN,
        Side.EITHER,
        f"The name {name} {what} has no address: {server} answers the questions of {client} ({kinds}) with"
        f" {'no address' if alias else 'nothing'}, so nobody can connect to it.",
        f"Whoever runs the domain of {name} must correct the alias, or {short(alias)} must get an address."
        if alias
        else "Whoever runs the name's domain must enter an address for it, or whoever wrote the name must correct it.",
        (f"See what there is under the name: dig ANY {shell_word(first.name)} @{server}",),
        [
            Step(frames=first.query_frames[:_SHOWN], text=f"{client} asks {server} for {name} ({first.type})"),
            Step(
                frames=tuple(x.response_frames[0] for x in group)[:_SHOWN],
                text=f"no error, and no address in {count(len(group), 'answer')}",
            ),
        ],
    )


def _old_only(client: str, group: Sequence[Lookup]) -> Finding:
    name = short(group[0].name)
    return lookup_finding(
        "dns_no_address",
        group,
        Severity.MEDIUM,
        Confidence.POSSIBLE,
        Side.EITHER,
        f"The name {name} has an IPv4 address (A) and no IPv6 address (AAAA), and this capture holds no IPv4"
        " packet: where"
        f" {client} has IPv6 only, it cannot reach it.",
        f"Whoever runs the network of {client} must act (NAT64 with DNS64, or IPv4), or whoever runs the name:"
        " add AAAA.",
        (f"On {client}, see whether it has an IPv4 address and route: ip -4 address; ip -4 route",),
        [
            Step(
                frames=tuple(x.response_frames[0] for x in group if x.type_number == _AAAA)[:_SHOWN],
                text=f"the answer for the IPv6 address of {name} is empty",
            ),
            Step(
                frames=tuple(x.response_frames[0] for x in group if x.type_number == _A)[:_SHOWN],
                text="the answer for the IPv4 address has one",
            ),
        ],
    )
