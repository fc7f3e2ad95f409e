"""How each TLS handshake over TCP ended, as far as the capture shows; a fact, no judgement."""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.protocols.banners import spoken
from explainer.protocols.frame import last_ns
from explainer.protocols.openings import Opening, openings
from explainer.protocols.tcp import Connection, connections
from explainer.protocols.tcp_delivery import Delivery, deliveries
from explainer.protocols.tls.encrypted import Flight, flight, is_bare_alert, is_short, may_be_tickets
from explainer.protocols.tls.ending import Ending, Outcome
from explainer.protocols.tls.handshake import Handshake, handshakes
from explainer.protocols.tls.messages import ALERT, APPLICATION_DATA, SERVER_HELLO_DONE, Alert

PATIENCE_S = 3.0
"""A silence shorter than this says nothing: the answer may only be slow."""
_GIVEN_UP_S = 1.0
"""Nor does one after which the client left sooner than this."""
_WEB = frozenset({"h2", "http/1.1", "http/1.0"})  # RFC 7301, section 6
_EARLY_DATA = 42  # RFC 8446, section 4.2.10
_DISTURBED = frozenset({10, 50, 80})
"""unexpected_message, decode_error, internal_error: what servers answer to an end in the middle of a handshake, too."""


@fact("TLS handshakes over TCP", handshakes, connections, deliveries, openings, last_ns)
def tcp_endings(facts: Facts) -> tuple[Ending, ...]:
    """Return how the handshakes over TCP ended, in their order."""
    by_stream = {connection.stream: connection for connection in facts[connections]}
    opened = {opening.stream: opening for opening in facts[openings]}
    delivered = facts[deliveries]
    found = []
    for handshake in facts[handshakes]:
        connection, delivery = by_stream[handshake.stream], delivered.get(handshake.stream)
        known = _Known(handshake, connection, delivery, opened.get(handshake.stream), facts[last_ns])
        found.append(known.ending())
    return tuple(found)


class _Known(NamedTuple):
    """All that is known of one handshake; each method answers one question about it, or says None."""

    handshake: Handshake
    connection: Connection
    delivery: Delivery | None
    opening: Opening | None
    capture_ends_ns: int

    def ending(self) -> Ending:
        """Return the first answer, in the order in which the later ones would be mistaken."""
        handshake = self.handshake
        return (
            self._one_sided()
            or self._alerted()
            or (self._without_server_hello() if handshake.server_hello is None or self._answered_too_late() else None)
            or (self._encrypted() if handshake.encrypts_certificates else self._clear())
            or self._broken_off()
            or self._of(Outcome.ENDED_EARLY, self.connection.last_frame)
        )

    def _of(self, outcome: Outcome, frame: int, **more: object) -> Ending:
        return Ending(self.handshake, self.connection, outcome, frame, **more)  # type: ignore[arg-type]  # its own fields

    def _one_sided(self) -> Ending | None:
        connection = self.connection
        if not connection.server_frames or not connection.client_frames:
            return self._of(Outcome.ONE_DIRECTION, connection.first_frame)
        if self.handshake.client_hellos:
            return None
        return None if self.handshake.fatal_alerts else self._of(Outcome.STARTED_LATE, connection.first_frame)

    def _alerted(self) -> Ending | None:
        alert = next((alert for alert in self.handshake.fatal_alerts if not self._about_leaving(alert)), None)
        if alert is None:
            return None
        outcome = Outcome.ALERT_FROM_CLIENT if alert.from_client else Outcome.ALERT_FROM_SERVER
        return self._of(outcome, alert.frame, alert=alert, flight=self._flight())

    def _about_leaving(self, alert: Alert) -> bool:
        """Return whether a server says no more than that the client, which had left, did not go on."""
        return not alert.from_client and alert.code in _DISTURBED and self._client_left(alert.frame)

    def _flight(self) -> Flight | None:
        return flight(self.handshake) if self.handshake.encrypts_certificates else None

    def _answered_too_late(self) -> bool:
        """Return whether the client had left before the ServerHello came."""
        asked, answered = self.handshake.client_hellos, self.handshake.server_hello
        if not asked or answered is None:
            return False
        gone = (*self.connection.client_ends, *self.connection.client_resets)
        return any(asked[-1].frame < frame < answered.frame for frame in gone)

    def _without_server_hello(self) -> Ending:
        connection, hello, retry = self.connection, self.handshake.client_hellos[-1], self.handshake.hello_retry
        if retry is not None and retry.frame > hello.frame:
            return self._broken_off() or self._of(Outcome.ENDED_EARLY, connection.last_frame)
        language = self._language(hello.frame)
        if language is not None:
            return self._of(Outcome.NOT_TLS, language[0], spoken=language[1])
        reset = next((f for f in connection.server_resets if f > hello.frame), None)
        closed = next((f for f in connection.server_ends if f > hello.frame), None)
        left = next((f for f in (*connection.client_ends, *connection.client_resets) if f > hello.frame), None)
        if reset is not None and (closed is None or reset < closed) and (left is None or reset < left):
            return self._of(Outcome.RESET_AFTER_HELLO, reset)
        if closed is not None and (left is None or closed < left):
            return self._of(Outcome.CLOSED_AFTER_HELLO, closed)
        waited = (connection.last_ns - hello.time_ns) / 1e9
        patient = max(waited, 0 if left else (self.capture_ends_ns - hello.time_ns) / 1e9)
        if patient < (_GIVEN_UP_S if left else PATIENCE_S):
            return self._of(Outcome.ENDED_EARLY, connection.last_frame)
        if self.delivery and self.delivery.server.gap_frame is not None:
            return self._of(Outcome.FLIGHT_LOST, self.delivery.server.gap_frame)
        if self.delivery and any(frame <= hello.frame for frame in self.delivery.client.unacknowledged):
            return self._of(Outcome.HELLO_UNACKNOWLEDGED, hello.frame)
        return self._of(Outcome.SILENCE, hello.frame)

    def _language(self, after: int) -> tuple[int, str] | None:
        """Return the server's answer that is no TLS, and what it speaks, empty where that is unknown.

        A server that greets says by that what it speaks, unless the client had answered: then the ClientHello may have
        come after STARTTLS. What follows a gap is the middle of something.
        """
        if self.opening is None:
            return None
        gap = self.delivery.server.gap_frame if self.delivery else None
        told = [(p.frame, spoken(p.data)) for p in self.opening.server if gap is None or p.frame < gap]
        answer = next(((frame, language) for frame, language in told if frame > after and language != "TLS"), None)
        first = self.opening.client[0].frame if self.opening.client else after
        greeting = next(((f, language) for f, language in told if f < first and language not in ("", "TLS")), None)
        if greeting and answer:
            return answer[0], greeting[1]
        return answer or greeting

    def _encrypted(self) -> Ending | None:
        sent = flight(self.handshake)
        if sent.finished is None:
            if sent.rejection is not None:
                return self._of(Outcome.REJECTED_BY_CLIENT, sent.rejection.frame, flight=sent)
            return self._turned_away(sent)
        farewell = min(self._farewells(sent.finished.frame), default=None)
        before = [record for record in sent.after if farewell is None or record.frame < farewell]
        answered = not may_be_tickets(before) and not self._client_has_to_ask()
        used = bool(sent.data) or self._asked_readably() or answered or self._asked_shortly(sent)
        return self._refused(sent) or self._used(sent.finished.frame, sent, used=used)

    def _turned_away(self, sent: Flight) -> Ending | None:
        """Return the ending where the server follows its ServerHello with nothing but an alert, and leaves."""
        leaving = (*self.connection.server_ends, *self.connection.server_resets)
        if sent.refusal is None or not leaving or self._client_left(sent.refusal.frame):
            return None
        return self._of(Outcome.REFUSED_BY_SERVER, sent.refusal.frame, flight=sent)

    def _client_left(self, before: int) -> bool:
        return any(f < before for f in (*self.connection.client_ends, *self.connection.client_resets))

    def _refused(self, sent: Flight) -> Ending | None:
        """Return the ending where the server answers the client's Finished with nothing but an alert, and leaves."""
        assert sent.finished is not None  # asked before
        if not sent.after or not all(is_short(record) for record in sent.after):
            return None
        refusal = sent.after[0].frame
        leaving = (*self.connection.server_ends, *self.connection.server_resets)
        if not leaving or self._client_left(refusal):
            return None
        return self._of(Outcome.REJECTED_BY_SERVER, refusal, flight=sent)

    def _clear(self) -> Ending | None:
        handshake = self.handshake
        both = handshake.client_change_cipher and handshake.server_change_cipher
        if not both and not (handshake.client_data and handshake.server_data):
            return None
        frames = handshake.server_change_cipher or handshake.server_data
        farewell = min(self._farewells(max(handshake.client_change_cipher, default=frames[0])), default=None)
        heard = any(farewell is None or frame < farewell for frame in handshake.server_data)
        greeted = heard and not self._client_has_to_ask()
        return self._used(frames[0], None, used=bool(handshake.client_data) or greeted)

    def _asked_shortly(self, sent: Flight) -> bool:
        """Return whether a record as short as a padded alert is a request all the same, since it is answered."""
        asked = next((record for record in sent.own if is_short(record)), None)
        if asked is None or is_bare_alert(asked) or self._client_has_to_ask():
            return False
        return not may_be_tickets(record for record in sent.after if record.frame > asked.frame)

    def _asked_readably(self) -> bool:
        """Return whether the client sent data that was decrypted: a flight counts what was not."""
        own = (r for r in self.handshake.records if r.from_client and not r.encrypted)
        return any(record.type == APPLICATION_DATA for record in own)

    def _client_has_to_ask(self) -> bool:
        """Return whether what the server says first is no use of the connection: HTTP/2's settings come unasked.

        Web clients say by ALPN that they are some. One that asked within the handshake (early data) has an answer.
        """
        hello = self.handshake.client_hello
        return hello is not None and not _WEB.isdisjoint(hello.alpn) and _EARLY_DATA not in hello.extensions

    def _used(self, frame: int, sent: Flight | None, *, used: bool) -> Ending:
        connection = self.connection
        alerts = (r.frame for r in self.handshake.records if r.from_client and r.type == ALERT)
        # The capture may end with the client's alert, before its FIN.
        leaving = (*connection.client_ends, *connection.client_resets, *alerts)
        left = next((f for f in leaving if f > frame), None)
        gone = next((f for f in (*connection.server_ends, *connection.server_resets) if f > frame), None)
        if used or left is None or (gone is not None and gone < min((left, *self._farewells(frame)))):
            return self._of(Outcome.ESTABLISHED, frame, flight=sent)
        return self._of(Outcome.UNUSED, left, flight=sent)

    def _farewells(self, after: int) -> tuple[int, ...]:
        """Return the frames in which the client may say goodbye: close_notify, by its length in TLS 1.3, FIN or reset.

        A server may send more after it: the answer to a request that never came, or session tickets.
        """
        own = (record for record in self.handshake.records if record.from_client and record.frame > after)
        said = (r.frame for r in own if r.type == ALERT or (r.encrypted and is_short(r)))
        gone = (f for f in (*self.connection.client_ends, *self.connection.client_resets) if f > after)
        return (*said, *gone)

    def _broken_off(self) -> Ending | None:
        """Return the ending of a handshake that stopped after the ServerHello, or after a HelloRetryRequest."""
        connection, hello = self.connection, self.handshake.server_hello or self.handshake.hello_retry
        assert hello is not None  # the others end before
        lost = self._lost_frame()
        if lost is not None and not self._flight_complete():
            return self._of(Outcome.FLIGHT_LOST, lost)
        left = min((f for f in (*connection.client_ends, *connection.client_resets) if f > hello.frame), default=None)
        gone = min((f for f in (*connection.server_ends, *connection.server_resets) if f > hello.frame), default=None)
        if left is not None and (gone is None or left < gone):
            return self._of(Outcome.LEFT_BY_CLIENT, left)
        return self._of(Outcome.LEFT_BY_SERVER, gone) if gone is not None else None

    def _lost_frame(self) -> int | None:
        """Return the segment after which bytes are missing, or which the server repeats and nobody acknowledges."""
        if self.delivery is None:
            return None
        sent = self.delivery.server
        if sent.gap_frame is not None:
            return sent.gap_frame
        return sent.unacknowledged[0] if len(sent.unacknowledged) > 1 else None

    def _flight_complete(self) -> bool:
        return self.handshake.message(SERVER_HELLO_DONE, from_client=False) is not None
