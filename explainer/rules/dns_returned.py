"""Name servers whose port is closed (ICMP says so), where the same names are answered all the same."""

from collections.abc import Sequence

from explainer.model import Finding
from explainer.protocols.dns import Lookup
from explainer.protocols.icmp_errors import Error
from explainer.rules.dns_alias import plain
from explainer.rules.udp_returned import made_up_for

_DNS = 53
_NOERROR, _NXDOMAIN = 0, 3


def in_the_end(group: Sequence[Error], own: Sequence[Lookup]) -> Lookup | None:
    """Return the last answer to what was asked in vain; None where a name stays without, or it is no name server.

    `own` are the lookups of the client whose packets were returned.
    """
    first = group[0]
    if any(e.destination_port != _DNS for e in group):
        return None
    asked = {plain(x.name) for x in own if x.server.address == first.destination and x.unanswered}
    answers = {plain(x.name): x for x in own if x.response_frames and x.rcode in (_NOERROR, _NXDOMAIN)}
    if not asked or not asked <= answers.keys():
        return None
    return max((answers[name] for name in asked), key=lambda x: x.first_frame)


def overcome(finding: Finding, answer: Lookup, server: str) -> Finding:
    """Return the finding of a name server that another one stands in for, or that answers later."""
    other = answer.server.address
    again = other == server
    act = (
        "if it happens again, see why it was not running" if again else f"start the service on {server}, or ask {other}"
    )
    return made_up_for(
        finding,
        answer.response_frames[:1],
        ", at first; later it answers" if again else f"; {other} answers in its place",
        f"Nobody has to act now: the names are resolved; {act}.",
        "later the same name server answers" if again else f"{other} answers what it was asked",
        "dns",
    )
