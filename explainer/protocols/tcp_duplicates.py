"""What receivers say that they got twice (D-SACK, RFC 2883): data that was sent again although nothing was lost."""

from explainer.facts import Column, Facts, Kind, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.tcp import segments

LEFT = Column("tcp.options.sack.dsack_le", Kind.INT)


@fact("TCP segments", segments, FRAME, LEFT)
def received_twice(facts: Facts) -> "pl.DataFrame":
    """Return how many reports of a duplicate there are, by the data that they are about.

    Columns: stream, from_client and seq of the data (its sender, relative as Wireshark numbers it), and reports. A
    report is not sent again when it is lost (RFC 2883 section 4), so there may have been more duplicates, never fewer.
    """
    told = facts.frames_with((LEFT,), FRAME).select(pl.col(FRAME.field).alias("frame"), pl.col(LEFT.field).alias("seq"))
    by = facts[segments].select("frame", "stream", ~pl.col("from_client"))
    found = told.join(by, on="frame")
    return found.group_by("stream", "from_client", "seq").agg(pl.len().alias("reports"))
