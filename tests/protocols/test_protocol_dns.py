"""DNS lookups against tshark's own pairing, and on repeated, late, damaged, quoted and tunnelled messages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import (
    ACK,
    CLIENT,
    PSH,
    SERVER,
    SYN,
    TCP,
    UDP,
    datagram,
    ethernet,
    ip,
    matching,
    pcap,
    segment,
)
from messages import (
    AAAA,
    CNAME,
    MX,
    NULL,
    NXDOMAIN,
    SERVFAIL,
    TXT,
    A,
    address,
    answer,
    ask,
    encoded,
    over_tcp,
    query,
    reply,
    shown,
)

from explainer.facts import Facts
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.tcp import Endpoint

FactsOf = Callable[..., Facts]
LookupsOf = Callable[..., tuple[Lookup, ...]]


@pytest.fixture
def lookups_of(tmp_path: Path, facts_of: FactsOf) -> LookupsOf:
    def found(*packets: bytes, **options: Any) -> tuple[Lookup, ...]:
        return facts_of(pcap(tmp_path / "made.pcap", packets, **options), lookups)[lookups]

    return found


def test_lookups_hold_every_query_and_response_that_tshark_shows(
    sample: dict[str, Any], captures: Path, facts_of: FactsOf
) -> None:
    found, capture = facts_of(sample["name"], lookups)[lookups], captures / sample["file"]
    assert {n for lookup in found for n in lookup.query_frames} == matching(capture, "dns.flags.response == 0")
    assert {n for lookup in found for n in lookup.response_frames} == matching(capture, "dns.flags.response == 1")


def test_codes_pairs_and_times_are_tsharks(sample: dict[str, Any], captures: Path, facts_of: FactsOf) -> None:
    found = facts_of(sample["name"], lookups)[lookups]
    fields = ("frame.number", "dns.response_to", "dns.time", "dns.flags.rcode", "dns.id")
    responses = {int(row[0]): row for row in shown(captures / sample["file"], "dns.flags.response == 1", *fields)}
    for lookup in found:
        if not lookup.response_frames:
            continue
        _, to, time, code, number = responses[lookup.response_frames[0]]
        assert int(to) == lookup.query_frames[-1]
        assert (int(code), int(number, 16)) == (lookup.rcode, lookup.id)
        assert lookup.time_ms == pytest.approx(float(time) * 1000, abs=1e-6)


def test_the_labs_unanswered_question_is_one_lookup_with_its_repetition(facts_of: FactsOf) -> None:
    *_, lost = facts_of("dns_no_answer", lookups)[lookups]
    assert (lost.name, lost.type, lost.unanswered, lost.retransmissions) == ("files.example", "A", True, 1)
    assert lost.last_query_ns is not None
    assert lost.query_ns is not None
    assert round((lost.last_query_ns - lost.query_ns) / 1e9) == 5
    assert (lost.time_ms, lost.rcode, lost.rcode_name) == (None, None, "")


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("dns_nxdomain", ["NXDOMAIN"]),
        ("dns_refused", ["REFUSED", "REFUSED"]),
        ("dns_servfail", ["SERVFAIL", "SERVFAIL"]),
    ],
)
def test_the_labs_failures_are_told_by_name(name: str, codes: list[str], facts_of: FactsOf) -> None:
    found = facts_of(name, lookups)[lookups]
    assert [lookup.rcode_name for lookup in found if lookup.rcode] == codes


def test_the_labs_truncated_answer_is_followed_by_a_lookup_over_tcp(facts_of: FactsOf) -> None:
    cut, whole, _ = facts_of("dns_truncated_then_tcp_healthy", lookups)[lookups]
    assert (cut.transport, cut.truncated, whole.transport, whole.truncated) == ("UDP", True, "TCP", False)
    assert cut.name == whole.name
    # 40 of its own and the one that every name of the lab has.
    assert len(whole.answers) == 41


def test_answers_are_those_of_the_answer_section_without_texts(lookups_of: LookupsOf) -> None:
    records = [(CNAME, encoded("b.example")), address("192.0.2.1"), (TXT, b"\x06hunter"), address("192.0.2.9")]
    (found,) = lookups_of(ask(query(7, ("a.example", A))), reply(answer(7, "a.example", A, *records, extra=1)))
    assert found.answers == ("b.example", "192.0.2.1")
    assert "hunter" not in repr(found)


def test_a_question_that_is_asked_again_after_its_answer_is_another_lookup(lookups_of: LookupsOf) -> None:
    pair = [ask(query(7, ("a.example", A))), reply(answer(7, "a.example", A, code=SERVFAIL))]
    first, second = lookups_of(*pair, *pair)
    assert (first.query_frames, first.response_frames) == ((1,), (2,))
    assert (second.query_frames, second.response_frames) == ((3,), (4,))


def test_a_slow_answer_belongs_to_the_first_query_and_a_second_one_does_not_count(lookups_of: LookupsOf) -> None:
    asked, said = ask(query(7, ("a.example", A))), answer(7, "a.example", A, address("192.0.2.1"))
    (found,) = lookups_of(asked, asked, reply(said), reply(answer(7, "a.example", A, code=NXDOMAIN)))
    assert (found.query_frames, found.response_frames, found.retransmissions) == ((1, 2), (3, 4), 1)
    assert (found.time_ms, found.rcode, found.unanswered) == (2.0, 0, False)


def test_the_same_question_an_hour_later_is_no_repetition(lookups_of: LookupsOf) -> None:
    asked = ask(query(0, ("a.example", A)))
    assert [f.query_frames for f in lookups_of(asked, asked, step_ns=3600 * 10**9)] == [(1,), (2,)]


def test_other_ids_names_types_and_ports_are_other_lookups(lookups_of: LookupsOf) -> None:
    asked = [ask(query(1, ("a.example", A))), ask(query(2, ("a.example", A))), ask(query(1, ("a.example", AAAA)))]
    found = lookups_of(*asked, ask(query(1, ("b.example", A))), ask(query(1, ("a.example", A)), sport=5001))
    assert len(found) == 5
    assert all(lookup.unanswered for lookup in found)


def test_a_name_whose_letters_are_mixed_is_answered_all_the_same(lookups_of: LookupsOf) -> None:
    (found,) = lookups_of(ask(query(1, ("A.exAmple", A))), reply(answer(1, "a.example", A)))
    assert found.name == "A.exAmple"
    assert not found.unanswered


def test_an_answer_without_question_is_matched_by_its_id(lookups_of: LookupsOf) -> None:
    (found,) = lookups_of(ask(query(1, ("a.example", A))), reply(answer(1, "", A, code=1)))
    assert (found.name, found.rcode_name) == ("a.example", "FORMERR")


def test_an_answer_whose_query_is_not_in_the_capture_stands_alone(lookups_of: LookupsOf) -> None:
    (found,) = lookups_of(reply(answer(1, "a.example", MX)))
    assert (found.query_frames, found.response_frames, found.type) == ((), (1,), "MX")
    assert (found.client, found.server) == (Endpoint(CLIENT, 5000), Endpoint(SERVER, 53))
    assert (found.time_ms, found.unanswered) == (None, False)


def test_a_query_that_a_merged_file_holds_behind_its_answer_is_answered(tmp_path: Path, facts_of: FactsOf) -> None:
    pair = [reply(answer(1, "a.example", A)), ask(query(1, ("a.example", A)))]
    capture = pcap(tmp_path / "swapped.pcap", pair, step_ns=-1_000_000)
    (found,) = facts_of(capture, lookups)[lookups]
    assert (found.query_frames, found.response_frames, found.time_ms) == ((2,), (1,), 1.0)


def test_an_answer_from_another_address_answers_nothing(lookups_of: LookupsOf) -> None:
    asked, stray = lookups_of(
        ask(query(1, ("a.example", A))), reply(answer(1, "a.example", A), source="203.0.113.9")
    )  # fmt: skip
    assert asked.unanswered
    assert stray.server == Endpoint("203.0.113.9", 53)


def test_several_questions_are_one_lookup(lookups_of: LookupsOf) -> None:
    (found,) = lookups_of(ask(query(1, ("a.example", NULL), ("b.example", 9999))))
    assert (found.name, found.type, found.further_questions) == ("a.example", "NULL", ("b.example TYPE9999",))


def test_several_messages_in_a_segment_are_lookups_of_their_own(lookups_of: LookupsOf) -> None:
    def there(flags: int, seq: int, payload: bytes = b"") -> bytes:
        return ethernet(ip(CLIENT, SERVER, TCP, segment(5000, 53, flags, seq, 501, payload)))

    def back(flags: int, seq: int, ack: int, payload: bytes = b"") -> bytes:
        return ethernet(ip(SERVER, CLIENT, TCP, segment(53, 5000, flags, seq, ack, payload)))

    asked = over_tcp(query(1, ("a.example", A)), query(2, ("b.example", A)))
    said = over_tcp(
        answer(2, "b.example", A, code=NXDOMAIN), answer(1, "a.example", A, address("192.0.2.1"), address("192.0.2.2"))
    )
    first, second = lookups_of(
        there(SYN, 100), back(SYN | ACK, 500, 101), there(ACK, 101), there(PSH | ACK, 101, asked),
        back(PSH | ACK, 501, 101 + len(asked), said),
    )  # fmt: skip
    assert (first.name, first.rcode, first.answers) == ("a.example", 0, ("192.0.2.1", "192.0.2.2"))
    assert (second.name, second.rcode, second.answers) == ("b.example", NXDOMAIN, ())
    assert {(f.transport, f.stream, f.query_frames, f.response_frames) for f in (first, second)} == {
        ("TCP", 0, (4,), (5,))
    }


def test_mdns_is_never_unanswered_and_never_paired(lookups_of: LookupsOf) -> None:
    group = Endpoint("224.0.0.251", 5353)
    asked = ask(query(0, ("printer.local", A), flags=0), sport=5353, dport=5353, to=group.address)
    said = answer(0, "printer.local", A, address("192.0.2.7"))
    found = lookups_of(asked, asked, ethernet(ip(SERVER, group.address, UDP, datagram(5353, 5353, said))))
    assert [(f.kind, f.multicast, f.unanswered) for f in found] == [("mDNS", True, False)] * 3
    assert [(f.query_frames, f.response_frames) for f in found] == [((1,), ()), ((2,), ()), ((), (3,))]
    assert found[0].server == group


def test_llmnr_is_answered_by_a_member_of_the_group(lookups_of: LookupsOf) -> None:
    asked = ask(query(9, ("printer", A), flags=0), dport=5355, to="224.0.0.252")
    said = reply(answer(9, "printer", A, address("192.0.2.7"), flags=0x8000), sport=5355, source="192.0.2.7")
    found, lost = lookups_of(asked, said, ask(query(10, ("other", A), flags=0), dport=5355, to="224.0.0.252"))
    assert (found.kind, found.server, found.answers) == ("LLMNR", Endpoint("192.0.2.7", 5355), ("192.0.2.7",))
    assert not lost.unanswered


def test_a_dynamic_update_is_no_lookup(lookups_of: LookupsOf) -> None:
    assert lookups_of(ask(query(1, ("a.example", 6), flags=0x2800))) == ()


def test_a_capture_without_dns_has_no_lookups(facts_of: FactsOf) -> None:
    assert facts_of("tcp_healthy_idle", lookups)[lookups] == ()
