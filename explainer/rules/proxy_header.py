"""Servers that do not expect the PROXY header with which a load balancer begins."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.openings import Opening, openings
from explainer.protocols.proxy_header import ProxyHeader, proxy_headers
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.protocols.tcp_unheard import Unheard, unheard
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.tcp_case import scope
from explainer.wording import count

_SHOWN = 20
_NO = re.compile(
    rb"\AHTTP/\d\.\d 400\b|<title>\s*(?:Error response|400)|Bad request (?:syntax|version)"  # web servers
    rb"|\A5\d\d[ -]|\A-ERR |\A\* BAD |\A\S+ BAD |\A\x15\x03..\x02"  # mail, FTP, Redis, POP3, IMAP, TLS's fatal alerts
    rb"|Invalid SSH identification string|Bad handshake|packets out of order",
    re.IGNORECASE | re.DOTALL,
)
"""What servers say that do not understand a line."""
READS_LENGTHS = (3306,)
"""Ports of servers that greet, and read the length of what comes from its first bytes: MySQL takes "PRO" for 5.2 MB."""


class Case(NamedTuple):
    """A connection that begins with the header, and the frame in which the server refuses it, and how."""

    c: Connection
    header: ProxyHeader
    refused: int
    how: str


@rule(
    "PROXY header not understood", proxy_headers, connections, openings, unheard, subject="PROXY headers",
    area="the headers of load balancers",
)  # fmt: skip
def proxy_header_refused(facts: Facts, *, gave_up_s: float = 3.0) -> Iterator[Finding]:
    """A PROXY header (HAProxy's PROXY protocol) that the server answers with an error, by hanging up, or not at all.

    A server that expects the header gives no word to it; one that does not takes it for the first request, and answers
    400, an SMTP error, a TLS alert, or nothing: MySQL takes its letters for a length, and waits for megabytes, until
    the client gives up after `gave_up_s` or more. Silent where the same server answers another connection with the
    header well: it knows it, then, and the reason is another.
    """
    waited = {x.connection.stream: x for x in facts[unheard] if x.gave_up and x.waited_s >= gave_up_s}
    for group in not_understood(facts, waited):
        yield _told(group)


def not_understood(facts: Facts, waited: Mapping[int, Unheard] | None = None) -> Iterator[Sequence[Case]]:
    """Yield the connections whose header a server refuses, by client and server; of servers that take none at all.

    `waited` are those, by stream, in which the client gave up.
    """
    by_stream = {c.stream: c for c in facts[connections]}
    begun = {opening.stream: opening for opening in facts[openings]}
    cases, knows = defaultdict[tuple[str, Endpoint], list[Case]](list), set[Endpoint]()
    for header in facts[proxy_headers]:
        c = by_stream[header.stream]
        case = _refused(c, header, begun.get(header.stream)) or _unheard(c, header, (waited or {}).get(header.stream))
        if case and header.read:
            cases[c.client.address, c.server].append(case)
        elif c.server_payload and not case:
            knows.add(c.server)
    yield from (group for (_, server), group in cases.items() if server not in knows)


class Refused:
    """The headers that servers refuse, to be asked whether an answer is due to one."""

    def __init__(self, cases: Collection[Case]) -> None:
        self._streams = {case.header.stream for case in cases}
        by_sender = defaultdict[str, list[tuple[int, int]]](list)
        for case in cases:
            by_sender[case.c.client.address].append((case.header.frame, case.refused))
        self._of = {sender: _in_order(frames) for sender, frames in by_sender.items()}

    def explains(self, stream: int, begun: int, answered: int, server: str) -> bool:
        """Return whether it is the answer to a header, or can be what the server behind this one said to a header.

        `begun` is the first frame of the connection that is answered: some connect before a request is there.
        """
        sent, refused = self._of.get(server, ((), ()))
        place = bisect_left(sent, begun)
        return stream in self._streams or (place < len(sent) and refused[place] <= answered)


def _in_order(frames: Iterable[tuple[int, int]]) -> tuple[Sequence[int], Sequence[int]]:
    """Return in which frames headers are sent, and for each the first refusal of it or of a later one."""
    sent, refused = zip(*sorted(frames), strict=True)
    return sent, tuple(accumulate(reversed(refused), min))[::-1]


def _refused(c: Connection, header: ProxyHeader, opening: Opening | None) -> Case | None:
    for piece in opening.server if opening else ():
        if piece.frame > header.frame and _NO.search(piece.data):
            return Case(c, header, piece.frame, "answers with an error")
    ends = sorted(frame for frame in (*c.server_ends, *c.server_resets) if frame > header.frame)
    first = bool(ends) and ends[0] < min((*c.client_ends, *c.client_resets), default=ends[0] + 1)
    if first and not c.server_payload and not c.lost_segments:
        return Case(c, header, ends[0], "ends the connection without a word")
    return None


def _unheard(c: Connection, header: ProxyHeader, x: Unheard | None) -> Case | None:
    """Return the case of a server that greets, takes what the client says behind the header, and answers nothing."""
    greeted = x is not None and x.answers == 1 and c.server.port in READS_LENGTHS
    if x is None or not greeted or x.answered or x.missing or x.acknowledged is None:
        return None
    return Case(c, header, x.acknowledged, f"waits for more, and answers nothing for {x.waited_s:.1f} s")


def _told(group: Sequence[Case]) -> Finding:
    c, header, refused, how = group[0]
    resets = [frame for case in group for frame in case.c.server_resets]
    more = [case.refused for case in group[1:_SHOWN]]
    return Finding(
        id=f"proxy_header_refused:{header.frame}",
        rule="proxy_header_refused",
        severity=Severity.HIGH,
        confidence=Confidence.PROBABLE,
        side=Side.EITHER,
        title=f"{c.client.address} begins its connection to {c.server} with a PROXY header, as load balancers do, which"
        f" the server does not expect: it {how}.",
        act=f"Either side: {c.client.address} must not send the header to {c.server} (HAProxy: no send-proxy), or"
        f" {c.server.address} must be set to expect it.",
        measured={"connections": len(group)},
        evidence=Evidence.of(
            [*(frame for case in group for frame in (case.header.frame, case.refused)), *resets],
            connection_filter(c.server, (case.c.stream for case in group)),
            [
                Step(frames=(header.frame,), text=f"{c.client.address} begins with a PROXY header"),
                Step(frames=(refused,), text=f"{c.server} {how}"),
                *([Step(frames=tuple(more), text=f"the same {count(len(group) - 1, 'more time')}")] if more else []),
            ],
        ),
        scope=scope((case.c.stream for case in group), c.client, c.server),
        advice=(
            "In HAProxy, take send-proxy or send-proxy-v2 from the server's line, unless that server expects it.",
            "To have nginx expect it: listen … proxy_protocol; Postfix: smtpd_upstream_proxy_protocol; Apache:"
            " RemoteIPProxyProtocol.",
        ),
        limitations=("whether the server understands the header and refuses what comes behind it",),
    )  # fmt: skip
