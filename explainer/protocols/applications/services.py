"""Smaller services: NTP (RFC 5905), RADIUS (RFC 2865), SIP (RFC 3261), SNMP (RFC 3416), the portmapper (RFC 1833)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from explainer.protocols.applications import errors
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Clock, Kind, Record, Reply, Sign
from explainer.protocols.tls.names import ALERTS

_STRATUM, _REFERENCE, _MODE = many("ntp.stratum"), many("ntp.refid"), many("ntp.flags.mode")
_LEAP, _RECEIVED, _SENT = many("ntp.flags.li"), many("ntp.rec"), many("ntp.xmt")
_ASKS, _ANSWERS = 3, 4
_NO_TIME, _UNSYNCHRONISED = 3, 16
_LOST = "unsynchronised"


def ntp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the answers of time servers: stratum 0 is a kiss of death with a reason, 16 is no time (RFC 5905)."""
    asked: Message | None = None
    for message in messages:
        mode, stratum = message.number(_MODE), message.number(_STRATUM)
        if mode == _ASKS:
            asked = message
        elif mode == _ANSWERS and stratum is not None:
            reference = bytes.fromhex(message.first(_REFERENCE).replace(":", "") or "").rstrip(b"\0")
            lost = stratum >= _UNSYNCHRONISED or (stratum > 0 and message.number(_LEAP) == _NO_TIME)
            good = stratum > 0 and not lost
            # Stratum 0 without a code is no kiss, but a server that has no time itself.
            word = "" if good else _LOST if lost or not reference else reference.decode("ascii", "replace")
            yield Reply(
                "NTP", Kind.TIME, None, message.destination, message.source, asked.frame if asked else None,
                message.frame, "time", "", word, "", good,
            )  # fmt: skip
            offset = None if asked is None or not good else _offset_ms(asked, message)
            yield Clock(
                message.destination, message.source, stratum, good, offset, asked.frame if asked else None,
                message.frame,
            )  # fmt: skip


def _offset_ms(asked: Message, answer: Message) -> float | None:
    """Return how far the server's clock is ahead of the recorder's: RFC 5905, section 8, with what the latter saw."""
    received, sent = _moment_ns(answer.first(_RECEIVED)), _moment_ns(answer.first(_SENT))
    if received is None or sent is None or not asked.time_ns or not answer.time_ns:
        return None
    return round((received - asked.time_ns + sent - answer.time_ns) / 2e6, 3)


def _moment_ns(text: str) -> int | None:
    """Return a time as tshark prints it: "Nov 21, 2026 16:25:05.680399391 UTC", of newer ones in ISO 8601."""
    whole, _, rest = text.removesuffix(" UTC").removesuffix("Z").partition(".")
    for form in ("%b %d, %Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S"):
        try:
            second = datetime.strptime(" ".join(whole.split()), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return int(second.timestamp()) * 10**9 + int(rest[:9].ljust(9, "0") if rest.isdigit() else 0)
    return None


_RADIUS_CODE, _RADIUS_ID = many("radius.code"), many("radius.id")
_RADIUS_USER, _RADIUS_TEXT = many("radius.User_Name"), many("radius.Reply_Message")
_RADIUS_ALERT, _EAP_TYPE, _EAP_TLS = many("tls.alert_message.desc"), many("eap.type"), 13
_ACCESS_REQUEST, _ACCESS_ACCEPT, _ACCESS_REJECT = 1, 2, 3


def radius(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield who is let in and who is not; a challenge is a step.

    Inside of EAP the two sides may speak TLS, and end it with an alert in clear, after which the user is rejected
    (RFC 5216, section 2.1.3): the request then says so.
    """
    asked, alerts = dict[int, Message](), dict[str, str]()
    for message in messages:
        code, number = message.number(_RADIUS_CODE), message.number(_RADIUS_ID) or 0
        if code == _ACCESS_REQUEST:
            asked[number] = message
        request = asked.get(number)
        user = request.first(_RADIUS_USER) if request else ""
        if alert := next(filter(None, message.numbers(_RADIUS_ALERT)), None):
            words = f"TLS alert {ALERTS.get(alert, 'unknown')} ({alert})"
            alerts[user] = f" with the {words}" if code == _ACCESS_REQUEST else f" after the server's {words}"
        if code in (_ACCESS_ACCEPT, _ACCESS_REJECT):
            asked.pop(number, None)
            by_certificate = " with a certificate (EAP-TLS)" if _offers_certificate(request) else ""
            ended = (alerts.pop(user, "") or by_certificate) if code == _ACCESS_REJECT else ""
            yield Reply(
                "RADIUS", Kind.LOGIN, None, message.destination, message.source, request.frame if request else None,
                message.frame, f"Access-Request{ended}", user,
                "Access-Accept" if code == _ACCESS_ACCEPT else "Access-Reject", message.first(_RADIUS_TEXT),
                code == _ACCESS_ACCEPT,
            )  # fmt: skip


def _offers_certificate(request: Message | None) -> bool:
    return request is not None and _EAP_TLS in request.numbers(_EAP_TYPE)


SIP_METHOD, SIP_STATUS, SIP_CALL = many("sip.Method"), many("sip.Status-Code"), many("sip.Call-ID")
SIP_SEQUENCE, SIP_TARGET = many("sip.CSeq.method"), many("sip.to.addr")
_SIP_LINE, _SIP_LOGIN = many("sip.Status-Line"), many("sip.auth")
SIP_CONTACT = many("sip.contact.host")
_FINAL, _FAILURE, _SIGN_IN = 200, 300, (401, 407)


def sip(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the final answers to SIP requests; a demand to sign in (401, 407) to who had not yet tried is a step."""
    asked = dict[tuple[str, str], Message]()
    last = {(m.first(SIP_CALL), m.first(SIP_SEQUENCE)): m for m in messages if (m.number(SIP_STATUS) or 0) >= _FINAL}
    for message in messages:
        key = message.first(SIP_CALL), message.first(SIP_SEQUENCE)
        status = message.number(SIP_STATUS)
        if status is None:
            asked[key] = message
            continue
        request = asked.get(key)
        redirected = _FAILURE <= status < 400  # a redirection (RFC 3261 section 8.1.3.4)
        challenged = status in _SIGN_IN and (last[key] is not message or not (request and _signs_in(request)))
        if status < _FINAL or redirected or challenged:
            continue
        yield Reply(
            "SIP", Kind.LOGIN if key[1] == "REGISTER" else Kind.CALL, message.stream, message.destination,
            message.source, request.frame if request else None, message.frame, key[1], message.first(SIP_TARGET),
            str(status), message.first(_SIP_LINE).removeprefix(f"SIP/2.0 {status} ").strip(), status < _FAILURE,
        )  # fmt: skip


def _signs_in(request: Message) -> bool:
    """Return whether it answers a challenge: phones of IMS name their user before there is one (3GPP TS 24.229)."""
    return any('response=""' not in text for text in request.all(_SIP_LOGIN))


_PROGRAM, _RPCB_PROGRAM = many("portmap.prog"), many("portmap.rpcb.prog")
_CALLED, _REPLIES, _ANSWER_PORT = many("rpc.program"), many("rpc.msgtyp"), many("portmap.port")
_PORTMAPPER, _CALL = 100000, 0


def portmapper(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield for which RPC programs a host asks the portmapper of another, and who answers."""
    for message in messages:
        if message.number(_REPLIES) == _CALL:
            program = message.first(_PROGRAM) or message.first(_RPCB_PROGRAM)
            yield Sign(
                "rpc-program", "portmap", message.stream, message.source, message.destination, message.frame, program
            )
        elif message.number(_ANSWER_PORT):
            yield Sign("rpc-port", "portmap", message.stream, message.destination, message.source, message.frame)
    yield from errors.rpc(messages)


NTP = Dialect("ntp", "ntp.flags.mode in {3, 4}", (_STRATUM, _REFERENCE, _MODE, _LEAP, _RECEIVED, _SENT), ntp)
RADIUS = Dialect(
    "radius", "radius.code in {1, 2, 3} || (radius && tls.alert_message.desc)",
    (_RADIUS_CODE, _RADIUS_ID, _RADIUS_USER, _RADIUS_TEXT, _RADIUS_ALERT, _EAP_TYPE), radius,
)  # fmt: skip
SIP = Dialect(
    "sip", "sip.CSeq.method in {\"REGISTER\", \"INVITE\", \"MESSAGE\", \"SUBSCRIBE\", \"OPTIONS\", \"BYE\", \"ACK\"}",
    (SIP_METHOD, SIP_STATUS, SIP_CALL, SIP_SEQUENCE, SIP_TARGET, _SIP_LINE, _SIP_LOGIN, SIP_CONTACT), sip,
)  # fmt: skip
PORTMAPPER = Dialect(
    "portmap", "portmap", (_PROGRAM, _RPCB_PROGRAM, _CALLED, _REPLIES, _ANSWER_PORT, *errors.RPC_COLUMNS), portmapper
)
