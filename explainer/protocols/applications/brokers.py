"""Message brokers: MQTT 3.1 to 5.0 (OASIS), AMQP 0-9-1 and, of 1.0, the errors."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications import sasl
from explainer.protocols.applications.lines import server_of
from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Login, Record, Reply, Sign
from explainer.protocols.tcp import Endpoint

_TYPE, _CODE, _REASON = many("mqtt.msgtype"), many("mqtt.conack.val"), many("mqtt.connack.reason_code")
_USER, _SECRET = many("mqtt.username"), many("mqtt.passwd_len")
_CONNECT, _ANSWER, _ACCEPTED = 1, 2, 0
_WORDS = {
    1: "unacceptable protocol version", 2: "identifier rejected", 3: "server unavailable",
    4: "bad user name or password", 5: "not authorized", 0x80: "unspecified error", 0x81: "malformed packet",
    0x82: "protocol error", 0x84: "unsupported protocol version", 0x85: "client identifier not valid",
    0x86: "bad user name or password", 0x87: "not authorized", 0x88: "server unavailable", 0x89: "server busy",
    0x8A: "banned", 0x8B: "server shutting down", 0x8C: "bad authentication method", 0x8D: "keep alive timeout",
    0x8E: "session taken over", 0x8F: "topic filter invalid", 0x90: "topic name invalid",
    0x93: "receive maximum exceeded", 0x94: "topic alias invalid", 0x95: "packet too large",
    0x96: "message rate too high", 0x97: "quota exceeded", 0x98: "administrative action",
    0x99: "payload format invalid", 0x9A: "retain not supported", 0x9B: "QoS not supported",
    0x9C: "use another server", 0x9D: "server moved", 0x9E: "shared subscriptions not supported",
    0x9F: "connection rate exceeded", 0xA0: "maximum connect time", 0xA2: "wildcard subscriptions not supported",
}  # fmt: skip


def mqtt(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield how the broker answers CONNECT (MQTT 3.1.1 section 3.2.2.3, 5.0 section 3.2.2.2), and logins in clear."""
    server = server_of(messages, (1883, 8883))
    asked: Message | None = None
    for message in messages:
        types = message.numbers(_TYPE)
        if message.source != server:
            if _CONNECT in types:
                asked = message
                yield from _promised(message, server)
        elif message.has(_ENDS):
            yield from _ended(message, server)
        elif _ANSWER in types:
            code = next(iter((*message.numbers(_REASON), *message.numbers(_CODE))), _ACCEPTED)
            user, client, stream = asked.first(_USER) if asked else "", message.destination, message.stream
            if asked and asked.number(_SECRET):
                frames, accepted = (asked.frame,), code == _ACCEPTED
                yield Login("MQTT", stream, client, server, user, "password", frames, accepted, message.frame)
            yield Reply(
                "MQTT", Kind.LOGIN, stream, client, server, asked.frame if asked else None, message.frame, "CONNECT",
                user, str(code), _WORDS.get(code, ""), code == _ACCEPTED,
            )  # fmt: skip
            asked = None
    yield from _topics(messages, server)


_ENDS, _CLIENT_ID, _KEEP_ALIVE = many("mqtt.disconnect.reason_code"), many("mqtt.clientid"), many("mqtt.kalive")


def _promised(message: Message, server: Endpoint) -> Iterator[Record]:
    """Yield the client's identifier, and how often it promises to speak (3.1.1 sections 3.1.3.1 and 3.1.2.10)."""
    for what, text in (("mqtt-client", message.first(_CLIENT_ID)), ("mqtt-keep-alive", message.first(_KEEP_ALIVE))):
        if text:
            yield Sign(what, "MQTT", message.stream, message.source, server, message.frame, text)


def _ended(message: Message, server: Endpoint) -> Iterator[Record]:
    """Yield why the broker ends a session (5.0 section 3.14.2.1)."""
    code = message.number(_ENDS) or 0
    if code >= _FAILURE:
        yield Reply(
            "MQTT", Kind.SESSION, message.stream, message.destination, server, None, message.frame, "the session", "",
            str(code), _WORDS.get(code, ""), ok=False,
        )  # fmt: skip


_PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK = 3, 4, 8, 9
_TOPIC, _GRANTED = many("mqtt.topic"), many("mqtt.suback.qos")
_REASONS = many("mqtt.puback.reason_code"), many("mqtt.suback.reason_code"), many("mqtt.pubrec.reason_code")
_FAILURE = 0x80


def _topics(messages: Sequence[Message], server: Endpoint) -> Iterator[Record]:
    """Yield the topics, and those that the broker does not take (3.1.1 section 3.9.3, 5.0 section 2.4)."""
    asked: Message | None = None
    told = set[tuple[str, str]]()
    for message in messages:
        types = message.numbers(_TYPE)
        yield from _named(message, types, server, told)
        if message.source != server:
            asked = message if _PUBLISH in types or _SUBSCRIBE in types else asked
            continue
        codes = [code for column in (_GRANTED, *_REASONS) for code in message.numbers(column)]
        failed = next((code for code in codes if code >= _FAILURE), None)
        if failed is not None:
            what = "SUBSCRIBE" if _SUBACK in types else "PUBLISH"
            yield Reply(
                "MQTT", Kind.QUERY, message.stream, message.destination, server, asked.frame if asked else None,
                message.frame, what, asked.first(_TOPIC) if asked else "", str(failed),
                _WORDS.get(failed, "") if failed != _FAILURE else "refused", ok=False,
            )  # fmt: skip


def _named(message: Message, types: Sequence[int], server: Endpoint, told: set[tuple[str, str]]) -> Iterator[Record]:
    """Yield the topics that are published, subscribed to and handed out, each once a connection."""
    sent = message.source != server
    kinds = [kind for kind in types if kind in (_PUBLISH, _SUBSCRIBE)]
    topics = message.all(_TOPIC)
    if len(set(kinds)) != 1 or not topics:  # nobody knows which topic is whose
        return
    what = "mqtt-subscribes" if kinds[0] == _SUBSCRIBE else "mqtt-publishes" if sent else "mqtt-gets"
    client = message.source if sent else message.destination
    for topic in topics:
        if (what, topic) not in told:
            told.add((what, topic))
            yield Sign(what, "MQTT", message.stream, client, server, message.frame, topic)


_CLASS, _METHOD = many("amqp.method.class"), many("amqp.method.method")
_REPLY_CODE, _REPLY_TEXT = many("amqp.method.arguments.reply_code"), many("amqp.method.arguments.reply_text")
_CONNECTION, _CHANNEL, _START_OK, _OPEN_OK = 10, 20, 11, 41
_HEARTBEAT, _TUNE_OK = many("amqp.method.arguments.heartbeat"), 31
_MECHANISM, _RESPONSE = many("amqp.method.arguments.mechanism"), many("amqp.method.arguments.response")
_SUCCESS = 200


def amqp(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield what the broker closes a connection or a channel with (AMQP 0-9-1 sections 1.4.2.8 and 1.5.2.5).

    Also what it returns (1.8.3.9), and how often the client promises to speak (1.4.2.6).
    """
    server = server_of(messages, (5672, 5671))
    client = next((m.source for m in messages if m.source != server), messages[0].destination)
    asked: Message | None = None
    opened = False
    for message in messages:
        classes, methods, code = message.numbers(_CLASS), message.numbers(_METHOD), message.number(_REPLY_CODE)
        if message.source != server:
            asked = message if _START_OK in methods and _CONNECTION in classes else asked
            if message.has(_HEARTBEAT) and _TUNE_OK in methods:
                promised = message.first(_HEARTBEAT)
                yield Sign("amqp-heartbeat", "AMQP", message.stream, client, server, message.frame, promised)
            continue
        kind = Kind.QUERY if opened else Kind.LOGIN
        accepted = not opened and _OPEN_OK in methods and _CONNECTION in classes
        if accepted or (code is not None and code > _SUCCESS):
            text, request = "" if accepted else message.first(_REPLY_TEXT), None if opened else asked
            user = _amqp_user(request) if request else ""
            if request and request.first(_MECHANISM) == "PLAIN":
                frames = (request.frame,)
                yield Login("AMQP", message.stream, client, server, user, "password", frames, accepted, message.frame)
            yield Reply(
                "AMQP", kind, message.stream, client, server, request.frame if request else None, message.frame,
                kind.value, user, "" if accepted else str(code), text, accepted,
            )  # fmt: skip
        opened = opened or accepted
    yield from _amqp_1_0(messages, server, client)


_CONDITION, _DESCRIPTION, _SASL_CODE = (
    many("amqp.error.condition"), many("amqp.error.description"), many("amqp.sasl.saslCode"),
)  # fmt: skip
_SASL_CODES = {1: "auth", 2: "sys", 3: "sys-perm", 4: "sys-temp"}


def _amqp_1_0(messages: Sequence[Message], server: Endpoint, client: Endpoint) -> Iterator[Record]:
    """Yield how a login ends (AMQP 1.0 section 5.3.3.6), and what the broker says is wrong (2.8.14)."""
    for message in messages:
        code, condition = message.number(_SASL_CODE), message.first(_CONDITION)
        if message.source != server or (code is None and not condition):
            continue
        kind = Kind.LOGIN if code is not None else Kind.QUERY
        word = "" if code == 0 else condition or _SASL_CODES.get(code or 0, str(code))
        yield Reply(
            "AMQP", kind, message.stream, client, server, None, message.frame, kind.value, "", word,
            message.first(_DESCRIPTION) if condition else "", ok=not word,
        )  # fmt: skip


def _amqp_user(request: Message) -> str:
    """Return whose name the client gives (Start-Ok's response, of SASL, as bytes)."""
    try:
        told = bytes.fromhex(request.first(_RESPONSE).replace(":", "")).decode("utf-8", "replace")
    except ValueError:
        return ""
    return sasl.plain(request.first(_MECHANISM), told)


MQTT = Dialect(
    "mqtt",
    "mqtt.msgtype in {1, 2, 3, 8, 9} || mqtt.disconnect.reason_code >= 128 || mqtt.puback.reason_code >= 128"
    " || mqtt.pubrec.reason_code >= 128",
    (_TYPE, _CODE, _REASON, _USER, _SECRET, _TOPIC, _GRANTED, *_REASONS, _ENDS, _CLIENT_ID, _KEEP_ALIVE), mqtt,
)  # fmt: skip
AMQP = Dialect(
    "amqp",
    f"amqp.method.class in {{{_CONNECTION}, {_CHANNEL}}} || amqp.method.arguments.reply_code"
    " || amqp.error.condition || amqp.sasl.saslCode",
    (
        _CLASS,
        _METHOD,
        _REPLY_CODE,
        _REPLY_TEXT,
        _HEARTBEAT,
        _MECHANISM,
        _RESPONSE,
        _CONDITION,
        _DESCRIPTION,
        _SASL_CODE,
    ),
    amqp,
)
