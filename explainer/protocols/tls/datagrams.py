"""TLS over UDP: DTLS (RFC 6347, 9147) and QUIC (RFC 9000, 9001), told in the same records as TLS over TCP.

Rule: the UDP conversation stands in for the TCP connection; of QUIC only what Initial packets and headers show in clear
is known, which tshark decrypts without secrets (RFC 9001 section 5.2).
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, TIME, last_ns
from explainer.protocols.layers import UDP
from explainer.protocols.tcp import Connection, Endpoint
from explainer.protocols.tls.columns import DTLS, TLS
from explainer.protocols.tls.ending import Ending, Outcome
from explainer.protocols.tls.handshake import Handshake, connections
from explainer.protocols.tls.hello import Row, values
from explainer.protocols.tls.messages import FATAL, Alert
from explainer.protocols.tls.outcome import PATIENCE_S, tcp_endings

QUIC_VERSION = Column("quic.version", Kind.INT, many=True)
QUIC_SPOKEN = Column("quic.supported_version", Kind.INT, many=True)
LONG_TYPE = Column("quic.long.packet_type", Kind.INT, many=True)
SHORT_HEADER = Column("quic.short", many=True)
CLOSE_CODE = Column("quic.cc.error_code", Kind.INT)
CLOSE_ALERT = Column("quic.cc.error_code.tls_alert", Kind.INT)
CLOSE_REASON = Column("quic.cc.reason_phrase")

_QUIC = (QUIC_VERSION, QUIC_SPOKEN, LONG_TYPE, SHORT_HEADER, CLOSE_CODE, CLOSE_ALERT, CLOSE_REASON)
_RETRY = 3
_NEGOTIATION = 0
_CRYPTO_ERROR = 0x100  # RFC 9000, 20.1: an alert's code is added to it


class Close(NamedTuple):
    """A CONNECTION_CLOSE that can be read: its error code, and what it says."""

    frame: int
    from_client: bool
    code: int
    reason: str


class QuicConnection(NamedTuple):
    """A QUIC connection; frames of Version Negotiation, Retry, and packets with a short header (1-RTT) by sender.

    `versions` are those of its packets, `spoken` those that the server names in a Version Negotiation.
    """

    ending: Ending
    versions: tuple[int, ...]
    spoken: tuple[int, ...]
    negotiations: tuple[int, ...]
    retries: tuple[int, ...]
    client_data: tuple[int, ...]
    server_data: tuple[int, ...]
    close: Close | None


def _sides(facts: Facts) -> "pl.DataFrame":
    """Return a row a datagram: its stream and sides; the client is who sent the stream's first one."""
    table = facts[UDP.headers].sort("frame", maintain_order=True)
    ends = {"src": "client", "sport": "client_port", "dst": "server", "dport": "server_port"}
    sided = table.with_columns(pl.col(own).first().over("stream").alias(side) for own, side in ends.items())
    from_client = (pl.col("src") == pl.col("client")) & (pl.col("sport") == pl.col("client_port"))
    rows = sided.select(pl.col("frame").alias(FRAME.field), "stream", *ends.values(), from_client.alias("from_client"))
    return rows.unique(FRAME.field, keep="last", maintain_order=True)


@fact("DTLS handshakes", UDP.headers, last_ns, FRAME, TIME, *DTLS.every)
def dtls_endings(facts: Facts) -> tuple[Ending, ...]:
    """Return the DTLS handshakes over UDP by stream number, with their ends."""
    told = facts.frames_with((DTLS.record_type, DTLS.handshake_type), FRAME, TIME, *DTLS.every)
    if told.is_empty():
        return ()
    rows = told.join(_sides(facts), on=FRAME.field)
    carried = _conversations(rows)
    known = (replace(handshake, transport="dtls") for handshake in connections(rows, DTLS))
    return tuple(_dtls_ending(h, carried[h.stream], facts[last_ns]) for h in known)


def _dtls_ending(handshake: Handshake, conversation: Connection, capture_ends_ns: int) -> Ending:
    alert = next(iter(handshake.fatal_alerts), None)
    if alert:
        outcome = Outcome.ALERT_FROM_CLIENT if alert.from_client else Outcome.ALERT_FROM_SERVER
        return Ending(handshake, conversation, outcome, alert.frame, alert=alert)
    both = handshake.client_change_cipher and handshake.server_change_cipher
    if both or (handshake.client_data and handshake.server_data):
        frames = handshake.server_change_cipher or handshake.server_data
        return Ending(handshake, conversation, Outcome.ESTABLISHED, frames[0])
    return _unfinished(handshake, conversation, capture_ends_ns)


def _unfinished(handshake: Handshake, conversation: Connection, capture_ends_ns: int) -> Ending:
    hello = handshake.client_hello
    if hello is None:
        return Ending(handshake, conversation, Outcome.STARTED_LATE, conversation.first_frame)
    silent = handshake.server_hello is None and (capture_ends_ns - hello.time_ns) / 1e9 >= PATIENCE_S
    if silent and not conversation.server_frames:
        return Ending(handshake, conversation, Outcome.SILENCE, hello.frame)
    return Ending(handshake, conversation, Outcome.ENDED_EARLY, conversation.last_frame)


@fact("QUIC connections", UDP.headers, last_ns, FRAME, TIME, *_QUIC, *TLS.every)
def quic_connections(facts: Facts) -> tuple[QuicConnection, ...]:
    """Return the QUIC connections by the number of their UDP stream."""
    told = facts.frames_with((QUIC_VERSION, SHORT_HEADER), FRAME, TIME, *_QUIC, *TLS.every)
    if told.is_empty():
        return ()
    rows = told.join(_sides(facts), on=FRAME.field).sort("stream", FRAME.field)
    carried = _conversations(rows)
    hellos = {h.stream: replace(h, transport="quic") for h in connections(_with_hello(rows), TLS)}
    found = []
    for stream, group in groupby(_marked(rows), key=lambda row: row["stream"]):
        handshake = hellos.get(stream) or _without_hello(carried[stream])
        found.append(_quic(list(group), handshake, carried[stream], facts[last_ns]))
    return tuple(found)


def _with_hello(rows: "pl.DataFrame") -> "pl.DataFrame":
    return rows.filter(pl.col(TLS.handshake_type.field).is_not_null())


def _marked(rows: "pl.DataFrame") -> Iterator[Row]:
    """Yield the rows that decide: long headers and closes, and the first short headers of each side."""
    short = pl.col(QUIC_VERSION.field).is_null() & pl.col(CLOSE_CODE.field).is_null()
    turn = short.cum_sum().over("stream", "from_client")
    columns = ("stream", "from_client", FRAME.field, *(column.field for column in _QUIC))
    yield from rows.filter(~short | (turn <= 1)).select(columns).iter_rows(named=True)


def _without_hello(conversation: Connection) -> Handshake:
    return Handshake(
        stream=conversation.stream, client=conversation.client, server=conversation.server, client_hellos=(),
        hello_retry=None, server_hello=None, certificate_messages=(), alerts=(), records=(), messages=(),
        transport="quic",
    )  # fmt: skip


def _quic(rows: list[Row], handshake: Handshake, conversation: Connection, capture_ends_ns: int) -> QuicConnection:
    def frames_with(value: int, column: Column) -> tuple[int, ...]:
        return tuple(r[FRAME.field] for r in rows if value in values(r, column.field))

    def data(*, from_client: bool) -> tuple[int, ...]:
        own = (r for r in rows if r["from_client"] == from_client and r[SHORT_HEADER.field])
        return tuple(r[FRAME.field] for r in own)

    close = next((_close(r) for r in rows if r[CLOSE_CODE.field] is not None), None)
    client_data, server_data = data(from_client=True), data(from_client=False)
    used = bool(client_data and server_data)
    versions = dict.fromkeys(v for r in rows for v in values(r, QUIC_VERSION.field) if v)
    return QuicConnection(
        ending=quic_ending(handshake, conversation, close, used, (*client_data, *server_data), capture_ends_ns),
        versions=tuple(versions),
        spoken=tuple(dict.fromkeys(v for r in rows for v in values(r, QUIC_SPOKEN.field))),
        negotiations=frames_with(_NEGOTIATION, QUIC_VERSION),
        retries=frames_with(_RETRY, LONG_TYPE),
        client_data=client_data,
        server_data=server_data,
        close=close,
    )


def _close(row: Row) -> Close:
    reason = row[CLOSE_REASON.field] or ""
    return Close(row[FRAME.field], row["from_client"], row[CLOSE_CODE.field], reason)


def quic_ending(
    handshake: Handshake,
    conversation: Connection,
    close: Close | None,
    used: bool,
    data: tuple[int, ...],
    capture_ends_ns: int,
) -> Ending:
    """Return how a QUIC connection ended; who gives up since nobody answers says so to nobody, and has not closed."""
    if close and close.code >= _CRYPTO_ERROR and not used:
        alert = Alert(close.frame, close.from_client, FATAL, close.code - _CRYPTO_ERROR)
        outcome = Outcome.ALERT_FROM_CLIENT if close.from_client else Outcome.ALERT_FROM_SERVER
        return Ending(replace(handshake, alerts=(alert,)), conversation, outcome, close.frame, alert=alert)
    if used:
        return Ending(handshake, conversation, Outcome.ESTABLISHED, data[0])
    alone = close is not None and close.from_client and not conversation.server_frames
    if close and close.code and not alone:
        outcome = Outcome.LEFT_BY_CLIENT if close.from_client else Outcome.LEFT_BY_SERVER
        return Ending(handshake, conversation, outcome, close.frame)
    return _unfinished(handshake, conversation, capture_ends_ns)


def _conversations(rows: "pl.DataFrame") -> dict[int, Connection]:
    """Return the UDP conversations as connections without SYN, FIN or RST, by stream."""
    frame, time, client = pl.col(FRAME.field), pl.col(TIME.field), pl.col("from_client")
    grouped = rows.sort("stream", FRAME.field).group_by("stream").agg(
        pl.col("client", "client_port", "server", "server_port").first(),
        pl.len().alias("frames"), frame.first().alias("first"), frame.last().alias("last"),
        time.first().alias("begins"), time.last().alias("ends"),
        client.sum().alias("from_client"), (~client).sum().alias("from_server"),
    )  # fmt: skip
    return {
        row["stream"]: Connection(
            stream=row["stream"],
            client=Endpoint(row["client"], row["client_port"]), server=Endpoint(row["server"], row["server_port"]),
            frames=row["frames"], first_frame=row["first"], last_frame=row["last"], first_ns=row["begins"],
            last_ns=row["ends"], syn_frames=(), syn_ns=(), syn_ack_frame=None, ack_frame=None,
            client_frames=row["from_client"], server_frames=row["from_server"], client_payload=0, server_payload=0,
            client_resets=(), server_resets=(), server_reset_ns=None, client_ends=(), server_ends=(),
            retransmissions=0, lost_segments=0, syn_ack_rtt_ms=None, initial_rtt_ms=None,
        )
        for row in grouped.iter_rows(named=True)
    }  # fmt: skip


@fact("TLS handshakes", tcp_endings, dtls_endings, quic_connections)
def endings(facts: Facts) -> tuple[Ending, ...]:
    """Return how all handshakes ended: those over TCP, then DTLS, then QUIC, each by stream."""
    return (*facts[tcp_endings], *facts[dtls_endings], *(quic.ending for quic in facts[quic_connections]))
