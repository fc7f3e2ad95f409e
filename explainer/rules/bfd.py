"""Routers that check the link between them (BFD), and lose each other, or never hear each other (RFC 5880)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.bfd import ADMIN_DOWN, DOWN, UP, Said, Session, sessions
from explainer.protocols.icmp_errors import errors
from explainer.registry import rule
from explainer.rules.evidence import host_filter
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20
_EXPIRED = 1
_DIAGNOSTICS = {
    1: "control detection time expired", 2: "echo function failed", 3: "neighbor signaled session down",
    4: "forwarding plane reset", 5: "path down", 6: "concatenated path down", 7: "administratively down",
}  # fmt: skip
"""RFC 5880, section 4.1."""
_PORT = 3784


@rule("BFD session down", sessions, errors, subject="BFD sessions", area="the link checks of routers (BFD)")
def bfd_down(facts: Facts, *, min_packets: int = 5, min_span_s: float = 3.0) -> Iterator[Finding]:
    """A session of BFD that was up and goes down, or in which a router stays down, as it hears nothing of the other.

    A router in the state "down" hears nothing: else it would go on to "init" (section 6.8.6). It must say so
    `min_packets` times in `min_span_s` at least. Of medium severity where the session comes up again. What is shut down
    on purpose (AdminDown) is left out, and so is a port that is closed, which ICMP tells.
    """
    closed = {(e.source, e.destination) for e in facts[errors] if e.destination_port == _PORT}
    for session in facts[sessions]:
        up = next((s for s in session.said if s.state == UP), None)
        if any(s.state == ADMIN_DOWN for s in session.said):
            continue
        if up:
            lost = next((s for s in session.said if s.frame > up.frame and s.state == DOWN), None)
            if lost:
                yield _lost(session, lost)
            continue
        deaf = [s for s in session.said if s.state == DOWN and s.sender == session.hosts[0]]
        span = (deaf[-1].time - deaf[0].time) / 1e9 if deaf else 0.0
        if len(deaf) >= min_packets and span >= min_span_s and session.hosts not in closed:
            yield _deaf(session, deaf, span)


def _lost(session: Session, lost: Said) -> Finding:
    one = lost.sender
    other = next(host for host in session.hosts if host != one)
    why = _DIAGNOSTICS.get(lost.diagnostic, f"diagnostic {lost.diagnostic}")
    back = next((s.frame for s in session.said if s.frame > lost.frame and s.sender == one and s.state == UP), None)
    before = [s for s in session.said if s.frame < lost.frame and s.sender == other]
    heard = f"{one} heard no more of {other}" if lost.diagnostic == _EXPIRED else f"{one} says so"
    last = before[-1] if before and lost.diagnostic == _EXPIRED else None
    silent_s = (lost.time - last.time) / 1e9 if last else 0.0
    steps = [Step(frames=(lost.frame,), text=f"{one} says: down, {why}")]
    if last:
        steps.insert(0, Step(frames=(last.frame,), text=f"the packet of {other} before, {silent_s:.2f} s earlier"))
    if back:
        steps.append(Step(frames=(back,), text="later the session is up again"))
    return finding(
        "bfd_down",
        lost.frame,
        Severity.MEDIUM if back else Severity.HIGH,
        Side.NETWORK,
        f"The BFD session between {session.hosts[0]} and {session.hosts[1]} goes down: {heard} ({why})"
        + ("; later it comes up again." if back else "."),
        Evidence.of([f for step in steps for f in step.frames], f"bfd && {host_filter(session.hosts)}", steps),
        Scope(addresses=session.hosts, ports=(_PORT,)),
        act=f"Whoever runs the link from {other} to {one} must act: routes over it are given up while it is down.",
        measured={"diagnostic": lost.diagnostic, "packets": len(session.said)},
        confidence=Confidence.CERTAIN,
        advice=(
            f"If packets of {other} are in this capture until then, they were lost behind it, on the way to {one}.",
            f"On both: look for errors and drops of that interface, filters of UDP port {_PORT}, and a busy processor.",
        ),
        limits=("where on the way the packets are lost",),
    )


def _deaf(session: Session, deaf: list[Said], span: float) -> Finding:
    one, other = session.hosts
    theirs = [s for s in session.said if s.sender == other]
    shown = [Step(frames=tuple(s.frame for s in deaf[:_SHOWN]), text=f"{one} says, again and again: down")]
    if theirs:
        frames = tuple(s.frame for s in theirs[:_SHOWN])
        shown.append(Step(frames=frames, text=f"{other} sends as well, and {one} does not hear it"))
    else:
        shown.append(Step(frames=(), text=f"No BFD packet of {other} is in the capture."))
    return finding(
        "bfd_down",
        deaf[0].frame,
        Severity.MEDIUM,
        Side.EITHER,
        f"The BFD session between {one} and {other} does not come up: {one} hears nothing of {other}; it says"
        f' "down" {count(len(deaf), "time")} in {span:.0f} s.',
        Evidence.of([f for step in shown for f in step.frames], f"bfd && {host_filter(session.hosts)}", shown),
        Scope(addresses=session.hosts, ports=(_PORT,)),
        act=f"Whoever runs {other} must see whether BFD is set up there for {one}; then whether something on the way"
        f" drops UDP port {_PORT}.",
        measured={"packets": len(deaf), "seconds": round(span, 3)},
        confidence=Confidence.CERTAIN,
        advice=(
            f"On {other}: is BFD configured for this neighbor, with its address and interface?",
            "BFD of directly connected routers wants a TTL of 255 and no hop between them (RFC 5881); UDP port"
            f" {_PORT} must pass.",
        ),
        limits=("where on the way the packets are lost",),
    )
