"""Cookies that a client does not send back where it is sent on to, and the sign-ins that do not last by that."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from factories import findings_of
from messages import get, response
from sessions import FactsOf, session

from explainer.model import Analysis, Finding, Severity, Side
from explainer.protocols.http import requests
from explainer.protocols.web_cookies import lost_cookies

AnalysisOf = Callable[[str], Analysis]
RULE, SECURE = "http_cookie_lost", "Set-Cookie: sid=abc123; Path=/; Secure; HttpOnly"
TYPED = "user=anna&password=x"
FORM = ("Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(TYPED)}")


@pytest.fixture(name="told")
def _told(tmp_path: Path, facts_of: FactsOf) -> Callable[..., list[Finding]]:
    def told(
        cookie: str = SECURE, *, carried: str = "", back: bytes | None = None, to: str = "/", rule: str = RULE
    ) -> list[Finding]:
        asked = get("/login", *FORM, method="POST") + TYPED.encode()
        followed = get("/", *([f"Cookie: {carried}"] if carried else []))
        answer = response(302, "", "Location: /login") if back is None else back
        said = (True, asked), (False, response(302, "", f"Location: {to}", cookie)), (True, followed), (False, answer)
        return findings_of(rule, facts_of(session(tmp_path / "c.pcap", 80, *said), lost_cookies, requests))

    return told


def test_the_labs_cookie_for_https_alone(analysis_of: AnalysisOf) -> None:
    (finding,) = [f for f in analysis_of(RULE).findings if f.rule == RULE]
    assert finding.severity is Severity.HIGH
    assert finding.side is Side.SERVER


@pytest.mark.parametrize(
    ("cookie", "words", "side", "severity"),
    [
        (SECURE, "for https alone (Secure)", Side.SERVER, Severity.HIGH),
        ("Set-Cookie: sid=abc; Domain=other.example", "for the domain other.example", Side.SERVER, Severity.HIGH),
        ("Set-Cookie: sid=abc", "does not send back the cookie sid", Side.EITHER, Severity.MEDIUM),
        ("Set-Cookie: sid=abc; Domain=.WWW.example", "does not send back", Side.EITHER, Severity.MEDIUM),
    ],
)
def test_why_a_cookie_does_not_come_back(
    cookie: str, words: str, side: Side, severity: Severity, told: Callable[..., list[Finding]]
) -> None:
    (finding,) = told(cookie)
    assert words in finding.title
    assert (finding.side, finding.severity) == (side, severity)
    assert "abc" not in str(finding)
    assert {4, 5, 6, 7} & set(finding.evidence.frames)


@pytest.mark.parametrize(
    "changes",
    [
        {"carried": "theme=dark; sid=abc123"},
        {"back": response(200, "Welcome")},
        {"back": response(302, "", "Location: /news")},
        {"back": response(404)},
        {"cookie": "Set-Cookie: sid=; Max-Age=0"},
        {"cookie": "Set-Cookie: sid=x; expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure"},
        {"cookie": "Set-Cookie: sid=abc; Path=/app; Secure"},
        {"to": "https://www.example/"},
        {"to": "http://other.example/"},
        {"to": "/elsewhere"},
    ],
    ids=str,
)
def test_what_is_no_lost_cookie(changes: dict[str, Any], told: Callable[..., list[Finding]]) -> None:
    assert told(**changes) == []


@pytest.mark.parametrize(("status", "found"), [(401, 1), (403, 1), (400, 0)])
def test_a_refusal_says_that_nobody_is_known(status: int, found: int, told: Callable[..., list[Finding]]) -> None:
    assert len(told(back=response(status))) == found


@pytest.mark.parametrize("back", [response(302, "", "Location: /sign-in"), response(401)])
def test_who_has_not_signed_in_yet_is_sent_there_by_a_site_that_is_well(
    back: bytes, tmp_path: Path, facts_of: FactsOf
) -> None:
    led = response(302, "", "Location: /home", SECURE)
    said = (True, get("/")), (False, led), (True, get("/home")), (False, back)
    assert findings_of(RULE, facts_of(session(tmp_path / "c.pcap", 80, *said), lost_cookies, requests)) == []


@pytest.mark.parametrize(("cookie", "loops"), [(SECURE, 0), ("Set-Cookie: sid=abc", 1)])
def test_a_circle_that_comes_from_it_is_told_once(cookie: str, loops: int, tmp_path: Path, facts_of: FactsOf) -> None:
    said = [
        (from_client, data)
        for _ in range(6)
        for from_client, data in (
            (True, get("/sso")), (False, response(302, "", "Location: /home", cookie)),
            (True, get("/home")), (False, response(302, "", "Location: /sso")),
        )
    ]  # fmt: skip
    facts = facts_of(session(tmp_path / "c.pcap", 80, *said), lost_cookies, requests)
    assert len(findings_of("http_redirect_loop", facts)) == loops
    (finding,) = findings_of(RULE, facts)
    assert finding.measured == {"times": 6}


def test_it_does_not_apply_without_http(analysis_of: AnalysisOf) -> None:
    assert next(o for o in analysis_of("dns_nxdomain").outcomes if o.rule == RULE).findings == ()
