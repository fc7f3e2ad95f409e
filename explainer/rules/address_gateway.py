"""An address that nobody has, and that DHCP gave out as gateway or name server: the cause, where both are captured."""

from collections.abc import Collection, Iterable

from explainer.model import Finding, Severity, Side, Step
from explainer.protocols.dhcp_settings import Given
from explainer.wording import listing


def as_given_out(finding: Finding, asker: str, targets: Collection[str], given: Iterable[Given]) -> Finding:
    """Return the finding about an unanswered ARP request with what DHCP says of the address, where it says it."""
    own = [g for g in given if g.address == asker]
    for told in own:
        if router := next((router for router in told.routers if router in targets), None):
            return _told(
                finding, told, router, "gateway", 3, f"{asker} cannot reach other networks: its gateway is {router}",
                f"On {asker}: ip route shows the gateway; ping {router}", Severity.HIGH,
            )  # fmt: skip
    for told in own:
        missing = [resolver for resolver in told.resolvers if resolver in targets]
        if missing:
            every = len(missing) == len(told.resolvers)
            what = "its name server is" if every else "one of its name servers is"
            return _told(
                finding, told, listing(missing), "name server", 6,
                f"{asker} {'cannot look up names' if every else 'waits for names'}: {what} {listing(missing)}",
                f"On {asker}: resolvectl status, or /etc/resolv.conf, shows the name server; ping {missing[0]}",
                Severity.HIGH if every else Severity.MEDIUM,
            )  # fmt: skip
    return finding


def _told(
    found: Finding, told: Given, address: str, role: str, option: int, happens: str, look: str, severity: Severity
) -> Finding:
    server = told.server or "the DHCP server"
    step = Step(frames=(told.frame,), text=f"{server} gives {told.address} its address, with the {role} {address}")
    return found.model_copy(
        update={
            "severity": severity,
            "side": Side.NETWORK,
            "title": f"{happens}, says DHCP ({server}), and nobody on the local network has that address: ARP requests"
            " for it stay unanswered.",
            "act": f"Whoever runs the DHCP server {server} must correct the {role} that it gives out (option {option}),"
            f" or {address} must be brought up.",
            "evidence": found.evidence.also(step, frames=(told.frame,), display_filter="dhcp"),
            "advice": (
                look,
                f"On {server}, see what it gives out as the {role} (option {option}).",
                *found.advice[:1],
            ),
        }
    )
