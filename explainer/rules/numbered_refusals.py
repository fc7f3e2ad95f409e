"""What protocols of plants, telephones, mobile networks and tunnels refuse by a number: who is asked, who must act."""

from typing import NamedTuple

from explainer.model import Severity, Side
from explainer.protocols.applications import Reply
from explainer.protocols.applications.numbered import NUMBERED_PROTOCOLS as NUMBERED_PROTOCOLS
from explainer.rules.refusals import Family, Meaning

_LAYERS = (
    "(bacapp || s7comm || enip || cip || iec60870_asdu || dcerpc || gtp || gtpv2 || pfcp || smpp || mgcp || q931"
    " || isup || m3ua || dccp || ldp || pptp)"
)
_DEVICE = "The client must ask for what the device has and permits, or the device must be set to it."
_GATEWAY = "The mobile network's side must act: the settings of the two nodes, or of the subscriber, do not fit."
_CALL = "If the number was right, whoever runs the exchange or the line at the other end must act."


class _Asked(NamedTuple):
    """How the one that says no is called, and what has to be done about it."""

    called: str
    act: str
    side: Side = Side.EITHER


_ASKED = {
    "BACnet": _Asked("The BACnet device", _DEVICE, Side.CLIENT),
    "S7": _Asked("The controller (S7)", _DEVICE, Side.CLIENT),
    "EtherNet/IP": _Asked("The EtherNet/IP device", _DEVICE, Side.CLIENT),
    "CIP": _Asked("The EtherNet/IP device", _DEVICE, Side.CLIENT),
    "IEC 104": _Asked("The station (IEC 104)", "The two lists of addresses and types must be brought together."),
    "DCE/RPC": _Asked("The Windows service (DCE/RPC)", "The client must have the right, and the interface, that it asks"
                      " for; the event log of the server tells more."),
    "GTP": _Asked("The mobile gateway (GTP)", _GATEWAY),
    "GTPv2": _Asked("The mobile gateway (GTPv2)", _GATEWAY),
    "PFCP": _Asked("The mobile gateway (PFCP)", _GATEWAY),
    "SMPP": _Asked("The SMS centre (SMPP)", "The client must correct its login or its message, unless the SMS centre is"
                   " at fault itself."),
    "MGCP": _Asked("The media gateway (MGCP)", "The call agent and the gateway must be set to the same endpoints and"
                   " codecs."),
    "Q.931": _Asked("The other end of the call (Q.931)", _CALL),
    "ISUP": _Asked("The exchange (ISUP)", _CALL),
    "M3UA": _Asked("The signalling gateway (M3UA)", "The two sides' routing contexts and versions must be brought"
                   " together."),
    "DCCP": _Asked("The DCCP peer", "Whoever runs the service on that port must see why it does not take it."),
    "LDP": _Asked("The router (LDP)", "Whoever runs the two routers must bring their LDP settings together, or see why"
                  " messages do not arrive."),
    "PPTP": _Asked("The PPTP server", "The server's side must see why it does not open the tunnel: rights, lines,"
                   " settings.", Side.SERVER),
}  # fmt: skip
_TRIED = {("BACnet", "32"), ("CIP", "8"), ("CIP", "20"), ("IEC 104", "44")}
"""What is optional, and asked for by programs that look what a device has: properties, services, attributes, types."""
_FAULT = 0x1000
"""From here on, DCE/RPC's numbers are faults of one call, which programs also provoke to see what a server knows."""


def _meaning(reply: Reply) -> Meaning:
    asked = _ASKED[reply.protocol]
    tried = (reply.protocol, reply.code) in _TRIED or (reply.protocol == "DCE/RPC" and int(reply.code) >= _FAULT)
    return Meaning(f"it says {reply.text}", asked.act, asked.side, Severity.LOW if tried else Severity.MEDIUM)


def _told(reply: Reply) -> str:
    asked = "" if reply.request == "a request" else f", asked for {reply.request}"
    return f"{_ASKED[reply.protocol].called} {reply.server.address} refuses {reply.client.address}{asked}"


NUMBERED_FAMILY = Family(
    "service_error", _LAYERS, _told, _meaning, ("what exactly was asked for: the request beside it tells",)
)
