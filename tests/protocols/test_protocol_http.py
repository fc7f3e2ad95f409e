"""HTTP exchanges against tshark's times, and pipelined, interim, late, cut and unanswered; no secret gets through."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import (
    CLIENT,
    FIN,
    ICMP,
    ODDITIES,
    RST,
    SERVER,
    TCP,
    UDP,
    datagram,
    ethernet,
    icmp_error,
    ip,
    pcap,
    segment,
)
from messages import get, response, shown, talk

from explainer.facts import Facts
from explainer.protocols.http import Exchange, requests
from explainer.protocols.http_messages import path, without_secrets
from explainer.protocols.tcp import Endpoint

FactsOf = Callable[..., Facts]
ExchangesOf = Callable[..., tuple[Exchange, ...]]
HERE, THERE = True, False
"""Who says it: the client, the server."""

SECRETS = ("hunter2", "YWxpY2U6aHVudGVyMi1iYXNpYw", "s3cr3t", "t0ken", "password")


@pytest.fixture
def exchanges_of(tmp_path: Path, facts_of: FactsOf) -> ExchangesOf:
    def found(*packets: bytes, **options: Any) -> tuple[Exchange, ...]:
        return facts_of(pcap(tmp_path / "made.pcap", packets, **options), requests)[requests]

    return found


def test_requests_and_times_are_tsharks(sample: dict[str, Any], captures: Path, facts_of: FactsOf) -> None:
    found = facts_of(sample["name"], requests)[requests]
    capture = captures / sample["file"]
    asked = shown(capture, "http.request", "frame.number", "http.request.method", "http.host")
    # A response alone answers what is no HTTP, or came in the direction that was not recorded.
    assert [[str(e.request_frame), e.method, e.host] for e in found if e.request_frame] == asked
    answered = shown(
        capture, "http.response", "frame.number", "http.request_in", "http.time", "http.response.code",
        "http.content_length_header",
    )  # fmt: skip
    ours = [e for e in found if e.response_frame]
    assert [
        [str(e.response_frame), str(e.request_frame or ""), str(e.status), str(e.content_length or "")] for e in ours
    ] == [[row[0], row[1], row[3], row[4]] for row in answered]
    times = [float(row[2]) * 1000 for row in answered if row[2]]
    assert [e.time_ms for e in ours if e.time_ms is not None] == [pytest.approx(time, abs=1e-6) for time in times]


def test_the_labs_cut_response_is_no_response_but_its_bytes_are_known(facts_of: FactsOf) -> None:
    (found,) = facts_of("http_cut_response", requests)[requests]
    assert (found.path, found.status, found.response_frame) == ("/report.bin", None, None)
    assert 60_000 < (found.response_bytes or 0) < 60_300
    assert found.first_byte_frame is not None
    assert (found.closed_before_response, found.closed_by_client, found.reset) == (True, False, False)


def test_the_labs_slow_server_begins_late_and_ends_soon(facts_of: FactsOf) -> None:
    (found,) = facts_of("http_slow_server", requests)[requests]
    assert found.first_byte_ms == pytest.approx(4000, abs=200)
    assert (found.time_ms or 0) - (found.first_byte_ms or 0) < 50


def test_the_labs_redirects_name_each_other(facts_of: FactsOf) -> None:
    found = [e for e in facts_of("http_redirect_loop", requests)[requests] if e.status == 302]
    assert len(found) == 11
    assert {(e.path, e.location) for e in found} == {
        ("/portal", "http://intranet.example/sign-in"), ("/sign-in", "http://intranet.example/portal"),
    }  # fmt: skip


def test_the_labs_proxy_answers_itself(facts_of: FactsOf) -> None:
    (found,) = [e for e in facts_of("http_502_from_proxy", requests)[requests] if e.status == 502]
    assert (found.path, found.reason) == ("/shop/cart", "Bad Gateway")
    assert found.software.startswith("nginx")


def test_the_labs_secrets_are_on_the_wire_and_not_in_the_record(captures: Path, facts_of: FactsOf) -> None:
    wire = (captures / "http_secrets_healthy.pcapng").read_bytes()
    assert all(secret.encode() in wire for secret in SECRETS)
    found = facts_of("http_secrets_healthy", requests)[requests]
    assert [(e.path, e.status) for e in found] == [("/index.html", 200)]
    assert not [secret for secret in SECRETS if secret in repr(found)]


def test_no_secret_of_any_header_or_target_gets_into_a_record(exchanges_of: ExchangesOf) -> None:
    asked = get(
        "http://alice:hunter2@www.example/a;sid=hunter2/b;x=hunter2?password=hunter2#hunter2", "Cookie: a=hunter2",
        "Authorization: Bearer hunter2", "Proxy-Authorization: Basic hunter2", "Referer: http://x/?hunter2",
        "X-Api-Key: hunter2", method="POST",
    )  # fmt: skip
    said = response(
        401, "hunter2", "Set-Cookie: a=hunter2", "Location: https://alice:hunter2@x.example/y;s=hunter2?t=hunter2",
        'WWW-Authenticate: Digest realm="r", nonce="hunter2"', "X-Token: hunter2",
    )  # fmt: skip
    (found,) = exchanges_of(*talk((HERE, asked), (THERE, said)))
    assert (found.path, found.location, found.challenge) == ("/a/b", "https://x.example/y", "Digest")
    assert "hunter2" not in repr(found)


def test_who_produced_a_response_is_kept(exchanges_of: ExchangesOf) -> None:
    headers = ("Server: app/1", "Via: 1.1 first", "Via: 1.1 second (squid)", "X-Cache: MISS from second")
    (found,) = exchanges_of(*talk((HERE, get("/")), (THERE, response(503, "", *headers))))
    assert found.software == "app/1"
    assert found.proxies == ("via: 1.1 first", "via: 1.1 second (squid)", "x-cache: MISS from second")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("", ""), ("/a/b?c=d", "/a/b"), ("/a;v=1/b", "/a/b"), ("http://h:1/x?y", "/x"), ("http://u:p@h?y", "/"),
        ("*", "*"), ("h.example:443", "h.example:443"), ("u:p@h:443", "h:443"), ("/x@y", "/x@y"),
        ("//evil/x", "//evil/x"),
    ],
)  # fmt: skip
def test_the_path_of_a_target(target: str, expected: str) -> None:
    assert path(target) == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("https://h/x?y#z", "https://h/x"), ("//u:p@h/x", "//h/x"), ("/x?y", "/x"), ("x/y;z", "x/y"), ("", ""),
        ("https://u:p@h", "https://h"),
    ],
)  # fmt: skip
def test_a_location_without_secrets(reference: str, expected: str) -> None:
    assert without_secrets(reference) == expected


def test_pipelined_requests_get_their_own_responses_though_tshark_says_otherwise(exchanges_of: ExchangesOf) -> None:
    found = exchanges_of(
        *talk(
            (HERE, get("/a") + get("/b")), (HERE, get("/c")), (THERE, response(200, "aa") + response(404)),
            (THERE, response(500)),
        )
    )  # fmt: skip
    assert [(e.path, e.request_frame, e.status, e.response_frame) for e in found] == [
        ("/a", 4, 200, 6), ("/b", 4, 404, 6), ("/c", 5, 500, 7),
    ]  # fmt: skip
    assert [e.time_ms for e in found] == [2.0, 2.0, 2.0]
    assert [e.response_bytes for e in found] == [None, None, len(response(500))]


def test_a_response_whose_end_is_lost_does_not_shift_the_others(exchanges_of: ExchangesOf) -> None:
    whole = response(200, "a" * 100)
    frames = talk(
        (HERE, get("/a")), (THERE, whole[:60]), (THERE, whole[60:]), (HERE, get("/b")), (THERE, response(404)),
        (HERE, get("/c")), (THERE, FIN),
    )  # fmt: skip
    del frames[5]
    found = exchanges_of(*frames)
    assert [(e.path, e.status, e.response_frame) for e in found] == [
        ("/a", None, None),
        ("/b", 404, 7),
        ("/c", None, None),
    ]
    assert [e.response_bytes for e in found] == [60, len(response(404)), 0]
    assert [e.closed_before_response for e in found] == [False, False, True]


HEAD = b"POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n"
HEAD_IN_CHUNKS = b"POST /up HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((HEAD,), (b"aaaabbbb",)),  # nothing of the body had been sent
        ((HEAD, b"aaaa"), (b"bb", b"bb")),
        ((HEAD_IN_CHUNKS, b"4\r\naaaa\r\n"), (b"0\r\n\r\n",)),
    ],
)
def test_an_answer_that_comes_while_its_request_is_being_sent_is_that_requests(
    before: tuple[bytes, ...], after: tuple[bytes, ...], exchanges_of: ExchangesOf
) -> None:
    sent, rest = [(HERE, data) for data in before], [(HERE, data) for data in after]
    first, early, later = exchanges_of(
        *talk((HERE, get("/a")), (THERE, response(200)), *sent, (THERE, response(413)), *rest, (HERE, get("/b")),
        (THERE, response(404))),
    )  # fmt: skip
    assert [(e.path, e.status) for e in (first, early, later)] == [("/a", 200), ("/up", 413), ("/b", 404)]
    asked, refused = 6, 6 + len(before)
    assert (early.request_frame, early.response_frame, early.first_byte_frame) == (asked, refused, refused)
    assert (early.completed_frame, early.response_bytes) == (refused + len(after), len(response(413)))
    assert early.time_ms == len(before)
    assert (first.completed_frame, later.completed_frame, early.closed_before_response) == (None, None, False)


@pytest.mark.parametrize(
    ("said", "opened"),
    [
        # All of the request comes after the answer: what was said before it is another one, which was not seen whole.
        ([(HERE, HEAD[:20]), (THERE, response(413)), (HERE, HEAD + b"aaaabbbb")], True),
        ([(THERE, response(408)), (HERE, HEAD), (HERE, b"aaaabbbb")], True),
        ([(HERE, HEAD[20:]), (THERE, response(413)), (HERE, HEAD), (HERE, b"aaaabbbb")], False),
        ([(HERE, HEAD), (THERE, response(408)), (THERE, response(413)), (HERE, b"aaaabbbb")], True),
    ],
)
def test_an_answer_before_a_request_that_may_be_anothers_stands_alone(
    said: list[tuple[bool, bytes]], opened: bool, exchanges_of: ExchangesOf
) -> None:
    *alone, found = sorted(exchanges_of(*talk(*said, opened=opened)), key=lambda e: e.request_frame or 0)
    assert {(e.request_frame, e.path) for e in alone} == {(None, "")}
    assert (found.path, found.status, found.completed_frame) == ("/up", None, None)


def test_interim_responses_answer_nothing(exchanges_of: ExchangesOf) -> None:
    head = b"POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    (found,) = exchanges_of(
        *talk((HERE, head), (THERE, b"HTTP/1.1 100 Continue\r\n\r\n"), (HERE, b"abc"), (THERE, response(201)))
    )
    assert (found.request_frame, found.status, found.response_frame, found.first_byte_frame) == (6, 201, 7, 7)


def test_a_response_that_lasts_until_the_end_begins_before_it(exchanges_of: ExchangesOf) -> None:
    (found,) = exchanges_of(*talk((HERE, get("/")), (THERE, b"HTTP/1.0 200 OK\r\n\r\nab"), (THERE, b"c"), (THERE, FIN)))
    assert (found.first_byte_frame, found.response_frame) == (5, 7)
    assert (found.first_byte_ms, found.time_ms) == (1.0, 3.0)
    assert not found.closed_before_response


@pytest.mark.parametrize(
    ("sender", "flag", "expected"),
    [(THERE, FIN, (False, False)), (THERE, RST, (False, True)), (HERE, RST, (True, True))],
)
def test_a_connection_that_ends_without_response_tells_who_ended_it(
    sender: bool, flag: int, expected: tuple[bool, bool], exchanges_of: ExchangesOf
) -> None:
    (found,) = exchanges_of(*talk((HERE, get("/")), (sender, flag)))
    assert (found.closed_frame, found.closed_by_client, found.reset) == (5, *expected)
    assert (found.first_byte_frame, found.response_bytes, found.time_ms) == (None, 0, None)


def test_an_open_connection_at_the_end_of_the_capture_is_not_closed(exchanges_of: ExchangesOf) -> None:
    (found,) = exchanges_of(*talk((HERE, get("/"))))
    assert not found.closed_before_response


@pytest.mark.parametrize("ports_swapped", [False, True])
def test_a_response_whose_request_came_before_the_capture_stands_alone(
    ports_swapped: bool, exchanges_of: ExchangesOf
) -> None:
    frames = talk((THERE, response(200, "a")), (HERE, get("/b")), (THERE, response(404)), opened=False)
    if ports_swapped:  # as if the server had the higher port
        swap = {80: (40000).to_bytes(2, "big"), 40000: (80).to_bytes(2, "big")}
        frames = [
            f[:34] + swap[int.from_bytes(f[34:36], "big")] + swap[int.from_bytes(f[36:38], "big")] + f[38:]
            for f in frames
        ]
    late, found = exchanges_of(*frames)
    assert (late.request_frame, late.method, late.status, late.time_ms) == (None, "", 200, None)
    assert (found.path, found.status) == ("/b", 404)
    assert {late.client.address, found.client.address} == {CLIENT}


def test_ssdp_and_quoted_requests_are_none(exchanges_of: ExchangesOf) -> None:
    search = b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n\r\n"
    quoted = ip(CLIENT, SERVER, TCP, segment(40000, 80, 0x18, 1, 1, get("/")))
    assert (
        exchanges_of(
            ethernet(ip(CLIENT, "239.255.255.250", UDP, datagram(1900, 1900, search))),
            ethernet(ip(SERVER, CLIENT, ICMP, icmp_error(3, 4, quoted))), *ODDITIES["plain"],
        ) == ()
    )  # fmt: skip


@pytest.mark.parametrize("snap", range(54, 140, 8))
def test_messages_that_are_cut_raise_nothing(snap: int, exchanges_of: ExchangesOf) -> None:
    assert len(exchanges_of(*talk((HERE, get("/a")), (THERE, response(200, "aa"))), snap=snap)) <= 2


def test_endpoints_are_the_clients_and_the_servers(exchanges_of: ExchangesOf) -> None:
    (found,) = exchanges_of(*talk((HERE, get("/"))))
    assert (found.client, found.server) == (Endpoint(CLIENT, 40000), Endpoint(SERVER, 80))


def test_signs_of_credentials_and_of_https_before_a_proxy_are_kept(exchanges_of: ExchangesOf) -> None:
    found = exchanges_of(
        *talk(
            (HERE, get("/a", "Authorization: Basic hunter2")), (HERE, get("/b", "X-Forwarded-Proto: HTTPS")),
            (HERE, get("/c", "Forwarded: for=192.0.2.1; proto=https")), (HERE, get("/d", "X-Forwarded-Proto: http")),
        )
    )  # fmt: skip
    assert [(e.credentials, e.secure) for e in found] == [(True, False), (False, True), (False, True), (False, False)]


def test_the_first_segment_without_data_acknowledges(exchanges_of: ExchangesOf) -> None:
    frames = talk((HERE, get("/")), (THERE, 0), (THERE, response(200)), (THERE, 0))
    (found,) = exchanges_of(*frames)
    assert (found.acknowledged_frame, found.acknowledged_ms, found.first_byte_ms) == (5, 1.0, 2.0)


def test_a_response_without_an_acknowledgement_before_it_has_none(exchanges_of: ExchangesOf) -> None:
    (found,) = exchanges_of(*talk((HERE, get("/")), (THERE, response(200)), (THERE, FIN)))
    assert (found.acknowledged_frame, found.acknowledged_ms) == (None, None)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text/plain", "Wrong password: hunter2\n", "Wrong password"),
        ("text/html; charset=utf-8", "<p>Access denied\r\n\r\nhunter2</p>", "Access denied"),
        ("application/json", '{"error": {"message": "Invalid API key", "token": "hunter2"}}', "Invalid API key"),
        ("application/json", '{"invalid password": 0}', ""),
        ("text/javascript", "alert('wrong password')", ""),
        ("text/plain", "wrong password" + "." * 500, ""),
        ("text/plain", "all is well", ""),
    ],
)  # fmt: skip
def test_what_a_short_text_complains_about(kind: str, body: str, expected: str, exchanges_of: ExchangesOf) -> None:
    (found,) = exchanges_of(*talk((HERE, get("/")), (THERE, response(200, body, f"Content-Type: {kind}"))))
    assert found.complaint == expected
    assert "hunter2" not in repr(found)


def test_a_text_in_chunks_is_read_too(exchanges_of: ExchangesOf) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    (found,) = exchanges_of(*talk((HERE, get("/")), (THERE, chunked + b"6\r\nwrong \r\n8\r\npassword\r\n0\r\n\r\n")))
    assert found.complaint == "wrong password"


@pytest.mark.parametrize(
    ("said", "expected"),
    [(b"no HTTP\n", True), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", False)],
)
def test_what_is_no_http_is_unreadable(said: bytes, expected: bool, exchanges_of: ExchangesOf) -> None:
    (found,) = exchanges_of(*talk((HERE, get("/")), (THERE, said), (THERE, FIN)))
    assert (found.status, found.unreadable) == (None, expected)
