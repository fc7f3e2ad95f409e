"""Columns that every frame has (Wireshark's "frame" protocol), and the capture's end."""

from explainer.facts import Column, Facts, Given, Kind, fact

FRAME = Column("frame.number", Kind.INT)
TIME = Column("frame.time_epoch", Kind.TIME)
LENGTH = Column("frame.len", Kind.INT)
RELATIVE_TIME = Column("frame.time_relative", Kind.TIME)
CAPTURED_LENGTH = Column("frame.cap_len", Kind.INT)
LINK_TYPE = Column("frame.encap_type", Kind.INT)
INTERFACE = Column("frame.interface_id", Kind.INT)
INTERFACE_NAME = Column("frame.interface_name")
PROTOCOLS = Column("frame.protocols")
TSHARK = Given("the version of tshark")


@fact("frames", TIME)
def last_ns(facts: Facts) -> int:
    """Return the capture's last moment, in nanoseconds since 1970 (0 where no frame has a time)."""
    last = facts.frames(TIME)[TIME.field].max()
    return last if isinstance(last, int) else 0


@fact("frames", TIME, RELATIVE_TIME)
def start_ns(facts: Facts) -> int | None:
    """Return the time of the file's first frame, in nanoseconds since 1970, also where that frame is not selected."""
    frames = facts.frames(TIME, RELATIVE_TIME).drop_nulls()
    if frames.is_empty():
        return None
    return int(frames[TIME.field][0]) - int(frames[RELATIVE_TIME.field][0])
