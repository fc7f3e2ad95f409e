"""What a status of 400 to 599 means, and who must act (RFC 9110 section 15, RFC 6585)."""

import re

from explainer.model import Side
from explainer.protocols.http import Exchange
from explainer.protocols.http_challenges import GOES_ON
from explainer.protocols.http_complaints import SENDERS_FAULT
from explainer.protocols.http_error_names import PHRASES
from explainer.protocols.sign_ins import CHALLENGES, to_sign_in
from explainer.rules.exchanges import host
from explainer.rules.http_error_meanings import BY_NAME, METADATA_TOKEN, Meaning

_SERVER_ERROR, _BAD_REQUEST, _HEADERS_TOO_LARGE = 500, 400, 431
_TOO_LARGE = re.compile(r"too (?:large|big|long)|exceeds", re.IGNORECASE)
"""What nginx, Apache and others add to 400 about headers that are too long for them."""
_CONNECT, _UNSIGNED = "CONNECT", "UNAUTHENTICATED"
_METADATA, _AWS_METADATA = "169.254.169.254", "/latest/"
"""Where clouds tell a machine about itself (RFC 3927 addresses), and the paths of Amazon's."""

_SINGLE_SIGN_ON, _BASIC = "negotiate", "basic"
_OF_WINDOWS = {"negotiate", "ntlm", "kerberos", "credssp"}
"""Servers of Windows name every sign-in that they take, and each of these goes without a password in the request."""
_NO_TICKET = (
    " With single sign-on (Negotiate) it needs a Kerberos ticket for this host, and must be set to use it there."
)

_MEANINGS = {
    400: Meaning(
        "it cannot make sense of the request", Side.CLIENT,
        "The client must send a request that the server understands: this one is malformed to it.",
    ),
    403: Meaning(
        "it refuses access to it", Side.EITHER,
        "Either the server's side must permit it, or the client must use an account or address that may.",
    ),
    404: Meaning(
        "it has no such page", Side.EITHER,
        "Either the link is wrong and the client must correct it, or the server's side must put the page there.",
    ),
    405: Meaning(
        "it does not permit this method there", Side.CLIENT,
        "The client must use a method that the server permits for this page, or the server's side must permit it.",
    ),
    408: Meaning(
        "it waited too long for the whole request", Side.CLIENT, "The client must send its request sooner, or whole.",
    ),
    410: Meaning("it says that the page is gone for good", Side.CLIENT, "The client must no longer use this link."),
    411: Meaning("it wants to know the length first", Side.CLIENT, "The client must send a Content-Length."),
    413: Meaning(
        "what was sent is too large for it", Side.EITHER,
        "The client must send less at a time, or the server's side must raise its limit.",
    ),
    412: Meaning(
        "what it has was changed in the meantime (a condition of the request does not hold)", Side.CLIENT,
        "The client must fetch the present version first.",
    ),
    421: Meaning(
        "it does not serve the host name that was asked for (no such virtual host there)", Side.EITHER,
        "The client must use the right name or address, or the server's side must set up this name.",
    ),
    422: Meaning(
        "it understands the request, but not what is in it", Side.CLIENT, "The client must correct what it sends.",
    ),
    423: Meaning(
        "the file is locked: somebody else has it open", Side.EITHER, "Wait until it is released, or release the lock.",
    ),
    431: Meaning(
        "the headers of the request are too large for it (cookies, most often)", Side.CLIENT,
        "The client must send less: delete its cookies for this site.",
    ),
    507: Meaning(
        "it has no room left to store it", Side.SERVER, "The server's side must make room, or raise the quota.",
    ),
    414: Meaning(
        "the address (URL) of the request is too long for it", Side.CLIENT,
        "The client must ask with a shorter address, or send what is in it as the body of a POST.",
    ),
    416: Meaning(
        "the part (range) that the client asks for lies beyond the end of the file", Side.CLIENT,
        "The client must fetch the file anew: what it has is as long as the file, or longer, or of another version.",
    ),
    417: Meaning(
        "it does not do what the client expects (Expect: 100-continue)", Side.EITHER,
        "The client must send its request without Expect, or the server's side must support it.",
    ),
    426: Meaning(
        "it wants another protocol or version for this (Upgrade Required)", Side.CLIENT,
        "The client must use the protocol that the answer names (Upgrade): https, HTTP/2 or WebSocket, most often.",
    ),
    451: Meaning(
        "it may not show this for legal reasons", Side.SERVER, "Whoever runs the server, or the network, blocks it.",
    ),
    511: Meaning(
        "the network wants the client to sign in first (captive portal)", Side.CLIENT,
        "The client must sign in to its network: open any page in a browser there.",
    ),
    415: Meaning(
        "it does not accept this type of content", Side.CLIENT, "The client must send a type that the server accepts.",
    ),
    429: Meaning("the client asks too often", Side.CLIENT, "The client must ask less often."),
    500: Meaning(
        "the application on it failed", Side.SERVER,
        "The server's side must act: the application failed, and the server's log says why.",
    ),
    501: Meaning(
        "it does not know this method", Side.EITHER,
        "The client must use another method, or the server's side must add this one.",
    ),
    502: Meaning(
        "it got no proper answer from the application behind it", Side.SERVER,
        "The server's side must act: the application behind this gateway (proxy) does not run, or fails.",
    ),
    503: Meaning(
        "it is overloaded, in maintenance, or nothing behind it runs", Side.SERVER,
        "The server's side must act: it says that it cannot serve anybody at the moment.",
    ),
    504: Meaning(
        "the application behind it did not answer in time", Side.SERVER,
        "The server's side must act: the application behind this gateway (proxy) is too slow, or cannot be reached.",
    ),
}  # fmt: skip
_OTHER_4XX = Meaning(
    "it will not serve the request as it is", Side.CLIENT, "The client must change its request: the server refuses it."
)
_OTHER_5XX = Meaning(
    "it could not serve the request", Side.SERVER, "The server's side must act: it failed at a request that it knows."
)
_SENDERS_FAULT = Meaning(
    "it does not accept what the SOAP message asks for, and says that the fault is the sender's", Side.CLIENT,
    "The client must correct what it sends: the text of the fault says what.",
)  # fmt: skip
_NO_PROXY = Meaning(
    "it is no proxy, or lets nobody through to there", Side.CLIENT,
    "The client's proxy setting must be corrected: what it names does not work as a proxy.",
)  # fmt: skip
_NO_TUNNEL = Meaning(
    "it forbids connections to there (its rules on names, addresses or ports)", Side.EITHER,
    "Whoever runs the proxy must permit this host and port, or the client must connect to another one.",
)  # fmt: skip
_NO_WAY = Meaning(
    "it cannot connect to there", Side.SERVER,
    "Whoever runs the proxy must see why it does not get there: a wrong name, a firewall, or the host itself is down.",
)  # fmt: skip
_NOT_FETCHED = Meaning(
    "it could not fetch the page from there: the name is not found, or the site behind it does not answer", Side.SERVER,
    "Whoever runs the proxy must see why it does not get there: its name service, its way out, or the site is down.",
)  # fmt: skip
_NO_NAME = Meaning(
    "it cannot resolve the name of the site (its DNS fails)", Side.EITHER,
    "Whoever runs the proxy must see to its name service; or the client must correct the site's name.",
)  # fmt: skip
_GATEWAY, _DNS_FAILED = (502, 503, 504), "ERR_DNS_FAIL"


def meaning(exchange: Exchange) -> Meaning:
    """Return what the exchange's status means there; the name of the error in its text tells more."""
    status = exchange.status or 0
    named = None if status in CHALLENGES and exchange.error_name == _UNSIGNED else BY_NAME.get(exchange.error_name)
    # What fails inside a server it tells with 5xx: with 4xx such a phrase is about the client's own doing.
    if named and (named.side is not Side.SERVER or status >= _SERVER_ERROR or exchange.error_name not in PHRASES):
        return named
    if status == CHALLENGES[0] and exchange.server.address == _METADATA and exchange.path.startswith(_AWS_METADATA):
        return METADATA_TOKEN
    if status == _SERVER_ERROR and exchange.complaint == SENDERS_FAULT:
        return _SENDERS_FAULT
    if status in CHALLENGES:
        return _challenge(exchange)
    if status == _BAD_REQUEST and _TOO_LARGE.search(exchange.complaint):
        return _MEANINGS[_HEADERS_TOO_LARGE]
    if exchange.method == _CONNECT:
        return _NO_PROXY if _is_no_proxy(status) else _NO_WAY if status >= _SERVER_ERROR else _NO_TUNNEL
    if exchange.to_proxy and status in _GATEWAY:
        return _NO_NAME if any(_DNS_FAILED in said for said in exchange.proxies) else _NOT_FETCHED
    return _MEANINGS.get(status, _OTHER_5XX if status >= _SERVER_ERROR else _OTHER_4XX)


def _challenge(exchange: Exchange) -> Meaning:
    """Return whether the client has signed in; a sign-in in several steps may be under way, and HTTP/2 is not read.

    Without a challenge (WWW-Authenticate), which a 401 must have (RFC 9110, section 15.5.2), an application says it,
    which takes credentials elsewhere: in the text of a request, in a cookie or in a header of its own.
    """
    offered = {scheme.strip().lower() for scheme in exchange.challenge.split(",")}
    if exchange.scheme == _BASIC and offered and offered <= _OF_WINDOWS:
        return Meaning(
            f"it offers no sign-in but {exchange.challenge}, and the client sent Basic", Side.CLIENT,
            "The client must sign in as the server offers it, or the server be set to take Basic (over TLS).",
        )  # fmt: skip
    if exchange.credentials and GOES_ON not in exchange.challenge:
        return Meaning(
            "it does not accept the credentials that the client sent", Side.CLIENT,
            "The client must sign in with valid credentials: those that it sent were refused.",
        )  # fmt: skip
    if to_sign_in(exchange) and not exchange.challenge:
        return Meaning(
            "it does not accept the sign-in that this request asks for (user name, password or token)", Side.CLIENT,
            "The client must sign in with valid credentials, or the account must be unlocked.",
        )  # fmt: skip
    if exchange.request_frame and not exchange.challenge and exchange.version != "HTTP/2":
        return Meaning(
            "it does not know who asks: the client has not signed in, or its sign-in does not hold (any more)",
            Side.CLIENT, "The client must sign in, or anew: whether it sent a cookie or a key is not read here.",
        )  # fmt: skip
    none = exchange.request_frame and exchange.version != "HTTP/2" and not exchange.credentials
    act = "The client must sign in: it sent no credentials." if none else "The client must sign in."
    if none and exchange.challenge.lower().startswith(_SINGLE_SIGN_ON):
        act += _NO_TICKET
    return Meaning("it wants the client to sign in first", Side.CLIENT, act)


_OF_PROXIES = (
    "squid", "tinyproxy", "varnish", "awselb", "cloudfront", "akamaighost", "bigip", "zscaler", "mikrotik httpproxy",
)  # fmt: skip
_GATEWAYS = (502, 503, 504)


def producer(exchange: Exchange) -> str:
    """Return who made the answer, with its name: a gateway, a proxy (of those that sign their own errors), the server.

    A gateway says 502 and 504 for itself (RFC 9110 sections 15.6.3 and 15.6.5), a proxy 407 (15.5.8), and whoever is
    asked for a tunnel (CONNECT, section 9.3.6) answers for itself until there is one.
    """
    name, address, status = host(exchange), exchange.server.address, exchange.status
    if exchange.method == _CONNECT:
        return f"The server {address}" if _is_no_proxy(status or 0) else f"The proxy {address}"
    signed = exchange.software.lower().startswith(_OF_PROXIES)
    if signed or status == CHALLENGES[1] or any(p.startswith("x-squid-error") for p in exchange.proxies):
        return f"The proxy {address}"
    if exchange.to_proxy:
        return f"The proxy {address}" if status in _GATEWAYS else f"The proxy {address}, asked for {name},"
    return f"The gateway (proxy) for {name}" if status in (502, 504) else f"The web server {name}"


def _is_no_proxy(status: int) -> bool:
    """Return whether it is what a web server answers that knows no CONNECT."""
    return status in (400, 404, 405, 501)
