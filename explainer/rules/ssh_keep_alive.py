"""SSH sessions that are ended because the other side no longer answers keep-alives."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications import signs
from explainer.protocols.tcp import Connection, connections, segments
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.refusals import AREA, SUBJECT_OF_SIGNS
from explainer.rules.tcp_case import scope
from explainer.wording import count, milliseconds

_SHOWN = 20
_LONGEST = 200
"""Bytes: a keep-alive holds its name and no more (keepalive@openssh.com, RFC 4254 section 4), output mostly does."""


class _Said(NamedTuple):
    frame: int
    time_ns: int
    payload: int
    from_client: bool


@rule("SSH keep-alives unanswered", signs, connections, segments, subject=SUBJECT_OF_SIGNS, area=AREA)
def ssh_keep_alive_unanswered(
    facts: Facts, *, min_asked: int = 2, min_gap_s: float = 1.0, most_uneven: float = 0.25
) -> Iterator[Finding]:
    """A session that one side ends after small packets of one length, evenly apart, that the other never answers.

    So do OpenSSH's ClientAliveInterval and ServerAliveInterval: each wants an answer (RFC 4254, section 4), and after
    ClientAliveCountMax without one the session ends, without the goodbye of a program that has run. At least
    `min_asked`, `min_gap_s` or more apart, within `most_uneven`, and no less from the end: output comes unevenly, or is
    followed by the channel's end. TCP acknowledges them: the host is there, its program is not. Probable: all of it
    is encrypted.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    streams = [s.stream for s in facts[signs] if s.what == "ssh-encrypted" and s.stream in by_stream]
    said = _by_stream(facts, [stream for stream in streams if stream is not None])
    for stream in dict.fromkeys(stream for stream in streams if stream is not None):
        c = by_stream[stream]
        asked = _unanswered(c, said.get(stream, ()), min_gap_s * 1e9, most_uneven)
        if len(asked) >= min_asked:
            yield _ended(c, asked)


def _by_stream(facts: Facts, streams: Sequence[int]) -> dict[int, list[_Said]]:
    table = facts[segments].filter(
        pl.col("stream").is_in(streams) & (pl.col("payload") > 0) & ~pl.col("retransmission")
    )
    found = defaultdict[int, list[_Said]](list)
    for stream, *rest in table.select("stream", "frame", "time", "payload", "from_client").iter_rows():
        found[stream].append(_Said(*rest))
    return found


def _unanswered(c: Connection, said: Sequence[_Said], least_ns: float, uneven: float) -> list[_Said]:
    """Return the last packets before the end, where they are alike, evenly apart, and all of the side that ends it."""
    ends = [(frames[0], by_client) for frames, by_client in ((c.client_ends, True), (c.server_ends, False)) if frames]
    if not ends or not said:
        return []
    end, by_client = min(ends)
    last = said[-1]
    if last.from_client is not by_client or last.frame > end or last.payload > _LONGEST:
        return []
    alike = takewhile(lambda one: one.from_client is by_client and one.payload == last.payload, reversed(said))
    asked = [*alike][::-1]
    gaps = [later.time_ns - earlier.time_ns for earlier, later in pairwise(asked)]
    even = bool(gaps) and min(gaps) >= least_ns and max(gaps) <= min(gaps) * (1 + uneven)
    waited = c.last_ns - last.time_ns
    return asked if even and waited >= min(gaps) * (1 - uneven) else []


def _ended(c: Connection, asked: Sequence[_Said]) -> Finding:
    by_client = asked[0].from_client
    who, silent = (c.client, c.server) if by_client else (c.server, c.client)
    end = (c.client_ends if by_client else c.server_ends)[0]
    every = milliseconds((asked[1].time_ns - asked[0].time_ns) / 1e6)
    frames = tuple(one.frame for one in asked)
    option = "ServerAliveInterval" if by_client else "ClientAliveInterval"
    return Finding(
        id=f"ssh_keep_alive_unanswered:{c.stream}",
        rule="ssh_keep_alive_unanswered",
        severity=Severity.MEDIUM,
        confidence=Confidence.PROBABLE,
        side=Side.SERVER if by_client else Side.CLIENT,
        title=f"{who.address} ends the SSH session with {silent.address} after {count(len(asked), 'keep-alive')},"
        f" one every {every}, that the program on {silent.address} no longer answers (its system still acknowledges"
        " them): it hangs, or is stopped. SSH encrypts them, so this is probable.",
        act=f"Look why the SSH program on {silent.address} hangs; or allow more time on {who.address} ({option}).",
        measured={"asked": len(asked)},
        evidence=Evidence.of(
            (*frames, end), connection_filter(c.server, (c.stream,)),
            [
                Step(frames=frames[:_SHOWN], text=f"{who} sends a small packet of one length every {every}"),
                Step(frames=(), text=f"{silent} acknowledges them by TCP alone, and says nothing"),
                Step(frames=(end,), text=f"{who} ends the connection (FIN)"),
            ],
        ),
        scope=scope((c.stream,), c.client, c.server),
        advice=(f"On {who.address}, the log of SSH says that it timed out (client, or server, not responding).",),
        limitations=("what the packets say: they are encrypted",),
    )  # fmt: skip
