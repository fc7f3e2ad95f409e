"""Small analyses, built by hand: what the pure rooms are tested with."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from explainer.model import (
    Analysis,
    CaptureInfo,
    Cell,
    Confidence,
    Evidence,
    Finding,
    RuleOutcome,
    RuleStatus,
    Scope,
    Severity,
    Side,
    Stat,
    StatColumn,
    Step,
)

AREA = "connections"
MOMENT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
RTT = ("stream", "client", "server", "syn_frame", "syn_ack_frame", "ack_frame", "syn_ack_rtt_ms", "initial_rtt_ms")
PORTS = ("transport", "port", "service", "conversations", "packets", "bytes", "first_frame", "spoken")
DESTINATIONS = ("address", "transport", "port", "packets", "share")
SOFTWARE = ("address", "side", "protocol", "name", "messages", "first_frame")
HIERARCHY = ("path", "protocol", "depth", "frames", "bytes", "frame_share", "byte_share")


def info(**changes: Any) -> CaptureInfo:
    """Return facts about a capture of 100 frames."""
    values: dict[str, Any] = {
        "file": "a.pcapng", "sha256": "0" * 64, "bytes": 10_000, "format": "pcapng", "link_types": ("Ethernet",),
        "frames": 100, "first": MOMENT, "last": MOMENT, "duration_s": 0.0, "snap_length": None, "cut_frames": 0,
        "interfaces": (), "tshark_version": "4.0.17",
    }  # fmt: skip
    return CaptureInfo(**values | changes)


def finding(
    rule: str = "tcp_refused",
    *,
    severity: Severity = Severity.HIGH,
    confidence: Confidence = Confidence.CERTAIN,
    frames: Iterable[int] = (4, 5),
    scope: Scope = Scope(),  # noqa: B008  # frozen
    **changes: Any,
) -> Finding:
    """Return a finding of the rule."""
    numbers = tuple(frames)
    values: dict[str, Any] = {
        "id": f"{rule}:0", "rule": rule,
        "side": Side.SERVER, "title": f"{rule} happened.", "act": "The server must act.",
        "evidence": Evidence.of(numbers, "tcp.stream == 0", [Step(frames=numbers[:1], text=f"{rule} begins")]),
        "measured": {"connections": 1}, "advice": (f"Mend {rule}.",), "limitations": ("what came before",),
    }  # fmt: skip
    return Finding(severity=severity, confidence=confidence, scope=scope, **values | changes)


def ran(*findings: Finding, rule: str = "tcp_refused") -> RuleOutcome:
    """Return the outcome of a rule that ran."""
    name = findings[0].rule if findings else rule
    return RuleOutcome(rule=name, title=f"Title of {name}", area=AREA, status=RuleStatus.RAN, findings=findings)


def not_applicable(rule: str, reason: str) -> RuleOutcome:
    """Return the outcome of a rule with nothing to look at."""
    return RuleOutcome(rule=rule, title=f"Title of {rule}", area=AREA, status=RuleStatus.NOT_APPLICABLE, reason=reason)


def failed(rule: str) -> RuleOutcome:
    """Return the outcome of a rule that raised."""
    return RuleOutcome(
        rule=rule, title=f"Title of {rule}", area=AREA, status=RuleStatus.FAILED, reason="ValueError: no"
    )


def stat(stat_id: str, columns: Iterable[str], rows: Iterable[tuple[Cell, ...]] = ()) -> Stat:
    """Return a statistic with these columns."""
    kept = tuple(rows)
    named = tuple(StatColumn(name=name) for name in columns)
    return Stat(id=stat_id, title=f"Title of {stat_id}", columns=named, rows=kept, total_rows=len(kept))


def analysis(*outcomes: RuleOutcome, stats: Iterable[Stat] = (), **changes: Any) -> Analysis:
    """Return an analysis."""
    return Analysis(info=info(**changes), stats=tuple(stats), outcomes=outcomes)
