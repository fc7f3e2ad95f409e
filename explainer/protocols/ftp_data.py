"""FTP's second connections, for lists and files (RFC 959, section 3.2): which streams they are."""

from collections import defaultdict
from collections.abc import Sequence

from explainer.facts import Facts, fact
from explainer.protocols.applications import signs
from explainer.protocols.tcp import Connection, connections

_CONTROL, _UNASSIGNED = 21, 1024  # below it are the ports of services (RFC 6335, section 6)


@fact("FTP data connections", connections, signs)
def data_streams(facts: Facts) -> frozenset[int]:
    """Return the streams that lead to a port which an FTP session named, or that lie within one between the same two.

    Of a session that began before the capture, or is encrypted, the names of its ports cannot be read.
    """
    named = {(sign.server.address, sign.text.rpartition(":")[2]) for sign in facts[signs] if sign.what == "ftp-passive"}
    sessions = defaultdict[tuple[str, str], list[Connection]](list)
    for c in facts[connections]:
        if c.server.port == _CONTROL:
            sessions[c.client.address, c.server.address].append(c)
    return frozenset(
        c.stream
        for c in facts[connections]
        if (c.server.address, str(c.server.port)) in named
        or (c.server.port >= _UNASSIGNED and _within(c, sessions.get((c.client.address, c.server.address), ())))
    )


@fact("FTP data connections of refused transfers", data_streams, connections, signs)
def refused_streams(facts: Facts) -> frozenset[int]:
    """Return the data connections without data between hosts of which the server refuses a transfer: it has no use."""
    refused = {(sign.client.address, sign.server.address) for sign in facts[signs] if sign.what == "ftp-refused"}
    return frozenset(
        c.stream
        for c in facts[connections]
        if c.stream in facts[data_streams]
        and not (c.client_payload or c.server_payload)
        and (c.client.address, c.server.address) in refused
    )


def _within(c: Connection, sessions: Sequence[Connection]) -> bool:
    return any(session.first_ns < c.first_ns and c.last_ns <= session.last_ns for session in sessions)
