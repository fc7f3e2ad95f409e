"""Requests by UDP that nobody answers, counted by client, server and port; a fact, no judgement."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.icmp_errors import errors
from explainer.protocols.layers import UDP

_FRAMES = 20


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Datagrams of a client to one port of a server, of which nothing comes back to the client."""

    client: str
    server: str
    port: int
    requests: int
    frames: tuple[int, ...]
    first_ns: int
    last_ns: int


@fact("unanswered UDP requests", UDP.headers, errors)
def unanswered(facts: Facts) -> Sequence[Unanswered]:
    """Return them by their first frame; without what goes to many at once, and what an ICMP error answers."""
    headers = facts[UDP.headers]
    # An answer comes back to the port that was asked from; from which port, TFTP leaves to the server.
    back = headers.select(pl.col("dst").alias("src"), pl.col("src").alias("dst"), pl.col("dport").alias("sport"))
    silent = (
        headers.join(back.unique().with_columns(answered=True), on=("src", "dst", "sport"), how="left")
        .group_by("src", "dst", "dport")
        .agg(
            pl.col("answered").any(),
            pl.len().alias("requests"), pl.col("frame").sort().head(_FRAMES).alias("frames"),
            pl.col("time").min().alias("first"), pl.col("time").max().alias("last"),
        )
        .filter(~pl.col("answered"))
        .drop_nulls()
    )  # fmt: skip
    told = {(e.source, e.destination) for e in facts[errors]}
    found = [
        Unanswered(
            row["src"], row["dst"], row["dport"], row["requests"], tuple(row["frames"]), row["first"], row["last"]
        )
        for row in silent.iter_rows(named=True)
        if (row["src"], row["dst"]) not in told and not _to_many(row["dst"])
    ]
    return sorted(found, key=lambda one: one.frames)


def _to_many(address: str) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return True
    return known.is_multicast or known.is_unspecified or address.endswith(".255")
