"""Data hidden in lookups: a tunnel through DNS."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from explainer.escape import filter_string
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.registry import rule
from explainer.wording import count, listing

CARRIERS = ("NULL", "TXT", "KEY", "TYPE65399", "TYPE65432", "TYPE65280")
"""Record types in which a tunnel carries its data (NULL, TXT, KEY and iodine's private ones)."""
_SHORT_LABEL = 3


@rule("DNS tunnel", lookups, subject="DNS lookups", area="lookups that look like a tunnel")
def dns_tunnel(
    facts: Facts, *, min_names: int = 20, min_length: int = 24, min_length_alone: int = 60
) -> Iterator[Finding]:
    """Many different long names under one domain, as a tunnel (iodine, dnscat2, dns2tcp …) makes them.

    At least `min_names` names whose part below the domain has `min_length` characters or more (ordinary names have
    under 20), when most questions under the domain are of a type that can carry data (NULL, TXT …); of any type it
    takes `min_length_alone`. Few programs but tunnels do so; some virus scanners and block lists do.
    """
    groups = defaultdict[tuple[str, str], list[Lookup]](list)
    for lookup in facts[lookups]:
        domain = _domain(lookup.name)
        if domain and not lookup.multicast:
            groups[lookup.client.address, domain].append(lookup)
    for (client, domain), group in groups.items():
        below = {lookup.name.lower().rstrip(".").removesuffix(f".{domain}") for lookup in group}
        carriers = sum(lookup.type in CARRIERS for lookup in group) / len(group)
        length = min_length if carriers >= 1 / 2 else min_length_alone
        if sum(len(name) >= length for name in below) >= min_names:
            yield _finding(client, domain, group, below, carriers)


def _finding(client: str, domain: str, group: Sequence[Lookup], below: Collection[str], carriers: float) -> Finding:
    longest = max(map(len, below))
    frames = [frame for lookup in group for frame in (*lookup.query_frames, *lookup.response_frames)]
    types = listing(sorted({lookup.type for lookup in group if lookup.type})[:4])
    asked = tuple(frame for lookup in group for frame in lookup.query_frames)[:20]
    questions = f"{count(len(group), 'question')} for {len(below):,} different names under {domain}"
    shown = f"{questions}, of up to {longest} characters"
    longest_one = max(group, key=lambda lookup: len(lookup.name))
    example = tuple(longest_one.query_frames[:1] or longest_one.response_frames[:1])
    return Finding(
        id=f"dns_tunnel:{frames[0]}",
        rule="dns_tunnel",
        severity=Severity.MEDIUM,
        confidence=Confidence.PROBABLE,
        side=Side.CLIENT,
        title=f"The DNS traffic of {client} is not normal: it looks like a tunnel that hides data in long random names"
        f" under {domain} (types {types}).",
        act=f"Whoever answers for {client} must find the program that asks these names, and say whether it is wanted.",
        measured={
            "questions": len(group),
            "names": len(below),
            "longest_name": longest,
            "carrier_types": round(carriers, 3),
        },
        evidence=Evidence.of(
            frames,
            f"dns.qry.name contains {filter_string(domain)}",
            [
                *([Step(frames=asked, text=shown)] if asked else []),
                Step(frames=example, text=f"for example {longest_one.name[:80]}"),
            ],
        ),
        scope=Scope(
            addresses=tuple(dict.fromkeys(a for x in group[:100] for a in (x.client.address, x.server.address))),
            ports=(group[0].server.port,),
            names=(domain,),
        ),
        advice=(
            f"Find the program on {client} that asks so (a tunnel client such as iodine, or malware).",
            f"Let clients ask the company's resolvers alone, and block {domain} there.",
        ),
        limitations=("what is in the tunnel", "whether it is a known service that works by lookups (virus scanners)"),
    )


def _domain(name: str) -> str:
    """Return the domain that somebody registered: two labels, three under co.uk and the like; nothing for no more."""
    labels = name.lower().rstrip(".").split(".")
    if labels[-1] == "arpa" or len(labels) <= 1:
        return ""
    deep = len(labels[-1]) == len("uk") and len(labels[-2]) <= _SHORT_LABEL
    kept = labels[-3:] if deep else labels[-2:]
    return ".".join(kept) if len(labels) > len(kept) else ""
