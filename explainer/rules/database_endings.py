"""Databases that end a session without a word: in the middle of a request, or after a short pause."""

from collections.abc import Iterator
from typing import NamedTuple

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications import Kind, Reply, replies, signs
from explainer.protocols.rows import up_to
from explainer.protocols.tcp import Connection, connections, segments
from explainer.registry import rule
from explainer.rules.evidence import network_step
from explainer.rules.refusals import AREA, SUBJECT
from explainer.rules.tcp_case import ended_by_server, scope

_READ = ("MySQL", "PostgreSQL")
_LIMITS = ("why the database ended the connection: its own log tells",
           "whether a device on the way ended it in the database's name")  # fmt: skip


class _End(NamedTuple):
    """A session that its server ends: the last that the client said, the end, and the time between the two.

    `answered` is the last that the server said, `since_answer` the seconds from there to the end.
    """

    protocol: str
    connection: Connection
    last: int
    end: int
    seconds: float
    asked: bool
    answered: int
    since_answer: float


@rule("Database ends a session without a word", replies, signs, connections, segments, subject=SUBJECT, area=AREA)
def database_hung_up(
    facts: Facts, *, idle_s: float = 1.0, short_s: float = 60.0, parting_s: float = 1.0
) -> Iterator[Finding]:
    """A session of MySQL or PostgreSQL, logged in, that the server is the first to end, without an error message.

    In the middle of a request it is high: the server broke off. After a pause without a request it is an idle time-out
    (MySQL's wait_timeout): medium below `short_s`, since pools keep connections for minutes, else for information; a
    pause below `idle_s` says nothing. Silent after a goodbye of the client, and where the capture lacks segments; and
    where the server's last words, up to `parting_s` before the end, are an error: so MySQL refuses a statement that is
    too large while the client still sends it.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    failed = {(reply.stream, reply.frame) for reply in facts[replies] if not reply.ok}
    unanswered = {sign.frame for sign in facts[signs] if sign.what == "expects-no-answer"}
    sessions = {s: protocol for s, protocol in _sessions(facts[replies]).items() if s in by_stream}
    ends = {s: end for s in sessions if (end := ended_by_server(by_stream[s])) and not by_stream[s].lost_segments}
    for stream, own in up_to(facts[segments], ends).items():
        c = by_stream[stream]
        found = _ended(own, sessions[stream], c, ends[stream])
        if found is None or found.last in unanswered or _told(c, found, failed, parting_s):
            continue
        if found.asked or found.seconds >= idle_s:
            yield _finding(found, short=found.seconds < short_s)


def _sessions(answers: tuple[Reply, ...]) -> dict[int, str]:
    return {
        r.stream: r.protocol
        for r in answers
        if r.ok and r.kind is Kind.LOGIN and r.protocol in _READ and r.stream is not None
    }


def _told(c: Connection, found: _End, failed: set[tuple[int | None, int]], parting_s: float) -> bool:
    """Return whether the server said why: an error after the client's last words, or as its own last ones."""
    if (c.stream, found.answered) in failed and found.since_answer <= parting_s:
        return True
    return any(stream == c.stream and frame > found.last for stream, frame in failed)


def _ended(own: "pl.DataFrame", protocol: str, c: Connection, end: int) -> _End | None:
    said = own.filter(pl.col("payload") > 0).select("frame", "time", "from_client")
    client, server = said.filter("from_client"), said.filter(~pl.col("from_client"))
    if client.is_empty() or server.is_empty():
        return None
    asked = int(client["frame"][-1]) > int(server["frame"][-1])
    frame, since, _ = (client if asked else said).row(-1)
    until = own.filter(pl.col("frame") == end)["time"].item()
    answered, answered_at, _ = server.row(-1)
    last = frame if asked else int(client["frame"][-1])
    return _End(protocol, c, last, end, (until - since) / 1e9, asked, answered, (until - answered_at) / 1e9)


def _finding(found: _End, *, short: bool) -> Finding:
    c = found.connection
    server = f"The database {c.server.address} ({found.protocol})"
    whose = f"{server} ends the connection of {c.client.address}"
    title = (
        f"{whose} in the middle of a request: {found.seconds:.1f} s after it, without an answer."
        if found.asked
        else f"{whose} after {found.seconds:.1f} s in which nothing was asked (an idle time-out, most likely)."
    )
    idle = (
        "The program must give idle connections back, or test them before it uses them; or the database's side must"
        " allow more time (wait_timeout)."
    )
    return Finding(
        id=f"database_hung_up:{found.end}",
        rule="database_hung_up",
        severity=Severity.HIGH if found.asked else Severity.MEDIUM if short else Severity.INFO,
        confidence=Confidence.CERTAIN if found.asked else Confidence.PROBABLE,
        side=Side.SERVER if found.asked else Side.EITHER,
        title=title,
        act=f"The database's side must act: its process on {c.server.address} stopped, crashed, was killed (out of"
        " memory), or cut this session off." if found.asked else idle,
        measured={"after_s": round(found.seconds, 3)},
        evidence=Evidence.of(
            [found.last, found.end], f"tcp.stream == {c.stream}",
            [
                Step(frames=(found.last,), text="the client's last request"),
                Step(frames=(found.end,), text=f"the server ends the connection after {found.seconds:.1f} s,"
                     f" {'without an answer' if found.asked else 'without a word'}"),
                *network_step(c, found.end),
            ],
        ),
        scope=scope((c.stream,), c.client, c.server),
        advice=(f"Look for this moment in the log of the database and of the system on {c.server.address}.",),
        limitations=_LIMITS,
    )  # fmt: skip
