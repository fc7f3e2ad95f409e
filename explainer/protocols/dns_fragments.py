"""Answers of name servers of which only a part of the fragments arrives (RFC 791; RFC 9715 on fragmented DNS)."""

from collections import defaultdict
from collections.abc import Iterable

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.ip import packets

_AN_ANSWERS_TIME_NS = 5_000_000_000  # glibc and dig wait that long before they ask again
_ALONE = r":ip:data$"
"""Bytes that tshark names no protocol for, right over IPv4: a fragment; the one that completes a packet shows it."""


@fact("DNS lookups", lookups, packets, FRAME, PROTOCOLS)
def partial_answers(facts: Facts) -> dict[int, tuple[int, ...]]:
    """Return, by the first frame of each lookup without an answer, the fragments of one that comes only in part.

    Those are fragments from the name server to the asker, of an IP id that no whole packet has, before the asker's
    patience is over. Over IPv4 alone: IPv6's fragments say their id elsewhere.
    """
    silent = [x for x in facts[lookups] if x.unanswered and x.transport == "UDP" and x.query_ns is not None]
    if not silent:
        return {}
    alone = pl.col(PROTOCOLS.field).str.contains(_ALONE).alias("alone")
    table = facts[packets].join(facts.frames(FRAME, PROTOCOLS).select(pl.col(FRAME.field).alias("frame"), alone),
                                on="frame").drop_nulls(["ip_id", "time"])  # fmt: skip
    whole = table.filter(~pl.col("alone")).select("src", "dst", "ip_id").unique()
    parts = table.filter("alone").join(whole, on=["src", "dst", "ip_id"], how="anti").sort("frame")
    between = defaultdict[tuple[str, str], list[tuple[int, int]]](list)
    for frame, time, source, destination in parts.select("frame", "time", "src", "dst").iter_rows():
        between[source, destination].append((frame, time))
    found = {x.first_frame: _answering(x, between.get((x.server.address, x.client.address), ())) for x in silent}
    return {first: frames for first, frames in found.items() if frames}


def _answering(lookup: Lookup, sent: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    first, last = lookup.query_ns or 0, lookup.last_query_ns or 0
    return tuple(frame for frame, time in sent if first <= time <= last + _AN_ANSWERS_TIME_NS)
