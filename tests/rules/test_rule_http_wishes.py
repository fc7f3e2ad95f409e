"""Preflights of CORS and WebSockets: what is refused, and what is granted."""

import pytest
from exchanges import exchange, found

from explainer.model import Severity, Side


@pytest.mark.parametrize(
    ("status", "allows", "fires"),
    [(204, True, False), (200, True, False), (204, False, True), (403, False, True), (403, True, True)],
)
def test_a_preflight_needs_leave(status: int, allows: bool, fires: bool) -> None:
    asked = exchange(method="OPTIONS", wish="preflight", status=status, reason="", allows_origin=allows)
    findings = found("http_preflight_refused", asked)
    assert [(f.severity, f.side) for f in findings] == ([(Severity.HIGH, Side.SERVER)] if fires else [])
    assert found("http_error", asked) == []


@pytest.mark.parametrize(("status", "fires"), [(101, False), (200, True), (403, True)])
def test_a_websocket_is_switched_to(status: int, fires: bool) -> None:
    asked = exchange(wish="websocket", status=status, reason="")
    assert bool(found("http_websocket_refused", asked)) is fires


def test_other_requests_are_none() -> None:
    assert found("http_preflight_refused", exchange(method="OPTIONS", status=403)) == []
    assert found("http_websocket_refused", exchange(status=403)) == []
    assert len(found("http_error", exchange(method="OPTIONS", status=403))) == 1
