"""Columns that every frame has (Wireshark's "frame" protocol), and the capture's end."""

import re
from collections.abc import Callable

from explainer.facts import Column, Facts, Given, Kind, View, fact
from explainer.lazy import pl

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


@fact("layers of frames", PROTOCOLS)
def stacks(facts: Facts) -> tuple[str, ...]:
    """Return the texts of frame.protocols that occur, each once: a capture of millions of frames has a few dozen."""
    return tuple(facts.frames(PROTOCOLS)[PROTOCOLS.field].drop_nulls().unique())


OF_LAYERS = (FRAME, PROTOCOLS, stacks)
"""What the views that `with_layer` makes need."""


def with_layer(layer: str, most: int, shown: str = "") -> Callable[[Facts], View | None]:
    """Return what makes a view of the frames with a layer (a pattern), the first `most` of them; `shown` as in View."""
    words = re.compile(rf"(?:^|:)(?:{layer})(?::|$)")

    def view(facts: Facts) -> View | None:
        known = [stack for stack in facts[stacks] if words.search(stack)]
        if not known:
            return None
        table = facts.frames(FRAME, PROTOCOLS)
        return View(tuple(table.filter(pl.col(PROTOCOLS.field).is_in(known))[FRAME.field].head(most)), shown)

    return view
