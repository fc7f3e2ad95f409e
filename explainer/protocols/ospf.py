"""OSPF version 2: what routers say of themselves in their hellos, and whom they hear (RFC 2328, appendix A.3)."""

from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any, NamedTuple

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import packets

_VERSION, _TYPE = Column("ospf.version", Kind.INT), Column("ospf.msg", Kind.INT)
_ROUTER, _AREA, _AUTH = Column("ospf.srcrouter"), Column("ospf.area_id"), Column("ospf.auth.type", Kind.INT)
_MASK = Column("ospf.hello.network_mask")
_HELLO, _DEAD = Column("ospf.hello.hello_interval", Kind.INT), Column("ospf.hello.router_dead_interval", Kind.INT)
_NEIGHBORS, _MTU = Column("ospf.hello.active_neighbor", many=True), Column("ospf.db.interface_mtu", Kind.INT)
_COLUMNS = (FRAME, _VERSION, _TYPE, _ROUTER, _AREA, _AUTH, _MASK, _HELLO, _DEAD, _NEIGHBORS, _MTU)
_IS_HELLO, _IS_DESCRIPTION, _IS_REQUEST = 1, 2, 3
_V2 = 2


class Router(NamedTuple):
    """A router on one link, as its last hello tells: `neighbors` are the routers that it hears, by their identifiers.

    `hellos` and `descriptions` are the frames of its hellos and database descriptions, `requests` those in which it
    asks for what it lacks; `mtu` is what its descriptions tell of its interface, None where it sent none.
    """

    identifier: str
    address: str
    area: str
    authentication: int
    mask: str
    hello_s: int
    dead_s: int
    neighbors: tuple[str, ...]
    hellos: tuple[int, ...]
    descriptions: tuple[int, ...] = ()
    requests: tuple[int, ...] = ()
    mtu: int | None = None

    @property
    def network(self) -> IPv4Network:
        """The network that it believes to be on this link."""
        return ip_network(f"{self.address}/{self.mask}", strict=False)  # type: ignore[return-value]

    def shares_link(self, other: "Router") -> bool:
        """Return whether both are on one link, by the mask of either."""
        return ip_address(other.address) in self.network or ip_address(self.address) in other.network


@fact("OSPF routers", packets, *_COLUMNS)
def routers(facts: Facts) -> tuple[Router, ...]:
    """Return the routers that send hellos, each with its address on a link, by first frame."""
    table = facts.frames_with((_VERSION,), *_COLUMNS).filter(pl.col(_VERSION.field) == _V2)
    if table.is_empty():
        return ()
    rows = table.join(facts[packets].select("frame", "src"), left_on=FRAME.field, right_on="frame", how="left")
    found = list[Router]()
    for _, said in rows.drop_nulls(["src", _ROUTER.field]).group_by(_ROUTER.field, "src", maintain_order=True):
        kinds = {kind: said.filter(pl.col(_TYPE.field) == kind) for kind in (_IS_HELLO, _IS_DESCRIPTION, _IS_REQUEST)}
        hellos = kinds[_IS_HELLO].drop_nulls([_MASK.field, _HELLO.field, _DEAD.field])
        if not hellos.is_empty():
            found.append(_router(hellos, kinds))
    return tuple(found)


def _router(hellos: "pl.DataFrame", kinds: dict[int, "pl.DataFrame"]) -> Router:
    last: dict[str, Any] = hellos.row(-1, named=True)
    frames = {kind: tuple(table[FRAME.field].to_list()) for kind, table in kinds.items()}
    mtus = kinds[_IS_DESCRIPTION][_MTU.field].drop_nulls()
    return Router(
        last[_ROUTER.field], last["src"], last[_AREA.field] or "", last[_AUTH.field] or 0, last[_MASK.field],
        last[_HELLO.field], last[_DEAD.field], tuple(last[_NEIGHBORS.field] or ()), frames[_IS_HELLO],
        frames[_IS_DESCRIPTION], frames[_IS_REQUEST], mtus[-1] if len(mtus) else None,
    )  # fmt: skip
