"""What the network's own policy forbids (--policy FILE), or the default one."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.policy import DEFAULT, POLICY, Policy, parse
from explainer.protocols.flows import Flow, flows
from explainer.registry import rule
from explainer.rules.evidence import host_filter
from explainer.wording import count, listing

_HOSTS = 3
_NO_CONTENT = frozenset({"tcp.segments", "data", "data-text-lines", "_ws.malformed", "_ws.short", "_ws.unreassembled"})


@rule("Forbidden by the policy", flows, POLICY, subject="TCP or UDP traffic", area="the network's policy")
def policy_forbidden(facts: Facts) -> Iterator[Finding]:
    """Protocols, ports and networks that the policy forbids, or does not allow; of high severity by the user's own.

    Ports are the server's, and count where it answers. A list of allowed protocols judges what tshark recognises over
    TCP or UDP. The default policy is of low severity: it only asks whether somebody knows of it.
    """
    given = facts.given(POLICY)
    policy = DEFAULT if given is None else parse(given)
    groups = defaultdict[str, list[Flow]](list)
    for flow in facts[flows]:
        for reason in _reasons(policy, flow):
            groups[reason].append(flow)
    for reason, group in groups.items():
        yield _finding(reason, group, own=given is not None)


def _reasons(policy: Policy, flow: Flow) -> Iterator[str]:
    """Yield what the policy has against a flow, as the subject of a sentence."""
    spoken = {name.lower() for name in flow.protocols} - _NO_CONTENT
    forbid, allow = policy.forbid, policy.allow
    yield from (f"The protocol {name}" for name in sorted(spoken & {p.lower() for p in forbid.protocols}))
    allowed = {p.lower() for p in allow.protocols}
    if allowed and spoken and not spoken & allowed:
        yield f"The protocol {min(spoken, key=lambda name: (name.count('.'), name))}"
    if flow.answered:
        number = flow.server.port
        if number in forbid.ports or (allow.ports and number not in allow.ports):
            yield f"The port {number} ({flow.transport})"
    if not (forbid.networks or allow.networks):  # to read addresses takes longer than all of the above
        return
    ends = [end for end in map(_parsed, (flow.client.address, flow.server.address)) if end is not None]
    yield from (f"The network {net}" for net in forbid.networks if any(end in net for end in ends))
    if allow.networks:
        yield from (
            f"The address {end}" for end in ends if not end.is_multicast and not any(end in n for n in allow.networks)
        )


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        return None


def _finding(reason: str, group: Sequence[Flow], *, own: bool) -> Finding:
    pairs = list(dict.fromkeys(f"{flow.client.address} to {flow.server.address}" for flow in group))
    more = [f"{len(pairs) - _HOSTS} more"] if len(pairs) > _HOSTS else []
    addresses = tuple(dict.fromkeys(a for flow in group for a in (flow.client.address, flow.server.address)))
    first = tuple(flow.first_frame for flow in group)
    flows_words = f"{count(len(group), 'flow')}: the first frame of each"
    whose = "The policy forbids it, or does not allow it" if own else "It has no place in most networks"
    return Finding(
        id=f"policy_forbidden:{reason.split(' ', 1)[1].replace(' ', '_')}:{min(first)}",
        rule="policy_forbidden",
        severity=Severity.HIGH if own else Severity.LOW,
        confidence=Confidence.CERTAIN,
        side=Side.CLIENT,
        title=f"{reason} is used from {listing([*pairs[:_HOSTS], *more])}. {whose}.",
        act="Whoever answers for these hosts must stop it, or have the policy changed.",
        measured={"flows": len(group), "frames": sum(flow.frames for flow in group), "hosts": len(addresses)},
        evidence=Evidence.of(first, host_filter(addresses[: _HOSTS * 2]), [Step(frames=first[:20], text=flows_words)]),
        scope=Scope(addresses=addresses[:100], ports=tuple(dict.fromkeys(flow.server.port for flow in group))[:100]),
        advice=("Find the program on the host: ss -tunp",),
        limitations=("whether somebody has an exception",),
    )
