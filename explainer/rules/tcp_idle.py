"""TCP connections that did not survive a pause: idle time-outs, keep-alives unanswered (RFC 1122 4.2.3.6)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tcp_resets import lone_probes, resets
from explainer.protocols.tcp_sent import unacknowledged
from explainer.registry import rule
from explainer.rules.reset_kinds import IDLE_TIMEOUT_S, is_idle_timeout
from explainer.rules.tcp_case import finding, scope
from explainer.rules.tcp_loss import is_dead
from explainer.wording import count

_AREA = "TCP connections after a pause"
_SHOWN = 20


@rule("Idle connection dropped: reset", resets, subject="resets of TCP connections", area=_AREA)
def tcp_idle_reset(facts: Facts) -> Iterator[Finding]:
    """Data after a minute or more of silence that the peer, or a device on the way, answers with a reset.

    Load balancers and proxies forget connections after 60 s and more; NAT and firewalls after minutes to hours.
    """
    for reset in facts[resets]:
        if is_idle_timeout(reset) and reset.woken is not None:
            peer, sender = (reset.client, reset.server) if reset.from_client else (reset.server, reset.client)
            steps = [
                Step(frames=(reset.woken,), text=f"after {reset.pause_s:.0f} s of silence {sender} sends data again"),
                Step(frames=(reset.frame,), text=f"a reset in the name of {peer} is the only answer"),
            ]
            evidence = Evidence.of([reset.woken, reset.frame], f"tcp.stream == {reset.stream}", steps)
            yield _dropped("tcp_idle_reset", reset.stream, sender, peer, reset.pause_s, evidence, "reset")


@rule(
    "Idle connection dropped: silence", unacknowledged, subject="segments sent again and never acknowledged", area=_AREA
)
def tcp_idle_silence(facts: Facts) -> Iterator[Finding]:
    """Data after a minute or more of silence that nobody acknowledges: a device on the way forgot the connection."""
    for open_ in facts[unacknowledged]:
        if is_dead(open_) and open_.silence_s >= IDLE_TIMEOUT_S:
            steps = [
                Step(
                    frames=open_.frames[:1], text=f"after {open_.silence_s:.0f} s of silence {open_.sender} sends data"
                ),
                Step(frames=open_.frames[1:_SHOWN], text="it sends it again and again: no acknowledgement comes"),
            ]
            evidence = Evidence.of(open_.frames, f"tcp.stream == {open_.stream}", steps)
            ends = open_.sender, open_.receiver
            yield _dropped("tcp_idle_silence", open_.stream, *ends, open_.silence_s, evidence, "silence")


def _dropped(
    rule_id: str, stream: int, sender: Endpoint, peer: Endpoint, pause_s: float, evidence: Evidence, answer: str
) -> Finding:
    return finding(
        rule_id,
        evidence.frames[0],
        Severity.HIGH,
        Side.EITHER,
        f"The idle connection from {sender.address} to {peer} was gone after {pause_s:.0f} s without data: what"
        f" {sender.address} sent then met with {'a reset' if answer == 'reset' else 'silence'} (an idle time-out).",
        evidence,
        scope([stream], peer, sender),
        act=f"Either side: keep the connection alive more often than every {pause_s:.0f} s, or raise the idle time-out"
        f" of {peer.address} or of the firewall, NAT or load balancer before it.",
        measured={"pause_s": round(pause_s, 3)},
        confidence=Confidence.PROBABLE,
        advice=(
            "Switch on TCP keep-alives with a shorter interval (TCP_KEEPIDLE), or close idle connections first.",
            "Look up the idle time-out of each device on the way (Azure Load Balancer: 4 minutes by default).",
        ),
        limits=("which device dropped it", f"whether {peer.address} was restarted in the pause"),
    )


@rule("Keep-alives unanswered", lone_probes, subject="unanswered keep-alive probes", area=_AREA)
def tcp_keep_alive_unanswered(facts: Facts, *, min_probes: int = 3, min_s: float = 1.5) -> Iterator[Finding]:
    """Keep-alive probes, `min_probes` or more within `min_s` or longer, that nothing of the peer follows any more."""
    for probes in facts[lone_probes]:
        if len(probes.frames) < min_probes or probes.lasted_s < min_s or probes.windowless:
            continue
        sender, peer = probes.sender, probes.peer
        yield finding(
            "tcp_keep_alive_unanswered",
            probes.frames[0],
            Severity.MEDIUM,
            Side.EITHER,
            f"{peer.address} is gone: it no longer answers the keep-alives of {sender.address}"
            f" ({len(probes.frames)} in {probes.lasted_s:.0f} s).",
            Evidence.of(
                probes.frames,
                f"tcp.stream == {probes.stream} && tcp.analysis.keep_alive",
                [Step(frames=probes.frames[:_SHOWN], text=f"{sender} asks whether the connection lives: no answer")],
            ),
            scope([probes.stream], peer, sender),
            act=f"Check whether {peer.address} is up, and whether a device on the way dropped the connection.",
            measured={"probes": len(probes.frames), "seconds": round(probes.lasted_s, 3)},
            advice=(f"See whether {peer.address} can be reached at all: ping {peer.address}",),
            limits=(f"whether {count(len(probes.frames), 'probe')} or the answers to them got lost",),
        )
