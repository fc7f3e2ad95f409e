"""Redirections that lead to where the client does not get through."""

from collections.abc import Callable
from typing import Any

import pytest
from exchanges import exchange, found
from factories import SERVER, connection, first_frame, refused, start_ns, unanswered

from explainer.model import Analysis, Finding, Severity
from explainer.protocols.dns import Lookup
from explainer.protocols.tcp import Connection, Endpoint

AnalysisOf = Callable[[str], Analysis]
RULE = "http_redirect_dead_end"
TO_PORT, TO_NAME = "http://www.example.org:8088/x", "https://gone.example/"
MOVED = exchange(0, status=302, location=TO_PORT)
SECOND = 1_000_000_000


def lookup(rcode: int | None, after_s: float = 0.1, **changes: Any) -> Lookup:
    asked = (MOVED.response_ns or 0) + int(after_s * SECOND)
    values: dict[str, Any] = {
        "kind": "DNS", "transport": "UDP", "stream": 9, "client": Endpoint(MOVED.client.address, 5300),
        "server": Endpoint("192.0.2.53", 53), "id": 9, "name": "gone.example", "type_number": 1,
        "query_frames": (70,), "query_ns": asked, "last_query_ns": asked, "response_frames": (71,), "rcode": rcode,
    }  # fmt: skip
    return Lookup(**(values | changes))


def dead_ends(location: str, *later: Connection, lookups: tuple[Lookup, ...] = ()) -> list[Finding]:
    moved = exchange(0, status=302, location=location)
    return found(RULE, moved, below=(connection(0), *later), lookups=lookups)


def to(port: int, address: str = SERVER) -> dict[str, Any]:
    return {"server": Endpoint(address, port)}


def test_the_labs_redirection_to_a_closed_port(analysis_of: AnalysisOf) -> None:
    (finding,) = [f for f in analysis_of(RULE).findings if f.rule == RULE]
    assert finding.severity is Severity.HIGH
    assert "refuses the connection to port 8443" in finding.title


@pytest.mark.parametrize(
    ("attempt", "words"),
    [(refused(1, **to(8088)), "refuses the connection to port 8088"), (unanswered(1, **to(8088)), "never answers")],
)
def test_a_port_that_lets_nobody_in(attempt: Connection, words: str) -> None:
    (finding,) = dead_ends(TO_PORT, attempt)
    assert words in finding.title
    assert {MOVED.request_frame, MOVED.response_frame, first_frame(1)} <= set(finding.evidence.frames)


@pytest.mark.parametrize(
    ("location", "later"),
    [
        (TO_PORT, ()),  # the client does not follow
        (TO_PORT, (connection(1, **to(8088)),)),
        (TO_PORT, (refused(1, **to(8088)), connection(2, **to(8088)))),
        (TO_PORT, (refused(1, **to(8089)),)),
        (TO_PORT, (unanswered(1, 1, **to(8088)),)),
        (TO_PORT, (refused(1, **to(8088), first_ns=start_ns(0) + 6 * SECOND),)),
        ("/elsewhere", (refused(1, **to(80)),)),
        ("http://[bad", (refused(1, **to(80)),)),
    ],
)
def test_where_the_way_goes_on_or_was_not_taken(location: str, later: tuple[Connection, ...]) -> None:
    assert dead_ends(location, *later) == []


@pytest.mark.parametrize(
    ("rcode", "words"), [(3, "does not exist"), (2, "SERVFAIL"), (5, "refuses to answer"), (None, "never answers")]
)
def test_a_name_that_leads_nowhere(rcode: int | None, words: str) -> None:
    silent: dict[str, Any] = {} if rcode else {"query_frames": (70, 72), "response_frames": ()}
    (finding,) = dead_ends(TO_NAME, lookups=(lookup(rcode, **silent),))
    assert words in finding.title
    assert set(finding.scope.names) == {"www.example.org", "gone.example"}


@pytest.mark.parametrize(
    "changes",
    [
        {"rcode": None, "response_frames": ()},
        {"answers": ("192.0.2.9",), "rcode": 0},
        {"after_s": 5.1},
        {"rcode": 0},
        {"name": "other.example"},
    ],
)
def test_a_name_that_has_an_address_or_belongs_to_something_else(changes: dict[str, Any]) -> None:
    assert dead_ends(TO_NAME, lookups=(lookup(**({"rcode": 3} | changes)),)) == []
