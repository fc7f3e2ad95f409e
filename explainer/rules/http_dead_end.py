"""HTTP redirections to a place that the client does not reach (RFC 9110 section 15.4)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.http import Exchange, requests
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.attempts import opened
from explainer.rules.dns_alias import plain
from explainer.rules.dns_evidence import asked_for
from explainer.rules.evidence import stream_filter
from explainer.rules.exchanges import AREA, SUBJECT, answered, asked, bare_host, frames, host, message_filter

_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
_LONGEST, _LISTED = 100, 20
_WORDS = {
    2: "its name server {server} cannot resolve that name (SERVFAIL)",
    3: "that name does not exist, says the name server {server} (NXDOMAIN)",
    5: "the name server {server} refuses to answer for that name (REFUSED)",
    None: "the name server {server} never answers the question for that name",
}


class _Place(NamedTuple):
    """Where a redirection leads; `url` as people write it."""

    host: str
    port: int
    url: str


class _End(NamedTuple):
    """Why the way ends there, in words, with the frames that show it, and a filter for them."""

    why: str
    frames: tuple[int, ...]
    filter: str
    streams: tuple[int, ...] = ()


@rule("Redirection to a dead end", requests, lookups, connections, subject=SUBJECT, area=AREA)
def http_redirect_dead_end(facts: Facts, *, soon_s: float = 5.0) -> Iterator[Finding]:
    """A redirection to another host or port, whose name the client then cannot resolve, or that does not let it in.

    Who follows a redirection by himself does so at once: what begins within `soon_s` of the answer belongs to it. All
    of it must fail: a name without any answer, or connections that are refused, or asked for twice and not answered.
    """
    groups = defaultdict[tuple[str, str, _Place], list[Exchange]](list)
    for e in facts[requests]:
        place = None if e.to_proxy else _place(e)
        if place and e.response_ns is not None:
            groups[e.client.address, bare_host(e) or e.server.address, place].append(e)
    by_name, by_port = (
        defaultdict[tuple[str, str], list[Lookup]](list),
        defaultdict[tuple[str, int], list[Connection]](list),
    )
    for x in facts[lookups] if groups else ():
        by_name[x.client.address, plain(x.name)].append(x)
    for c in facts[connections] if groups else ():
        by_port[c.client.address, c.server.port].append(c)
    for (client, _, place), group in groups.items():
        named, tried = by_name.get((client, plain(place.host)), ()), by_port.get((client, place.port), ())
        end = _end(group[0], place, named, tried, soon_s)
        if end:
            yield _finding(group, place, end)


def _place(e: Exchange) -> _Place | None:
    """Return where the answer sends the client on to, if that is another host or port."""
    if e.status not in _REDIRECTS or not e.location:
        return None
    own = f"{'https' if e.over_tls else 'http'}://{e.host or e.server}{e.path or '/'}"
    try:
        parts = urlsplit(urljoin(own, e.location))
        port, here = parts.port or _PORTS.get(parts.scheme, 0), urlsplit(own)
        same = (parts.hostname, port) == (here.hostname, here.port or _PORTS[here.scheme])
    except ValueError:
        return None
    if same or not parts.hostname or not port:
        return None
    return _Place(parts.hostname, port, f"{parts.scheme}://{parts.netloc}{parts.path}"[:_LONGEST])


def _end(
    e: Exchange, place: _Place, named: Sequence[Lookup], known: Sequence[Connection], soon_s: float
) -> _End | None:
    """Return how the way ends, or None where the client gets through, or does not try.

    `named` are the client's lookups of the place's name, `known` its connections to such a port.
    """
    begin = e.response_ns or 0
    end = begin + int(soon_s * 1e9)
    addresses = {address for x in named for address in x.answers} | {place.host.strip("[]")}
    if place.host == bare_host(e):
        addresses.add(e.server.address)
    asked_now = [x for x in named if begin <= (x.query_ns or 0) <= end]
    if asked_now and not any(x.answers or x.cut for x in named):
        # A question that was asked once may only have come too late for this capture.
        worst = next((x for x in asked_now if x.rcode in _WORDS and (x.response_frames or x.retransmissions)), None)
        return _unresolved(worst, asked_now) if worst else None
    tried = [c for c in known if c.server.address in addresses]
    return _unopened([c for c in tried if begin <= c.first_ns <= end]) if not any(map(opened, tried)) else None


def _unresolved(worst: Lookup, group: Sequence[Lookup]) -> _End:
    shown = tuple(frame for x in group for frame in (*x.query_frames[:1], *x.response_frames[:1]))
    server = worst.server.address
    return _End(_WORDS[worst.rcode].format(server=server), shown, asked_for([worst.name], server))


def _unopened(group: Sequence[Connection]) -> _End | None:
    if not group:
        return None
    first, streams = group[0], tuple(c.stream for c in group)
    if all(c.server_resets for c in group):
        shown = tuple(frame for c in group for frame in (c.syn_frames[0], c.server_resets[0]))
        why = f"{first.server.address} refuses the connection to port {first.server.port}"
    elif all(len(c.syn_frames) > 1 and not c.server_frames for c in group):
        shown = tuple(frame for c in group for frame in c.syn_frames)
        why = f"{first.server.address} never answers the connection to port {first.server.port}"
    else:
        return None
    return _End(why, shown, stream_filter(streams), streams)


def _finding(group: Sequence[Exchange], place: _Place, end: _End) -> Finding:
    first = group[0]
    name, whose = host(first), bare_host(first)
    return Finding(
        id=f"http_redirect_dead_end:{first.first_frame}",
        rule="http_redirect_dead_end",
        severity=Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"The web server {name} answers, and sends the client on to {place.url} ({first.status}), where the way"
        f" ends: {end.why}.",
        act=f"The server's side must act: either {name} has to lead to another place, or whoever runs {place.host} has"
        " to make that one reachable.",
        measured={"redirects": len(group), "port": place.port},
        evidence=Evidence.of(
            [*frames(group), *end.frames],
            f"({message_filter(group)}) || ({end.filter})",
            [asked(first), *answered(first), Step(frames=end.frames[:_LISTED], text=end.why)],
        ),
        scope=Scope(
            streams=tuple(sorted({*(e.stream for e in group), *end.streams})[:100]),
            addresses=(first.client.address, first.server.address),
            ports=tuple(dict.fromkeys((first.server.port, place.port))),
            names=tuple(dict.fromkeys(filter(None, (whose, place.host)))),
        ),
        advice=(
            f"On {name}, look up where the redirection of this page is set: its target may be an old name or port.",
            f"Open {place.url} from the client: it fails in the same way.",
        ),
        limitations=("whether the redirection or its target is what has to be corrected",),
    )
