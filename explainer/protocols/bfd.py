"""BFD: what two routers say about the link between them, and whether they hear each other (RFC 5880)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, OF_LAYERS, with_layer
from explainer.protocols.ip import packets

_STATE, _DIAGNOSTIC = Column("bfd.sta", Kind.INT), Column("bfd.diag", Kind.INT)
_MOST = 2_000
ADMIN_DOWN, DOWN, INIT, UP = range(4)


class Said(NamedTuple):
    """One control packet: who sent it, when (nanoseconds since 1970), the state that it tells, and why (diagnostic)."""

    frame: int
    time: int
    sender: str
    state: int
    diagnostic: int


class Session(NamedTuple):
    """What two hosts tell each other, in file order."""

    hosts: tuple[str, str]
    said: tuple[Said, ...]


_LOOK = Look("BFD", OF_LAYERS, (FRAME, _STATE, _DIAGNOSTIC), with_layer("bfd", _MOST))


@fact("BFD sessions", packets, _LOOK)
def sessions(facts: Facts) -> tuple[Session, ...]:
    """Return the sessions by first frame; those of one pair of hosts are one."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    rows = seen.select(
        pl.col(FRAME.field).cast(pl.Int64).alias("frame"), pl.col(_STATE.field).alias("state"),
        pl.col(_DIAGNOSTIC.field).alias("diagnostic"),
    ).drop_nulls()  # fmt: skip
    sent = facts[packets].select(pl.col("frame").cast(pl.Int64), "time", "src", "dst").drop_nulls()
    found = dict[tuple[str, str], list[Said]]()
    for frame, state, diagnostic, time, src, dst in rows.join(sent, on="frame").sort("frame").iter_rows():
        pair = (src, dst) if (dst, src) not in found else (dst, src)
        found.setdefault(pair, []).append(Said(frame, time, src, state, diagnostic))
    return tuple(Session(hosts, tuple(said)) for hosts, said in found.items())
