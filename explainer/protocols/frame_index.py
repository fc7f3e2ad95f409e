"""What each frame speaks of: its addresses, ports, protocols, stream and signs, to hold a statement about it against.

It covers every frame, whether or not it carries IP; quoted and tunnelled headers count as spoken of.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from explainer.facts import Column, Facts, Need, fact
from explainer.lazy import pl
from explainer.masking import masked
from explainer.protocols import arp, eth, tcp, udp
from explainer.protocols import tcp_analysis as analysis
from explainer.protocols.frame import FRAME, LENGTH, PROTOCOLS, RELATIVE_TIME
from explainer.protocols.ip import IPV4_DESTINATION, IPV4_SOURCE, IPV6_DESTINATION, IPV6_SOURCE
from explainer.protocols.ladder import INFO, PROTOCOL

if TYPE_CHECKING:
    import polars

_ADDRESSES = (IPV4_SOURCE, IPV4_DESTINATION, IPV6_SOURCE, IPV6_DESTINATION, eth.SOURCE, eth.DESTINATION)
_ARP = (arp.SENDER_IP, arp.TARGET_IP)
_ENDS = (
    ((IPV4_SOURCE, IPV6_SOURCE), (IPV4_DESTINATION, IPV6_DESTINATION)),
    ((arp.SENDER_IP,), (arp.TARGET_IP,)),
    ((eth.SOURCE,), (eth.DESTINATION,)),
)
_PORTS = (tcp.SOURCE_PORT, tcp.DESTINATION_PORT, udp.SOURCE_PORT, udp.DESTINATION_PORT)
_AGAIN = (tcp.RETRANSMISSION, analysis.FAST_RETRANSMISSION, analysis.SPURIOUS_RETRANSMISSION)
_FLAGS = {"finish": 0x01, "syn": 0x02, "reset": 0x04}
_COLUMNS = (
    FRAME, LENGTH, RELATIVE_TIME, PROTOCOLS, PROTOCOL, INFO, tcp.STREAM, udp.STREAM, tcp.FLAGS,
    *_ADDRESSES, *_ARP, *_PORTS, *_AGAIN,
)  # fmt: skip


class Sight(NamedTuple):
    """One frame as the packet list shows it, and what it speaks of.

    `source` is the innermost address that it comes from, of an ICMP message the one that sent it; `ends` are both, of
    whatever layer has some (IP, ARP, Ethernet), source first; `stream` is "tcp:1" or "udp:0", or empty; `signs` are
    among reset, syn, finish, retransmission; `time_s` counts from the first frame of the file.
    """

    frame: int
    time_s: float | None
    length: int
    addresses: frozenset[str]
    ports: frozenset[int]
    protocols: frozenset[str]
    stream: str
    signs: frozenset[str]
    protocol: str
    info: str
    source: str
    ends: tuple[str, str]


class FrameIndex:
    """Every frame of a capture by its number."""

    def __init__(self, table: "polars.DataFrame") -> None:
        self._table = table
        self._rows = {number: row for row, number in enumerate(table[FRAME.field])}
        self._seen: dict[int, Sight] = {}
        self._streams: dict[str, frozenset[str]] | None = None
        self.addresses = _together(table, (*_ADDRESSES, *_ARP))
        self.ports: frozenset[int] = _together(table, _PORTS)

    def __contains__(self, frame: object) -> bool:
        return frame in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, frame: int) -> Sight | None:
        """Return the frame, None where the capture has none of that number."""
        if frame not in self._rows:
            return None
        if frame not in self._seen:
            self._seen[frame] = _sight(self._table.row(self._rows[frame], named=True))
        return self._seen[frame]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return all frame numbers, in file order."""
        return tuple(self._rows)

    def of_stream(self, stream: str, most: int) -> list[Sight]:
        """Return the first frames of a stream such as "tcp:1"."""
        transport, _, number = stream.partition(":")
        column = tcp.STREAM if transport == "tcp" else udp.STREAM
        held = pl.col(column.field).list.last() == int(number)
        return [_sight(row) for row in self._table.filter(held).head(most).iter_rows(named=True)]

    def spoken_in(self, stream: str) -> frozenset[str]:
        """Return the protocols of all frames of a stream."""
        if self._streams is None:
            self._streams = {}
            for column, name in ((tcp.STREAM.field, "tcp"), (udp.STREAM.field, "udp")):
                grouped = self._table.select(pl.col(column).list.last().alias("stream"), PROTOCOLS.field).drop_nulls()
                for number, protocols in grouped.unique().iter_rows():
                    key = f"{name}:{number}"
                    self._streams[key] = self._streams.get(key, frozenset()) | frozenset(protocols.split(":"))
        return self._streams.get(stream, frozenset())


@fact("frames", *_COLUMNS)
def frame_index(facts: Facts) -> FrameIndex:
    """Return the index of all frames."""
    return FrameIndex(facts.frames(*_COLUMNS))


INDEX_NEEDS: tuple[Need, ...] = (frame_index,)


def _together(table: "polars.DataFrame", columns: tuple[Column, ...]) -> frozenset[Any]:
    found = set[Any]()
    for column in columns:
        series = table[column.field]
        found.update((series.explode() if column.many else series).drop_nulls().unique())
    return frozenset(found)


def _sight(row: dict[str, Any]) -> Sight:
    flags = row[tcp.FLAGS.field] or 0
    signs = {name for name, bit in _FLAGS.items() if flags & bit}
    if any(row[column.field] for column in _AGAIN):
        signs.add("retransmission")
    streams = [f"{name}:{row[column.field][-1]}" for name, column in (("tcp", tcp.STREAM), ("udp", udp.STREAM))
               if row[column.field]]  # fmt: skip
    return Sight(
        frame=row[FRAME.field],
        time_s=None if row[RELATIVE_TIME.field] is None else row[RELATIVE_TIME.field] / 1e9,
        length=row[LENGTH.field] or 0,
        addresses=frozenset(_values(row, (*_ADDRESSES, *_ARP))),
        ports=frozenset(_values(row, _PORTS)),
        protocols=frozenset((row[PROTOCOLS.field] or "").split(":")) | {(row[PROTOCOL.field] or "").lower()},
        stream=streams[0] if streams else "",
        signs=frozenset(signs),
        protocol=row[PROTOCOL.field] or "",
        info=masked(row[INFO.field] or ""),
        source=_source(row),
        ends=_ends(row),
    )


def _source(row: dict[str, Any]) -> str:
    sources = _values(row, (IPV4_SOURCE, IPV6_SOURCE)) or [""]
    return str(sources[_place(row)])


def _place(row: dict[str, Any]) -> int:
    """Return which address of several is the sender's own: the innermost one, but not what an ICMP error quotes."""
    return 0 if {"icmp", "icmpv6"} & set((row[PROTOCOLS.field] or "").split(":")) else -1


def _ends(row: dict[str, Any]) -> tuple[str, str]:
    place = _place(row)
    for sources, destinations in _ENDS:
        if (source := _values(row, sources)) and (destination := _values(row, destinations)):
            return source[place], destination[place]
    return "", ""


def _values(row: dict[str, Any], columns: tuple[Column, ...]) -> list[Any]:
    found = list[Any]()
    for column in columns:
        value = row[column.field]
        found += value if isinstance(value, list) else [value] if value is not None else []
    return found
