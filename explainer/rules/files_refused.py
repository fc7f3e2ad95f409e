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


_ACCOUNT = "The client's side must correct user name, password or domain; an administrator can see the account's state."
_STATUS: dict[int, tuple[str, Meaning]] = {
    0xC000006D: ("LOGON_FAILURE", Meaning("user name or password is wrong", _ACCOUNT, Side.CLIENT)),
    0xC000006A: ("WRONG_PASSWORD", Meaning("the password is wrong", _ACCOUNT, Side.CLIENT)),
    0xC0000064: ("NO_SUCH_USER", Meaning("there is no such user", _ACCOUNT, Side.CLIENT)),
    0xC000006E: ("ACCOUNT_RESTRICTION", Meaning(
        "the account may not log in so (an empty password, for example)", _ACCOUNT, Side.CLIENT)),
    0xC000006F: ("INVALID_LOGON_HOURS", Meaning("the account may not log in at this time", _ACCOUNT, Side.CLIENT)),
    0xC0000070: ("INVALID_WORKSTATION", Meaning("the account may not log in from here", _ACCOUNT, Side.CLIENT)),
    0xC0000071: ("PASSWORD_EXPIRED", Meaning(
        "the password has expired", "The user must change the password.", Side.CLIENT)),
    0xC0000072: ("ACCOUNT_DISABLED", Meaning(
        "the account is disabled", "An administrator must enable the account, or use another one.", Side.SERVER)),
    0xC0000193: ("ACCOUNT_EXPIRED", Meaning(
        "the account has expired", "An administrator must prolong the account.", Side.SERVER)),
    0xC0000224: ("PASSWORD_MUST_CHANGE", Meaning(
        "the password must be changed first", "The user must change the password.", Side.CLIENT)),
    0xC0000234: ("ACCOUNT_LOCKED_OUT", Meaning(
        "the account is locked after too many wrong passwords",
        "An administrator must unlock the account; find out which program uses an old password.", Side.CLIENT)),
    0xC000015B: ("LOGON_TYPE_NOT_GRANTED", Meaning(
        "the account may not log in over the network", "An administrator must grant it, or use another account.",
        Side.SERVER)),
    0xC000005E: ("NO_LOGON_SERVERS", Meaning(
        "it reaches no domain controller", "The server's side must act: its domain controller does not answer it.",
        Side.SERVER)),
    0xC0000022: ("ACCESS_DENIED", Meaning(
        "the user may not do this", "The server's side must grant the user access to the share and the file, or the"
        " client must use another user.", Side.EITHER)),
    0xC00000CC: ("BAD_NETWORK_NAME", Meaning(
        "it has no such share", "The client must correct the name of the share, or the server must offer it.",
        Side.CLIENT)),
    0xC0000034: ("OBJECT_NAME_NOT_FOUND", Meaning(
        "there is no such file", "The client must ask for a file that exists.", Side.CLIENT, Severity.INFO)),
    0xC000003A: ("OBJECT_PATH_NOT_FOUND", Meaning(
        "there is no such folder", "The client must ask for a folder that exists.", Side.CLIENT, Severity.INFO)),
    0xC0000043: ("SHARING_VIOLATION", Meaning(
        "somebody else has the file open", "Close the file elsewhere, and try again.", Side.CLIENT, Severity.MEDIUM)),
    0xC000007F: ("DISK_FULL", Meaning("its disk is full", "The server's side must make room.", Side.SERVER)),
    0xC00000BB: ("NOT_SUPPORTED", Meaning(
        "it does not support what the client asks for", "Client and server must agree on a version of SMB.",
        Side.EITHER, Severity.MEDIUM)),
}  # fmt: skip
# A share that is asked for by way of trial, and pipes that a server need not have (MS-DFSC, MS-SRVS).
_TRIALS = (
    "IPC$", "srvsvc", "wkssvc", "desktop.ini", "autorun.inf", "thumbs.db", "folder.jpg", "AutoRun.inf", "Desktop.ini",
    ".DS_Store", ".hidden",
)  # fmt: skip


_NO_VERSION = Meaning(
    "the two have no version of SMB in common",
    "The client must be updated, or set to newer versions of SMB; or the server must allow the client's, if it has to.",
    Side.EITHER, advice=("On Samba: server min protocol; on Windows: Get-SmbServerConfiguration. SMB 1 should stay"
    " off.",),
)  # fmt: skip


_TURNED_AWAY = {
    "0x82": Meaning(
        "it does not go by the name that the client calls it (NetBIOS)",
        "The client's side must use the server's own name, or port 445 in place of 139.", Side.CLIENT),
    "0x8f": Meaning("it says no more than that it cannot", "The server's side must act.", Side.SERVER),
}  # fmt: skip
_NOT_FROM_HERE = Meaning(
    "it ends the session before the first word of SMB; a rule about who may connect is the common reason",
    "The server's side must let this address in, if it is wanted (Samba: hosts allow, hosts deny, interfaces).",
    Side.SERVER,
)  # fmt: skip
_NO_SESSION = Meaning(
    "it does not let this user in from there, or wants the session encrypted or signed, which the client does not do",
    "The server's side must admit the user, or the client must switch SMB 3's encryption on.", Side.EITHER,
    advice=("On Samba: smb encrypt and server signing; on Windows: Get-SmbServerConfiguration (EncryptData).",),
)  # fmt: skip
_DENIED = 0xC0000022


def _smb_meaning(reply: Reply, *, wanted: bool = False) -> Meaning | None:
    if reply.request == "session":
        return _TURNED_AWAY.get(reply.code, _NOT_FROM_HERE)
    if reply.kind is Kind.SESSION:
        return _NO_VERSION
    if reply.kind is Kind.LOGIN and int(reply.code, 16) == _DENIED:
        return _NO_SESSION
    known = _STATUS.get(int(reply.code, 16))
    if known is None or reply.about.endswith(_TRIALS):
        return None
    missing = reply.kind is Kind.FILE and known[1].severity is Severity.INFO
    return known[1]._replace(severity=Severity.LOW) if missing and wanted else known[1]


def _smb_told(reply: Reply) -> str:
    if reply.request == "session":
        return f"The file server {reply.server.address} turns {reply.client.address} away"
    if reply.kind is Kind.SESSION:
        return f"The file server {reply.server.address} refuses the connection of {reply.client.address} (negotiation)"
    name = _STATUS[int(reply.code, 16)][0]
    server = f"The file server {reply.server.address} answers STATUS_{name} to"
    if reply.kind is Kind.LOGIN:
        return f"{server} the login{f' of {reply.about}' if reply.about else ''} from {reply.client.address}"
    what = "the share" if reply.kind is Kind.CALL else "the file"
    return f"{server} {reply.client.address} asking for {what} {reply.about}".rstrip()


_SMB = Family("smb_refused", "(smb || smb2)", _smb_told, _smb_meaning)


@rule("Windows file sharing refused", replies, subject=SUBJECT, area=AREA)
def smb_refused(facts: Facts) -> Iterator[Finding]:
    """An NT status that says no to a login, a share or a file of SMB; steps such as MORE_PROCESSING_REQUIRED are none.

    A file or folder that is not there is of info severity: programs look for many that need not exist; of low severity
    where nothing else is opened on that connection: then it is what the client came for.
    """
    told = [reply for reply in facts[replies] if reply.protocol == "SMB"]
    opens = {reply.stream for reply in told if reply.kind is Kind.FILE and reply.ok and reply.about}
    family = _SMB._replace(meaning=lambda reply: _smb_meaning(reply, wanted=reply.stream not in opens))
    yield from refusals(told, family)
