"""Frames in which tshark recognises a protocol that few networks want, with who sent them to whom."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.ip import packets

WATCHED = ("bittorrent", "bt-dht", "bt-utp", "portmap")
"""By their names in frame.protocols."""


class Sighting(NamedTuple):
    """One frame of a watched protocol; length in bytes."""

    protocol: str
    frame: int
    source: str
    destination: str
    length: int


@fact("frames of watched protocols", FRAME, PROTOCOLS, packets)
def sightings(facts: Facts) -> tuple[Sighting, ...]:
    """Return the frames, in file order, each under the first watched protocol in it."""
    table = facts.frames(FRAME, PROTOCOLS)
    protocols = table[PROTOCOLS.field].drop_nulls().unique()
    first = {text: next((name for name in text.split(":") if name in WATCHED), None) for text in protocols}
    watched = {text: name for text, name in first.items() if name}
    if not watched:
        return ()
    found = (
        table.filter(pl.col(PROTOCOLS.field).is_in(list(watched)))
        .join(facts[packets], left_on=FRAME.field, right_on="frame", maintain_order="left")
        .drop_nulls(["src", "dst", "length"])
        .select(PROTOCOLS.field, FRAME.field, "src", "dst", "length")
    )
    return tuple(Sighting(watched[text], *rest) for text, *rest in found.iter_rows())
