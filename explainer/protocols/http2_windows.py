"""HTTP/2's flow control: which streams wait for room that their receiver does not give (RFC 9113, section 5.2).

Rule: only connections of which the capture holds the beginning, and that carry more than the first window: what was
given before is not known.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS, TIME, last_ns
from explainer.protocols.http2_errors import PREFACE
from explainer.protocols.openings import openings
from explainer.protocols.streams import STREAM_NEEDS, with_streams
from explainer.protocols.tcp import Connection, Endpoint, connections, segments

_TYPE, _STREAM, _LENGTH, _FLAGS = (
    Column("http2.type", Kind.INT, many=True),
    Column("http2.streamid", Kind.INT, many=True),
    Column("http2.length", Kind.INT, many=True),
    Column("http2.flags", Kind.INT, many=True),
)
_MORE, _INITIAL, _PATH = (
    Column("http2.window_update.window_size_increment", Kind.INT, many=True),
    Column("http2.settings.initial_window_size", Kind.INT, many=True),
    Column("http2.headers.path", many=True),
)
_DATA, _HEADERS, _RESET, _SETTINGS, _WINDOW_UPDATE = 0, 1, 3, 4, 8
_END, _ACK = 0x1, 0x1
_FIRST_WINDOW = 65_535
"""Bytes: what a connection may send until the receiver gives more (RFC 9113, section 6.9.2)."""


def _view(facts: Facts) -> View | None:
    begun = {o.stream for o in facts[openings] if o.client and o.client[0].data.startswith(PREFACE)}
    large = [
        c.stream
        for c in facts[connections]
        if c.syn_frames and max(c.client_payload, c.server_payload) >= _FIRST_WINDOW and not c.lost_segments
    ]
    known = facts.frames(FRAME, PROTOCOLS).filter(pl.col(PROTOCOLS.field).str.contains(":http2", literal=True))
    spoken = facts[segments].join(known.select(pl.col(FRAME.field).alias("frame")), on="frame", how="semi")["stream"]
    wanted = set(large) & (begun | set(spoken.unique().to_list()))
    carried = facts[segments].filter(pl.col("stream").is_in(list(wanted)))
    if carried.is_empty():
        return None
    ports = sorted({port for stream, port in carried.select("stream", "server_port").iter_rows() if stream in begun})
    rules = tuple(f"tcp.port=={port},http2" for port in ports)
    return View(with_streams(facts, carried["frame"]), "http2.type", rules)


FRAMES = Look(
    "HTTP/2 flow control", (FRAME, PROTOCOLS, openings, connections, segments, *STREAM_NEEDS),
    (FRAME, TIME, _TYPE, _STREAM, _LENGTH, _FLAGS, _MORE, _INITIAL, _PATH), _view,
)  # fmt: skip


class Stall(NamedTuple):
    """A stream of HTTP/2 whose sender has used up the receiver's window, which is opened no more.

    `frame` is the last one that carried its data, `sent` its bytes; `whole` says that the window is the connection's.
    `until_frame` is where the receiver ends the stream or the connection, None where the capture ends. `others` counts
    the streams whose answers were whole meanwhile.
    """

    stream: int
    client: Endpoint
    server: Endpoint
    from_client: bool
    path: str
    request_frame: int | None
    frame: int
    sent: int
    whole: bool
    waited_s: float
    until_frame: int | None
    others: tuple[int, ...]


@fact("HTTP/2 connections", FRAMES, segments, connections, last_ns)
def http2_stalls(facts: Facts) -> tuple[Stall, ...]:
    """Return the streams that wait in vain for room, by the frame of their last data."""
    seen = facts.look(FRAMES)
    if seen is None:
        return ()
    whose = facts[segments].select("frame", pl.col("stream").alias("tcp"), "from_client")
    rows = seen.join(whose, left_on=FRAME.field, right_on="frame").sort("tcp", FRAME.field)
    by_stream = {c.stream: c for c in facts[connections]}
    ending = facts[segments].filter((pl.col("fin") | pl.col("rst")) & pl.col("stream").is_in(rows["tcp"].unique()))
    ends = {
        stream: (frame, time) for stream, frame, time in ending.select("stream", "frame", "time").reverse().iter_rows()
    }
    found = list[Stall]()
    for number, group in groupby(rows.iter_rows(named=True), key=lambda row: row["tcp"]):
        found.extend(_Windows(by_stream[number], ends.get(number, (None, facts[last_ns]))).stalls(group))
    return tuple(sorted(found, key=lambda stall: stall.frame))


class _Sent(NamedTuple):
    """What one side sent in a stream: bytes, and the frame and time of the last of them."""

    size: int
    frame: int
    time_ns: int


class _Windows:
    """The windows of one connection, by who sends under them."""

    def __init__(self, connection: Connection, end: tuple[int | None, int]) -> None:
        """Take the connection, and the frame and time of its end, or the time of the capture's."""
        self._of = connection
        self._end = end
        self._first = {True: _FIRST_WINDOW, False: _FIRST_WINDOW}
        self._left = {True: _FIRST_WINDOW, False: _FIRST_WINDOW}
        self._given = defaultdict[tuple[bool, int], int](int)
        self._sent = dict[tuple[bool, int], _Sent]()
        self._asked = dict[int, tuple[int, str]]()
        self._whole = dict[int, int]()
        self._stalls = list[Stall]()

    def stalls(self, rows: Iterator[dict[str, Any]]) -> list[Stall]:
        """Return the streams that wait in vain, from the rows of the connection's frames."""
        for row in rows:
            self._read(row)
        for by, number in list(self._sent):
            self._close(by, number, self._end)
        return self._stalls

    def _read(self, row: dict[str, Any]) -> None:
        more, initial, paths = (iter(row[column.field] or ()) for column in (_MORE, _INITIAL, _PATH))
        kinds, numbers = row[_TYPE.field] or (), row[_STREAM.field] or ()
        lengths, flags = row[_LENGTH.field] or (), row[_FLAGS.field] or ()
        by = row["from_client"]
        for kind, number, length, flag in zip(kinds, numbers, lengths, flags, strict=False):
            if kind == _DATA:
                self._data(by, number, length, row)
            elif kind == _WINDOW_UPDATE and (given := next(more, None)) is not None:
                self._give(not by, number, given)
            elif kind == _SETTINGS and not flag & _ACK and length:
                self._first[not by] = next(initial, None) or self._first[not by]
            elif kind == _HEADERS and by:
                self._asked.setdefault(number, (row[FRAME.field], (next(paths, "") or "").partition("?")[0]))
            elif kind == _RESET:
                until = None if (by, number) in self._sent else (row[FRAME.field], row[TIME.field])
                self._close(not by, number, until)
            if kind in (_DATA, _HEADERS) and flag & _END:
                self._sent.pop((by, number), None)
                if not by:
                    self._whole[number] = row[FRAME.field]

    def _data(self, by: bool, number: int, length: int, row: dict[str, Any]) -> None:
        before = self._sent.get((by, number))
        self._left[by] -= length
        size = (before.size if before else 0) + length
        self._sent[by, number] = _Sent(size, row[FRAME.field], row[TIME.field])

    def _give(self, by: bool, number: int, given: int) -> None:
        if number:
            self._given[by, number] += given
        else:
            self._left[by] += given

    def _close(self, by: bool, number: int, end: tuple[int | None, int] | None) -> None:
        """Note a stream that its receiver, or the end of all, ends while its sender has no room."""
        sent = self._sent.pop((by, number), None)
        if sent is None or end is None:
            return
        whole = self._left[by] <= 0
        if not whole and sent.size < self._first[by] + self._given[by, number]:
            return
        frame, path = self._asked.get(number, (None, ""))
        others = tuple(at for other, at in self._whole.items() if other != number and at > sent.frame)
        self._stalls.append(
            Stall(
                self._of.stream, self._of.client, self._of.server, by, path, frame, sent.frame, sent.size, whole,
                (end[1] - sent.time_ns) / 1e9, end[0], others,
            )
        )  # fmt: skip
