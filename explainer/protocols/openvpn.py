"""OpenVPN connections, by the opcodes of their packets: resets, control channel, acknowledgements, data.

Source: OpenVPN's "Protocol Overview" (doc/doxygen/doc_protocol_overview.h); tshark's openvpn.opcode. The TLS handshake
goes through the control channel, and with TLS 1.3 neither its certificates nor its alerts can be read.
"""

from collections.abc import Iterator
from enum import StrEnum, auto
from typing import NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, LENGTH, PROTOCOLS, last_ns
from explainer.protocols.layers import TCP, UDP
from explainer.protocols.tcp import Endpoint
from explainer.protocols.udp_conversations import of_both_ends

_OPCODE = Column("openvpn.opcode", Kind.INT, many=True)
_SPOKEN = r"(?:^|:)(?:udp|tcp):(?:[\w.-]+:)*?openvpn(?::|$)"
_QUOTED = r":icmp(?:v6)?:"
_MOST = 4000
"""Packets that are looked at: connections are set up with some dozens."""


class Part(StrEnum):
    """What a packet is for."""

    CLIENT_RESET = auto()
    SERVER_RESET = auto()
    CONTROL = auto()
    ACKNOWLEDGEMENT = auto()
    DATA = auto()


_PARTS = {
    1: Part.CLIENT_RESET, 7: Part.CLIENT_RESET, 10: Part.CLIENT_RESET, 2: Part.SERVER_RESET, 8: Part.SERVER_RESET,
    4: Part.CONTROL, 11: Part.CONTROL, 5: Part.ACKNOWLEDGEMENT, 6: Part.DATA, 9: Part.DATA,
}  # fmt: skip


class Packet(NamedTuple):
    """One packet: when it was sent (ns since 1970), and the bytes of its frame."""

    frame: int
    ns: int
    by_client: bool
    part: Part
    size: int


class Attempt(NamedTuple):
    """A client's connection to a server, from its reset on; `until_ns` is the end of the capture."""

    client: Endpoint
    server: Endpoint
    over: str
    packets: tuple[Packet, ...]
    until_ns: int

    def of(self, part: Part, *, by_client: bool) -> tuple[Packet, ...]:
        """Return one side's packets of one kind, in file order."""
        return tuple(p for p in self.packets if p.part is part and p.by_client is by_client)

    @property
    def up(self) -> bool:
        """Return whether data goes through it."""
        return any(p.part is Part.DATA for p in self.packets)


def _view(facts: Facts) -> View | None:
    layers = pl.col(PROTOCOLS.field)
    frames = facts.frames(FRAME, PROTOCOLS).filter(layers.str.contains(_SPOKEN) & ~layers.str.contains(_QUOTED))
    numbers = frames[FRAME.field].head(_MOST).to_list()
    return View(tuple(numbers), "openvpn") if numbers else None


_LOOK = Look("OpenVPN", (FRAME, PROTOCOLS), (FRAME, LENGTH, _OPCODE), _view)


@fact("OpenVPN connections", _LOOK, UDP.headers, TCP.headers, last_ns)
def openvpn_attempts(facts: Facts) -> tuple[Attempt, ...]:
    """Return the connections of which the client's first packet is in the capture, in the order of these."""
    seen = facts.look(_LOOK)
    if seen is None:
        return ()
    found = list[Attempt]()
    for over, layer in (("udp", UDP), ("tcp", TCP)):
        headers = facts[layer.headers].unique("frame", keep="last").drop("length")
        rows = seen.rename({FRAME.field: "frame", LENGTH.field: "size"}).join(headers, on="frame").sort("frame")
        rows = rows.with_columns(of_both_ends(pl.col("frame").first()).alias("conversation"))
        for table in rows.partition_by("conversation", maintain_order=True):
            said = _packets(table)
            found.extend(Attempt(*ends, over, packets, facts[last_ns]) for ends, packets in said)
    return tuple(sorted(found, key=lambda attempt: attempt.packets[0].frame))


def _packets(table: "pl.DataFrame") -> Iterator[tuple[tuple[Endpoint, Endpoint], tuple[Packet, ...]]]:
    """Yield client and server, and the packets, of each time that a client begins on this pair of ports."""
    begun = list[Packet]()
    ends: tuple[Endpoint, Endpoint] | None = None
    for row in table.iter_rows(named=True):
        source, target = Endpoint(row["src"], row["sport"]), Endpoint(row["dst"], row["dport"])
        for part in (_PARTS[code] for code in row[_OPCODE.field] or () if code in _PARTS):
            if part is Part.CLIENT_RESET and any(p.part is Part.CONTROL for p in begun):
                if ends:
                    yield ends, tuple(begun)
                begun, ends = [], None
            ends = ends or ((source, target) if part is Part.CLIENT_RESET else None)
            if ends:
                begun.append(Packet(row["frame"], row["time"], source == ends[0], part, row["size"]))
    if ends:
        yield ends, tuple(begun)
