"""TCP data that its receiver had no room for, so that it was sent again although no network lost it."""

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.tcp_sent import sent

_SIDE = ("stream", "from_client")


@fact("TCP data without room at its receiver", sent)
def discarded(facts: Facts) -> frozenset[int]:
    """Return the frames that repeat data between whose first transmission and this one the receiver closed its window.

    What comes while the buffer is full is discarded (RFC 9293, section 3.8.6); a loss in the same moment cannot be told
    from it.
    """
    table = facts[sent]
    again = table.with_columns(pl.col("time").min().over(*_SIDE, "seq").alias("first")).filter("again")
    closed = table.filter("zero_window").select(
        "stream", ~pl.col("from_client"), pl.col("time"), pl.col("time").alias("closed")
    )
    if again.is_empty() or closed.is_empty():
        return frozenset()
    met = again.sort("time").join_asof(
        closed.sort("time"), on="time", by=_SIDE, strategy="backward", check_sortedness=False
    )
    return frozenset(met.filter(pl.col("closed") >= pl.col("first"))["frame"].to_list())
