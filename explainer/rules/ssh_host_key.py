"""SSH clients that leave when they have seen the server's host key."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications import replies, signs
from explainer.protocols.tcp import Connection, connections, segments
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.refusals import AREA, SUBJECT
from explainer.rules.tcp_case import scope
from explainer.wording import count

_SHOWN = 20
_COLLECTORS = ("keyscan", "nmap", "zgrab")
"""Programs that want nothing but the key, by what they call themselves."""


@rule("SSH host key not accepted", replies, signs, connections, segments, subject=SUBJECT, area=AREA)
def ssh_host_key_refused(facts: Facts) -> Iterator[Finding]:
    """A client that ends an SSH connection, without a word, right after the server has shown its host key.

    A client that takes the key sends SSH_MSG_NEWKEYS of its own (RFC 4253, sections 7.3 and 8). Probable: it may have
    wanted to see the key only; silent where it names itself as such a program. Of low severity where another connection
    of the client to that server went on.
    """
    shown = {r.stream: r.frame for r in facts[replies] if r.protocol == "SSH" and r.ok}
    took = {s.stream for s in facts[signs] if s.what == "ssh-encrypted"}
    collects = {s.stream for s in facts[signs] if s.what == "software-client" and _collects(s.text)}
    groups = defaultdict[tuple[str, object], list[tuple[Connection, int]]](list)
    further = {(c.client.address, c.server) for c in facts[connections] if c.stream in took}
    for c in facts[connections]:
        frame = shown.get(c.stream)
        if frame and c.stream not in took | collects and _leaves(c, frame) and not _speaks(facts[segments], c, frame):
            groups[c.client.address, c.server].append((c, frame))
    for key, group in groups.items():
        yield _finding(group, overcome=key in further)


def _collects(program: str) -> bool:
    return any(name in program.lower() for name in _COLLECTORS)


def _leaves(c: Connection, shown: int) -> bool:
    """Return whether the client is the first to end it, after the key was shown."""
    own, other = (*c.client_ends, *c.client_resets), (*c.server_ends, *c.server_resets)
    return bool(own) and shown < min(own) and not any(frame < min(own) for frame in other)


def _speaks(table: "pl.DataFrame", c: Connection, after: int) -> bool:
    said = (pl.col("stream") == c.stream) & pl.col("from_client") & (pl.col("payload") > 0) & (pl.col("frame") > after)
    return not table.filter(said).is_empty()


def _finding(group: Sequence[tuple[Connection, int]], *, overcome: bool) -> Finding:
    c, shown = group[0]
    left = min((*c.client_ends, *c.client_resets))
    times = f" ({count(len(group), 'connection')})" if len(group) > 1 else ""
    return Finding(
        id=f"ssh_host_key_refused:{c.stream}",
        rule="ssh_host_key_refused",
        severity=Severity.LOW if overcome else Severity.MEDIUM,
        confidence=Confidence.PROBABLE,
        side=Side.CLIENT,
        title=f"The SSH client {c.client.address} leaves as soon as {c.server} has shown its host key, before any login"
        f"{times}: it probably does not accept that key (it is another one than before, or nobody confirmed it)"
        f"{'; another connection went further' if overcome else ''}.",
        act="The client's side must find out whether the server's key was changed, and then correct known_hosts.",
        measured={"connections": len(group)},
        evidence=Evidence.of(
            [shown, left, *(frame for _, frame in group[1:])],
            connection_filter(c.server, (each.stream for each, _ in group)),
            [
                Step(frames=(shown,), text=f"{c.server} shows its host key and goes over to encryption"),
                Step(frames=(left,), text="the client ends the connection, and has not gone over to it"),
                *([Step(frames=tuple(frame for _, frame in group[1:_SHOWN]), text="the same again")]
                  if len(group) > 1 else []),
            ],
        ),
        scope=scope((each.stream for each, _ in group), c.client, c.server),
        advice=(
            "On the client: ssh -v tells whether the key is the trouble; ssh-keygen -F HOST shows the known one.",
            "Ask whoever runs the server for the fingerprint before the old key is removed: ssh-keygen -R HOST.",
        ),
        limitations=("why the client left: it says nothing", "whether it only wanted to see the key, as scanners do"),
    )  # fmt: skip
