"""What message brokers (MQTT, AMQP, NATS) and SOCKS proxies refuse."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_WRONG_LOGIN = Meaning(
    "it does not accept the user name and password",
    "The client's side must correct user name or password, or the broker's side must create the account.", Side.CLIENT,
)  # fmt: skip
_NOT_ALLOWED = Meaning(
    "it does not let this client in", "The client's side must sign in with a user name and password that are right, or"
    " the broker's side must allow it.", Side.EITHER,
)  # fmt: skip
_OTHER_VERSION = Meaning(
    "it does not speak this version of the protocol", "The client must be set to a version that the broker speaks.",
    Side.CLIENT,
)  # fmt: skip
_OTHER_NAME = Meaning("it does not accept the client's identifier", "The client must use another one.", Side.CLIENT)
_NOT_SERVING = Meaning("it does not serve anybody at the moment", "The broker's side must act.", Side.SERVER)
_OTHER = Meaning(
    "it ends the session with an error", "Read the broker's words: they say what has to be corrected.", Side.EITHER
)
_TOO_MUCH = Meaning(
    "the client sends more, or more often, than it takes",
    "The client must send less, or the broker's side allow more.",
    Side.CLIENT,
)  # fmt: skip
_ELSEWHERE = Meaning("it sends the client to another broker", "The client must use the other broker.", Side.CLIENT)
_BROKERS = {
    ("MQTT", "1"): _OTHER_VERSION,
    ("MQTT", "2"): _OTHER_NAME,
    ("MQTT", "3"): _NOT_SERVING,
    ("MQTT", "4"): _WRONG_LOGIN,
    ("MQTT", "5"): _NOT_ALLOWED,
    ("MQTT", "132"): _OTHER_VERSION,
    ("MQTT", "133"): _OTHER_NAME,
    ("MQTT", "134"): _WRONG_LOGIN,
    ("MQTT", "135"): _NOT_ALLOWED,
    ("MQTT", "136"): _NOT_SERVING,
    ("MQTT", "137"): _NOT_SERVING,
    ("MQTT", "138"): _NOT_ALLOWED,
    ("MQTT", "139"): _NOT_SERVING,
    ("MQTT", "141"): Meaning(
        "the client kept silent for longer than it had promised (keep-alive)",
        "The client's program must send PINGREQ in time.", Side.CLIENT,
    ),
    ("MQTT", "142"): Meaning(
        "another client connected with the same client identifier", "Each client needs an identifier of its own.",
        Side.CLIENT,
    ),
    ("MQTT", "149"): Meaning(
        "what was sent is larger than it takes", "The client must send less, or the broker's limit be raised.",
        Side.EITHER,
    ),
    ("MQTT", "150"): _TOO_MUCH, ("MQTT", "151"): _TOO_MUCH, ("MQTT", "147"): _TOO_MUCH,
    ("MQTT", "152"): Meaning("an administrator ended the session", "Ask whoever runs the broker.", Side.SERVER),
    ("MQTT", "156"): _ELSEWHERE, ("MQTT", "157"): _ELSEWHERE,
    ("AMQP", "403"): _WRONG_LOGIN,
    ("AMQP", "530"): Meaning(
        "there is no such virtual host, or the user may not use it",
        "The client's side must correct the virtual host, or the broker's side must grant it.", Side.EITHER,
    ),
    ("AMQP", "404"): Meaning(
        "there is no such queue or exchange", "The client's side must correct the name, or declare it first.",
        Side.CLIENT,
    ),
    ("AMQP", "405"): Meaning(
        "another client holds the queue", "Stop the other client, or use another queue.", Side.CLIENT
    ),
    ("AMQP", "406"): Meaning(
        "what the client declares does not fit what is there", "The client's side must declare it as it is.",
        Side.CLIENT,
    ),
    ("AMQP", "320"): _NOT_SERVING,
    ("AMQP", "312"): Meaning(
        "no queue is bound for that message, and it returns it (NO_ROUTE)",
        "The client's side must correct exchange or routing key, or the queue be declared and bound.", Side.CLIENT,
    ),
    ("AMQP", "313"): Meaning(
        "nobody consumes that queue now, and it returns the message", "Start the program that consumes it.", Side.EITHER
    ),
    ("AMQP", "311"): Meaning("the message is too large for it", "The client must send less.", Side.CLIENT),
    ("AMQP", "501"): _OTHER_VERSION,
}  # fmt: skip
_NOT_ALLOWED_AS = Meaning(
    "it does not accept the user name and password, or does not allow this client",
    "The client's side must correct user name or password, or the broker's side must allow it.", Side.EITHER,
)  # fmt: skip
_CHANNEL_REFUSED = Meaning(
    "the user may not do this", "The broker's side must grant the right, or another user must be used.", Side.EITHER
)
_OF_LINKS = {
    "auth": _WRONG_LOGIN, "sys": _NOT_SERVING, "sys-perm": _NOT_SERVING, "sys-temp": _NOT_SERVING,
    "amqp:unauthorized-access": _CHANNEL_REFUSED, "amqp:not-found": _BROKERS["AMQP", "404"],
    "amqp:resource-limit-exceeded": _TOO_MUCH, "amqp:link:message-size-exceeded": _BROKERS["AMQP", "311"],
    "amqp:resource-locked": _BROKERS["AMQP", "405"],
    # Brokers end what is idle, or are stopped: clients begin anew.
    "amqp:connection:forced": _OTHER._replace(severity=Severity.LOW),
    "amqp:link:detach-forced": _OTHER._replace(severity=Severity.LOW),
}  # fmt: skip
"""AMQP 1.0: outcomes of the login (section 5.3.3.6), and error conditions (sections 2.8.15 to 2.8.18)."""


_NATS = (
    ("authorization", _WRONG_LOGIN), ("authentication timeout", Meaning(
        "the client took too long to log in", "The client's side must see why it did not go on.", Side.CLIENT)),
    ("authentication", _WRONG_LOGIN), ("expired", _WRONG_LOGIN),
    ("permissions violation", _CHANNEL_REFUSED),
    ("maximum payload", _BROKERS["MQTT", "149"]), ("maximum connections", Meaning(
        "it has no connection left", "The broker's side must allow more, or clients close theirs.", Side.SERVER)),
    ("secure connection", Meaning("it takes connections over TLS only", "The client must switch TLS on.", Side.CLIENT)),
    ("stale connection", _BROKERS["MQTT", "141"]), ("slow consumer", Meaning(
        "the client reads too slowly", "The client's program must read faster, or be given less.", Side.CLIENT)),
)  # fmt: skip


def _broker_meaning(reply: Reply) -> Meaning:
    if reply.protocol == "NATS":
        return next((means for words, means in _NATS if words in reply.text.lower()), _OTHER)
    if reply.protocol == "AMQP" and reply.code == "403" and reply.kind is Kind.QUERY:
        return _CHANNEL_REFUSED
    if reply.protocol == "AMQP" and reply.code in _OF_LINKS:
        return _OF_LINKS[reply.code]
    if reply.about and (reply.protocol, reply.code) in (("MQTT", "5"), ("MQTT", "135")):
        return _NOT_ALLOWED_AS
    return _BROKERS.get((reply.protocol, reply.code), _OTHER)


def _broker_told(reply: Reply) -> str:
    broker = f"The message broker {reply.server.address} ({reply.protocol})"
    if reply.kind is Kind.SESSION:
        return f"{broker} ends the session of {reply.client.address}"
    what = f"the login{f' of {reply.about}' if reply.about else ''}" if reply.kind is Kind.LOGIN else "a request"
    return f"{broker} refuses {what} from {reply.client.address}"


@rule("Message broker refuses", replies, subject=SUBJECT, area=AREA)
def broker_refused(facts: Facts) -> Iterator[Finding]:
    """A CONNACK of MQTT other than 0 (3.1.1 section 3.2.2.3), or AMQP's close with an error (0-9-1 section 1.2).

    Also a DISCONNECT of the broker with an error (MQTT 5.0 section 3.14.2.1), and NATS' -ERR at a connection's
    beginning; and AMQP 1.0's login (section 5.3.3.6) and errors (section 2.8.14).
    """
    family = Family("broker_refused", "(mqtt || amqp)", _broker_told, _broker_meaning)
    wanted = (("MQTT", Kind.LOGIN), ("MQTT", Kind.SESSION), ("AMQP", Kind.LOGIN), ("AMQP", Kind.QUERY),
              ("NATS", Kind.LOGIN), ("NATS", Kind.QUERY))  # fmt: skip
    # MQTT's topics: see service_errors
    yield from refusals([reply for reply in facts[replies] if (reply.protocol, reply.kind) in wanted], family)


_PROXY_RULES = Meaning(
    "its rules forbid it", "Whoever runs the proxy must permit this host and port, or the client must use another way.",
    Side.EITHER,
)  # fmt: skip
_SIGN_IN = Meaning(
    "it does not accept how the client signs in", "The client's user name and password for the proxy must be"
    " corrected.", Side.CLIENT,
)  # fmt: skip
_SOCKS = {
    "2": _PROXY_RULES,
    "3": Meaning("it has no route to there", "Whoever runs the proxy must see to its network.", Side.NETWORK),
    "4": Meaning(
        "it cannot reach that host, or does not know its name",
        "Correct the name or the address; or whoever runs the proxy must see to its name service and routes.",
        Side.EITHER,
    ),
    "5": Meaning(
        "the host behind it refuses the connection", "The side of the host behind the proxy must act: nothing listens"
        " on that port, or it is set to reject.", Side.SERVER,
    ),
    "7": Meaning("it does not do this command", "The client must ask for something else.", Side.CLIENT),
    "8": Meaning("it does not do this kind of address", "The client must use a name, or IPv4.", Side.CLIENT),
}  # fmt: skip
_NO_METHOD = Meaning(
    "it takes none of the ways to sign in that the client offers",
    "The client must be given a user name and a password for the proxy, if it offers to come without (or the other way"
    " round); or the proxy must allow what it offers.", Side.CLIENT,
)  # fmt: skip
_NO_WAY = Meaning(
    "it cannot connect to there", "Whoever runs the proxy must see why it does not get there.", Side.SERVER
)


def _socks_meaning(reply: Reply) -> Meaning:
    if reply.kind is Kind.LOGIN:
        return _NO_METHOD if reply.code == "255" else _SIGN_IN
    return _SOCKS.get(reply.code, _NO_WAY)


def _socks_told(reply: Reply) -> str:
    proxy = f"The SOCKS proxy {reply.server.address} refuses {reply.client.address}"
    return f"{proxy} the connection to {reply.about}" if reply.kind is Kind.CALL else f"{proxy} the sign-in"


@rule("SOCKS proxy refuses", replies, subject=SUBJECT, area=AREA)
def socks_refused(facts: Facts) -> Iterator[Finding]:
    """A SOCKS reply other than "succeeded" (RFC 1928 section 6), no method in common, or a refused login (RFC 1929)."""
    family = Family("socks_refused", "socks", _socks_told, _socks_meaning)
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "SOCKS"], family)
