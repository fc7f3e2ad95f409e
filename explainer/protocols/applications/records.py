"""What is kept of the talk of application protocols: replies, logins in clear, files, and signs of something odd.

Rule: no record holds a secret; of a login only the user's name and the frames in which it can be read are kept.
"""

from enum import StrEnum
from typing import NamedTuple

from explainer.protocols.tcp import Endpoint


class Kind(StrEnum):
    """What was asked for; a later success of the same kind overcomes a failure."""

    SESSION = "session"
    LOGIN = "login"
    MAIL = "mail"
    FILE = "file"
    QUERY = "query"
    TICKET = "ticket"
    CALL = "call"
    TIME = "time"
    OTHER = "other"


class Reply(NamedTuple):
    """One answer to one request, a yes (`ok`) or a no; steps on the way to either are left out.

    `request` and `text` are in the protocol's words, `about` is what it was about (a user, a mailbox, a file, a share,
    a principal), `code` the protocol's own number or name. `request_frame` is None where the server spoke first, or the
    capture lacks the request. In wireless frames the endpoints are stations, with port 0. `unusual` tells that it was
    read on a port where Wireshark looks for another protocol, or none: its filters for the protocol do not show it.
    """

    protocol: str
    kind: Kind
    stream: int | None
    client: Endpoint
    server: Endpoint
    request_frame: int | None
    frame: int
    request: str
    about: str
    code: str
    text: str
    ok: bool
    unusual: bool = False

    @property
    def frames(self) -> tuple[int, ...]:
        """Return the frames of request and answer."""
        return (self.frame,) if self.request_frame is None else (self.request_frame, self.frame)


class Login(NamedTuple):
    """Credentials that can be read by anybody on the way.

    `secret` is what they hold: password, community or nothing but a name. `frames` are where they can be read;
    `accepted` is what the server said, None where it is not known; `unusual` is that of a reply.
    """

    protocol: str
    stream: int | None
    client: Endpoint
    server: Endpoint
    user: str
    secret: str
    frames: tuple[int, ...]
    accepted: bool | None = None
    reply_frame: int | None = None
    unusual: bool = False


class Transfer(NamedTuple):
    """A file that was asked for: `action` is uploads, downloads, deletes, renames, opens; `ok` is what was answered."""

    protocol: str
    stream: int | None
    client: Endpoint
    server: Endpoint
    action: str
    name: str
    frame: int
    ok: bool | None = None
    reply_frame: int | None = None


class Sign(NamedTuple):
    """Something in one message that somebody should know of: `what` says which; `text` is what it names."""

    what: str
    protocol: str
    stream: int | None
    client: Endpoint
    server: Endpoint
    frame: int
    text: str = ""


class Search(NamedTuple):
    """A search in a directory: below which entry (`base`), for what (attributes and values), how many it `found`.

    `found` counts the entries that came; `done` is False where the capture does not show its end.
    """

    protocol: str
    stream: int | None
    client: Endpoint
    server: Endpoint
    base: str
    wanted: str
    found: int
    code: int
    frame: int
    reply_frame: int | None = None
    done: bool = True


class Clock(NamedTuple):
    """What a time server answered: its stratum, whether it has the time, how far its clock is from the recorder's.

    `offset_ms` is RFC 5905's (section 8), with the times at which the recorder saw request and answer; None without
    request.
    """

    client: Endpoint
    server: Endpoint
    stratum: int
    synchronised: bool
    offset_ms: float | None
    request_frame: int | None
    frame: int


Record = Reply | Login | Transfer | Sign | Search | Clock
