"""Packets that wait in a queue before a slow line, and make everything else on it wait, too (bufferbloat, RFC 7567)."""

from collections.abc import Mapping, Sequence

from explainer.lazy import pl
from explainer.model import Finding, Step
from explainer.protocols.tcp_transfer import Transfer
from explainer.wording import milliseconds

_TIMES, _MORE_MS = 2.5, 30.0
"""So much longer a round trip must become, and by so much, to be a queue, which people notice."""


def round_trips(segments: "pl.DataFrame", transfers: Sequence[Transfer]) -> Mapping[int, tuple[float, int]]:
    """Return, by the first frame of each transfer, the median time to an acknowledgement of it, and a frame with that.

    It is short where the recording is at the receiver.
    """
    if not transfers:
        return {}
    known = pl.DataFrame({
        "stream": [t.connection.stream for t in transfers], "sends": [t.from_client for t in transfers],
        "first": [t.first_frame for t in transfers], "last": [t.last_frame for t in transfers],
    }).with_columns(pl.col("stream").cast(segments["stream"].dtype))  # fmt: skip
    answers = segments.filter(pl.col("ack_rtt_ms").is_not_null()).join(known, on="stream")
    during = pl.col("frame").is_between(pl.col("first"), pl.col("last")) & (pl.col("from_client") != pl.col("sends"))
    ordered = answers.filter(during).sort("ack_rtt_ms").group_by("first").agg("ack_rtt_ms", "frame")
    return {first: (times[len(times) // 2], frames[len(times) // 2]) for first, times, frames in ordered.iter_rows()}


def queued(finding: Finding, transfer: Transfer, grown: tuple[float, int] | None) -> Finding:
    """Return the finding of a slow line, where round trips become long behind the data that waits for it."""
    before = transfer.trip_ms
    if grown is None or before <= 0 or grown[0] < before * _TIMES or grown[0] - before < _MORE_MS:
        return finding
    now, frame = grown
    text = f"the round trip takes {milliseconds(now)} by now, and took {milliseconds(before)} at the beginning"
    return finding.model_copy(
        update={
            "title": f"{finding.title} The data waits in a queue before that line (bufferbloat): a round trip takes"
            f" {milliseconds(now)} meanwhile instead of {milliseconds(before)}, for everything else on it, too.",
            "evidence": finding.evidence.also(Step(frames=(frame,), text=text)),
            "measured": {**finding.measured, "round_trip_ms": round(now, 3), "first_round_trip_ms": round(before, 3)},
            "advice": (
                "On the router before the slow line: smart queue management (fq_codel, CAKE), or a limit just below its"
                " speed; QoS for calls and terminals.",
                *finding.advice,
            ),
        }
    )
