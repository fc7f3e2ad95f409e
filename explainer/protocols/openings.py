"""The first bytes of TCP streams in which tshark may have missed something of TLS.

Rules
* Bytes are read in a second look at just those frames, since most captures need none.
* A stream is looked at where one side, or both, says nothing that tshark recognises (TLS on an unexpected port, or
  something else on a TLS port), or what only its port says; where a protocol is spoken in clear that can go over to TLS
  (tshark dissects whatever comes on its port as that protocol); where an HTTP request was answered 400 (it may be that
  TLS was expected); and where one side alone says little, by a protocol that tshark may only guess from the port.
"""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.http_messages import METHOD, STATUS
from explainer.protocols.tcp import CONTENT, segments

TLS_RECORD = Column("tls.record.length", Kind.INT, many=True)

_NEEDED = (FRAME, PROTOCOLS, METHOD, STATUS, TLS_RECORD)

BYTES = 1024
"""How many bytes of a segment are kept."""
_SEGMENTS = 4
_TALK_SEGMENTS = 16
_SHORT_TALK = 2
_MOST_FRAMES = 5_000
_EMPTY_LAYERS = ("data", "tpkt", "cotp", "rdp", "_ws.malformed", "_ws.short")
"""Layers over TCP that say nothing of what is inside them."""
_OF_PORTS = (
    "5co_legacy", "ajp13", "cast", "couchbase", "djiuav", "elasticsearch", "enip", "gearman", "git", "gryphon",
    "gsm_ipa", "hzlcst", "jdwp", "llrp", "ndmp", "omron", "rtmpt", "s101", "sigcomp", "skinny", "synergy", "woww",
    "x11",
)  # fmt: skip
"""Protocols that tshark sees in whatever is on their port (5000, 6000, 8009, 8085 …), where most often other services
are, and of which no rule reads anything."""
_TALKS = ("smtp", "imap", "pop", "ftp", "ldap", "mysql", "pgsql", "xmpp", "mongo")
"""Protocols that can go over to TLS after some words in clear."""
_MONGO = 27017
"""What MongoDB says beyond its first words is wanted, too; tshark (4.0) takes this port for TLS."""
_SHORT_TALKS = ("ssh", "resp", "vnc", "telnet", "amqp", "mqtt", "memcache")
"""Others, in which a client that says so little may have said ClientHello."""
_RDP = ":rdp"
# nginx; Apache; Go; Tomcat; Jetty and others.
_WANTS_TLS = (
    b"plain HTTP request was sent to HTTPS port",
    b"speaking plain HTTP to an SSL-enabled server port",
    b"Client sent an HTTP request to an HTTPS server",
    b"This combination of host and port requires TLS",
)
_BAD_REQUEST = 400


class Piece(NamedTuple):
    """The first bytes of a segment's payload."""

    frame: int
    data: bytes


class Opening(NamedTuple):
    """The first segments with payload of a stream, by sender."""

    stream: int
    client: tuple[Piece, ...]
    server: tuple[Piece, ...]


def _first_segments(facts: Facts) -> "pl.DataFrame":
    """Return the first segments with payload of each such stream and direction: frame, stream, from_client, turn."""
    chosen = _chosen(_loaded(facts))
    limit = pl.when("talks").then(_TALK_SEGMENTS).otherwise(_SEGMENTS)
    first = chosen.filter(pl.int_range(pl.len()).over("stream", "from_client") < limit)
    # Of many streams to one port the later ones are likely to be the same.
    turn = pl.col("stream").rank("dense").over("server", "server_port")
    return first.with_columns(turn.alias("turn")).sort("turn", "frame")


def _loaded(facts: Facts) -> "pl.DataFrame":
    """Return the segments with payload, with the layer over TCP."""
    protocols = pl.col(PROTOCOLS.field)
    return (
        facts[segments]
        .filter((pl.col("payload") > 0) & ~pl.col("retransmission"))
        .join(facts.frames(*_NEEDED), left_on="frame", right_on=FRAME.field, maintain_order="left")
        # Newer tsharks show what follows a PROXY header above it, in each frame.
        .with_columns(protocols.str.extract(r".*:tcp:(?:proxy:)?([^:]+)").fill_null("").alias("layer"))
        .select(
            "frame", "stream", "from_client", "server", "server_port",
            pl.when(~_unread("tls", TLS_RECORD) & ~_unread("http", METHOD, STATUS)).then("layer").alias("layer"),
            protocols.str.contains(_RDP, literal=True).alias("rdp"),
            pl.col(STATUS.field).list.contains(_BAD_REQUEST).fill_null(value=False).alias("bad_request"),
        )
    )  # fmt: skip


def _unread(layer: str, *columns: Column) -> "pl.Expr":
    """Return whether tshark put a segment down to this layer, for the sake of others, and could not read it."""
    return (pl.col("layer") == layer) & pl.all_horizontal(pl.col(column.field).is_null() for column in columns)


def _chosen(loaded: "pl.DataFrame") -> "pl.DataFrame":
    """Return the segments of the streams to look at; "talks" marks those that may go over to TLS later."""
    layer, side = pl.col("layer"), ("stream", "from_client")
    tls = (layer == "tls").fill_null(value=False)
    empty = layer.is_null() | layer.is_in(("", *_EMPTY_LAYERS, *_OF_PORTS))
    mongo = (pl.col("server_port") == _MONGO) & ~tls
    told = loaded.with_columns(
        tls.any().over(side).alias("side_tls"),
        (tls | empty).all().over(side).alias("side_unknown"),
        (layer.is_in(_TALKS).fill_null(value=False) | pl.col("rdp").fill_null(value=False) | mongo)
        .any()
        .over("stream")
        .alias("talks"),
        layer.is_in(_SHORT_TALKS).fill_null(value=False).any().over("stream").alias("may_talk"),
        pl.col("from_client").sum().over("stream").alias("said"),
        (pl.col("from_client").all().over("stream") & (layer != "http").fill_null(value=True)).alias("alone"),
    )
    odd = pl.col("side_unknown").any().over("stream") | pl.col("bad_request").any().over("stream")
    short = (pl.col("may_talk") | pl.col("alone")) & (pl.col("said") <= _SHORT_TALK)
    return told.filter(~pl.col("side_tls").all().over("stream") & (odd | pl.col("talks") | short))


def _view(facts: Facts) -> View | None:
    first = _first_segments(facts)["frame"].head(_MOST_FRAMES)
    return None if first.is_empty() else View(tuple(first.sort()))


OPENINGS = Look("first bytes of TCP streams", (segments, *_NEEDED), (FRAME, CONTENT), _view)


@fact("first bytes of TCP streams", segments, OPENINGS)
def openings(facts: Facts) -> tuple[Opening, ...]:
    """Return the openings by stream number."""
    seen = facts.look(OPENINGS)
    if seen is None:
        return ()
    start = pl.col(CONTENT.field).str.replace_all(":", "").str.head(2 * BYTES)
    pieces = (
        seen.select(pl.col(FRAME.field).alias("frame"), start.alias("start"))
        .drop_nulls()
        .join(facts[segments].select("frame", "stream", "from_client"), on="frame")
        .sort("stream", "frame")
    )
    found = dict[int, tuple[list[Piece], list[Piece]]]()
    for frame, text, stream, from_client in pieces.iter_rows():
        found.setdefault(stream, ([], []))[0 if from_client else 1].append(Piece(frame, bytes.fromhex(text)))
    return tuple(Opening(stream, tuple(client), tuple(server)) for stream, (client, server) in found.items())


def wants_tls(opening: Opening) -> bool:
    """Return whether the server says, in plain text, that it expects TLS."""
    return any(phrase in piece.data for piece in opening.server for phrase in _WANTS_TLS)
