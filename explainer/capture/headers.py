"""The headers of a packet up to what IP carries, by their places in its bytes: Ethernet, cooked captures, IP. Pure."""

import struct
from typing import NamedTuple

from explainer.capture.records import Bytes
from explainer.pcapng import ETHERNET, RAW, SLL, SLL2

IPV4, IPV6 = 0x0800, 0x86DD
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
_VLAN = (0x8100, 0x88A8, 0x9100)
_TYPE_AT, _LENGTH = {ETHERNET: 12, SLL: 14, SLL2: 0}, {ETHERNET: 14, SLL: 16, SLL2: 20}
_IPV4_HEADER, _IPV6_HEADER = 20, 40
_read_ipv4, _read_ipv6 = struct.Struct(">BxHxxHxB2x4s4s").unpack_from, struct.Struct(">4xHBx16s16s").unpack_from
_FRAGMENT, _OFFSET = 0x3FFF, 0x1FFF  # more fragments follow, or this is not the first; this is not the first


class Internet(NamedTuple):
    """An IP header: both addresses, the protocol above and where it begins, where the packet says that it ends.

    `fragment` is whether the packet is a part of one, `later` whether the protocol's header is in another part.
    """

    source: bytes
    destination: bytes
    protocol: int
    above: int
    end: int
    fragment: bool
    later: bool


def network(data: Bytes, at: int, end: int, link: int) -> tuple[int, int] | None:
    """Return a packet's EtherType and where its network layer begins; None where the link layer is not read here."""
    if link in RAW:
        return (IPV6 if at < end and data[at] >> 4 == 6 else IPV4), at
    if link not in _LENGTH:
        return None
    return untagged(data, at + _LENGTH[link], end, word(data, at + _TYPE_AT[link], end))


def untagged(data: Bytes, at: int, end: int, kind: int) -> tuple[int, int]:
    """Return the EtherType, and where what it tells begins, behind VLAN tags (IEEE 802.1Q)."""
    while kind in _VLAN:
        at, kind = at + 4, word(data, at + 2, end)
    return kind, at


def internet(data: Bytes, at: int, end: int, kind: int) -> Internet | None:
    """Return the IP header that begins here; None for another EtherType, or where it is cut off."""
    if kind == IPV4 and end - at >= _IPV4_HEADER:
        first, size, fragment, protocol, source, destination = _read_ipv4(data, at)
        above, later = at + (first & 15) * 4, fragment & _OFFSET != 0
        return Internet(source, destination, protocol, above, at + size, fragment & _FRAGMENT != 0, later)
    if kind == IPV6 and end - at >= _IPV6_HEADER:
        size, protocol, source, destination = _read_ipv6(data, at)
        above = at + _IPV6_HEADER
        return Internet(source, destination, protocol, above, above + size, fragment=False, later=False)
    return None


def word(data: Bytes, at: int, end: int) -> int:
    """Return 16 bits in network order, 0 where they are cut off."""
    return data[at] << 8 | data[at + 1] if at + 2 <= end else 0
