"""UDP ports that were closed (ICMP says so), and from which the host is heard later: a program that starts late."""

from collections.abc import Iterable, Sequence

from explainer.lazy import pl
from explainer.model import Finding, Severity, Step
from explainer.protocols.icmp_errors import UNREACHABLE, Error

_DNS = 53
_End = tuple[str, str, int]


def heard_later(errors: Iterable[Error], headers: "pl.DataFrame") -> dict[_End, int]:
    """Return the last frame in which hosts whose ports were closed send from that port, or to the same port here.

    By both hosts and the port. Of name servers it is the names that count, not whether they are heard. Programs that
    talk as equals send to each other's port from any of their own: the link checks of routers (RFC 5881, section 4).
    """
    closed = {
        (e.destination, e.source, e.destination_port)
        for e in errors
        if e.kind == UNREACHABLE and e.transport == "udp" and e.destination_port not in (None, _DNS)
    }
    if not closed:
        return {}
    theirs = headers.filter(pl.col("src").is_in({src for src, _, _ in closed}))
    found = dict[_End, int]()
    for frame, src, dst, sport, dport in theirs.select("frame", "src", "dst", "sport", "dport").iter_rows():
        for port in (sport, dport):
            if (src, dst, port) in closed:
                found[src, dst, port] = frame
    return found


def answer_to(group: Sequence[Error], later: dict[_End, int]) -> int | None:
    """Return a frame of the host after it last said that its one port is closed, None where there is none."""
    ports = {e.destination_port for e in group}
    port = next(iter(ports)) if len(ports) == 1 else None
    frame = later.get((group[0].destination, group[0].source, port or 0), 0)
    return frame if frame > group[-1].frame else None


def made_up_for(finding: Finding, frames: Sequence[int], how: str, act: str, shown: str, more_filter: str) -> Finding:
    """Return the finding of what failed at first only, or where another one stood in."""
    return finding.model_copy(
        update={
            "severity": Severity.LOW,
            "title": f"{finding.title.rstrip('.')}{how}.",
            "act": act,
            "evidence": finding.evidence.also(Step(frames=tuple(frames), text=shown), display_filter=more_filter),
        }
    )


def started_late(finding: Finding, frame: int, host: str, port: int) -> Finding:
    """Return the finding of a port from which the host is heard later."""
    return made_up_for(
        finding,
        (frame,),
        ", at first; later it is there",
        f"Nobody has to act now; if it happens again, see why the program on {host} was not running.",
        f"later {host} speaks on UDP port {port}",
        f"udp.port == {port}",
    )
