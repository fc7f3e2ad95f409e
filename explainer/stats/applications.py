"""Accounts and files of application protocols."""

from explainer.facts import Facts
from explainer.model import Cell, Stat
from explainer.protocols.applications import Kind, logins, replies, signs, transfers
from explainer.protocols.applications.directory import UNPROVEN
from explainer.protocols.applications.forms import FORM_NAME
from explainer.protocols.applications.snmp import ENCRYPTED_UNANSWERED
from explainer.protocols.applications.terminals import DESKTOP
from explainer.protocols.applications.urls import URL_NAME
from explainer.protocols.sign_ins import FORM, sign_ins
from explainer.registry import statistic
from explainer.stats.tables import table

_ACCOUNTS = (
    "protocol", "user", "client", "server", "accepted", "clear_text", "user_frame", "secret_frame", "reply_frame",
)  # fmt: skip
_READABLE = ("basic", FORM)
_NAMING = (DESKTOP, ENCRYPTED_UNANSWERED)
"""Signs of somebody whose login is encrypted, or is not answered."""
_FILES = ("protocol", "action", "name", "client", "server", "ok", "frame", "reply_frame")

_ANSWERED_AS = {"PPP PAP": "PPP"}
"""Logins whose answer stands under another name."""

Rows = dict[tuple[Cell, ...], tuple[Cell, ...]]


@statistic("Accounts", logins, replies, sign_ins, signs)
def accounts(facts: Facts) -> Stat:
    """One row a login that is seen, in the order of the file; user is empty where it names none, or is encrypted.

    clear_text says that the password, or another secret, can be read: user_frame and secret_frame are where; the secret
    itself is never shown. accepted is what the server said, empty where no answer is seen, or one that does not tell
    (a Kerberos ticket without pre-authentication, a page of status 200 after a form). Of the web, sign-ins by an
    Authorization header, by forms with a password and by requests to a page that is there for it are in it; of remote
    desktop, the name that a client asks a session for.
    """
    rows = Rows()
    for login in facts[logins]:
        if login.protocol in (FORM_NAME, URL_NAME):  # among the sign-ins, with what was answered
            continue
        key: tuple[Cell, ...] = (
            _ANSWERED_AS.get(login.protocol, login.protocol), str(login.client), str(login.server),
            login.reply_frame or login.frames[-1],
        )  # fmt: skip
        rows[key] = (
            login.protocol, login.user, str(login.client), str(login.server), login.accepted, bool(login.secret),
            login.frames[0], login.frames[-1], login.reply_frame,
        )  # fmt: skip
    _on_the_web(facts, rows)
    for reply in facts[replies]:
        unproven = reply.request == UNPROVEN
        login_or_ticket = reply.kind is Kind.LOGIN or (
            reply.kind is Kind.TICKET and (unproven or reply.request == "AS-REQ")
        )
        key = reply.protocol, str(reply.client), str(reply.server), reply.frame
        if login_or_ticket and key not in rows:
            rows[key] = (
                reply.protocol, reply.about, str(reply.client), str(reply.server),
                None if unproven else reply.ok, False,
                reply.request_frame, None, reply.frame,
            )  # fmt: skip
    known = {row[:4] for row in rows.values()}
    for sign in facts[signs]:
        named: tuple[Cell, ...] = (sign.protocol, sign.text, str(sign.client), str(sign.server))
        if sign.what in _NAMING and sign.text and named not in known:
            rows.setdefault(named, (*named, None, False, sign.frame, None, None))
    ordered = sorted(rows.values(), key=lambda row: int(str(row[6] or row[8])))
    return table("accounts", "Accounts", _ACCOUNTS, ordered)


def _on_the_web(facts: Facts, rows: Rows) -> None:
    """Add the sign-ins to web servers: the same credentials with the same outcome once."""
    for found in facts[sign_ins]:
        e = found.exchange
        protocol = FORM_NAME if found.scheme == FORM else "HTTP"
        again = () if found.scheme in ("", FORM) else (e.host, found.scheme, found.user, found.accepted)
        readable = found.scheme in _READABLE and not e.over_tls
        rows.setdefault((protocol, str(e.server), *(again or (e.request_frame,))), (
            protocol, found.user, str(e.client), str(e.server), found.accepted, readable, e.request_frame,
            e.request_frame if readable else None, e.response_frame,
        ))  # fmt: skip


@statistic("Files", transfers)
def files(facts: Facts) -> Stat:
    """One row a file that was asked for by FTP, TFTP or SMB 2 and 3, in the order of the file.

    ok is what the server said in reply_frame, empty where no answer is seen. Files over HTTP are among the requests.
    """
    rows = [
        (t.protocol, t.action, t.name, str(t.client), str(t.server), t.ok, t.frame, t.reply_frame)
        for t in facts[transfers]
    ]
    return table("files", "Files", _FILES, rows)
