"""The rules about resolvers, and about tunnels through DNS."""

from collections.abc import Callable
from typing import Any

import pytest
from factories import CLIENT, SERVER, START_NS, KnownFacts, connection, findings_of, refused, unanswered

from explainer.model import Analysis, Finding, Severity, Side
from explainer.protocols import dns, frame, icmp_errors, tcp
from explainer.protocols.capture_quality import one_way_hosts
from explainer.protocols.dns import Lookup
from explainer.protocols.dns_errors import extended_errors
from explainer.protocols.dns_fragments import partial_answers
from explainer.protocols.tcp import Connection, Endpoint

PUBLIC, NULL, TXT = "9.9.9.9", 10, 16


def lookup(number: int = 1, name: str = "www.example.org", *, server: str = SERVER, **overrides: Any) -> Lookup:
    values: dict[str, Any] = {
        "kind": "DNS", "transport": "UDP", "stream": number, "client": Endpoint(CLIENT, 5000),
        "server": Endpoint(server, 53), "id": number, "name": name, "type_number": 1, "query_frames": (2 * number,),
        "query_ns": START_NS, "last_query_ns": START_NS, "response_frames": (2 * number + 1,),
        "response_ns": START_NS + 1_000_000, "rcode": 0, "answers": ("192.0.2.80",),
    }  # fmt: skip
    return Lookup(**values | overrides)


def found(
    rule: str,
    *lookups: Lookup,
    connections: tuple[Connection, ...] = (),
    parts: dict[int, tuple[int, ...]] | None = None,
) -> list[Finding]:
    known = {
        icmp_errors.errors: (),
        dns.lookups: lookups, tcp.connections: connections, frame.last_ns: START_NS + 60_000_000_000,
        extended_errors: {}, partial_answers: parts or {}, one_way_hosts: frozenset(),
    }  # fmt: skip
    return findings_of(rule, KnownFacts(known))


def missing(number: int = 1, name: str = "printer.corp", **overrides: Any) -> Lookup:
    return lookup(number, name, rcode=3, answers=(), **overrides)


def test_a_private_name_at_a_public_resolver() -> None:
    (finding,) = found("dns_private_name", missing(server=PUBLIC))
    assert f"asks the public resolver {PUBLIC} for the private name printer.corp" in finding.title
    assert found("dns_nxdomain", missing(server=PUBLIC)) == []
    assert found("dns_private_name", missing(server="10.0.0.1")) == []
    assert len(found("dns_nxdomain", missing(server="10.0.0.1"))) == 1
    assert found("dns_private_name", missing(name="printer.example", server=PUBLIC)) == []
    assert found("dns_private_name", missing(server=PUBLIC), lookup(2, "printer.corp", server="10.0.0.1")) == []


@pytest.mark.parametrize(("ms", "expected"), [(999, []), (1000, [Severity.LOW]), (4000, [Severity.MEDIUM])])
def test_slow_lookups(ms: int, expected: list[Severity]) -> None:
    slow = lookup(response_ns=START_NS + ms * 1_000_000)
    assert [f.severity for f in found("dns_slow", slow)] == expected
    many = [lookup(n, f"www{n}.example.org", response_ns=slow.response_ns) for n in range(1, 12 * len(expected))]
    assert [f.evidence.display_filter for f in found("dns_slow", *many)] == [f"dns && ip.addr == {SERVER}"] * len(
        expected
    )
    assert found("dns_slow", lookup(kind="LLMNR", response_ns=START_NS + 5_000_000_000)) == []


@pytest.mark.parametrize(
    ("waits_s", "expected"),
    [((1, 1), Severity.INFO), ((1, 1, 1), Severity.LOW), ((5,), Severity.MEDIUM)],
    ids=["two", "three", "a long wait"],
)
def test_questions_that_were_lost(waits_s: tuple[int, ...], expected: Severity) -> None:
    lost = [
        lookup(
            number, query_frames=(100 * number, 100 * number + 1), response_frames=(100 * number + 2,),
            last_query_ns=START_NS + wait * 10**9, response_ns=START_NS + wait * 10**9 + 10**6,
        )
        for number, wait in enumerate(waits_s, 1)
    ]  # fmt: skip
    (finding,) = found("dns_slow", *lost)
    assert (finding.severity, finding.side) == (expected, Side.NETWORK)
    assert "was lost" in finding.title
    assert "is slow" not in finding.title


def test_a_server_that_is_slow_though_asked_again() -> None:
    late = lookup(query_frames=(1, 2), last_query_ns=START_NS + 10**9, response_ns=START_NS + 3 * 10**9)
    (finding,) = found("dns_slow", late)
    assert "is slow" in finding.title


def test_a_long_answer_that_cannot_be_fetched() -> None:
    cut = lookup(truncated=True, answers=())
    ends: dict[str, Any] = {"client": Endpoint(CLIENT, 40000), "server": Endpoint(SERVER, 53)}
    (finding,) = found("dns_tcp_blocked", cut, connections=(unanswered(1, **ends),))
    assert "is never answered" in finding.title
    assert finding.severity is Severity.HIGH
    (finding,) = found("dns_tcp_blocked", cut, connections=(refused(1, **ends),))
    assert "is refused" in finding.title
    assert found("dns_tcp_blocked", cut, connections=(connection(1, **ends),)) == []
    assert found("dns_tcp_blocked", cut) == []
    assert found("dns_tcp_blocked", lookup(), connections=(unanswered(1, **ends),)) == []


def test_resolvers_that_contradict_each_other() -> None:
    inside, outside = lookup(1, answers=("10.0.0.80",)), lookup(2, server=PUBLIC, answers=("93.184.216.34",))
    (finding,) = found("dns_disagree", inside, outside)
    assert f"{SERVER} says a private address and {PUBLIC} says a public address" in finding.title
    assert len(found("dns_disagree", inside, missing(2, inside.name, server=PUBLIC))) == 1
    assert found("dns_disagree", outside, lookup(3, answers=("93.184.216.35",))) == []
    assert found("dns_disagree", inside, lookup(3, type_number=28, answers=("2001:4860::1",), server=PUBLIC)) == []


def test_missing_names_that_get_an_address() -> None:
    invented = [lookup(n, name, answers=("93.184.216.34",)) for n, name in enumerate(("qzxkvbtn", "wpoeirut"), 1)]
    (finding,) = found("dns_rewritten", *invented)
    assert "rewrites NXDOMAIN" in finding.title
    assert finding.evidence.display_filter == 'dns.qry.name in {"qzxkvbtn", "wpoeirut"}'
    assert found("dns_rewritten", invented[0]) == []
    assert found("dns_rewritten", *(lookup(n, x.name, answers=("10.0.0.1",)) for n, x in enumerate(invented, 1))) == []


def test_the_upstream_that_does_not_answer_is_named() -> None:
    failed = lookup(rcode=2, answers=())
    upward: dict[str, Any] = {"client": Endpoint(SERVER, 40000), "server": Endpoint("198.51.100.53", 53)}
    (finding,) = found("dns_servfail", failed, connections=(unanswered(1, **upward),))
    assert finding.title.endswith("it gets no answer from its upstream 198.51.100.53.")
    assert finding.evidence.frames == (2, 3, 101, 102, 103)
    (alone,) = found("dns_servfail", failed, connections=(connection(1, **upward),))
    assert "upstream 198" not in alone.title
    asked = lookup(2, client=upward["client"], server="198.51.100.53", response_frames=(), response_ns=None, rcode=None)
    (finding,) = found("dns_servfail", failed, asked)
    assert "198.51.100.53" in finding.title


@pytest.mark.parametrize(("after_s", "expected"), [(1.0, True), (1.1, False)])
def test_the_silent_upstream_of_a_silent_resolver(after_s: float, expected: bool) -> None:
    """The resolver asks from another of its addresses, after the only question that it gets."""
    silent: dict[str, Any] = {"response_frames": (), "response_ns": None, "rcode": None, "answers": ()}
    asked = START_NS + int(after_s * 1e9)
    upward = lookup(2, client=Endpoint("192.0.2.99", 40000), server="198.51.100.53", query_ns=asked, **silent)
    first = found("dns_unanswered", lookup(**silent), upward)[0]
    assert first.title.endswith("it gets no answer from its upstream 198.51.100.53.") is expected


def test_two_name_servers_that_ask_each_other() -> None:
    silent: dict[str, Any] = {"response_frames": (), "response_ns": None, "rcode": None, "answers": ()}
    up = lookup(2, client=Endpoint(SERVER, 40000), server="198.51.100.53", **silent)
    back = lookup(3, client=Endpoint("198.51.100.53", 40000), **silent)
    first = found("dns_unanswered", lookup(**silent), up, back)[0]
    assert "it asks 198.51.100.53, and that asks 192.0.2.1 again" in first.title.replace(SERVER, "192.0.2.1")
    assert 6 in first.evidence.frames
    other = lookup(3, "mail.example.org", client=Endpoint("198.51.100.53", 40000), **silent)
    assert not any("again" in f.title for f in found("dns_unanswered", lookup(**silent), up, other))


def test_another_client_of_the_same_resolver_is_not_its_upstream() -> None:
    silent: dict[str, Any] = {"response_frames": (), "response_ns": None, "rcode": None, "answers": ()}
    findings = found("dns_unanswered", lookup(**silent), lookup(2, client=Endpoint("192.0.2.99", 40000), **silent))
    assert not any("upstream" in finding.title for finding in findings)


def test_an_answer_of_which_only_a_part_arrives() -> None:
    silent: dict[str, Any] = {"response_frames": (), "response_ns": None, "rcode": None, "answers": ()}
    (finding,) = found("dns_unanswered", lookup(**silent), lookup(2, **silent), parts={2: (3, 7)})
    assert "does not arrive whole" in finding.title
    assert finding.side is Side.NETWORK
    assert finding.evidence.frames == (2, 3, 7)


def tunnel(names: int, length: int, type_number: int) -> list[Finding]:
    asked = (lookup(n, f"{n:0{length}d}.tunnel.example", type_number=type_number) for n in range(1, names + 1))
    return found("dns_tunnel", *asked)


@pytest.mark.parametrize(
    ("names", "length", "type_number", "expected"),
    [(20, 24, NULL, 1), (20, 24, TXT, 1), (19, 24, NULL, 0), (20, 23, NULL, 0), (20, 59, 1, 0), (20, 60, 1, 1)],
)
def test_a_tunnel_asks_for_many_long_names(names: int, length: int, type_number: int, expected: int) -> None:
    assert len(tunnel(names, length, type_number)) == expected


def test_a_tunnel_is_told_with_its_domain() -> None:
    (finding,) = tunnel(25, 40, NULL)
    assert "under tunnel.example (types NULL)" in finding.title
    assert finding.evidence.display_filter == 'dns.qry.name contains "tunnel.example"'
    deep = (lookup(n, f"{n:040d}.a.co.uk", type_number=NULL) for n in range(1, 26))
    assert found("dns_tunnel", *deep)[0].scope.names == ("a.co.uk",)
    reverse = (lookup(n, f"{n:040d}.ip6.arpa", type_number=NULL) for n in range(1, 26))
    assert found("dns_tunnel", *reverse) == []


def test_without_lookups_they_do_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    outcomes = [o for o in analysis_of("tcp_healthy_idle").outcomes if o.rule.startswith("dns_")]
    assert {o.status for o in outcomes} == {"not applicable"}
