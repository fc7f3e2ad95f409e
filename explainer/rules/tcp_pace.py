"""Slow TCP transfers, and what sets their pace: a sender that pauses, a slow link, many round trips (RFC 5681)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import segments
from explainer.protocols.tcp_timing import Timing, timings
from explainer.protocols.tcp_transfer import Transfer, transfers
from explainer.registry import rule
from explainer.rules.tcp_case import finding, scope
from explainer.rules.tcp_queue import queued, round_trips
from explainer.wording import count, milliseconds

_AREA = "the speed of TCP connections"
_SHOWN = 20
_CLOCK_MS = 3_600_000  # longer than an hour waits nobody: the clock was set


@rule("Sender pauses", transfers, subject="long transfers", area=_AREA)
def tcp_slow_sender(facts: Facts, *, share: float = 0.5, min_pauses: int = 3) -> Iterator[Finding]:
    """A transfer of which at least half the time passes with the sender silent, although all was acknowledged.

    The program has nothing to send then: it is slow itself, waits for something else, or limits its pace on purpose, as
    video and live data do. Only information, for that reason.
    """
    for t in facts[transfers]:
        if len(t.pauses) >= min_pauses and share * t.lasted_ms <= t.paused_ms < _CLOCK_MS:
            yield _sender(t)


def _sender(t: Transfer) -> Finding:
    c = t.connection
    sender, receiver = (c.client, c.server) if t.from_client else (c.server, c.client)
    side, role = (Side.CLIENT, "client") if t.from_client else (Side.SERVER, "server")
    paused, lasted = milliseconds(t.paused_ms), milliseconds(t.lasted_ms)
    return finding(
        "tcp_slow_sender",
        t.pauses[0],
        Severity.INFO,
        side,
        f"The {role} {sender} sends its data slowly: of the {lasted} that {t.bytes:,} bytes take it pauses for {paused}"
        f" ({count(len(t.pauses), 'pause')}), with everything acknowledged. The time passes in the program on"
        f" {sender.address}, not in the network.",
        Evidence.of(
            (t.first_frame, *t.pauses, t.last_frame),
            f"tcp.stream == {c.stream}",
            [
                Step(frames=(t.first_frame,), text=f"{sender} begins to send"),
                Step(
                    frames=t.pauses[:_SHOWN], text=f"it goes on after a pause; {receiver} had acknowledged all before"
                ),
                Step(frames=(t.last_frame,), text=f"the last data comes {lasted} after the first"),
            ],
        ),
        scope([c.stream], sender, receiver),
        act=f"The {role}'s side should look what the program on {sender.address} waits for between its writes.",
        measured={"paused_ms": round(t.paused_ms, 3), "lasted_ms": round(t.lasted_ms, 3), "bytes": t.bytes},
        confidence=Confidence.PROBABLE,
        advice=(f"See on {sender.address} what the program waits for: a disk, a database, another server, a limit.",),
        limits=("whether it sends at this pace on purpose (video, live data, a rate limit)",),
    )


def waits_for_receiver(t: Transfer, share: float = 0.5, min_times: int = 5, round_trips: float = 3) -> bool:
    """Return whether the receiver sets the pace; see tcp_slow_receiver for the thresholds."""
    slow = t.blocked_ms >= round_trips * t.trip_ms * len(t.blocked)
    return len(t.blocked) >= min_times and slow and share * t.lasted_ms <= t.blocked_ms < _CLOCK_MS


@rule("Receiver reads slowly", transfers, subject="long transfers", area=_AREA)
def tcp_slow_receiver(
    facts: Facts, *, share: float = 0.5, min_times: int = 5, round_trips: float = 3
) -> Iterator[Finding]:
    """A transfer that waits at least half the time for the receiver to make room, `min_times` or more.

    Each wait is longer than `round_trips` round trips in the mean, so that it is not the way that takes the time: the
    receiving program reads slowly. Only information: a player that has enough for now, or a limit, looks the same.
    """
    for t in facts[transfers]:
        if waits_for_receiver(t, share, min_times, round_trips):
            yield _receiver(t)


def _receiver(t: Transfer) -> Finding:
    c = t.connection
    sender, receiver = (c.client, c.server) if t.from_client else (c.server, c.client)
    side, role = (Side.SERVER, "server") if t.from_client else (Side.CLIENT, "client")
    waited, lasted = milliseconds(t.blocked_ms), milliseconds(t.lasted_ms)
    return finding(
        "tcp_slow_receiver",
        t.blocked[0],
        Severity.INFO,
        side,
        f"The {role} {receiver.address} takes its data slowly: of the {lasted} that {t.bytes:,} bytes take, {sender}"
        f" waits {waited} for room in its receive window ({count(len(t.blocked), 'time')}). The program on"
        f" {receiver.address} is slow to read, not the network.",
        Evidence.of(
            t.blocked,
            f"tcp.stream == {c.stream} && tcp.analysis.window_full",
            [Step(frames=t.blocked[:_SHOWN], text=f"{sender} has filled the window and must wait for {receiver}")],
        ),
        scope([c.stream], receiver, sender),
        act=f"The {role}'s side should look why the program on {receiver.address} reads so slowly.",
        measured={"waited_ms": round(t.blocked_ms, 3), "lasted_ms": round(t.lasted_ms, 3), "bytes": t.bytes},
        confidence=Confidence.CERTAIN,
        advice=(f"On {receiver.address}: its processor and disk, and a full Recv-Q in ss -tnp.",),
        limits=("whether it reads at this pace on purpose (a player, a rate limit)",),
    )


@rule("Slow link", transfers, segments, subject="long transfers", area=_AREA)
def tcp_slow_link(
    facts: Facts, *, most_mbit: float = 20, min_segments: int = 30, full: float = 0.9
) -> Iterator[Finding]:
    """A transfer of full segments that come evenly, at `most_mbit` Mbit/s or less, with hardly a loss and no pause.

    So does data behind a link, or a limit, of that speed. Even is a ninth decile of the time between two segments of no
    more than three times the median. Only information: many links are that slow. Where the round trip becomes much
    longer meanwhile, as the data waits in a queue, that is told, too.
    """
    slow = list[Transfer]()
    for t in facts[transfers]:
        steady = t.full >= full and t.steady and t.paused_ms < 0.1 * t.lasted_ms
        if t.segments >= min_segments and _mbit(t) <= most_mbit and steady and t.again * 100 <= t.segments:
            slow.append(t)
    grown = round_trips(facts[segments], slow)
    for t in slow:
        yield queued(_link(t, _mbit(t)), t, grown.get(t.first_frame))


def _mbit(t: Transfer) -> float:
    return t.bytes * 8 / t.lasted_ms / 1000


def _link(t: Transfer, rate: float) -> Finding:
    c = t.connection
    sender, receiver = (c.client, c.server) if t.from_client else (c.server, c.client)
    pace = f"{rate:.2g} Mbit/s"
    return finding(
        "tcp_slow_link",
        t.first_frame,
        Severity.INFO,
        Side.NETWORK,
        f"The transfer from {sender.address} to {receiver.address} is limited by the speed of the line:"
        f" {t.bytes:,} bytes"
        f" in {milliseconds(t.lasted_ms)} at an even {pace}; neither side pauses, and hardly anything is lost.",
        Evidence.of(
            (t.first_frame, t.last_frame),
            f"tcp.stream == {c.stream} && tcp.len > 0",
            [
                Step(frames=(t.first_frame,), text=f"{sender} begins to send"),
                Step(
                    frames=(t.last_frame,),
                    text=f"the last of {t.segments:,} segments, which come {milliseconds(t.gap_ms)} apart",
                ),
            ],
        ),
        scope([c.stream], sender, receiver),
        act="Whoever runs the network may look which link, or which limit (shaping), has that speed.",
        measured={"mbit_s": round(rate, 3), "bytes": t.bytes, "lasted_ms": round(t.lasted_ms, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            f"Measure the line apart from the program: iperf3 -c {receiver.address}",
            "Look for a slow uplink, a traffic shaper or a policy that limits the rate, and for other traffic on it.",
        ),
        limits=("which link or limit it is", "whether the sending program limits its own rate"),
    )


@rule("Little on its way", transfers, subject="long transfers", area=_AREA)
def tcp_slow_rounds(
    facts: Facts, *, min_trip_ms: float = 30, most_bytes: float = 65535, share: float = 0.5
) -> Iterator[Finding]:
    """A transfer that waits for a round trip of `min_trip_ms` or more again and again, with little on its way in each.

    At most `most_bytes` in a round trip, without a loss or a pause of the program: the receiver's window, or a buffer
    of either side, is small for this way. Only information, since at the receiver its window is not told apart from the
    sender's own limits.
    """
    for t in facts[transfers]:
        per_trip = t.bytes * t.trip_ms / t.lasted_ms
        waits = t.waited_ms >= share * t.lasted_ms and not t.steady
        calm = t.paused_ms < 0.2 * t.lasted_ms and t.again * 100 <= t.segments
        if t.trip_ms >= min_trip_ms and per_trip <= most_bytes and waits and calm:
            yield _rounds(t, per_trip)


def _rounds(t: Transfer, per_trip: float) -> Finding:
    c = t.connection
    sender, receiver = (c.client, c.server) if t.from_client else (c.server, c.client)
    return finding(
        "tcp_slow_rounds",
        t.first_frame,
        Severity.INFO,
        Side.EITHER,
        f"The transfer from {sender.address} to {receiver.address} is slow because only about {per_trip:,.0f}"
        " bytes are on"
        f" their way in each round trip of {milliseconds(t.trip_ms)} (a small window or buffer): {t.bytes:,} bytes take"
        f" {milliseconds(t.lasted_ms)}.",
        Evidence.of(
            (*c.syn_frames[:1], t.first_frame, t.last_frame),
            f"tcp.stream == {c.stream}",
            [
                Step(frames=c.syn_frames[:1], text=f"the handshake takes {milliseconds(t.trip_ms)}: the round trip"),
                Step(frames=(t.first_frame, t.last_frame), text=f"first and last of {t.segments:,} segments"),
                Step(frames=(), text=f"Of that time {milliseconds(t.waited_ms)} are waits between two segments."),
            ],
        ),
        scope([c.stream], sender, receiver),
        act=f"Whoever runs the programs may act: larger buffers on {receiver.address} (receive) and {sender.address}"
        " (send).",
        measured={"bytes_per_trip": round(per_trip), "trip_ms": round(t.trip_ms, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            "See tcp.window_size of the receiver in Wireshark: where it is about that number, its window is the limit.",
            "Let the system size the buffers: no SO_RCVBUF or SO_SNDBUF in the program; sysctl net.ipv4.tcp_rmem.",
        ),
        limits=("whether the receiver's window or the sender's own limit is the reason",),
    )


@rule("Many round trips", timings, subject="TCP connections with data both ways", area=_AREA)
def tcp_many_round_trips(
    facts: Facts, *, min_exchanges: int = 8, min_trip_ms: float = 40, min_s: float = 1.5, share: float = 0.4
) -> Iterator[Finding]:
    """Requests one after the other on a long way, each of which waits a round trip: they make most of the time.

    From `min_exchanges` requests and a round trip of `min_trip_ms` on; the round trips make a `share` of the
    connection's time, which is `min_s` or more. Only information: nothing is broken.
    """
    for t in facts[timings]:
        c, trip = t.connection, t.quickest_ms or 0.0
        lasted_ms, waited = (c.last_ns - c.first_ns) / 1e6, t.exchanges * trip
        enough = t.exchanges >= min_exchanges and trip >= min_trip_ms and lasted_ms >= 1000 * min_s
        if enough and share * lasted_ms <= waited <= 1.2 * lasted_ms:
            yield _trips(t, trip, lasted_ms)


def _trips(t: Timing, trip: float, lasted_ms: float) -> Finding:
    c = t.connection
    handshake = (c.syn_frames[0], c.syn_ack_frame) if c.syn_frames and c.syn_ack_frame else ()
    frames = (*handshake, t.first.request_frame, t.first.response_frame)
    waited = milliseconds(t.exchanges * trip)
    return finding(
        "tcp_many_round_trips",
        frames[0],
        Severity.INFO,
        Side.EITHER,
        f"{count(t.exchanges, 'request')} of {c.client.address} to {c.server} wait for each other, and each"
        " takes a round"
        f" trip of {milliseconds(trip)}: {waited} of {milliseconds(lasted_ms)} are the way through the network.",
        Evidence.of(
            frames,
            f"tcp.stream == {c.stream}",
            [
                Step(frames=frames, text=f"a round trip takes {milliseconds(trip)}"),
                Step(
                    frames=(), text=f"{count(t.exchanges, 'request')} follow each other, none before the last answer."
                ),
            ],
        ),
        scope([c.stream], c.server, c.client),
        act="Whoever writes the program may act: ask for more at once; or bring client and server closer together.",
        measured={"exchanges": t.exchanges, "round_trip_ms": round(trip, 3), "lasted_ms": round(lasted_ms, 3)},
        advice=("Send requests together (pipelining, HTTP/2, batches), or on several connections at once.",),
        limits=("whether the requests depend on each other",),
    )
