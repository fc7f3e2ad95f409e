"""What a gateway's connection to the server behind it adds to the gateway's error."""

from typing import Any

import pytest
from exchanges import exchange, found
from factories import CLIENT, SERVER, connection, first_frame, start_ns

from explainer.model import Finding, Severity
from explainer.protocols.applications import Kind, Reply
from explainer.protocols.arp import Resolution
from explainer.protocols.dns import Lookup
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Connection, Endpoint
from explainer.rules.http_upstream import while_waiting
from explainer.rules.http_upstream_sight import other_addresses, sight

BACKEND = Endpoint("198.51.100.99", 9000)
ASKED = first_frame(0) + 3
ANSWERED = ASKED + 50


def behind(**overrides: Any) -> Connection:
    """Return a connection of the gateway, opened after the client's request."""
    opened: dict[str, Any] = {
        "client": Endpoint(SERVER, 50000), "server": BACKEND, "first_frame": ASKED + 2, "syn_frames": (ASKED + 2,),
    }  # fmt: skip
    return connection(1, **opened | overrides)


REFUSED = {"syn_ack_frame": None, "server_resets": (ASKED + 3,)}
SILENT = {"client_payload": 200, "server_payload": 0, "server_ends": (), "server_resets": ()}


def titles(tried: Connection, status: int = 502) -> list[str]:
    asked = exchange(0, status=status, reason="", request_frame=ASKED, response_frame=ANSWERED)
    return [finding.title for finding in found("http_error", asked, below=[connection(0), tried])]


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        (REFUSED, "refuses the connection"),
        ({"syn_ack_frame": None, "server_resets": ()}, "does not answer the connection request"),
        (SILENT | {"server_ends": (ANSWERED - 1,)}, "hangs up without an answer"),
        (SILENT | {"server_ends": (ANSWERED + 1,)}, "does not answer in time"),
    ],
)
def test_the_failed_connection_is_the_cause(tried: dict[str, Any], words: str) -> None:
    (title,) = titles(behind(**tried))
    assert f"({BACKEND} " in title
    assert words in title


@pytest.mark.parametrize(
    ("tried", "status"),
    [
        (REFUSED | {"first_frame": ASKED - 1, "first_ns": 0}, 502),
        (REFUSED | {"first_frame": ANSWERED + 1}, 502),
        (REFUSED | {"client": Endpoint(CLIENT, 50000)}, 502),
        (REFUSED, 404),
        (SILENT | {"server_payload": 1}, 502),
        (SILENT | {"client_payload": 0}, 502),
    ],
    ids=[
        "long before the request",
        "after the answer",
        "not the gateway's",
        "not a gateway's error",
        "answered",
        "unused",
    ],
)
def test_other_connections_are_not(tried: dict[str, Any], status: int) -> None:
    (title,) = titles(behind(**tried), status)
    assert str(BACKEND) not in title


OTHER_SIDE = "198.51.100.1"
"""The gateway's address toward the servers behind it, where that is another one."""


def lookup(**overrides: Any) -> Lookup:
    """Return the gateway's lookup of a name that does not exist, right after the request."""
    values: dict[str, Any] = {
        "kind": "DNS", "transport": "udp", "stream": 9, "client": Endpoint(SERVER, 5353),
        "server": Endpoint("198.51.100.53", 53), "id": 1, "name": "app.internal", "type_number": 1,
        "query_frames": (ASKED + 1,), "query_ns": start_ns(0), "response_frames": (ASKED + 2,),
        "response_ns": start_ns(0) + 1_000_000, "rcode": 3,
    }  # fmt: skip
    return Lookup(**values | overrides)


def behind_request(**overrides: Any) -> Exchange:
    """Return a request of the gateway on a connection that was open before, answered 500."""
    values: dict[str, Any] = {
        "client": Endpoint(SERVER, 50000), "server": BACKEND, "request_frame": ASKED + 2,
        "response_frame": ASKED + 4, "first_byte_frame": ASKED + 4, "status": 500, "reason": "Internal Server Error",
        "request_ns": start_ns(0), "response_ns": start_ns(0) + 500_000,
    }  # fmt: skip
    return exchange(7, **values | overrides)


def told(status: int, *others: Exchange, below: tuple[Connection, ...] = (), **more: Any) -> Finding:
    asked = exchange(0, status=status, reason="", request_frame=ASKED, response_frame=ANSWERED)
    findings = found("http_error", asked, *others, below=[connection(0), *below], **more)
    return next(f for f in findings if ANSWERED in f.evidence.frames)


def test_another_address_counts_where_the_times_fit() -> None:
    near = behind(**REFUSED, client=Endpoint(OTHER_SIDE, 50000), first_ns=start_ns(0), last_ns=start_ns(0))
    finding = told(502, below=(near,))
    assert f"(probably because {BACKEND} refuses the connection)" in finding.title
    assert any(OTHER_SIDE in limit for limit in finding.limitations)


@pytest.mark.parametrize("late", [{"first_ns": start_ns(0) + 200_000_000}, {"last_ns": start_ns(0) + 200_000_000}])
def test_another_address_at_another_time_is_not_the_gateway(late: dict[str, int]) -> None:
    times = {"first_ns": start_ns(0), "last_ns": start_ns(0)} | late
    assert str(BACKEND) not in told(502, below=(behind(**REFUSED, client=Endpoint(OTHER_SIDE, 50000), **times),)).title


def test_two_other_addresses_may_be_anybody() -> None:
    times = {"first_ns": start_ns(0), "last_ns": start_ns(0)}
    first = behind(**REFUSED, client=Endpoint(OTHER_SIDE, 5000), **times)
    second = first._replace(stream=2, client=Endpoint("198.51.100.2", 5000))
    assert str(BACKEND) not in told(502, below=(first, second)).title


def test_a_name_that_does_not_exist_is_the_cause() -> None:
    finding = told(502, lookups=[lookup()])
    assert "does not know app.internal" in finding.title
    assert ASKED + 2 in finding.evidence.frames


@pytest.mark.parametrize(
    "other",
    [
        {"rcode": 0, "answers": ("198.51.100.99",)},
        {"client": Endpoint(CLIENT, 5353)},
        {"response_ns": start_ns(0) + 300_000_000},
        {"query_frames": (ASKED - 1,)},
    ],
    ids=["found", "the client's", "long before the answer", "before the request"],
)
def test_other_lookups_are_not(other: dict[str, Any]) -> None:
    assert "app.internal" not in told(502, lookups=[lookup(**other)]).title


def test_an_answer_that_is_passed_on_names_whose_it_is() -> None:
    finding = told(500, behind_request())
    assert f"it passes on what {BACKEND} behind it answers" in finding.title
    assert str(BACKEND) in finding.act


def test_a_missing_page_that_is_passed_on_leaves_the_act() -> None:
    assert str(BACKEND) not in told(404, behind_request(status=404)).act


def test_among_several_requests_only_the_same_path_is_passed_on() -> None:
    other = exchange(3, client=Endpoint("198.51.100.7", 1), request_frame=ASKED - 1, response_frame=ANSWERED + 1)
    assert str(BACKEND) in told(500, behind_request(), other).title
    assert str(BACKEND) not in told(500, behind_request(path="/other"), other).title


def test_an_answer_in_order_that_the_gateway_does_not_take() -> None:
    assert "does not take it" in told(502, behind_request(status=200)).title
    assert "does not take it" not in told(503, behind_request(status=200)).title


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        ({"closed_frame": ASKED + 4, "reset": True}, "resets the connection without an answer"),
        ({"closed_frame": None}, "does not answer in time"),
        ({"response_bytes": 10, "closed_frame": ASKED + 4}, "in the middle of its answer"),
        ({"unreadable": True, "first_byte_frame": ASKED + 4}, "no HTTP"),
    ],
)
def test_a_request_on_an_open_connection_that_fails(ending: dict[str, Any], words: str) -> None:
    unanswered = {"status": None, "response_frame": None, "first_byte_frame": None, "response_bytes": 0}
    assert words in told(504, behind_request(**unanswered | ending)).title


def test_an_answer_that_comes_after_the_gateways_is_late() -> None:
    late = {"response_frame": ANSWERED + 1, "first_byte_frame": ANSWERED + 1}
    assert "does not answer in time" in told(504, behind_request(**late)).title


def passed(other: str = OTHER_SIDE) -> tuple[Exchange, Exchange]:
    """Return another page that the gateway fetches from behind, from another address."""
    times = {"request_frame": 202, "response_frame": 209, "first_byte_frame": 209}
    asked = exchange(20, path="/start", **times)
    behind = exchange(21, client=Endpoint(other, 1), server=BACKEND, request_frame=204, response_frame=206,
                      path="/start")  # fmt: skip
    return asked, behind


def test_an_address_from_which_pages_were_passed_on_is_the_gateways() -> None:
    late = {"first_ns": start_ns(0) + 400_000_000, "last_ns": start_ns(0) + 400_000_000}
    tried = behind(**REFUSED, client=Endpoint(OTHER_SIDE, 50000), **late)
    assert f"({BACKEND} refuses the connection)" in told(502, *passed(), below=(tried,)).title
    assert str(BACKEND) not in told(502, *passed("198.51.100.3"), below=(tried,)).title


def test_a_page_that_two_hosts_ask_for_makes_no_gateway() -> None:
    asked, other = passed()
    after = other._replace(response_frame=212)
    assert not other_addresses((asked, after))
    assert not other_addresses((asked, other._replace(client=asked.client)))
    assert other_addresses((asked, other)) == {SERVER: frozenset({OTHER_SIDE})}


def check(stream: int, frame: int, **overrides: Any) -> Connection:
    """Return a health check of the gateway that is refused, before the request."""
    values = REFUSED | {"client": Endpoint(SERVER, 6000 + stream), "server": BACKEND, "syn_frames": (frame,),
                        "first_frame": frame, "server_resets": (frame + 1,), "first_ns": start_ns(0)}  # fmt: skip
    return connection(stream, **values | overrides)


def test_health_checks_that_were_refused_tell_why_nobody_serves() -> None:
    finding = told(503, below=(check(3, 1), check(4, 3)))
    assert f"{BACKEND} has refused the gateway's connections (2 times" in finding.title
    assert {1, 3} <= set(finding.evidence.frames)
    assert str(BACKEND) in told(502, below=(check(3, 1),)).title
    (late,) = told_of(below=(check(3, 1),), status=502, response_ns=start_ns(0) + 200_000_000)
    assert str(BACKEND) not in late.title


@pytest.mark.parametrize(
    "last", [{"syn_ack_frame": 4, "server_resets": ()}, {"client": Endpoint(CLIENT, 1)}, {"first_ns": 0}],
    ids=["works again", "not the gateway's", "long ago"],
)  # fmt: skip
def test_other_health_checks_do_not(last: dict[str, Any]) -> None:
    refused_before = (check(3, 1),) if "syn_ack_frame" in last else ()
    assert str(BACKEND) not in told(503, below=(*refused_before, check(4, 3, **last))).title


def probe(n: int, **overrides: Any) -> Exchange:
    """Return a health check of the gateway over HTTP that fails, before the request."""
    values = {"client": Endpoint(SERVER, 6000 + n), "server": BACKEND, "path": "/healthz", "status": 404,
              "reason": "Not Found", "request_frame": n, "first_byte_frame": n, "response_frame": n}  # fmt: skip
    return exchange(7 + n, **{"request_ns": start_ns(0)} | values | overrides)


def told_of(*before: Exchange, below: tuple[Connection, ...] = (), **overrides: Any) -> tuple[Finding, ...]:
    values: dict[str, Any] = {"status": 503, "reason": "", "request_frame": ASKED, "response_frame": ANSWERED}
    asked = exchange(0, **values | {"path": "/cart"} | overrides)
    return tuple(found("http_error", *before, asked, below=[connection(0), *below]))


def test_health_checks_that_fail_tell_why_nobody_serves() -> None:
    checks, cart = told_of(probe(1), probe(2))
    assert f'{BACKEND} answers the gateway\'s own requests for /healthz with "404 Not Found" (2 times' in cart.title
    assert (checks.severity, cart.severity) == (Severity.MEDIUM, Severity.HIGH)


@pytest.mark.parametrize(
    "before",
    [
        (probe(1),),
        (probe(1), probe(2), probe(3, status=200)),
        (probe(1, path="/cart"), probe(2, path="/cart")),
        (probe(1, request_ns=0), probe(2, request_ns=0)),
        (probe(1, client=Endpoint(CLIENT, 9)), probe(2, client=Endpoint(CLIENT, 9))),
        tuple(probe(n, request_ns=start_ns(0) - ago * 1_000_000_000) for n, ago in ((1, 30), (2, 10), (3, 9))),
    ],
    ids=["once", "passes again", "what clients ask for", "long ago", "not the gateway's", "at odd times"],
)
def test_other_answers_to_a_gateway_do_not(before: tuple[Exchange, ...]) -> None:
    assert not any("own requests for" in finding.title for finding in told_of(*before))


@pytest.mark.parametrize(
    ("waited_s", "open_one", "expected"),
    [(1.0, {}, True), (0.9, {}, False), (1.0, {"response_frame": ANSWERED - 1}, False)],
    ids=["waited in a queue", "not for long", "answered meanwhile"],
)
def test_a_server_that_is_busy_tells_why_a_request_waits_in_vain(
    waited_s: float, open_one: dict[str, Any], expected: bool
) -> None:
    slow = probe(1, path="/report", status=200, reason="OK", **{"response_frame": ANSWERED + 5} | open_one)
    (finding,) = told_of(slow, response_ns=start_ns(0) + int(waited_s * 1e9))
    assert ("still busy with 1 earlier request" in finding.title) is expected


def search(**overrides: Any) -> Resolution:
    """Return the gateway's search for its backend, in vain, while a client waits."""
    values: dict[str, Any] = {"asker": SERVER, "target": BACKEND.address, "request_frames": (ASKED + 1, ASKED + 2)}
    empty: dict[str, Any] = {"asker_mac": "02:00:00:00:00:01", "first_ns": 0, "last_ns": 0, "reply_frames": (),
                             "reply_macs": (), "first_reply_ns": None}  # fmt: skip
    return Resolution(**empty | values | overrides)


@pytest.mark.parametrize(
    ("overrides", "status", "expected"),
    [
        ({}, 504, True),
        ({}, 500, False),
        ({"reply_frames": (ASKED + 2,)}, 504, False),
        ({"asker": CLIENT}, 504, False),
        ({"request_frames": (ASKED - 2, ASKED - 1)}, 504, False),
        ({"request_frames": (ASKED + 1,)}, 504, False),
    ],
    ids=["nobody", "not a gateway's error", "found", "not the gateway's", "before", "asked once"],
)
def test_an_address_that_nobody_has_is_the_cause(overrides: dict[str, Any], status: int, expected: bool) -> None:
    asked = exchange(0, status=status, reason="", request_frame=ASKED, response_frame=ANSWERED)
    (finding,) = found("http_error", asked, below=[connection(0)], searches=[search(**overrides)])
    assert (f"{BACKEND.address} is nobody's address" in finding.title) is expected


def test_what_a_gateway_waits_for_while_its_client_does() -> None:
    waits: dict[str, Any] = {"status": None, "response_frame": None, "first_byte_frame": None, "response_bytes": 0}
    client = exchange(0, **waits | {"closed_frame": ANSWERED, "closed_by_client": True, "request_frame": ASKED})
    behind_it = probe(1, **waits | {"path": "/page", "request_frame": ASKED + 3})
    until = start_ns(0) + 5_000_000_000

    def cause(*others: Exchange) -> str:
        seen = sight([connection(0)], (), (client, *others), (), ())
        found = while_waiting(client, until, seen)
        return found.words if found else ""

    assert cause(behind_it) == "takes the request and does not answer in time"
    assert cause() == ""
    assert cause(behind_it._replace(client=Endpoint(CLIENT, 9))) == ""
    assert cause(probe(1, path="/page", status=200, request_frame=ASKED + 3, response_frame=ASKED + 4)) == ""


SERVED: dict[str, Any] = {"path": "/cart", "status": 200, "reason": "OK"}


def test_a_gateway_that_asks_nobody_any_more_must_look_itself() -> None:
    for status in (502, 503):
        (finding,) = told_of(probe(1, **SERVED), status=status)
        assert f"it asks nobody behind it for that, though {BACKEND} answered 1 request" in finding.title
        assert finding.act.startswith("The gateway's side")


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        (probe(1, **SERVED | {"status": 404}), {}),
        (probe(1, **SERVED | {"path": "/metrics"}), {}),
        (probe(1, **SERVED), {"response_ns": start_ns(0) + 200_000_000}),
        (probe(1, **SERVED), {"below": (behind(),)}),
        (probe(1, **SERVED), {"error_name": "no server is available"}),
    ],
    ids=["did not serve before", "what no client wanted", "not at once", "asks now", "says why"],
)
def test_a_gateway_may_have_other_reasons(before: Exchange, changes: dict[str, Any]) -> None:
    assert not any("asks nobody" in finding.title for finding in told_of(before, **changes))


def test_any_error_of_a_server_is_a_gateways_where_a_tunnel_was_asked_for() -> None:
    asked = exchange(0, status=500, reason="", request_frame=ASKED, response_frame=ANSWERED, method="CONNECT")
    (finding,) = found("http_error", asked, below=[connection(0), behind(**REFUSED)])
    assert f"{BACKEND} refuses the connection" in finding.title


def test_what_an_application_turned_to_is_probably_why_it_failed() -> None:
    times = {"first_ns": start_ns(0), "last_ns": start_ns(0)}
    assert (
        f"(probably because {BACKEND} refuses the connection)" in told(500, below=(behind(**REFUSED, **times),)).title
    )
    late = times | {"first_ns": start_ns(0) + 200_000_000}
    assert str(BACKEND) not in told(500, below=(behind(**REFUSED, **late),)).title


def test_among_several_requests_only_what_begins_and_ends_with_one_is_its() -> None:
    other = exchange(3, client=Endpoint("198.51.100.7", 1), request_frame=ASKED - 1, response_frame=ANSWERED + 1)
    late = {"first_ns": start_ns(0) + 200_000_000, "last_ns": start_ns(0)}
    assert str(BACKEND) not in told(502, other, below=(behind(**REFUSED, **late),)).title
    near = {"first_ns": start_ns(0), "last_ns": start_ns(0)}
    assert str(BACKEND) in told(502, other, below=(behind(**REFUSED, **near),)).title


def test_of_several_hosts_the_one_that_failed_counts() -> None:
    times = {"first_ns": start_ns(0), "last_ns": start_ns(0)}
    failed = behind(**REFUSED, client=Endpoint("127.0.0.1", 5000), **times)
    fine = behind(client=Endpoint(OTHER_SIDE, 1), **times)._replace(stream=2)
    assert str(BACKEND) in told(502, below=(fine, failed)).title


def said_by_database(frame: int, *, ok: bool, client: str = SERVER) -> Reply:
    code, text = ("", "") if ok else ("28P01", "password authentication failed")
    ends = Endpoint(client, 50000), Endpoint(BACKEND.address, 5432)
    return Reply("PostgreSQL", Kind.LOGIN, 1, *ends, frame - 1, frame, "login", "app", code, text, ok)


@pytest.mark.parametrize(
    ("answers", "status", "told"),
    [
        ([said_by_database(ANSWERED - 1, ok=False)], 500, True),
        ([said_by_database(ANSWERED - 3, ok=False), said_by_database(ANSWERED - 1, ok=True)], 500, False),
        ([said_by_database(ANSWERED + 1, ok=False)], 500, False),
        ([said_by_database(ASKED - 1, ok=False)], 500, False),
        ([said_by_database(ANSWERED - 1, ok=False, client=CLIENT)], 500, False),
        ([said_by_database(ANSWERED - 1, ok=False)], 409, False),
    ],
    ids=["meanwhile", "got over", "after the answer", "before the request", "of another host", "no server's error"],
)
def test_what_a_database_refused_meanwhile(answers: list[Reply], status: int, told: bool) -> None:
    asked = exchange(0, status=status, reason="", request_frame=ASKED, response_frame=ANSWERED)
    (finding,) = found("http_error", asked, below=[connection(0)], answers=answers)
    words = f"probably because {BACKEND.address}:5432 refuses what it is asked (PostgreSQL): user name or password is"
    assert (words in finding.title) is told
