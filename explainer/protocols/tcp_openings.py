"""How TCP connections open: handshakes that stop half-way (RFC 9293 section 3.5), and requests that offer ECN."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.tcp import FLAGS, Connection, connections
from explainer.protocols.tcp_sent import sent

_FIRST_TTLS = (64, 128, 255)
"""What systems give their packets to start with: who is seen with one of these is no router away."""
_OPENING, _OFFERS_ECN = 0xD2, 0xC2  # of ACK, SYN, ECE and CWR: SYN, ECE and CWR (RFC 3168, section 6.1.1)


@fact("TCP connections", FRAME, FLAGS)
def offering_ecn(facts: Facts) -> frozenset[int]:
    """Return the connection requests that offer ECN, which old firewalls drop."""
    offers = (pl.col(FLAGS.field) & _OPENING) == _OFFERS_ECN
    return frozenset(facts.frames(FRAME, FLAGS).filter(offers)[FRAME.field])


class HalfWay(NamedTuple):
    """A connection whose server repeats its SYN/ACK and says nothing else.

    `asked_again` are the SYNs that the client sent after the first SYN/ACK, `completed` what it sent that acknowledges
    it, `data` those of these that carry payload; `at_server` and `at_client`: whether the TTLs tell that no router lies
    between that side and the place of the capture.
    """

    connection: Connection
    answers: tuple[int, ...]
    lasted_s: float
    asked_again: tuple[int, ...]
    completed: tuple[int, ...]
    data: tuple[int, ...]
    at_server: bool
    at_client: bool


@fact("TCP handshakes that stop half-way", sent, connections)
def half_way(facts: Facts) -> tuple[HalfWay, ...]:
    """Return the connections in which two SYN/ACKs or more are all that the server sends, by stream."""
    server, client, syn = ~pl.col("from_client"), pl.col("from_client"), pl.col("syn")
    frame, time, answer = pl.col("frame"), pl.col("time"), syn & pl.col("ack") & server
    opened = facts[sent].filter(answer).group_by("stream").len().filter(pl.col("len") > 1).select("stream")
    table = facts[sent].join(opened, on="stream", how="semi", maintain_order="left")
    if table.is_empty():
        return ()
    later = frame > frame.filter(answer).first().over("stream")
    rows = table.with_columns(later.alias("later")).group_by("stream").agg(
        (server & ~answer & ~pl.col("rst")).any().alias("spoke"),
        frame.filter(answer).alias("answers"),
        ((time.filter(answer).last() - time.filter(answer).first()) / 1e9).alias("lasted_s"),
        frame.filter(client & syn & pl.col("later")).alias("asked_again"),
        frame.filter(client & pl.col("ack") & ~syn & ~pl.col("rst")).alias("completed"),
        frame.filter(client & pl.col("ack") & (pl.col("payload") > 0)).alias("data"),
        pl.col("ttl").filter(server).first().is_in(_FIRST_TTLS).alias("at_server"),
        pl.col("ttl").filter(client).first().is_in(_FIRST_TTLS).alias("at_client"),
    ).filter(~pl.col("spoke")).sort("stream")  # fmt: skip
    by_stream = {connection.stream: connection for connection in facts[connections]}
    return tuple(
        HalfWay(
            by_stream[row["stream"]], tuple(row["answers"]), row["lasted_s"], tuple(row["asked_again"]),
            tuple(row["completed"]), tuple(row["data"]), bool(row["at_server"]), bool(row["at_client"]),
        )
        for row in rows.iter_rows(named=True)
    )  # fmt: skip
