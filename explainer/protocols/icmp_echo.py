"""Pings: echo requests and replies between two hosts (RFC 792, RFC 4443)."""

from dataclasses import dataclass

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.icmp import messages
from explainer.protocols.ip import packets

_REQUESTS, _REPLIES = ((4, 8), (6, 128)), ((4, 0), (6, 129))


@dataclass(frozen=True, slots=True)
class Pings:
    """All echo requests of one host to another, and the replies to them; sizes in bytes of whole frames."""

    asker: str
    target: str
    request_frames: tuple[int, ...]
    reply_frames: tuple[int, ...]
    ttls: tuple[int, ...]
    request_sizes: tuple[int, ...]
    reply_sizes: tuple[int, ...]
    first_ns: int
    last_ns: int


@fact("pings", messages, packets)
def pings(facts: Facts) -> tuple[Pings, ...]:
    """Return the pings by asker and target, in the order of their first frame."""
    said = facts[messages].select(
        "frame", "time", "src", "dst",
        pl.any_horizontal((pl.col("version") == v) & (pl.col("type") == t) for v, t in _REQUESTS).alias("asks"),
        pl.any_horizontal((pl.col("version") == v) & (pl.col("type") == t) for v, t in _REPLIES).alias("answers"),
    ).filter(pl.col("asks") | pl.col("answers"))  # fmt: skip
    asks = pl.col("asks")
    grouped = (
        said.join(facts[packets].select("frame", "ttl", "length"), on="frame", maintain_order="left")
        .with_columns(
            pl.when(asks).then("src").otherwise("dst").alias("asker"),
            pl.when(asks).then("dst").otherwise("src").alias("target"),
        )
        .group_by("asker", "target", maintain_order=True)
        .agg(
            pl.col("frame").filter(asks).alias("requests"), pl.col("frame").filter(~asks).alias("replies"),
            pl.col("ttl").filter(asks).drop_nulls().alias("ttls"),
            pl.col("length").filter(asks).alias("sizes"), pl.col("length").filter(~asks).alias("reply_sizes"),
            pl.col("time").min().alias("first"), pl.col("time").max().alias("last"),
        )
    )  # fmt: skip
    return tuple(
        Pings(asker, target, tuple(asked), tuple(told), tuple(ttls), tuple(sizes), tuple(told_sizes), first, last)
        for asker, target, asked, told, ttls, sizes, told_sizes, first, last in grouped.iter_rows()
    )
