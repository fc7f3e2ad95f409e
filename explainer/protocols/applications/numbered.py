"""Protocols of plants, of telephone and mobile networks and of tunnels that say no by a number: where, and which.

Rules
* A number that does not stand in its table is no refusal: what Wireshark takes for a protocol by its port alone holds
  any number.
* The names are those of the standard that stands beside the table.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from explainer.facts import Column
from explainer.protocols.applications import numbered_names as names
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply


class Code(NamedTuple):
    """A field whose number is an answer: the names of its refusals, and the number that is a yes, where that counts.

    It counts where a later yes overcomes a refusal: a session, not one of many things that are asked for.
    """

    column: Column
    refusals: Mapping[int, str]
    grant: int | None = None


class Numbered(NamedTuple):
    """How one protocol's answers are read: the fields, a display filter for the frames, what is asked for."""

    layer: str
    protocol: str
    frames: str
    codes: tuple[Code, ...]
    asks: str = "a request"
    kind: Kind = Kind.QUERY

    def read(self, messages: Sequence[Message]) -> Iterator[Record]:
        """Yield the answers of one conversation."""
        for message in messages:
            said = [(code, number) for code in self.codes for number in message.numbers(code.column)]
            refusal = next(((str(n), code.refusals[n]) for code, n in said if n in code.refusals), None)
            if refusal or any(number == code.grant for code, number in said):
                number, name = refusal or ("", "")
                yield Reply(
                    self.protocol, self.kind, message.stream, message.destination, message.source, None, message.frame,
                    self.asks, "", number, name, not refusal,
                )  # fmt: skip

    def dialect(self) -> Dialect:
        """Return how it is read."""
        return Dialect(self.layer, self.frames, tuple(code.column for code in self.codes), self.read)


_TABLE = (
    Numbered(
        "bacapp", "BACnet", "bacapp.error_code || bacapp.reject_reason || bacapp.abort_reason",
        (Code(many("bacapp.error_code"), names.BACNET_ERRORS),
         Code(many("bacapp.reject_reason"), names.BACNET_REJECTS),
         Code(many("bacapp.abort_reason"), names.BACNET_ABORTS)),
    ),
    Numbered(
        # Of the kinds of messages, 2 and 3 are answers to jobs; requests for user data hold the number 10, too.
        "s7comm", "S7",
        "s7comm.header.rosctr in {2, 3} && (s7comm.header.errcls > 0 || s7comm.data.returncode in {1, 3, 5, 6, 7, 10})",
        (Code(many("s7comm.header.errcls"), names.S7_CLASSES), Code(many("s7comm.data.returncode"), names.S7_ITEMS)),
    ),
    Numbered("enip", "EtherNet/IP", "enip.status > 0", (Code(many("enip.status"), names.ENIP),)),
    Numbered("cip", "CIP", "cip.genstat > 0", (Code(many("cip.genstat"), names.CIP),)),
    Numbered(
        "iec60870_asdu", "IEC 104", "iec60870_asdu.causetx in {44, 45, 46, 47}",
        (Code(many("iec60870_asdu.causetx"), names.IEC_104),), "a command",
    ),
    Numbered(
        "dcerpc", "DCE/RPC", "dcerpc.cn_reject_reason || dcerpc.cn_status",
        (Code(many("dcerpc.cn_reject_reason"), names.RPC_BIND), Code(many("dcerpc.cn_status"), names.RPC_FAULTS)),
        "a remote call",
    ),
    Numbered("gtp", "GTP", "gtp.cause > 191", (Code(many("gtp.cause"), names.GTP),)),
    Numbered("gtpv2", "GTPv2", "gtpv2.cause > 63", (Code(many("gtpv2.cause"), names.GTP_2),)),
    Numbered("pfcp", "PFCP", "pfcp.cause > 63", (Code(many("pfcp.cause"), names.PFCP),)),
    Numbered("smpp", "SMPP", "smpp.command_status > 0", (Code(many("smpp.command_status"), names.SMPP),)),
    Numbered("mgcp", "MGCP", "mgcp.rsp.rspcode >= 400", (Code(many("mgcp.rsp.rspcode"), names.MGCP),)),
    Numbered("q931", "Q.931", "q931.cause_value", (Code(many("q931.cause_value"), names.Q_850),), "the call",
             Kind.CALL),
    Numbered(
        "isup", "ISUP", "isup.cause_indicator", (Code(many("isup.cause_indicator"), names.Q_850),), "the call",
        Kind.CALL,
    ),
    Numbered("m3ua", "M3UA", "m3ua.error_code", (Code(many("m3ua.error_code"), names.M3UA),), kind=Kind.SESSION),
    Numbered("dccp", "DCCP", "dccp.reset_code > 1", (Code(many("dccp.reset_code"), names.DCCP),), "a connection"),
    Numbered(
        "ldp", "LDP", "ldp.msg.tlv.status.data", (Code(many("ldp.msg.tlv.status.data"), names.LDP),), "the session"
    ),
    Numbered(
        "pptp", "PPTP", "pptp.control_result || pptp.out_result || pptp.in_result",
        (Code(many("pptp.control_result"), names.PPTP), Code(many("pptp.out_result"), names.PPTP_OUT, 1),
         Code(many("pptp.in_result"), names.PPTP_IN, 1)), "the tunnel", Kind.SESSION,
    ),
)  # fmt: skip
NUMBERED = tuple(row.dialect() for row in _TABLE)
NUMBERED_PROTOCOLS = frozenset(row.protocol for row in _TABLE)
