"""What is in the capture and no rule reads: so that silence about it is not taken for health."""

from collections.abc import Iterator
from typing import Any

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.applications.talk import DIALECTS
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.registry import rule
from explainer.wording import count, listing

_READ = (
    "tls",
    "http",
    "http2",
    "websocket",
    "dns",
    "mdns",
    "nbss",
    "rpc",
    "bittorrent",
    "mbtcp",
    "ftp-data",
    *DIALECTS,
)
"""Layers above TCP of which some rule knows success from failure."""
_UNKNOWN = "data"
_NAMED, _SHOWN = 3, 20


@fact("application protocols on TCP that no rule reads", FRAME, PROTOCOLS)
def unread(facts: Facts) -> list[dict[str, Any]]:
    """Return each with its layer, the number of its frames and the first of them, the most frequent first."""
    above = pl.col(PROTOCOLS.field).str.extract(r".*:tcp:([^:]+)")
    return (
        facts.frames(FRAME, PROTOCOLS)
        .with_columns(above.alias("layer"))
        .filter(pl.col("layer").is_not_null() & ~pl.col("layer").is_in(_READ) & ~pl.col("layer").str.starts_with("_"))
        .group_by("layer")
        .agg(pl.len().alias("frames"), pl.col(FRAME.field).sort().head(_SHOWN).alias("shown"))
        .sort(["frames", "layer"], descending=[True, False])
        .to_dicts()
    )


@rule("Protocols that no rule reads", unread, subject="protocols that no rule reads", area="the capture itself")
def capture_unread(facts: Facts, *, min_frames: int = 2) -> Iterator[Finding]:
    """Application protocols on TCP of which no rule can tell a success from a refusal; only their delivery is judged.

    From `min_frames` frames on; what Wireshark itself cannot read is "an unknown protocol". For information alone.
    """
    rows = [row for row in facts[unread] if row["frames"] >= min_frames]
    if not rows:
        return
    names = ["an unknown protocol" if row["layer"] == _UNKNOWN else row["layer"] for row in rows]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    frames = sorted(frame for row in rows for frame in row["shown"])
    layers = " || ".join(row["layer"] for row in rows[:_SHOWN])
    total = sum(row["frames"] for row in rows)
    yield Finding(
        id=f"capture_unread:{frames[0]}",
        rule="capture_unread",
        severity=Severity.INFO,
        confidence=Confidence.CERTAIN,
        side=Side.NOBODY,
        title=f"What is said in {listing([*names[:_NAMED], *more])} ({count(total, 'frame')}) is not judged here:"
        " only whether it was delivered.",
        act="Nobody has to act; whoever knows the protocol should read what the two sides said.",
        measured={"frames": total},
        evidence=Evidence.of(
            frames, f"tcp && ({layers})",
            [Step(frames=tuple(row["shown"]), text=f"{name}: {count(row['frames'], 'frame')}")
             for row, name in list(zip(rows, names, strict=True))[:_NAMED]],
        ),
        advice=("Read the answers with: explainer show CAPTURE --frame N, or follow the TCP stream in Wireshark.",),
        limitations=("whether one side refused what the other asked for",),
    )  # fmt: skip
