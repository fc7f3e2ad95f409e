"""HTTP exchanges as findings tell of them: their hosts, paths, frames and steps."""

import re
from collections.abc import Iterable, Sequence

from explainer.model import Scope, Step
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection
from explainer.rules.evidence import connection_filter
from explainer.wording import listing

Group = Sequence[Exchange]

SUBJECT = "HTTP requests"
AREA = "the answers to HTTP requests"

_PATHS, _LONGEST, _IN_SCOPE = 3, 100, 100
_PORT = re.compile(r":\d*$")
_USUAL_PORT = re.compile(r":(?:80|443)?$")
_ADDRESS = re.compile(r"[\d.]*|\[.*")


def host(exchange: Exchange) -> str:
    """Return the host that was asked for, as the client wrote it, or else the server's address.

    A proxy passes on what its client wrote: an address that is another host's would accuse that one. A name without a
    dot is one's own, of a container or a group of servers: its address stands beside it.
    """
    name, address = exchange.host[:_LONGEST], exchange.server.address
    bare = _PORT.sub("", name)
    if not name or (_ADDRESS.fullmatch(bare) and bare.strip("[]") != address and not exchange.to_proxy):
        return str(exchange.server) if name else address
    own = "." not in name and ":" not in bare and not exchange.to_proxy
    return f"{name} ({exchange.server})" if own else name


def answering(exchange: Exchange) -> str:
    """Return who was asked, as a sentence begins: the web server by its name, or the proxy by its address."""
    return f"The proxy {exchange.server.address}" if exchange.to_proxy else f"The web server {host(exchange)}"


def said(exchange: Exchange) -> str:
    """Return status and reason: 404 Not Found."""
    return f"{exchange.status} {exchange.reason[:_LONGEST]}".strip()


def request_words(group: Group) -> str:
    """Return "the request for /a" or "the requests for /a, /b, /c and 2 more"."""
    asked_for = (f"{e.host}{e.path}" if e.to_proxy and e.path.startswith("/") else e.path for e in group if e.path)
    paths = [path[:_LONGEST] for path in dict.fromkeys(asked_for)]
    if not paths:
        return "a request that cannot be read here"
    more = [f"{len(paths) - _PATHS} more"] if len(paths) > _PATHS else []
    return f"the {'requests' if len(paths) > 1 else 'request'} for {listing([*paths[:_PATHS], *more])}"


def asked(exchange: Exchange) -> Step:
    """Return the step of the request."""
    if exchange.request_frame is None:
        return Step(frames=(), text=f"What the client {exchange.client.address} asked cannot be read in this capture.")
    what = f"{exchange.path[:_LONGEST]} ({exchange.method})"
    if exchange.decoded_as:
        what += f"; Wireshark shows this as HTTP with Analyze → Decode As: {exchange.decoded_as}"
    return Step(
        frames=(exchange.request_frame,),
        text=f"the client {exchange.client.address} asks {exchange.server} for {what}",
    )


def answered(exchange: Exchange) -> tuple[Step, ...]:
    """Return the step of the response, when it is complete."""
    to = f", to {exchange.location[:_LONGEST]}" if exchange.location else ""
    frames = (exchange.response_frame,) if exchange.response_frame else ()
    return (Step(frames=frames, text=f"the answer is {said(exchange)}{to}"),) if frames else ()


def complained(exchange: Exchange) -> tuple[Step, ...]:
    """Return the step of what the response's text says is wrong, if it says more than its status."""
    if exchange.response_frame is None:
        return ()
    if exchange.error_name:
        text = f'the answer tells the error: "{exchange.error_name}"'
    elif exchange.complaint.lower() not in said(exchange).lower():
        text = f'the text of the answer says "{exchange.complaint}"'
    else:
        return ()
    return (Step(frames=(exchange.response_frame,), text=text),)


def frames(group: Group) -> list[int]:
    """Return the frames of the requests and of the complete responses."""
    return [frame for e in group for frame in (e.request_frame, e.response_frame) if frame]


def message_filter(group: Group) -> str:
    """Return a display filter for the requests and complete responses of these connections.

    Where Wireshark takes one of them for another protocol, it is a filter for what all of them carry.
    """
    if any(e.decoded_as for e in group):
        return f"{segment_filter(group)} && tcp.len > 0"
    messages = "http2" if any(e.version == "HTTP/2" for e in group) else "http"
    return f"{segment_filter(group)} && {messages}"


def segment_filter(group: Group) -> str:
    """Return a display filter for all segments of these connections."""
    return connection_filter(group[0].server, (e.stream for e in group))


def scope(group: Group) -> Scope:
    """Return what a finding about the group is about."""
    first = group[0]
    name = bare_host(first)
    return Scope(
        streams=tuple(sorted({e.stream for e in group})[:_IN_SCOPE]),
        addresses=(first.client.address, first.server.address),
        ports=(first.server.port,),
        names=() if _ADDRESS.fullmatch(name) else (name,),
    )


def bare_host(exchange: Exchange) -> str:
    """Return the host that was asked for, without port, in lower case."""
    return _PORT.sub("", exchange.host).lower()


def service(exchange: Exchange) -> str:
    """Return the host that was asked for with its port, unless that is the usual one: another port is another server.

    Where only the address was said, its port is the connection's.
    """
    name = exchange.host.lower() or str(exchange.server)
    return _USUAL_PORT.sub("", name)


def by_stream(connections: Iterable[Connection]) -> dict[int, Connection]:
    """Return the connections by their number."""
    return {connection.stream: connection for connection in connections}
