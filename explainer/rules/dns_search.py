"""Names that a client makes longer by its search suffix (RFC 1034 section 3.1, resolv.conf's search), in vain."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import combinations

from explainer.model import Evidence, Finding, Step
from explainer.protocols.dns import Lookup
from explainer.rules.dns_alias import plain, short
from explainer.rules.dns_evidence import asked_for

_SOON_NS = 2_000_000_000  # a resolver's library tries one suffix right after the other
_MOST_LABELS = 12


def overtaken(every: Iterable[Lookup]) -> Callable[[Lookup], bool]:
    """Return whether a failed name was only a step on a search list: the same client then resolves a shorter one.

    Suffixes of a list are parts of each other, as in Kubernetes (default.svc.cluster.local, svc.cluster.local,
    cluster.local): labels within the name are left out, its first and its last ones stay.
    """
    resolved = defaultdict[tuple[str, str], list[int]](list)
    for x in every:
        if x.answers and x.query_ns is not None:
            resolved[x.client.address, plain(x.name)].append(x.query_ns)

    def is_step(lookup: Lookup) -> bool:
        labels, asked = plain(lookup.name).split("."), lookup.query_ns
        if asked is None or len(labels) > _MOST_LABELS:
            return False
        for start, end in combinations(range(1, len(labels)), 2):
            times = resolved.get((lookup.client.address, ".".join(labels[:start] + labels[end:])), [])
            following = bisect_left(times, asked)
            if following < len(times) and times[following] - asked <= _SOON_NS:
                return True
        return False

    return is_step


def shortened(name: str) -> list[str]:
    """Return the name without its last labels, the shortest first: what it may be without a search suffix."""
    labels = name.split(".")
    return [".".join(labels[:length]) for length in range(1, len(labels))]


def bare(lookup: Lookup, others: dict[tuple[str, str], Lookup]) -> Lookup | None:
    """Return the failed lookup of the same client for this name without its last labels, the shortest first.

    `others` are the failed lookups by client and name.
    """
    client = lookup.client.address
    return next(filter(None, (others.get((client, name)) for name in shortened(plain(lookup.name)))), None)


def with_suffix(finding: Finding, lookup: Lookup, without: Lookup) -> Finding:
    """Return the finding about a missing name with the search suffix that was put behind it as its likely cause."""
    name, client = short(without.name), lookup.client.address
    suffix = plain(lookup.name).removeprefix(f"{plain(without.name)}.")
    step = Step(
        frames=(*without.query_frames[:1], *without.response_frames[:1]),
        text=f"it asks for {name} alone, too: {suffix} is a search suffix; that fails as well",
    )
    evidence = finding.evidence
    return finding.model_copy(
        update={
            "title": f"{finding.title.removesuffix('.')}; nor is {name} resolved alone: {client} puts its search suffix"
            f" {suffix} behind the name, which is the wrong one, or the name is.",
            "act": f"Whoever sets up {client} must correct its search suffix (DHCP option 15 or 119, resolv.conf), or"
            f" whoever wrote {name} must give the whole name.",
            "evidence": Evidence.of(
                (*evidence.frames, *step.frames),
                asked_for((lookup.name, without.name), lookup.server.address),
                (*evidence.steps, step),
            ),
        }
    )
