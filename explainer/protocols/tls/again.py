"""TLS that Wireshark's defaults do not show: on unexpected ports, and in segments that came out of order.

Rule: the statistics stay those of the defaults; what is seen here says how it was seen.
"""

from explainer.facts import Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, TIME
from explainer.protocols.openings import Opening, Piece, openings
from explainer.protocols.streams import STREAM_NEEDS, with_streams
from explainer.protocols.tcp import segments
from explainer.protocols.tcp_analysis import OUT_OF_ORDER
from explainer.protocols.tls.columns import JA3, OPAQUE_TYPE, TLS
from explainer.protocols.tls.hello import CLIENT_HELLO, SERVER_HELLO
from explainer.protocols.tls.messages import CERTIFICATE_MESSAGE

_COLUMNS = (FRAME, TIME, *TLS.every, OPAQUE_TYPE, JA3)
_STREAMS = 500
_REASSEMBLED = "tcp.reassemble_out_of_order:TRUE"
_HANDSHAKE_RECORD = b"\x16\x03"
_SSL2_HELLO = b"\x01\x03"


def is_client_hello(data: bytes) -> bool:
    """Return whether these bytes begin a ClientHello: in a TLS record, or in the form of SSL 2.0 (RFC 5246, E.2)."""
    in_record = data[:2] == _HANDSHAKE_RECORD and len(data) > 5 and data[5] == CLIENT_HELLO
    return in_record or (len(data) > 4 and data[0] & 0x80 != 0 and data[2:4] == _SSL2_HELLO)


@fact("TLS on unexpected ports", openings, segments, FRAME, TLS.handshake_type)
def hidden(facts: Facts) -> dict[int, str]:
    """Return the "Decode As" rule for each stream that holds a ClientHello which tshark does not see, by stream."""
    kinds = pl.col(TLS.handshake_type.field)
    seen = facts.frames(FRAME, TLS.handshake_type).filter(kinds.list.contains(CLIENT_HELLO))[FRAME.field].to_list()
    opened = {o.stream: o for o in facts[openings] if {p.frame for p in _hellos(o)}.difference(seen)}
    if not opened:
        return {}
    ports = facts[segments].group_by("stream").agg(pl.col("client_port", "server_port").first())
    rules = dict[int, str]()
    for stream, client_port, server_port in ports.sort("stream").iter_rows():
        if stream in opened:
            port = server_port if _hello(opened[stream].client) else client_port
            rules[stream] = f"tcp.port=={port},tls"
    return dict(list(rules.items())[:_STREAMS])


def _hello(pieces: tuple[Piece, ...]) -> Piece | None:
    return next((piece for piece in pieces if is_client_hello(piece.data)), None)


def _hellos(opening: Opening) -> list[Piece]:
    return [piece for piece in (_hello(opening.client), _hello(opening.server)) if piece]


def hello_piece(opening: Opening) -> Piece | None:
    """Return the client's segment that begins a ClientHello, or None."""
    return _hello(opening.client)


@fact("TLS out of order", segments, FRAME, TLS.handshake_type, TLS.record_type, OPAQUE_TYPE, OUT_OF_ORDER)
def disordered(facts: Facts) -> tuple[int, ...]:
    """Return the streams in which a hello or a certificate may be hidden by segments that are out of order or lost."""
    table = facts.frames(FRAME, TLS.handshake_type, TLS.record_type, OPAQUE_TYPE, OUT_OF_ORDER)
    known = facts[segments].select(pl.col("frame").alias(FRAME.field), "stream", "retransmission", "lost", "payload")
    rows = table.join(known, on=FRAME.field).filter(pl.col("payload") > 0)
    kinds, opaque = pl.col(TLS.handshake_type.field), pl.col(OPAQUE_TYPE.field).is_not_null().any()

    def missing(kind: int) -> "pl.Expr":
        return ~kinds.list.contains(kind).fill_null(value=False).any()

    grouped = rows.group_by("stream").agg(
        (pl.col(TLS.record_type.field).is_not_null().any() | opaque).alias("tls"),
        (pl.col(OUT_OF_ORDER.field) | pl.col("retransmission") | pl.col("lost")).any().alias("odd"),
        (missing(CLIENT_HELLO) | missing(SERVER_HELLO) | (missing(CERTIFICATE_MESSAGE) & ~opaque)).alias("lacking"),
    )
    found = grouped.filter("tls", "odd", "lacking")["stream"].sort()
    return tuple(found.head(_STREAMS))


def _view(facts: Facts) -> View | None:
    rules, streams = facts[hidden], {*facts[hidden], *facts[disordered]}
    if not streams:
        return None
    frames = facts[segments].filter(pl.col("stream").is_in(streams))["frame"]
    return View(with_streams(facts, frames), "tls", tuple(sorted(set(rules.values()))), (_REASSEMBLED,))


AGAIN = Look("TLS that the defaults do not show", (hidden, disordered, segments, *STREAM_NEEDS), _COLUMNS, _view)
