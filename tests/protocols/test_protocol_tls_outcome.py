"""How a handshake ended, told from records: each outcome at what makes it, and just below."""

from typing import Any

import pytest
from tls_records import (
    ALERT,
    ALERTED,
    ANSWER,
    CHANGE_CIPHER,
    CLIENT_CIPHER,
    CLIENT_DATA,
    CLIENT_LEAVES,
    CLIENT_RESETS,
    DATA,
    LAST,
    LATER,
    PRESENTED,
    SERVER_CIPHER,
    SERVER_DATA,
    SERVER_LEAVES,
    SERVER_RESETS,
    alert,
    at,
    client_hello,
    delivery,
    encrypted,
    ending_of,
    failed_handshake,
    handshake,
    hidden_handshake,
    message,
    record,
    sent,
    tls_facts,
    told,
)

from explainer.protocols.tcp_delivery import Sent
from explainer.protocols.tls import Outcome, Record, endings

SERVER_HELLO_DONE = 14
BARE = handshake(server_hello=None, records=())
BROKEN_OFF = handshake(records=())
FINISHED = encrypted(0, CLIENT_DATA, 53, from_client=True)
TICKET, REQUEST = (
    encrypted(0, SERVER_DATA, 250, from_client=False),
    encrypted(0, CLIENT_DATA + 1, 200, from_client=True),
)
SHORT = encrypted(0, SERVER_DATA, 19, from_client=False)
CIPHERS = (
    record(0, CLIENT_CIPHER, CHANGE_CIPHER, from_client=True),
    record(0, SERVER_CIPHER, CHANGE_CIPHER, from_client=False),
)
BOTH_DATA = (record(0, CLIENT_DATA, DATA, from_client=True), record(0, SERVER_DATA, DATA, from_client=False))


CLIENT_FIRST: dict[str, Any] = {"client_ends": (at(0, CLIENT_DATA),), "server_ends": (at(0, LATER),)}


class TestInClear:
    """Up to TLS 1.2."""

    @pytest.mark.parametrize(
        ("records", "below", "outcome", "place"),
        [
            (CIPHERS + BOTH_DATA, {}, Outcome.ESTABLISHED, SERVER_CIPHER),
            (CIPHERS + BOTH_DATA, CLIENT_LEAVES, Outcome.ESTABLISHED, SERVER_CIPHER),
            (CIPHERS, {}, Outcome.ESTABLISHED, SERVER_CIPHER),
            (BOTH_DATA, {}, Outcome.ESTABLISHED, SERVER_DATA),
            (CIPHERS, SERVER_LEAVES, Outcome.ESTABLISHED, SERVER_CIPHER),
            (CIPHERS, CLIENT_LEAVES, Outcome.UNUSED, LATER),
            (CIPHERS, CLIENT_RESETS, Outcome.UNUSED, LATER),
            ((*CIPHERS, record(0, CLIENT_DATA, ALERT, from_client=True)), {}, Outcome.UNUSED, CLIENT_DATA),
            (CIPHERS + BOTH_DATA[:1], CLIENT_LEAVES, Outcome.ESTABLISHED, SERVER_CIPHER),
            (CIPHERS[:1], {}, Outcome.ENDED_EARLY, LAST),
            (CIPHERS[1:], {}, Outcome.ENDED_EARLY, LAST),
            (BOTH_DATA[:1], {}, Outcome.ENDED_EARLY, LAST),
            (CIPHERS[:1], CLIENT_LEAVES, Outcome.LEFT_BY_CLIENT, LATER),
            (CIPHERS[:1], CLIENT_RESETS, Outcome.LEFT_BY_CLIENT, LATER),
            (CIPHERS[:1], SERVER_LEAVES, Outcome.LEFT_BY_SERVER, LATER),
            (CIPHERS[:1], SERVER_RESETS, Outcome.LEFT_BY_SERVER, LATER),
            ((), {"client_ends": (at(0, 9),), "server_ends": (at(0, 8),)}, Outcome.LEFT_BY_SERVER, 8),
            ((), {"client_ends": (at(0, 8),), "server_ends": (at(0, 9),)}, Outcome.LEFT_BY_CLIENT, 8),
        ],
        ids=[
            "used", "used and closed", "not used yet", "data without changes of cipher", "unused and left by server",
            "unused and left by client", "unused and reset by client", "unused, and the client says goodbye",
            "used by the client alone",
            "client's cipher alone", "server's cipher alone", "client's data alone", "left by client",
            "reset by client", "left by server", "reset by server", "server leaves first", "client leaves first",
        ],
    )  # fmt: skip
    def test_both_changes_of_cipher_or_data_of_both_make_it(
        self, records: tuple[Record, ...], below: dict[str, Any], outcome: Outcome, place: int
    ) -> None:
        assert told(handshake(records=records), **below) == (outcome, place)

    @pytest.mark.parametrize("from_client", [True, False])
    def test_a_fatal_alert_ends_it_whatever_came_before(self, from_client: bool) -> None:
        wanted = Outcome.ALERT_FROM_CLIENT if from_client else Outcome.ALERT_FROM_SERVER
        said = alert(code=40, from_client=from_client)
        for known in (handshake(alerts=(said,)), failed_handshake(0, said), BARE, hidden_handshake(0, FINISHED)):
            found = ending_of(handshake(**{**vars(known), "alerts": (said,)}))
            assert (found.outcome, found.frame, found.alert) == (wanted, said.frame, said)

    @pytest.mark.parametrize(("code", "level"), [(112, 1), (0, 1), (0, 2), (90, 1)])
    def test_a_warning_or_a_farewell_does_not(self, code: int, level: int) -> None:
        said = alert(code=code, level=level)
        assert ending_of(handshake(alerts=(said,))).outcome is Outcome.ESTABLISHED
        assert ending_of(failed_handshake(0, said), **SERVER_LEAVES).outcome is Outcome.LEFT_BY_SERVER

    def test_of_two_fatal_alerts_the_first_counts(self) -> None:
        said = alert(code=70), alert(code=40, frame=at(0, LATER), from_client=True)
        found = ending_of(failed_handshake(0, *said))
        assert (found.outcome, found.alert) == (Outcome.ALERT_FROM_SERVER, said[0])


SHORTLY_ASKED = (
    FINISHED, encrypted(0, CLIENT_DATA + 1, 35, from_client=True),
    encrypted(0, CLIENT_DATA + 2, 900, from_client=False), encrypted(0, CLIENT_DATA + 2, 230, from_client=False),
)  # fmt: skip
"""GET / HTTP/1.0 and two line ends are as long, encrypted, as GnuTLS's padded alerts."""


class TestEncrypted:
    """TLS 1.3."""

    @pytest.mark.parametrize(
        ("records", "below", "outcome", "place"),
        [
            ((FINISHED, REQUEST, TICKET), CLIENT_LEAVES, Outcome.ESTABLISHED, CLIENT_DATA),
            ((FINISHED,), {}, Outcome.ESTABLISHED, CLIENT_DATA),
            ((FINISHED, REQUEST), CLIENT_LEAVES, Outcome.ESTABLISHED, CLIENT_DATA),
            ((FINISHED,), SERVER_LEAVES, Outcome.ESTABLISHED, CLIENT_DATA),
            ((FINISHED,), CLIENT_LEAVES, Outcome.UNUSED, LATER),
            ((FINISHED, encrypted(0, CLIENT_DATA + 1, 19, from_client=True)), CLIENT_LEAVES, Outcome.UNUSED, LATER),
            (SHORTLY_ASKED, CLIENT_LEAVES, Outcome.ESTABLISHED, CLIENT_DATA),
            (SHORTLY_ASKED[:2], CLIENT_LEAVES, Outcome.UNUSED, LATER),
            ((FINISHED, encrypted(0, CLIENT_DATA + 1, 19, from_client=True), *SHORTLY_ASKED[2:]), CLIENT_LEAVES,
             Outcome.UNUSED, LATER),
            ((encrypted(0, CLIENT_DATA, 19, from_client=True),), {}, Outcome.REJECTED_BY_CLIENT, CLIENT_DATA),
            ((encrypted(0, CLIENT_DATA, 36, from_client=True),), {}, Outcome.REJECTED_BY_CLIENT, CLIENT_DATA),
            ((encrypted(0, CLIENT_DATA, 37, from_client=True),), {}, Outcome.ENDED_EARLY, LAST),
            ((encrypted(0, CLIENT_DATA, 37, from_client=True),), CLIENT_LEAVES, Outcome.LEFT_BY_CLIENT, LATER),
            ((), CLIENT_LEAVES, Outcome.LEFT_BY_CLIENT, LATER),
            ((FINISHED, SHORT), SERVER_LEAVES, Outcome.REJECTED_BY_SERVER, SERVER_DATA),
            ((FINISHED, SHORT), SERVER_RESETS, Outcome.REJECTED_BY_SERVER, SERVER_DATA),
            ((FINISHED, REQUEST, SHORT), SERVER_LEAVES, Outcome.REJECTED_BY_SERVER, SERVER_DATA),
            ((FINISHED, SHORT), {}, Outcome.ESTABLISHED, CLIENT_DATA),
            ((FINISHED, TICKET), SERVER_LEAVES, Outcome.ESTABLISHED, CLIENT_DATA),
            ((FINISHED, TICKET, SHORT), SERVER_LEAVES, Outcome.ESTABLISHED, CLIENT_DATA),
            ((FINISHED, SHORT), CLIENT_FIRST, Outcome.ESTABLISHED, CLIENT_DATA),
        ],
        ids=[
            "used", "not used yet", "used by the client alone", "left by server", "unused", "unused with a farewell",
            "asked in 18 bytes and answered", "as short and not answered", "answered after a bare farewell",
            "rejected", "rejected with padding", "too long for an alert", "too long and left", "no record and left",
            "refused", "refused with a reset", "refused in spite of a request", "short but stays", "ticket and leaves",
            "ticket, short and leaves", "the client leaves first",
        ],
    )  # fmt: skip
    def test_the_lengths_of_the_records_tell(
        self, records: tuple[Record, ...], below: dict[str, Any], outcome: Outcome, place: int
    ) -> None:
        assert told(hidden_handshake(0, *records), **below) == (outcome, place)

    def test_what_was_inferred_is_handed_on(self) -> None:
        for known in (hidden_handshake(0, FINISHED), hidden_handshake(0, FINISHED, alerts=(alert(),))):
            found = ending_of(known).flight
            assert found is not None
            assert found.finished == FINISHED
        assert ending_of(handshake()).flight is None
        assert ending_of(BARE).flight is None


class TestBrokenOff:
    """The ServerHello came, and then something was lost."""

    @pytest.mark.parametrize(
        ("server", "place"),
        [
            (sent(gap_frame=at(0, PRESENTED)), PRESENTED),
            (sent(acknowledged=100, unacknowledged=(at(0, ANSWER), at(0, LATER))), ANSWER),
        ],
        ids=["missing", "repeated and not acknowledged"],
    )
    def test_a_flight_is_lost(self, server: Sent, place: int) -> None:
        lost = delivery(server=server)
        assert told(BROKEN_OFF, delivered=lost, **CLIENT_LEAVES) == (Outcome.FLIGHT_LOST, place)
        whole = handshake(records=(), messages=(message(0, PRESENTED, SERVER_HELLO_DONE),))
        assert told(whole, delivered=lost, **CLIENT_LEAVES) == (Outcome.LEFT_BY_CLIENT, LATER)
        assert told(handshake(), delivered=lost) == (Outcome.ESTABLISHED, SERVER_CIPHER)

    def test_one_repetition_short_it_is_not(self) -> None:
        once = delivery(server=sent(acknowledged=100, unacknowledged=(at(0, ANSWER),)))
        assert told(BROKEN_OFF, delivered=once, **CLIENT_LEAVES) == (Outcome.LEFT_BY_CLIENT, LATER)


class TestCapture:
    """What the capture lacks."""

    @pytest.mark.parametrize("below", [{"server_frames": 0}, {"client_frames": 0}])
    def test_one_direction(self, below: dict[str, Any]) -> None:
        for known in (handshake(), BARE, failed_handshake(0, alert())):
            assert told(known, **below) == (Outcome.ONE_DIRECTION, 0)

    def test_the_start(self) -> None:
        assert told(handshake(client_hellos=())) == (Outcome.STARTED_LATE, 0)
        assert told(handshake(client_hellos=(), alerts=(alert(),))) == (Outcome.ALERT_FROM_SERVER, ALERTED)

    def test_without_a_hello_nobody_waited(self) -> None:
        assert ending_of(handshake(client_hellos=())).waited_s == 0


def test_each_handshake_has_its_own_end() -> None:
    found = tls_facts(handshake(0), failed_handshake(1, alert(1)), handshake(2, records=()))[endings]
    assert [(e.handshake.stream, e.connection.stream) for e in found] == [(0, 0), (1, 1), (2, 2)]
    assert [e.outcome for e in found] == [Outcome.ESTABLISHED, Outcome.ALERT_FROM_SERVER, Outcome.ENDED_EARLY]


def test_what_could_not_be_used_has_failed() -> None:
    held = {Outcome.ESTABLISHED, Outcome.UNUSED, Outcome.ONE_DIRECTION, Outcome.STARTED_LATE, Outcome.ENDED_EARLY}
    assert {outcome for outcome in Outcome if not outcome.failed} == held


class TestServersThatSpeakFirst:
    """HTTP/2's settings come unasked; a mail server's greeting is what its client came for."""

    SETTINGS = encrypted(0, SERVER_DATA, 64, from_client=False)

    @pytest.mark.parametrize(
        ("hello", "outcome"),
        [
            ({"alpn": ("h2", "http/1.1")}, Outcome.UNUSED),
            ({"alpn": ("http/1.1",)}, Outcome.UNUSED),
            ({"alpn": ("h2",), "extensions": (42,)}, Outcome.ESTABLISHED),
            ({"alpn": ("imap",)}, Outcome.ESTABLISHED),
            ({}, Outcome.ESTABLISHED),
        ],
        ids=["HTTP/2", "HTTP/1", "early data", "mail", "no ALPN"],
    )
    def test_a_web_client_that_asks_nothing_has_not_used_it(self, hello: dict[str, Any], outcome: Outcome) -> None:
        asked = (client_hello(0, **hello),)
        hidden = hidden_handshake(0, FINISHED, self.SETTINGS, client_hellos=asked)
        assert told(hidden, **CLIENT_LEAVES)[0] is outcome
        clear = handshake(records=(*CIPHERS, BOTH_DATA[1]), client_hellos=asked)
        assert told(clear, **CLIENT_LEAVES)[0] is outcome

    def test_one_that_asks_has(self) -> None:
        asked = (client_hello(0, alpn=("h2",)),)
        assert told(hidden_handshake(0, FINISHED, self.SETTINGS, REQUEST, client_hellos=asked), **CLIENT_LEAVES)[0] is (
            Outcome.ESTABLISHED
        )
        read = (FINISHED, self.SETTINGS, record(0, CLIENT_DATA + 1, DATA, from_client=True))
        assert told(hidden_handshake(0, *read, client_hellos=asked), **CLIENT_LEAVES)[0] is Outcome.ESTABLISHED
