"""Redirections in a circle, and those that only look alike; the lab's circle is in test_rule_http_status."""

import pytest
from exchanges import exchange, found
from factories import SECOND, START_NS

from explainer.model import Finding, Severity
from explainer.protocols.http import Exchange
from explainer.protocols.tcp import Endpoint

MOVED = "http://www.example.org/page"


def redirects(times: int, location: str = "/page", **overrides: object) -> list[Exchange]:
    """Return as many redirections, each asked for a second after the one before."""
    return [exchange(n, status=302, location=location, **overrides) for n in range(times)]


def loops(*exchanges: Exchange) -> list[Finding]:
    return found("http_redirect_loop", *exchanges)


@pytest.mark.parametrize("location", ["/page", MOVED, "HTTP://WWW.example.org/page", "page", "//www.example.org/page"])
def test_five_redirections_to_itself_are_a_circle_and_four_are_not(location: str) -> None:
    assert loops(*redirects(4, location)) == []
    (finding,) = loops(*redirects(5, location))
    assert finding.severity is Severity.HIGH
    assert "/page and back to itself" in finding.title
    assert finding.measured == {"redirects": 5, "pages": 1}


def test_two_pages_that_lead_to_each_other_are_a_circle() -> None:
    pages = ["/start", *["/a", "/b"] * 5]
    chain = [
        exchange(n, status=302, path=path, location="/b" if path == "/a" else "/a") for n, path in enumerate(pages)
    ]
    (finding,) = loops(*chain)
    assert "/a to /b and back to /a" in finding.title
    assert finding.measured == {"redirects": 10, "pages": 2}
    assert chain[0].request_frame not in finding.evidence.frames


def test_a_circle_that_is_left_is_none() -> None:
    assert loops(*redirects(9), exchange(9)) == []
    assert loops(*redirects(9), exchange(9, status=302, location="/elsewhere")) == []


@pytest.mark.parametrize(
    "location", ["/elsewhere", "https://www.example.org/page", "http://other.example/page", "http://[bad", ""]
)
def test_redirections_that_do_not_lead_back_are_no_circle(location: str) -> None:
    assert loops(*redirects(9, location)) == []


def test_a_page_that_is_asked_for_again_later_is_no_circle() -> None:
    def asked_every(seconds: float) -> list[Exchange]:
        times = [START_NS + int(n * seconds * SECOND) for n in range(9)]
        return [exchange(n, status=302, location="/page", request_ns=at, response_ns=at) for n, at in enumerate(times)]

    assert loops(*asked_every(5.1)) == []
    assert len(loops(*asked_every(5.0))) == 1


def test_other_clients_are_others() -> None:
    clients = [Endpoint(f"192.0.2.{n}", 40000) for n in range(9)]
    assert loops(*(exchange(n, status=302, location="/page", client=c) for n, c in enumerate(clients))) == []


def test_a_server_that_does_not_know_that_its_proxy_ends_tls_sends_in_circles() -> None:
    own = "https://www.example.org/page"
    (finding,) = loops(*redirects(5, own, secure=True))
    assert "X-Forwarded-Proto" in finding.act
    assert own in finding.title
    assert loops(*redirects(4, own, secure=True)) == []


def test_a_circle_within_tls_is_told_as_https() -> None:
    (finding,) = loops(*redirects(5, "/page", over_tls=True))
    assert "https://www.example.org/page" in finding.title
    assert "X-Forwarded-Proto" not in finding.act


def test_without_http_times_nothing_is_judged() -> None:
    assert (
        loops(*(exchange(n, status=302, location="/page", request_frame=None, request_ns=None) for n in range(9))) == []
    )
