"""Passwords that anybody on the way can read, and terminals in clear."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Login, Sign, logins, signs
from explainer.protocols.applications.urls import URL_NAME
from explainer.protocols.http import Exchange, requests
from explainer.protocols.http_messages import BASIC
from explainer.registry import rule
from explainer.rules.evidence import connection_filter, stream_filter
from explainer.wording import count, listing

_AREA = "passwords in clear text"
_LISTED = 20
_SAFER = {
    "FTP": "FTP over TLS (explicit: AUTH TLS), or SFTP", "Telnet": "SSH", "rlogin": "SSH", "rsh": "SSH", "rexec": "SSH",
    "POP3": "POP3 with STLS, or POP3S on port 995", "IMAP": "IMAP with STARTTLS, or IMAPS on port 993",
    "SMTP": "SMTP with STARTTLS, or port 465", "LDAP": "LDAP with StartTLS, or LDAPS on port 636",
    "SNMP": "SNMPv3 with authentication and privacy", "HTTP": "HTTPS", "HTTP form": "HTTPS",
    "HTTP URL": "HTTPS, with the password in a header or the body (servers and proxies log URLs)",
    "PostgreSQL": "TLS (sslmode=verify-full) and SCRAM", "SQL Server": "TLS (Encrypt=yes)", "Redis": "Redis over TLS",
    "MQTT": "MQTT over TLS (port 8883)", "PPP PAP": "CHAP or EAP",
    "SOCKS": "a proxy over TLS or SSH", "AMQP": "AMQP over TLS (port 5671)", "XMPP": "XMPP with STARTTLS",
}  # fmt: skip
_LAYERS = {
    "FTP": "ftp", "Telnet": "telnet", "rlogin": "rlogin", "rsh": "rsh", "rexec": "exec", "POP3": "pop", "IMAP": "imap",
    "SMTP": "smtp", "LDAP": "ldap", "SNMP": "snmp", "HTTP": "http", "HTTP form": "urlencoded-form",
    "HTTP URL": "http.request", "PostgreSQL": "pgsql", "SQL Server": "tds", "Redis": "resp",
    "MQTT": "mqtt", "PPP PAP": "pap", "SOCKS": "socks", "AMQP": "amqp", "XMPP": "xmpp",
}  # fmt: skip


_QUIET = ("AMQP", "XMPP", URL_NAME)
"""Inside a data centre or an office, these are mostly used without TLS: told to who asks for passwords."""


@rule("Password in clear text", logins, subject="logins in clear text", area=_AREA)
def cleartext_login(facts: Facts) -> Iterator[Finding]:
    """A login whose password, or an SNMP community, crosses the network unencrypted; the secret is never printed.

    FTP, Telnet, rlogin, rexec, POP3, IMAP, SMTP (AUTH PLAIN and LOGIN), LDAP (simple bind), web forms and URLs over
    HTTP, PostgreSQL, SQL Server, Redis, MQTT, AMQP, XMPP, SOCKS 5, PPP (PAP). An SNMP community is of low severity, as
    is what stays on one machine; of info, AMQP, XMPP and URLs, which work so in many networks; an anonymous login holds
    no secret.
    """
    groups = defaultdict[tuple[str, str, str], list[Login]](list)
    for login in facts[logins]:
        if login.secret:
            groups[login.protocol, login.client.address, str(login.server)].append(login)
    for group in groups.values():
        yield _readable(group)


def _readable(group: Sequence[Login]) -> Finding:
    first = group[0]
    users = list(dict.fromkeys(login.user for login in group if login.user))
    whose = (
        f" of the user {users[0]}" if len(users) == 1 else f" of {len(users)} users ({_few(users)})" if users else ""
    )
    frames = [
        frame for login in group for frame in (*login.frames, *([login.reply_frame] if login.reply_frame else []))
    ]
    client, server = first.client.address or "the dialling side", first.server.address or "the access server"
    between = f"{first.protocol} from {client} to {first.server if first.server.port else server}"
    loopback = first.client.address == first.server.address != ""
    return Finding(
        id=f"cleartext_login:{first.frames[0]}",
        rule="cleartext_login",
        severity=_severity(first, loopback=loopback),
        confidence=Confidence.CERTAIN,
        side=Side.EITHER,
        title=f"The {first.secret}{whose} can be read by anybody on the way: {between} is in clear text, not"
        " encrypted.",
        act=f"Whoever runs {server} and its clients must move to {_SAFER.get(first.protocol, 'TLS')},"
        f" and then change the {first.secret}.",
        measured={"logins": len(group), "users": len(users)},
        evidence=Evidence.of(frames, _filter(first, group), [step for login in group[:5] for step in _steps(login)]),
        scope=Scope(
            streams=tuple(dict.fromkeys(login.stream for login in group if login.stream is not None))[:100],
            addresses=tuple(address for address in (first.client.address, first.server.address) if address),
            ports=(first.server.port,) if first.server.port else (),
        ),
        advice=(
            f"Use {_SAFER.get(first.protocol, 'TLS')} instead"
            + (f", and close port {first.server.port} to the rest." if first.server.port else "."),
            f"Change the {first.secret}: whoever recorded this traffic knows it. Treat this file as secret, too.",
        ),
        limitations=("who else can see this traffic on its way",),
    )


def _severity(first: Login, *, loopback: bool) -> Severity:
    if first.protocol in _QUIET:
        return Severity.INFO
    return Severity.LOW if first.secret == "community" or loopback else Severity.MEDIUM


def _steps(login: Login) -> Iterator[Step]:
    user = f"the user name {login.user} and " if login.user else ""
    cross = "cross" if user else "crosses"
    yield Step(frames=login.frames[:_LISTED], text=f"{user}the {login.secret} (not printed here) {cross} in clear text")
    if login.accepted is not None and login.reply_frame:
        said = "accepts the login" if login.accepted else "refuses the login"
        yield Step(frames=(login.reply_frame,), text=f"{login.server.address or 'the access server'} {said}")


def _filter(first: Login, group: Sequence[Login]) -> str:
    layer = "tcp" if first.unusual else _LAYERS.get(first.protocol, "tcp")
    streams = [login.stream for login in group if login.stream is not None]
    return f"{connection_filter(first.server, streams)} && {layer}" if streams else layer


def _few(words: Sequence[str], shown: int = 3) -> str:
    more = [f"{len(words) - shown} more"] if len(words) > shown else []
    return listing([*words[:shown], *more])


@rule("HTTP Basic authentication in clear text", requests, subject="HTTP requests", area=_AREA)
def cleartext_http_basic(facts: Facts) -> Iterator[Finding]:
    """A request over HTTP without TLS that carries the user's name and password (RFC 7617: base64 is no encryption).

    Of info severity: it works, and many networks have it on pages of their own; who asks for passwords is told.
    """
    groups = defaultdict[tuple[str, str, str, str], list[Exchange]](list)
    for request in facts[requests]:
        if request.scheme == BASIC and not request.over_tls and request.request_frame:
            groups[request.client.address, str(request.server), request.host, request.user].append(request)
    for group in groups.values():
        first = group[0]
        asked = [request.request_frame for request in group if request.request_frame]
        host = first.host or str(first.server)
        user = f" of the user {first.user}" if first.user else ""
        shown = f"{count(len(group), 'request')} to {host} with the user name and the password (not printed here)"
        yield Finding(
            id=f"cleartext_http_basic:{asked[0]}",
            rule="cleartext_http_basic",
            severity=Severity.INFO,
            confidence=Confidence.CERTAIN,
            side=Side.SERVER,
            title=f"The password{user} can be read by anybody on the way: HTTP from {first.client.address} to {host}"
            " carries it in clear text (Basic authentication without TLS).",
            act=f"Whoever runs {host} must serve it over HTTPS, and the password must be changed.",
            measured={"requests": len(group)},
            evidence=Evidence.of(
                asked,
                f"{stream_filter(request.stream for request in group)} && http.authbasic",
                [Step(frames=tuple(asked[:_LISTED]), text=shown)],
            ),
            scope=Scope(
                streams=tuple(dict.fromkeys(request.stream for request in group))[:100],
                addresses=(first.client.address, first.server.address),
                ports=(first.server.port,),
                names=(first.host,) if first.host else (),
            ),
            advice=("Serve it over HTTPS alone.", "Change the password: whoever recorded this traffic knows it."),
            limitations=("who else can see this traffic on its way",),
        )


@rule("Terminal in clear text", signs, logins, subject="signs of risky protocols", area=_AREA)
def cleartext_terminal(facts: Facts) -> Iterator[Finding]:
    """Telnet, rlogin, rsh or rexec, over which anybody on the way reads along; silent where a login was seen in it."""
    told = {login.stream for login in facts[logins] if login.secret}
    groups = defaultdict[tuple[str, str, str], list[Sign]](list)
    for sign in facts[signs]:
        if sign.what == "terminal" and sign.stream not in told:
            groups[sign.protocol, sign.client.address, str(sign.server)].append(sign)
    for group in groups.values():
        first = group[0]
        frames = tuple(sign.frame for sign in group)
        between = f"{first.client.address} and {first.server}"
        yield Finding(
            id=f"cleartext_terminal:{first.frame}",
            rule="cleartext_terminal",
            severity=Severity.MEDIUM,
            confidence=Confidence.CERTAIN,
            side=Side.EITHER,
            title=f"{first.protocol} is used between {between}: whatever is typed or shown there, passwords too, can be"
            " read by anybody on the way (clear text).",
            act=f"Whoever runs {first.server.address} must replace {first.protocol} by SSH.",
            measured={"connections": len(group)},
            evidence=Evidence.of(
                frames,
                stream_filter(sign.stream for sign in group if sign.stream is not None),
                [
                    Step(
                        frames=frames[:_LISTED], text=f"{count(len(group), f'{first.protocol} session')}, not encrypted"
                    )
                ],
            ),
            scope=Scope(addresses=(first.client.address, first.server.address), ports=(first.server.port,)),
            advice=(f"Use SSH instead, and close port {first.server.port}.",),
            limitations=("whether a password was typed in a part that is not in this capture",),
        )
