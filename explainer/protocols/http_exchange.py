"""An HTTP request and its response as rules read them (RFC 9110); http_exchanges pairs them.

Rule: no credential, query or body gets into a record (see http_messages).
"""

from typing import NamedTuple

from explainer.protocols.http_bodies import Written
from explainer.protocols.http_cors import Leave
from explainer.protocols.tcp import Endpoint


class Exchange(NamedTuple):
    """A request and its response; without request where the capture began after it.

    `request_frame` is the frame that completes the request, or, where the answer came before, the one in which it
    begins (then it is `completed_frame` that completes it); `response_frame` is the one that completes the response,
    None where it never was complete, or cannot be read as HTTP; `first_byte_frame` is where the answer begins, which
    may be known all the same. `response_bytes` counts the server's TCP payload of this answer, headers included and
    retransmissions not, None where answers share a frame or a connection (HTTP/2). Times are nanoseconds since 1970.

    `over_tls` says that the request was decrypted. `path` has no query. Of the request's headers: `credentials`
    (whether there is an Authorization or Proxy-Authorization), `scheme` (Basic, Digest … in it, in small letters),
    `user` (whose name is in it, where it is one of these two), `agent` (User-Agent), `wish` (preflight or
    websocket, where it asks for that) and `secure` (whether a proxy says that the client came by https). `to_proxy`
    says that the client takes the server for a proxy: it sends CONNECT, or a whole URL (RFC 9112 sections 3.2.2 and
    3.2.3). Of the response's headers: `content_length`, `software` (Server), `proxies` ("via: …" and the like),
    `location` (without query), `challenge` (the scheme of WWW-Authenticate or Proxy-Authenticate), `leave_given` (to
    what a preflight asks for: http_cors). `written` says how its text is written, None where it holds no short one;
    `complaint` is what that text says is wrong, `error_name` what the service calls its error there, or in its
    challenge (http_error_names).

    `acknowledged_frame` is the server's first segment after the request that carries no data. `closed_frame` is the FIN
    or (`reset`) RST after a request whose response never got complete; `closed_by_client` says who sent it.
    `left_frame` is the client's FIN between its request and an answer that comes all the same.
    `unreadable` says that what the server sent in its place is no HTTP. `decoded_as` is the "Decode As" rule that shows
    the connection as HTTP where Wireshark does not by itself.
    """

    stream: int
    client: Endpoint
    server: Endpoint
    version: str = ""
    method: str = ""
    host: str = ""
    path: str = ""
    credentials: bool = False
    secure: bool = False
    over_tls: bool = False
    request_frame: int | None = None
    request_ns: int | None = None
    acknowledged_frame: int | None = None
    acknowledged_ns: int | None = None
    first_byte_frame: int | None = None
    first_byte_ns: int | None = None
    response_frame: int | None = None
    response_ns: int | None = None
    response_bytes: int | None = None
    status: int | None = None
    reason: str = ""
    content_length: int | None = None
    software: str = ""
    proxies: tuple[str, ...] = ()
    location: str = ""
    challenge: str = ""
    written: Written | None = None
    complaint: str = ""
    error_name: str = ""
    scheme: str = ""
    user: str = ""
    to_proxy: bool = False
    agent: str = ""
    wish: str = ""
    leave_asked: Leave | None = None
    leave_given: Leave | None = None
    closed_frame: int | None = None
    closed_ns: int | None = None
    closed_by_client: bool = False
    reset: bool = False
    unreadable: bool = False
    decoded_as: str = ""
    completed_frame: int | None = None
    left_frame: int | None = None
    left_ns: int | None = None

    @property
    def first_frame(self) -> int:
        """Return the first frame of the exchange."""
        return min(f for f in (self.request_frame, self.first_byte_frame, self.response_frame) if f is not None)

    @property
    def dissected_frame(self) -> int | None:
        """Return the frame in which tshark shows the request."""
        return self.completed_frame or self.request_frame

    @property
    def time_ms(self) -> float | None:
        """Return the time from the request to the end of its response, as http.time without pipelining."""
        return self._since_request(self.response_ns)

    @property
    def first_byte_ms(self) -> float | None:
        """Return the time from the request to the first byte of its response: how long the server thought."""
        return self._since_request(self.first_byte_ns)

    @property
    def acknowledged_ms(self) -> float | None:
        """Return the time from the request to its acknowledgement without data: how fast the network is."""
        return self._since_request(self.acknowledged_ns)

    @property
    def closed_before_response(self) -> bool:
        """Return whether the connection ended after the request, before a whole response."""
        return self.closed_frame is not None

    def _since_request(self, moment: int | None) -> float | None:
        return None if moment is None or self.request_ns is None else round((moment - self.request_ns) / 1e6, 6)
