"""ClientHellos that are answered without a word of TLS: by a reset, an end, or nothing (RFC 8446 sections 4.1.3, 6).

Rule: what a capture cannot tell apart (the server, and a device that speaks in its name) is not told apart here.
"""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Finding, Side, Step
from explainer.protocols.tls import Outcome, endings
from explainer.protocols.tls.carriage import Carriage, carriages
from explainer.registry import rule
from explainer.rules.tls_case import SUBJECT, Verdict
from explainer.rules.tls_plain_http import is_tls_port
from explainer.rules.tls_stopped import (
    AREA,
    FIRST_MESSAGE,
    NO_REASON,
    Group,
    answered,
    hints,
    plain_port,
    severity,
    stopped,
    told,
)
from explainer.wording import milliseconds

_FAR_MS = 5.0


@rule(
    "Reset after the ClientHello",
    endings,
    carriages,
    answered,
    subject=SUBJECT,
    area=AREA,
    evidence="the connection from its SYN to the reset",
    limits="whether the server or something on the path sent the reset, unless its TTL or timing tells",
)
def tls_reset_after_hello(facts: Facts) -> Iterator[Finding]:
    """A reset in the server's name that follows the ClientHello, with no ServerHello or alert before it (RFC 8446, 6).

    Something on the path is named, as probable, where the reset's TTL differs from the one TTL of all the server's
    other packets, or where it came in less than half a round trip of at least 5 ms: the server cannot be that fast.
    """
    for group in stopped(facts, Outcome.RESET_AFTER_HELLO, _unanswered, lambda case: bool(_elsewhere(case))):
        first = group[0]
        after = milliseconds(first.ended_ms)
        step = Step(frames=(first.ending.frame,), text=f"{after} later the connection is reset (RST)")
        yield told(facts, group, _reset(facts, group), [step, *_elsewhere(first)])


def _reset(facts: Facts, group: Group) -> Verdict:
    first, elsewhere = group[0], bool(_elsewhere(group[0]))
    own = {"reset_ttl": first.end_ttl or 0, "server_ttl": first.server_ttls[0]} if _comparable(first) else {}
    by_path = "probably by a device on the path, not by {server}: a firewall or filter refuses this handshake."
    by_server = "by {server} or something that speaks for it: a firewall or the server refuses this handshake."
    return Verdict(
        rule="tls_reset_after_hello",
        title=f"The connection is reset right after {FIRST_MESSAGE}, {by_path if elsewhere else by_server}"
        + ("" if elsewhere else plain_port(first)),
        act="Whoever runs the firewalls, proxies and filters between {client} and {server} must act: one of them resets"
        " this connection."
        if elsewhere
        else "The server's side must act: {server}, or a firewall or load balancer before it, resets the connection.",
        side=Side.NETWORK if elsewhere else Side.SERVER,
        severity=severity(facts, group),
        confidence=Confidence.PROBABLE if elsewhere else Confidence.CERTAIN,
        detail=hints(first),
        advice=(
            "Look into the logs of the server's program and of the firewalls on the way, at the time of the reset.",
            "Ask again, from another network too: {check}",
            "Record on {server} at the same time: a reset that it never sent comes from the path.",
        ),
        limitations=("who sent the reset: a device on the path can look just like the server", NO_REASON),
        measured={**own, "reset_after_ms": first.ended_ms},
        clears_network=False,
    )


def _elsewhere(case: Carriage) -> list[Step]:
    """Return what says that the reset was not sent by the server, or nothing."""
    frame, round_trip = case.ending.frame, case.ending.connection.syn_ack_rtt_ms or 0.0
    steps = []
    if _comparable(case) and case.end_ttl != case.server_ttls[0]:
        other = f"that of the server's other packets {case.server_ttls[0]}"
        steps.append(
            Step(frames=(frame,), text=f"its TTL is {case.end_ttl}, {other}: another device sent it, probably")
        )
    if round_trip >= _FAR_MS and case.ended_ms < round_trip / 2:
        text = f"a round trip to the server takes {milliseconds(round_trip)}: the reset comes from nearer"
        steps.append(Step(frames=(frame,), text=text))
    return steps


def _comparable(case: Carriage) -> bool:
    return len(case.server_ttls) == 1 and case.end_ttl is not None


def _unanswered(case: Carriage) -> bool:
    return not case.server_spoke


@rule(
    "Closed after the ClientHello",
    endings,
    carriages,
    answered,
    subject=SUBJECT,
    area=AREA,
    evidence="the connection from its SYN to the server's FIN",
    limits="why the server closes: its log may tell",
)
def tls_closed_after_hello(facts: Facts) -> Iterator[Finding]:
    """A FIN of the server that follows the ClientHello, before the client's own, with no byte of answer (RFC 8446, 6).

    A server that refuses a handshake should say so in an alert. Where the capture lacks bytes of the server, nothing
    is said. On a port that is not one for TLS, and where nobody gets TLS, it may be that none is spoken there.
    """
    for group in stopped(facts, Outcome.CLOSED_AFTER_HELLO, _unanswered):
        first = group[0]
        text = f"{milliseconds(first.ended_ms)} later the server closes the connection (FIN), without an answer"
        yield told(facts, group, _closed(facts, group), [Step(frames=(first.ending.frame,), text=text)])


def _closed(facts: Facts, group: Group) -> Verdict:
    server = group[0].ending.handshake.server
    speaks_tls = any(known == server for known, _ in facts[answered].of_client) or is_tls_port(server.port)
    # So do servers of gRPC in clear, among others, to whom a ClientHello is no beginning.
    doubt = "" if speaks_tls else "; or, if no TLS is spoken on port {port}, the client must do without it there"
    return Verdict(
        rule="tls_closed_after_hello",
        title=f"The server {{server}} closes the connection right after {FIRST_MESSAGE}, without an answer: no"
        f" ServerHello and no alert.{plain_port(group[0])}",
        act="The server's side must act: the program on {server} port {port} hangs up instead of answering"
        f"{doubt}.",
        side=Side.EITHER if doubt else Side.SERVER,
        severity=severity(facts, group),
        detail=hints(group[0]),
        advice=(
            "Look into the log of the server's program, and of a load balancer before it, at that time.",
            "See whether TLS is set up on port {port}, for the name {name}, and whether {client} may use it.",
            "See whether the server wants something before TLS, such as the PROXY protocol of a load balancer.",
            "Ask again: {check}",
        ),
        limitations=(NO_REASON,),
        measured={"closed_after_ms": group[0].ended_ms},
    )


@rule(
    "No answer to the ClientHello",
    endings,
    carriages,
    answered,
    subject=SUBJECT,
    area=AREA,
    evidence="the ClientHello, its acknowledgement, and 3 seconds after it",
    limits="whether the server saw the ClientHello whole",
)
def tls_no_server_hello(facts: Facts, *, patience_s: float = 3.0, given_up_s: float = 1.0) -> Iterator[Finding]:
    """A ClientHello that the server's TCP takes and nothing answers, or too late for its client (RFC 8446, 4.1.3).

    The capture must show `patience_s` of silence (a busy server may take a second), or a client that gave up after at
    least `given_up_s` (one that leaves sooner may have changed its mind).
    """

    def waited(case: Carriage) -> bool:
        return _unanswered(case) and case.waited_s >= (given_up_s if case.left else patience_s)

    for group in stopped(facts, Outcome.SILENCE, waited, lambda case: _late_s(case) is not None):
        yield told(facts, group, _silent(facts, group), list(_silent_steps(group[0])))


def _silent(facts: Facts, group: Group) -> Verdict:
    first, late = group[0], _late_s(group[0])
    title = (
        f"The server {{server}} never answers {FIRST_MESSAGE}: the client waits {first.waited_s:.1f} s in vain."
        f"{plain_port(first)}"
        if late is None
        else f"The server {{server}} answers {FIRST_MESSAGE} too late: after {late:.1f} s, the client had given up."
    )
    fault = "takes too long to answer" if late is not None else "hangs, or does not speak TLS"
    return Verdict(
        rule="tls_no_server_hello",
        title=title,
        act=f"The server's side must act: the program on {{server}} port {{port}} {fault}.",
        side=Side.SERVER,
        severity=severity(facts, group),
        detail=hints(first),
        advice=(
            "See on {server} whether the program behind port {port} is overloaded, stopped, or waits for something.",
            "See whether it speaks TLS: another protocol may wait for the end of a line that never comes.",
            "Ask again: {check}",
        ),
        limitations=(NO_REASON, "whether a device on the path holds the answer back"),
        measured={"waited_s": round(first.waited_s, 3), **({} if late is None else {"answered_s": round(late, 3)})},
        clears_network=False,
    )


def _late_s(case: Carriage) -> float | None:
    """Return after how long the ServerHello came, None where it never did."""
    hello, answer = case.ending.handshake.client_hellos[-1], case.ending.handshake.server_hello
    return (answer.time_ns - hello.time_ns) / 1e9 if answer else None


def _silent_steps(case: Carriage) -> Iterator[Step]:
    if case.acknowledgement is not None:
        yield Step(frames=(case.acknowledgement,), text="the server's TCP acknowledges the ClientHello: it arrived")
    if case.left:
        text = f"after {case.waited_s:.1f} s without an answer the client gives up"
        yield Step(frames=(case.left.frame,), text=text)
    else:
        yield Step(frames=(), text=f"No answer follows in the {case.waited_s:.1f} s up to the end of the capture.")
    if case.ending.handshake.server_hello:
        yield Step(frames=(case.ending.handshake.server_hello.frame,), text="the ServerHello comes too late")
