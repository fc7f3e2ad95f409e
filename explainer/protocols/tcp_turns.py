"""Whose turn it is on each TCP connection: what the client asks, and when the server's answer to it begins and ends."""

import re

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.rows import neighbour
from explainer.protocols.tcp_sent import sent

_PEERS = re.compile(r":(?:bgp|ldp|msdp|sip)(?::|$)")
"""Protocols of which either side speaks when it has something to say: what comes next answers nothing."""


@fact("TCP requests with a response", sent, FRAME, PROTOCOLS)
def turns(facts: Facts) -> "pl.DataFrame":
    """Return stream and the fields of `tcp_timing.Exchange`, in order, of requests with a response; none of peers."""
    table = facts[sent]
    spoken = facts.frames(FRAME, PROTOCOLS).drop_nulls()
    of_peers = [text for text in spoken[PROTOCOLS.field].unique() if _PEERS.search(text)]
    if of_peers:
        frames = spoken.filter(pl.col(PROTOCOLS.field).is_in(of_peers))[FRAME.field]
        streams = table.filter(pl.col("frame").is_in(frames.implode()))["stream"].unique()
        table = table.filter(~pl.col("stream").is_in(streams.implode()))
    return _exchanges(table)


def _exchanges(table: "pl.DataFrame") -> "pl.DataFrame":
    data = table.filter(pl.col("data") & ~pl.col("again") & ~pl.col("syn")).sort("stream", maintain_order=True)
    turn = (pl.col("from_client") != neighbour("from_client", -1, "stream")).fill_null(value=True).cum_sum()
    frame, time = pl.col("frame"), pl.col("time")
    turns = data.with_columns(turn.alias("turn")).group_by("stream", "turn").agg(
        pl.col("from_client").first(), frame.first().alias("begins"), frame.last().alias("ends"),
        time.first().alias("begins_ns"), time.last().alias("ends_ns"), pl.col("payload").sum(),
        pl.col("next_seq").max().alias("last"),
    ).sort("stream", "turn")  # fmt: skip

    def answer(name: str) -> "pl.Expr":
        return neighbour(name, 1, "stream")

    pairs = turns.with_columns(
        answer("begins").alias("response_frame"), answer("ends").alias("last_frame"),
        answer("begins_ns").alias("response_ns"), answer("ends_ns").alias("last_ns"), answer("payload").alias("size"),
    ).filter("from_client").drop_nulls("response_frame")  # fmt: skip
    replies = table.filter(~pl.col("from_client") & pl.col("ack")).select(
        "stream", pl.col("frame").alias("reply"), pl.col("time").alias("reply_ns"), pl.col("acknowledged").alias("upto")
    )  # fmt: skip
    found = pairs.sort("ends").join_asof(
        replies.sort("reply"), left_on="ends", right_on="reply", by="stream", strategy="forward", coalesce=False,
        check_sortedness=False,
    )  # fmt: skip
    bare = (pl.col("upto") >= pl.col("last")) & (pl.col("reply") < pl.col("response_frame"))
    return found.sort("stream", "turn").select(
        "stream", pl.col("ends").alias("request_frame"), pl.when(bare).then("reply").alias("acknowledged_frame"),
        pl.when(bare).then((pl.col("reply_ns") - pl.col("ends_ns")) / 1e6).alias("acknowledged_ms"),
        "response_frame", ((pl.col("response_ns") - pl.col("ends_ns")) / 1e6).alias("response_ms"), "last_frame",
        ((pl.col("last_ns") - pl.col("response_ns")) / 1e6).alias("transfer_ms"),
        pl.col("size").alias("response_bytes"), ((pl.col("ends_ns") - pl.col("begins_ns")) / 1e6).alias("asking_ms"),
    )  # fmt: skip
