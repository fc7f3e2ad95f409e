"""Names whose addresses help nobody here: IPv6 alone where there is none, or addresses that lead to nobody."""

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.ip import packets
from explainer.protocols.tcp import connections
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import plain, short
from explainer.rules.dns_resolvers import lookup_finding
from explainer.rules.dns_unbidden import beside
from explainer.wording import count, listing

_A, _AAAA, _NOERROR = 1, 28, 0
_SUBJECT = "DNS lookups"
_SHOWN = 20
_TESTS = ("ipv6.", "ipv6-", "v6.")
_FEW = 5  # more names than this at one name server are one matter: its filter
_NOBODY = {"0.0.0.0": "no address of any host", "::": "no address of any host"}
_SELF = {"127.0.0.1": "the asking machine itself", "::1": "the asking machine itself"}
_OWN = re.compile(r"(?:.*\.)?localhost(?:\.localdomain)?|localhost\d?\.[^.]+|[^.]+")
# Lists of senders of spam answer with addresses of the loopback network (RFC 5782 section 2.1).
_LISTED = re.compile(r"\d+\.\d+\.\d+\.\d+\.|(?:[0-9a-f]\.){16}|.*\.(?:in-addr|ip6)\.arpa$")


@rule("Name with an IPv6 address only", lookups, packets, connections, subject=_SUBJECT, area=AREA)
def dns_only_ipv6(facts: Facts) -> Iterator[Finding]:
    """A name that has an IPv6 address and no IPv4 address, asked for both by a client that sends no IPv6 packet.

    Packets of the link alone (fe80::, ff00::) do not count. The client must open TCP connections in this capture:
    where nothing but its lookups was recorded, nobody can tell what it did with the address. Left out are names that
    say themselves that they are there to test IPv6 (ipv6.example), and those that systems ask for on their own.
    """
    unasked = beside(facts[lookups])
    groups = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in facts[lookups]:
        if not x.multicast and x.response_frames and x.rcode == _NOERROR and not (x.truncated or x.cut or x.referred):
            groups[x.client.address, plain(x.name)].append(x)
    seen = facts[packets]
    if any(map(_routed_v6, {*seen["src"].drop_nulls().unique(), *seen["dst"].drop_nulls().unique()})):
        return
    opening = {c.client.address for c in facts[connections]}
    for (client, _), group in groups.items():
        old = [x for x in group if x.type_number == _A]
        new = [x for x in group if x.type_number == _AAAA and any(map(_is_address, x.answers))]
        tests = any(unasked(x) or plain(x.name).startswith(_TESTS) for x in new)
        if client in opening and old and new and not tests and not any(_is_address(a) for x in old for a in x.answers):
            yield _only_new(client, new, old)


def _routed_v6(address: str) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return known.version == 6 and not (known.is_link_local or known.is_multicast or known.is_unspecified)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _only_new(client: str, new: Sequence[Lookup], old: Sequence[Lookup]) -> Finding:
    name = short(new[0].name)
    return lookup_finding(
        "dns_only_ipv6",
        [*new, *old],
        Severity.MEDIUM,
        Confidence.PROBABLE,
        Side.EITHER,
        f"The name {name} has an IPv6 address (AAAA) and no IPv4 address (A), and {client} sends no IPv6 packet: it"
        " probably has IPv4 only, and so cannot reach it.",
        f"Whoever runs the network of {client} must give it IPv6, or whoever runs {name} must add an IPv4 address.",
        (f"On {client}, see whether it has an IPv6 address and route: ip -6 address; ip -6 route",),
        [
            Step(
                frames=tuple(x.response_frames[0] for x in new)[:_SHOWN],
                text=f"the answer for the IPv6 address of {name} has one",
            ),
            Step(
                frames=tuple(x.response_frames[0] for x in old)[:_SHOWN],
                text="the answer for the IPv4 address is empty",
            ),
            Step(frames=(), text="No packet of IPv6 beyond the link is in this capture."),
        ],
    )


@rule("Name that leads to nobody", lookups, subject=_SUBJECT, area=AREA)
def dns_to_nobody(facts: Facts) -> Iterator[Finding]:
    """A name whose every address is 0.0.0.0 or ::, or the loopback address: what filters of advertising answer.

    For information, as filters do so on purpose and pages work without those names; of medium severity where the client
    gets no other address in the whole capture. Left out are names of the machine itself, and lists of senders (RFC
    5782).
    """
    answered = [x for x in facts[lookups] if not x.multicast and any(map(_is_address, x.answers))]
    lost, reached = defaultdict[tuple[str, str, str], list[Lookup]](list), set[str]()
    for x in answered:
        name, given = plain(x.name), list(filter(_is_address, x.answers))
        where = _meaning(given)
        if where and not _OWN.fullmatch(name) and not _LISTED.match(name):
            lost[x.client.address, x.server.address, where].append(x)
        else:
            reached.add(x.client.address)
    for (client, server, where), group in lost.items():
        by_name = defaultdict[str, list[Lookup]](list)
        for x in group:
            by_name[plain(x.name)].append(x)
        severity = Severity.INFO if client in reached else Severity.MEDIUM
        parts = [group] if len(by_name) > _FEW else by_name.values()
        yield from (_to_nobody(client, server, where, part, severity) for part in parts)


def _meaning(given: Iterable[str]) -> str:
    """Return what all these addresses mean, or nothing where one is a host's."""
    meant = {(_NOBODY | _SELF).get(address, "") for address in given}
    return meant.pop() if len(meant) == 1 else ""


def _to_nobody(client: str, server: str, where: str, group: Sequence[Lookup], severity: Severity) -> Finding:
    names = list(dict.fromkeys(short(x.name) for x in group))
    more = [f"{len(names) - 3} more"] if len(names) > _FEW else []
    shown, address = listing([*(names[:3] if more else names), *more]), next(filter(_is_address, group[0].answers))
    asked = f"dig {shell_word(group[0].name)} @RESOLVER"
    return lookup_finding(
        "dns_to_nobody",
        group,
        severity,
        Confidence.CERTAIN,
        Side.EITHER,
        f"The name server {server} answers {address} for {shown}: that is {where}, so {client} cannot reach"
        f" {'them' if len(names) > 1 else 'it'} there. Filters of advertising, malware or unwanted sites answer so.",
        f"Nobody has to act, unless that very name was wanted: then whoever runs the filter on {server} must let it"
        " through, or whoever runs the name's domain must correct its address.",
        (f"Ask another name server what the name's address is: {asked}",),
        [
            Step(frames=group[0].query_frames[:1], text=f"{client} asks {server} for {short(group[0].name)}"),
            Step(
                frames=tuple(x.response_frames[0] for x in group)[:_SHOWN],
                text=f"{count(len(group), 'answer')} with {address} only",
            ),
        ],
    )
