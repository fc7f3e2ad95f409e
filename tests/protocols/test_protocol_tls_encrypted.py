"""What TLS 1.3 hides, told by lengths: each just at, below and above what it is told by (RFC 8446, 4.4 and 6)."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import EVERYTHING
from tls_records import (
    CLIENT_DATA,
    HELLO,
    LATER,
    SERVER_DATA,
    TLS13,
    encrypted,
    hidden_handshake,
    message,
    record,
    server_hello,
)

from explainer.facts import Facts
from explainer.protocols.tls import Record, endings
from explainer.protocols.tls.encrypted import ClientCertificate, Flight, flight, is_short

FactsOf = Callable[..., Facts]
SHA256, SHA384, SHORT_TAG = 0x1301, 0x1302, 0x1305
FINISHED = 20


def client(*lengths: int, suite: int = SHA256, server: tuple[int, ...] = ()) -> Flight:
    """Return the flight of a client that sends records of these lengths, and of a server that answers them."""
    records = [encrypted(0, CLIENT_DATA, length, from_client=True) for length in lengths]
    records += [encrypted(0, SERVER_DATA, length, from_client=False) for length in server]
    return flight(hidden_handshake(0, *records, server_hello=server_hello(version=TLS13, cipher_suite=suite)))


def lengths(records: tuple[Record, ...]) -> list[int]:
    return [each.length for each in records]


@pytest.mark.parametrize(
    ("suite", "length"), [(SHA256, 53), (SHA384, 69), (SHORT_TAG, 45)], ids=["SHA-256", "SHA-384", "short tag"]
)
def test_a_finished_is_as_long_as_the_hash_and_never_shorter(suite: int, length: int) -> None:
    exact, shorter = client(length, suite=suite), client(length - 1, suite=suite)
    assert exact.finished is not None
    assert exact.rejection is None
    assert shorter.finished is None


@pytest.mark.parametrize(
    ("suite", "length", "rejects"),
    [
        (SHA256, 18, False), (SHA256, 19, True), (SHA256, 35, True), (SHA256, 36, True), (SHA256, 37, False),
        (SHORT_TAG, 10, False), (SHORT_TAG, 11, True), (SHORT_TAG, 28, True), (SHORT_TAG, 29, False),
    ],
)  # fmt: skip
def test_a_rejection_is_as_long_as_an_alert_padded_or_not(suite: int, length: int, rejects: bool) -> None:
    found = client(length, suite=suite)
    assert (found.rejection is not None) is rejects
    assert found.finished is None


def test_an_alert_after_the_finished_is_no_rejection() -> None:
    found = client(53, 19)
    assert found.rejection is None
    assert found.data == ()


def test_only_the_first_record_can_stand_in_the_finisheds_place() -> None:
    assert client(40, 19).rejection is None


def test_a_finished_may_follow_a_certificate_but_not_much_else() -> None:
    assert client(40, 40, 40, 53).finished is not None
    assert client(40, 40, 40, 40, 53).finished is None


def test_early_data_comes_before_the_server_hello_and_does_not_count() -> None:
    early = encrypted(0, HELLO, 300, from_client=True)
    found = flight(hidden_handshake(0, early, encrypted(0, CLIENT_DATA, 19, from_client=True)))
    assert (found.finished, found.rejection is not None) == (None, True)


def test_records_in_clear_do_not_count() -> None:
    assert flight(hidden_handshake(0, record(0, CLIENT_DATA, 20, from_client=True, length=53))).finished is None


def test_a_client_that_says_nothing() -> None:
    assert client() == Flight(None, None, None, None, ClientCertificate.UNKNOWN, (), (), ())


@pytest.mark.parametrize(
    ("sent", "certificate"),
    [
        ((53,), ClientCertificate.NOT_ASKED),
        ((53, 200), ClientCertificate.NOT_ASKED),
        ((25, 53), ClientCertificate.EMPTY),
        ((61,), ClientCertificate.EMPTY),
        ((25,), ClientCertificate.UNKNOWN),
        ((25, 54), ClientCertificate.UNKNOWN),
        ((26, 53), ClientCertificate.UNKNOWN),
        ((60,), ClientCertificate.UNKNOWN),
        ((151, 53), ClientCertificate.SENT),
        ((900, 100, 53), ClientCertificate.SENT),
        ((150, 53), ClientCertificate.UNKNOWN),
        ((900, 100, 54), ClientCertificate.UNKNOWN),
        ((900, 100, 100, 53), ClientCertificate.UNKNOWN),
    ],
)
def test_the_clients_certificate_is_told_by_exact_lengths(
    sent: tuple[int, ...], certificate: ClientCertificate
) -> None:
    assert client(*sent).certificate is certificate


@pytest.mark.parametrize(("sent", "finished", "data"), [((900, 100, 53, 300), 53, [300]), ((53, 300), 53, [300])])
def test_the_finished_comes_after_the_certificate_and_before_the_data(
    sent: tuple[int, ...], finished: int, data: list[int]
) -> None:
    found = client(*sent)
    assert found.finished is not None
    assert (found.finished.length, lengths(found.data)) == (finished, data)


@pytest.mark.parametrize(
    ("sent", "data"),
    [((53,), []), ((53, 200), [200]), ((53, 200, 19), [200]), ((53, 30, 200), [30, 200]), ((53, 37), [37])],
    ids=["none", "a request", "and a farewell", "a short one first", "longer than an alert"],
)
def test_data_is_what_follows_but_for_an_alert_at_the_end(sent: tuple[int, ...], data: list[int]) -> None:
    assert lengths(client(*sent).data) == data


def test_after_is_what_the_server_sends_later() -> None:
    before = encrypted(0, HELLO + 1, 2000, from_client=False)
    found = flight(
        hidden_handshake(
            0,
            before,
            encrypted(0, CLIENT_DATA, 53, from_client=True),
            encrypted(0, SERVER_DATA, 250, from_client=False),
            record(0, LATER, 20, from_client=False),
        )
    )
    assert lengths(found.after) == [250]
    assert client(40, server=(250,)).after == ()


def test_what_was_decrypted_is_read_and_not_guessed() -> None:
    records = (
        record(0, CLIENT_DATA, 22, from_client=True, length=53),
        record(0, SERVER_DATA, 21, from_client=False, length=19),
    )
    read = hidden_handshake(0, *records, messages=(message(0, CLIENT_DATA, FINISHED, from_client=True),))
    found = flight(read)
    assert (found.finished, found.rejection, found.after) == (records[0], None, records[1:])


@pytest.mark.parametrize(("length", "short"), [(19, True), (36, True), (37, False)])
def test_what_is_short_holds_no_more_than_an_alert(length: int, short: bool) -> None:
    assert is_short(encrypted(0, SERVER_DATA, length, from_client=False)) is short


LAB: dict[str, tuple[bool, bool, ClientCertificate]] = {
    "tls13_healthy": (True, False, ClientCertificate.NOT_ASKED),
    "tls13_expired_gnutls": (False, True, ClientCertificate.UNKNOWN),
    "tls13_self_signed_gnutls": (False, True, ClientCertificate.UNKNOWN),
    "tls13_unknown_ca_java": (False, True, ClientCertificate.UNKNOWN),
    "tls13_client_certificate_healthy": (True, False, ClientCertificate.SENT),
    "tls13_client_certificate_missing": (True, False, ClientCertificate.EMPTY),
    "tls13_client_certificate_other_ca": (True, False, ClientCertificate.SENT),
}


@pytest.mark.parametrize("name", LAB)
def test_what_real_programs_send(name: str, facts_of: FactsOf) -> None:
    (found,) = (flight(ending.handshake) for ending in facts_of(name, *EVERYTHING)[endings])
    said: tuple[Any, ...] = (found.finished is not None, found.rejection is not None, found.certificate)
    assert said == LAB[name]


@pytest.mark.parametrize(
    ("sent", "certificate"),
    [
        ((41, 69), ClientCertificate.EMPTY),
        ((69,), ClientCertificate.NOT_ASKED),
        ((900, 116, 69), ClientCertificate.SENT),
        ((41, 68), ClientCertificate.UNKNOWN),
        ((40, 69), ClientCertificate.UNKNOWN),
    ],
)
def test_java_makes_its_messages_16_bytes_longer(sent: tuple[int, ...], certificate: ClientCertificate) -> None:
    assert client(*sent).certificate is certificate


@pytest.mark.parametrize(
    ("sent", "refused"), [((19,), True), ((35,), True), ((37,), False), ((19, 53), False), ((), False)]
)
def test_an_alert_alone_after_the_server_hello_is_a_refusal(sent: tuple[int, ...], refused: bool) -> None:
    assert (client(server=sent).refusal is not None) is refused


@pytest.mark.parametrize(("longest", "told"), [(150, False), (151, True)])
def test_a_long_record_of_the_server_may_hold_its_certificate(longest: int, told: bool) -> None:
    assert (client(server=(27, longest, 53)).certificates is not None) is told


def test_a_server_may_reject_a_certificate_before_the_finished_is_there() -> None:
    empty, finished = (
        encrypted(0, place, length, from_client=True) for place, length in ((CLIENT_DATA, 25), (LATER, 53))
    )
    rejection = encrypted(0, SERVER_DATA, 19, from_client=False)
    assert lengths(flight(hidden_handshake(0, empty, rejection, finished)).after) == [19]
