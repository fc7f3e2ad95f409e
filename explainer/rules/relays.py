"""Relays of TCP connections (load balancers, proxies): whom they turn to in vain while a client waits."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from explainer.model import Finding, Side, Step
from explainer.protocols.tcp import Connection
from explainer.rules.http_upstream_sight import first_frame_of
from explainer.wording import count

Tries = Mapping[str, Sequence[Connection]]
"""The connections that a host asked for, by its address, in order."""
_SHOWN = 20


def tries(connections: Iterable[Connection]) -> Tries:
    """Return the connections by who asked for them."""
    found = defaultdict[str, list[Connection]](list)
    for c in sorted(connections, key=first_frame_of):
        if c.syn_frames:
            found[c.client.address].append(c)
    return found


def relayed(finding: Finding, c: Connection, until: int, tried: Tries) -> Finding:
    """Return the finding about a connection that came to nothing, with what its server tried in vain meanwhile.

    All that the server asked for between its acceptance and its end must be to one port, and fail.
    """
    own = tried.get(c.server.address, ())
    group = own[bisect_right(own, c.first_frame, key=first_frame_of) : bisect_left(own, until, key=first_frame_of)]
    if not group or any(o.syn_ack_frame is not None for o in group) or len({o.server for o in group}) > 1:
        return finding
    behind, resets = group[0].server, [min(o.server_resets) for o in group if o.server_resets]
    does = "refuses its connection" if resets else "does not answer its connection request (SYN)"
    frames = [frame for o in group for frame in (o.syn_frames[0], *o.server_resets[:1])]
    text = f"meanwhile {c.server.address} asks {behind} for a connection, {count(len(group), 'time')}, which {does}"
    return finding.model_copy(
        update={
            "title": f"{finding.title.rstrip('.')}: {behind}, to which it turns meanwhile, {does}.",
            "act": f"The server's side must act: {behind}, behind {c.server.address}, {does}.",
            "side": Side.SERVER,
            "evidence": finding.evidence.also(
                Step(frames=tuple(frames[:_SHOWN]), text=text),
                frames=frames,
                display_filter=f"tcp.stream in {{{', '.join(str(o.stream) for o in group[:_SHOWN])}}}",
            ),
            "advice": (f"On {behind.address}, see whether the service runs and listens: ss -ltn", *finding.advice),
        }
    )
