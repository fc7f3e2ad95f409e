"""What networks of telephones and machines, storage and remote calls refuse, told by the number that they answer."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_WHO = {
    "BACnet": "The BACnet device", "S7": "The S7 controller (PLC)", "CIP": "The CIP device (EtherNet/IP)",
    "GTP": "The mobile network's node", "GTPv2": "The mobile network's node", "PFCP": "The mobile network's node",
    "EPS": "The mobile network (EPS)", "5GS": "The mobile network (5G)", "ISUP": "The telephone exchange",
    "Q.931": "The called side", "MGCP": "The MGCP gateway", "SMPP": "The short message centre (SMPP)",
    "iSCSI": "The iSCSI target", "MPLS echo": "The router", "LDP": "The router", "DCE/RPC": "The RPC server",
    "Oracle": "The Oracle listener", "PPTP": "The PPTP server", "L2TP": "The L2TP peer",
    "EtherNet/IP": "The EtherNet/IP device", "IEC 104": "The station (IEC 104)", "DCCP": "The DCCP peer",
    "M3UA": "The signalling gateway (M3UA)",
}  # fmt: skip
_ORDINARY = "Nobody, if the client only tried it and goes on another way; else it must ask for what is offered."
_PASSWORD = Meaning("it does not accept the password", "The client's side must correct the password.", Side.CLIENT)
_LOGIN = Meaning(
    "it does not accept the user name or password", "The client's side must correct its credentials.", Side.CLIENT
)
_RIGHTS = Meaning(
    "it does not permit it", "The server's side must grant it, or the client must use another account.", Side.EITHER
)
_ABSENT = Meaning(
    "it has nothing of that name", "The client must ask for what is there, or the server's side must set it up.",
    Side.EITHER,
)  # fmt: skip
_FULL = Meaning("it has no room for it", "The server's side must act: its resources are used up.", Side.SERVER)
_FAILS = Meaning("it fails itself", "The server's side must act.", Side.SERVER)
_NOT_OFFERED = Meaning("it does not offer that", _ORDINARY, Side.CLIENT, Severity.LOW)
_VALUE = Meaning("it does not accept the request as it is", "The client must correct its request.", Side.CLIENT)
_BUSY = Meaning("the called party is busy", "Nobody: call again later.", Side.NOBODY, Severity.LOW)
_NO_ANSWER = Meaning("nobody answers the call", "Nobody: call again later.", Side.NOBODY, Severity.LOW)
_NUMBER = Meaning("the number called is not in use, or not complete", "The caller must correct the number, or the"
                  " network's side its routes.", Side.EITHER)  # fmt: skip
_NO_LINE = Meaning("the network has no line for the call", "The network's side must act if this lasts.", Side.NETWORK)
_TIMED_OUT = Meaning("it has heard nothing in time", "The path between the two must be looked at.", Side.NETWORK)
_OTHER = Meaning("it refuses it", "Read its words, and its log: they say what has to be corrected.", Side.EITHER)
_APN = Meaning("it has no access point of that name (APN), or this subscriber may not use it", "The device's APN must"
               " be corrected, or the network's side must allow it.", Side.EITHER)  # fmt: skip
_SUBSCRIBER = Meaning("it does not know, or does not let in, this subscriber or device", "The subscriber's data must be"
                      " set up or corrected in the network.", Side.SERVER)  # fmt: skip
_SERVICE = Meaning("it knows no database of that name (service or SID)", "The client must correct the service name or"
                   " SID, or the database's side must register it with the listener.", Side.EITHER,
                   advice=("On the server: lsnrctl status lists what is registered.",))  # fmt: skip
_NO_HANDLER = Meaning("it has nobody to hand the connection to: the database is down, starting, or has no connection"
                      " left", "The database's side must act.", Side.SERVER)  # fmt: skip
_GROUPS: tuple[tuple[str, Meaning, frozenset[str]], ...] = (
    ("BACnet", _PASSWORD, frozenset({"error 26"})),
    ("BACnet", _RIGHTS, frozenset({"error 5", "error 23", "error 27", "error 29", "error 40"})),
    ("BACnet", _ABSENT._replace(severity=Severity.MEDIUM), frozenset({"error 17", "error 31"})),
    ("BACnet", _NOT_OFFERED, frozenset({"error 32", "error 36", "error 44", "error 45", "reject 9", "abort 4"})),
    ("BACnet", _FULL, frozenset({"error 3", "error 18", "error 20", "abort 9"})),
    ("S7", _ABSENT, frozenset({"0x05", "0x0a"})), ("S7", _RIGHTS, frozenset({"0x03"})),
    ("S7", _VALUE, frozenset({"0x06", "0x07"})), ("S7", _FAILS, frozenset({"0x01"})),
    ("CIP", _ABSENT._replace(severity=Severity.MEDIUM), frozenset({"4", "5", "22"})), ("CIP", _FULL, frozenset({"2"})),
    ("CIP", _NOT_OFFERED, frozenset({"8", "20"})), ("CIP", _RIGHTS, frozenset({"14", "15"})),
    ("GTP", _APN, frozenset({"219", "220"})), ("GTP", _FULL, frozenset({"199", "211", "212"})),
    ("GTP", _LOGIN, frozenset({"208", "209"})), ("GTP", _SUBSCRIBER, frozenset({"194"})),
    ("GTPv2", _APN, frozenset({"78", "93"})), ("GTPv2", _FULL, frozenset({"73", "84", "91"})),
    ("GTPv2", _LOGIN, frozenset({"92"})), ("GTPv2", _SUBSCRIBER, frozenset({"96"})),
    ("PFCP", _FULL, frozenset({"74", "75"})), ("PFCP", _FAILS, frozenset({"77"})),
    ("EPS", _SUBSCRIBER, frozenset({"3", "5", "6", "7", "8", "11", "12", "13", "14", "15"})),
    ("5GS", _SUBSCRIBER, frozenset({"3", "5", "6", "7", "11", "12", "13", "15", "27", "62", "73"})),
    *(
        (protocol, means, codes)
        for protocol in ("ISUP", "Q.931")
        for means, codes in (
            (_BUSY, frozenset({"17"})), (_NO_ANSWER, frozenset({"18", "19", "20", "102"})),
            (_NUMBER, frozenset({"1", "3", "22", "27", "28"})), (_NO_LINE, frozenset({"34", "38", "41", "42", "47"})),
            (Meaning("the call is rejected", "Nobody, if the called side does not want it.", Side.NOBODY,
                     Severity.MEDIUM), frozenset({"21"})),
        )
    ),
    ("MGCP", _FULL, frozenset({"400", "403", "502", "540"})), ("MGCP", _ABSENT, frozenset({"500", "501", "515"})),
    ("SMPP", _LOGIN, frozenset({"13", "14", "15"})), ("SMPP", _FULL, frozenset({"20", "88"})),
    ("SMPP", _VALUE, frozenset({"1", "10", "11"})), ("SMPP", _FAILS, frozenset({"8"})),
    ("iSCSI", _LOGIN, frozenset({"513"})), ("iSCSI", _RIGHTS, frozenset({"514"})),
    ("iSCSI", _ABSENT, frozenset({"515", "516"})), ("iSCSI", _FULL, frozenset({"518", "770"})),
    ("iSCSI", _FAILS, frozenset({"768", "769"})),
    ("MPLS echo", Meaning("the label-switched path is broken there", "The network's side must look at the labels of"
                          " that router.", Side.NETWORK), frozenset({"4", "5", "10", "11", "12", "13"})),
    ("LDP", _TIMED_OUT, frozenset({"9", "20"})),
    ("LDP", Meaning("it is shut down", "Nobody, if this was planned.", Side.NOBODY, Severity.LOW),
     frozenset({"10"})),
    ("DCE/RPC", Meaning("it does not take how the client binds to it, and does not say why", "The server's log must"
                        " tell: often its version, its load, or the way to sign in.", Side.EITHER),
     frozenset({"bind_nak 0"})),
    ("DCE/RPC", _RIGHTS._replace(severity=Severity.MEDIUM), frozenset({"fault 0x00000005"})),
    ("DCE/RPC", _NOT_OFFERED, frozenset({"fault 0x1c010002", "fault 0x1c010003", "bind_ack 2"})),
    ("Oracle", _SERVICE, frozenset({"ORA-12505", "ORA-12514", "ORA-12521"})),
    ("Oracle", _NO_HANDLER, frozenset({"ORA-12516", "ORA-12518", "ORA-12519", "ORA-12520", "ORA-12526", "ORA-12527",
                                       "ORA-12528"})),
    ("IEC 104", _NOT_OFFERED, frozenset({"44"})), ("DCCP", _FULL, frozenset({"9"})),
    ("IEC 104", _ABSENT._replace(severity=Severity.MEDIUM), frozenset({"46", "47"})),
    ("EtherNet/IP", _FULL, frozenset({"2"})), ("EtherNet/IP", _NOT_OFFERED, frozenset({"106"})),
    ("PPTP", _RIGHTS, frozenset({"4"})), ("L2TP", _RIGHTS, frozenset({"4"})),
)  # fmt: skip
_MEANINGS = {(protocol, code): means for protocol, means, codes in _GROUPS for code in codes}
_OF_ONE_REQUEST = ("BACnet", "S7", "CIP", "EtherNet/IP", "IEC 104", "GTP", "GTPv2", "PFCP", "DCE/RPC", "SMPP", "MGCP")
"""Protocols with many requests, of which one that fails need not be the trouble."""
_LIMITS = ("why it answers so: its own log tells", "whether the client can do without it")


def _meaning(reply: Reply) -> Meaning:
    known = _MEANINGS.get((reply.protocol, reply.code))
    if known:
        return known
    single = reply.protocol in _OF_ONE_REQUEST and reply.kind is Kind.QUERY
    return _OTHER._replace(severity=Severity.MEDIUM) if single else _OTHER


def _told(reply: Reply) -> str:
    asked = " ".join(word for word in (reply.request, reply.about) if word and word != "a request") or "a request"
    return f"{_WHO[reply.protocol]} {reply.server.address} refuses {asked} to {reply.client.address}"


_FAMILY = Family("coded_refusal", "", _told, _meaning, _LIMITS)


@rule("Refused by a number", replies, subject=SUBJECT, area=AREA)
def coded_refusal(facts: Facts) -> Iterator[Finding]:
    """An answer whose number is a refusal by the protocol's own specification, and that no later success overcomes.

    Machines (BACnet, S7, EtherNet/IP with CIP, IEC 104), mobile networks (GTP, PFCP, the rejects of EPS and 5GS), calls
    (ISUP, Q.931, MGCP), short messages (SMPP), iSCSI logins, MPLS (LDP, echo), signalling (M3UA), DCCP, Windows' remote
    calls, Oracle's listener, PPTP and L2TP. What clients try to learn whether it is offered, and busy lines, are of low
    severity.
    """
    yield from refusals([reply for reply in facts[replies] if reply.protocol in _WHO], _FAMILY)
