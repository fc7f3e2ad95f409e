"""PROXY headers: with what a load balancer tells a server behind it who the client is (HAProxy's PROXY protocol)."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.tcp import segments


class ProxyHeader(NamedTuple):
    """A stream whose client begins with a PROXY header, and the header's frame."""

    stream: int
    frame: int


@fact("PROXY headers", segments, FRAME, PROTOCOLS)
def proxy_headers(facts: Facts) -> tuple[ProxyHeader, ...]:
    """Return the streams whose first words are a PROXY header, version 1 or 2, by their frame."""
    layers = facts.frames(FRAME, PROTOCOLS).filter(pl.col(PROTOCOLS.field).str.contains(r":tcp:proxy\b"))
    if layers.is_empty():
        return ()
    first = (
        facts[segments]
        .filter(pl.col("from_client") & (pl.col("payload") > 0))
        .unique("stream", keep="first", maintain_order=True)
        .join(layers, left_on="frame", right_on=FRAME.field, how="semi", maintain_order="left")
    )
    return tuple(ProxyHeader(*row) for row in first.select("stream", "frame").iter_rows())
