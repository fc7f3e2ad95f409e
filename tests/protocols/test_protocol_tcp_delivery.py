from collections.abc import Callable
from pathlib import Path

import pytest
from talk import Talk, Wire

from explainer.facts import Facts
from explainer.protocols.tcp_delivery import NOTHING, Delivery, deliveries

FactsOf = Callable[..., Facts]


@pytest.fixture
def deliver(tmp_path: Path, facts_of: FactsOf) -> Callable[[Wire], Delivery]:
    def delivery(wire: Wire) -> Delivery:
        (only,) = facts_of(wire.save(tmp_path / "data.pcap"), deliveries)[deliveries].values()
        return only

    return delivery


Deliver = Callable[[Wire], Delivery]


def talk(wire: Wire) -> Talk:
    return Talk(wire, dport=9000).open()


def test_what_is_acknowledged_was_delivered(deliver: Deliver) -> None:
    wire = Wire()
    talk(wire).say(b"question").answer(b"answer")
    found = deliver(wire)
    assert (found.client.last, found.client.acknowledged, found.client.unacknowledged) == (9, 9, ())
    assert found.client.delivered()
    assert found.server.delivered()
    assert found.server.gap_frame is None


def test_who_said_nothing_has_nothing_to_deliver(deliver: Deliver) -> None:
    wire = Wire()
    talk(wire).say(b"question")
    assert deliver(wire).server == NOTHING
    assert NOTHING.delivered()


def test_repetitions_that_nobody_acknowledges_are_listed(deliver: Deliver) -> None:
    wire = Wire()
    talk(wire).say(b"one").say(b"two", acked=False).again(b"two").again(b"two")
    found = deliver(wire).client
    assert not found.delivered()
    assert (found.last, found.acknowledged, found.unacknowledged) == (7, 4, (6, 7, 8))


@pytest.mark.parametrize("before", [b"", b"some"], ids=["at the start", "in the middle"])
def test_bytes_that_never_come_are_a_gap(before: bytes, deliver: Deliver) -> None:
    wire = Wire()
    one = talk(wire)
    if before:
        one.answer(before)
    one.answer(b"lost", lost=True, acked=False).answer(b"later", acked=False)
    assert deliver(wire).server.gap_frame == len(wire.packets)


def test_bytes_that_are_acknowledged_did_arrive(deliver: Deliver) -> None:
    wire = Wire()
    talk(wire).answer(b"unseen", lost=True).answer(b"later")
    assert deliver(wire).server.gap_frame is None


def test_bytes_that_come_later_are_no_gap(deliver: Deliver) -> None:
    wire = Wire()
    one = talk(wire)
    one.answer(b"first", lost=True, acked=False).answer(b"later", acked=False)
    one.server_seq -= len(b"firstlater")
    one.answer(b"first", acked=False)
    assert deliver(wire).server.gap_frame is None


def test_where_the_start_is_not_in_the_capture_its_first_byte_counts(deliver: Deliver) -> None:
    wire = Wire()
    Talk(wire, dport=9000).say(b"question", acked=False).answer(b"answer", acked=False)
    assert deliver(wire).server.gap_frame is None
