"""What IPv6 routers say of themselves in router advertisements (RFC 4861 section 4.2)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.icmp import messages
from explainer.protocols.neighbors import ROUTER_ADVERTISEMENT

_LIFETIME, _PREFIX = Column("icmpv6.nd.ra.router_lifetime", Kind.INT), Column("icmpv6.opt.prefix", many=True)
_EACH, _MOST = 20, 200


class Router(NamedTuple):
    """One router: the frames of its advertisements that were read, and how long each lets it be the default router.

    `prefixes` are those of the last one; a lifetime of 0 says that it is no default router.
    """

    address: str
    frames: tuple[int, ...]
    lifetimes_s: tuple[int, ...]
    prefixes: tuple[str, ...]


def _advertised(facts: Facts) -> "pl.DataFrame":
    """Return the first and last advertisements of each router."""
    told = facts[messages].filter((pl.col("version") == 6) & (pl.col("type") == ROUTER_ADVERTISEMENT))
    number, total = pl.int_range(pl.len()).over("src"), pl.len().over("src")
    return told.filter((number < _EACH) | (number >= total - _EACH)).head(_MOST)


def _view(facts: Facts) -> View | None:
    frames = _advertised(facts)["frame"].to_list()
    return View(tuple(frames)) if frames else None


_LOOK = Look("router advertisements", (messages,), (FRAME, _LIFETIME, _PREFIX), _view)


@fact("IPv6 routers", messages, _LOOK)
def routers(facts: Facts) -> tuple[Router, ...]:
    """Return the routers in the order of their first advertisement."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    read = seen.select(
        pl.col(FRAME.field).cast(pl.Int64).alias("frame"), pl.col(_LIFETIME.field).alias("lifetime"),
        pl.col(_PREFIX.field).alias("prefixes"),
    ).drop_nulls("lifetime")  # fmt: skip
    sources = _advertised(facts).select(pl.col("frame").cast(pl.Int64), "src")
    table = read.join(sources, on="frame", how="inner").sort("frame").group_by("src", maintain_order=True).agg(
        "frame", "lifetime", pl.col("prefixes").last()
    )  # fmt: skip
    return tuple(
        Router(src, tuple(frames), tuple(lifetimes), tuple(sorted(set(prefixes or ()))))
        for src, frames, lifetimes, prefixes in table.iter_rows()
    )
