"""What machines and stores refuse: Modbus devices, Diameter peers, NFS servers."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_CLIENT = "The client's side must correct what it asks for."
_MODBUS = {
    "1": Meaning("it does not know this function (illegal function)", _CLIENT, Side.CLIENT, Severity.MEDIUM),
    "2": Meaning("it has no such register or coil (illegal data address)", _CLIENT, Side.CLIENT, Severity.MEDIUM),
    "3": Meaning("a value or length in the request is wrong (illegal data value)", _CLIENT, Side.CLIENT,
                 Severity.MEDIUM),
    "4": Meaning("it failed while doing it (server device failure)", "Look at the device.", Side.SERVER),
    "5": Meaning("it needs longer (acknowledge)", "Nobody.", Side.NOBODY, Severity.INFO),
    "6": Meaning("it is busy (server device busy)", "Ask again later.", Side.SERVER, Severity.MEDIUM),
    "10": Meaning("the gateway has no path to the device (gateway path unavailable)", "Look at the gateway's settings.",
                  Side.SERVER),
    "11": Meaning("the device behind the gateway does not answer (gateway target device failed to respond)",
                  "Look at the device behind the gateway, and its line.", Side.SERVER),
}  # fmt: skip
_MODBUS_OTHER = Meaning("with an exception", _CLIENT, Side.EITHER, Severity.MEDIUM)


def _modbus_told(reply: Reply) -> str:
    return f"The Modbus device {reply.server.address} refuses {reply.request} to {reply.client.address}"


@rule("Modbus exception", replies, subject=SUBJECT, area=AREA)
def modbus_refused(facts: Facts) -> Iterator[Finding]:
    """An exception response (Modbus application protocol, section 7)."""
    family = Family("modbus_refused", "modbus", _modbus_told, lambda reply: _MODBUS.get(reply.code, _MODBUS_OTHER))
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "Modbus"], family)


_DIAMETER = {
    "3002": Meaning("the request cannot be delivered (UNABLE_TO_DELIVER)", "Look at the routes of the Diameter agents.",
                    Side.SERVER),
    "3010": Meaning("it does not know the sender (UNKNOWN_PEER)", "The server's side must add this peer.", Side.SERVER),
    "4001": Meaning("the user's login is wrong (AUTHENTICATION_REJECTED)", "The user's login must be corrected.",
                    Side.CLIENT),
    "5001": Meaning("it does not know a part of the request (AVP_UNSUPPORTED)", "Compare what both sides support.",
                    Side.EITHER),
    "5003": Meaning("the user is not allowed to (AUTHORIZATION_REJECTED)", "The server's side must grant it.",
                    Side.EITHER),
    "5012": Meaning("it cannot do what is asked (UNABLE_TO_COMPLY)", "Look into the server's log.", Side.SERVER),
    "5030": Meaning("it does not know the user (USER_UNKNOWN)", "The user must be entered, or his name corrected.",
                    Side.EITHER),
}  # fmt: skip
_DIAMETER_OTHER = Meaning("with an error", "Look into the server's log.", Side.EITHER)


def _diameter_told(reply: Reply) -> str:
    return f"The Diameter server {reply.server.address} refuses {reply.request} of {reply.client.address}"


@rule("Diameter refused", replies, subject=SUBJECT, area=AREA)
def diameter_refused(facts: Facts) -> Iterator[Finding]:
    """A Result-Code of 3000 and more (RFC 6733, section 7.1)."""
    family = Family(
        "diameter_refused", "diameter", _diameter_told, lambda reply: _DIAMETER.get(reply.code, _DIAMETER_OTHER)
    )
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "Diameter"], family)


_NFS = {
    "1": Meaning("the client is not the owner (EPERM)", "The rights on the server must be corrected.", Side.EITHER,
                 Severity.MEDIUM),
    "2": Meaning("there is no such file or folder (ENOENT)", "Nobody, unless it should be there.", Side.CLIENT,
                 Severity.INFO),
    "5": Meaning("the server cannot read or write it (EIO)", "Look at the server's disk.", Side.SERVER),
    "13": Meaning("permission is denied (EACCES)", "The rights, or the list of clients, on the server must be"
                  " corrected.", Side.EITHER),
    "17": Meaning("it exists already (EEXIST)", "Nobody, as a rule.", Side.CLIENT, Severity.INFO),
    "28": Meaning("the disk is full (ENOSPC)", "The server's side must make room.", Side.SERVER),
    "30": Meaning("it is read-only (EROFS)", "The server's side must export it for writing, if it should be.",
                  Side.SERVER),
    "69": Meaning("the user's quota is used up (EDQUOT)", "The user must delete, or get a larger quota.", Side.EITHER),
    "70": Meaning("the client's handle is stale: the file is gone (ESTALE)", "Mount the folder anew.", Side.EITHER),
}  # fmt: skip
_NFS_OTHER = Meaning("with an error", "Look into the server's log.", Side.EITHER, Severity.LOW)


def _nfs_told(reply: Reply) -> str:
    about = f" {reply.about}" if reply.about else ""
    return f"The file server {reply.server.address} (NFS) refuses {reply.client.address} {reply.request}{about}"


@rule("NFS refused", replies, subject=SUBJECT, area=AREA)
def nfs_refused(facts: Facts) -> Iterator[Finding]:
    """A mount that is refused (RFC 1813 section 5.2.1), or an error to a request for a file (section 2.6)."""
    family = Family("nfs_refused", "(nfs || mount)", _nfs_told, lambda reply: _NFS.get(reply.code, _NFS_OTHER))
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "NFS"], family)
