"""How a handshake ended that got no ServerHello: each outcome at what makes it, and just below."""

from typing import Any

import pytest
from tls_records import (
    ALERTED,
    ANSWER,
    CLIENT_LEAVES,
    CLIENT_RESETS,
    HELLO,
    LAST,
    LATER,
    PRESENTED,
    SECOND,
    SERVER_LEAVES,
    SERVER_RESETS,
    at,
    client_hello,
    delivery,
    ending_of,
    handshake,
    hello_retry,
    opening,
    sent,
    server_hello,
    time_at,
    tls_facts,
    told,
)

from explainer.protocols.tls import Outcome, endings

BARE = handshake(server_hello=None, records=())


def after_hello_ns(seconds: float) -> int:
    """Return the time so long after the ClientHello."""
    return time_at(0, HELLO) + round(seconds * SECOND)


class TestWithoutServerHello:
    """Nothing of TLS came back."""

    @pytest.mark.parametrize(("seconds", "outcome"), [(3.0, Outcome.SILENCE), (2.99, Outcome.ENDED_EARLY)])
    def test_silence_takes_patience_of_the_capture(self, seconds: float, outcome: Outcome) -> None:
        last_ns = after_hello_ns(0.5)
        assert ending_of(BARE, last_ns=last_ns, patience_s=seconds - 0.5).outcome is outcome

    @pytest.mark.parametrize(("seconds", "outcome"), [(1.0, Outcome.SILENCE), (0.99, Outcome.ENDED_EARLY)])
    @pytest.mark.parametrize("below", [CLIENT_LEAVES, CLIENT_RESETS])
    def test_and_of_a_client_that_leaves(self, below: dict[str, Any], seconds: float, outcome: Outcome) -> None:
        assert ending_of(BARE, last_ns=after_hello_ns(seconds), **below).outcome is outcome

    def test_the_last_hello_counts(self) -> None:
        again = client_hello(frame=at(0, PRESENTED), time_ns=after_hello_ns(2))
        both = handshake(client_hellos=(client_hello(), again), server_hello=None, records=())
        assert ending_of(both, last_ns=after_hello_ns(4.9), patience_s=0).outcome is Outcome.ENDED_EARLY
        found = ending_of(both, last_ns=after_hello_ns(5), patience_s=0)
        assert (found.outcome, found.frame) == (Outcome.SILENCE, again.frame)
        assert found.waited_s == pytest.approx(3)

    @pytest.mark.parametrize(
        ("below", "outcome", "place"),
        [
            (SERVER_RESETS, Outcome.RESET_AFTER_HELLO, LATER),
            (SERVER_LEAVES, Outcome.CLOSED_AFTER_HELLO, LATER),
            (SERVER_RESETS | {"client_ends": (at(0, LAST),)}, Outcome.RESET_AFTER_HELLO, LATER),
            (SERVER_LEAVES | {"client_ends": (at(0, LAST),)}, Outcome.CLOSED_AFTER_HELLO, LATER),
            ({"server_ends": (at(0, 8),), "server_resets": (at(0, 9),)}, Outcome.CLOSED_AFTER_HELLO, 8),
            ({"server_ends": (at(0, 9),), "server_resets": (at(0, 8),)}, Outcome.RESET_AFTER_HELLO, 8),
            (SERVER_RESETS | {"client_ends": (at(0, 8),)}, Outcome.ENDED_EARLY, LAST),
            (SERVER_LEAVES | {"client_resets": (at(0, 8),)}, Outcome.ENDED_EARLY, LAST),
            ({"server_resets": (at(0, 2),)}, Outcome.SILENCE, HELLO),
        ],
        ids=[
            "reset", "closed", "reset before the client leaves", "closed before the client leaves",
            "closed, then reset", "reset, then closed", "reset after the client left", "closed after the client left",
            "reset before the hello",
        ],
    )  # fmt: skip
    def test_who_ends_it_first(self, below: dict[str, Any], outcome: Outcome, place: int) -> None:
        assert told(BARE, **below) == (outcome, place)

    def test_a_hello_that_nobody_acknowledges(self) -> None:
        lost = delivery(client=sent(acknowledged=1, unacknowledged=(at(0, HELLO), at(0, LATER))))
        assert ending_of(BARE, delivered=lost).outcome is Outcome.HELLO_UNACKNOWLEDGED
        early = delivery(client=sent(acknowledged=1, unacknowledged=(at(0, HELLO),)))
        assert ending_of(BARE, delivered=early, patience_s=2).outcome is Outcome.ENDED_EARLY
        assert ending_of(BARE, delivered=delivery(client=sent())).outcome is Outcome.SILENCE

    def test_an_answer_of_which_the_beginning_is_lost(self) -> None:
        gap = delivery(server=sent(gap_frame=at(0, ANSWER)))
        assert told(BARE, delivered=gap) == (Outcome.FLIGHT_LOST, ANSWER)
        assert told(BARE, delivered=gap, patience_s=2) == (Outcome.ENDED_EARLY, LAST)

    def test_an_answer_that_comes_when_the_client_has_left(self) -> None:
        late = handshake(records=(), server_hello=server_hello(frame=at(0, LATER)))
        gave_up = {"client_ends": (at(0, ALERTED),)}
        assert told(late, last_ns=after_hello_ns(1), **gave_up) == (Outcome.SILENCE, HELLO)
        assert told(late, last_ns=after_hello_ns(0.9), **gave_up) == (Outcome.ENDED_EARLY, LAST)

    def test_a_retry_request_is_an_answer(self) -> None:
        asked_again = handshake(server_hello=None, hello_retry=hello_retry(), records=handshake().records[:2])
        assert told(asked_again, **CLIENT_LEAVES) == (Outcome.LEFT_BY_CLIENT, LATER)
        assert told(asked_again, **SERVER_LEAVES) == (Outcome.LEFT_BY_SERVER, LATER)
        assert told(asked_again) == (Outcome.ENDED_EARLY, LAST)


class TestNotTls:
    """What the server says is no TLS."""

    @pytest.mark.parametrize(
        ("said", "outcome", "spoken"),
        [
            (((False, ANSWER, b"HTTP/1.1 400 Bad Request\r\n"),), Outcome.NOT_TLS, "HTTP"),
            (((True, HELLO, b"\x16\x03\x01\x01\x00\x01"), (False, ANSWER, b"\x99\x98")), Outcome.NOT_TLS, ""),
            (((False, 2, b"SSH-2.0-OpenSSH_9.2\r\n"),), Outcome.NOT_TLS, "SSH"),
            (((False, 2, b"SSH-2.0-OpenSSH_9.2\r\n"), (False, ANSWER, b"\x99\x98")), Outcome.NOT_TLS, "SSH"),
            (((False, ANSWER, b"\x15\x03\x03\x00\x02\x02\x28"),), Outcome.SILENCE, ""),
            (((True, HELLO, b"\x16\x03\x01\x01\x00\x01"),), Outcome.SILENCE, ""),
            (
                ((True, 0, b"EHLO a\r\n"), (False, 1, b"250 STARTTLS\r\n"), (False, 2, b"220 Go\r\n")),
                Outcome.SILENCE,
                "",
            ),
        ],
        ids=["HTTP", "bytes", "a greeting", "a greeting and bytes", "TLS all the same", "nothing", "STARTTLS before"],
    )
    def test_what_it_speaks_instead(
        self, said: tuple[tuple[bool, int, bytes], ...], outcome: Outcome, spoken: str
    ) -> None:
        (found,) = tls_facts(BARE, opened=[opening(0, *said)])[endings]
        assert (found.outcome, found.spoken) == (outcome, spoken)

    def test_the_middle_of_something_says_nothing(self) -> None:
        gap = delivery(server=sent(gap_frame=at(0, ANSWER)))
        said = opening(0, (True, HELLO, b"\x16\x03\x01\x01\x00\x01"), (False, ANSWER, b"\x99\x98"))
        (found,) = tls_facts(BARE, opened=[said], deliveries=[gap])[endings]
        assert found.outcome is Outcome.FLIGHT_LOST
