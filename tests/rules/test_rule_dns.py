"""The rules of name resolution, on lookups made for each threshold; the lab's captures are in test_lab_answers."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from factories import KnownFacts

from explainer.model import Analysis, Finding, Severity
from explainer.protocols.capture_quality import one_way_hosts
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.dns_errors import bad_versions, extended_errors
from explainer.protocols.dns_fragments import partial_answers
from explainer.protocols.frame import last_ns
from explainer.protocols.icmp_errors import TIME_EXCEEDED, UNREACHABLE, Error, errors
from explainer.protocols.tcp import Endpoint, connections
from explainer.rules import dns, dns_not_understood, dns_unanswered

CLIENT, SERVER = Endpoint("192.0.2.10", 40000), Endpoint("192.0.2.53", 53)
SECOND = 1_000_000_000
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = 1, 2, 3, 4, 5
BY_CODE = {
    NXDOMAIN: dns.dns_nxdomain, SERVFAIL: dns.dns_servfail, REFUSED: dns.dns_refused,
    FORMERR: dns_not_understood.dns_not_understood, NOTIMP: dns_not_understood.dns_not_understood,
}  # fmt: skip


def lookup(frame: int = 1, **changes: Any) -> Lookup:
    values: dict[str, Any] = {
        "kind": "DNS", "transport": "UDP", "stream": frame, "client": CLIENT, "server": SERVER, "id": frame,
        "name": "shop.example", "type_number": 1, "query_frames": (frame,), "query_ns": 0, "last_query_ns": 0,
        "response_frames": (frame + 1,), "response_ns": SECOND, "rcode": 0, "answers": ("192.0.2.80",),
    }  # fmt: skip
    return Lookup(**(values | changes))


def failed(rcode: int, frame: int = 1, **changes: Any) -> Lookup:
    return lookup(frame, rcode=rcode, answers=(), **changes)


def silent(frame: int = 1, **changes: Any) -> Lookup:
    return lookup(frame, response_frames=(), response_ns=None, rcode=None, answers=(), **changes)


def found(
    rule: Callable[..., Any],
    *every: Lookup,
    end_s: float = 60,
    said: tuple[Error, ...] = (),
    one_way: frozenset[str] = frozenset(),
    bad: frozenset[int] = frozenset(),
) -> list[Finding]:
    known = {
        lookups: every, last_ns: int(end_s * SECOND), connections: (), extended_errors: {}, partial_answers: {},
        errors: said, one_way_hosts: one_way, bad_versions: bad,
    }  # fmt: skip
    return list(rule(KnownFacts(known)))


@pytest.mark.parametrize("rcode", BY_CODE)
def test_each_code_is_told_with_its_frames(rcode: int) -> None:
    (finding,) = found(BY_CODE[rcode], failed(rcode))
    assert finding.evidence.frames == (1, 2)
    assert "shop.example" in finding.title
    assert "192.0.2.53" in finding.title
    assert finding.measured["rcode"] == rcode


@pytest.mark.parametrize("rcode", BY_CODE)
def test_the_same_answer_again_is_one_finding(rcode: int) -> None:
    (finding,) = found(BY_CODE[rcode], failed(rcode), failed(rcode, 3), failed(rcode, 5, name="SHOP.example."))
    assert finding.evidence.frames == (1, 2, 3, 4, 5, 6)
    assert finding.evidence.display_filter == 'dns.qry.name in {"shop.example", "SHOP.example."}'


@pytest.mark.parametrize("rcode", BY_CODE)
def test_an_answer_to_another_question_for_the_name_silences_it(rcode: int) -> None:
    assert found(BY_CODE[rcode], failed(rcode), lookup(3)) == []
    other = lookup(3, client=Endpoint("192.0.2.11", 40000))
    assert len(found(BY_CODE[rcode], failed(rcode), other)) == 1


@pytest.mark.parametrize(
    ("rcode", "name", "severity"),
    [
        (REFUSED, "shop.example", Severity.HIGH),
        (REFUSED, "laptop", Severity.LOW),
        (REFUSED, "10.2.0.192.in-addr.arpa", Severity.INFO),
        (NOTIMP, "shop.example", Severity.HIGH),
        (FORMERR, "laptop", Severity.LOW),
        (SERVFAIL, "shop.example", Severity.HIGH),
        (SERVFAIL, "laptop", Severity.HIGH),
        (SERVFAIL, "10.2.0.192.in-addr.arpa", Severity.INFO),
    ],
)
def test_a_name_that_programs_can_do_without_weighs_little(rcode: int, name: str, severity: Severity) -> None:
    assert [finding.severity for finding in found(BY_CODE[rcode], failed(rcode, name=name))] == [severity]


@pytest.mark.parametrize("rcode", BY_CODE)
def test_no_error_is_no_finding(rcode: int) -> None:
    assert found(BY_CODE[rcode], lookup(), lookup(3, answers=())) == []


@pytest.mark.parametrize(
    ("name", "others", "severity"),
    [
        ("shop.example", [], Severity.MEDIUM),
        ("shop.example.corp.example", ["shop.example"], Severity.INFO),
        ("shop.example.corp.example", ["other.example"], Severity.MEDIUM),
        ("10.2.0.192.in-addr.arpa", [], Severity.INFO),
        ("printer", [], Severity.INFO),
        ("wpad.corp.example", [], Severity.INFO),
        ("_http._tcp.shop.example", ["shop.example"], Severity.INFO),
        ("_http._tcp.shop.example", ["other.example"], Severity.MEDIUM),
        ("_8443._https.shop.example", [], Severity.INFO),
        ("_ldap._tcp.shop.example", [], Severity.MEDIUM),
    ],
)
def test_a_name_that_needs_not_exist_is_for_information(name: str, others: list[str], severity: Severity) -> None:
    resolved = [lookup(10 + 2 * index, name=other) for index, other in enumerate(others)]
    (finding,) = found(dns.dns_nxdomain, failed(NXDOMAIN, name=name), *resolved)
    assert finding.severity is severity


@pytest.mark.parametrize("rcode", [SERVFAIL, REFUSED])
@pytest.mark.parametrize(("other", "severity"), [("shop.example", Severity.INFO), ("www.example", Severity.HIGH)])
def test_a_failure_with_a_suffix_behind_a_name_that_resolves(rcode: int, other: str, severity: Severity) -> None:
    (finding,) = found(BY_CODE[rcode], failed(rcode, name="shop.example.corp.example"), lookup(9, name=other))
    assert finding.severity is severity
    assert finding.act.startswith("Nobody has to act") is (severity is Severity.INFO)


@pytest.mark.parametrize(("longer", "severity"), [("laptop.corp", Severity.LOW), ("phone.corp", Severity.HIGH)])
def test_a_lone_label_that_fails_where_it_is_missing_with_a_suffix(longer: str, severity: Severity) -> None:
    missing = lookup(9, name=longer, rcode=NXDOMAIN, answers=())
    (finding,) = found(dns.dns_servfail, failed(SERVFAIL, name="laptop"), missing)
    assert finding.severity is severity


def test_an_alias_of_a_missing_name() -> None:
    (finding,) = found(dns.dns_nxdomain, lookup(rcode=NXDOMAIN, answers=("lb.gone.example",)))
    assert finding.title.startswith(
        "The name shop.example is an alias (CNAME) of lb.gone.example, which does not exist"
    )


RESOLVER = Endpoint("198.51.100.53", 40001)


@pytest.mark.parametrize("asks_from", [Endpoint("192.0.2.53", 40001), RESOLVER], ids=["same address", "another"])
def test_the_server_behind_refuses(asks_from: Endpoint) -> None:
    behind = failed(REFUSED, 2, client=asks_from, server=Endpoint("203.0.113.53", 53), response_frames=(3,))
    (finding,) = found(dns.dns_servfail, failed(SERVFAIL, 1, response_frames=(9,)), behind)
    assert "203.0.113.53, which it asks, refuses (REFUSED)" in finding.title
    other = failed(REFUSED, 2, client=asks_from, name="other.example", response_frames=(3,))
    (finding,) = found(dns.dns_servfail, failed(SERVFAIL, 1, response_frames=(9,)), other)
    assert "REFUSED" not in finding.title


@pytest.mark.parametrize(("code", "words"), [(6, "signatures (DNSSEC) fails (DNSSEC bogus)"), (22, "no reachable")])
def test_the_reason_that_a_resolver_gives(code: int, words: str) -> None:
    known = {lookups: (failed(SERVFAIL),), connections: (), extended_errors: {2: code}}
    (finding,) = dns.dns_servfail(KnownFacts(known))
    assert words in finding.title


def test_a_question_without_an_answer() -> None:
    (finding,) = found(dns_unanswered.dns_unanswered, silent(query_frames=(1, 3)))
    assert finding.severity is Severity.HIGH
    assert finding.evidence.frames == (1, 3)
    assert "never answered" in finding.title


def test_the_wait_decides() -> None:
    assert found(dns_unanswered.dns_unanswered, silent(), end_s=3.9) == []
    assert len(found(dns_unanswered.dns_unanswered, silent(), end_s=4)) == 1
    again = silent(query_frames=(1, 3), last_query_ns=5 * SECOND)
    assert len(found(dns_unanswered.dns_unanswered, again, end_s=5.1)) == 1


def test_of_a_client_whose_packets_alone_are_recorded_nothing_is_unanswered() -> None:
    asked = silent()
    one_way = frozenset({asked.client.address})
    assert found(dns_unanswered.dns_unanswered, asked, one_way=one_way) == []
    heard = lookup(5, name="other.example")
    assert len(found(dns_unanswered.dns_unanswered, asked, heard, one_way=one_way)) == 1


def test_a_server_that_answers_others_is_not_down() -> None:
    (finding,) = found(dns_unanswered.dns_unanswered, silent(), lookup(5, name="other.example"))
    assert finding.severity is Severity.MEDIUM


def test_an_answer_to_a_later_question_silences_it() -> None:
    assert found(dns_unanswered.dns_unanswered, silent(), lookup(5)) == []
    elsewhere = lookup(5, server=Endpoint("192.0.2.54", 53))
    assert found(dns_unanswered.dns_unanswered, silent(), elsewhere) == []


def test_many_questions_to_one_server_are_one_finding() -> None:
    (finding,) = found(dns_unanswered.dns_unanswered, *(silent(n, name=f"host{n}.example") for n in range(1, 40)))
    assert finding.measured["questions"] == 39


def test_multicast_needs_no_answer() -> None:
    assert found(dns_unanswered.dns_unanswered, silent(kind="mDNS", server=Endpoint("224.0.0.251", 5353))) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, False),
        ({"source_port": 40001}, False),
        ({"kind": TIME_EXCEEDED}, True),
        ({"source": "192.0.2.77"}, True),
        ({"destination_port": 123}, True),
    ],
    ids=["this one", "another one of the client", "not its port", "of another client", "of another service"],
)
def test_a_question_that_icmp_returns_is_not_silence(changes: dict[str, Any], told: bool) -> None:
    values: dict[str, Any] = {
        "frame": 2, "time_ns": 1, "reporter": SERVER.address, "told": CLIENT.address, "kind": UNREACHABLE, "version": 4,
        "code": 3, "mtu": None, "gateway": None, "transport": "udp", "source": CLIENT.address,
        "destination": SERVER.address, "source_port": CLIENT.port, "destination_port": SERVER.port, "ip_id": 1,
    }  # fmt: skip
    said = Error(**(values | changes))
    assert bool(found(dns_unanswered.dns_unanswered, silent(), said=(said,))) is told
    answers = lookup(5, name="other.example", client=Endpoint(CLIENT.address, 40001))
    beside = found(dns_unanswered.dns_unanswered, silent(), answers, said=(said,))
    assert bool(beside) is (told or "source_port" in changes), "a port that is open later was not closed all the time"


@pytest.mark.parametrize("name", ["dns_nxdomain", "dns_servfail", "dns_refused", "dns_unanswered"])
def test_without_a_lookup_it_does_not_apply(name: str, analysis_of: Callable[[str], Analysis]) -> None:
    outcome = next(o for o in analysis_of("http_cut_response").outcomes if o.rule == name)
    assert outcome.status in ("not applicable", "ran")
    assert outcome.findings == ()


@pytest.mark.parametrize("rule", [*BY_CODE.values(), dns_unanswered.dns_unanswered], ids=lambda rule: rule.__name__)
def test_ten_times_the_lookups_cost_less_than_thirty_times(rule: Callable[..., Any]) -> None:
    def cost(count: int) -> float:
        every = [make(n, name=f"host{n % 50}.example") for n in range(1, count) for make in (silent, failing)]

        def once() -> float:
            began = time.process_time()
            found(rule, *every)
            return time.process_time() - began

        return min(once() for _ in range(3))

    def failing(frame: int, **changes: Any) -> Lookup:
        return failed(next((code for code, known in BY_CODE.items() if known is rule), NXDOMAIN), frame, **changes)

    assert cost(10_000) < 30 * cost(1_000)


BROWSERS = "update.googleapis.com"


@pytest.mark.parametrize("rcode", BY_CODE)
def test_what_browsers_ask_for_unbidden_is_small_where_others_resolve(rcode: int) -> None:
    (finding,) = found(BY_CODE[rcode], lookup(), failed(rcode, 3, name=BROWSERS))
    assert finding.severity is Severity.INFO
    assert finding.act.startswith("Nobody has to act")
    (alone,) = found(BY_CODE[rcode], failed(rcode, 3, name=BROWSERS))
    (another,) = found(BY_CODE[rcode], lookup(), failed(rcode, 3, name="update.example"))
    assert alone.severity is not Severity.INFO
    assert another.severity is not Severity.INFO


def test_what_browsers_ask_for_in_silence_is_small_beside_nothing_else() -> None:
    (small,) = found(dns_unanswered.dns_unanswered, lookup(), silent(3, name=BROWSERS))
    assert small.severity is Severity.INFO
    (wanted,) = found(dns_unanswered.dns_unanswered, lookup(), silent(3, name=BROWSERS), silent(5, name="a.example"))
    assert (wanted.severity, "a.example" in wanted.title) == (Severity.MEDIUM, True)


def test_a_name_whose_answer_was_stored_in_part_exists() -> None:
    ipv6 = failed(NXDOMAIN, type_number=28)
    assert len(found(dns.dns_nxdomain, ipv6, lookup(3, answers=()))) == 1
    assert found(dns.dns_nxdomain, ipv6, lookup(3, answers=(), cut=True)) == []


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("25.100.51.198.zen.example", Severity.INFO),
        (f"{'a.' * 32}zen.example", Severity.INFO),
        ("100.51.198.zen.example", Severity.MEDIUM),
    ],
    ids=["of an IPv4 address", "of an IPv6 address", "of no address"],
)
def test_who_is_not_on_a_list_of_senders_is_no_missing_name(name: str, severity: Severity) -> None:
    (finding,) = found(dns.dns_nxdomain, failed(NXDOMAIN, name=name))
    assert finding.severity is severity


def test_bad_version_of_edns() -> None:
    asked = lookup(answers=())
    (finding,) = found(dns_not_understood.dns_not_understood, asked, bad=frozenset(asked.response_frames))
    assert "BADVERS" in finding.title
    assert finding.evidence.frames == (1, 2)
    assert found(dns_not_understood.dns_not_understood, asked) == []
    again = lookup(3)
    assert found(dns_not_understood.dns_not_understood, asked, again, bad=frozenset(asked.response_frames)) == []
