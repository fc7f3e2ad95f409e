"""An address that nobody has, and that DHCP gave out as the gateway: the cause, where the capture shows both."""

from collections.abc import Collection, Iterable

from explainer.model import Evidence, Finding, Severity, Side, Step
from explainer.protocols.dhcp_settings import Given


def as_gateway(finding: Finding, asker: str, targets: Collection[str], given: Iterable[Given]) -> Finding:
    """Return the finding about an unanswered ARP request with what DHCP says of the address, where it says it."""
    told = next((g for g in given if g.address == asker and set(g.routers) & set(targets)), None)
    if told is None:
        return finding
    gateway = next(router for router in told.routers if router in targets)
    server = told.server or "the DHCP server"
    step = Step(frames=(told.frame,), text=f"{server} gives {asker} its address, with the gateway {gateway}")
    evidence = finding.evidence
    return finding.model_copy(
        update={
            "severity": Severity.HIGH,
            "side": Side.NETWORK,
            "title": f"{asker} cannot reach other networks: its gateway is {gateway}, says DHCP ({server}), and nobody"
            " on the local network has that address: ARP requests for it stay unanswered.",
            "act": f"Whoever runs the DHCP server {server} must correct the gateway that it gives out (option 3), or"
            f" {gateway} must be brought up.",
            "evidence": Evidence.of(
                (*evidence.frames, told.frame), f"({evidence.display_filter}) || dhcp", (*evidence.steps, step)
            ),
            "advice": (
                f"On {asker}: ip route shows the gateway; ping {gateway}",
                f"On {server}, see what it gives out as the router (option 3).",
                *finding.advice[:1],
            ),
        }
    )
