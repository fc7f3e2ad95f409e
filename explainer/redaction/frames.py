"""One frame's headers, from the link to the transport, with other addresses; what TCP and UDP carry is handed on.

RFC 791, 8200 (IP), 826 (ARP), 792, 4443, 4861 (ICMP), 9293 (TCP), 768 (UDP), 2784 (GRE), 7348 (VXLAN).
"""

from explainer.pcapng import ETHERNET, LOOP, NULL, RAW, SLL, SLL2
from explainer.redaction.checksums import Sum
from explainer.redaction.frame import Frame, Payload
from explainer.redaction.stand_ins import StandIns

_IPV4, _IPV6, _ARP, _BRIDGED = 0x0800, 0x86DD, 0x0806, 0x6558
_TAGS = (0x8100, 0x88A8, 0x9100)
_FAMILIES = {2: _IPV4, 24: _IPV6, 28: _IPV6, 30: _IPV6, 10: _IPV6}
_ICMP, _IGMP, _IPIP, _TCP, _UDP, _IPV6_IN, _GRE, _ICMPV6 = 1, 2, 4, 6, 17, 41, 47, 58
_EXTENSIONS, _FRAGMENT = (0, 43, 60), 44
_KNOWN_OPTIONS = (0, 1, 2, 3, 4, 5, 8)
_QUOTING, _QUOTING_V6 = (3, 4, 5, 11, 12), (1, 2, 3, 4)
_VXLAN = 4789
_DEEPEST = 6


def rewritten(number: int, data: bytes, link_type: int, stand_ins: StandIns) -> Frame:
    """Return the frame with its headers rewritten and everything else blank."""
    frame = Frame(number, data, bytearray(len(data)), stand_ins)
    match link_type:
        case _ if link_type == ETHERNET:
            _ethernet(frame, 0, 0)
        case _ if link_type in RAW:
            _ip(frame, 0, 0)
        case _ if link_type in (NULL, LOOP):
            frame.keep(0, 4)
            _ip(frame, 4, 0)
        case _ if link_type == SLL:
            frame.keep(0, 6)
            frame.replace(6, 6, stand_ins.mac)
            frame.keep(14, 16)
            _network(frame, frame.number_at(14), 16, 0)
        case _ if link_type == SLL2:
            frame.keep(0, 12)
            frame.replace(12, 6, stand_ins.mac)
            _network(frame, frame.number_at(0), 20, 0)
    return frame


def _ethernet(frame: Frame, at: int, depth: int) -> None:
    frame.replace(at, 6, frame.stand_ins.mac)
    frame.replace(at + 6, 6, frame.stand_ins.mac)
    at += 12
    while (kind := frame.number_at(at)) in _TAGS:
        frame.keep(at, at + 4)
        at += 4
    frame.keep(at, at + 2)
    _network(frame, kind, at + 2, depth)


def _network(frame: Frame, kind: int, at: int, depth: int) -> None:
    if kind in (_IPV4, _IPV6):
        _ip(frame, at, depth)
    elif kind == _ARP:
        _arp(frame, at)
    elif kind == _BRIDGED and depth < _DEEPEST:
        _ethernet(frame, at, depth + 1)


def _arp(frame: Frame, at: int) -> None:
    frame.keep(at, at + 8)
    if frame.data[at : at + 6] == b"\x00\x01\x08\x00\x06\x04":
        frame.replace(at + 8, 6, frame.stand_ins.mac)
        frame.replace(at + 14, 4, frame.stand_ins.address)
        frame.replace(at + 18, 6, frame.stand_ins.mac)
        frame.replace(at + 24, 4, frame.stand_ins.address)


def _ip(frame: Frame, at: int, depth: int, *, quoted: bool = False) -> None:
    if at >= len(frame.data) or depth > _DEEPEST:
        return
    if frame.data[at] >> 4 == 6:
        _ipv6(frame, at, depth, quoted=quoted)
    elif frame.data[at] >> 4 == 4:
        _ipv4(frame, at, depth, quoted=quoted)


def _ipv4(frame: Frame, at: int, depth: int, *, quoted: bool) -> None:
    frame.keep(at, at + 12)
    frame.replace(at + 12, 4, frame.stand_ins.address)
    frame.replace(at + 16, 4, frame.stand_ins.address)
    after = at + 4 * (frame.data[at] & 0x0F)
    frame.sums.append(Sum(at + 10, at, after))
    total = frame.number_at(at + 2)  # 0: the network card cuts the segment later
    end = min(at + total, len(frame.data)) if total else len(frame.data)
    if frame.number_at(at + 6) & 0x1FFF == 0 and at + 20 <= len(frame.data):
        ends = (frame.data[at + 12 : at + 16], frame.data[at + 16 : at + 20])
        _transport(frame, frame.data[at + 9], after, end, ends, (at + 12, 8), depth, quoted=quoted)


def _ipv6(frame: Frame, at: int, depth: int, *, quoted: bool) -> None:
    frame.keep(at, at + 8)
    frame.replace(at + 8, 16, frame.stand_ins.address)
    frame.replace(at + 24, 16, frame.stand_ins.address)
    if at + 40 > len(frame.data):
        return
    size = frame.number_at(at + 4)
    end = min(at + 40 + size, len(frame.data)) if size else len(frame.data)
    kind, after = frame.data[at + 6], at + 40
    while kind in (*_EXTENSIONS, _FRAGMENT) and after + 8 <= end:
        if kind == _FRAGMENT:
            frame.keep(after, after + 8)
            if frame.number_at(after + 2) & 0xFFF8:
                return
            size = 8
        else:
            frame.keep(after, after + 2)  # zeros are padding (RFC 8200, 4.2)
            size = 8 + 8 * frame.data[after + 1]
            if kind == 43:
                frame.keep(after, after + 8)
                for place in range(after + 8, after + size - 15, 16):
                    frame.replace(place, 16, frame.stand_ins.address)
        kind, after = frame.data[after], after + size
    ends = (frame.data[at + 8 : at + 24], frame.data[at + 24 : at + 40])
    _transport(frame, kind, after, end, ends, (at + 8, 32), depth, quoted=quoted)


def _transport(
    frame: Frame, kind: int, at: int, end: int, ends: tuple[bytes, bytes], addresses: tuple[int, int], depth: int,
    *, quoted: bool,
) -> None:  # fmt: skip
    pseudo = (addresses[0], addresses[0] + addresses[1])
    match kind:
        case _ if kind == _TCP:
            _tcp(frame, at, end, ends, pseudo, quoted=quoted)
        case _ if kind == _UDP:
            _udp(frame, at, end, ends, pseudo, depth, quoted=quoted)
        case _ if kind == _ICMP:
            frame.sums.append(Sum(at + 2, at, end))
            _icmp(frame, at, depth)
        case _ if kind == _ICMPV6:
            frame.sums.append(Sum(at + 2, at, end, pseudo))
            _icmpv6(frame, at, end, depth)
        case _ if kind == _IGMP:
            frame.keep(at, at + 4)
            frame.replace(at + 4, 4, frame.stand_ins.address)
        case _ if kind in (_IPIP, _IPV6_IN):
            _ip(frame, at, depth + 1, quoted=quoted)
        case _ if kind == _GRE:
            size = 4 + 4 * bin(frame.number_at(at) & 0xB000).count("1")
            frame.keep(at, at + size)
            _network(frame, frame.number_at(at + 2), at + size, depth + 1)


def _tcp(frame: Frame, at: int, end: int, ends: tuple[bytes, bytes], pseudo: tuple[int, int], *, quoted: bool) -> None:
    frame.keep(at, min(at + 20, end))
    frame.sums.append(Sum(at + 16, at, end, pseudo))
    if at + 20 > end:
        return
    after = at + 4 * (frame.data[at + 12] >> 4)
    option = at + 20
    while option < min(after, end):
        kind = frame.data[option]
        size = 1 if kind in (0, 1) or option + 1 >= end else max(frame.data[option + 1], 2)
        frame.keep(option, min(option + (size if kind in _KNOWN_OPTIONS else 2), after))
        option += size
    if not quoted and after < end:
        source, destination = (ends[0], frame.number_at(at)), (ends[1], frame.number_at(at + 2))
        sequence, flags = frame.number_at(at + 4, 4), frame.data[at + 13]
        frame.payloads.append(Payload(frame.number, after, end, True, source, destination, sequence, flags))


def _udp(
    frame: Frame, at: int, end: int, ends: tuple[bytes, bytes], pseudo: tuple[int, int], depth: int, *, quoted: bool
) -> None:
    frame.keep(at, min(at + 8, end))
    if frame.number_at(at + 6):
        frame.sums.append(Sum(at + 6, at, end, pseudo))
    if at + 8 >= end or quoted:
        return
    if frame.number_at(at + 2) == _VXLAN and depth < _DEEPEST:
        frame.keep(at + 8, at + 16)
        _ethernet(frame, at + 16, depth + 1)
        return
    source, destination = (ends[0], frame.number_at(at)), (ends[1], frame.number_at(at + 2))
    frame.payloads.append(Payload(frame.number, at + 8, end, False, source, destination))


def _icmp(frame: Frame, at: int, depth: int) -> None:
    frame.keep(at, at + 8)
    kind = frame.data[at] if at < len(frame.data) else 0
    if kind == 5:
        frame.replace(at + 4, 4, frame.stand_ins.address)
    if kind in _QUOTING:
        _ip(frame, at + 8, depth + 1, quoted=True)


def _icmpv6(frame: Frame, at: int, end: int, depth: int) -> None:
    frame.keep(at, at + 8)
    kind = frame.data[at] if at < len(frame.data) else 0
    if kind in _QUOTING_V6:
        _ip(frame, at + 8, depth + 1, quoted=True)
    options = {130: 24, 131: 24, 132: 24, 133: 8, 134: 16, 135: 24, 136: 24, 137: 40}.get(kind)
    if options is None:
        return
    if kind == 134:
        frame.keep(at + 8, at + 16)
    for place in range(at + 8, at + options - 15, 16):
        frame.replace(place, 16, frame.stand_ins.address)
    _neighbour_options(frame, at + options, end)


def _neighbour_options(frame: Frame, at: int, end: int) -> None:
    while at + 8 <= end and frame.data[at + 1]:
        kind, size = frame.data[at], 8 * frame.data[at + 1]
        frame.keep(at, at + 2)
        if kind in (1, 2):
            frame.replace(at + 2, 6, frame.stand_ins.mac)
        elif kind == 3:
            frame.keep(at + 2, at + 16)
            frame.replace(at + 16, 16, frame.stand_ins.address)
        elif kind == 5:
            frame.keep(at, at + 8)
        at += size
