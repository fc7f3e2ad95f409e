"""SOCKS proxies, versions 4 and 5 (RFC 1928, RFC 1929)."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Login, Record, Reply

_COMMAND, _RESULT = many("socks.command"), many("socks.results")
_METHOD, _STATUS = many("socks.auth_accepted_method"), many("socks.auth_status")
_NAME, _ADDRESS, _ADDRESS_6, _PORT = (
    many(field) for field in ("socks.remote_name", "socks.dst", "socks.dstV6", "socks.port")
)
_USER, _SECRET = many("socks.username"), many("socks.password")
_NO_METHOD, _GRANTED, _GRANTED_4 = 0xFF, 0, 90
_WORDS = {
    1: "general failure", 2: "not allowed by ruleset", 3: "network unreachable", 4: "host unreachable",
    5: "connection refused", 6: "TTL expired", 7: "command not supported", 8: "address type not supported",
    91: "rejected or failed", 92: "no identd on the client", 93: "identd names another user",
}  # fmt: skip


def socks(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the proxy answers a sign-in and a request; `about` is the host and port that it shall connect to."""
    server = server_of(messages, (1080, 9050))
    asked: Message | None = None
    signed: Message | None = None
    for message in messages:
        if message.source != server:
            signed = message if message.first(_SECRET) else signed
            asked = message if message.has(_COMMAND) or asked is None else asked
            continue
        result, method, status = (message.number(column) for column in (_RESULT, _METHOD, _STATUS))
        if result is not None:
            granted = result in (_GRANTED, _GRANTED_4)
            yield _reply(message, asked, Kind.CALL, str(result), _WORDS.get(result, ""), ok=granted)
        elif method == _NO_METHOD:
            yield _reply(message, asked, Kind.LOGIN, "255", "no acceptable methods", ok=False)
        elif status is not None:
            if signed:
                yield Login(
                    "SOCKS", message.stream, message.destination, message.source, signed.first(_USER), "password",
                    (signed.frame,), status == _GRANTED, message.frame,
                )  # fmt: skip
            signed = None
            yield _reply(message, asked, Kind.LOGIN, str(status), "sign-in refused", ok=status == _GRANTED)


def _reply(message: Message, asked: Message | None, kind: Kind, code: str, text: str, *, ok: bool) -> Reply:
    about = _target(asked) if kind is Kind.CALL else ""
    return Reply(
        "SOCKS", kind, message.stream, message.destination, message.source, asked.frame if asked else None,
        message.frame, "connect" if kind is Kind.CALL else "sign in", about, code, text, ok,
    )  # fmt: skip


def _target(asked: Message | None) -> str:
    if asked is None:
        return ""
    host = asked.first(_NAME) or asked.first(_ADDRESS) or asked.first(_ADDRESS_6)
    return f"{host}:{asked.first(_PORT)}"


SOCKS = Dialect(
    "socks", "socks",
    (_COMMAND, _RESULT, _METHOD, _STATUS, _NAME, _ADDRESS, _ADDRESS_6, _PORT, _USER, _SECRET), socks,
)  # fmt: skip
