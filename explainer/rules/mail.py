"""Mail that is not accepted (RFC 5321, RFC 3463, RFC 4954)."""

import re
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.mail_words import by_words
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_PERMANENT = 500
_NOT_SIGNED_IN = re.compile(
    r"not logged in|not authenticated|authenticat\w* (?:is )?(?:required|first)|log ?in first|must (?:be )?(?:log|auth)"
    r"|relay\w* (?:access )?(?:denied|not permitted|prohibited|not allowed)|unable to relay",
    re.IGNORECASE,
)
_WAITED = re.compile(r"timed? ?out|timeout|idle", re.IGNORECASE)
_NEEDS_TLS = re.compile(r"starttls|tls (?:is )?required|encrypt", re.IGNORECASE)


def _smtp_meaning(reply: Reply) -> Meaning | None:
    if reply.kind is Kind.OTHER or (reply.request in ("EHLO", "HELO") and reply.code in ("500", "501", "502", "504")):
        return None  # a command that the server does not know: the client goes on with another
    code, text = int(reply.code), reply.text
    if reply.kind is Kind.LOGIN:
        return _login_meaning(code, text)
    if code == 554 and reply.request == "the mail" and by_words(reply.request, text) is None:
        return Meaning(
            "it refuses the mail itself: a spam filter or a rule on what is in it, most often",
            "The sender must change the mail, or the receiving side must let it through; the server's words tell more.",
            Side.EITHER,
        )
    if _NEEDS_TLS.search(text) and code in (530, 538, 554, 550, 451):
        return Meaning(
            "it wants TLS first", "The client must switch TLS on (STARTTLS) before it sends mail.", Side.CLIENT,
            advice=("In the mail program, choose STARTTLS (port 587) or SSL/TLS (port 465).",),
        )  # fmt: skip
    if _NOT_SIGNED_IN.search(text) or code in (530, 551) or (code == 553 and "5.7.1" in text):  # RFC 4954, section 6
        return Meaning(
            "the client has not logged in (authenticated), and without that it may not send this mail",
            "The client must log in before it sends mail, or the server must allow its address to relay.", Side.CLIENT,
            advice=(
                "In the mail program, set user name and password for the outgoing server (authentication).",
                "For a machine without a login, allow its address on the mail server (relay).",
            ),
        )  # fmt: skip
    if code == 421 and _WAITED.search(text):
        return _CLIENT_SLOW
    said = by_words(reply.request, text)
    return said or _BY_CODE.get(code) or (_TEMPORARY if code < _PERMANENT else _REFUSED)


def _login_meaning(code: int, text: str) -> Meaning:
    if code in (530, 538) or _NEEDS_TLS.search(text):
        return Meaning(
            "it takes a login over TLS only", "The client must switch TLS on (STARTTLS) before it logs in.",
            Side.CLIENT, advice=("In the mail program, choose STARTTLS or SSL/TLS for the outgoing server.",),
        )  # fmt: skip
    if code in (504, 534):
        return Meaning(
            "it does not offer this way to log in", "The client must use one of the ways that the server offers"
            " (its answer to EHLO lists them after AUTH).", Side.CLIENT,
        )  # fmt: skip
    if code < _PERMANENT:
        return Meaning(
            "it cannot check the login now", "The mail server's side must act: its user database does not answer.",
            Side.SERVER,
        )  # fmt: skip
    return Meaning(
        "it does not accept the user name and password",
        "The client's side must correct user name or password, or the account must be unlocked.", Side.CLIENT,
        advice=(
            "Sign in with the same name and password by web mail, to see whether they are right.",
            "Many providers want an app password, or have password logins switched off.",
        ),
    )  # fmt: skip


_CLIENT_SLOW = Meaning(
    "it waited in vain for the client to go on, and closes the connection",
    "The client's side must find out why it did not go on: the program hangs, or its packets did not arrive.",
    Side.CLIENT,
)  # fmt: skip
_TEMPORARY = Meaning(
    "it cannot take the mail now (4xx: temporary)",
    "Nobody needs to act if the sender tries again; if it lasts, the mail server's side must.", Side.SERVER,
    Severity.MEDIUM, ("See whether the sending server tries again, and what it is told then.",),
)  # fmt: skip
_REFUSED = Meaning(
    "it refuses for good (5xx)", "Read the server's words: they say what has to be corrected.", Side.EITHER
)
_BY_CODE = {
    421: Meaning(
        "it is not available and closes the connection", "The mail server's side must act, or the client must come"
        " more slowly: too many connections are a common reason.", Side.SERVER,
    ),
    452: Meaning("it has no room for the mail", "The mail server's side must make room.", Side.SERVER),
    552: Meaning(
        "the mail is too large, or the mailbox is full", "The sender must send less, or the owner must make room.",
        Side.CLIENT,
    ),
    554: Meaning(
        "it refuses the whole transaction", "Read the server's words: at the beginning they mean that this client may"
        " not send at all.", Side.EITHER,
    ),
}  # fmt: skip


def _smtp_told(reply: Reply) -> str:
    server = f"The mail server {reply.server.address}"
    if reply.kind is Kind.LOGIN:
        return f"{server} refuses the login{f' of {reply.about}' if reply.about else ''}"
    if reply.kind is Kind.SESSION:
        return f"{server} turns the client {reply.client.address} away"
    what = {"MAIL": "the sender", "RCPT": "the recipient"}.get(reply.request, "the mail")
    return f"{server} does not accept {what}{f' {reply.about}' if reply.about else ''}"


_SMTP = Family("mail_refused", "smtp", _smtp_told, _smtp_meaning)


@rule("Mail not accepted", replies, subject=SUBJECT, area=AREA)
def mail_refused(facts: Facts) -> Iterator[Finding]:
    """An answer 4xx or 5xx of an SMTP server to a client, a login, a sender, a recipient or a mail (RFC 5321)."""
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "SMTP"], _SMTP)
