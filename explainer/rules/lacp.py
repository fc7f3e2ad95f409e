"""Link bundles of which one end is alone: nothing speaks LACP at the other end, or no more (IEEE 802.1AX)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.lacp import Port, Said, ports
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20


@rule("Link bundle without a partner", ports, subject="ports of link bundles (LACP)", area="link bundles (LACP)")
def lacp_alone(facts: Facts, *, min_messages: int = 3, min_span_s: float = 2.0) -> Iterator[Finding]:
    """A port of a link bundle that says, to the end, that it hears no partner: its state is "defaulted" or "expired".

    `min_messages` over `min_span_s`: both last for seconds where a partner is only late. A port that hears its partner
    in the end is in order, as one that waits while the other machine starts.
    """
    for port in facts[ports]:
        heard = [n for n, said in enumerate(port.said) if not said.alone]
        since = heard[-1] + 1 if heard else 0
        alone = port.said[since:]
        if len(alone) >= min_messages and (alone[-1].time - alone[0].time) / 1e9 >= min_span_s:
            yield _alone(port, port.said[since - 1] if since else None, alone, facts[ports])


def _alone(port: Port, before: Said | None, alone: Sequence[Said], every: Sequence[Port]) -> Finding:
    partner = before.partner if before else ""
    others = [p for p in every if p.system != port.system]
    name = f"{port.system} (port {port.number})"
    frames = [said.frame for said in alone]
    steps = [Step(frames=tuple(frames[:_SHOWN]), text=f"{name} says that it hears no partner")]
    if before:
        heard = f"{name} hears {partner or 'a partner'} for the last time, by what it says"
        steps.insert(0, Step(frames=(before.frame,), text=heard))
    title = f"The link bundle does not come up: {name} speaks LACP, and hears nobody who does at the other end"
    if before:
        title = f"The link bundle has lost its partner: {name} hears {partner or 'its partner'} no more (LACP)"
    elif others:
        theirs = tuple(said.frame for p in others for said in p.said)[:_SHOWN]
        steps.append(Step(frames=theirs, text=f"{others[0].system} speaks LACP, and {port.system} does not hear it"))
    return finding(
        "lacp_alone",
        frames[0],
        Severity.MEDIUM,
        Side.EITHER,
        f"{title}: it says so {count(len(frames), 'time')}.",
        Evidence.of([f for step in steps for f in step.frames], f"lacp.actor.sysid == {port.system}", steps),
        Scope(),
        act="Whoever runs the switch or host at the other end of this link must act: its port has to speak LACP, in one"
        " bundle with the other ports.",
        measured={"messages": len(frames)},
        confidence=Confidence.CERTAIN,
        advice=(
            "At the other end: is the port in a bundle with LACP (mode active), not in a static one, and is the cable"
            " in the port that is meant? On Linux: cat /proc/net/bonding/bond0",
            "Both ends passive do not begin; one has to be active.",
        ),
        limits=("whether the other end speaks LACP, and this link loses it",),
    )
