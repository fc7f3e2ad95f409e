"""Calls that were answered (SIP, RFC 3261): how often the answer came, and the acknowledgements (ACK) of it."""

from collections.abc import Sequence
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.protocols.applications import messages
from explainer.protocols.applications.messages import Message
from explainer.protocols.applications.services import (
    SIP_CALL,
    SIP_CONTACT,
    SIP_METHOD,
    SIP_SEQUENCE,
    SIP_STATUS,
    SIP_TARGET,
)
from explainer.protocols.tcp import Endpoint

_ANSWERED = 200
_APART_NS = 200_000_000
"""RFC 3261, section 17: T1 is 500 ms; what comes sooner was recorded twice, or answers an INVITE that came twice."""


class AnsweredCall(NamedTuple):
    """One answer (200) to an INVITE of `client`, as often as it came, from `server`, and the ACKs to it.

    `contact` is the host that the answer names for what follows; `acked_at` are the addresses that the ACKs go
    to.
    """

    client: Endpoint
    server: Endpoint
    about: str
    contact: str
    invite: int | None
    answers: tuple[int, ...]
    acks: tuple[int, ...]
    acked_at: tuple[str, ...]
    lasted_s: float


@fact("answered calls", messages)
def answered_calls(facts: Facts) -> tuple[AnsweredCall, ...]:
    """Return the calls of which an answer (200) is in the capture, by their first answer."""
    answers, acks = dict[tuple[str, Endpoint, Endpoint, int], list[Message]](), dict[str, list[Message]]()
    invited = dict[str, Message]()
    for message in facts[messages]:
        call, asks = message.first(SIP_CALL), message.first(SIP_METHOD)
        if not call:
            continue
        if asks == "INVITE":
            invited[call] = message
        elif asks == "ACK":
            acks.setdefault(call, []).append(message)
        elif message.number(SIP_STATUS) == _ANSWERED and message.first(SIP_SEQUENCE) == "INVITE":
            asked = invited.get(call)
            key = call, message.source, message.destination, asked.frame if asked else 0
            answers.setdefault(key, []).append(message)
    return tuple(_call(group, invited.get(call), acks.get(call, ())) for (call, *_), group in answers.items())


def _call(group: Sequence[Message], invite: Message | None, acks: Sequence[Message]) -> AnsweredCall:
    first, times = group[0], [group[0]]
    for message in group[1:]:
        if message.time_ns - times[-1].time_ns >= _APART_NS:
            times.append(message)
    followed = [ack for ack in acks if ack.frame > first.frame]
    return AnsweredCall(
        first.destination, first.source, first.first(SIP_TARGET), first.first(SIP_CONTACT),
        invite.frame if invite and invite.frame < first.frame else None,
        tuple(message.frame for message in times), tuple(ack.frame for ack in followed),
        tuple(dict.fromkeys(ack.destination.address for ack in followed)),
        (times[-1].time_ns - first.time_ns) / 1e9,
    )  # fmt: skip
