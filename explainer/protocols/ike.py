"""IKE, by which IPsec's two ends agree: what the answers refuse (RFC 7296; RFC 2408 for version 1)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, OF_LAYERS, with_layer
from explainer.protocols.ip import packets

_EXCHANGE = Column("isakmp.exchangetype", Kind.INT)
_NOTIFY = Column("isakmp.notify.msgtype", Kind.INT, many=True)
_RESPONSE = Column("isakmp.flag_r")
_SPI = Column("isakmp.ispi")
_NUMBER = Column("isakmp.messageid")
_LENGTH = Column("isakmp.length", Kind.INT)
_COLUMNS = (FRAME, _EXCHANGE, _NOTIFY, _RESPONSE, _SPI, _NUMBER, _LENGTH)
_MOST = 2000
IKE_AUTH, INFORMATIONAL_1 = 35, 5


_LOOK = Look("IKE", OF_LAYERS, _COLUMNS, with_layer("isakmp", _MOST, "isakmp"))


class Message(NamedTuple):
    """One message: its exchange (RFC 7296 section 3.1), the notifications in clear sight, whether it answers."""

    frame: int
    source: str
    target: str
    exchange: int
    notifications: tuple[int, ...]
    response: bool
    spi: str
    number: str
    size: int


@fact("IKE messages", _LOOK, packets)
def ike_messages(facts: Facts) -> tuple[Message, ...]:
    """Return the messages in file order."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    sent = facts[packets].select(pl.col("frame").alias(FRAME.field), "src", "dst")
    rows = seen.drop_nulls([FRAME.field, _EXCHANGE.field, _SPI.field]).join(sent, on=FRAME.field).sort(FRAME.field)
    return tuple(
        Message(
            row[FRAME.field], row["src"], row["dst"], row[_EXCHANGE.field], tuple(row[_NOTIFY.field] or ()),
            row[_RESPONSE.field] in ("1", "True"), row[_SPI.field], row[_NUMBER.field] or "", row[_LENGTH.field] or 0,
        )
        for row in rows.iter_rows(named=True)
    )  # fmt: skip
