"""What says no before the work begins: Windows' remote calls (MS-RPCE), Oracle's listener, tunnels (PPTP, L2TP)."""

import re
from collections.abc import Iterator, Sequence

from explainer.facts import Column
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply

_RPC_KIND, _RPC_STATUS, _RPC_NAK = many("dcerpc.pkt_type"), many("dcerpc.cn_status"), many("dcerpc.cn_reject_reason")
_RPC_RESULTS, _RPC_CALL = many("dcerpc.cn_ack_result"), many("dcerpc.cn_call_id")
_FAULT, _BIND, _BIND_ACK, _BIND_NAK, _ALTER, _ALTERED = 3, 11, 12, 13, 14, 15
_ACCEPTED, _TAKEN_NOTE = 0, 3
_NAKS = {1: "temporary congestion", 2: "local limit exceeded", 4: "protocol version not supported",
         8: "authentication type not recognized", 9: "invalid checksum"}  # fmt: skip
# Open Group C706, appendix E; MS-ERREF, section 2.2 (the first two).
_FAULTS = {0x5: "access denied", 0x6F7: "bad stub data", 0x1C010002: "operation number out of range",
           0x1C010003: "unknown interface", 0x1C00001A: "context mismatch", 0x1C010014: "server too busy"}  # fmt: skip


def dcerpc(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield whether an interface is bound (where every context of a bind_ack is rejected, it is not), and faults."""
    asked = dict[str, Message]()
    for message in messages:
        call = message.first(_RPC_CALL)
        for kind in message.numbers(_RPC_KIND)[:1]:
            if kind in (_BIND, _ALTER):
                asked[call] = message
            elif kind == _FAULT:
                status = message.number(_RPC_STATUS) or 0
                yield from _call(message, None, "the call", "fault", status, _FAULTS.get(status, ""), no=True)
            elif kind == _BIND_NAK:
                reason = message.number(_RPC_NAK) or 0
                yield from _call(
                    message, asked.get(call), "the interface", "bind_nak", reason, _NAKS.get(reason, ""), no=True
                )
            elif kind in (_BIND_ACK, _ALTERED):
                results = message.numbers(_RPC_RESULTS)
                refused = bool(results) and all(result not in (_ACCEPTED, _TAKEN_NOTE) for result in results)
                text = "provider rejection" if refused else ""
                yield from _call(
                    message, asked.get(call), "the interface", "bind_ack", results[0] if refused else 0, text
                )


def _call(
    message: Message, asked: Message | None, about: str, word: str, code: int, text: str, *, no: bool = False
) -> Iterator[Record]:
    failed = no or bool(code)
    number = f"0x{code:08x}" if word == "fault" else str(code)
    yield Reply(
        "DCE/RPC", Kind.SESSION if about == "the interface" else Kind.QUERY, message.stream, message.destination,
        message.source, asked.frame if asked else None, message.frame, about, "",
        f"{word} {number}" if failed else "", text, not failed,
    )  # fmt: skip


_TNS_KIND, _TNS_WORDS = many("tns.type"), many("tns.refuse_data")
_CONNECT, _ACCEPT, _REFUSE = 1, 2, 4
_TNS_ERROR = re.compile(r"\((?:ERR|CODE)=(\d{3,5})\)")


def oracle(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield whether Oracle's listener lets a client through; its words hold an ORA- number."""
    asked: Message | None = None
    for message in messages:
        kind = message.number(_TNS_KIND)
        if kind == _CONNECT:
            asked = message
        elif kind in (_ACCEPT, _REFUSE):
            number = _TNS_ERROR.search(message.first(_TNS_WORDS))
            code = "" if kind == _ACCEPT else f"ORA-{number[1]:0>5}" if number else "refuse"
            yield Reply(
                "Oracle", Kind.SESSION, message.stream, message.destination, message.source,
                asked.frame if asked else None, message.frame, "the connection", "", code, "", not code,
            )  # fmt: skip


_OUTGOING = {2: "general error", 3: "no carrier", 4: "busy", 5: "no dial tone", 6: "time-out", 7: "do not accept"}
# RFC 2637, sections 2.2, 2.8 and 2.10: a result of 1 is the good one.
_PPTP: dict[Column, tuple[str, dict[int, str]]] = {
    many("pptp.control_result"): ("the control connection", {
        2: "general error", 3: "command channel already exists", 4: "requester is not authorized",
        5: "protocol version not supported"}),
    many("pptp.out_result"): ("the call", _OUTGOING),
    many("pptp.in_result"): ("the incoming call", {2: "general error", 3: "do not accept"}),
}  # fmt: skip


def pptp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the control connection and calls are answered."""
    asked: Message | None = None
    for message in messages:
        results = [(each, number) for each in _PPTP if (number := message.number(each))]
        if not results:
            asked = message
        for column, number in results:
            about, names = _PPTP[column]
            good = number == 1
            yield Reply(
                "PPTP", Kind.SESSION, message.stream, message.destination, message.source,
                asked.frame if asked else None, message.frame, about, "", "" if good else str(number),
                "" if good else names.get(number, ""), good,
            )  # fmt: skip


_L2TP_KIND, _L2TP_RESULT, _L2TP_WORDS = (
    many("l2tp.avp.message_type"), many("l2tp.result_code"), many("l2tp.avp.error_message")
)  # fmt: skip
# RFC 2661, section 4.4.2: StopCCN and CDN. 1 and 6, and 1 and 3, end what was in order.
_L2TP = {
    4: ("the tunnel", {2: "general error", 3: "control channel already exists", 4: "requester is not authorized",
                       5: "protocol version not supported", 7: "finite state machine error"}),
    14: ("the session", {2: "general error", 4: "all facilities are taken", 5: "no facilities",
                         6: "invalid destination", 7: "no carrier", 8: "busy", 9: "no dial tone", 10: "time-out",
                         11: "no framing detected"}),
}  # fmt: skip


def l2tp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield why tunnels (StopCCN) and sessions (CDN) are ended where they fail."""
    for message in messages:
        about, names = _L2TP.get(message.number(_L2TP_KIND) or 0, ("", {}))
        result = message.number(_L2TP_RESULT)
        if about and result in names:
            text = message.first(_L2TP_WORDS).strip() or names[result]
            yield Reply(
                "L2TP", Kind.SESSION, None, message.destination, message.source, None, message.frame, about, "",
                str(result), text, ok=False,
            )  # fmt: skip


REMOTE = (
    Dialect(
        "dcerpc", "dcerpc.pkt_type in {3, 11, 12, 13, 14, 15} && dcerpc.cn_call_id",
        (_RPC_KIND, _RPC_STATUS, _RPC_NAK, _RPC_RESULTS, _RPC_CALL), dcerpc,
    ),
    Dialect("tns", "tns.type in {1, 2, 4}", (_TNS_KIND, _TNS_WORDS), oracle),
    Dialect("pptp", "pptp.control_message_type in {1, 2, 7, 8, 9, 10}", tuple(_PPTP), pptp),
    Dialect("l2tp", "l2tp.avp.message_type in {4, 14}", (_L2TP_KIND, _L2TP_RESULT, _L2TP_WORDS), l2tp),
)  # fmt: skip
