"""TLS spoken to who does not speak it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.http import Exchange, requests
from explainer.protocols.starttls import upgrades
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Ending, Outcome, endings
from explainer.registry import rule
from explainer.rules.evidence import connection_filter
from explainer.rules.exchanges import answered, asked, frames
from explainer.rules.tls_case import SUBJECT, Told, Verdict, finding, grouped
from explainer.rules.tls_plain_http import AREA, is_tls_port
from explainer.wording import OVERCOME

_WANT_TLS = (400, 426)
"""Status codes by which servers ask for TLS, in a plain answer (RFC 9110, section 15.5.22)."""
_FIRST_ERROR = 400
_REGISTRY = "/v2/"
"""The interface of container registries (OCI distribution specification), whose clients try TLS first."""
Served = dict[tuple[str, Endpoint], list[Exchange]]
"""Requests to a container registry in clear that were answered, by the client's address and the server."""
_STARTS_TLS = {
    "SMTP": "465", "FTP": "990", "SMTP or FTP": "465 or 990", "IMAP": "993", "POP3": "995", "PostgreSQL": "",
    "MySQL": "",
}  # fmt: skip


@rule(
    "TLS to a port without TLS",
    endings,
    upgrades,
    requests,
    subject=SUBJECT,
    area=AREA,
    evidence="the ClientHello and the first bytes of the answer",
    limits="what the port is meant for",
)
def tls_to_plain_port(facts: Facts, *, max_fallback_s: float = 10) -> Iterator[Finding]:
    """A ClientHello answered in another protocol, or sent to a server that had greeted in one (RFC 8446, 4.1.2).

    The protocol is told by the server's first words; where they are text, and fit none that is known, it is said that
    they are not TLS. Of other bytes it is told only where the server then closes: damaged TLS may look like them. A
    connection in which the server had refused STARTTLS belongs to that rule.

    Of no more weight than info where the client of a container registry then does without TLS, and is answered at the
    same port: so it finds out what a port speaks. It does so at once; `max_fallback_s` leaves time for lookups and
    handshakes that are repeated before. Any other request in clear may be another program's. An answer that asks for
    TLS (400, 426, a redirection to https) does not count, and none that came before.
    """
    known = {upgrade.stream for upgrade in facts[upgrades]}
    plain = (e for e in facts[endings] if e.outcome is Outcome.NOT_TLS and (e.spoken or e.connection.server_ends))
    untold = [ending for ending in plain if ending.handshake.stream not in known]
    served = _served(facts[requests])
    instead = {e.handshake.stream: _instead(e, served, max_fallback_s) for e in untold}
    for group in grouped(untold, lambda e: (e.spoken, instead[e.handshake.stream] is None)):
        first = instead[group[0].handshake.stream]
        if first is None:
            yield finding(group, _to_plain(group[0]), lambda ending: Told((_plain_step(ending),)))
        else:
            yield _overcome(group, first)


def _served(exchanges: Iterable[Exchange]) -> Served:
    served = defaultdict[tuple[str, Endpoint], list[Exchange]](list)
    for e in exchanges:
        wants_tls = e.status in _WANT_TLS or e.location.lower().startswith("https:")
        told = e.status is not None and e.request_ns is not None and e.path.startswith(_REGISTRY)
        if told and not (e.over_tls or wants_tls):
            served[e.client.address, e.server].append(e)
    return {key: sorted(each, key=_asked_ns) for key, each in served.items()}


def _asked_ns(e: Exchange) -> int:
    return e.request_ns or 0


def _instead(ending: Ending, served: Served, max_fallback_s: float) -> Exchange | None:
    """Return the first request in clear that is answered soon after a try with TLS."""
    if ending.spoken != "HTTP":
        return None
    handshake = ending.handshake
    each = served.get((handshake.client.address, handshake.server), [])
    tried = handshake.client_hellos[-1].time_ns
    at = bisect_left(each, tried, key=_asked_ns)
    return each[at] if at < len(each) and _asked_ns(each[at]) - tried <= max_fallback_s * 1e9 else None


def _overcome(group: Sequence[Ending], first: Exchange) -> Finding:
    served = (first.status or 0) < _FIRST_ERROR
    nobody = OVERCOME if served else "Nobody for this alone, as the client goes on without TLS. To spare the try:"
    verdict = Verdict(
        rule="tls_to_plain_port",
        title="{server} speaks HTTP, not TLS, on port {port}: the client tries TLS first, then asks without it, and is"
        " answered.",
        act=f"{nobody} have the client ask without TLS (http://) on port {{port}} of {{server}} at once.",
        side=Side.CLIENT,
        severity=Severity.INFO,
        limitations=("which of both was meant: TLS on this port, or no TLS",),
        measured={"port": first.server.port, "speaks": group[0].spoken},
    )
    found = finding(group, verdict, lambda ending: Told((_plain_step(ending),)))
    streams = [*(ending.handshake.stream for ending in group), first.stream]
    evidence = Evidence.of(
        [*found.evidence.frames, *frames([first])],
        connection_filter(first.server, streams),
        [*found.evidence.steps, asked(first), *answered(first)],
    )
    return found.model_copy(update={"evidence": evidence})


def _to_plain(ending: Ending) -> Verdict:
    language, port = ending.spoken, ending.handshake.server.port
    if not language:
        return _unreadable(port)
    named = language != "plain text"
    speaks = f"speaks {language}, not TLS" if named else "answers with something that is not TLS"
    at_server = is_tls_port(port)
    return Verdict(
        rule="tls_to_plain_port",
        title=f"{{server}} {speaks}, on port {port}, where the client opens a TLS connection.",
        act=_plain_act(language, at_server=at_server),
        side=Side.SERVER if at_server else Side.CLIENT,
        confidence=Confidence.CERTAIN if named else Confidence.PROBABLE,
        detail='Programs call this "wrong version number" or "unrecognized SSL message": no version is at fault.',
        advice=tuple(_plain_advice(language, port, at_server=at_server)),
        limitations=("which of both was meant: TLS on this port, or no TLS",),
        measured={"port": port, "speaks": language},
    )


def _unreadable(port: int) -> Verdict:
    return Verdict(
        rule="tls_to_plain_port",
        title="{server} answers the client's TLS handshake with bytes that are no TLS, and hangs up: the connection"
        " fails before it is encrypted.",
        act="The server's side must act: what answers on port {port} of {server} sends something that is no TLS"
        " message (a broken program, or another protocol).",
        side=Side.SERVER,
        confidence=Confidence.PROBABLE,
        detail="Neither a ServerHello nor a readable alert comes.",
        advice=("See which program listens on the server, and what it logs of this moment.",),
        limitations=("what the bytes mean", "whether something on the way changed them"),
        measured={"port": port, "speaks": ""},
    )


def _plain_act(language: str, *, at_server: bool) -> str:
    if at_server:
        return "The server's side must act: TLS is not switched on for port {port} of {server}."
    if language in _STARTS_TLS:
        return (
            "The client's side must act: on port {port} of {server} it has to begin in clear and then ask for TLS"
            " (STARTTLS)."
        )
    return "The client's side must act: on port {port} of {server} it must do without TLS, or use the port with TLS."


def _plain_step(ending: Ending) -> Step:
    early = ending.frame < ending.handshake.client_hellos[-1].frame
    said = "greeted before, in" if early else "answers in"
    if not ending.spoken:
        return Step(frames=(ending.frame,), text="the server answers with bytes that are no TLS record, and closes")
    return Step(frames=(ending.frame,), text=f"the server {said} another protocol: {ending.spoken}")


def _plain_advice(language: str, port: int, *, at_server: bool) -> Iterator[str]:
    if at_server:
        yield f"See the server's settings for port {port}: TLS has to be switched on there (nginx: listen {port} ssl)."
    elif language == "HTTP":
        yield f"Use http:// for port {port}, or the port on which the server speaks HTTPS (often 443)."
    elif language in _STARTS_TLS:
        implicit = f", or port {_STARTS_TLS[language]} for TLS from the start" if _STARTS_TLS[language] else ""
        yield f"Set the client to STARTTLS, which begins in clear, for port {port}{implicit}."
    else:
        yield f"See which service listens on port {port} of the server, and which port is the one with TLS."
