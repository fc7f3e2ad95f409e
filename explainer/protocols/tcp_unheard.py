"""What one side of a TCP connection sent and the other never got, told by its later sequence numbers (RFC 9293)."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tcp_sent import sent


class Unheard(NamedTuple):
    """A request without an answer, or with a part of one, on an open connection: the client's last word.

    `acknowledged` is the server's first segment after it that acknowledges it; `answered` says whether data came after
    it. `missing` are the bytes that the server's later sequence numbers tell of and that never came, `told` the first
    frame that does; the client acknowledged none of them. `gave_up` is the client's FIN, None where the connection is
    open to the end; `waited_s` is the time from the last data until then. `answered_bytes` are all of the server's, in
    `answers` segments.
    """

    connection: Connection
    request: int
    acknowledged: int | None
    waited_s: float
    gave_up: int | None
    missing: int
    told: int | None
    answered_bytes: int
    answered: bool
    answers: int = 0


@fact("requests without an answer", sent, connections)
def unheard(facts: Facts) -> tuple[Unheard, ...]:
    """Return, by stream, the opened connections that the server does not end, as far as it is seen, with a request."""
    by_stream = {c.stream: c for c in facts[connections] if c.established and c.client_payload}
    client, frame, time = pl.col("from_client"), pl.col("frame"), pl.col("time")
    table = facts[sent].filter(pl.col("stream").is_in(list(by_stream)))
    if table.is_empty():
        return ()
    last = frame.filter(client & pl.col("data")).max().over("stream")
    top = pl.col("next_seq").filter(client & pl.col("data")).max().over("stream")
    after = frame > pl.col("last")
    got = pl.col("acknowledged").filter(client & pl.col("ack") & ~pl.col("rst")).max().over("stream")
    closed = frame.filter(client & pl.col("fin")).min().over("stream")
    # The next byte that the client waits for: a hole where the server's later numbers are higher, and it is not here.
    beyond = ~client & ~pl.col("syn") & ~pl.col("rst") & (pl.col("seq") > pl.col("got"))
    there = ~client & pl.col("data") & (pl.col("seq") <= pl.col("got")) & (pl.col("next_seq") > pl.col("got"))
    ends = ~client & (pl.col("fin") | pl.col("rst")) & (pl.col("seq") <= pl.col("got"))
    marked = table.with_columns(last.alias("last"), top.alias("top"), got.alias("got"), closed.alias("closed"))
    rows = marked.group_by("stream").agg(
        pl.col("last").first(), pl.col("got").first(),
        (after & ~client & pl.col("data")).any().alias("answered"), ends.any().alias("ended"),
        frame.filter(after & ~client & pl.col("ack") & (pl.col("acknowledged") >= pl.col("top"))).first()
        .alias("acknowledged"),
        time.filter("data").last().alias("asked_ns"),
        frame.filter(client & pl.col("fin")).first().alias("gave_up"),
        time.filter(client & pl.col("fin")).first().alias("gave_up_ns"),
        pl.col("seq").filter(beyond).min().alias("seen"), frame.filter(beyond).first().alias("told"),
        there.any().alias("there"),
        (~client & pl.col("data")).sum().alias("answers"),
        # A reset behind one's own FIN is how some programs close.
        (client & ((pl.col("rst") & (pl.col("closed").is_null() | (frame < pl.col("closed"))))
                   | (pl.col("fin") & (frame < pl.col("last"))))).any().alias("reset"),
    ).filter(~pl.col("ended") & ~pl.col("reset")).sort("stream")  # fmt: skip
    end = table["time"].max()
    found = list[Unheard]()
    for row in rows.iter_rows(named=True):
        missing = 0 if row["there"] or row["seen"] is None else row["seen"] - row["got"]
        c = by_stream[row["stream"]]
        until = row["gave_up_ns"] or end
        found.append(
            Unheard(
                c, row["last"], row["acknowledged"], (until - row["asked_ns"]) / 1e9, row["gave_up"], missing,
                row["told"], c.server_payload, row["answered"], row["answers"],
            )
        )  # fmt: skip
    return tuple(found)
