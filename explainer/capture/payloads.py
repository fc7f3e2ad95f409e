"""What TCP segments carry, read from the file itself where a packet is plain: to start tshark takes much longer. Pure.

Plain is a link layer that `headers` reads, then IPv4 or IPv6 that is no fragment and has no extension header, then TCP.
Of such a packet, tshark's `tcp.payload` is what is returned here.
"""

from explainer.capture.headers import IPV4, TCP, internet, network
from explainer.capture.records import Records

_HEADER = 20
_RST = 0x04


def payload(records: Records, frame: int) -> bytes | None:
    """Return what the packet's TCP segment carries, as far as it was recorded; None where the packet is not plain."""
    place = frame - 1
    start = records.starts[place] + records.heads[place]
    packet = records.data[start : start + records.captured(place)]
    found = network(packet, 0, len(packet), records.links[place])
    ip = internet(packet, found[1], len(packet), found[0]) if found else None
    if found is None or ip is None or ip.fragment or ip.protocol != TCP or len(packet) < ip.above + _HEADER:
        return None
    length = (packet[ip.above + 12] >> 4) * 4
    # Without a size, the sender's network card was to cut it up. What a reset carries is a reason, and no payload.
    if packet[found[1]] >> 4 != (4 if found[0] == IPV4 else 6) or length < _HEADER or ip.end <= ip.above:
        return None
    return None if packet[ip.above + 13] & _RST else packet[ip.above + length : ip.end]
