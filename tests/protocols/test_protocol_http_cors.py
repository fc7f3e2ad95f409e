"""Preflights: what is asked for, what is permitted, and the first thing that is not."""

import pytest

from explainer.protocols.http_cors import Leave, given, lacking, wanted

SITE = "https://app.example.org"
ASKED = Leave(SITE, ("PUT",), ("authorization", "x-id"))


def headers(**named: str) -> dict[str, list[str]]:
    return {name.replace("_", "-"): [value] for name, value in named.items()}


def test_a_preflight_is_options_with_an_origin_and_a_method() -> None:
    told = headers(
        origin=SITE, access_control_request_method="PUT", access_control_request_headers="Authorization, X-Id"
    )
    assert wanted("OPTIONS", told) == ASKED
    assert wanted("GET", told) is None
    assert wanted("OPTIONS", headers(origin=SITE)) is None
    assert wanted("OPTIONS", headers(access_control_request_method="PUT")) is None


def test_an_answer_that_names_no_origin_gives_no_leave() -> None:
    assert given(headers(allow="GET, PUT")) is None
    told = headers(access_control_allow_origin="*", access_control_allow_headers="X-Id,Accept")
    assert given(told) == Leave("*", (), ("x-id", "accept"))


@pytest.mark.parametrize(
    ("leave", "expected"),
    [
        (Leave(SITE, ("GET", "PUT"), ("x-id", "authorization")), ""),
        (Leave("*", ("*",), ("*", "authorization")), ""),
        (None, "without Access-Control-Allow-Origin"),
        (
            Leave("https://other.example", ("PUT",), ("*",)),
            f"with Access-Control-Allow-Origin for https://other.example alone, not for {SITE}",
        ),
        (Leave(SITE, ("GET", "POST"), ("authorization", "x-id")), "without PUT in Access-Control-Allow-Methods"),
        (Leave(SITE, ("PUT",), ("authorization",)), "without x-id in Access-Control-Allow-Headers"),
        (Leave(SITE, ("PUT",), ("*",)), "without authorization in Access-Control-Allow-Headers"),
    ],
)
def test_the_first_thing_that_lacks_is_told(leave: Leave | None, expected: str) -> None:
    assert lacking(ASKED, leave) == expected


def test_what_every_site_may_do_needs_no_leave() -> None:
    assert lacking(Leave(SITE, ("POST",), ("accept",)), Leave(SITE)) == ""


def test_what_is_told_has_no_strange_marks() -> None:
    told = lacking(Leave(SITE), Leave("https://x.example\x1b[31m<b>"))
    assert "\x1b" not in told
    assert "<" not in told
