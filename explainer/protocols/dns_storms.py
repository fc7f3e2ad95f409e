"""Clients that ask for many names of which none exists."""

from collections import defaultdict

from explainer.facts import Facts, fact
from explainer.protocols.dns import Lookup, lookups

_NXDOMAIN = 3
_MANY = 20
_REVERSE = (".in-addr.arpa", ".ip6.arpa")


@fact("DNS lookups", lookups)
def storms(facts: Facts) -> dict[str, tuple[Lookup, ...]]:
    """Return the lookups without a name behind them of clients that ask for 20 such names or more, by client.

    Reverse lookups do not count: most addresses have no name.
    """
    missing = defaultdict[str, list[Lookup]](list)
    for lookup in facts[lookups]:
        if lookup.rcode == _NXDOMAIN and not lookup.multicast and not lookup.name.lower().endswith(_REVERSE):
            missing[lookup.client.address].append(lookup)
    return {client: tuple(found) for client, found in missing.items() if len({x.name.lower() for x in found}) >= _MANY}
