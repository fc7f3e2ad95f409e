"""Answers of name servers that do not get to who asked: it asks the same again (RFC 1035, section 4.2.1)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.registry import rule
from explainer.rules.dns import AREA
from explainer.rules.dns_alias import short
from explainer.rules.dns_resolvers import lookup_finding
from explainer.wording import count, listing

_GIVEN = (0, 3)  # NOERROR, NXDOMAIN: after others a client may well ask again
_SHOWN = 20
_Pair = tuple[Lookup, Lookup]


@rule("DNS answer that does not arrive", lookups, subject="DNS lookups", area=AREA)
def dns_answer_lost(
    facts: Facts, *, min_pause_s: float = 0.9, max_pause_s: float = 10.0, many: int = 2, most: int = 5
) -> Iterator[Finding]:
    """A question that is asked again, next, with the same id, `min_pause_s` to `max_pause_s` after its answer was sent.

    Who has an answer asks no more: a resolver in a program waits for a second or more, and repeats the very message
    from the same port. Some programs number their questions alike each time that they are started (nslookup).
    From `many` on it is of medium severity; one packet may get lost. More than `most` times is no resolver that tries
    again, but a program that gives all its questions one id.
    """
    last = dict[tuple[object, ...], Lookup]()
    lost = defaultdict[tuple[object, ...], list[_Pair]](list)
    for x in facts[lookups]:
        if x.multicast or x.transport != "UDP" or not x.query_frames:
            continue
        key = x.client, x.server, x.name, x.type_number
        before = last.get(key)
        if before and before.id == x.id and _is_answered(before):
            pause_s = ((x.query_ns or 0) - (before.response_ns or 0)) / 1e9
            if min_pause_s <= pause_s <= max_pause_s:
                lost[*key, x.id].append((before, x))
        last[key] = x
    by_hosts = defaultdict[tuple[str, str], list[_Pair]](list)
    for pairs in lost.values():
        if len(pairs) <= most:
            by_hosts[pairs[0][0].client.address, pairs[0][0].server.address] += pairs
    for hosts, pairs in by_hosts.items():
        yield _told(hosts, pairs, many)


def _is_answered(x: Lookup) -> bool:
    return x.response_ns is not None and x.rcode in _GIVEN and not x.truncated


def _told(hosts: tuple[str, str], pairs: Sequence[_Pair], many: int) -> Finding:
    client, server = hosts
    first, again = pairs[0]
    names = listing(list(dict.fromkeys(short(x.name) for x, _ in pairs))[:3])
    waited_s = ((again.query_ns or 0) - (first.response_ns or 0)) / 1e9
    answers = tuple(frame for x, _ in pairs for frame in x.response_frames[:1])
    repeated = tuple(frame for _, x in pairs for frame in x.query_frames[:1])
    return lookup_finding(
        "dns_answer_lost",
        list({x.first_frame: x for pair in pairs for x in pair}.values()),
        Severity.MEDIUM if len(pairs) >= many else Severity.LOW,
        Confidence.PROBABLE,
        Side.NETWORK,
        f"The answer of the name server {server} about {names} does not get to {client}: it asks the same again"
        f" {waited_s:.1f} s after it was sent ({count(len(pairs), 'answer')} in all).",
        f"Whoever runs the path from {server} to {client} must act: something on it, or on {client}, drops the answer.",
        (
            f"Ask at {client} for less: dig +bufsize=1232 {shell_word(first.name)} @{server}; where that is answered,"
            " and +bufsize=4096 is not, something on the way drops fragments.",
            f"Record at {client} at the same time: does the answer arrive?",
        ),
        [
            Step(frames=first.query_frames[:1], text=f"{client} asks for {short(first.name)} ({first.type})"),
            Step(frames=answers[:_SHOWN], text=f"{server} answers"),
            Step(frames=repeated[:_SHOWN], text=f"{client} asks the same again (same id), as without an answer"),
        ],
    )
