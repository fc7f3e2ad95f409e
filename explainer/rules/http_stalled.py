"""HTTP answers that stop half-way: the connection stays open, and the server sends nothing more."""

from collections.abc import Iterator
from typing import NamedTuple

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.frame import last_ns
from explainer.protocols.http import Exchange, requests
from explainer.protocols.http_begun import announced
from explainer.protocols.tcp import Connection, connections, segments
from explainer.protocols.tcp_analysis import health
from explainer.registry import rule
from explainer.rules.evidence import network_step
from explainer.rules.exchanges import AREA, SUBJECT, answering, asked, request_words, scope, segment_filter
from explainer.rules.http_transfer import undisturbed

_CLOCK_S = 3600  # longer than an hour waits nobody: the clock was set, or captures were joined


@rule("Stalled HTTP response", requests, announced, connections, health, segments, last_ns, subject=SUBJECT, area=AREA)
def http_stalled(facts: Facts, *, min_wait_s: float = 3.0, patience_s: float = 10.0) -> Iterator[Finding]:
    """An answer of which less comes than its Content-Length says, and after which the server sends nothing more.

    The client has acknowledged all of it and must have waited `min_wait_s` and left, or the capture go on for
    `patience_s` after the last byte: people and programs give up from then on. Silent where the connection has losses,
    where the client had no room for more (zero window), where the server ends it (http_incomplete), and where no length
    is announced: a stream of events pauses on purpose.
    """
    calm = undisturbed(facts[connections], facts[health])
    full = {h.stream for h in facts[health] if h.zero_windows}
    for e in facts[requests]:
        head, length = facts[announced].get(e.first_byte_frame or 0, (0, 0))
        came = (e.response_bytes or 0) - head
        by_server = e.closed_frame is not None and not e.closed_by_client
        if e.status is not None or came >= length or by_server or e.stream not in calm or e.stream in full:
            continue
        silence = _silence(facts[segments], e, calm[e.stream], facts[last_ns])
        least = min_wait_s if e.closed_frame else patience_s
        if silence and least <= silence.waited_s < _CLOCK_S:
            yield _stalled(e, calm[e.stream], silence, came, length)


class _Silence(NamedTuple):
    """The server's last segment with data, how long none came after it, and a later one without data, if there is."""

    last: int
    waited_s: float
    alive: int | None


def _silence(table: "pl.DataFrame", e: Exchange, below: Connection, capture_ends: int) -> _Silence | None:
    """Return the silence after what the client has acknowledged; None where it did not acknowledge all."""
    own = table.filter(pl.col("stream") == e.stream)
    answers = own.filter((pl.col("payload") > 0) & (pl.col("src") == below.server.address))
    heard = own.filter(pl.col("src") == below.client.address)["acknowledged"].max()
    if answers.is_empty() or heard is None or int(str(heard)) < int(str(answers["next_seq"].max())):
        return None
    last, at = answers.select("frame", "time").row(-1)
    later = own.filter((pl.col("frame") > last) & (pl.col("src") == below.server.address))["frame"]
    return _Silence(last, ((e.closed_ns or capture_ends) - at) / 1e9, None if later.is_empty() else int(later[0]))


def _stalled(e: Exchange, below: Connection, silence: _Silence, came: int, length: int) -> Finding:
    left, (last, waited, alive) = e.closed_frame, silence
    end = "the client gives up" if left else "the capture ends"
    share = f"{came:,} of {length:,} bytes"
    up = Step(frames=(alive,), text="the server's system still answers, its program does not") if alive else None
    return Finding(
        id=f"http_stalled:{e.first_frame}",
        rule="http_stalled",
        severity=Severity.HIGH,
        confidence=Confidence.PROBABLE if alive else Confidence.POSSIBLE,
        side=Side.SERVER if alive else Side.EITHER,
        title=f"{answering(e)} stops in the middle of its answer to {request_words([e])}: after {share} nothing"
        f" more comes, and {waited:.1f} s later {end}.",
        act=f"The server's side must look first: the program on {e.server}, or what it gets the data from, hangs; the"
        " client has acknowledged all that came and had room for more. If the server did send more, something on the"
        " way holds it back.",
        measured={"came_bytes": came, "announced_bytes": length, "waited_s": round(waited, 3)},
        evidence=Evidence.of(
            [f for f in (e.request_frame, e.first_byte_frame, last, left) if f],
            segment_filter([e]),
            [
                asked(e),
                Step(
                    frames=(e.first_byte_frame or last,),
                    text=f"the answer begins; its headers announce {length:,} bytes",
                ),
                Step(frames=(last,), text=f"its last data comes, {came:,} bytes in all; the client acknowledges them"),
                *([up] if up else []),
                Step(frames=(left,) if left else (), text=f"{waited:.1f} s later {end}; the connection was open"),
                *network_step(below, last),
            ],
        ),
        scope=scope([e]),
        advice=(
            f"On {e.server.address}, see what the program did at that time: a lock, a disk, another service.",
            "Fetch it again on the server itself: if it stops there too, the network is out of the question.",
        ),
        limitations=(
            "why the server stopped",
            "whether a device on the way holds back packets that the server sent: a capture there shows it",
        ),
    )
