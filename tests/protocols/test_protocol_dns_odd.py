"""DNS messages that are quoted, tunnelled, cut or damaged."""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import (
    CLIENT,
    ICMP,
    IPIP,
    SERVER,
    UDP,
    datagram,
    ethernet,
    icmp_error,
    ip,
    pcap,
    vxlan,
)
from messages import (
    CNAME,
    A,
    address,
    answer,
    ask,
    encoded,
    query,
    reply,
)

from explainer.facts import Facts
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.dns_messages import (
    ANSWERS,
    COLUMNS,
    FLAGS,
    ID,
    QUERY_NAME,
    QUERY_TYPE,
    QUESTIONS,
    RECORD_NAME,
    RECORD_TYPE,
    VALUES,
    messages,
)
from explainer.protocols.tcp import Endpoint

FactsOf = Callable[..., Facts]
LookupsOf = Callable[..., tuple[Lookup, ...]]


@pytest.fixture
def lookups_of(tmp_path: Path, facts_of: FactsOf) -> LookupsOf:
    def found(*packets: bytes, **options: Any) -> tuple[Lookup, ...]:
        return facts_of(pcap(tmp_path / "made.pcap", packets, **options), lookups)[lookups]

    return found


def test_a_query_that_an_icmp_error_quotes_is_none(lookups_of: LookupsOf) -> None:
    quoted = ip(CLIENT, SERVER, UDP, datagram(5000, 53, query(1, ("a.example", A))))
    assert lookups_of(ethernet(ip(SERVER, CLIENT, ICMP, icmp_error(3, 3, quoted)))) == ()


@pytest.mark.parametrize("layers", ["ipip", "vxlan"])
def test_a_lookup_in_a_tunnel_has_the_inner_endpoints(layers: str, lookups_of: LookupsOf) -> None:
    inner = ip(CLIENT, SERVER, UDP, datagram(5000, 53, query(1, ("a.example", A))))
    outer = (IPIP, inner) if layers == "ipip" else (UDP, vxlan(ethernet(inner)))
    (found,) = lookups_of(ethernet(ip("10.0.0.1", "10.0.0.2", *outer)))
    assert (found.client, found.server) == (Endpoint(CLIENT, 5000), Endpoint(SERVER, 53))


@pytest.mark.parametrize("snap", range(14 + 20, 14 + 20 + 8 + 12 + 60, 6))
def test_messages_that_are_cut_raise_nothing(snap: int, lookups_of: LookupsOf) -> None:
    said = answer(1, "a.example", A, (CNAME, encoded("b.example")), address("192.0.2.1"))
    assert len(lookups_of(ask(query(1, ("a.example", A), ("b.example", A))), reply(said), snap=snap)) <= 2


@pytest.mark.parametrize("missing", [0, 2, 12, 20, 40])
def test_an_answer_of_which_records_are_missing_is_cut(missing: int, lookups_of: LookupsOf) -> None:
    whole = reply(answer(1, "a.example", A, address("192.0.2.1"), address("192.0.2.2")))
    assert [found.cut for found in lookups_of(whole, snap=len(whole) - missing)] == [missing > 0]


@pytest.mark.parametrize("damage", [0xC5, 0xFF, 0x80, 0x01])
def test_messages_that_are_damaged_raise_nothing(damage: int, lookups_of: LookupsOf) -> None:
    whole = answer(1, "a.example", A, (CNAME, encoded("b.example")), address("192.0.2.1"), extra=1)
    damaged = (whole[:at] + bytes([whole[at] ^ damage]) + whole[at + 1 :] for at in range(len(whole)))
    assert lookups_of(ask(query(1, ("a.example", A))), *map(reply, damaged))


def test_counts_that_promise_more_than_there_is_raise_nothing(lookups_of: LookupsOf) -> None:
    message = struct.pack("!HHHHHH", 1, 0x8180, 60000, 60000, 60000, 60000)
    (found,) = lookups_of(reply(message + encoded("a.example") + b"\0\1\0\1"))
    assert found.name == "a.example"


@pytest.mark.parametrize(
    ("kinds", "cut"), [([46], True), ([43], True), ([46, 1], False), ([5, 46], False), ([], False)]
)
def test_an_answer_of_other_kinds_than_an_address_may_have_is_damaged(kinds: list[int], cut: bool) -> None:
    texts = {1: ["192.0.2.1"], 5: ["www.example"]}
    row: dict[str, Any] = {column.field: None for column in COLUMNS} | {
        ID.field: [1], FLAGS.field: [0x8180], QUERY_NAME.field: ["a.example"], QUERY_TYPE.field: [1],
        RECORD_NAME.field: ["a.example"] * len(kinds), RECORD_TYPE.field: kinds, QUESTIONS.field: [1],
        ANSWERS.field: [len(kinds)], **{VALUES[kind].field: texts[kind] for kind in kinds if kind in texts},
    }  # fmt: skip
    (message,) = messages(row)
    assert message.cut is cut
