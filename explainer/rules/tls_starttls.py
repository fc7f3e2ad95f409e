"""TLS that was to begin in a connection in clear, and did not: STARTTLS and its kind, refused or not offered."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.escape import shell_word
from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.starttls import Reply, Upgrade, upgrades
from explainer.protocols.tls import Handshake, handshakes
from explainer.registry import rule
from explainer.rules.evidence import tls_filter
from explainer.wording import count

_LISTED = 20
_STREAMS = 100
_S_CLIENT = {
    "SMTP": "smtp", "IMAP": "imap", "POP3": "pop3", "FTP": "ftp", "XMPP": "xmpp", "LDAP": "ldap",
    "PostgreSQL": "postgres", "MySQL": "mysql",
}  # fmt: skip
_ASK_BY_DEFAULT = ("PostgreSQL", "RDP")
_UNSAID = (Reply.NOT_OFFERED, Reply.DEMANDED)
"""After these the client leaves, or is sent away, and nobody says that TLS is why."""
_OWN_WAY = "wants RDP's own encryption (Standard RDP Security), neither TLS nor network level authentication (NLA)"
Group = Sequence[Upgrade]


@rule(
    "STARTTLS refused",
    upgrades,
    handshakes,
    subject="connections in clear in which TLS could begin",
    area="the change from clear to encrypted connections",
    evidence="the conversation in clear up to the refusal",
    limits="the server's reason, beyond what it says",
)
def tls_starttls_refused(facts: Facts) -> Iterator[Finding]:
    """A server that answers the wish for TLS with no: SMTP, IMAP, POP3, FTP, XMPP, LDAP, PostgreSQL, RDP (RFC 3207 …).

    Of medium severity where the client goes on without TLS, there or on a later connection, as it must have been set
    to; for information in PostgreSQL and RDP, whose clients ask by default and do without. Where SMTP's or MySQL's
    server does not offer TLS and the client leaves at once without having asked, TLS is its reason only probably: some
    programs merely look whether a server is there. So it is, too, where an RDP client that offers TLS leaves a server
    that chooses none, where an XMPP server demands TLS and the client leaves without it, and where an RDP server ends
    the session of a client that offers none. Nothing is said of a client that uses the same server in clear.
    """
    every = facts[upgrades]
    content = {(u.client.address, u.server) for u in every if u.next_frame is not None or u.reply is Reply.NOT_WANTED}
    groups = defaultdict[tuple[object, ...], list[Upgrade]](list)
    for upgrade in every:
        pair = upgrade.client.address, upgrade.server
        settled = upgrade.reply in (Reply.ACCEPTED, Reply.NOT_WANTED)
        if settled or (upgrade.reply in _UNSAID and pair in content):
            continue
        groups[*pair, upgrade.protocol, upgrade.reply, upgrade.next_frame is None].append(upgrade)
    encrypted = {(h.client.address, h.server): h for h in facts[handshakes] if h.server_hello}  # the last of each pair
    for group in groups.values():
        last = group[-1]
        pair = last.client.address, last.server
        later = encrypted.get(pair)
        yield _finding(group, later if later and later.stream > last.stream else None, does_without=pair in content)


def _finding(group: Group, later: Handshake | None, *, does_without: bool) -> Finding:
    first = group[0]
    frames = [frame for u in group for frame in _frames(u)]
    streams = [upgrade.stream for upgrade in group]
    return Finding(
        id=f"tls_starttls_refused:{first.stream}",
        rule="tls_starttls_refused",
        severity=_severity(first, later, does_without=does_without),
        confidence=_confidence(first),
        side=_side(first),
        title=_title(first),
        act=_act(first),
        measured={"connections": len(group), "protocol": first.protocol},
        evidence=Evidence.of(frames, tls_filter(first.server, streams).removesuffix(" && tls"), _steps(group, later)),
        scope=Scope(
            streams=tuple(streams[:_STREAMS]),
            addresses=(first.client.address, first.server.address),
            ports=(first.server.port,),
        ),
        advice=tuple(_advice(first)),
        limitations=tuple(_limitations(first)),
    )


def _frames(upgrade: Upgrade) -> list[int]:
    told = (upgrade.request_frame, upgrade.answer_frame, upgrade.next_frame)
    return [frame for frame in told if frame is not None]


def _severity(first: Upgrade, later: Handshake | None, *, does_without: bool) -> Severity:
    if does_without and first.protocol in _ASK_BY_DEFAULT:
        return Severity.INFO
    if later:
        return Severity.LOW
    return Severity.MEDIUM if does_without or first.reply in _UNSAID else Severity.HIGH


def _confidence(first: Upgrade) -> Confidence:
    if first.reply not in _UNSAID:
        return Confidence.CERTAIN
    return Confidence.PROBABLE if first.request_frame is not None else Confidence.POSSIBLE


def _side(first: Upgrade) -> Side:
    if first.reply in (Reply.REQUIRED, Reply.DEMANDED):
        return Side.CLIENT
    if first.protocol == "RDP" and first.reply is Reply.NOT_OFFERED:
        return Side.EITHER
    if _without_login(first):
        return Side.EITHER
    return Side.NETWORK if first.masked else Side.SERVER


def _title(first: Upgrade) -> str:
    server = f"The {first.protocol} server {first.server.address}"
    if first.reply is Reply.REQUIRED:
        return f"{server} takes only a safer way to log in than the client offers: {first.text}."
    if first.reply is Reply.DEMANDED:
        if first.protocol == "RDP":
            return (
                f"{server} ends the session of {first.client.address}, which offers neither TLS nor NLA, at its start."
            )
        return f"{server} lets nobody log in before TLS ({first.request}), and the client leaves without asking for it."
    if first.protocol == "RDP" and first.reply is Reply.NOT_OFFERED:
        return f"{server} {_OWN_WAY}, and the client leaves at once."
    if first.reply is Reply.NOT_OFFERED:
        hidden = ": something on the path hides its offer" if first.masked else ""
        if _without_login(first):
            return f"{server} offers neither a login (AUTH) nor TLS ({first.request}), and the client leaves at once."
        return f"{server} does not offer TLS ({first.request}){hidden}, and the client leaves at once."
    clear = ", and the client goes on without encryption" if first.next_frame is not None else ""
    return f'{server} refuses to change to TLS ({first.request}): it answers "{first.text}"{clear}.'


def _without_login(first: Upgrade) -> bool:
    return not (first.login or first.masked)


def _act(first: Upgrade) -> str:
    server = f"{first.server.address} port {first.server.port}"
    if first.reply is Reply.REQUIRED:
        return f"The client's side must act: {first.client.address} has to offer TLS with network level authentication."
    if first.reply is Reply.DEMANDED:
        what = (
            "offer TLS, with network level authentication (NLA)" if first.protocol == "RDP" else "begin TLS (STARTTLS)"
        )
        return f"The client's side must act: {first.client.address} has to {what}."
    if first.protocol == "RDP" and first.reply is Reply.NOT_OFFERED:
        return f"Either {server} must be set to TLS or NLA, or the client to go without them."
    if first.masked:
        return "Whoever runs the firewall on the path must act: it writes over the server's offer of STARTTLS."
    if _without_login(first):
        return (
            f"Who runs {server} must offer what the client needs (many servers offer a login over TLS alone, or on port"
            " 587), or the client must be set to send without a login."
        )
    return f"The server's side must act: TLS has to be set up for {first.protocol} on {server}."


def _steps(group: Group, later: Handshake | None) -> Iterator[Step]:
    first = group[0]
    if first.request_frame is not None:
        yield Step(frames=(first.request_frame,), text=f"the client {first.client.address} {_wish(first)}, in clear")
    yield Step(frames=(first.answer_frame,), text=f"the server {first.server.address} {_said(first)}")
    if first.masked:
        yield Step(frames=(first.answer_frame,), text="one line is written over with X: firewalls do this to STARTTLS")
    if first.next_frame is not None:
        yield Step(frames=(first.next_frame,), text="the client goes on all the same, without encryption")
    elif first.left_frame is not None:
        yield Step(frames=(first.left_frame,), text="the connection is ended")
    if len(group) > 1:
        frames = tuple(upgrade.answer_frame for upgrade in group[1:])[:_LISTED]
        yield Step(frames=frames, text=f"the same on {count(len(group) - 1, 'more connection')}")
    if later and later.server_hello:
        yield Step(frames=(later.server_hello.frame,), text="a later connection to the same port is encrypted")


def _wish(first: Upgrade) -> str:
    if first.reply is Reply.DEMANDED:
        return "begins the session without asking for TLS"
    looks = first.reply is Reply.NOT_OFFERED and first.protocol != "RDP"
    return "asks what the server can" if looks else f"asks for TLS ({first.request})"


def _said(first: Upgrade) -> str:
    if first.text:
        return f'answers "{first.text}"'
    if first.protocol == "RDP":
        return "ends the session (disconnect provider ultimatum)" if first.reply is Reply.DEMANDED else _OWN_WAY
    if first.reply is Reply.DEMANDED:
        return f"names {first.request} as required, and no way to log in"
    missing = f"neither AUTH nor {first.request} is" if _without_login(first) else f"{first.request} is not"
    return f"names what it can; {missing} among it"


def _advice(first: Upgrade) -> Iterator[str]:
    if first.reply is Reply.REQUIRED:
        yield "Switch on network level authentication (NLA) in the client, or update it."
        return
    if first.reply is Reply.DEMANDED:
        yield "Switch on encryption in the client (TLS, STARTTLS, NLA), or update it."
        return
    if first.protocol == "RDP" and first.reply is Reply.NOT_OFFERED:
        yield f"On {first.server.address}, see which security layer remote desktop is set to (xrdp: security_layer)."
        return
    if first.masked:
        yield "Switch off the inspection of SMTP on that firewall, or let it pass STARTTLS."
    else:
        yield f"See the server's log, and whether a certificate and key are set for {first.protocol} and readable."
        yield f"If the server is not to speak TLS on port {first.server.port}, use the port on which it does."
    if first.protocol in _S_CLIENT:
        where = shell_word(str(first.server))
        yield f"Ask again: openssl s_client -connect {where} -starttls {_S_CLIENT[first.protocol]}"


def _limitations(first: Upgrade) -> Iterator[str]:
    if first.reply is Reply.NOT_OFFERED:
        which = ", and of which of the two" if _without_login(first) else ""
        yield f"whether the client left because of this{which}: it does not say so"
    elif first.reply is Reply.DEMANDED:
        yield "whether the two part because of this: neither says so"
    elif first.reply is Reply.REFUSED:
        yield "why the server refuses: its log may tell"
    yield "whether a device on the path answers in the server's name"
