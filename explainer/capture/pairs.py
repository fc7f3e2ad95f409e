"""Which hosts a packet is between, read from its bytes; pure.

Rules: the outer and the inner pair of a tunnel are joined, since their dissection may depend on each other; an ICMP
error belongs to the pair of the packet that it quotes. All packets without IP are one group. What may nest addresses in
a way that is not read here is an error.
"""

from dataclasses import dataclass, field

from explainer.capture.headers import ICMP, ICMPV6, IPV4, IPV6, UDP, internet, network, untagged, word
from explainer.capture.records import Bytes
from explainer.pcapng import ETHERNET

_BRIDGED, _MPLS, _PPPOE = 0x6558, (0x8847, 0x8848), 0x8864
_PPP = {0x0021: IPV4, 0x0057: IPV6}
_NESTING_TYPES = frozenset({0x8903, 0x88E5, 0x88E7, 0x8909, 0x8926, 0x893F, 0x894F, 0x22F3})  # FabricPath, NSH ...
_IN_IPV4, _IN_IPV6, _GRE = 4, 41, 47
_NESTING_PROTOCOLS = frozenset({51, 55, 94, 97, 98, 108, 115, 124, 137})  # AH, EtherIP, L2TP, MPLS in IP ...
_VXLAN, _GENEVE = (4789, 8472), (6081,)
_NESTING_PORTS = frozenset({1701, 2152, 3386, 3544, 3545, 4341, 4500, 4754, 4790, 6635})  # L2TP, GTP, Teredo, LISP ...
_ERRORS = {ICMP: frozenset({3, 4, 5, 11, 12}), ICMPV6: frozenset({1, 2, 3, 4, 137})}
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
        found = network(data, at, end, link)
        if found is None:
            raise NestedError
        kind, at = found
        return self._of_network(data, at, end, kind)

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
        kind, at = untagged(data, at, end, kind)
        header = internet(data, at, end, kind)
        if header:
            number = self._number(header.source, header.destination)
            return number if header.later else self._above(data, header.above, end, header.protocol, number)
        if kind in _MPLS:
            while at + 4 < end and not data[at + 2] & 1:
                at += 4
            kind = {4: IPV4, 6: IPV6}.get(data[at + 4] >> 4, 0) if at + 4 < end else 0
            return self._of_network(data, at + 4, end, kind)
        if kind == _PPPOE:
            return self._of_network(data, at + 8, end, _PPP.get(word(data, at + 6, end), 0))
        if kind == _BRIDGED:
            return self.of_packet(data, at, end, ETHERNET)
        if kind in _NESTING_TYPES:
            raise NestedError
        return 0

    def _above(self, data: Bytes, at: int, end: int, protocol: int, number: int) -> int:
        """Return the number of an IP packet of this pair, joined with those inside it, whose payload begins here."""
        if protocol == UDP:
            self._in_datagram(data, at, end, number)
        elif protocol in _ERRORS:
            if at < end and data[at] in _ERRORS[protocol]:
                kind = IPV4 if protocol == ICMP else IPV6
                return self._of_network(data, at + _ICMP_HEADER, end, kind) or number
        elif protocol in (_IN_IPV4, _IN_IPV6):
            self._join(number, self._of_network(data, at, end, IPV4 if protocol == _IN_IPV4 else IPV6))
        elif protocol == _GRE:
            header = 4 + sum(4 for bit in (0x80, 0x20, 0x10) if at < end and data[at] & bit)
            self._join(number, self._of_network(data, at + header, end, word(data, at + 2, end)))
        elif protocol in _NESTING_PROTOCOLS:
            raise NestedError
        return number

    def _in_datagram(self, data: Bytes, at: int, end: int, number: int) -> None:
        ports = word(data, at, end), word(data, at + 2, end)
        if ports[1] in _VXLAN:
            inner = self.of_packet(data, at + _UDP_HEADER + _VXLAN_HEADER, end, ETHERNET)
            self._join(number, inner)
        elif ports[1] in _GENEVE and at + 9 <= end:
            options = (data[at + _UDP_HEADER] & 0x3F) * 4
            kind = word(data, at + _UDP_HEADER + 2, end)
            self._join(number, self._of_network(data, at + 16 + options, end, kind))
        elif not _NESTING_PORTS.isdisjoint(ports):
            raise NestedError
