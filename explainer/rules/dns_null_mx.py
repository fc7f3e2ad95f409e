"""Domains that say in DNS that they take no mail (RFC 7505)."""

from collections import defaultdict
from collections.abc import Iterator

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import plain, short
from explainer.rules.dns_resolvers import lookup_finding

_MX, _NOERROR, _ROOT = 15, 0, ("<Root>", ".")
_SHOWN = 20


@rule("Domain that takes no mail", lookups, subject="DNS lookups", area=AREA)
def dns_null_mx(facts: Facts) -> Iterator[Finding]:
    """A domain whose only MX is the root (null MX, RFC 7505): mail to it is returned before any connection is made.

    Of low severity: the domain's owner wants it so, and a mail server may have looked only for its sender's domain.
    """
    groups = defaultdict[tuple[str, str, str], list[Lookup]](list)
    for x in facts[lookups]:
        null = x.answers and all(answer in _ROOT for answer in x.answers)
        if x.type_number == _MX and x.rcode == _NOERROR and null and not (x.multicast or x.cut or x.truncated):
            groups[x.client.address, x.server.address, plain(x.name)].append(x)
    for (client, server, _), group in groups.items():
        name, asked = short(group[0].name), group[0]
        steps = (
            Step(frames=asked.query_frames[:_SHOWN], text=f"{client} asks {server} for the mail server (MX) of {name}"),
            Step(frames=asked.response_frames[:1], text="the answer is an empty name: it takes no mail"),
        )
        yield lookup_finding(
            "dns_null_mx", group, Severity.LOW, Confidence.CERTAIN, Side.EITHER,
            f"The domain {name} takes no mail: in DNS its only mail server (MX) is an empty name (null MX): mail to it"
            " is returned at once.",
            f"The sender must correct the address; if {name} should take mail, its owner must enter a mail server.",
            (f"See what DNS says of it: dig MX {shell_word(asked.name)}",), steps,
        )  # fmt: skip
