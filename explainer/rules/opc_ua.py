"""What an OPC UA server refuses: the status codes of OPC 10000-6, annex A."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_TRUST = Meaning(
    "it does not trust the client's certificate, or the two do not agree on the security of messages",
    "The server's side must trust the client's certificate, or both be set to the same security policy and mode.",
    Side.EITHER, advice=("Look for the client's certificate among those that the server has rejected.",),
)  # fmt: skip
_LOGIN = Meaning(
    "it does not accept the user, or how the user signs in",
    "The client's side must correct user name, password or certificate, or the server's side allow this way.",
    Side.CLIENT,
)  # fmt: skip
_NO_NODE = Meaning(
    "it has no such value (node)", "The client must ask for a node that the server has: namespace and identifier.",
    Side.CLIENT, Severity.MEDIUM, ("Namespaces may have other numbers since the server was set up anew: browse it.",),
)  # fmt: skip
_DEVICE = Meaning(
    "it has no connection to the device behind it, or no value yet",
    "The machine's side must act: the server runs, and what it should read does not answer.", Side.SERVER,
)  # fmt: skip
_SESSION = Meaning(
    "it does not know the session or channel any more", "The client must connect anew.", Side.EITHER, Severity.MEDIUM
)
_CODES: dict[int, tuple[str, Meaning]] = {
    0x8004: ("BadResourceUnavailable", _DEVICE), 0x8005: ("BadCommunicationError", _DEVICE),
    0x800A: ("BadTimeout", _DEVICE), 0x800D: ("BadServerNotConnected", _DEVICE),
    0x8031: ("BadNoCommunication", _DEVICE), 0x8032: ("BadWaitingForInitialData", _DEVICE),
    0x808A: ("BadNotConnected", _DEVICE),
    0x8012: ("BadCertificateInvalid", _TRUST), 0x8013: ("BadSecurityChecksFailed", _TRUST),
    0x8014: ("BadCertificateTimeInvalid", _TRUST), 0x8016: ("BadCertificateHostNameInvalid", _TRUST),
    0x8017: ("BadCertificateUriInvalid", _TRUST), 0x801A: ("BadCertificateUntrusted", _TRUST),
    0x8054: ("BadSecurityModeRejected", _TRUST), 0x8055: ("BadSecurityPolicyRejected", _TRUST),
    0x801F: ("BadUserAccessDenied", Meaning(
        "the user may not do this", "The server's side must grant it, or another user be used.", Side.EITHER)),
    0x8020: ("BadIdentityTokenInvalid", _LOGIN), 0x8021: ("BadIdentityTokenRejected", _LOGIN),
    0x8022: ("BadSecureChannelIdInvalid", _SESSION), 0x8025: ("BadSessionIdInvalid", _SESSION),
    0x8026: ("BadSessionClosed", _SESSION), 0x8086: ("BadSecureChannelClosed", _SESSION),
    0x8033: ("BadNodeIdInvalid", _NO_NODE), 0x8034: ("BadNodeIdUnknown", _NO_NODE),
    0x803A: ("BadNotReadable", Meaning("the value cannot be read", "The server's side must allow it.", Side.EITHER)),
    0x803B: ("BadNotWritable", Meaning("the value cannot be written", "The server's side must allow it.", Side.EITHER)),
    0x803C: ("BadOutOfRange", Meaning("the value is out of range", "The client must send another.", Side.CLIENT)),
    0x8056: ("BadTooManySessions", Meaning(
        "it has no session left", "Clients must end theirs, or the server allow more.", Side.EITHER)),
    0x8074: ("BadTypeMismatch", Meaning(
        "the value is of another type than the node's", "The client must send the node's type.", Side.CLIENT)),
    0x807D: ("BadTcpServerTooBusy", Meaning("it is too busy", "The server's side must act.", Side.SERVER)),
    0x8083: ("BadTcpEndpointUrlInvalid", Meaning(
        "it does not go by the address (endpoint) that the client names",
        "The client must use the server's own endpoint, or the server's side name it rightly.", Side.EITHER)),
}  # fmt: skip
_OPTIONAL = 0x8035
"""BadAttributeIdInvalid: clients ask for attributes that not every node has."""
_OTHER = ("", Meaning("it fails at it, as the code says", "Look the code up in the server's log.", Side.EITHER))


def _number(reply: Reply) -> int:
    return int(reply.code, 16) >> 16


def _meaning(reply: Reply) -> Meaning | None:
    number = _number(reply)
    if number == _OPTIONAL:
        return None
    means = _CODES.get(number, _OTHER)[1]
    # Of single values clients try many; that of a service fails what was asked.
    return means._replace(severity=Severity.MEDIUM) if reply.text else means


def _told(reply: Reply) -> str:
    name = _CODES.get(_number(reply), _OTHER)[0] or "an error"
    asked = "the login" if reply.kind is Kind.LOGIN else reply.request
    return f"The OPC UA server {reply.server.address} answers {name} to {asked} of {reply.client.address}"


_FAMILY = Family("opc_ua_refused", "opcua", _told, _meaning)


@rule("OPC UA refused", replies, subject=SUBJECT, area=AREA)
def opc_ua_refused(facts: Facts) -> Iterator[Finding]:
    """A bad status code of OPC UA: of a service, of the connection, or of every value that a response holds.

    That an attribute does not exist is none: clients ask for those that not every node has; and neither is what ends
    waiting Publish requests.
    """
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "OPC UA"], _FAMILY)
