"""Calls that are answered and break off all the same: the acknowledgement does not arrive (SIP, RFC 3261)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.sip_calls import AnsweredCall, answered_calls
from explainer.registry import rule
from explainer.rules.tcp_case import finding
from explainer.wording import listing

_SHOWN = 20


@rule(
    "SIP answer not acknowledged",
    answered_calls,
    subject="calls that are answered (SIP)",
    area="the answers of application servers (mail, files, directories, databases, terminals)",
)
def sip_not_acknowledged(facts: Facts, *, min_answers: int = 5, min_s: float = 5.0) -> Iterator[Finding]:
    """A call whose answer (200 OK) comes again and again, as its sender gets no ACK (RFC 3261, section 13.3.1.4).

    An answer is repeated after 0.5 s, 1 s, 2 s and then every 4 s, for 32 s; then the call is ended. `min_answers` over
    `min_s` are more than a lost packet or two.
    """
    for call in facts[answered_calls]:
        if len(call.answers) >= min_answers and call.lasted_s >= min_s:
            yield _not_acknowledged(call)


def _not_acknowledged(call: AnsweredCall) -> Finding:
    client, server = call.client.address, call.server.address
    why, act, side = _cause(call)
    return finding(
        "sip_not_acknowledged",
        call.answers[0],
        Severity.HIGH,
        side,
        f"The call to {call.about} is answered, but the acknowledgement (ACK) does not reach {server}: it repeats its"
        f" answer (200 OK) {len(call.answers)} times in {call.lasted_s:.0f} s{why}. Such a call is ended after 32 s.",
        Evidence.of(
            (*((call.invite,) if call.invite else ()), *call.answers, *call.acks),
            'sip.CSeq.method in {"INVITE", "ACK", "BYE"}',
            [
                *((Step(frames=(call.invite,), text=f"{client} calls {call.about} (INVITE)"),) if call.invite else ()),
                Step(frames=call.answers[:_SHOWN], text=f"{server} answers (200 OK), again and again"),
                Step(
                    frames=call.acks[:_SHOWN],
                    text=f"the ACK to it goes to {listing(call.acked_at)}"
                    if call.acks
                    else "No ACK to it is in this capture.",
                ),
            ],
        ),
        Scope(addresses=(client, server, *call.acked_at), ports=(call.server.port,)),
        act=act,
        measured={"answers": len(call.answers), "seconds": round(call.lasted_s, 1)},
        confidence=Confidence.PROBABLE,
        advice=(
            "Switch off SIP ALG on the routers between the two, and see what address the answer's Contact names.",
            "A proxy or session border controller that stays in between (Record-Route) makes the ACK pass it.",
        ),
        limits=("where the ACK is lost",),
    )


def _cause(call: AnsweredCall) -> tuple[str, str, Side]:
    """Return what is known of why, who must act, and whose side that is."""
    client, server = call.client.address, call.server.address
    elsewhere = [address for address in call.acked_at if address != server]
    if elsewhere:
        return (
            f": {client} sends the ACK to {listing(elsewhere)}, as the answer's Contact says, where it is not received",
            f"The side of {server} must act: its Contact has to name an address that {client} reaches (NAT is the"
            " common reason).",
            Side.SERVER,
        )
    if call.acks:
        return (
            f", although {client} sends the ACK",
            "Whoever runs the firewalls and the NAT between the two must act: the ACK has to get through.",
            Side.NETWORK,
        )
    return (
        "",
        f"See first whether {client} sends the ACK at all, and where to (the answer's Contact"
        f"{f' names {call.contact}' if call.contact else ''}); then what on the way drops it.",
        Side.EITHER,
    )
