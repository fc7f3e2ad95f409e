"""NATS (https://docs.nats.io/reference/reference-protocols/nats-protocol), read from the first bytes of connections.

tshark (4.0) has no dissector for it. Of a session only the beginning is looked at: the login, most of all.
"""

import re
from collections.abc import Iterator

from explainer.facts import Facts, fact
from explainer.protocols.applications.records import Kind, Reply
from explainer.protocols.openings import Opening, openings
from explainer.protocols.tcp import Connection, connections

_GREETING = b"INFO {"
_ERROR = re.compile(rb"^-ERR '?([^'\r\n]*)", re.MULTILINE)
_GOOD = re.compile(rb"^(?:PONG|\+OK)\r", re.MULTILINE)
_ASKS = b"CONNECT "


@fact("answers of NATS", connections, openings)
def nats_replies(facts: Facts) -> tuple[Reply, ...]:
    """Return how the servers answer the logins, and the errors among their first words, by frame."""
    by_stream = {c.stream: c for c in facts[connections]}
    greeted = (o for o in facts[openings] if o.server and o.server[0].data.startswith(_GREETING))
    found = (reply for opening in greeted for reply in _replies(opening, by_stream[opening.stream]))
    return tuple(sorted(found, key=lambda reply: reply.frame))


def _replies(opening: Opening, c: Connection) -> Iterator[Reply]:
    asked = next((piece.frame for piece in opening.client if piece.data.startswith(_ASKS)), None)
    let_in = False
    for piece in opening.server:
        failed = _ERROR.search(piece.data)
        if failed or (_GOOD.search(piece.data) and not let_in):
            kind = Kind.QUERY if let_in else Kind.LOGIN
            text = failed[1].decode("utf-8", "replace") if failed else ""
            yield Reply(
                "NATS", kind, c.stream, c.client, c.server, asked, piece.frame, "CONNECT", "",
                "-ERR" if failed else "", text, not failed, unusual=True,
            )  # fmt: skip
            let_in = let_in or not failed
