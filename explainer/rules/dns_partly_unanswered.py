"""A name server that answers a part of the questions alone: loss, or a limit of answers (rate limiting)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.frame import last_ns
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import plain
from explainer.rules.dns_evidence import scope_of
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20


@rule("Some lookups without an answer", lookups, last_ns, subject="DNS lookups", area=AREA)
def dns_partly_unanswered(
    facts: Facts, *, min_lost: int = 5, share: float = 0.1, min_wait_s: float = 4.0
) -> Iterator[Finding]:
    """`min_lost` questions of a client or more, and a `share` of them, that a server leaves unanswered, not the others.

    Only names count that it answers at another time, to questions of the same type: it does not refuse the question. A
    lossy way, a server with too much to do, or one that limits its answers (response rate limiting).
    """
    every, end = facts[lookups], facts[last_ns]
    answered = {(x.client.address, x.server.address, plain(x.name), x.type_number) for x in every if x.response_frames}
    by_pair = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in every:
        if x.kind == "DNS" and x.query_frames and x.last_query_ns is not None:
            by_pair[x.client.address, x.server.address].append(x)
    for (client, server), asked in by_pair.items():
        lost = [
            x
            for x in asked
            if x.unanswered
            and (client, server, plain(x.name), x.type_number) in answered
            and (end - (x.last_query_ns or 0)) / 1e9 >= min_wait_s
        ]
        if len(lost) >= max(min_lost, share * len(asked)):
            yield _told(client, server, asked, lost)


def _told(client: str, server: str, asked: Sequence[Lookup], lost: Sequence[Lookup]) -> Finding:
    frames = [frame for x in lost for frame in x.query_frames]
    good = next(x for x in asked if x.response_frames)
    steps = [
        Step(frames=tuple(frames[:_SHOWN]), text=f"{client} asks {server}: no answer"),
        Step(frames=(*good.query_frames[:1], *good.response_frames[:1]), text="the same question, answered"),
    ]
    return finding(
        "dns_partly_unanswered",
        frames[0],
        Severity.MEDIUM,
        Side.EITHER,
        f"The name server {server} leaves {len(lost):,} of {count(len(asked), 'question')} of {client} unanswered,"
        " though it answers the same questions at other times: questions or answers are lost on the way, or it limits"
        " how many it answers (rate limiting).",
        Evidence.of([*frames, *good.response_frames[:1]], f"dns && {address_field(server)} == {server}", steps),
        scope_of(lost),
        act=f"Look at {server} first: whether it limits its answers or has too much to do; then whether packets are"
        " lost on the way (UDP port 53).",
        measured={"lost": len(lost), "questions": len(asked)},
        confidence=Confidence.CERTAIN,
        advice=(
            f"On {server}, look for response rate limiting (rate-limit in BIND, ratelimit in Unbound) and its log.",
            f"See whether other packets get lost as well: ping -c 100 {server}",
        ),
        limits=("whether the question or its answer is lost",),
    )
