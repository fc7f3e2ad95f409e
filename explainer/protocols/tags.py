"""The numbers of virtual networks that frames are marked with: VLAN tags (IEEE 802.1Q), and VXLAN's (RFC 7348)."""

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import packets

_KINDS = {
    "VLAN": Column("vlan.id", Kind.INT, many=True),
    "802.1ad VLAN": Column("ieee8021ad.id", Kind.INT, many=True),
    "VXLAN network": Column("vxlan.vni", Kind.INT, many=True),
}


@fact("tagged frames", packets, FRAME, *_KINDS.values())
def tags(facts: Facts) -> "pl.DataFrame":
    """Return a row a tag of a frame: frame, kind, number, src (who sent the IP packet in it, if it holds one)."""
    table = facts.frames(FRAME, *_KINDS.values())
    found = [
        table.select(
            pl.col(FRAME.field).alias("frame"), pl.lit(kind).alias("kind"), pl.col(column.field).alias("number")
        )
        .explode("number")
        .drop_nulls()
        for kind, column in _KINDS.items()
    ]
    return pl.concat(found).join(facts[packets].select("frame", "src"), on="frame", how="left", maintain_order="left")
