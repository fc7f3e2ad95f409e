"""Servers that complete the TLS handshake and then hang up without an answer, as proxies do whose backend is down."""

from collections.abc import Iterator
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Severity, Side, Step
from explainer.protocols.tcp_delivery import Delivery, deliveries
from explainer.protocols.tls import Ending, Outcome, endings
from explainer.protocols.tls.encrypted import ClientCertificate, is_short, may_be_tickets
from explainer.protocols.tls.messages import ALERT, FINISHED
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Told, Verdict, finding, grouped

_EARLY_DATA = 42  # RFC 8446, 4.2.10
_HEADER = 5  # RFC 8446, 5.1: type, version, length


class _Blame(NamedTuple):
    """Whose side is likely to be at fault, and why, as the end of a sentence."""

    why: str
    act: str
    side: Side
    advice: tuple[str, ...] = ()


_NO_REASON = _Blame(
    "",
    "The server's side must act: the program on {server} port {port}, or the one behind it to which it hands"
    " connections on (backend), hangs up.",
    Side.SERVER,
)
_GIVE_ONE = "Check it with a certificate: {check} -cert client.pem -key client.key"
_BLAMES = {
    ClientCertificate.EMPTY: _Blame(
        ": it had asked for a client certificate (mutual TLS), which it probably requires, and the client sent none",
        "The client's side must act: set up a client certificate that {server} accepts; if none is needed, the"
        " server's side must see why the program on port {port} hangs up.",
        Side.CLIENT,
        (_GIVE_ONE,),
    ),
    ClientCertificate.SENT: _Blame(
        ": it had asked for a client certificate (mutual TLS), and probably does not accept the one that the client"
        " sent",
        "The client's side must check its certificate (dates, issuer, purpose) against what {server} accepts; if that"
        " is in order, the server's side must see why the program on port {port} hangs up.",
        Side.EITHER,
        (_GIVE_ONE,),
    ),
}


@rule(
    "Hung up after the handshake",
    endings,
    deliveries,
    subject=SUBJECT,
    area="the use of TLS connections",
    evidence="the whole connection, from its ClientHello to its end",
    limits="why the server hangs up: its log may tell",
)
def tls_hung_up(facts: Facts, *, soon_s: float = 3.0) -> Iterator[Finding]:
    """A server that ends a TLS connection within `soon_s` of the client's last words, having answered nothing.

    Of TLS 1.3 this is told where the server sent nothing after the client's Finished, or session tickets alone (RFC
    8446, 4.6.1): two records or more of one length. Later than that, servers end connections that lie idle. Of low
    severity where a later connection of the client to the same server is used. Where the server had asked for a client
    certificate (told by the length of the client's records), that is the likely reason: Java and Node.js say no more.
    """
    every, delivered = facts[endings], facts[deliveries]
    tried = [e for e in every if e.outcome is Outcome.ESTABLISHED and e.handshake.transport == "tcp"]
    hung = {id(e) for e in tried if _hung_up(e, delivered.get(e.handshake.stream), soon_s)}
    served = {(e.handshake.client.address, e.handshake.server): e for e in tried if id(e) not in hung}
    for tries in grouped(e for e in tried if id(e) in hung):
        last, group = tries[-1].handshake, sorted(tries, key=lambda ending: not _asked(ending))
        later = served.get((last.client.address, last.server))
        overcome = later is not None and later.handshake.stream > last.stream
        severity = Severity.LOW if overcome else Severity.HIGH if _asked(group[0]) else Severity.MEDIUM
        yield finding(group, _verdict(group[0], severity), _told)


def _hung_up(ending: Ending, delivery: Delivery | None, soon_s: float) -> bool:
    handshake, connection = ending.handshake, ending.connection
    gone = _gone(ending)
    own = [record for record in handshake.records if record.from_client]
    if gone is None or not own or handshake.message(FINISHED, from_client=True) is not None or _early(ending):
        return False
    left = (*connection.client_ends, *connection.client_resets)
    finished = ending.flight.finished if ending.flight else None
    said = own[own.index(finished) + 1 :] if finished in own else own  # an empty certificate is as short as an alert
    farewells = (r.frame for r in said if r.type == ALERT or (r.encrypted and is_short(r)))
    seen = sum(record.length + _HEADER for record in handshake.records if not record.from_client)
    whole = seen >= connection.server_payload and (delivery is None or delivery.server.gap_frame is None)
    first = min((*left, *farewells), default=gone)
    soon = (connection.last_ns - own[-1].time_ns) / 1e9 <= soon_s
    return gone <= first and whole and soon and _said_nothing(ending)


def _early(ending: Ending) -> bool:
    """Return whether the client sends its request before the handshake is over, where the answer may come, too."""
    hello = ending.handshake.client_hello
    return hello is not None and _EARLY_DATA in hello.extensions


def _said_nothing(ending: Ending) -> bool:
    """Return whether the server sent nothing in the connection but session tickets and alerts."""
    if ending.flight is None:
        return not ending.handshake.server_data
    long = [record for record in ending.flight.after if not is_short(record)]
    return not long or (len(long) > 1 and may_be_tickets(long))


def _gone(ending: Ending) -> int | None:
    """Return the frame in which the server ends the connection."""
    return min((*ending.connection.server_ends, *ending.connection.server_resets), default=None)


def _is_reset(ending: Ending) -> bool:
    return _gone(ending) in ending.connection.server_resets


def _asked(ending: Ending) -> bool:
    """Return whether the client had sent something in the connection."""
    return bool(ending.flight.data if ending.flight else ending.handshake.client_data)


def _verdict(ending: Ending, severity: Severity) -> Verdict:
    ends = "resets" if _is_reset(ending) else "closes"
    when = "without an answer to what the client sent" if _asked(ending) else "before anything was sent in it"
    blame = _BLAMES.get(ending.flight.certificate if ending.flight else ClientCertificate.UNKNOWN, _NO_REASON)
    return Verdict(
        rule="tls_hung_up",
        title=f"The TLS handshake with {{server}} works, but right after it the server {ends} the connection"
        f" {when}{blame.why}.",
        act=blame.act,
        side=blame.side,
        severity=severity,
        confidence=Confidence.PROBABLE,
        advice=(
            *blame.advice,
            "If {server} is a proxy or load balancer, see whether what stands behind it (backend) runs and is reached.",
            "Look into the log of the program on {server} at that time: it may not want this client.",
            "Ask again: {check}",
        ),
        limitations=("why the server hangs up", "what the encrypted records hold"),
    )


def _told(ending: Ending) -> Told:
    gone, steps = _gone(ending), list[Step]()
    assert gone is not None  # that is why it is a case
    flight = ending.flight
    if flight and flight.finished and flight.certificate in _BLAMES:
        what = "an empty certificate" if flight.certificate is ClientCertificate.EMPTY else "a certificate in it"
        text = f"the client's encrypted answer is as long as one with {what}"
        steps.append(Step(frames=(flight.finished.frame,), text=text))
    data = flight.data if flight else ()
    sent = data[0].frame if data else next(iter(ending.handshake.client_data), None)
    if _asked(ending) and sent is not None:
        steps.append(Step(frames=(sent,), text="the client sends data in the encrypted connection"))
    ends = "resets" if _is_reset(ending) else "closes"
    steps.append(Step(frames=(gone,), text=f"the server {ends} the connection, having sent no data in it"))
    return Told(tuple(steps), (gone,))
