"""Why a gateway turns to nobody, as it was before the request: servers turned it away, fail its checks, or are busy."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection
from explainer.rules.exchanges import said
from explainer.rules.http_upstream_failures import Upstream
from explainer.rules.http_upstream_sight import B, Sight, first_frame_of
from explainer.wording import count

_BAD_GATEWAY, _UNAVAILABLE, _FIRST_ERROR = 502, 503, 400
_REMEMBERED_NS = 60_000_000_000
"""Health checks come every few seconds; what failed longer ago than this may have nothing to do with it."""
_CHECKS = 2
"""Load balancers take a server out after two or three checks that fail (AWS: 2, HAProxy and Kubernetes: 3)."""
_EVEN = 2
"""One check may take as long as the pause between two."""
_QUEUED_NS = 1_000_000_000
"""A gateway that waited as long as this for a free connection let the request wait in a queue."""
_AT_ONCE_NS = 100_000_000
"""A gateway that answers sooner has waited for nobody."""
_SHOWN, _MOST = 20, 1000


def before(e: Exchange, sight: Sight) -> Upstream | None:
    """Return the server that turned the gateway away, failed its health checks, or is still busy; of 502 and 503.

    Of one that served it and is not asked now, the gateway alone knows why.
    """
    if e.status not in (_BAD_GATEWAY, _UNAVAILABLE):
        return None
    known = sight.of_gateway(e)
    opened = [c for address in known for c in _lately(sight.opened_by(address), e)]
    asked = [o for address in known for o in _lately(sight.asked_by(address), e)]
    at_once = (e.response_ns or 0) - (e.request_ns or 0) <= _AT_ONCE_NS
    if e.status == _BAD_GATEWAY and not at_once:
        return None
    found = _turned_away(opened) or _failing(e, asked, sight)
    return found or (_not_asked(e, asked, sight) if at_once else _busy(e, asked))


def _lately(each: Sequence[B], e: Exchange) -> Iterator[B]:
    """Yield what began in the last minute before the request, in order, and of many the latest."""
    end = bisect_left(each, e.request_frame or 0, key=first_frame_of)
    begin, first = end, max(end - _MOST, 0)
    while begin > first and (e.request_ns or 0) - (_begun_ns(each[begin - 1]) or 0) <= _REMEMBERED_NS:
        begin -= 1
    yield from each[begin:end]


def _begun_ns(each: object) -> int | None:
    return each.first_ns if isinstance(each, Connection) else each.request_ns if isinstance(each, Exchange) else None


def _turned_away(connections: Iterable[Connection]) -> Upstream | None:
    """Return the server that refused or did not answer the gateway's connections, and took none since."""
    last = dict[object, list[Connection]]()
    for c in connections:
        if c.syn_ack_frame is not None:
            last.pop(c.server, None)
        elif c.syn_frames:
            last.setdefault(c.server, []).append(c)
    group = max(last.values(), key=lambda group: group[-1].first_frame, default=[])
    if not group:
        return None
    latest, times = group[-1], count(len(group), "time")
    does = "has refused" if latest.server_resets else "has not answered"
    words = f"{does} the gateway's connections ({times}: health checks, as it seems)"
    return _of(latest, words, [c.first_frame for c in group])


def _failing(e: Exchange, asked: Iterable[Exchange], sight: Sight) -> Upstream | None:
    """Return the server that answered the gateway's last checks with errors: requests that no client made."""
    last = dict[object, list[Exchange]]()
    for o in asked:
        if o.path in sight.wanted_of(e.server.address) or o.status is None:
            continue
        if o.status < _FIRST_ERROR:
            last.pop((o.server, o.path), None)
        else:
            last.setdefault((o.server, o.path), []).append(o)
    enough = (group for group in last.values() if len(group) >= _CHECKS and _is_regular(group))
    group = max(enough, key=lambda group: group[-1].first_frame, default=[])
    if not group:
        return None
    latest, times = group[-1], count(len(group), "time")
    checks = f"({times}: health checks, as it seems)"
    words = f'answers the gateway\'s own requests for {latest.path} with "{said(latest)}" {checks}'
    return _of(latest, words, [o.response_frame or o.first_frame for o in group])


def _is_regular(group: Sequence[Exchange]) -> bool:
    """Return whether they come at even intervals, as checks do; two have but one."""
    times = [o.request_ns or 0 for o in group]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    return max(pauses) <= _EVEN * min(pauses)


def _busy(e: Exchange, asked: Iterable[Exchange]) -> Upstream | None:
    """Return the server that still has requests of the gateway's to answer, where this one waited in vain."""
    if (e.response_ns or 0) - (e.request_ns or 0) < _QUEUED_NS:
        return None
    open_ones = [o for o in asked if o.response_frame is None or o.response_frame > (e.response_frame or 0)]
    if not open_ones:
        return None
    words = f"was still busy with {count(len(open_ones), 'earlier request')} of the gateway's, which gives it no more"
    return _of(open_ones[-1], words, [o.request_frame or o.first_frame for o in open_ones])


def _not_asked(e: Exchange, asked: Sequence[Exchange], sight: Sight) -> Upstream | None:
    """Return the server that answered what clients wanted before, where the gateway asks nobody now."""
    wanted = sight.wanted_of(e.server.address)
    served = [o for o in asked if o.path in wanted and (o.status or _FIRST_ERROR) < _FIRST_ERROR]
    tried = {c.client.address for c in sight.tried(e)} | {o.client.address for o in sight.asked(e)}
    if not served or e.error_name or tried & sight.of_gateway(e):
        return None
    words = (
        f"it asks nobody behind it for that, though {served[-1].server} answered {count(len(served), 'request')} of its"
        " before: it has no free port or connection left, holds that server for down, or is told to answer so"
    )
    return _of(served[-1], words, [served[-1].request_frame or 0, served[-1].response_frame or 0])._replace(own=True)


def _of(latest: Connection | Exchange, words: str, frames: Sequence[int]) -> Upstream:
    where, server = f"tcp.stream == {latest.stream}", str(latest.server)
    shown = tuple(frames[-_SHOWN:])
    return Upstream(latest.client.address, server, words, shown, where, latest.stream, likely=True, before=True)
