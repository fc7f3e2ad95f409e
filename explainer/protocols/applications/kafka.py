"""Kafka's error codes (the protocol guide of Apache Kafka, "Error Codes"), and where it says its brokers are."""

from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Kind, Record, Reply, Sign

_ERROR, _TEXT, _TOPIC = many("kafka.error"), many("kafka.error_message"), many("kafka.topic_name")
_HOST, _PORT = many("kafka.host"), many("kafka.port")
_REQUEST, _NUMBER = many("kafka.request_key"), many("kafka.correlation_id")
_LONGEST = 300
_VERSIONS, _HANDSHAKE, _AUTHENTICATE = 18, 17, 36
_METADATA, _FIND_COORDINATOR = 3, 10
ADVERTISED = "kafka-broker"
"""Sign.what: the client is told to go on at the broker in `text` (host:port)."""
_ASKS = {
    0: "Produce", 1: "Fetch", 3: "Metadata", 8: "OffsetCommit", 10: "FindCoordinator", 11: "JoinGroup",
    17: "SaslHandshake", 19: "CreateTopics", 22: "InitProducerId", 36: "SaslAuthenticate",
}  # fmt: skip
_NAMES = {
    1: "offset out of range", 3: "unknown topic or partition", 5: "leader not available", 6: "not the leader",
    7: "request timed out", 10: "message too large", 17: "invalid topic", 19: "not enough replicas",
    29: "topic authorization failed", 30: "group authorization failed", 31: "cluster authorization failed",
    33: "unsupported SASL mechanism", 34: "illegal SASL state", 35: "unsupported version", 36: "topic exists already",
    44: "policy violation", 53: "transactional id authorization failed", 58: "SASL authentication failed",
}  # fmt: skip
# What every client meets when it joins a group or finds its broker, and answers by asking again.
_ON_THE_WAY = frozenset({14, 15, 16, 22, 25, 27, 79})


def kafka(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the errors of a broker, its good answers to the same, and the brokers that it names."""
    asked = dict[int | None, Message]()
    for message in messages:
        if message.has(_REQUEST):
            asked[message.number(_NUMBER)] = message
            continue
        request = asked.pop(message.number(_NUMBER), None)
        if request is None or request.source == message.source:
            continue
        key, errors = request.number(_REQUEST), set(message.numbers(_ERROR)) - {0}
        if key in (_METADATA, _FIND_COORDINATOR):
            yield from _brokers(message)
        if errors & _ON_THE_WAY or key == _VERSIONS:  # which versions there are is asked with trials (KIP-511)
            continue
        code = min(errors, default=0)
        topics = set(message.all(_TOPIC))
        login = key == _AUTHENTICATE or (key == _HANDSHAKE and code)  # a good handshake lets nobody in
        yield Reply(
            "Kafka", Kind.LOGIN if login else Kind.QUERY, message.stream, message.destination, message.source,
            request.frame, message.frame, _ASKS.get(key or 0, "a request"),
            topics.pop() if len(topics) == 1 else "", str(code) if code else "",
            (message.first(_TEXT)[:_LONGEST] or _NAMES.get(code, "")) if code else "", not code,
        )  # fmt: skip


def _brokers(message: Message) -> Iterator[Sign]:
    for host, port in dict.fromkeys(zip(message.all(_HOST), message.numbers(_PORT), strict=False)):
        if host and port > 0:
            yield Sign(
                ADVERTISED, "Kafka", message.stream, message.destination, message.source, message.frame,
                f"{host[:_LONGEST]}:{port}",
            )  # fmt: skip


KAFKA = Dialect(
    "kafka", "kafka.error || kafka.request_key || kafka.host",
    (_ERROR, _TEXT, _TOPIC, _HOST, _PORT, _REQUEST, _NUMBER), kafka,
)  # fmt: skip
