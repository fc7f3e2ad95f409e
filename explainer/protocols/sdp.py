"""Where the two sides of a call want their voice and video sent to (SDP, RFC 8866)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Look, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, OF_LAYERS, with_layer
from explainer.protocols.ip import packets

_ADDRESS = Column("sdp.connection_info.address", many=True)
_ATTRIBUTE, _MEDIA = Column("sdp.media_attr", many=True), Column("sdp.media", many=True)
_ONE_WAY = {"sendonly", "recvonly", "inactive"}
_MOST = 500


class Description(NamedTuple):
    """What one message says: the address for its media, as `named`, and `sender`, from where the message comes.

    `one_way` says that it does not want media in both directions: a call that is held, an announcement.
    """

    frame: int
    sender: str
    receiver: str
    named: str
    voice: bool
    one_way: bool


_DESCRIPTIONS = Look("SDP", OF_LAYERS, (FRAME, _ADDRESS, _ATTRIBUTE, _MEDIA), with_layer("sip:sdp", _MOST))


@fact("descriptions of calls", packets, _DESCRIPTIONS)
def descriptions(facts: Facts) -> tuple[Description, ...]:
    """Return what SIP's messages say of the media, in the order of the file."""
    seen = facts.look(_DESCRIPTIONS)
    if seen is None:
        return ()
    table = seen.select(
        pl.col(FRAME.field).cast(pl.Int64).alias("frame"), pl.col(_ADDRESS.field).list.first().alias("named"),
        pl.col(_ATTRIBUTE.field).alias("attributes"), pl.col(_MEDIA.field).alias("media"),
    ).join(facts[packets].with_columns(pl.col("frame").cast(pl.Int64)), on="frame", how="inner")  # fmt: skip
    return tuple(
        Description(
            row["frame"], row["src"], row["dst"], row["named"] or "",
            any(media.startswith("audio") for media in row["media"] or ()),
            bool(_ONE_WAY & {attribute.strip() for attribute in row["attributes"] or ()}),
        )
        for row in table.unique("frame", keep="last").sort("frame").iter_rows(named=True)
    )  # fmt: skip
