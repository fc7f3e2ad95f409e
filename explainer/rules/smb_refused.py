"""Windows file sharing (SMB) that is refused: logins, shares, files, and what is written to them (MS-ERREF)."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Kind, Reply, replies
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

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
    0xC0000044: ("QUOTA_EXCEEDED", Meaning(
        "the user's quota is used up", "The user must delete, or an administrator raise the quota.", Side.EITHER)),
    0xC0000054: ("FILE_LOCK_CONFLICT", Meaning(
        "somebody else has locked that part of the file", "Close the file elsewhere, and try again.", Side.CLIENT,
        Severity.MEDIUM)),
    0xC000007F: ("DISK_FULL", Meaning("its disk is full", "The server's side must make room.", Side.SERVER)),
    0xC00000A2: ("MEDIA_WRITE_PROTECTED", Meaning(
        "what it is to write on is write-protected", "The server's side must let it be written, if it should be.",
        Side.SERVER)),
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
_WHAT = {Kind.CALL: "asking for the share", Kind.FILE: "asking for the file", Kind.OTHER: "writing the file"}


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
    return f"{server} {reply.client.address} {_WHAT[reply.kind]} {reply.about}".rstrip()


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
