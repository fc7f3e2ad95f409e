"""Mailboxes that do not open, and sessions that their server ends (RFC 1939, RFC 3206, RFC 9051)."""

import re
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_WRONG_PASSWORD = Meaning(
    "it does not accept the user name and password",
    "The client's side must correct user name or password, or the account must be unlocked.", Side.CLIENT,
    advice=("Sign in with the same name and password by web mail, to see whether they are right.",),
)  # fmt: skip
_LOGIN_NEEDS_TLS = Meaning(
    "it takes a login over TLS only", "The client must switch TLS on (STARTTLS, or the port for TLS).", Side.CLIENT
)
_LOCKED = Meaning(
    "the mailbox is in use by another session", "Close the other mail program, or wait until its session ends.",
    Side.CLIENT,
)  # fmt: skip
_NO_FOLDER = Meaning(
    "it does not open this folder", "The client must ask for a folder that exists and that the user may read.",
    Side.CLIENT, Severity.MEDIUM,
)  # fmt: skip
_ENDED = Meaning("for a reason of its own", "The mail server's side must act: its log tells why.", Side.SERVER)
_IDLE = Meaning(
    "nothing was asked for a long time, and it ends the session, as it may", "Nobody: the mail program connects again.",
    Side.NOBODY, Severity.INFO,
)  # fmt: skip
_TOO_MANY = Meaning(
    "too many connections of this user or address are open",
    "The client's side must close other mail programs or let them share, or the server's side allow more connections.",
    Side.EITHER,
)  # fmt: skip
_NOT_NOW = Meaning(
    "it cannot serve now", "The mail server's side must act if this lasts; the client may try again.", Side.SERVER
)
_IS_IDLE = re.compile(r"inactiv|idle|auto-?logout|timed? ?out", re.IGNORECASE)
_FULL = re.compile(r"too many|max\w* (?:number|connections)|connection limit|exceeded", re.IGNORECASE)
_PASSING = re.compile(r"sys/temp|temporar|unavailable|try (?:again )?later|busy|shutting down|restart", re.IGNORECASE)
_CLEAR_FORBIDDEN = re.compile(r"privacyrequired|plain.?text|clear.?text|tls|ssl|secure|encrypt|disabled", re.IGNORECASE)
_NO_MAIL = Meaning("it does not take it", "Read the server's words: they say what has to be corrected.", Side.EITHER)
_QUOTA = Meaning("the mailbox is full", "The user must make room, or have the quota raised.", Side.CLIENT)
_RESPONSE_IN_USE = "[in-use]"  # RFC 2449, section 8.1.2
_IN_USE = re.compile(r"in-use|\block(?:ed)?\b|busy", re.IGNORECASE)


_LOGIN_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), meaning)
    for words, meaning in (
        (r"\[limit\]|too many|max\w* (?:number of )?connections|connection limit", _TOO_MANY),
        (r"\[expired\]|(?:password|account) (?:has |is )?expired", Meaning(
            "the password or the account has expired", "The user must set a new password, or the account be prolonged.",
            Side.CLIENT,
        )),
        (r"app(?:lication)?-?(?:specific)? ?password|web login required", Meaning(
            "it wants a password made for this program (app password), or a login by web first",
            "The user must make such a password in the account's settings and give it to the mail program.",
            Side.CLIENT,
        )),
        (r"\[contactadmin\]|account (?:is )?(?:locked|suspended|blocked|disabled)|user (?:is )?disabled"
         r"|not (?:enabled|allowed|permitted) (?:for|to use)|imap (?:access )?(?:is )?disabled"
         r"|authorizationfailed", Meaning(
            "the account is locked, or may not be used this way",
            "Whoever runs the mail server must unlock the account, or permit this access for it.", Side.SERVER,
        )),
        (r"login-delay|minimum time between", Meaning(
            "the client asks too often", "The mail program must ask less often.", Side.CLIENT, Severity.MEDIUM
        )),
        (r"\[unavailable\]|sys/temp|temporar|internal error|try again", _NOT_NOW),
    )
)  # fmt: skip
"""What RFC 5530's and RFC 3206's response codes, and the usual words, say of a refused login."""


def _mailbox_meaning(reply: Reply) -> Meaning | None:
    if reply.kind is Kind.LOGIN:
        if said := next((means for words, means in _LOGIN_WORDS if words.search(reply.text)), None):
            return said
        if _CLEAR_FORBIDDEN.search(reply.text):
            return _LOGIN_NEEDS_TLS
        return _LOCKED if _IN_USE.search(reply.text) else _WRONG_PASSWORD
    if reply.kind in (Kind.FILE, Kind.MAIL) and re.search("quota", reply.text, re.IGNORECASE):
        return _QUOTA
    if reply.kind is Kind.FILE:
        return _NO_FOLDER
    if reply.kind is Kind.SESSION:
        return _session_meaning(reply)
    return _NO_MAIL if reply.kind is Kind.MAIL else None


def _session_meaning(reply: Reply) -> Meaning:
    if reply.request != "greeting" and _IS_IDLE.search(reply.text):
        return _IDLE
    if _FULL.search(reply.text):
        return _TOO_MANY
    if _RESPONSE_IN_USE in reply.text.lower():
        return _LOCKED
    return _NOT_NOW if _PASSING.search(reply.text) else _ENDED


def _mailbox_told(reply: Reply) -> str:
    server = f"The mail server {reply.server.address} ({reply.protocol})"
    if reply.kind is Kind.LOGIN:
        return f"{server} refuses the login{f' of {reply.about}' if reply.about else ''}"
    if reply.kind is Kind.SESSION:
        ended = "turns the client" if reply.request == "greeting" else "ends the session of the client"
        return f"{server} {ended} {reply.client.address}{' away' if reply.request == 'greeting' else ''}"
    return f"{server} refuses {reply.request} {reply.about}".rstrip()


_MAILBOX = Family("mailbox_refused", "(imap || pop)", _mailbox_told, _mailbox_meaning)


@rule("Mailbox not opened", replies, subject=SUBJECT, area=AREA)
def mailbox_refused(facts: Facts) -> Iterator[Finding]:
    """IMAP's NO or BAD, or POP3's -ERR, to a login or a folder, and a goodbye that the client did not ask for.

    RFC 9051 (7.1), RFC 1939, RFC 3206. The end of an idle session is for information alone.
    """
    yield from refusals([reply for reply in facts[replies] if reply.protocol in ("IMAP", "POP3")], _MAILBOX)
