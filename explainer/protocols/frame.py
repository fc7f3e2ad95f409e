"""Columns that every frame has (Wireshark's "frame" protocol), and the capture's end."""

from explainer.facts import Column, Facts, Kind, fact

FRAME = Column("frame.number", Kind.INT)
TIME = Column("frame.time_epoch", Kind.TIME)
LENGTH = Column("frame.len", Kind.INT)
CAPTURED_LENGTH = Column("frame.cap_len", Kind.INT)
LINK_TYPE = Column("frame.encap_type", Kind.INT)
INTERFACE = Column("frame.interface_id", Kind.INT)
INTERFACE_NAME = Column("frame.interface_name")
PROTOCOLS = Column("frame.protocols")


@fact("frames", TIME)
def last_ns(facts: Facts) -> int:
    """Return the capture's last moment, in nanoseconds since 1970 (0 where no frame has a time)."""
    last = facts.frames(TIME)[TIME.field].max()
    return last if isinstance(last, int) else 0
