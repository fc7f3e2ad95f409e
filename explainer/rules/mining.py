"""Cryptocurrency: mining pools (stratum) and peers (Monero's Levin, Bitcoin), known by their first bytes."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.openings import Opening, Piece, openings
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.wording import count, listing

_PLACES = 3


class _Currency(NamedTuple):
    """A kind of traffic: what it is, and what its first bytes must be."""

    title: str
    first: re.Pattern[bytes]


_KINDS = (
    _Currency(
        "Monero peer-to-peer traffic (Levin protocol): a cryptocurrency node",
        re.compile(rb"\x01\x21\x01\x01\x01\x01\x01\x01"),
    ),
    _Currency(
        "cryptocurrency mining: the stratum protocol of a mining pool",
        re.compile(
            rb'\s*\{(?=.*"(?:mining\.(?:subscribe|authorize|notify|configure)|eth_submitLogin|eth_getWork)"'
            rb'|(?=.*"method"\s*:\s*"login").*"(?:agent|algo)"\s*:)',
            re.DOTALL,
        ),
    ),
    _Currency(
        "Bitcoin peer-to-peer traffic: a cryptocurrency node",
        re.compile(rb"\xf9\xbe\xb4\xd9(?:version|verack|getheaders|inv)\0", re.DOTALL),
    ),
)


@rule("Cryptocurrency", openings, connections, subject="streams of unknown protocols", area="cryptocurrency traffic")
def unwanted_cryptocurrency(facts: Facts) -> Iterator[Finding]:
    """Connections that begin as a mining pool's (stratum, JSON-RPC), a Monero peer's (Levin) or a Bitcoin peer's do."""
    by_stream = {c.stream: c for c in facts[connections]}
    groups = defaultdict[tuple[str, str], list[tuple[Connection, Piece]]](list)
    for opening in facts[openings]:
        found = _kind(opening)
        connection = by_stream.get(opening.stream)
        if found and connection:
            groups[found[0].title, connection.client.address].append((connection, found[1]))
    for (title, client), group in groups.items():
        places = list(dict.fromkeys(str(connection.server) for connection, _ in group))
        more = [f"{len(places) - _PLACES} more"] if len(places) > _PLACES else []
        frames = [piece.frame for _, piece in group]
        yield Finding(
            id=f"unwanted_cryptocurrency:{frames[0]}",
            rule="unwanted_cryptocurrency",
            severity=Severity.MEDIUM,
            confidence=Confidence.CERTAIN,
            side=Side.CLIENT,
            title=f"What {client} exchanges with {listing([*places[:_PLACES], *more])} is {title}.",
            act=f"Whoever answers for {client} must say whether it is wanted: if not, the program has to go, and how it"
            " came there has to be found out.",
            measured={"connections": len(group), "peers": len(places)},
            evidence=Evidence.of(
                frames,
                f"{connection_filter(group[0][0].server, (connection.stream for connection, _ in group))}"
                " && tcp.len > 0",
                [Step(frames=tuple(frames[:20]), text=f"{count(len(group), 'connection')} with the first bytes of it")],
            ),
            scope=Scope(
                streams=tuple(connection.stream for connection, _ in group[:100]),
                addresses=tuple(dict.fromkeys((client, *(c.server.address for c, _ in group[:100])))),
                ports=tuple(dict.fromkeys(c.server.port for c, _ in group[:100])),
            ),
            advice=("Find the program on the host: ss -tnp", "A miner that nobody installed is a sign of a break-in."),
            limitations=("whether it is allowed on this network",),
        )


def _kind(opening: Opening) -> tuple[_Currency, Piece] | None:
    first = (piece for side in (opening.client, opening.server) for piece in side[:2])
    return next(((kind, piece) for piece in first for kind in _KINDS if kind.first.match(piece.data)), None)
