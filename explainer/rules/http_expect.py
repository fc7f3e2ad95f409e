"""Uploads that begin late, as the server does not give the leave that the client asks for (RFC 9110, 10.1.1)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.http_expect import Wait, waits
from explainer.registry import rule
from explainer.rules.exchanges import AREA, answering, request_words, scope, segment_filter
from explainer.wording import count, milliseconds

_SHOWN = 20


@rule("Waiting for 100 Continue", waits, subject="HTTP requests with a pause before their body", area=AREA)
def http_expect_unanswered(facts: Facts, *, min_wait_ms: float = 900.0) -> Iterator[Finding]:
    """A request with Expect: 100-continue whose body the client sends unasked, after `min_wait_ms` without an answer.

    curl waits for 1 second, others for 350 ms; less than that nobody notices. A server has to answer 100 or a final
    status; many programs behind a gateway, and servers of HTTP/1.0, do not.
    """
    groups = defaultdict[tuple[object, ...], list[Wait]](list)
    for wait in facts[waits]:
        if wait.waited_ms >= min_wait_ms:
            groups[wait.exchange.client.address, wait.exchange.server].append(wait)
    for group in groups.values():
        yield _late(group)


def _late(group: Sequence[Wait]) -> Finding:
    first = group[0]
    exchanges = [wait.exchange for wait in group]
    client, waited = first.exchange.client.address, milliseconds(max(wait.waited_ms for wait in group))
    more = f" (the same {count(len(group) - 1, 'more time')})" if len(group) > 1 else ""
    return Finding(
        id=f"http_expect_unanswered:{first.asked}",
        rule="http_expect_unanswered",
        severity=Severity.LOW,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"{answering(exchanges[0])} does not answer the client's Expect: 100-continue: {client} waits {waited}"
        f" for leave to send the body of {request_words(exchanges[:1])}, and then sends it unasked{more}.",
        act="The server's side must act: its program has to answer 100 Continue; or the client sends without Expect,"
        " and so without the wait.",
        measured={"requests": len(group), "waited_ms": round(sum(wait.waited_ms for wait in group), 3)},
        evidence=Evidence.of(
            [frame for wait in group for frame in (wait.asked, wait.sent)],
            segment_filter(exchanges),
            [
                Step(frames=(first.asked,), text=f"{client} sends the headers, and asks for leave (Expect)"),
                Step(frames=(first.sent,), text=f"no answer {milliseconds(first.waited_ms)} later: it goes on"),
                *([Step(frames=tuple(w.sent for w in group[1:_SHOWN]), text="the same again")] if group[1:] else []),
            ],
        ),
        scope=scope(exchanges),
        advice=('With curl: -H "Expect:" sends without asking; in .NET: ExpectContinue = false.',),
        limitations=("whether a device on the way holds the answer back",),
    )
