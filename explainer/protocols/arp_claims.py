"""Which network card says that which addresses are its own (ARP), and where packets then go."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols import eth
from explainer.protocols.arp import resolutions
from explainer.protocols.frame import FRAME
from explainer.protocols.ip import IPV4_DESTINATION, IPV4_SOURCE, packets

_NO_ADDRESS = "0.0.0.0"  # what a probe gives as its own
_MOST_FRAMES = 4_000


class Claim(NamedTuple):
    """A card that told `victim`, unasked, that `address` is its own, although it uses `own` as well.

    `detour` are frames that the victim sends through this card after it, `before` those that had gone through another
    one to the same hosts.
    """

    mac: str
    address: str
    own: tuple[str, ...]
    victim: str
    frames: tuple[int, ...]
    own_frames: tuple[int, ...]
    before: tuple[int, ...] = ()
    detour: tuple[int, ...] = ()


@fact("ARP requests", resolutions)
def unasked(facts: Facts) -> tuple[Claim, ...]:
    """Return the claims of cards that answered what the capture shows nobody asking, and use another address too."""
    own = dict[str, dict[str, list[int]]]()
    for r in facts[resolutions]:
        if r.asker != _NO_ADDRESS and r.request_frames:
            own.setdefault(r.asker_mac, {}).setdefault(r.asker, []).extend(r.request_frames)
    found = []
    for r in facts[resolutions]:
        for mac in r.reply_macs if r.reply_frames and not r.request_frames and r.asker != _NO_ADDRESS else ():
            others = {ip: frames for ip, frames in own.get(mac, {}).items() if ip not in (r.target, r.asker)}
            if others and not r.gratuitous:
                frames = tuple(frame for shown in others.values() for frame in shown)
                found.append(Claim(mac, r.target, tuple(others), r.asker, r.reply_frames, frames))
    return tuple(found)


def _view(facts: Facts) -> View | None:
    victims = {claim.victim for claim in facts[unasked]}
    if not victims:
        return None
    sent = facts[packets].filter(pl.col("src").is_in(list(victims)))["frame"].head(_MOST_FRAMES)
    return None if sent.is_empty() else View(tuple(sent.sort()))


_COLUMNS: tuple[Column, ...] = (FRAME, eth.DESTINATION, IPV4_SOURCE, IPV4_DESTINATION)
CARDS = Look("the network cards that packets go to", (unasked, packets), _COLUMNS, _view)


@fact("ARP requests", unasked, CARDS)
def claims(facts: Facts) -> tuple[Claim, ...]:
    """Return the claims, each with the packets of its victim that changed their way after it."""
    sent = facts.look(CARDS)
    if sent is None:
        return facts[unasked]
    last = (pl.col(column.field).list.last() for column in (IPV4_SOURCE, IPV4_DESTINATION))
    table = sent.select(FRAME.field, pl.col(eth.DESTINATION.field).list.first().alias("card"), *last).drop_nulls()
    return tuple(_detoured(claim, table) for claim in facts[unasked])


def _detoured(claim: Claim, sent: "pl.DataFrame") -> Claim:
    first, frame = claim.frames[0], pl.col(FRAME.field)
    own = sent.filter(pl.col(IPV4_SOURCE.field) == claim.victim)
    before = own.filter((frame < first) & (pl.col("card") != claim.mac))
    after = own.filter((frame > first) & (pl.col("card") == claim.mac))
    both = before.join(after, on=IPV4_DESTINATION.field, how="semi")
    turned = after.join(before, on=IPV4_DESTINATION.field, how="semi")
    return Claim(
        claim.mac, claim.address, claim.own, claim.victim, claim.frames, claim.own_frames,
        tuple(both[FRAME.field].head(20)), tuple(turned[FRAME.field].head(20)),
    )  # fmt: skip
