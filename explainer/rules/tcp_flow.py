"""TCP that is held back: a receiver that does not read, a window too small for the path, delayed acknowledgements."""

from collections.abc import Iterator
from statistics import median

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import Endpoint, connections
from explainer.protocols.tcp_transfer import transfers
from explainer.protocols.tcp_windows import ClosedWindow, FullWindow, closed_windows, full_windows, waited_acks
from explainer.registry import rule
from explainer.rules.tcp_case import finding, scope
from explainer.rules.tcp_pace import waits_for_receiver
from explainer.wording import count, milliseconds

_AREA = "the flow of TCP data"
_SHOWN = 20
_LARGEST_UNSCALED = 65535
_PRINTERS = (515, 631, 9100)
"""LPD, IPP and the raw port of printers (IANA)."""


@rule("Receiver does not read", connections, closed_windows, transfers, subject="TCP connections", area=_AREA)
def tcp_zero_window(
    facts: Facts, *, never_s: float = 3.0, stall_s: float = 1.0, prints_s: float = 30.0
) -> Iterator[Finding]:
    """A receive window of zero: the receiver's buffer is full because its application does not read (RFC 9293 3.8.6).

    Never reopened, with the capture going on for `never_s`, it is of high severity; a stall of `stall_s` of medium;
    shorter ones are how TCP slows a sender down, and are not told where tcp_slow_receiver tells of the whole transfer.
    Printers hold their data back while they print: up to `prints_s` it is for information.
    """
    by_receiver = dict[tuple[int, Endpoint], list[ClosedWindow]]()
    for window in facts[closed_windows]:
        by_receiver.setdefault((window.stream, window.receiver), []).append(window)
    of = {c.stream: c for c in facts[connections]}
    slowed = {t.connection.stream for t in facts[transfers] if waits_for_receiver(t)}
    for (stream, receiver), windows in by_receiver.items():
        longest = max(windows, key=lambda w: w.closed_ms)
        never = longest.reopened is None and longest.closed_ms >= 1000 * never_s
        if never:
            severity = Severity.HIGH
        else:
            patience_s = prints_s if receiver == of[stream].server and receiver.port in _PRINTERS else stall_s
            stalls = longest.reopened and longest.closed_ms >= 1000 * patience_s
            severity = Severity.MEDIUM if stalls else Severity.INFO
        if severity is Severity.INFO and stream in slowed:
            continue
        side = Side.CLIENT if receiver == of[stream].client else Side.SERVER
        yield _closed(longest, windows, severity, side, never=never)


def _closed(
    longest: ClosedWindow, windows: list[ClosedWindow], severity: Severity, side: Side, *, never: bool
) -> Finding:
    receiver, sender, lasted = longest.receiver, longest.sender, milliseconds(longest.closed_ms)
    frames = [frame for w in windows for frame in w.frames]
    role = "client" if side is Side.CLIENT else "server"
    closed = f"{receiver} says that it has no room for more data (window 0)"
    steps = [Step(frames=longest.frames[:_SHOWN], text=closed)]
    if longest.probes:
        asks = f"{sender} asks {count(len(longest.probes), 'time')} whether there is room again"
        steps.append(Step(frames=longest.probes[:_SHOWN], text=asks))
    if longest.reopened:
        steps.append(Step(frames=(longest.reopened,), text=f"it has room again after {lasted}"))
    else:
        steps.append(Step(frames=(), text=f"It never reopens the window in the {lasted} that follow."))
    how = f"and never reopens it ({lasted} to the end)" if never else f"for {lasted}"
    reads = "reads its data more slowly than it comes" if severity is Severity.INFO else "does not read its data"
    stuck = f"The {role}'s side must act: the program on {receiver.address} is stuck, too slow, or waits for its user."
    return finding(
        "tcp_zero_window",
        frames[0],
        severity,
        side,
        f"{receiver.address} (the {role}) {reads}: it announces a zero window {how}, so"
        f" {sender.address} has to stop sending.",
        Evidence.of(frames, f"tcp.stream == {longest.stream} && tcp.analysis.zero_window", steps),
        scope([longest.stream], receiver, sender),
        act="Nobody has to act: so TCP slows a sender down." if severity is Severity.INFO else stuck,
        measured={"zero_windows": len(frames), "longest_ms": round(longest.closed_ms, 3), "stalls": len(windows)},
        advice=(
            f"On {receiver.address}, see what the program does: its Recv-Q stays full in ss -tnp",
            "Look at its processor, disk and locks; a download that the user has paused looks the same.",
        ),
        limits=("why the program does not read", f"{sender.address} and the network are not the cause"),
    )


@rule("Window too small for the path", connections, full_windows, closed_windows, subject="TCP connections", area=_AREA)
def tcp_window_limited(facts: Facts, *, min_full: int = 5, min_rtt_ms: float = 50) -> Iterator[Finding]:
    """A transfer that fills a small window again and again on a path of `min_rtt_ms` or more (RFC 7323).

    Without the window scale option no more than 65,535 bytes are on their way at once: each needs a round trip. With
    it, a receiver that offers no more than that counts where the waits make half of the connection's time.
    """
    stalled = {w.stream for w in facts[closed_windows]}
    for full in facts[full_windows]:
        c = full.connection
        rtt = c.initial_rtt_ms or c.syn_ack_rtt_ms
        if len(full.frames) < min_full or not rtt or rtt < min_rtt_ms:
            continue
        waits = len(full.frames) * rtt >= (c.last_ns - c.first_ns) / 2e6
        small = 0 < full.largest_flight <= _LARGEST_UNSCALED and waits and c.stream not in stalled
        if full.scaled is False or (full.scaled and small):
            yield _limited(full, rtt)


def _limited(full: FullWindow, rtt_ms: float) -> Finding:
    c = full.connection
    sender, receiver = (c.client, c.server) if full.from_client else (c.server, c.client)
    window = min(full.largest_flight, _LARGEST_UNSCALED)
    rate = window * 8 / rtt_ms / 1000
    return finding(
        "tcp_window_limited",
        full.frames[0],
        Severity.LOW,
        Side.EITHER,
        f"The transfer from {sender.address} to {receiver.address} is limited by its window: at most {window:,} bytes"
        f" in each round trip of {milliseconds(rtt_ms)} (about {rate:.2g} Mbit/s), as "
        + (f"{receiver.address} offers no more (receive window)." if full.scaled else "the window is not scaled."),
        Evidence.of(
            full.frames,
            f"tcp.stream == {c.stream} && tcp.len > 0",
            [
                *(
                    ()
                    if full.scaled
                    else (
                        Step(
                            frames=c.syn_frames[:1], text="the SYN, or the answer to it, lacks the window scale option"
                        ),
                    )
                ),
                Step(frames=full.frames[:_SHOWN], text="the window is full: the sender has to wait for a round trip"),
            ],
        ),
        scope([c.stream], receiver, sender),
        act=f"Whoever runs the program on {receiver.address} must act: give it a larger receive buffer."
        if full.scaled
        else "Whoever runs the side without the window scale option must act, or whoever removes it on the way.",
        measured={"window_bytes": window, "rtt_ms": rtt_ms, "times_full": len(full.frames)},
        advice=(
            "On Linux: sysctl net.ipv4.tcp_window_scaling must be 1; see whether the program sets SO_RCVBUF.",
            "Record on both sides: a firewall that removes the option shows in the SYN.",
        ),
        limits=("why the receiver offers no more: its program (SO_RCVBUF), its system, or little memory",)
        if full.scaled
        else ("which of the two sides, or a device on the way, left the option out",),
    )


@rule("Delayed acknowledgements", connections, waited_acks, subject="TCP connections", area=_AREA)
def tcp_delayed_ack(
    facts: Facts, *, min_times: int = 5, max_wait_ms: float = 260, quick_ms: float = 10
) -> Iterator[Finding]:
    """Small segments that wait for a delayed acknowledgement, `min_times` or more (Nagle: RFC 896; RFC 1122 4.2.3.2).

    The acknowledgement comes after 40 ms (Linux) or up to 200 ms (others) although the same peer can answer within
    `quick_ms`, and the next small segment follows at once: the sender held it back.
    """
    for waited in facts[waited_acks]:
        waits = [ms for ms in waited.waits_ms if ms <= max_wait_ms]
        if len(waits) < min_times or waited.quickest_ms > quick_ms:
            continue
        sender, receiver, lost = waited.sender, waited.receiver, sum(waits)
        yield finding(
            "tcp_delayed_ack",
            waited.frames[0],
            Severity.LOW,
            Side.EITHER,
            f"{sender.address} waits {count(len(waits), 'time')} for a delayed acknowledgement of {receiver.address}"
            f" before it sends on ({median(waits):.0f} ms each, {milliseconds(lost)} in all): Nagle's algorithm and"
            " delayed acknowledgements wait for each other.",
            Evidence.of(
                waited.frames,
                f"tcp.stream == {waited.stream} && tcp.len == 0",
                [
                    Step(
                        frames=waited.frames[:_SHOWN],
                        text="a bare acknowledgement comes late, and more data at once",
                    )
                ],
            ),
            scope([waited.stream], receiver, sender),
            act=f"Whoever writes the program on {sender.address} must act: send requests whole, or set TCP_NODELAY.",
            measured={"waits": len(waits), "median_ms": round(median(waits), 3), "lost_ms": round(lost, 3)},
            confidence=Confidence.PROBABLE,
            advice=("Write whole messages with one call, or set TCP_NODELAY on the sending socket.",),
            limits=("whether the program itself paused just as long",),
        )
