"""Voice and video streams: what arrived of each, by the sequence numbers that its sender counts (RFC 3550)."""

from itertools import pairwise
from typing import Any, NamedTuple

from explainer.facts import Column, Facts, Kind, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.layers import UDP
from explainer.protocols.tcp import Endpoint

_SEQUENCE, _SSRC = Column("rtp.seq", Kind.INT, many=True), Column("rtp.ssrc", many=True)
_TIMESTAMP, _TYPE = Column("rtp.timestamp", Kind.INT, many=True), Column("rtp.p_type", Kind.INT, many=True)
_MOST_FRAMES, _MOST_PORTS = 200_000, 100
_LEAST_GUESSED, _WELL_KNOWN = 200, 1023
_IN_ORDER, _STEP, _OF_ALL = 0.9, 10, 0.9
"""What is guessed has to count on: nine of ten numbers are among the next ten, nine of ten packets of one source."""
_ROUND, _FAR = 1 << 16, 3000  # MAX_DROPOUT of RFC 3550, appendix A.1: more is a sender that began anew
# RFC 3551: payload types of voice with a clock of 8 kHz (G.711, GSM, G.723, G.722, G.728, G.729).
VOICE = (0, 3, 4, 8, 9, 15, 18)
_CLOCK_HZ = 8000
_SMOOTHED = 16  # RFC 3550, section 6.4.1


class RtpStream(NamedTuple):
    """One sender's packets to one place; `lost` are the sequence numbers that do not come, `late` those overtaken.

    `gaps` are the frames before which some are missing. `jitter_ms` is the mean of RFC 3550's estimate, and None where
    the payload's clock is not known.
    """

    ssrc: str
    source: Endpoint
    destination: Endpoint
    payload_type: int
    packets: int
    lost: int
    late: int
    gaps: tuple[int, ...]
    jitter_ms: float | None
    first_frame: int
    last_frame: int
    first_ns: int
    last_ns: int

    @property
    def lasted_s(self) -> float:
        """Return the seconds from the first packet to the last."""
        return (self.last_ns - self.first_ns) / 1e9

    @property
    def share(self) -> float:
        """Return the lost packets' share of all that were sent, as far as the numbers tell."""
        return self.lost / (self.packets + self.lost)


def _carrying(facts: Facts) -> "pl.DataFrame":
    """Return the innermost UDP headers of the frames in which Wireshark sees RTP, and of those that may be some.

    Without signalling (SIP, RTSP) it does not recognise RTP: what nobody knows and goes to one even port for a while
    (RFC 3550, section 11) is looked at, too, and `guessed`.
    """
    frames = facts.frames(FRAME, PROTOCOLS).select(pl.col(FRAME.field).alias("frame"), pl.col(PROTOCOLS.field))
    layers = pl.col(PROTOCOLS.field)
    named = frames.filter(layers.str.contains(r":udp:rtp(?::|$)")).with_columns(guessed=pl.lit(False))
    unknown = frames.filter(layers.str.contains(r":udp(?::data)?$")).with_columns(guessed=pl.lit(True))
    headers = facts[UDP.headers].unique("frame", keep="last", maintain_order=True)
    seen = headers.join(pl.concat([named, unknown]).drop(PROTOCOLS.field), on="frame", how="inner").sort("frame")
    often = pl.len().over("src", "sport", "dst", "dport") >= _LEAST_GUESSED
    likely = (pl.col("dport") % 2 == 0) & (pl.min_horizontal("sport", "dport") > _WELL_KNOWN) & often
    return seen.filter(~pl.col("guessed") | likely).head(_MOST_FRAMES)


def _view(facts: Facts) -> View | None:
    # Without the call's signalling Wireshark does not know the ports: they are named.
    table = _carrying(facts)
    ports = table["dport"].unique(maintain_order=True).to_list()[:_MOST_PORTS]
    if not ports:
        return None
    frames = table.filter(pl.col("dport").is_in(ports))["frame"].to_list()
    return View(tuple(frames), "rtp", tuple(f"udp.port=={port},rtp" for port in sorted(ports)))


PACKETS = Look(
    "RTP packets", (FRAME, PROTOCOLS, UDP.headers), (FRAME, _SEQUENCE, _SSRC, _TIMESTAMP, _TYPE), _view
)  # fmt: skip


@fact("RTP streams", FRAME, PROTOCOLS, UDP.headers, PACKETS)
def rtp_streams(facts: Facts) -> tuple[RtpStream, ...]:
    """Return the streams in the order of their first packet, by sender, place and source identifier (SSRC)."""
    seen = facts.look(PACKETS)
    if seen is None:
        return ()
    read = seen.select(
        pl.col(FRAME.field).cast(pl.Int64).alias("frame"),
        *(pl.col(column.field).list.last().alias(name) for column, name in _NAMED),
    ).drop_nulls()
    table = read.join(_carrying(facts).with_columns(pl.col("frame").cast(pl.Int64)), on="frame", how="inner")
    ends = ("src", "sport", "dst", "dport")
    table = table.sort("frame").with_columns(pl.len().over(*ends).alias("of_all"))
    grouped = table.group_by("ssrc", *ends, maintain_order=True).agg(
        "frame", "time", "sequence", "timestamp", "type", pl.col("guessed", "of_all").first()
    )  # fmt: skip
    return tuple(_stream(row) for row in grouped.iter_rows(named=True) if not row["guessed"] or _counts_on(row))


_NAMED = ((_SEQUENCE, "sequence"), (_SSRC, "ssrc"), (_TIMESTAMP, "timestamp"), (_TYPE, "type"))


def _counts_on(row: dict[str, Any]) -> bool:
    """Return whether packets that nobody recognises are numbered as RTP's are."""
    numbers = row["sequence"]
    if len(numbers) < max(_LEAST_GUESSED / 2, _OF_ALL * row["of_all"]):
        return False
    next_ones = sum(0 < (later - earlier) % _ROUND <= _STEP for earlier, later in pairwise(numbers))
    return bool(next_ones >= _IN_ORDER * (len(numbers) - 1))


def _stream(row: dict[str, Any]) -> RtpStream:
    lost, late, gaps = _missing(row["sequence"], row["frame"])
    kind = row["type"][0]
    return RtpStream(
        row["ssrc"], Endpoint(row["src"], row["sport"]), Endpoint(row["dst"], row["dport"]), kind, len(row["frame"]),
        lost, late, gaps, _jitter(row["time"], row["timestamp"]) if kind in VOICE else None, row["frame"][0],
        row["frame"][-1], row["time"][0], row["time"][-1],
    )  # fmt: skip


def _missing(numbers: list[int], frames: list[int]) -> tuple[int, int, tuple[int, ...]]:
    """Return how many numbers never come, how many come late, and the frames before which some are missing."""
    highest, late = numbers[0], 0
    missing = dict[int, int]()  # each missing number, counted on beyond 65,535, with the frame that shows it
    for number, frame in zip(numbers[1:], frames[1:], strict=True):
        ahead = (number - highest) % _ROUND
        if ahead == 0:
            continue
        if ahead < _FAR:
            missing.update((highest + step, frame) for step in range(1, ahead))
            highest += ahead
        elif _ROUND - ahead < _FAR:
            late += missing.pop(highest - (_ROUND - ahead), None) is not None
        else:
            highest += ahead
    return len(missing), late, tuple(dict.fromkeys(missing.values()))


def _jitter(times: list[int], stamps: list[int]) -> float:
    """Return the mean of RFC 3550's smoothed variation of how long packets take, in milliseconds."""
    smoothed, total = 0.0, 0.0
    pairs = zip(times, times[1:], stamps, stamps[1:], strict=False)
    for earlier, later, stamp, next_stamp in pairs:
        sent_ms = ((next_stamp - stamp + (1 << 31)) % (1 << 32) - (1 << 31)) * 1000 / _CLOCK_HZ
        smoothed += (abs((later - earlier) / 1e6 - sent_ms) - smoothed) / _SMOOTHED
        total += smoothed
    return total / max(1, len(times) - 1)


@fact("ICMP errors about voice and video", FRAME, PROTOCOLS)
def media_errors(facts: Facts) -> tuple[frozenset[int], frozenset[int]]:
    """Return the frames that quote RTP, and those that quote RTCP."""
    frames = facts.frames(FRAME, PROTOCOLS)
    layers = pl.col(PROTOCOLS.field)
    quoting = {
        name: frozenset(frames.filter(layers.str.contains(rf":icmp(?:v6)?:.*:{name}(?::|$)"))[FRAME.field])
        for name in ("rtp", "rtcp")
    }
    return quoting["rtp"] - quoting["rtcp"], quoting["rtcp"]
