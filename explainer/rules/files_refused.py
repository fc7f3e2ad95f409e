"""Files that a server does not give or take: FTP (RFC 959), TFTP (RFC 1350), Windows file sharing (MS-ERREF)."""

import re
from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_WRONG_LOGIN = Meaning(
    "it does not accept the user name and password",
    "The client's side must correct user name or password, or the account must be unlocked or allowed.", Side.CLIENT,
)  # fmt: skip
_NO_FILE = Meaning(
    "there is no such file, or the user may not have it", "The client must ask for a file that exists and that the user"
    " may read or write, or the server's side must grant it.", Side.EITHER,
    advice=("List the folder with the same user, and compare names letter by letter.",),
)  # fmt: skip
_NO_DATA = Meaning(
    "the second connection, for the data, cannot be opened", "Somebody between the two, a firewall or NAT, does not let"
    " FTP's data connection through: use passive mode and open its ports.", Side.NETWORK,
    advice=("In the client, switch passive mode on (or off); in the firewall, open the server's passive ports.",),
)  # fmt: skip
_FTP = {
    "421": Meaning(
        "it is not available, or has too many users", "The FTP server's side must act; or try again later.", Side.SERVER
    ),
    "425": _NO_DATA,
    "426": Meaning(
        "the data connection broke off", "Find out who closed the data connection: client, server or a firewall.",
        Side.NETWORK,
    ),
    "430": _WRONG_LOGIN,
    "450": Meaning("the file is in use", "Try again when nobody uses the file.", Side.SERVER, Severity.MEDIUM),
    "451": Meaning("it has trouble of its own", "The FTP server's side must act.", Side.SERVER),
    "452": Meaning("it has no room left", "The FTP server's side must make room.", Side.SERVER),
    "530": _WRONG_LOGIN,
    "532": Meaning("storing files needs an account", "The client's side must use an account that may.", Side.CLIENT),
    "550": _NO_FILE,
    "552": Meaning("the user's room is used up", "Delete something, or have the quota raised.", Side.CLIENT),
    "553": Meaning(
        "it does not take a file of that name there", "The client must choose another name or folder, or the server's"
        " side must let the user write there.", Side.EITHER,
    ),
}  # fmt: skip
_FTP_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), meaning)
    for words, meaning in (
        (r"must use encryption|(?:TLS|SSL|encryption|secure).*(?:required|needed)|(?:AUTH|use) (?:TLS|SSL)", Meaning(
            "it lets users in over TLS only", "The client must switch TLS on (FTPS, explicit: AUTH TLS), or the server"
            " allow it without.", Side.CLIENT,
        )),
        (r"time-?d?[ -]?out\b|\bidle\b|inactiv", Meaning(
            "nothing was asked for longer than it waits (an idle time-out)",
            "The client must end sessions that it no longer needs, or ask something from time to time (NOOP); or the"
            " server's side must wait for longer.", Side.EITHER, Severity.MEDIUM,
            advice=("For vsftpd: idle_session_timeout.",),
        )),
        (r"^OOPS\b", Meaning(
            "it fails at its own settings, as its words say", "The FTP server's side must correct its settings or the"
            " rights of the user's folder.", Side.SERVER,
            advice=("For vsftpd's writable root: take the write permission from the user's root folder, or set"
                    " allow_writeable_chroot.",),
        )),
        (r"no space|disk (?:is )?full|quota|insufficient (?:disk|storage)", Meaning(
            "there is no room left for it", "The server's side must make room or raise the quota, or the user delete"
            " something.", Side.EITHER,
        )),
        (r"permission denied|not permitted|access (?:is )?denied|forbidden|not allowed|read-?only", Meaning(
            "the user may not do this", "The server's side must grant the right to the user, or the client use another"
            " user or folder.", Side.EITHER,
        )),
    )
)  # fmt: skip
"""What an FTP server's words say beyond the number, which stands for many things."""
_UNKNOWN_COMMAND = "50"
"""How codes begin that are about the command itself (RFC 959, section 4.2): of a login they tell nothing."""
_FTP_LOGIN = Meaning(
    "it refuses the login, as its words say", "Read the server's words: they say what has to be corrected.", Side.EITHER
)


def _ftp_meaning(reply: Reply) -> Meaning | None:
    said = next((means for words, means in _FTP_WORDS if words.search(reply.text)), None)
    if reply.protocol == "TFTP":
        unsaid = reply.code in ("", "0")  # not defined: the words tell (RFC 1350, appendix I)
        return said if said and unsaid else _TFTP.get(reply.code, _NO_FILE)
    about_login = reply.kind is Kind.LOGIN and reply.code >= "5" and not reply.code.startswith(_UNKNOWN_COMMAND)
    means = said or _FTP.get(reply.code) or (_FTP_LOGIN if about_login else None)
    if reply.kind is Kind.OTHER:  # a change of folder is often only a trial
        return means if means is _NO_DATA or means is _FTP["421"] else None
    return means


_TFTP = {
    "2": Meaning("it does not permit it", "The TFTP server's side must allow this file.", Side.SERVER),
    "3": Meaning("its disk is full", "The TFTP server's side must make room.", Side.SERVER),
    "6": Meaning("the file is there already", "Delete it on the server first, or choose another name.", Side.EITHER),
    "0": Meaning("it broke off", "Read the server's words.", Side.EITHER, Severity.MEDIUM),
    "8": Meaning("it does not accept an option", "Nobody: clients go on without it.", Side.NOBODY, Severity.INFO),
}


def _ftp_told(reply: Reply) -> str:
    server = f"The {reply.protocol} server {reply.server.address}"
    if reply.kind is Kind.LOGIN:
        return f"{server} refuses the login{f' of {reply.about}' if reply.about else ''}"
    if reply.request == "session":
        return f"{server} ends the session of {reply.client.address}"
    if reply.request == "greeting":
        return f"{server} turns {reply.client.address} away at once"
    return f"{server} refuses {reply.request} {reply.about}".rstrip()


_FILES = Family("ftp_refused", "(ftp || tftp)", _ftp_told, _ftp_meaning)


@rule("File transfer refused", replies, subject=SUBJECT, area=AREA)
def ftp_refused(facts: Facts) -> Iterator[Finding]:
    """An answer 4xx or 5xx of an FTP server to a login or a file, or TFTP's error; trials such as CWD do not count."""
    yield from refusals([reply for reply in facts[replies] if reply.protocol in ("FTP", "TFTP")], _FILES)
