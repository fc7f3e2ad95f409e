"""HTTP requests paired with their responses: HTTP/1.x, and HTTP/2 where it goes in clear (RFC 9110).

Rules
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
from typing import Any

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.http_again import hidden_http, http_frames
from explainer.protocols.http_answers import Spoken
from explainer.protocols.http_exchange import Exchange
from explainer.protocols.http_messages import MESSAGES, STATUS, Request, Response, messages
from explainer.protocols.tcp import Endpoint, segments

Row = dict[str, Any]
_WHOSE = ("stream", "time", "from_client", "client", "client_port", "server", "server_port")
"""What is needed to know of the segment that holds a message."""


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
            wish=asked.wish, leave_asked=asked.leave_asked,
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
            error_name=answer.error_name, leave_given=answer.leave_given,
        )  # fmt: skip
        self._done.append(self._left(done, first_frame) if answer.number is None else done)

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
        return begun._replace(
            closed_frame=ending.frame, closed_ns=ending.ns, closed_by_client=ending.by_client, reset=ending.reset
        )

    def _left(self, exchange: Exchange, answered: int) -> Exchange:
        """Return the exchange with the client's FIN, if it came between the request and the frame of the answer."""
        ending = self._answers.ending(exchange.request_frame) if exchange.request_frame else None
        if ending is None or ending.frame > answered or not ending.by_client or ending.reset:
            return exchange
        return exchange._replace(left_frame=ending.frame, left_ns=ending.ns)

    def _after(self, exchange: Exchange) -> int:
        return max(exchange.request_frame or 0, self._last_answer)
