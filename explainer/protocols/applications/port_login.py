"""Logins at a switch port or access point: EAP inside EAPOL (IEEE 802.1X-2020, clause 11; RFC 3748, section 4)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply
from explainer.protocols.tcp import Endpoint

_CODE, _IDENTITY, _PACKET = many("eap.code"), many("eap.identity"), many("eapol.type")
_SENDER, _RECEIVER = (many("eth.src"), many("wlan.sa")), (many("eth.dst"), many("wlan.da"))
_RESPONSE, _SUCCESS, _FAILURE = 2, 3, 4
_START, _LOGOFF = 1, 2
"""IEEE 802.1X-2020, table 11-3: with these a station begins anew, or leaves."""


def port_logins(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the successes and failures that answer something a station said.

    Authenticators send a failure also when a port starts, or a station leaves: such a failure answers nothing.
    """
    answered, user = dict[str, Message](), dict[str, str]()
    for message in messages:
        sender, receiver = (next(filter(None, map(message.first, ends)), "") for ends in (_SENDER, _RECEIVER))
        code = message.number(_CODE)
        if message.number(_PACKET) in (_START, _LOGOFF):
            answered.pop(sender, None)
        elif code == _RESPONSE:
            answered[sender] = message
            user[sender] = message.first(_IDENTITY) or user.get(sender, "")
        elif code in (_SUCCESS, _FAILURE) and (asked := _station(answered, receiver)):
            station, request = asked
            del answered[station]
            yield Reply(
                "EAP", Kind.LOGIN, None, Endpoint(station, 0), Endpoint(sender, 0), request.frame, message.frame,
                "the login", user.get(station, ""), "" if code == _SUCCESS else str(code), "", code == _SUCCESS,
            )  # fmt: skip


def _station(answered: dict[str, Message], receiver: str) -> tuple[str, Message] | None:
    """Return whom a result is for: switches may send it to a group address, of which there is one station then."""
    if receiver in answered:
        return receiver, answered[receiver]
    to_group = bool(receiver) and int(receiver.partition(":")[0] or "0", 16) & 1
    return next(iter(answered.items())) if to_group and len(answered) == 1 else None


PORT_LOGIN = Dialect("eapol", "eapol", (_CODE, _IDENTITY, _PACKET, *_SENDER, *_RECEIVER), port_logins)
