"""Servers that take a connection and say nothing: they hang up, or let the client wait until it leaves."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.banners import spoken
from explainer.protocols.ftp_data import data_streams
from explainer.protocols.http import requests
from explainer.protocols.openings import openings
from explainer.protocols.tcp import Connection, connections, segments
from explainer.protocols.tls.outcome import tcp_endings
from explainer.registry import rule
from explainer.rules.evidence import connection_filter, network_step
from explainer.rules.relays import relayed, tries
from explainer.rules.tcp_case import scope
from explainer.wording import count

_SHOWN = 20
_AT_ONCE_S = 2.0
_FIRST_WORDS = 16_384  # a request with its headers is shorter: servers of HTTP take 8 or 16 KB of them
_WHY = {
    "SSH": "Its SSH service turns the client away before the login: too many connections at once (MaxStartups), a rule"
    " against this address (fail2ban, TCP wrappers), or missing host keys.",
    "HTTP": "If it is no web server, the client uses the wrong port or protocol.",
    "HTTP/2": "Most often such a port wants TLS, or speaks HTTP/1 alone: see how the client is set (gRPC: a secure"
    " channel).",
}
_OTHER_WHY = (
    "It may not know the client's protocol, have a rule against this address, have no room, or nothing behind it (a"
    " load"
    " balancer)."
)
GREETING_PORTS = (21, 22, 25, 110, 143, 587, 3306, 5900)
"""Of protocols in which the server speaks first: RFC 959, 4253, 5321, 1939, 9051, 6143, MySQL's."""


@rule(
    "Server hangs up without a word", connections, segments, openings, requests, tcp_endings, data_streams,
    subject="TCP connections", area="the end of TCP connections",
)  # fmt: skip
def server_hung_up(facts: Facts, *, max_idle_s: float = _AT_ONCE_S, max_asked: int = _FIRST_WORDS) -> Iterator[Finding]:
    """A connection that the server accepts and is the first to end (FIN), although it has sent no byte of data.

    Where the client said nothing either, within `max_idle_s`: servers end idle connections, but not so soon; on ports
    where the server has to speak first, at any time. Who takes more than `max_asked` bytes was there to receive (FTP's
    data, iperf3, a log), and owes no answer. HTTP requests and TLS handshakes have rules of their own, and so has FTP's
    second connection: that of an empty folder's list carries nothing (RFC 959, section 3.2). Of low severity where the
    same client had an answer on another connection to that port, of medium where it asks on several after the last such
    one; silent where segments were lost. A server that itself
    connects elsewhere meanwhile, in vain, is a relay (a load balancer): that is the cause.
    """
    others = {e.stream for e in facts[requests]} | {e.handshake.stream for e in facts[tcp_endings]}
    others |= facts[data_streams]
    words = {o.stream: (spoken(o.client[0].data), o.client[0].frame) for o in facts[openings] if o.client}
    answered = {(c.client.address, c.server): c.first_frame for c in facts[connections] if c.server_payload}
    tried = tries(facts[connections])
    groups = defaultdict[tuple[str, object, bool], list[Connection]](list)
    for c in facts[connections]:
        # Browsers open connections in reserve, which a server ends when they were idle for long.
        owed = c.client_payload or c.server.port in GREETING_PORTS
        spoke = owed or (c.last_ns - c.first_ns) / 1e9 <= max_idle_s
        if c.stream not in others and _hangs_up(c) and spoke and c.client_payload <= max_asked:
            groups[c.client.address, c.server, bool(c.client_payload)].append(c)
    for group in groups.values():
        language, frame = words.get(group[0].stream, ("", None))
        if language != "TLS":
            first = group[0]
            last = answered.get((first.client.address, first.server))
            finding = _hung_up(group, language, frame, overcome=last is not None, lasting=_lasts(group, last))
            yield relayed(finding, first, first.server_ends[0], tried)


def _hangs_up(c: Connection) -> bool:
    """Return whether the server ends it first, and in order: a reset right behind its FIN throws nothing away."""
    ends = (*c.client_ends, *c.client_resets, *c.server_resets)
    first = bool(c.server_ends) and (not ends or c.server_ends[0] < min(ends))
    return c.established and not c.server_payload and first and not c.lost_segments


def _lasts(group: Sequence[Connection], answered: int | None) -> bool:
    """Return whether it is so again and again since the last connection that was answered, though the client asks."""
    return len(group) > 1 and bool(group[0].client_payload) and (answered or 0) < group[0].first_frame


_SPOKEN_ON = {
    21: "FTP", 22: "SSH", 25: "SMTP", 80: "HTTP", 110: "POP3", 143: "IMAP", 389: "LDAP", 445: "SMB", 1433: "SQL Server",
    1521: "Oracle", 1883: "MQTT", 3306: "MySQL", 3389: "RDP", 5432: "PostgreSQL", 5672: "AMQP", 6379: "Redis",
    9042: "Cassandra", 27017: "MongoDB",
}  # fmt: skip
"""What is usually spoken on a port (IANA)."""


def _misdirected(c: Connection, language: str) -> str:
    usual = _SPOKEN_ON.get(c.server.port, "")
    other = usual and language not in ("", "plain text", usual, "SMTP or FTP")
    return f": that port is usually {usual}'s, and the client speaks {language}" if other else ""


def _hung_up(group: Sequence[Connection], language: str, said: int | None, *, overcome: bool, lasting: bool) -> Finding:
    c, closed = group[0], group[0].server_ends[0]
    how = f"after the client's first words ({language})" if language not in ("", "plain text") else ""
    misdirected = _misdirected(c, language)
    soon = (c.last_ns - c.first_ns) / 1e9 <= _AT_ONCE_S
    how = how or ("after the client's first words" if c.client_payload else "at once" if soon else "after a while")
    steps = [
        Step(frames=(c.syn_ack_frame or c.first_frame,), text=f"{c.server} accepts the connection of"
        f" {c.client.address}"),
        *([Step(frames=(said,), text=f"the client speaks first: {language or 'something'}")] if said else []),
        Step(frames=(closed,), text="the server ends the connection (FIN) and has sent nothing"),
        *([Step(frames=tuple(o.server_ends[0] for o in group[1:_SHOWN]), text=f"the same"
        f" {count(len(group) - 1, 'more time')}")]
          if len(group) > 1 else []),
        *network_step(c, closed),
    ]  # fmt: skip
    return Finding(
        id=f"server_hung_up:{c.stream}",
        rule="server_hung_up",
        severity=Severity.HIGH if not overcome else Severity.MEDIUM if lasting else Severity.LOW,
        confidence=Confidence.CERTAIN,
        side=Side.CLIENT if misdirected else Side.SERVER,
        title=f"{c.server.address} accepts the connection of {c.client.address} to port {c.server.port} and closes"
        f" it {how},"
        f" without a word{misdirected}{'; others to that port were answered' if overcome else ''}.",
        act=f"The client's side must act: it uses the wrong port of {c.server.address}, or the wrong protocol."
        if misdirected
        else f"The server's side must act: the program on port {c.server.port} of {c.server.address} hangs up.",
        measured={"connections": len(group)},
        evidence=Evidence.of(
            [f for o in group for f in (o.syn_ack_frame, o.server_ends[0]) if f],
            connection_filter(c.server, (o.stream for o in group)),
            steps,
        ),
        scope=scope((o.stream for o in group), c.client, c.server),
        advice=(
            _WHY.get(language, _OTHER_WHY),
            f"Look for this moment in the log of the service on {c.server.address}.",
        ),
        limitations=("why the server hangs up", "whether a device on the way ended the connection in its name"),
    )  # fmt: skip


_ERROR = re.compile(
    rb"exceeded|too many|denied|refused|not allowed|blocked|banned|unavailable|error|busy|limit|full|reject|forbidden",
    re.IGNORECASE,
)
_LONGEST = 300


@rule(
    "Server's last words", connections, openings, subject="TCP connections", area="the end of TCP connections",
)  # fmt: skip
def server_last_words(facts: Facts) -> Iterator[Finding]:
    """A server that says one short line of an error in no protocol that is known, and ends the connection.

    So does sshd that has too many connections ("Exceeded MaxStartups"). Only lines with words of an error count: a
    service may say anything else. Of low severity where the same client had more from that port on another connection.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    groups = defaultdict[tuple[str, object, bytes], list[tuple[Connection, int]]](list)
    for opening in facts[openings]:
        c, first = by_stream[opening.stream], opening.server[:1]
        short = 0 < c.server_payload <= _LONGEST and (c.server_ends or c.server_resets)
        if short and first and spoken(first[0].data) == "plain text" and _ERROR.search(first[0].data):
            groups[c.client.address, c.server, first[0].data].append((c, first[0].frame))
    more = {(c.client.address, c.server) for c in facts[connections] if c.server_payload > _LONGEST}
    for (client, server, data), group in groups.items():
        yield _last_words(group, data.decode("ascii", "replace").strip(), overcome=(client, server) in more)


def _last_words(group: Sequence[tuple[Connection, int]], said: str, *, overcome: bool) -> Finding:
    c, frame = group[0]
    ends = [(*o.server_ends, *o.server_resets)[0] for o, _ in group]
    return Finding(
        id=f"server_last_words:{c.stream}",
        rule="server_last_words",
        severity=Severity.LOW if overcome else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f'{c.server.address} turns {c.client.address} away on port {c.server.port} with the words "{said}"'
        f" and ends the connection{'; others to that port went on' if overcome else ''}.",
        act=f"The server's side must act: what it says names the reason ({said}).",
        measured={"connections": len(group)},
        evidence=Evidence.of(
            [*(f for _, f in group), *ends], connection_filter(c.server, (o.stream for o, _ in group)),
            [
                Step(frames=(frame,), text=f'{c.server} says: "{said}"'),
                Step(frames=tuple(ends[:_SHOWN]), text="and ends the connection"),
            ],
        ),
        scope=scope((o.stream for o, _ in group), c.client, c.server),
        advice=(
            "For SSH's MaxStartups: too many logins at once that are not through yet; see who holds them, or raise it."
            if "MaxStartups" in said else f"Look for this moment in the log of the service on {c.server.address}.",
        ),
        limitations=("why the server says so: its own log tells",),
    )  # fmt: skip


class Wait(NamedTuple):
    """How long a client waited after its last words for a server that never spoke, and the frame in which it left."""

    seconds: float
    left: int


@rule(
    "Server keeps silent", connections, segments, openings, requests, tcp_endings, subject="TCP connections",
    area="the answers of servers",
)  # fmt: skip
def server_silent(facts: Facts, *, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """A connection on which the server never says a byte, until the client ends it after `min_wait_s` or more.

    Only where an answer is due: the client spoke SSH, SMTP or another protocol that is known by its first words, or the
    port is one where the server speaks first. HTTP and TLS have rules of their own. Three seconds: a name service that
    does not answer delays greetings for longer, and people notice.
    """
    others = {e.stream for e in facts[requests]} | {e.handshake.stream for e in facts[tcp_endings]}
    words = {o.stream: spoken(o.client[0].data) for o in facts[openings] if o.client}
    for c in facts[connections]:
        language = words.get(c.stream, "")
        due = language not in ("", "plain text", "TLS") or c.server.port in GREETING_PORTS
        left = min(c.client_ends, default=0)
        early = any(frame < left for frame in (*c.server_ends, *c.server_resets))
        silent = c.established and not c.server_payload and left and not early
        if due and silent and c.stream not in others and not c.lost_segments:
            wait = waited(facts[segments], c)
            if wait.seconds >= min_wait_s:
                yield _silent(c, wait)


def waited(table: "pl.DataFrame", c: Connection) -> Wait:
    """Return how long the client waited before it ended the connection, of which `table` has the segments."""
    own = table.filter((pl.col("stream") == c.stream) & pl.col("from_client"))
    before = own.filter(pl.col("frame") < c.client_ends[0])
    leaves = own.filter(pl.col("frame") == c.client_ends[0])["time"]
    said = before.filter(pl.col("payload") > 0)["time"]
    since = said.max() if said.len() else before["time"].max()
    return Wait((int(str(leaves[0])) - int(str(since))) / 1e9, c.client_ends[0])


def _silent(c: Connection, wait: Wait) -> Finding:
    return Finding(
        id=f"server_silent:{c.stream}",
        rule="server_silent",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"{c.server.address} accepts the connection of {c.client.address} to port {c.server.port} and then"
        f" says nothing:"
        f" the client leaves after {wait.seconds:.1f} s.",
        act=f"The server's side must act: the program on port {c.server.port} of {c.server.address} hangs, or is not"
        f" reached"
        " behind whatever accepts its connections.",
        measured={"waited_s": round(wait.seconds, 3)},
        evidence=Evidence.of(
            [c.syn_ack_frame or c.first_frame, wait.left], f"tcp.stream == {c.stream}",
            [
                Step(frames=(c.syn_ack_frame or c.first_frame,), text=f"{c.server} accepts the connection"),
                Step(frames=(wait.left,), text=f"after {wait.seconds:.1f} s without a word the client leaves (FIN)"),
                *network_step(c, wait.left),
            ],
        ),
        scope=scope((c.stream,), c.client, c.server),
        advice=("Try it on the server itself; if it answers there, look at what stands before it.",
                "A name service that the server asks about the client's address, in vain, is a common reason."),
        limitations=("what the server did in that time",),
    )  # fmt: skip
