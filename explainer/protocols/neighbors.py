"""IPv6 neighbors and routers: who asks for whom, and who answers (RFC 4861, RFC 4862).

Rule: which group a solicitation goes to tells the last 24 bits of the address that is asked for (RFC 4291 section
2.7.1); only where something seems amiss a second look reads the address itself.
"""

from ipaddress import IPv6Address
from typing import NamedTuple

from explainer.facts import Column, Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols import eth
from explainer.protocols.frame import FRAME
from explainer.protocols.icmp import messages

_TARGET = Column("icmpv6.nd.ns.target_address")
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, _SOLICITATION, _ADVERTISEMENT = 133, 134, 135, 136
_GROUP = "ff02::1:ff"
_NOBODY = "::"
_MIN, _DAD_NS = 3, 2_000_000_000


class Search(NamedTuple):
    """Solicitations of one host for one address, to the address's group, that nobody of that group answers."""

    asker: str
    group: str
    frames: tuple[int, ...]
    first_ns: int
    last_ns: int


class Clash(NamedTuple):
    """An address that a host wants to use (a probe, without a source) and that another network card has."""

    probe: int
    answer: int
    address: str
    macs: tuple[str, str]


class Neighbors(NamedTuple):
    """What is amiss among neighbors, and the routers' part: solicitations by host, and how many advertise."""

    searches: tuple[Search, ...]
    clashes: tuple[Clash, ...]
    routers_asked: dict[str, tuple[int, ...]]
    advertisements: int


@fact("IPv6 neighbors", messages, FRAME, eth.SOURCE)
def neighbors(facts: Facts) -> Neighbors | None:
    """Return what the solicitations and advertisements tell, or None where there are none."""
    told = facts[messages].filter((pl.col("version") == 6) & pl.col("type").is_between(133, 136))
    if told.is_empty():
        return None
    kind = pl.col("type")
    asked = told.filter((kind == _SOLICITATION) & pl.col("dst").str.starts_with(_GROUP))
    answers = told.filter(kind == _ADVERTISEMENT).group_by("src", "dst").agg(pl.len())
    answered = {(dst, _suffix(src)) for src, dst, _ in answers.iter_rows()}
    searches = tuple(
        Search(src, dst, tuple(frames), first, last)
        for src, dst, frames, first, last in asked.filter(pl.col("src") != _NOBODY)
        .group_by("src", "dst", maintain_order=True)
        .agg("frame", pl.col("time").first().alias("first"), pl.col("time").last().alias("last"))
        .iter_rows()
        if len(frames) >= _MIN and (src, _suffix(dst)) not in answered
    )
    asks_routers = told.filter(kind == ROUTER_SOLICITATION).group_by("src", maintain_order=True).agg("frame")
    return Neighbors(
        searches,
        _clashes(facts, told, asked),
        {src: tuple(frames) for src, frames in asks_routers.iter_rows()},
        told.filter(kind == ROUTER_ADVERTISEMENT).height,
    )


def _clashes(facts: Facts, told: "pl.DataFrame", asked: "pl.DataFrame") -> tuple[Clash, ...]:
    """Return the probes that an advertisement to all nodes answers, of another card than the one that asks."""
    probes = asked.filter(pl.col("src") == _NOBODY)
    to_all = told.filter((pl.col("type") == _ADVERTISEMENT) & (pl.col("dst") == "ff02::1"))
    if probes.is_empty() or to_all.is_empty():
        return ()
    macs = facts.frames(FRAME, eth.SOURCE).select(
        pl.col(FRAME.field).alias("frame"), pl.col(eth.SOURCE.field).list.first().alias("mac")
    )  # fmt: skip
    probes, to_all = (table.join(macs, on="frame").drop_nulls("mac") for table in (probes, to_all))
    found = list[Clash]()
    for answer in to_all.iter_rows(named=True):
        for probe in probes.filter((answer["time"] - pl.col("time")).is_between(0, _DAD_NS)).iter_rows(named=True):
            other = probe["mac"] != answer["mac"]
            if other and _suffix(probe["dst"]) == _suffix(answer["src"]):
                found.append(Clash(probe["frame"], answer["frame"], answer["src"], (probe["mac"], answer["mac"])))
    return tuple(found)


def _suffix(address: str) -> int:
    return int(IPv6Address(address.partition("%")[0])) & 0xFFFFFF


def _view(facts: Facts) -> View | None:
    known = facts[neighbors]
    frames = sorted(s.frames[0] for s in known.searches) if known else []
    return View(tuple(frames[:100]), "icmpv6") if frames else None


_LOOK = Look("addresses of IPv6 neighbors", (neighbors,), (FRAME, _TARGET), _view)


@fact("IPv6 neighbors", neighbors, _LOOK)
def sought(facts: Facts) -> dict[int, str]:
    """Return the address that the first frame of each search in vain asks for."""
    seen = facts.look(_LOOK)
    if seen is None:
        return {}
    return dict(seen.select(FRAME.field, _TARGET.field).drop_nulls().iter_rows())
