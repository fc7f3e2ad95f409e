"""Refusals of smaller services: NTP's kiss of death, RADIUS, SIP, and SSH's end of the key exchange."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_NTP = {
    "RATE": Meaning(
        "the client asks too often", "The client must ask less often, or another server.", Side.CLIENT, Severity.MEDIUM
    ),
    "DENY": Meaning("it does not serve this client", "The client must use another time server.", Side.CLIENT),
    "RSTR": Meaning("it does not serve this client", "The client must use another time server.", Side.CLIENT),
    "INIT": Meaning(
        "it has no time yet (starting)", "The time server's side must act if this lasts.", Side.SERVER, Severity.MEDIUM
    ),
    "STEP": Meaning(
        "its own clock has just been set", "Nobody, unless this lasts.", Side.SERVER, Severity.INFO
    ),
}  # fmt: skip
_LOST = "unsynchronised"
_NTP[_LOST] = Meaning(
    "its own clock is not synchronised (stratum 16, or leap indicator 3), so that clients do not use it",
    "The time server's side must act: it does not reach its own sources.", Side.SERVER,
)  # fmt: skip
_NO_TIME = Meaning(
    "it is not synchronised itself", "The time server's side must act: it does not reach its own sources.", Side.SERVER,
    Severity.MEDIUM,
)  # fmt: skip


def _ntp_told(reply: Reply) -> str:
    if reply.code == _LOST or reply.code not in _NTP:
        return f"The time server {reply.server.address} (NTP) answers {reply.client.address} without a time"
    return f"The time server {reply.server.address} (NTP) sends {reply.client.address} a kiss of death"


@rule("NTP gives no time", replies, subject=SUBJECT, area=AREA)
def ntp_refused(facts: Facts) -> Iterator[Finding]:
    """An NTP answer that gives no time: stratum 0 with a reason (RFC 5905, section 7.4), or a clock not set."""
    family = Family("ntp_refused", "ntp", _ntp_told, lambda reply: _NTP.get(reply.code, _NO_TIME))
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "NTP"], family)


_SIP_LOOP = Meaning(
    "the call goes in a circle between servers", "The telephone servers' routes must be corrected.", Side.SERVER
)
_SIP = {
    "401": Meaning("it does not accept the login", "The phone's user name or password must be corrected.", Side.CLIENT),
    "403": Meaning("it forbids it", "The phone's account must be allowed to, or its password corrected.", Side.CLIENT),
    "404": Meaning("it knows no such number", "Correct the number, or enter it on the server.", Side.EITHER),
    "407": Meaning("it does not accept the login", "The phone's user name or password must be corrected.", Side.CLIENT),
    "408": Meaning("nobody answers behind it", "Find out why the other side does not answer.", Side.SERVER),
    "480": Meaning("the other phone is not available", "Nobody, if the phone is off.", Side.NOBODY, Severity.MEDIUM),
    "481": Meaning("it knows no such call", "Nobody has to act.", Side.NOBODY, Severity.INFO),
    "486": Meaning("the other phone is busy", "Nobody: call again later.", Side.NOBODY, Severity.LOW),
    "487": Meaning("the caller gave up", "Nobody has to act.", Side.NOBODY, Severity.INFO),
    "405": Meaning("it does not permit this kind of request", "The phone's settings must be corrected.", Side.CLIENT),
    "410": Meaning("the number is no longer in use", "Correct the number.", Side.CLIENT),
    "415": Meaning(
        "it does not take what the request carries (media type)", "Phone and server must agree on what a call offers.",
        Side.EITHER,
    ),
    "423": Meaning(
        "the time that the phone wants to stay registered is too short", "The phone must register for longer.",
        Side.CLIENT, Severity.MEDIUM,
    ),
    "482": _SIP_LOOP, "483": _SIP_LOOP,
    "484": Meaning("the number is not complete", "Dial the whole number, or correct the dial plan.", Side.CLIENT),
    "485": Meaning("the number is ambiguous", "Correct the number.", Side.CLIENT),
    "503": Meaning(
        "it cannot serve now: overloaded, being maintained, or without a line to where the call should go",
        "The telephone server's side must act, if it lasts.", Side.SERVER,
    ),
    "504": Meaning("a server behind it does not answer", "The telephone server's side must act.", Side.SERVER),
    "600": Meaning("the called one is busy everywhere", "Nobody: call again later.", Side.NOBODY, Severity.LOW),
    "604": Meaning("the number exists nowhere", "Correct the number.", Side.CLIENT),
    "606": Meaning(
        "the two have no codec in common", "Phone and server must allow a common codec (SDP).", Side.EITHER
    ),
    "488": Meaning(
        "the two have no codec in common", "Phone and server must allow a common codec (SDP).", Side.EITHER
    ),
    "603": Meaning("the other side declines", "Nobody has to act.", Side.NOBODY, Severity.LOW),
}  # fmt: skip
_SIP_CLIENT = Meaning("it does not accept the request", "The phone's settings must be corrected.", Side.CLIENT)
_SIP_SERVER = Meaning("it fails itself", "The telephone server's side must act.", Side.SERVER)
_SIP_SERVER_ERROR = "5"


def _sip_meaning(reply: Reply) -> Meaning | None:
    if reply.request in ("OPTIONS", "BYE", "SUBSCRIBE"):
        return None
    return _SIP.get(reply.code) or (_SIP_SERVER if reply.code.startswith(_SIP_SERVER_ERROR) else _SIP_CLIENT)


def _sip_told(reply: Reply) -> str:
    what = "the registration" if reply.request == "REGISTER" else "the call" if reply.request == "INVITE" else "it"
    about = f" of {reply.about}" if reply.kind is Kind.LOGIN else f" to {reply.about}"
    return f"The SIP server {reply.server.address} refuses {what}{about if reply.about else ''}"


@rule("SIP refused", replies, subject=SUBJECT, area=AREA)
def sip_refused(facts: Facts) -> Iterator[Finding]:
    """A final answer 4xx to 6xx (RFC 3261, section 21) to a registration, a call or a message."""
    family = Family("sip_refused", "sip", _sip_told, _sip_meaning)
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "SIP"], family)


_SSH = {
    "no common algorithm": Meaning(
        "client and server have no algorithm in common", "The older of the two must be updated, or the other one must"
        " allow an algorithm of it.", Side.EITHER,
        advice=("See what the client can: ssh -Q kex, ssh -Q key, ssh -Q cipher, ssh -Q mac",),
    ),
    "2": Meaning("the other side broke the protocol", "Both programs' versions must be looked at.", Side.EITHER),
    "3": Meaning(
        "the key exchange failed: no algorithm in common, or a wrong key", "The older of the two must be updated.",
        Side.EITHER,
    ),
    "8": Meaning("the protocol's version is not supported", "The older of the two must be updated.", Side.EITHER),
    "9": Meaning(
        "the client does not accept the server's host key",
        "The client's side must check the key, and correct known_hosts.", Side.CLIENT,
    ),
    "12": Meaning("it allows no more connections", "The server's side must allow more, or wait.", Side.SERVER),
    "14": Meaning("no way to log in is left", "The client's key or password must be corrected.", Side.CLIENT),
}  # fmt: skip


def _ssh_told(reply: Reply) -> str:
    return f"The SSH connection of {reply.client.address} to {reply.server} ends before the login"


@rule("SSH key exchange fails", replies, subject=SUBJECT, area=AREA)
def ssh_refused(facts: Facts) -> Iterator[Finding]:
    """SSH offers without an algorithm in common, or a DISCONNECT in clear (RFC 4253, sections 7.1 and 11.1).

    What is behind the key exchange, such as a wrong password, is encrypted and cannot be seen.
    """
    limits = ("what was said after the key exchange: it is encrypted",)
    family = Family("ssh_refused", "ssh", _ssh_told, lambda reply: _SSH.get(reply.code), limits)
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "SSH"], family)
