"""What a gateway gets from the server behind it, where a capture at the gateway holds both sides.

Rules
* Only what the gateway begins between the request and its own answer counts.
* A gateway is known by its address, and by one from which it passes requests on. Of another one, that is known by its
  timing: what begins right after the request and ends right before the answer, of one address alone, is probably its.
"""

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from explainer.protocols.dns import Lookup
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection
from explainer.rules.dns_evidence import asked_for
from explainer.rules.exchanges import said
from explainer.rules.http_upstream_before import before
from explainer.rules.http_upstream_failures import Upstream, failure, no_answer
from explainer.rules.http_upstream_sight import Sight

_GATEWAY = (502, 503, 504)  # RFC 9110, section 15.6
_TIMED_OUT = 504
_ASKED_AGAIN = 2
_BAD_GATEWAY, _FIRST_ERROR, _FIRST_SERVER_ERROR = 502, 400, 500
_NEAR_NS = 100_000_000
"""Programs take less than this from a request to their own next step, and from a failure to saying so."""
_LOOKUP_FAILS = {2: "fails at", 3: "does not know", 5: "refuses to look up"}
"""What a name server says of a name: SERVFAIL, NXDOMAIN, REFUSED (RFC 1035, section 4.1.1)."""


def upstream(e: Exchange, sight: Sight) -> Upstream | None:
    """Return what the gateway tried for this request and what came of it, None where nothing is seen that failed."""
    if (e.status or 0) < _FIRST_ERROR or e.request_frame is None or e.response_frame is None:
        return None
    tried = sight.tried(e) if (e.status or 0) >= _FIRST_SERVER_ERROR else []
    asked = sight.asked(e)
    known = sight.of_gateway(e)
    near = _Tries(e, _near(e, tried), [o for o in asked if _is_answered_near(e, o)], sight)
    # Of several that are served at once, each one's own tries begin and end with it; so do those of an application.
    every = _Tries(e, tried, asked, sight) if _is_gateways(e) and near.is_alone() else near
    own = every.of(lambda address: address in known)
    others = near.of(lambda address: address not in known and address != e.client.address)
    return own.outcome(sure=True) or others.of_one() or _unresolved(e, sight) or _nobody(e, sight) or before(e, sight)


def while_waiting(e: Exchange, until_ns: int, sight: Sight) -> Upstream | None:
    """Return what a gateway waits for, and certainly for this request, while its client waits in vain until then."""
    until = e.closed_frame or sys.maxsize
    behind = upstream(e._replace(status=_TIMED_OUT, response_frame=until, response_ns=until_ns), sight)
    return behind if behind and behind.sure and not behind.passed_on else None


class _Tries(NamedTuple):
    """The connections and requests by which a gateway may have tried to serve one request."""

    e: Exchange
    connections: Sequence[Connection]
    exchanges: Sequence[Exchange]
    sight: Sight

    def of(self, whose: Callable[[str], bool]) -> "_Tries":
        """Return those of the hosts with these addresses."""
        connections = [c for c in self.connections if whose(c.client.address)]
        return self._replace(connections=connections, exchanges=[o for o in self.exchanges if whose(o.client.address)])

    def of_one(self) -> Upstream | None:
        """Return what came of them where they are of one host; of several, where one alone failed."""
        hosts = _hosts(self.connections, self.exchanges)
        if len(hosts) > 1:
            hosts = _hosts(self._failing(), filter(self._is_unanswered, self.exchanges))
        return self.of(lambda address: address in hosts).outcome(sure=False) if len(hosts) == 1 else None

    def outcome(self, *, sure: bool) -> Upstream | None:
        """Return what came of them, where it explains the error."""
        failed = self._failed(sure=sure) if (self.e.status or 0) >= _FIRST_SERVER_ERROR else None
        return failed or self._passed_on(sure=sure) or (self._not_taken(sure=sure) if _is_gateways(self.e) else None)

    def _failing(self) -> list[Connection]:
        until = self.e.response_frame or 0
        return [c for c in self.connections if failure(c, self.sight.endings.get(c.stream), until)]

    def _is_unanswered(self, o: Exchange) -> bool:
        return no_answer(o, self.e.response_frame or 0) is not None

    def _failed(self, *, sure: bool) -> Upstream | None:
        until, likely = self.e.response_frame or 0, not _is_gateways(self.e)
        for c in self._failing():
            found = failure(c, self.sight.endings.get(c.stream), until)
            if found:
                frames = tuple(dict.fromkeys((c.first_frame, found[1])))
                where, stream = _stream_filter(c.stream), c.stream
                return Upstream(c.client.address, str(c.server), found[0], frames, where, stream, sure, likely=likely)
        for o in self.exchanges:
            found = no_answer(o, until)
            if found:
                frames = tuple(dict.fromkeys((o.request_frame or until, found[1])))
                where, stream = _stream_filter(o.stream), o.stream
                return Upstream(o.client.address, str(o.server), found[0], frames, where, stream, sure, likely=likely)
        return None

    def _passed_on(self, *, sure: bool) -> Upstream | None:
        same = [o for o in self._answers() if o.status == self.e.status]
        found = next((o for o in same if o.path == self.e.path), None)
        found = found or (same[0] if len(same) == 1 and self.is_alone() else None)
        if found is None:
            return None
        words = f"answers {said(found)}"
        return self._of(found, words, sure=sure, passed_on=True)

    def _not_taken(self, *, sure: bool) -> Upstream | None:
        """Return an answer in order that the gateway made a 502 of: nginx does so where its headers are too long."""
        answers = self._answers()
        if self.e.status != _BAD_GATEWAY or len(answers) != 1 or not self.is_alone():
            return None
        answer = answers[0]
        if (answer.status or 0) >= _FIRST_ERROR:
            return None
        words = (
            f"does answer, {said(answer)}, but the gateway does not take it: most often such an answer's headers"
            " (cookies) are larger than the gateway's buffer, or malformed"
        )
        return self._of(answer, words, sure=sure)

    def _of(self, o: Exchange, words: str, *, sure: bool, passed_on: bool = False) -> Upstream:
        frames = (o.request_frame or 0, o.response_frame or 0)
        where, display_filter = str(o.server), _stream_filter(o.stream)
        return Upstream(o.client.address, where, words, frames, display_filter, sure=sure, passed_on=passed_on)

    def _answers(self) -> list[Exchange]:
        return [o for o in self.exchanges if o.status is not None and _is_within(self.e, o.response_frame)]

    def is_alone(self) -> bool:
        """Return whether the gateway had no other request to serve at that time."""
        begin, end = self.e.request_frame or 0, self.e.response_frame or 0
        others = (o for o in self.sight.exchanges if o.server == self.e.server and o.first_frame != self.e.first_frame)
        return not any(o.first_frame < end and (o.response_frame or end) > begin for o in others)


def _hosts(connections: Iterable[Connection], exchanges: Iterable[Exchange]) -> set[str]:
    return {c.client.address for c in connections} | {o.client.address for o in exchanges}


def _is_gateways(e: Exchange) -> bool:
    """Return whether the error is one of gateways: of those that are asked for a tunnel, any of the server's."""
    return e.status in _GATEWAY or (e.method == "CONNECT" and (e.status or 0) >= _FIRST_SERVER_ERROR)


def _is_within(e: Exchange, frame: int | None) -> bool:
    return frame is not None and (e.request_frame or 0) < frame < (e.response_frame or 0)


def _near(e: Exchange, tried: Sequence[Connection]) -> list[Connection]:
    """Return the connections of hosts whose tries begin with the request and end with its answer.

    Silence has no end. A gateway may try several times: the first begins in time, and the last ends so.
    """
    by_client = defaultdict[str, list[Connection]](list)
    for c in tried:
        by_client[c.client.address].append(c)
    return [c for group in by_client.values() for c in _of_one(e, group)]


def _of_one(e: Exchange, group: Sequence[Connection]) -> list[Connection]:
    begun = [n for n, c in enumerate(group) if _follows(e.request_ns, c.first_ns)]
    ended = any(_follows(c.last_ns, e.response_ns, both_ways=True) or _is_silent(c) for c in group)
    # What comes before the first that begins in time is of something else.
    return list(group[begun[0] :]) if begun and ended else []


def _is_silent(c: Connection) -> bool:
    return c.syn_ack_frame is None and not c.server_resets


def _is_answered_near(e: Exchange, o: Exchange) -> bool:
    return _follows(e.request_ns, o.request_ns) and _follows(o.response_ns or e.response_ns, e.response_ns)


def _follows(first: int | None, second: int | None, *, both_ways: bool = False) -> bool:
    if first is None or second is None:
        return False
    passed = second - first
    return (abs(passed) if both_ways else passed) <= _NEAR_NS and (both_ways or passed >= 0)


def _stream_filter(stream: int) -> str:
    return f"tcp.stream == {stream}"


def _unresolved(e: Exchange, sight: Sight) -> Upstream | None:
    """Return the name that the gateway cannot resolve: it asks for it at once, and gives up with the answer."""
    if (e.status or 0) < _FIRST_SERVER_ERROR:
        return None
    asked = [k for k in sight.looked_up(e) if _is_looked_up_near(e, k)]
    own = [k for k in asked if k.client.address == e.server.address]
    found = own or [k for k in asked if k.client.address != e.client.address]
    if any(k.answers or k.cut for k in found) or len({k.client.address for k in found}) != 1:
        return None
    return next(_unresolved_names(found, sure=bool(own), likely=not _is_gateways(e)), None)


def _nobody(e: Exchange, sight: Sight) -> Upstream | None:
    """Return the address that the gateway looks for by ARP meanwhile, in vain: so much comes before a SYN.

    It asks again, since a reply goes to it alone: who records elsewhere sees the question, and never the reply.
    """
    if not _is_gateways(e):
        return None
    begin, end = e.request_frame or 0, e.response_frame or 0
    for address in sight.of_gateway(e):
        for search in sight.searches.get(address, ()):
            frames = tuple(frame for frame in search.request_frames if begin < frame < end)
            if len(frames) >= _ASKED_AGAIN:
                words = "is nobody's address: the gateway looks for it by ARP in vain"
                return Upstream(address, search.target, words, frames, "arp", likely=True)
    return None


def _is_looked_up_near(e: Exchange, k: Lookup) -> bool:
    return _follows(e.request_ns, k.query_ns) and (k.response_ns is None or _follows(k.response_ns, e.response_ns))


def _unresolved_names(lookups: Iterable[Lookup], *, sure: bool, likely: bool) -> Iterator[Upstream]:
    for k in lookups:
        fails = _LOOKUP_FAILS.get(k.rcode or 0) if k.response_frames else "does not answer about"
        if fails:
            frames = (*k.query_frames[:1], *k.response_frames[:1])
            words = f"{fails} {k.name}, the name of the server behind it"
            where = asked_for([k.name], k.server.address)
            yield Upstream(
                k.client.address, f"the name server {k.server.address}", words, frames, where, sure=sure, likely=likely
            )
