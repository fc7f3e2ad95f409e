"""IPsec connections that IKE refuses (RFC 7296 section 3.10.1; RFC 2408 section 3.14.1)."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.ike import IKE_AUTH, Message, ike_messages
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding

_AREA = "the answers of UDP services"
# Notifications that end a negotiation, by number: name, what it means, what to compare. Those above 16,383 are no
# errors; 17 (INVALID_KE_PAYLOAD) and the cookie only make the client ask again.
_REFUSALS = {
    1: ("UNSUPPORTED_CRITICAL_PAYLOAD", "it does not know a part of the request", "the versions of both programs"),
    5: ("INVALID_MAJOR_VERSION", "it speaks another version of IKE", "the IKE version (1 or 2) of both sides"),
    14: (
        "NO_PROPOSAL_CHOSEN",
        "the two have no encryption proposal in common (encryption, integrity, PRF or group)",
        "the proposals (algorithms and Diffie-Hellman groups) of both sides",
    ),
    18: ("INVALID_ID_INFORMATION", "it does not accept the identity or the networks named", "the identities (id)"),
    23: ("INVALID_HASH_INFORMATION", "the two do not have the same pre-shared key", "the pre-shared key"),
    24: ("AUTHENTICATION_FAILED", "it does not accept who the other says to be", "key, certificate and identity (id)"),
    38: ("TS_UNACCEPTABLE", "it does not accept the networks to be connected", "the traffic selectors (subnets)"),
}  # fmt: skip
_SMALL = 128  # bytes: an answer that lets in carries an identity, a proof and the agreed proposal, and is longer


@rule("IPsec refused", ike_messages, subject="IKE messages", area=_AREA)
def ike_refused(facts: Facts) -> Iterator[Finding]:
    """An IKE answer with an error notification, in clear; or a small encrypted answer to IKE_AUTH that nothing follows.

    The second is only probable: an answer that lets the client in holds an identity and a proof, and is longer than 128
    bytes; after it ESP or more IKE would follow.
    """
    every = facts[ike_messages]
    told = set[tuple[str, str]]()
    for message in every:
        number = next((n for n in message.notifications if n in _REFUSALS), None)
        key = message.source, message.target
        if number is not None and key not in told:
            told.add(key)
            yield _refused(message, every, number)
        elif key not in told and _turned_away(message, every):
            told.add(key)
            yield _turned(message, every)


def _turned_away(message: Message, every: Sequence[Message]) -> bool:
    if message.exchange != IKE_AUTH or not message.response or message.size > _SMALL:
        return False
    later = [m for m in every if m.spi == message.spi and m.frame > message.frame]
    # A deletion, or a repetition of the same message, may follow; another IKE_AUTH is a step of EAP.
    return not any(m.exchange == IKE_AUTH and m.number != message.number for m in later)


def _request(message: Message, every: Sequence[Message]) -> Message | None:
    asked = [m for m in every if m.frame < message.frame and m.spi == message.spi and m.source == message.target]
    return asked[-1] if asked else None


def _refused(message: Message, every: Sequence[Message], number: int) -> Finding:
    name, means, compare = _REFUSALS[number]
    title = f"The VPN (IPsec) does not come up: {message.source} refuses {message.target} with {name}: {means}."
    shown = f"{message.source} answers with the notification {name} ({number})"
    return _finding(message, every, title, shown, compare, Confidence.CERTAIN)


def _turned(message: Message, every: Sequence[Message]) -> Finding:
    title = (
        f"The VPN (IPsec) does not come up: {message.source} seems to refuse the login of {message.target} (IKE_AUTH):"
        " most likely the pre-shared key, the certificate or the identity does not match."
    )
    shown = f"{message.source} answers with {message.size} encrypted bytes, too few for a yes; nothing follows"
    compare = "pre-shared key, certificate and identity (id), and the networks to be connected"
    return _finding(message, every, title, shown, compare, Confidence.PROBABLE)


def _finding(
    message: Message, every: Sequence[Message], title: str, shown: str, compare: str, confidence: Confidence
) -> Finding:
    request = _request(message, every)
    steps = [Step(frames=(request.frame,), text=f"{message.target} asks {message.source} (IKE)")] if request else []
    steps.append(Step(frames=(message.frame,), text=shown))
    return finding(
        "ike_refused",
        message.frame,
        Severity.HIGH,
        Side.EITHER,
        title,
        Evidence.of(
            (f for s in steps for f in s.frames),
            f"isakmp && {address_field(message.source)} == {message.source}",
            steps,
        ),
        Scope(addresses=(message.target, message.source), ports=(500, 4500)),
        act=f"Whoever configures the two must act: {message.target} and {message.source} have to agree.",
        measured={"bytes": message.size},
        confidence=confidence,
        advice=(
            f"Compare on both sides: {compare}.",
            f"The log of {message.source} names the reason (strongSwan: journalctl -u strongswan; swanctl --log).",
        ),
        limits=("what the answer says, where it is encrypted: the log tells",),
    )
