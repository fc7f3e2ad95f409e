"""What TCP segments carry, read from the file itself where a packet is plain: to start tshark takes much longer. Pure.

Plain is Ethernet (with VLAN tags or without), Linux's cooked captures or bare IP, then IPv4 or IPv6 that is no fragment
and has no extension header, then TCP. Of such a packet, tshark's `tcp.payload` is what is returned here.
"""

import struct

from explainer.capture.records import Records

_ETHERNET, _RAW, _COOKED, _COOKED2 = 1, (12, 14, 101, 228, 229), 113, 276
_IPV4, _IPV6, _VLAN, _TCP, _RST = 0x0800, 0x86DD, (0x8100, 0x88A8), 6, 0x04
_FRAGMENT = 0x3FFF  # more fragments follow, or this is not the first
_TYPE_AT = {_ETHERNET: 12, _COOKED: 14, _COOKED2: 0}
_HEADER = {_ETHERNET: 14, _COOKED: 16, _COOKED2: 20}


def payload(records: Records, frame: int) -> bytes | None:
    """Return what the packet's TCP segment carries, as far as it was recorded; None where the packet is not plain."""
    place = frame - 1
    start, link = records.starts[place] + records.heads[place], records.links[place]
    packet = records.data[start : start + records.captured(place)]
    try:
        if link in _RAW:
            kind, at = (_IPV6 if packet[0] >> 4 == 6 else _IPV4), 0
        elif link in _HEADER:
            (kind,), at = struct.unpack_from(">H", packet, _TYPE_AT[link]), _HEADER[link]
        else:
            return None
        while kind in _VLAN:
            (kind,), at = struct.unpack_from(">H", packet, at + 2), at + 4
        return _segment(packet, at, kind)
    except (IndexError, struct.error):  # a header is cut off
        return None


def _segment(packet: bytes, at: int, kind: int) -> bytes | None:
    if kind == _IPV4 and packet[at] >> 4 == 4:
        size, _, fragment = struct.unpack_from(">HHH", packet, at + 2)
        above, protocol, end = at + (packet[at] & 15) * 4, packet[at + 9], at + size
        if fragment & _FRAGMENT:
            return None
    elif kind == _IPV6 and packet[at] >> 4 == 6:
        (size,) = struct.unpack_from(">H", packet, at + 4)
        above, protocol, end = at + 40, packet[at + 6], at + 40 + size
    else:
        return None
    header = (packet[above + 12] >> 4) * 4
    # Without a size the sender's network card was to cut it up; what a reset carries is a reason, and no payload.
    if protocol != _TCP or header < 20 or not size or packet[above + 13] & _RST:
        return None
    return packet[above + header : end]
