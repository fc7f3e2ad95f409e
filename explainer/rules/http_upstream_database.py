"""What a database says no to while an application behind a web server serves a request."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from explainer.model import Severity
from explainer.protocols.applications import Reply
from explainer.protocols.http import Exchange
from explainer.rules.database import DATABASES, meaning
from explainer.rules.http_upstream_failures import Upstream
from explainer.rules.http_upstream_sight import Sight

_FIRST_SERVER_ERROR = 500
Said = Mapping[str, Sequence[Reply]]
"""What databases answered, by the address of the client, in file order."""


def said_by_databases(every: Iterable[Reply]) -> Said:
    """Return what databases answered, by the address of the client, in file order."""
    said = defaultdict[str, list[Reply]](list)
    for reply in sorted((r for r in every if r.protocol in DATABASES), key=frame_of):
        said[reply.client.address].append(reply)
    return said


def frame_of(reply: Reply) -> int:
    """Return the frame in which a server answers."""
    return reply.frame


def database_behind(e: Exchange, said: Said, seen: Sight) -> Upstream | None:
    """Return what a database refuses to the server of an error, last before that: probably its cause.

    What the application asks after a refusal, and is granted, shows that it got over it.
    """
    if (e.status or 0) < _FIRST_SERVER_ERROR or e.request_frame is None or e.response_frame is None:
        return None
    for address in seen.of_gateway(e):
        own = said.get(address, ())
        begin = bisect_right(own, e.request_frame, key=frame_of)
        meanwhile = own[begin : bisect_left(own, e.response_frame, key=frame_of)]
        means = meaning(meanwhile[-1]) if meanwhile and not meanwhile[-1].ok else None
        if means and means.severity is not Severity.INFO:
            last = meanwhile[-1]
            where = f"tcp.stream == {last.stream}" if last.stream is not None else f"frame.number == {last.frame}"
            words = f"refuses what it is asked ({last.protocol}): {means.cause}"
            return Upstream(address, str(last.server), words, (last.frame,), where, last.stream, likely=True)
    return None
