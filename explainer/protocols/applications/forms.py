"""Web forms that carry a password in clear (HTML forms, application/x-www-form-urlencoded)."""

import re
from collections.abc import Iterator, Sequence

from explainer.protocols.applications.messages import Dialect, Message, many
from explainer.protocols.applications.records import Login, Record

FORM_NAME = "HTTP form"
_KEY, _VALUE = many("urlencoded-form.key"), many("urlencoded-form.value")
FIELD_OF_PASSWORD = re.compile(
    r"(?:.*[_.\[-])?(?:pass(?:word|wd|phrase|code)?|pwd|passwort)\d?\]?|.*password\d?", re.IGNORECASE
)
FIELD_OF_USER = re.compile(r"(?:.*[_.\[-])?(?:user(?:_?name|_?id)?|login|log|e?-?mail|account|uname)\]?", re.IGNORECASE)


def form(messages: Sequence[Message]) -> Iterator[Record]:
    """Yield the forms that have a field for a password, and are not sent over TLS."""
    for message in messages:
        keys, values = message.all(_KEY), message.all(_VALUE)
        if "tls" in message.layers or not any(FIELD_OF_PASSWORD.fullmatch(key) for key in keys):
            continue
        named = zip(keys, values, strict=False) if len(keys) == len(values) else ()
        user = next((value for key, value in named if FIELD_OF_USER.fullmatch(key)), "")
        yield Login(FORM_NAME, message.stream, message.source, message.destination, user, "password", (message.frame,))


FORM = Dialect("urlencoded-form", "urlencoded-form.key", (_KEY, _VALUE), form)
