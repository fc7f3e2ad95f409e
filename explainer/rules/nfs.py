"""Refusals of files over NFS (RFC 1813, RFC 7530); that of the mount is in service_errors."""

from collections.abc import Iterator

from explainer.facts import Facts
from explainer.model import Finding, Severity, Side
from explainer.protocols.applications import Reply, replies
from explainer.protocols.applications.file_sharing import EXPORT
from explainer.registry import rule
from explainer.rules.refusals import AREA, SUBJECT, Family, Meaning, refusals

_NFS = {
    "1": Meaning("the client is not the owner (EPERM)", "The rights on the server must be corrected.", Side.EITHER,
                 Severity.MEDIUM),
    "2": Meaning("there is no such file or folder (ENOENT)", "Nobody, unless it should be there.", Side.CLIENT,
                 Severity.INFO),
    "5": Meaning("the server cannot read or write it (EIO)", "Look at the server's disk.", Side.SERVER),
    "13": Meaning("permission is denied (EACCES)", "The rights, or the list of clients, on the server must be"
                  " corrected.", Side.EITHER),
    "17": Meaning("it exists already (EEXIST)", "Nobody, as a rule.", Side.CLIENT, Severity.INFO),
    "28": Meaning("the disk is full (ENOSPC)", "The server's side must make room.", Side.SERVER),
    "30": Meaning("it is read-only (EROFS)", "The server's side must export it for writing, if it should be.",
                  Side.SERVER),
    "69": Meaning("the user's quota is used up (EDQUOT)", "The user must delete, or get a larger quota.", Side.EITHER),
    "70": Meaning("the client's handle is stale: the file is gone (ESTALE)", "Mount the folder anew.", Side.EITHER),
}  # fmt: skip
_NO_EXPORT = Meaning(
    "it exports no folder of that name (ENOENT)",
    "The client must correct the path of the mount (by version 4 it begins at the server's root, as it names it), or"
    " the server's side must export it.",
    Side.EITHER, Severity.MEDIUM,
)  # fmt: skip
_NFS_OTHER = Meaning("with an error", "Look into the server's log.", Side.EITHER, Severity.LOW)


def _nfs_told(reply: Reply) -> str:
    about = f" {reply.about}" if reply.about else ""
    return f"The file server {reply.server.address} (NFS) refuses {reply.client.address} {reply.request}{about}"


def _meaning(reply: Reply) -> Meaning:
    missing = reply.request == EXPORT and reply.code == "2"
    return _NO_EXPORT if missing else _NFS.get(reply.code, _NFS_OTHER)


@rule("NFS refused", replies, subject=SUBJECT, area=AREA)
def nfs_refused(facts: Facts) -> Iterator[Finding]:
    """An error to a request for a file (RFC 1813 section 2.6), or to a mount by version 4 (RFC 7530 section 13.1)."""
    family = Family("nfs_refused", "nfs", _nfs_told, _meaning)
    yield from refusals([reply for reply in facts[replies] if reply.protocol == "NFS file"], family)
