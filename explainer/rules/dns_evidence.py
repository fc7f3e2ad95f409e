"""Where the evidence of lookups is found again in Wireshark, and whom it is about."""

from collections.abc import Sequence

from explainer.escape import filter_string
from explainer.model import Scope
from explainer.protocols.dns import Lookup
from explainer.rules.evidence import address_field

_LISTED = 10


def asked_for(names: Sequence[str], server: str) -> str:
    """Return the display filter of lookups: by their names, each spelling of it, where these are few.

    Else it takes all lookups at that name server. Wireshark compares letter by letter, and some resolvers mix capitals.
    """
    if not names or len(names) > _LISTED:
        return f"dns && {address_field(server)} == {server}"
    listed = ", ".join(map(filter_string, names))
    return f"dns.qry.name == {listed}" if len(names) == 1 else f"dns.qry.name in {{{listed}}}"


def scope_of(group: Sequence[Lookup]) -> Scope:
    """Return whom and what these lookups of one name server are about."""
    return Scope(
        addresses=tuple(dict.fromkeys(a for x in group for a in (x.client.address, x.server.address))),
        ports=(group[0].server.port,),
        names=tuple(dict.fromkeys(x.name for x in group if x.name)),
    )
