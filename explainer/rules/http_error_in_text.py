"""HTTP requests that were answered with a good status, and an error in words (RFC 9110 section 15.3)."""

from collections import defaultdict
from collections.abc import Iterator
from http import HTTPStatus

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side
from explainer.protocols.http import Exchange, requests
from explainer.registry import rule
from explainer.rules.exchanges import (
    AREA,
    SUBJECT,
    answered,
    asked,
    complained,
    frames,
    host,
    message_filter,
    request_words,
    said,
    scope,
    service,
)
from explainer.rules.http_error_meanings import BY_NAME

_VAGUE = ("success", "ok", "succeeded", "successful", "soap fault")


@rule("Error in the text of an HTTP response", requests, subject=SUBJECT, area=AREA)
def http_error_in_text(facts: Facts) -> Iterator[Finding]:
    """A response of status 200 to 299 whose text, of up to 500 bytes, says that something is wrong.

    Plain text, HTML and the values of JSON over HTTP/1 are read, for words about refused credentials or access, and for
    "error" at the beginning of a text; in JSON, for an error or a success that is false; in XML, for a SOAP Fault. Only
    such words are quoted, and what well-known services call their errors. Silent where a later answer says no such
    thing.
    """
    every = facts[requests]
    last = {((e.client.address, service(e), e.path), e.method): e for e in every}
    groups = defaultdict[tuple[object, ...], list[Exchange]](list)
    for e in every:
        if _is_success(e) and e.complaint and last[(e.client.address, service(e), e.path), e.method].complaint:
            groups[e.client.address, e.server, e.host, e.complaint].append(e)
    for group in groups.values():
        first = group[0]
        vague = first.complaint == "error" or first.complaint.partition(":")[0].lower() in _VAGUE
        words = first.error_name or first.complaint
        means = BY_NAME.get(words)
        yield Finding(
            id=f"http_error_in_text:{first.first_frame}",
            rule="http_error_in_text",
            severity=Severity.MEDIUM,
            confidence=Confidence.PROBABLE,
            side=means.side if means else Side.EITHER if vague else Side.CLIENT,
            title=f"The web server {host(first)} answers {request_words(group)} with"
            f' "{said(first)}", but its text says "{words}"{f": {means.cause}" if means else ""}.',
            act=means.act
            if means
            else f'Read the text: it says what is wrong, and on which side; "{said(first)}" only says that an answer'
            f" came."
            if vague
            else f'The client must correct what the text complains of: "{said(first)}" only says that an answer came.',
            measured={"status": first.status or 0, "requests": len(group)},
            evidence=Evidence.of(
                frames(group), message_filter(group), [asked(first), *answered(first), *complained(first)]
            ),
            scope=scope(group),
            advice=(
                "Read the whole text: follow the HTTP stream of this connection in Wireshark.",
                "Check what the client sends: user, password or key, parameters.",
            ),
            limitations=("whether the text means this request: only its words were looked at",),
        )


def _is_success(e: Exchange) -> bool:
    return e.status is not None and HTTPStatus.OK <= e.status < HTTPStatus.MULTIPLE_CHOICES
