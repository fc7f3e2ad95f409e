"""HTTP/2 streams that stop, as their receiver gives them no more room (RFC 9113, section 5.2)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.http2_windows import Stall, http2_stalls
from explainer.protocols.tcp import Endpoint
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.exchanges import AREA
from explainer.rules.tcp_case import scope
from explainer.wording import count

_SHOWN = 20


@rule("HTTP/2 stream without room", http2_stalls, subject="HTTP/2 streams that wait for room", area=AREA)
def http2_stalled(facts: Facts, *, min_wait_s: float = 3.0, patience_s: float = 10.0) -> Iterator[Finding]:
    """A stream whose sender has used up the window of its receiver, who opens it no more (RFC 9113, section 5.2).

    In clear, or decrypted, and from the connection's beginning. TCP goes on meanwhile, and other streams do where the
    window is the stream's own. The receiver must have waited `min_wait_s` and left, or the capture go on for
    `patience_s`: programs pause for a moment on purpose.
    """
    groups = defaultdict[tuple[int, bool, bool], list[Stall]](list)
    for stall in facts[http2_stalls]:
        if stall.waited_s >= (min_wait_s if stall.until_frame else patience_s):
            groups[stall.stream, stall.from_client, stall.whole].append(stall)
    for group in groups.values():
        yield _stalled(group)


def _stalled(group: Sequence[Stall]) -> Finding:
    first = group[0]
    sender, receiver = _ends(first)
    path = first.path[:100] or "a request"
    what = f"the request {path}" if first.from_client else f"the answer to {path}"
    whose = "the connection's" if first.whole else "the stream's"
    until = "it is given up" if first.until_frame else "the capture ends"
    beside = (
        "" if first.whole or not first.others else f"; {count(len(first.others), 'other stream')} went on meanwhile"
    )
    more = tuple(stall.frame for stall in group[1:_SHOWN])
    steps = [
        *(
            [Step(frames=(first.request_frame,), text=f"{first.client.address} asks for {path}")]
            if first.request_frame
            else []
        ),
        Step(frames=(first.frame,), text=f"the last data, {first.sent:,} bytes in all: {whose} window is used up"),
        *([Step(frames=more, text=f"the same in {count(len(group) - 1, 'more stream')}")] if more else []),
        *([Step(frames=first.others[:_SHOWN], text="other streams are whole")] if beside else []),
        Step(
            frames=(first.until_frame,) if first.until_frame else (),
            text=f"{first.waited_s:.1f} s later {until}; {receiver.address} sent no WINDOW_UPDATE that gives room",
        ),
    ]
    return Finding(
        id=f"http2_stalled:{first.frame}",
        rule="http2_stalled",
        severity=Severity.MEDIUM,
        confidence=Confidence.PROBABLE,
        side=Side.SERVER if first.from_client else Side.CLIENT,
        title=f"{receiver} takes no more of {what} from {sender} (HTTP/2): after {first.sent:,} bytes the room that it"
        f" gave ({whose} flow-control window) is used up, and it gives no more for {first.waited_s:.1f} s, until"
        f" {until}{beside}.",
        act=f"The {'server' if first.from_client else 'client'}'s side must look first: the program on"
        f" {receiver.address} does not read what came, or forgets to give room for more (WINDOW_UPDATE).",
        measured={"sent_bytes": first.sent, "waited_s": round(first.waited_s, 3), "streams": len(group)},
        evidence=Evidence.of(
            [frame for step in steps for frame in step.frames],
            f"{connection_filter(first.server, [first.stream])} && http2",
            steps,
        ),
        scope=scope([first.stream], first.client, first.server),
        advice=(
            f"On {receiver.address}, see what the program does with this stream: it waits, is stopped, or slow.",
            "Of a proxy in between: it may wait for its own client, or its buffer may be full.",
        ),
        limitations=("whether the program stops reading on purpose (a paused download)",),
    )


def _ends(stall: Stall) -> tuple[Endpoint, Endpoint]:
    """Return who sends, and who gives no room."""
    return (stall.client, stall.server) if stall.from_client else (stall.server, stall.client)
