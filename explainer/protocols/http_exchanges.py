"""HTTP requests paired with their responses: HTTP/1.x, and HTTP/2 where it goes in clear (RFC 9110).

Rules
* No credential, query or body gets into a record (see http_messages).
* Responses are paired in order, here: tshark 4.0.17 prints no http.response_in in one pass, and with pipelining its
  http.request_in and http.time name the latest request instead of the one that is answered.
* tshark dissects a request in the frame that completes it: where the server answers before that, it is paired with the
  answer that stands alone before it (RFC 9112 section 9.5: a server may refuse a body while that is still being sent).
* tshark dissects a response in the frame that completes it, and one that never gets complete not at all: when the
  answer began, and how much came, is told from the TCP segments.
"""

from collections import deque
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.http_again import hidden_http, http_frames
from explainer.protocols.http_answers import Spoken
from explainer.protocols.http_bodies import Written
from explainer.protocols.http_messages import MESSAGES, STATUS, Request, Response, messages
from explainer.protocols.tcp import Endpoint, segments

Row = dict[str, Any]
_WHOSE = ("stream", "time", "from_client", "client", "client_port", "server", "server_port")
"""What is needed to know of the segment that holds a message."""


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
    `location` (without query), `challenge` (the scheme of WWW-Authenticate or Proxy-Authenticate), `allows_origin`
    (whether there is an Access-Control-Allow-Origin). `written` says how its text is written, None where it holds
    no short one; `complaint` is what that text says is wrong, `error_name` what the service calls its error there
    (http_error_names).

    `acknowledged_frame` is the server's first segment after the request that carries no data. `closed_frame` is the FIN
    or (`reset`) RST after a request whose response never got complete; `closed_by_client` says who sent it.
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
    allows_origin: bool = False
    closed_frame: int | None = None
    closed_by_client: bool = False
    reset: bool = False
    unreadable: bool = False
    decoded_as: str = ""
    completed_frame: int | None = None

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


@fact("HTTP messages", segments, http_frames, hidden_http)
def exchanges(facts: Facts) -> tuple[Exchange, ...]:
    """Return the exchanges in the order of their first frame, their texts unread."""
    message = pl.any_horizontal(pl.col(column.field).is_not_null() for column in MESSAGES)
    # tshark gives data that it cannot read as HTTP, where HTTP is expected, an http layer without a message.
    unread = frozenset(facts[http_frames].filter(~message)[FRAME.field].to_list())
    # SSDP is HTTP over UDP, which nobody needs to answer: the join leaves it out.
    whose = facts[segments].select("frame", *_WHOSE)
    with_http = facts[http_frames].filter(message)
    table = with_http.join(whose, left_on=FRAME.field, right_on="frame").sort("stream", FRAME.field)
    said = facts[segments].join(table.select("stream").unique(), on="stream", how="semi").sort("frame")
    spoken = Spoken(said.with_columns(pl.col("frame").is_in(unread).alias("unread")))
    found = list[Exchange]()
    for _, rows in groupby(table.iter_rows(named=True), key=lambda row: row["stream"]):
        found.extend(_Connection(list(rows), spoken).exchanges())
    rules = facts[hidden_http]
    told = (each._replace(decoded_as=rules[each.stream]) if each.stream in rules else each for each in found)
    return tuple(sorted(told, key=lambda exchange: exchange.first_frame))


class _Connection:
    """The messages of one connection, in file order."""

    def __init__(self, rows: list[Row], spoken: Spoken) -> None:
        said = [(row, message) for row in rows for message in messages(row)]
        # Who asks is the client, whatever TCP's start (not seen, perhaps) made us guess.
        client_is = next((row["from_client"] is isinstance(message, Request) for row, message in said), True)
        self._said = [pair for pair in said if pair[0]["from_client"] is (isinstance(pair[1], Request) is client_is)]
        ends = [Endpoint(rows[0][side], rows[0][f"{side}_port"]) for side in ("client", "server")]
        self._client, self._server = ends if client_is else reversed(ends)
        self._stream = rows[0]["stream"]
        self._answers = spoken.by_server(self._stream, client_is=client_is)
        self._begun = partial(spoken.begun, self._stream, client_is=client_is)
        self._waiting: deque[tuple[int | None, Exchange]] = deque()
        self._done: list[Exchange] = []
        self._last_answer = self._last_asked = 0
        self._alone: list[tuple[int, Row, Response]] = []  # answers since the last request, and the answer before each

    def exchanges(self) -> list[Exchange]:
        final = [message for _, message in self._said if isinstance(message, Response) and not message.interim]
        asked = [message for _, message in self._said if isinstance(message, Request)]
        whole = len(final) == len(asked)
        for row, message in self._said:
            if isinstance(message, Request):
                self._ask(row, message, whole=whole)
            elif message.interim:
                self._last_answer = row[FRAME.field]
            else:
                self._answer(row, message)
        self._done.extend(self._unfinished(exchange, None) for _, exchange in self._waiting)
        return self._done

    def _ask(self, row: Row, asked: Request, *, whole: bool) -> None:
        frame = row[FRAME.field]
        if not whole and asked.number is None:
            # A client that got something and asks again has its answer: one that tshark could not read.
            while self._waiting and self._answers.between(self._after(self._waiting[0][1]), frame)[2]:
                self._done.append(self._unfinished(self._waiting.popleft()[1], frame))
                self._last_answer = frame
        acknowledged_frame, acknowledged_ns = self._answers.acknowledged(frame)
        exchange = Exchange(
            self._stream, self._client, self._server, asked.version, asked.method, asked.host, asked.path,
            asked.credentials, asked.secure, ":tls:" in row[PROTOCOLS.field], frame, row["time"], acknowledged_frame,
            acknowledged_ns, scheme=asked.scheme, user=asked.user, to_proxy=asked.to_proxy, agent=asked.agent,
            wish=asked.wish,
        )  # fmt: skip
        self._waiting.append((asked.number, exchange))
        if len(self._alone) == 1 and asked.number is None and not exchange.over_tls:
            self._answer_early(exchange, asked, whole=whole)
        self._last_asked, self._alone = frame, []

    def _answer_early(self, exchange: Exchange, asked: Request, *, whole: bool) -> None:
        """Pair the one answer since the last request with this one, if it came while this one was being sent."""
        before, row, answer = self._alone[0]
        # How long a body in chunks gets is said nowhere: nothing else of the connection may be unread then.
        told, size = (whole, None) if asked.in_chunks else (bool(asked.size), asked.size)
        begun = self._begun(self._last_asked, row[FRAME.field], exchange.request_frame or 0, size)
        if begun is None or not told:
            return
        acknowledged_frame, acknowledged_ns = self._answers.acknowledged(begun[0])
        early = exchange._replace(
            request_frame=begun[0], request_ns=begun[1], acknowledged_frame=acknowledged_frame,
            acknowledged_ns=acknowledged_ns, completed_frame=exchange.request_frame,
        )  # fmt: skip
        self._waiting[-1] = (None, early)
        self._done.pop()  # the answer, taken for that to a request which was not seen
        self._last_answer = before
        self._answer(row, answer)

    def _answer(self, row: Row, answer: Response) -> None:
        exchange = self._asked_for(answer.number)
        frame, time = row[FRAME.field], row["time"]
        if exchange.request_frame is None:
            self._alone.append((self._last_answer, row, answer))
        if answer.number is not None:
            first_frame, first_ns, size = frame, time, None
        else:
            first, first_at, size = self._answers.between(self._after(exchange), frame)
            # It begins in the frame in which the one before ended.
            first_frame, first_ns, size = (first, first_at, size) if first and first_at else (frame, time, None)
            if len(row[STATUS.field]) > 1:
                size = None
        self._last_answer = frame
        done = exchange._replace(
            version=exchange.version or answer.version, first_byte_frame=first_frame, first_byte_ns=first_ns,
            response_frame=frame, response_ns=time, response_bytes=size, status=answer.status, reason=answer.reason,
            content_length=answer.content_length, software=answer.software, proxies=answer.proxies,
            location=answer.location, challenge=answer.challenge, written=answer.written,
            allows_origin=answer.allows_origin,
        )  # fmt: skip
        self._done.append(done)

    def _asked_for(self, number: int | None) -> Exchange:
        """Return the oldest waiting request (of that HTTP/2 stream), or one without request."""
        for index, (waiting, exchange) in enumerate(self._waiting):
            if waiting == number:
                del self._waiting[index]
                return exchange
        return Exchange(self._stream, self._client, self._server)

    def _unfinished(self, exchange: Exchange, until: int | None) -> Exchange:
        """Return the request whose response tshark did not dissect, with what TCP shows of it."""
        after = self._after(exchange)
        first, first_at, size = self._answers.between(after, until)
        unread = self._answers.unreadable(after, until)
        begun = exchange._replace(
            first_byte_frame=first, first_byte_ns=first_at, response_bytes=size, unreadable=unread
        )
        ending = self._answers.ending(exchange.request_frame or 0) if until is None else None
        if ending is None:
            return begun
        return begun._replace(closed_frame=ending[0], closed_by_client=ending[1], reset=ending[2])

    def _after(self, exchange: Exchange) -> int:
        return max(exchange.request_frame or 0, self._last_answer)
