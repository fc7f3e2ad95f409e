"""Bytes that were delivered, as their acknowledgement shows, and that the capture lacks."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.tcp import segments


class Gap(NamedTuple):
    """What the capture lacks of one direction of a connection; `frames` acknowledge it, or come after it."""

    stream: int
    sender: str
    receiver: str
    bytes: int
    frames: tuple[int, ...]


@fact("TCP connections", segments)
def gaps(facts: Facts) -> tuple[Gap, ...]:
    """Return the gaps of the connections that are recorded from their SYN on, in both directions, by stream.

    Only bytes that the peer acknowledges count: those that nobody acknowledges were lost on the way, not here.
    """
    table = facts[segments].drop_nulls(["seq", "next_seq"])
    whole = table.group_by("stream").agg(
        pl.col("syn").any().alias("whole"), (pl.col("from_client").n_unique() == 2).alias("both")
    ).filter("whole", "both")  # fmt: skip
    own = table.join(whole.select("stream"), on="stream", how="semi").filter(~pl.col("rst"))
    side = ("stream", "from_client")
    # A keep-alive repeats a byte: it fills no gap and makes none.
    ends = own.sort("seq", "next_seq").with_columns(pl.col("next_seq").cum_max().shift(1).over(*side).alias("reached"))
    holes = ends.filter(pl.col("reached").is_not_null() & (pl.col("seq") > pl.col("reached"))).select(
        *side, "src", "dst", "frame", pl.col("reached").alias("from"), pl.col("seq").alias("to")
    )
    acknowledged = (
        own.filter("ack").group_by("stream", ~pl.col("from_client")).agg(pl.col("acknowledged").max().alias("highest"))
    )
    told = holes.join(acknowledged, on=list(side), how="inner").filter(pl.col("highest") >= pl.col("to"))
    grouped = told.group_by(*side, maintain_order=True).agg(
        pl.col("src", "dst").first(), (pl.col("to") - pl.col("from")).sum().alias("bytes"),
        pl.col("frame").sort().head(20).alias("frames"),
    ).sort("stream")  # fmt: skip
    return tuple(
        Gap(row["stream"], row["src"], row["dst"], row["bytes"], tuple(row["frames"]))
        for row in grouped.iter_rows(named=True)
    )
