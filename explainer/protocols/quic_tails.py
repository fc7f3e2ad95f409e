"""What the client of a QUIC connection still sends after the last packet that the server sent."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.layers import UDP
from explainer.protocols.tcp import Connection
from explainer.protocols.tls.datagrams import quic_connections
from explainer.protocols.tls.ending import Outcome

_ACKNOWLEDGED_NS = 100_000_000
"""So soon after the server's last packet the client may only acknowledge it, which wants no answer."""


class Tail(NamedTuple):
    """Packets of a client to which nothing answers any more, of a connection that was in use.

    `quiet_s` is how long both had said nothing before; `again` is a later packet of that server's port to the client.
    """

    connection: Connection
    frames: tuple[int, ...]
    answer: int
    lasted_s: float
    quiet_s: float
    again: int | None


@fact("QUIC connections", quic_connections, UDP.headers)
def tails(facts: Facts) -> tuple[Tail, ...]:
    """Return the last packets of each connection in use, where they are the client's."""
    known = (q.ending for q in facts[quic_connections])
    used = {e.handshake.stream: e.connection for e in known if e.outcome is Outcome.ESTABLISHED}
    if not used:
        return ()
    table = facts[UDP.headers].filter(pl.col("stream").is_in(list(used))).sort("frame", maintain_order=True)
    first = [pl.col(name) == pl.col(name).first().over("stream") for name in ("src", "sport")]
    sided = table.with_columns((first[0] & first[1]).alias("ours"))
    theirs = sided.filter(~pl.col("ours"))
    to_whom = theirs.group_by("src", "sport", "dst").agg(pl.col("frame").max())
    latest = {(src, sport, dst): frame for src, sport, dst, frame in to_whom.iter_rows()}
    last = theirs.group_by("stream").agg(
        pl.col("frame").max().alias("answer"), pl.col("time").max().alias("answered")
    )  # fmt: skip
    late = pl.col("ours") & (pl.col("frame") > pl.col("answer"))
    late &= pl.col("time") - pl.col("answered") > _ACKNOWLEDGED_NS
    grouped = sided.join(last, on="stream", maintain_order="left").filter(late).group_by("stream").agg(
        "frame", pl.col("time").first().alias("first"), pl.col("time").last().alias("last"),
        pl.col("answer", "answered").first(),
    ).sort("stream")  # fmt: skip
    found = []
    for row in grouped.iter_rows(named=True):
        below = used[row["stream"]]
        again = latest.get((below.server.address, below.server.port, below.client.address), 0)
        lasted, quiet = (row["last"] - row["first"]) / 1e9, (row["first"] - row["answered"]) / 1e9
        frames = tuple(row["frame"])
        found.append(Tail(below, frames, row["answer"], lasted, quiet, again if again > frames[0] else None))
    return tuple(found)
