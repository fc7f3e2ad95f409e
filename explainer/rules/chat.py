"""What chat servers (IRC, XMPP) refuse."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_WRONG = Meaning(
    "it does not accept the user name and password", "The client's side must correct user name or password, or the"
    " account must be created.", Side.CLIENT,
)  # fmt: skip
_SERVER = Meaning("it has trouble of its own", "The chat server's side must act.", Side.SERVER)
_IN_USE = Meaning("the nickname is in use already", "The client must take another nickname.", Side.CLIENT)
_OTHER = Meaning("it refuses it, as its words say", "Read the server's words: they say what has to be corrected.",
                 Side.EITHER)  # fmt: skip
_CHANNEL = Meaning(
    "the channel does not let this user in", "The channel's owner must let the user in.", Side.EITHER, Severity.MEDIUM
)
_RIGHTS = Meaning("the user may not do this", "The channel's owner must grant it.", Side.EITHER, Severity.MEDIUM)
_BANNED = Meaning("it has banned this client", "Ask whoever runs the chat server.", Side.EITHER)
_MEANINGS = {
    # RFC 2812, section 5.2.
    ("IRC", "432"): Meaning("it does not accept the nickname", "The client must take another nickname.", Side.CLIENT),
    ("IRC", "433"): _IN_USE, ("IRC", "436"): _IN_USE,
    ("IRC", "464"): Meaning("the server's password is wrong or missing", "The client's side must give the right"
                            " password.", Side.CLIENT),
    ("IRC", "465"): _BANNED,
    ("IRC", "471"): Meaning("the channel is full", "Try again later.", Side.EITHER, Severity.MEDIUM),
    ("IRC", "473"): _CHANNEL, ("IRC", "474"): _CHANNEL,
    ("IRC", "475"): Meaning("the channel's key is wrong or missing", "The client must give the channel's key.",
                            Side.CLIENT, Severity.MEDIUM),
    ("IRC", "404"): _RIGHTS, ("IRC", "482"): _RIGHTS,
    # RFC 6120, sections 6.5 and 4.9.3.
    ("XMPP", "not-authorized"): _WRONG,
    ("XMPP", "account-disabled"): Meaning("the account is disabled", "The server's side must enable it.", Side.SERVER),
    ("XMPP", "credentials-expired"): Meaning("the password has expired", "The password must be changed.", Side.CLIENT),
    ("XMPP", "encryption-required"): Meaning("it takes a login over TLS only", "The client must switch TLS on"
                                             " (STARTTLS).", Side.CLIENT),
    ("XMPP", "invalid-mechanism"): Meaning("it does not offer this way to log in", "The client must use one that the"
                                           " server offers.", Side.CLIENT),
    ("XMPP", "mechanism-too-weak"): Meaning("this way to log in is too weak for it", "The client must use a stronger"
                                            " one, or TLS.", Side.CLIENT),
    ("XMPP", "temporary-auth-failure"): _SERVER, ("XMPP", "internal-server-error"): _SERVER,
    ("XMPP", "host-unknown"): Meaning("it does not serve the domain that the client asks for", "The client's side must"
                                      " correct the domain, or the server be set up for it.", Side.EITHER),
    ("XMPP", "host-gone"): Meaning("it serves that domain no more", "The client must use another server.", Side.CLIENT),
    ("XMPP", "conflict"): Meaning("another session of the same user and resource took its place", "The client's side:"
                                  " each program needs a resource of its own.", Side.CLIENT, Severity.MEDIUM),
    ("XMPP", "policy-violation"): Meaning("the client broke a rule of the server's", "The client must keep to it: too"
                                          " much, too large or too often.", Side.CLIENT),
    ("XMPP", "connection-timeout"): Meaning("nothing was said for a long time, and it ends the session", "Nobody: the"
                                            " client connects again.", Side.NOBODY, Severity.INFO),
    ("XMPP", "system-shutdown"): Meaning("it is shut down", "The server's side, if it was not wanted.", Side.SERVER,
                                         Severity.MEDIUM),
}  # fmt: skip
_BY_WORDS = (("password", _MEANINGS["IRC", "464"]), ("ban", _BANNED), ("k-line", _BANNED),
             ("too many", Meaning("too many connections of this client are open", "The client's side must close some.",
                                  Side.CLIENT)))  # fmt: skip


def _meaning(reply: Reply) -> Meaning:
    said = next((means for words, means in _BY_WORDS if words in reply.text.lower()), _OTHER)
    return _MEANINGS.get((reply.protocol, reply.code), said)


def _told(reply: Reply) -> str:
    server = f"The chat server {reply.server.address} ({reply.protocol})"
    if reply.kind is Kind.LOGIN:
        return f"{server} does not let{f' {reply.about} at' if reply.about else ''} {reply.client.address} in"
    if reply.kind is Kind.SESSION:
        return f"{server} ends the session of {reply.client.address}"
    return f"{server} refuses {reply.client.address} a request ({reply.request})"


@rule("Chat server refuses", replies, subject=SUBJECT, area=AREA)
def chat_refused(facts: Facts) -> Iterator[Finding]:
    """An error of IRC (RFC 2812 section 5.2) or XMPP (RFC 6120 sections 4.9, 6.5) to a login, a session or a channel.

    Of what is in clear; numerics that clients meet all day (no such nick, unknown command) do not count.
    """
    family = Family("chat_refused", "(irc || xmpp)", _told, _meaning)
    yield from refusals([reply for reply in facts[replies] if reply.protocol in ("IRC", "XMPP")], family)
