"""SSH logins that look refused, or accepted: what is encrypted cannot be read, but its lengths and its end can."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.protocols.tcp import Connection, Endpoint, connections, segments
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.refusals import AREA, SUBJECT_OF_SIGNS
from explainer.rules.tcp_case import scope
from explainer.wording import count

_SHOWN = 20
_LEAST, _WITH_GOODBYE, _MOST_ANSWERS = 2, 3, 12
_AT_ONCE_S = 0.5
_SHORTER_BY = 16
"""SSH_MSG_USERAUTH_SUCCESS is 1 byte long, SSH_MSG_SERVICE_ACCEPT for ssh-userauth 17 (RFC 4252 section 5.1, RFC 4253
section 10): with any cipher of today, of blocks of 8 or 16 bytes, their packets differ by 16 bytes."""
_Refused: TypeAlias = defaultdict[tuple[str, Endpoint], list[tuple[Connection, Sequence[int]]]]


@rule("SSH login seems refused", signs, connections, segments, subject=SUBJECT_OF_SIGNS, area=AREA)
def ssh_login_refused(facts: Facts, *, most_answers: int = _MOST_ANSWERS) -> Iterator[Finding]:
    """An SSH connection that ends when the server has given nothing but answers of one length to the login.

    The first encrypted answer accepts the service (RFC 4253, section 10); SSH_MSG_USERAUTH_FAILURE holds the same list
    each time (RFC 4252, section 5.1), while a login that succeeds is followed by a channel, with answers of other
    lengths. A last answer may differ: the server's goodbye. Probable, since all of it is encrypted; of low severity
    where another connection of the client to that server went further. More than `most_answers` is a session.
    """
    groups, further = _sessions(facts, most_answers)
    for key, group in groups.items():
        yield _refused(group, overcome=key in further)


def _sessions(facts: Facts, most: int) -> tuple[_Refused, set[tuple[str, Endpoint]]]:
    """Return the sessions that look refused, by client and server, and the pairs of which another went further."""
    by_stream = {c.stream: c for c in facts[connections]}
    signed = [s for s in facts[signs] if s.what == "ssh-encrypted" and s.stream is not None and s.stream in by_stream]
    answers = _answers(facts[segments], [s.stream for s in signed if s.stream is not None])
    groups: _Refused = defaultdict(list)
    further = set[tuple[str, Endpoint]]()
    for sign in signed:
        c = by_stream[sign.stream or 0]
        frames = _refusals(answers.get(c.stream, ()), c, sign, most)
        if frames:
            groups[c.client.address, c.server].append((c, frames))
        elif c.server_payload:
            further.add((c.client.address, c.server))
    return groups, further


def refused_at_once(facts: Facts) -> set[tuple[str, str, int]]:
    """Return the clients and services of whose refused logins one began while another still went on.

    A person waits for one answer before the next try; programs that guess passwords do not.
    """
    found = set[tuple[str, str, int]]()
    for (client, server), group in _sessions(facts, _MOST_ANSWERS)[0].items():
        in_order = sorted((c for c, _ in group), key=lambda c: c.first_ns)
        if any(later.first_ns < earlier.last_ns for earlier, later in pairwise(in_order)):
            found.add((client, server.address, server.port))
    return found


def _answers(table: "pl.DataFrame", streams: Sequence[int]) -> dict[int, list[tuple[int, int, int]]]:
    """Return what the servers of these streams send: frame, length and time of each segment with data, by stream."""
    said = table.filter(
        pl.col("stream").is_in(streams) & ~pl.col("from_client") & (pl.col("payload") > 0) & ~pl.col("retransmission")
    )
    found = defaultdict[int, list[tuple[int, int, int]]](list)
    for stream, *answer in said.select("stream", "frame", "payload", "time").iter_rows():
        found[stream].append((answer[0], answer[1], answer[2]))
    return found


def _refusals(said: Sequence[tuple[int, int, int]], c: Connection, sign: Sign, most: int) -> Sequence[int]:
    """Return the frames of the server's answers to the login, where they look like refusals of a session that ended."""
    ended = (*c.client_ends, *c.server_ends, *c.client_resets, *c.server_resets)
    after = [answer for answer in said if answer[0] > sign.frame]
    if not ended or not _LEAST <= len(after) <= most:
        return ()
    answers = [length for _, length, _ in after[1:]]
    if len(answers) == 1 and (c.last_ns - after[-1][2]) / 1e9 > _AT_ONCE_S:
        return ()  # one answer alone says which ways to log in there are: somebody read the question, and left
    goodbye = len(after) >= _WITH_GOODBYE and bool(c.server_ends) and len(set(answers[:-1])) == 1
    return [frame for frame, _, _ in after[1:]] if len(set(answers)) == 1 or goodbye else ()


def _refused(group: Sequence[tuple[Connection, Sequence[int]]], *, overcome: bool) -> Finding:
    c, frames = group[0]
    ends = min((*c.client_ends, *c.server_ends, *c.client_resets, *c.server_resets))
    times = f" ({count(len(group), 'connection')})" if len(group) > 1 else ""
    return Finding(
        id=f"ssh_login_refused:{c.stream}",
        rule="ssh_login_refused",
        severity=Severity.LOW if overcome else Severity.MEDIUM,
        confidence=Confidence.PROBABLE,
        side=Side.CLIENT,
        title=f"The SSH login of {c.client.address} to {c.server} was probably refused (wrong key, password or user):"
        f" the connection ends right after the server's first answers to it{times}. SSH encrypts the login, so the"
        f" packets cannot tell for certain{'; another connection went further' if overcome else ''}.",
        act="The client's side must check user name, key or password; the server's log says why the login failed.",
        measured={"connections": len(group), "answers": len(frames)},
        evidence=Evidence.of(
            [*(f for _, of_one in group for f in of_one), ends],
            connection_filter(c.server, (o.stream for o, _ in group)),
            [
                Step(frames=tuple(frames[:_SHOWN]), text=f"after the key exchange {c.server} answers the login,"
                f" encrypted"),
                Step(frames=(ends,), text="then the connection ends: no session was opened"),
            ],
        ),
        scope=scope((o.stream for o, _ in group), c.client, c.server),
        advice=(
            f"On {c.server.address}: journalctl -u ssh, or /var/log/auth.log, names the user and the reason.",
            "On the client: ssh -v shows which keys it offers and what the server answers.",
        ),
        limitations=(
            "what was said in the login: it is encrypted",
            "which user it was, and whether that user left by choice at the question for the password",
        ),
    )  # fmt: skip


@rule("SSH login seems accepted", signs, connections, segments, subject=SUBJECT_OF_SIGNS, area=AREA)
def ssh_login_accepted(facts: Facts) -> Iterator[Finding]:
    """An SSH connection with an answer to the login that is as long as SSH_MSG_USERAUTH_SUCCESS has to be.

    No other message that a server sends before a login is over is as short: it is 16 bytes shorter than the answer
    that accepts the service. Worth knowing only for who asks whether the login works; probable, since it is encrypted.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    signed = [s for s in facts[signs] if s.what == "ssh-encrypted" and s.stream is not None and s.stream in by_stream]
    answers = _answers(facts[segments], [s.stream for s in signed if s.stream is not None])
    groups = defaultdict[tuple[str, object], list[tuple[Connection, int]]](list)
    for sign in signed:
        c = by_stream[sign.stream or 0]
        after = [(frame, length) for frame, length, _ in answers.get(c.stream, ()) if frame > sign.frame]
        told = (frame for frame, length in after[1:] if length == after[0][1] - _SHORTER_BY)
        frame = next(told, None)
        if frame:
            groups[c.client.address, c.server].append((c, frame))
    for group in groups.values():
        yield _accepted(group)


def _accepted(group: Sequence[tuple[Connection, int]]) -> Finding:
    c = group[0][0]
    times = f" ({count(len(group), 'connection')})" if len(group) > 1 else ""
    return Finding(
        id=f"ssh_login_accepted:{c.stream}",
        rule="ssh_login_accepted",
        severity=Severity.INFO,
        confidence=Confidence.PROBABLE,
        side=Side.NOBODY,
        title=f"The SSH login of {c.client.address} to {c.server} was accepted, as the lengths of the answers tell"
        f" (SSH encrypts the login, so this is probable){times}.",
        act="Nobody has to act.",
        measured={"connections": len(group)},
        evidence=Evidence.of(
            [f for _, f in group], connection_filter(c.server, (o.stream for o, _ in group)),
            [Step(frames=tuple(f for _, f in group)[:_SHOWN], text="an answer just as long as the one that says that"
             " the login succeeds")],
        ),
        scope=scope((o.stream for o, _ in group), c.client, c.server),
        advice=(f"On {c.server.address}: journalctl -u ssh, or /var/log/auth.log, names the user.",),
        limitations=("which user it was, and what was done then: it is encrypted",),
    )  # fmt: skip
