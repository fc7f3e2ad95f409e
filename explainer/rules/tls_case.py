"""What the rules about TLS share: how a case is told, grouped and weighed."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.tls import Ending, Handshake, Outcome, endings
from explainer.protocols.tls import names as tls_names
from explainer.rules.evidence import check_command, network_step, tls_filter
from explainer.wording import count, listing

_FEW_SUITES = 3
_STREAMS = 100
_LISTED = 20
SUBJECT = "TLS connections"
ALERT = "the ClientHello and the alert, in clear or decrypted"


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a group of cases; the texts may name {client}, {server}, {address}, {port}, {name}, {check}.

    {server} and {client} are addresses, {address} is the server's as a word of a shell command, {name} the server name
    that was asked for, {check} a command that opens the connection again. With `clears_network` the evidence says that
    the network is not the cause, where the connection shows it.
    """

    rule: str
    title: str
    act: str
    side: Side
    severity: Severity = Severity.HIGH
    confidence: Confidence = Confidence.CERTAIN
    detail: str = ""
    advice: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    measured: dict[str, int | float | str] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    clears_network: bool = True


class Told(NamedTuple):
    """What the frames of one case show: the step that decides, after the hellos."""

    steps: tuple[Step, ...]
    frames: tuple[int, ...] = ()


def grouped(endings: Iterable[Ending], key: Callable[[Ending], Hashable] = lambda ending: None) -> list[list[Ending]]:
    """Return the endings by client address, server and key: one matter, however often it was tried."""
    groups = defaultdict[Hashable, list[Ending]](list)
    for ending in endings:
        handshake = ending.handshake
        groups[handshake.transport, handshake.client.address, handshake.server, key(ending)].append(ending)
    return list(groups.values())


def alerted(facts: Facts, codes: Sequence[int], *, from_client: bool | None = None) -> list[list[Ending]]:
    """Return the endings by one of these alerts (of one side, or of either), grouped by sender and code."""
    found = (
        ending
        for ending in facts[endings]
        if ending.alert and ending.alert.code in codes and from_client in (None, ending.alert.from_client)
    )
    return grouped(found, lambda e: (e.alert.from_client, e.alert.code) if e.alert else None)


def finding(group: Sequence[Ending], verdict: Verdict, tell: Callable[[Ending], Told]) -> Finding:
    """Return the finding about a group: the first case's steps, and the deciding frames of them all."""
    first = group[0]
    handshake = first.handshake
    fill = filling(handshake)
    told = [tell(ending) for ending in group]
    steps = [*hello_steps(handshake), *told[0].steps]
    if verdict.clears_network and verdict.severity is Severity.HIGH:
        steps.extend(network_step(first.connection, first.frame))
    frames = _frames(group, told)
    if len(group) > 1:
        more = tuple(frame for each in told[1:] for frame in _deciding(each))[:_LISTED]
        steps.append(Step(frames=more, text=f"the same on {count(len(group) - 1, 'more connection')}"))
    return Finding(
        id=f"{verdict.rule}:{handshake.stream}",
        rule=verdict.rule,
        severity=verdict.severity,
        confidence=verdict.confidence,
        side=verdict.side,
        title=_filled(verdict.title, fill),
        act=_filled(verdict.act, fill),
        detail=_filled(verdict.detail, fill),
        measured={"connections": len(group)} | verdict.measured,
        evidence=Evidence.of(frames, _filter(group, frames), steps),
        scope=_scope(group, verdict.names),
        advice=tuple(_filled(line, fill) for line in verdict.advice),
        limitations=verdict.limitations,
    )


def _filled(text: str, fill: dict[str, str]) -> str:
    """Return the text with its placeholders filled; other braces, of captured names perhaps, stay as they are."""
    for name, value in fill.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _deciding(told: Told) -> tuple[int, ...]:
    return told.frames or tuple(frame for step in told.steps for frame in step.frames)


def _frames(group: Sequence[Ending], told: Sequence[Told]) -> list[int]:
    hellos = (h.frame for ending in group[:_LISTED] for h in ending.handshake.client_hellos[:1])
    alerts = (ending.alert.frame for ending in group if ending.alert)
    return [*hellos, *alerts, *(frame for each in told for frame in _deciding(each))]


def _filter(group: Sequence[Ending], frames: Sequence[int]) -> str:
    """Return the display filter: TLS in these streams, or all of them where not every frame is seen as TLS."""
    handshake = group[0].handshake
    if handshake.transport != "tcp":
        return " || ".join(f"udp.stream == {ending.handshake.stream}" for ending in group[:_LISTED])
    chosen = tls_filter(handshake.server, [ending.handshake.stream for ending in group])
    seen = {record.frame for ending in group for record in ending.handshake.records}
    shown = not any(ending.handshake.decoded_as or ending.handshake.reordered for ending in group)
    return chosen if seen.issuperset(frames) and shown else chosen.removesuffix(" && tls")


def _scope(group: Sequence[Ending], names: Iterable[str]) -> Scope:
    handshakes = [ending.handshake for ending in group[:_STREAMS]]
    return Scope(
        streams=tuple(h.stream for h in handshakes if h.transport == "tcp"),
        addresses=tuple(dict.fromkeys(a for h in handshakes for a in (h.client.address, h.server.address))),
        ports=(group[0].handshake.server.port,),
        names=tuple(sorted({*(h.server_name for h in handshakes), *names} - {""})),
    )


def filling(handshake: Handshake) -> dict[str, str]:
    """Return what the placeholders of a Verdict's texts stand for."""
    server = handshake.server
    return {
        "client": handshake.client.address,
        "server": server.address,
        "address": shell_word(server.address),
        "port": str(server.port),
        "check": check_command(handshake),
        "name": handshake.server_name or "that it was asked for",
    }


def hello_steps(handshake: Handshake) -> list[Step]:
    """Return what the hellos say, and how they are to be seen where Wireshark needs help."""
    steps = list[Step]()
    if handshake.decoded_as:
        text = f"Wireshark shows this as TLS with Analyze → Decode As: {handshake.decoded_as}"
        steps.append(Step(frames=(), text=text))
    if handshake.reordered:
        text = "Wireshark shows this with Preferences → Protocols → TCP → Reassemble out-of-order segments switched on"
        steps.append(Step(frames=(), text=text))
    hello, chosen = handshake.client_hello, handshake.server_hello
    if hello:
        steps.append(Step(frames=(hello.frame,), text=hello_text(handshake)))
    if chosen:
        text = f"{tls_names.version(chosen.version)}, {tls_names.cipher_suite(chosen.cipher_suite)}"
        steps.append(Step(frames=(chosen.frame,), text=f"the server {handshake.server.address} chooses {text}"))
    return steps


def hello_text(handshake: Handshake) -> str:
    """Return what the client asks for, as a step of the evidence."""
    hello = handshake.client_hello
    if hello is None:
        return "the start of the handshake is not in this capture"
    asks = f" asks for {hello.server_name}" if hello.server_name else " opens the handshake without naming a host"
    versions = tls_names.versions(hello.versions)
    suites = [tls_names.cipher_suite(suite) for suite in hello.cipher_suites]
    offer = listing(suites) if len(suites) <= _FEW_SUITES else count(len(suites), "cipher suite")
    return f"the client {handshake.client.address}{asks}, offering {versions or 'no version'} and {offer}"


def alert_step(ending: Ending) -> Step:
    """Return the step of the alert that ended a handshake."""
    alert, handshake = ending.alert, ending.handshake
    assert alert is not None  # who asks has one
    sender, address = ("client", handshake.client) if alert.from_client else ("server", handshake.server)
    when = "" if handshake.server_hello else " instead of a ServerHello"
    return Step(frames=(alert.frame,), text=f"the {sender} {address.address} sends the fatal alert {alert.name}{when}")


def by_alert(ending: Ending) -> Told:
    """Return what the alert's frame shows."""
    return Told((alert_step(ending),))


def by_alert_and(*steps: Step) -> Callable[[Ending], Told]:
    """Return what tells a case: its alert, and what else shows its cause."""
    return lambda ending: Told((alert_step(ending), *steps), (ending.frame,))


def always(*steps: Step) -> Callable[[Ending], Told]:
    """Return what tells every case with the same steps."""
    return lambda ending: Told(steps)


def end_step(ending: Ending) -> Step:
    """Return the step that tells how a handshake ended."""
    if ending.alert:
        return alert_step(ending)
    return Step(frames=(ending.frame,), text=_END[ending.outcome])


_END = {
    Outcome.ESTABLISHED: "the handshake is completed, and the connection is used",
    Outcome.UNUSED: "the client closes the connection without having sent anything in it",
    Outcome.REJECTED_BY_CLIENT: "the client sends a short encrypted record, by its length an alert, and no Finished",
    Outcome.REJECTED_BY_SERVER: "the server answers the client's Finished with a short encrypted record, by its length"
    " an alert, and leaves",
    Outcome.REFUSED_BY_SERVER: "the server sends nothing after its ServerHello but a short encrypted record, by its"
    " length an alert, and leaves",
    Outcome.LEFT_BY_CLIENT: "the client leaves before the handshake is finished",
    Outcome.LEFT_BY_SERVER: "the server leaves before the handshake is finished",
    Outcome.SILENCE: "nothing answers this ClientHello",
    Outcome.RESET_AFTER_HELLO: "the connection is reset in answer to the ClientHello",
    Outcome.CLOSED_AFTER_HELLO: "the server closes the connection without a ServerHello or an alert",
    Outcome.NOT_TLS: "the server answers with something that is no TLS",
    Outcome.HELLO_UNACKNOWLEDGED: "nothing acknowledges this ClientHello",
    Outcome.FLIGHT_LOST: "bytes of the server before this segment never arrive",
    Outcome.ONE_DIRECTION: "only one direction of this connection is in the capture",
    Outcome.STARTED_LATE: "the start of this connection is not in the capture",
    Outcome.ENDED_EARLY: "the capture ends before the handshake is finished",
}
