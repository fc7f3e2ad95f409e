"""DHCP exchanges that begin with an offer and never come to an address (RFC 2131, section 3.1)."""

from typing import NamedTuple

from explainer.facts import Column, Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.arp import resolutions
from explainer.protocols.dhcp import (
    CLIENT_MAC,
    DISCOVER,
    GIVEN_ADDRESS,
    MESSAGE_TYPE,
    OFFER,
    REQUEST,
    REQUESTED_ADDRESS,
    Lease,
    leases,
)
from explainer.protocols.frame import FRAME, TIME
from explainer.protocols.ip import packets

_CLASS = Column("dhcp.option.vendor_class_id")
_FILE = Column("dhcp.file")
_FILE_OPTION = Column("dhcp.option.bootfile_name")
_PXE = "PXEClient"
_COPY_NS = 1_000_000_000
"""A relay's copy follows at once; no client asks again within a second (RFC 2131, section 4.1, has four)."""
_AGAIN_NS = 40_000_000_000
"""Who tries further asks again after 4, 8, 16 or 32 seconds; who only looks whether a server answers, minutes later."""
_MOST = 200
_COLUMNS = (FRAME, TIME, MESSAGE_TYPE, CLIENT_MAC, REQUESTED_ADDRESS, GIVEN_ADDRESS)


class Said(NamedTuple):
    """A message, and when it passed, in nanoseconds since 1970."""

    frame: int
    time: int


class Unfinished(NamedTuple):
    """The offers to a client that was never given an address.

    `anew` are its discovers that follow an offer soon, one of each round; `requests` those for an offered address, each
    once. `relay` is who the offers are sent to where that is neither the client nor everybody.
    """

    lease: Lease
    last_offer: Said
    anew: tuple[Said, ...]
    requests: tuple[Said, ...]
    relay: str


@fact("DHCP offers without an acknowledgement", leases, packets, resolutions, *_COLUMNS)
def unfinished(facts: Facts) -> tuple[Unfinished, ...]:
    """Return the clients with an offer, without ACK, NAK or DECLINE, and from whose offered addresses nothing comes."""
    asked = [m for m in facts[leases] if m.offers and m.offered and not (m.acks or m.naks or m.declines)]
    if not asked:
        return ()
    used = set(facts[packets]["src"].unique()) | {r.asker for r in facts[resolutions] if not r.probe}
    open_ones = {lease.mac: lease for lease in asked if not used & set(lease.offered)}
    table = facts.frames_with((MESSAGE_TYPE,), *_COLUMNS).drop_nulls([CLIENT_MAC.field, TIME.field])
    table = table.filter(pl.col(CLIENT_MAC.field).is_in(list(open_ones))).sort(FRAME.field)
    offers = [lease.offers[-1] for lease in open_ones.values()]
    to = dict(facts[packets].filter(pl.col("frame").is_in(offers)).select("frame", "dst").iter_rows())
    messages = dict[str, list[tuple[Said, int, str]]]()
    for frame, time, kind, mac, wanted, _ in table.select(column.field for column in _COLUMNS).iter_rows():
        messages.setdefault(mac, []).append((Said(frame, time), kind, wanted or ""))
    return tuple(_read(open_ones[mac], own, to.get(open_ones[mac].offers[-1], "")) for mac, own in messages.items())


def _read(lease: Lease, messages: list[tuple[Said, int, str]], to: str) -> Unfinished:
    offer: Said | None = None
    last, anew, requests = Said(0, 0), list[Said](), list[Said]()
    for said, kind, wanted in messages:
        if kind == OFFER:
            offer = last = said
        elif kind == DISCOVER and offer:
            if said.time - offer.time <= _AGAIN_NS:
                anew.append(said)
            offer = None
        elif kind == REQUEST and last.frame and wanted in lease.offered:
            offer = None
            if not requests or said.time - requests[-1].time >= _COPY_NS:
                requests.append(said)
    relay = "" if to in ("", "255.255.255.255", *lease.offered) else to
    return Unfinished(lease, last, tuple(anew), tuple(requests), relay)


def _view(facts: Facts) -> View | None:
    left = [u.lease for u in facts[unfinished] if u.anew and not u.lease.requests]
    frames = sorted(frame for lease in left for frame in (*lease.discovers, *lease.offers))
    return View(tuple(frames)) if frames and len(frames) <= _MOST else None


_LOOK = Look("DHCP offers that nobody takes", (unfinished,), (FRAME, _CLASS, _FILE, _FILE_OPTION, CLIENT_MAC), _view)


@fact("network boots without a boot file", unfinished, _LOOK)
def without_boot_file(facts: Facts) -> frozenset[str]:
    """Return the clients (by MAC) that want to boot by PXE, and that no offer names a boot file or a PXE server."""
    seen = facts.look(_LOOK)
    if seen is None:
        return frozenset()
    offers = {frame for u in facts[unfinished] for frame in u.lease.offers}
    booting, helped = set[str](), set[str]()
    for row in seen.drop_nulls([FRAME.field, CLIENT_MAC.field]).iter_rows(named=True):
        pxe = (row[_CLASS.field] or "").startswith(_PXE)
        if row[FRAME.field] not in offers:
            booting.update([row[CLIENT_MAC.field]] if pxe else [])
        elif pxe or row[_FILE.field] or row[_FILE_OPTION.field]:
            helped.add(row[CLIENT_MAC.field])
    return frozenset(booting - helped)
