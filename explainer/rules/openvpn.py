"""OpenVPN connections that are answered and do not come up: who stops, and at which step."""

from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.icmp_errors import UNREACHABLE, errors
from explainer.protocols.openvpn import Attempt, Packet, Part, openvpn_attempts
from explainer.protocols.tcp import Endpoint, connections
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count

_SHOWN = 20
_LARGE = 900
"""Bytes of a frame: where all that is not acknowledged is larger, it may be its size that does not get through."""
_SMALL = 160
"""Bytes of a frame: the settings that a client is let in with (PUSH_REPLY) take more, AUTH_FAILED less."""


class _Why(StrEnum):
    """What keeps it from coming up, in words that follow "the VPN does not come up: "."""

    NOT_HEARD = "the answers of {server} do not reach {client}, which begins again and again"
    SERVER_STOPS = (
        "{server} stops answering in the middle of the TLS handshake, after the client's part of it: most likely it"
        " does not accept the client's certificate"
    )
    SERVER_STOPS_AT_LARGE = f"{SERVER_STOPS}, or large packets do not get through to it"
    CLIENT_STOPS = (
        "{client} stops after the server's part of the TLS handshake, and never sends its own: most likely it does not"
        " accept the server's certificate"
    )
    REFUSED = "{server} refuses {client} after the TLS handshake, most likely its login (user name, password)"


class _Case(NamedTuple):
    """Why one attempt fails, with the steps that show it."""

    attempt: Attempt
    why: _Why
    steps: tuple[Step, ...]


@rule(
    "OpenVPN does not come up", openvpn_attempts, errors, connections,
    subject="OpenVPN connections", area="the answers of UDP services",
)  # fmt: skip
def openvpn_refused(facts: Facts, *, min_wait_s: float = 3.0) -> Iterator[Finding]:
    """An OpenVPN server that answers a client, and a connection through which no data ever goes.

    Told from the order of packets, since TLS 1.3 hides the rest: the server falls silent after the client's part of
    the handshake, which the client repeats for `min_wait_s`; the client never sends its part after the server's; or
    the server's last words are few, and the client leaves: it begins anew, says by ICMP or TCP that it is gone, or
    nothing for `min_wait_s`. Of low severity where a later connection of the two comes up. A server that never answers
    is told by `udp_unanswered`.
    """
    pairs = defaultdict[tuple[str, object], list[Attempt]](list)
    for attempt in facts[openvpn_attempts]:
        pairs[attempt.client.address, attempt.server].append(attempt)
    gone = _gone_clients(facts) if pairs else frozenset()
    for attempts in pairs.values():
        cases = [case for a in attempts if not a.up and (case := _case(a, attempts, gone, min_wait_s))]
        if cases:
            yield _finding(cases, overcome=any(a.up for a in attempts))


def _gone_clients(facts: Facts) -> frozenset[Endpoint]:
    """Return the ports whose hosts say that nothing listens there any more (ICMP), or that ended their connection."""
    closed = (
        Endpoint(e.destination, e.destination_port)
        for e in facts[errors]
        if e.kind == UNREACHABLE and e.destination_port is not None and e.reporter == e.destination
    )
    ended = (c.client for c in facts[connections] if c.client_ends or c.client_resets)
    return frozenset((*closed, *ended))


def _case(a: Attempt, every: list[Attempt], gone: frozenset[Endpoint], min_wait_s: float) -> _Case | None:
    answers = a.of(Part.SERVER_RESET, by_client=False)
    theirs, own = a.of(Part.CONTROL, by_client=False), a.of(Part.CONTROL, by_client=True)
    begun = a.of(Part.CLIENT_RESET, by_client=True)
    if not answers:
        return None
    if not own:
        heard = a.of(Part.ACKNOWLEDGEMENT, by_client=True)
        waited = (begun[-1].ns - begun[0].ns) / 1e9 >= min_wait_s
        steps = (_step(begun, "{client} begins (reset)", a), _step(answers, "{server} answers each time", a))
        return _Case(a, _Why.NOT_HEARD, steps) if waited and len(begun) > 1 and not heard else None
    if not theirs:
        return None
    last = max(p.frame for p in a.packets if not p.by_client)
    unheard = [p for p in own if p.frame > last]
    if _repeated(unheard, min_wait_s):
        return _unheard(a, theirs, unheard)
    last_own = max(p.ns for p in a.packets if p.by_client)
    anew = any(o.packets[0].ns > last_own for o in every)
    left = anew or a.client in gone or (a.until_ns - last_own) / 1e9 >= min_wait_s
    return _left(a, own, theirs, anew=anew) if left else None


def _left(a: Attempt, own: tuple[Packet, ...], theirs: tuple[Packet, ...], *, anew: bool) -> _Case | None:
    """Return the case of a client that leaves, or begins anew."""
    mine = [p for p in own if p.frame > theirs[0].frame]
    if not mine:
        if not any(p.frame > theirs[0].frame for p in a.packets if p.by_client):
            return None  # it may not have got the server's part
        steps = (
            _step(own, "{client} begins the TLS handshake", a), _step(theirs, "{server} sends its part", a),
        )  # fmt: skip
        return _Case(a, _Why.CLIENT_STOPS, (*steps, _gone(anew, a)))
    final = [p for p in theirs if p.frame > mine[-1].frame]
    if final and final[-1].size <= _SMALL:
        steps = (
            _step(mine, "{client} sends its part of the TLS handshake, and its login", a),
            _step(final, "{server} answers; its last words are few", a),
        )
        return _Case(a, _Why.REFUSED, (*steps, _gone(anew, a)))
    return None


def _repeated(packets: list[Packet], min_wait_s: float) -> bool:
    return len(packets) > 1 and (packets[-1].ns - packets[0].ns) / 1e9 >= min_wait_s


def _unheard(a: Attempt, theirs: tuple[Packet, ...], packets: list[Packet]) -> _Case:
    steps = (
        _step(theirs, "{server} sends its part of the TLS handshake", a),
        _step(packets, "{client} sends its own, again and again: no acknowledgement comes", a),
    )
    large = min(p.size for p in packets) > _LARGE
    return _Case(a, _Why.SERVER_STOPS_AT_LARGE if large else _Why.SERVER_STOPS, steps)


def _gone(anew: bool, a: Attempt) -> Step:
    said = "begins anew" if anew else "says nothing more"
    return Step(frames=(), text=f"{a.client.address} {said}; no data goes through the tunnel.")


def _step(packets: tuple[Packet, ...] | list[Packet], text: str, a: Attempt) -> Step:
    ends = {"client": a.client.address, "server": a.server.address}
    return Step(frames=tuple(dict.fromkeys(p.frame for p in packets))[:_SHOWN], text=text.format(**ends))


_CLIENTS_CERTIFICATE = (
    Side.CLIENT, "The certificate of {client} must be one that {server} accepts: its authority, date and purpose.",
    "The log of the OpenVPN server on {server} says why (VERIFY ERROR, TLS Error).",
)  # fmt: skip
_ACTS = {
    _Why.NOT_HEARD: (
        Side.NETWORK, "Whoever runs the firewalls between the two must let {server}'s answers through to {client}.",
        "Record on {client} and on {server} at the same time: where do the answers end?",
    ),
    _Why.SERVER_STOPS: _CLIENTS_CERTIFICATE,
    _Why.SERVER_STOPS_AT_LARGE: _CLIENTS_CERTIFICATE,
    _Why.CLIENT_STOPS: (
        Side.EITHER, "The certificate of {server} must be one that {client} accepts: its authority, date and name.",
        "The log of the OpenVPN client on {client} says why (VERIFY ERROR, TLS Error).",
    ),
    _Why.REFUSED: (
        Side.CLIENT, "{client} must log in with what {server} accepts, or whoever runs {server} must let it in.",
        "The logs of both say why (AUTH_FAILED).",
    ),
}  # fmt: skip
"""Who must act, how, and where to look."""


def _finding(cases: list[_Case], *, overcome: bool) -> Finding:
    first = cases[0]
    a, (side, act, advice) = first.attempt, _ACTS[first.why]
    alike = [case for case in cases if case.why is first.why]
    ends = {"client": a.client.address, "server": a.server.address}
    steps = list(first.steps)
    if len(alike) > 1:
        again = tuple(case.attempt.packets[0].frame for case in alike[1 : _SHOWN + 1])
        steps.append(Step(frames=again, text=f"the same with {count(len(alike) - 1, 'more connection')}"))
    later = "; a later connection comes up" if overcome else ""
    return finding(
        "openvpn_refused",
        a.packets[0].frame,
        Severity.LOW if overcome else Severity.HIGH,
        side,
        f"The VPN (OpenVPN) does not come up: {first.why.value.format(**ends)}{later}.",
        Evidence.of(
            (frame for step in steps for frame in step.frames),
            f"{address_field(a.server.address)} == {a.server.address} && {a.over}.port == {a.server.port}",
            steps,
        ),
        Scope(addresses=(a.client.address, a.server.address), ports=(a.server.port,)),
        act=act.format(**ends),
        measured={"connections": len(alike)},
        confidence=Confidence.PROBABLE,
        advice=(advice.format(**ends), "Compare the settings of both ends: certificates, keys, ciphers, login."),
        limits=("what the two say inside TLS: their logs tell",),
    )
