"""How TCP carried the handshakes that stopped without a word of TLS: times, hops (TTL), sizes; a fact, no judgement."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import last_ns
from explainer.protocols.tcp import segments
from explainer.protocols.tcp_analysis import health
from explainer.protocols.tcp_delivery import NOTHING, Delivery, deliveries
from explainer.protocols.tls.ending import Ending, Outcome
from explainer.protocols.tls.outcome import tcp_endings

_STOPPED = (
    Outcome.RESET_AFTER_HELLO, Outcome.CLOSED_AFTER_HELLO, Outcome.SILENCE, Outcome.HELLO_UNACKNOWLEDGED,
    Outcome.FLIGHT_LOST, Outcome.LEFT_BY_CLIENT, Outcome.LEFT_BY_SERVER,
)  # fmt: skip
_COLUMNS = (
    "frame", "time", "from_client", "ttl", "fin", "rst", "payload", "seq", "next_seq", "acknowledged", "ack",
)  # fmt: skip
_UNSENT = Delivery(0, NOTHING, NOTHING)


class Row(NamedTuple):
    """A TCP segment; see the "TCP segments" fact for the columns."""

    frame: int
    time: int
    from_client: bool
    ttl: int | None
    fin: bool
    rst: bool
    payload: int
    seq: int | None
    next_seq: int | None
    acknowledged: int | None
    ack: bool


@dataclass(frozen=True)
class Carriage:
    """One handshake's TCP segments, and what they show; times from the end of its last ClientHello on.

    `mss` is the smaller of both sides' maximum segment sizes, None where the capture does not show both.
    """

    ending: Ending
    rows: tuple[Row, ...]
    delivery: Delivery
    mss: int | None
    capture_ends_ns: int

    @property
    def hello_frame(self) -> int:
        """Return the frame that completes the last ClientHello."""
        return self.ending.handshake.client_hellos[-1].frame

    @cached_property
    def hello(self) -> tuple[Row, ...]:
        """Return the segments of the last ClientHello, each time that it was sent."""
        heard = max((r.frame for r in self.rows if self._said(r) and r.frame < self.hello_frame), default=0)
        return tuple(r for r in self.rows if r.from_client and r.payload and r.frame > heard)

    @property
    def hello_bytes(self) -> int:
        """Return the ClientHello's length in TCP payload."""
        return sum({r.seq: r.payload for r in self.hello}.values())

    @property
    def hello_segments(self) -> int:
        """Return how many segments the ClientHello takes."""
        return len({r.seq for r in self.hello})

    @property
    def hello_sendings(self) -> tuple[int, ...]:
        """Return the frames in which the first segment of the ClientHello was sent."""
        return tuple(r.frame for r in self.hello if r.seq == self.hello[0].seq)

    @property
    def left(self) -> Row | None:
        """Return the segment with which the client left, or None."""
        ends = (r for r in self.rows if r.from_client and (r.fin or r.rst) and r.frame > self.hello_frame)
        return next(ends, None)

    @property
    def waited_s(self) -> float:
        """Return how long the client waited after the ClientHello: until it left, or else to the capture's end."""
        return self._since_hello(self.left.time if self.left else self.capture_ends_ns) / 1e9

    @property
    def ended_ms(self) -> float:
        """Return how long after the ClientHello the deciding frame came."""
        return round(self._since_hello(self._row(self.ending.frame).time) / 1e6, 6)

    @property
    def acknowledgement(self) -> int | None:
        """Return the server's frame that acknowledges the whole ClientHello, or None."""
        whole = max((r.next_seq or 0 for r in self.hello), default=0)
        acks = (r for r in self.rows if not r.from_client and r.ack and not r.rst and r.frame > self.hello_frame)
        return next((r.frame for r in acks if (r.acknowledged or 0) >= whole), None)

    @property
    def server_spoke(self) -> bool:
        """Return whether the server sent data after the ClientHello while the client was there, captured or not."""
        until = self.left.frame if self.left else self.rows[-1].frame + 1
        return self._unseen() or any(self._said(r) and self.hello_frame < r.frame < until for r in self.rows)

    def _unseen(self) -> bool:
        """Return whether the server sent bytes that the capture lacks: acknowledged, or passed over."""
        reached = 1
        for row in self.rows:
            if row.from_client:
                if row.ack and not row.rst and (row.acknowledged or 0) > reached:
                    return True
            elif not row.rst:
                if (row.seq or 0) > reached:
                    return True
                reached = max(reached, row.next_seq or 0)
        return False

    @property
    def server_ttls(self) -> tuple[int, ...]:
        """Return the TTLs (IPv6: hop limits) of the server's packets, resets left out."""
        return tuple(sorted({r.ttl for r in self.rows if not r.from_client and not r.rst and r.ttl is not None}))

    @property
    def end_ttl(self) -> int | None:
        """Return the TTL of the deciding frame."""
        return self._row(self.ending.frame).ttl

    @property
    def largest_arrived(self) -> int:
        """Return the payload of the server's largest segment that arrived, 0 where the capture shows none that did.

        Where there is a gap, whatever is in the capture arrived; where segments are repeated, what was acknowledged.
        """
        sent = self.delivery.server
        arrived = [r for r in self.rows if self._said(r)]
        if sent.gap_frame is None:
            arrived = [r for r in arrived if (r.next_seq or 0) <= (sent.acknowledged or 0)]
        return max((r.payload for r in arrived), default=0)

    @property
    def lost_bytes(self) -> int:
        """Return how many bytes are missing before the gap, or how large the segment is that nobody acknowledges."""
        first = self._row(self.ending.frame)
        if self.delivery.server.gap_frame is None:
            return first.payload
        before = (r.next_seq or 1 for r in self.rows if self._said(r) and (r.seq or 0) < (first.seq or 0))
        return (first.seq or 0) - max(before, default=1)

    @property
    def lost_for_s(self) -> float:
        """Return how long the deciding frame's loss lasted: until the client left, or else to the capture's end."""
        end = self.left.time if self.left else self.capture_ends_ns
        return (end - self._row(self.ending.frame).time) / 1e9

    def _said(self, row: Row) -> bool:
        return not row.from_client and row.payload > 0

    def _since_hello(self, time: int) -> int:
        return time - self._row(self.hello_frame).time

    def _row(self, frame: int) -> Row:
        return next(row for row in self.rows if row.frame == frame)


@fact("TLS handshakes that stopped", tcp_endings, segments, deliveries, health, last_ns)
def carriages(facts: Facts) -> tuple[Carriage, ...]:
    """Return the handshakes that a reset, an end or a silence stopped, in their order."""
    stopped = {e.handshake.stream: e for e in facts[tcp_endings] if e.outcome in _STOPPED and _whole(e)}
    if not stopped:
        return ()
    table = facts[segments].filter(pl.col("stream").is_in(list(stopped))).select("stream", *_COLUMNS)
    sizes = {h.stream: (h.client_mss, h.server_mss) for h in facts[health] if h.stream in stopped}
    delivered, end = facts[deliveries], facts[last_ns]
    found = []
    for (stream,), rows in table.partition_by("stream", as_dict=True, include_key=False).items():
        announced = sizes.get(stream, (None, None))
        mss = None if None in announced else min(size for size in announced if size is not None)
        segments_of = tuple(Row(*row) for row in rows.iter_rows())
        found.append(Carriage(stopped[stream], segments_of, delivered.get(stream, _UNSENT), mss, end))
    return tuple(sorted(found, key=lambda carriage: carriage.ending.handshake.stream))


def _whole(ending: Ending) -> bool:
    """Return whether the capture shows the start, so that nobody had to guess who is the client."""
    return bool(ending.connection.syn_frames) and ending.handshake.client == ending.connection.client
