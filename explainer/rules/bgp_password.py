"""BGP routers whose passwords differ: each drops what the other sends (TCP MD5, RFC 2385)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.tcp_signed import Pair, unanswered_pairs
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import listing

_SHOWN = 20
_BGP = 179


@rule(
    "BGP password on one side",
    unanswered_pairs,
    subject="BGP routers that ask each other in vain",
    area="the opening of TCP connections",
)
def bgp_password(facts: Facts) -> Iterator[Finding]:
    """Two routers that ask each other for a session again and again, in vain, and of which one signs its SYNs.

    TCP MD5 (RFC 2385) or TCP-AO (RFC 5925): a host drops silently what is not signed as it expects. Where both sign,
    their passwords may differ, or a filter may drop what they send: both are named.
    """
    for pair in facts[unanswered_pairs]:
        yield _told(pair)


def _told(pair: Pair) -> Finding:
    names = [address for address, _ in pair.asked]
    both = len(pair.signing) == len(names)
    plain = next((name for name in names if name not in pair.signing), "")
    why = (
        "both sign what they send (TCP MD5 or TCP-AO); either their passwords differ, so that each drops the other's"
        " packets, or a filter on the way drops BGP in both directions"
        if both
        else f"{pair.signing[0]} signs what it sends with a password (TCP MD5 or TCP-AO), {plain} does not,"
        " so that each drops the other's packets"
    )
    frames = sorted(frame for _, asked in pair.asked for frame in asked)
    return finding(
        "bgp_password",
        frames[0],
        Severity.HIGH,
        Side.EITHER,
        f"The routers {listing(names)} ask each other for a BGP session, and neither answers: {why}.",
        Evidence.of(frames, f"tcp.stream in {{{', '.join(map(str, pair.streams))}}}", list(_steps(pair))),
        Scope(addresses=tuple(names), ports=(_BGP,), streams=pair.streams),
        act="Whoever runs the two routers must set the same password for this neighbor on both, or none.",
        measured={"requests": len(frames)},
        confidence=Confidence.POSSIBLE if both else Confidence.PROBABLE,
        advice=(
            "Compare the neighbor's password on both (neighbor ADDRESS password …); mind spaces at its end.",
            "On Linux the kernel counts what it drops for this: nstat -az | grep TCPMD5",
        ),
        limits=("the passwords", "whether a filter on the way drops BGP in both directions besides"),
    )


def _steps(pair: Pair) -> Iterator[Step]:
    for address, frames in pair.asked:
        how = "with a signature" if address in pair.signing else "without a signature"
        yield Step(frames=frames[:_SHOWN], text=f"{address} asks to connect to port {_BGP} (SYN), {how}: no answer")
