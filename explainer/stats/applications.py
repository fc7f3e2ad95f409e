"""Accounts and files of application protocols."""

from explainer.facts import Facts
from explainer.model import Cell, Stat
from explainer.protocols.applications import Kind, logins, replies, transfers
from explainer.protocols.applications.directory import UNPROVEN
from explainer.protocols.applications.forms import FORM_NAME
from explainer.protocols.http_exchanges import exchanges
from explainer.protocols.web_logins import form_logins
from explainer.registry import statistic
from explainer.stats.tables import table

_ACCOUNTS = (
    "protocol", "user", "client", "server", "accepted", "clear_text", "user_frame", "secret_frame", "reply_frame",
)  # fmt: skip
_SIGN_IN = (401, 407)
_FILES = ("protocol", "action", "name", "client", "server", "ok", "frame", "reply_frame")


@statistic("Accounts", logins, replies, exchanges, form_logins)
def accounts(facts: Facts) -> Stat:
    """One row a login that names its user, or whose password is in clear text, in the order of the file.

    clear_text says that the password, or another secret, can be read: user_frame and secret_frame are where; the secret
    itself is never shown. accepted is what the server said, empty where no answer is seen, or one that does not tell
    (a Kerberos ticket without pre-authentication). Of the web, forms with a password and Basic authentication are in
    it, where they are not over TLS; a form is refused where the answer's status or its short text says so.
    """
    rows = dict[tuple[Cell, ...], tuple[Cell, ...]]()
    for login in (*(each for each in facts[logins] if each.protocol != FORM_NAME), *facts[form_logins]):
        key: tuple[Cell, ...] = (
            login.protocol, str(login.client), str(login.server), login.reply_frame or login.frames[-1]
        )  # fmt: skip
        rows[key] = (
            login.protocol, login.user, str(login.client), str(login.server), login.accepted, bool(login.secret),
            login.frames[0], login.frames[-1], login.reply_frame,
        )  # fmt: skip
    for request in facts[exchanges]:
        if request.basic_user is not None and request.request_frame and not request.over_tls:
            key = "HTTP", request.host, str(request.server), request.basic_user
            accepted = None if request.status is None else request.status not in _SIGN_IN
            rows.setdefault(key, (
                "HTTP", request.basic_user, str(request.client), str(request.server), accepted, True,
                request.request_frame, request.request_frame, request.response_frame,
            ))  # fmt: skip
    for reply in facts[replies]:
        unproven = reply.request == UNPROVEN
        named = reply.kind is Kind.LOGIN or (reply.kind is Kind.TICKET and (unproven or reply.request == "AS-REQ"))
        key = reply.protocol, str(reply.client), str(reply.server), reply.frame
        if named and reply.about and key not in rows:
            rows[key] = (
                reply.protocol, reply.about, str(reply.client), str(reply.server),
                None if unproven else reply.ok, False,
                reply.request_frame, None, reply.frame,
            )  # fmt: skip
    ordered = sorted(rows.values(), key=lambda row: int(str(row[6] or row[8])))
    return table("accounts", "Accounts", _ACCOUNTS, ordered)


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
