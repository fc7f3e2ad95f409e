"""Preflights of CORS and WebSockets: what is refused, and what is granted."""

import pytest
from exchanges import exchange, found

from explainer.model import Severity, Side
from explainer.protocols.http import Exchange
from explainer.protocols.http_cors import Leave

ASKED = Leave("https://app.example.org", ("PUT",))
PERMITTED, NOT_THIS = Leave("*", ("PUT",)), Leave("*", ("GET",))


def preflight(stream: int = 0, *, status: int = 204, leave: Leave | None = None) -> Exchange:
    return exchange(stream, method="OPTIONS", status=status, reason="", leave_asked=ASKED, leave_given=leave)


@pytest.mark.parametrize(
    ("status", "leave", "why"),
    [
        (204, PERMITTED, ""),
        (200, PERMITTED, ""),
        (204, None, "without Access-Control-Allow-Origin"),
        (204, NOT_THIS, "without PUT in Access-Control-Allow-Methods"),
        (403, None, 'with "403"'),
        (403, PERMITTED, 'with "403"'),
    ],
)
def test_a_preflight_needs_leave(status: int, leave: Leave | None, why: str) -> None:
    asked = preflight(status=status, leave=leave)
    findings = found("http_preflight_refused", asked)
    assert [(f.severity, f.side) for f in findings] == ([(Severity.HIGH, Side.SERVER)] if why else [])
    assert all(f"of the request for /page {why}: the browser" in f.title for f in findings)
    assert found("http_error", asked) == []


def test_preflights_refused_for_one_reason_are_one_finding() -> None:
    findings = found("http_preflight_refused", preflight(0), preflight(1), preflight(2, leave=NOT_THIS))
    assert [f.measured["requests"] for f in findings] == [2, 1]


@pytest.mark.parametrize(("status", "fires"), [(101, False), (200, True), (403, True)])
def test_a_websocket_is_switched_to(status: int, fires: bool) -> None:
    asked = exchange(wish="websocket", status=status, reason="")
    assert bool(found("http_websocket_refused", asked)) is fires


def test_other_requests_are_none() -> None:
    assert found("http_preflight_refused", exchange(method="OPTIONS", status=403)) == []
    assert found("http_websocket_refused", exchange(status=403)) == []
    assert len(found("http_error", exchange(method="OPTIONS", status=403))) == 1
