"""PROXY headers: with what a load balancer tells a server behind it who the client is (HAProxy's PROXY protocol).

Rules
* tshark names the header where it does not know the port; on the ports of other protocols its bytes tell, as far as
  they are looked at: of a connection whose later words tshark understands they are not.
"""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.openings import openings
from explainer.protocols.tcp import segments

_BEGINS = (b"PROXY TCP4 ", b"PROXY TCP6 ", b"PROXY UNKNOWN", b"\r\n\r\n\0\r\nQUIT\n")
_LONGEST = 107
"""Bytes of a header of version 1, its line's end among them (the protocol's section 2.1)."""


class ProxyHeader(NamedTuple):
    """A stream whose client begins with a PROXY header, and the header's frame; `read` is False where it may be one."""

    stream: int
    frame: int
    read: bool


@fact("PROXY headers", segments, openings, FRAME, PROTOCOLS)
def proxy_headers(facts: Facts) -> tuple[ProxyHeader, ...]:
    """Return the streams whose first words are a PROXY header, by stream; with one, those whose first words may be.

    They may where tshark makes nothing of the client's first segment, which is as short as a header is.
    """
    of_bytes = {o.stream for o in facts[openings] if o.client and o.client[0].data.startswith(_BEGINS)}
    protocols = pl.col(PROTOCOLS.field)
    named = facts.frames(FRAME, PROTOCOLS).filter(protocols.str.contains(r":tcp:proxy\b"))
    if named.is_empty() and not of_bytes:
        return ()
    first = (
        facts[segments]
        .filter(pl.col("from_client") & (pl.col("payload") > 0))
        .unique("stream", keep="first", maintain_order=True)
        .join(facts.frames(FRAME, PROTOCOLS), left_on="frame", right_on=FRAME.field, maintain_order="left")
    )
    read = pl.col("frame").is_in(named[FRAME.field].implode()) | pl.col("stream").is_in(of_bytes)
    maybe = protocols.str.ends_with(":tcp") & (pl.col("payload") <= _LONGEST)
    told = first.with_columns(read.alias("read")).filter(pl.col("read") | maybe)
    return tuple(ProxyHeader(*row) for row in told.select("stream", "frame", "read").iter_rows())
