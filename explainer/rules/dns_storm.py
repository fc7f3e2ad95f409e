"""Many names that do not exist, asked for by one client: a symptom of its own."""

from collections import Counter
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.dns_storms import storms
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import listing

_SHOWN, _NAMED = 20, 3
_MOST = 0.8


@rule("Many names that do not exist", lookups, storms, subject="DNS lookups", area="name resolution")
def dns_nxdomain_storm(facts: Facts) -> Iterator[Finding]:
    """One client that is told NXDOMAIN for 20 different names or more: told once, in place of each name.

    Where most of them end alike, a wrong search suffix or a missing zone is the likely cause; otherwise malware that
    looks for its master under invented names (domain generation), or a program that tests names.
    """
    for client, group in facts[storms].items():
        yield _storm(client, group)


def _storm(client: str, group: Sequence[Lookup]) -> Finding:
    names = list(dict.fromkeys(lookup.name for lookup in group))
    ending, alike = Counter(".".join(name.split(".")[-2:]) for name in names).most_common(1)[0]
    same = alike >= _MOST * len(names)
    frames = [frame for lookup in group for frame in (*lookup.query_frames, *lookup.response_frames)]
    why = (
        f"most of them end in {ending}: a wrong search suffix, or a zone that is missing, is the likely cause"
        if same
        else "invented names, as malware asks for that looks for its master (DGA), or a program that tests names"
    )
    examples = listing([*names[:_NAMED], f"{len(names) - _NAMED} more"])
    return finding(
        "dns_nxdomain_storm",
        frames[0],
        Severity.MEDIUM,
        Side.CLIENT,
        f"{client} asks for {len(names)} different names that do not exist (NXDOMAIN): {examples}; {why}.",
        Evidence.of(
            frames,
            f"dns.flags.rcode == 3 && {address_field(client)} == {client}",
            [Step(frames=tuple(frames[:_SHOWN]), text="questions, and the answers: no such name (NXDOMAIN, rcode 3)")],
        ),
        Scope(addresses=(client, group[0].server.address), ports=(53,), names=tuple(names[:100])),
        act=f"Whoever answers for {client} must find the program that asks for these names.",
        measured={"names": len(names), "ending_alike": alike},
        confidence=Confidence.PROBABLE,
        advice=(f"On {client}, see which program asks, and check it for malware.", "Check the search suffixes."),
        limits=("which program asks",),
    )
