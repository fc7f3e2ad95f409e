"""Which hosts a packet is between, read from its bytes; pure.

Rules: the outer and the inner pair of a tunnel are joined, since their dissection may depend on each other; an ICMP
error belongs to the pair of the packet that it quotes. All packets without IP are one group. What may nest addresses in
a way that is not read here is an error.
"""

from dataclasses import dataclass, field

from explainer.capture.records import Bytes

_ETHERNET, _RAW, _COOKED, _COOKED2 = 1, (12, 14, 101, 228, 229), 113, 276
_IPV4, _IPV6, _VLAN, _BRIDGED = 0x0800, 0x86DD, (0x8100, 0x88A8, 0x9100), 0x6558
_MPLS, _PPPOE = (0x8847, 0x8848), 0x8864
_PPP = {0x0021: _IPV4, 0x0057: _IPV6}
_NESTING_TYPES = frozenset({0x8903, 0x88E5, 0x88E7, 0x8909, 0x8926, 0x893F, 0x894F, 0x22F3})  # FabricPath, NSH ...
_ICMP, _IN_IPV4, _UDP, _IN_IPV6, _GRE, _ICMPV6 = 1, 4, 17, 41, 47, 58
_NESTING_PROTOCOLS = frozenset({51, 55, 94, 97, 98, 108, 115, 124, 137})  # AH, EtherIP, L2TP, MPLS in IP ...
_VXLAN, _GENEVE = (4789, 8472), (6081,)
_NESTING_PORTS = frozenset({1701, 2152, 3386, 3544, 3545, 4341, 4500, 4754, 4790, 6635})  # L2TP, GTP, Teredo, LISP ...
_ERRORS = {_ICMP: frozenset({3, 4, 5, 11, 12}), _ICMPV6: frozenset({1, 2, 3, 4, 137})}
_ICMP_HEADER, _UDP_HEADER, _VXLAN_HEADER = 8, 8, 8


class NestedError(Exception):
    """A packet that may hold the addresses of others."""


@dataclass
class Pairs:
    """Pairs of addresses by number, and which of them belong together; 0 is for packets without IP.

    `headers` counts the IP headers that were read.
    """

    headers: int = 0
    _numbers: dict[bytes, int] = field(default_factory=lambda: {b"": 0})
    _parents: list[int] = field(default_factory=lambda: [0])

    def __len__(self) -> int:
        return len(self._parents)

    def root(self, number: int) -> int:
        """Return the number that stands for all pairs joined with this one."""
        while self._parents[number] != number:
            self._parents[number] = number = self._parents[self._parents[number]]
        return number

    def of_packet(self, data: Bytes, at: int, end: int, link: int) -> int:
        """Return the number of the pair that a packet of this link type is between.

        Raises:
            NestedError: it may hold other addresses, or its link layer is not read here.
        """
        if link in _RAW:
            return self._of_network(data, at, end, _IPV6 if at < end and data[at] >> 4 == 6 else _IPV4)
        if link == _ETHERNET:
            return self._of_network(data, at + 14, end, _word(data, at + 12, end))
        if link == _COOKED:
            return self._of_network(data, at + 16, end, _word(data, at + 14, end))
        if link == _COOKED2:
            return self._of_network(data, at + 20, end, _word(data, at, end))
        raise NestedError

    def _number(self, one: bytes, other: bytes) -> int:
        self.headers += 1
        pair = one + other if one < other else other + one
        known = self._numbers.get(pair)
        if known is None:
            known = self._numbers[pair] = len(self._parents)
            self._parents.append(known)
        return known

    def _join(self, one: int, other: int) -> None:
        self._parents[self.root(one)] = self.root(other)

    def _of_network(self, data: Bytes, at: int, end: int, kind: int) -> int:
        """Return the number of a packet whose network layer begins here, of this EtherType."""
        while kind in _VLAN:
            at, kind = at + 4, _word(data, at + 2, end)
        if kind == _IPV4 and end - at >= 20:
            number = self._number(data[at + 12 : at + 16], data[at + 16 : at + 20])
            if _word(data, at + 6, end) & 0x1FFF:  # only the first fragment has a header above
                return number
            return self._above(data, at + (data[at] & 15) * 4, end, data[at + 9], number)
        if kind == _IPV6 and end - at >= 40:
            number = self._number(data[at + 8 : at + 24], data[at + 24 : at + 40])
            return self._above(data, at + 40, end, data[at + 6], number)
        if kind in _MPLS:
            while at + 4 < end and not data[at + 2] & 1:
                at += 4
            kind = {4: _IPV4, 6: _IPV6}.get(data[at + 4] >> 4, 0) if at + 4 < end else 0
            return self._of_network(data, at + 4, end, kind)
        if kind == _PPPOE:
            return self._of_network(data, at + 8, end, _PPP.get(_word(data, at + 6, end), 0))
        if kind == _BRIDGED:
            return self.of_packet(data, at, end, _ETHERNET)
        if kind in _NESTING_TYPES:
            raise NestedError
        return 0

    def _above(self, data: Bytes, at: int, end: int, protocol: int, number: int) -> int:
        """Return the number of an IP packet of this pair, joined with those inside it, whose payload begins here."""
        if protocol == _UDP:
            self._in_datagram(data, at, end, number)
        elif protocol in _ERRORS:
            if at < end and data[at] in _ERRORS[protocol]:
                kind = _IPV4 if protocol == _ICMP else _IPV6
                return self._of_network(data, at + _ICMP_HEADER, end, kind) or number
        elif protocol in (_IN_IPV4, _IN_IPV6):
            self._join(number, self._of_network(data, at, end, _IPV4 if protocol == _IN_IPV4 else _IPV6))
        elif protocol == _GRE:
            header = 4 + sum(4 for bit in (0x80, 0x20, 0x10) if at < end and data[at] & bit)
            self._join(number, self._of_network(data, at + header, end, _word(data, at + 2, end)))
        elif protocol in _NESTING_PROTOCOLS:
            raise NestedError
        return number

    def _in_datagram(self, data: Bytes, at: int, end: int, number: int) -> None:
        ports = _word(data, at, end), _word(data, at + 2, end)
        if ports[1] in _VXLAN:
            inner = self.of_packet(data, at + _UDP_HEADER + _VXLAN_HEADER, end, _ETHERNET)
            self._join(number, inner)
        elif ports[1] in _GENEVE and at + 9 <= end:
            options = (data[at + _UDP_HEADER] & 0x3F) * 4
            kind = _word(data, at + _UDP_HEADER + 2, end)
            self._join(number, self._of_network(data, at + 16 + options, end, kind))
        elif not _NESTING_PORTS.isdisjoint(ports):
            raise NestedError


def _word(data: Bytes, at: int, end: int) -> int:
    return data[at] << 8 | data[at + 1] if at + 2 <= end else 0
