from collections.abc import Callable

import pytest

from explainer.facts import Facts
from explainer.model import Cell
from explainer.protocols.http import requests
from explainer.stats.http import http

FactsOf = Callable[..., Facts]


def cells(facts: Facts) -> list[dict[str, Cell]]:
    stat = http(facts)
    return [dict(zip((column.name for column in stat.columns), row, strict=True)) for row in stat.rows]


def test_a_row_says_what_was_asked_and_answered(facts_of: FactsOf) -> None:
    found = cells(facts_of("http_404", requests))
    assert [row["status"] for row in found] == [200, 404, 200]
    asked = {name: found[1][name] for name in ("method", "host", "path", "server", "request_frame", "response_frame")}
    assert asked == {
        "method": "GET", "host": "intranet.example", "path": "/reports/2019.html", "server": "10.20.2.20:80",
        "request_frame": 18, "response_frame": 20,
    }  # fmt: skip


def test_a_request_without_whole_response_has_no_status(facts_of: FactsOf) -> None:
    (cut,) = cells(facts_of("http_cut_response", requests))
    assert (cut["status"], cut["time_ms"], cut["response_frame"]) == (None, None, None)
    assert cut["first_byte_ms"] is not None


def test_times_are_in_milliseconds(facts_of: FactsOf) -> None:
    stat = http(facts_of("http_slow_server", requests))
    assert [column.name for column in stat.columns if column.unit == "ms"] == ["time_ms", "first_byte_ms"]
    assert stat.rows[0][4] == pytest.approx(4000, abs=200)


@pytest.mark.parametrize("secret", ["hunter2", "YWxpY2U6", "s3cr3t", "t0ken", "password", "?"])
def test_no_secret_gets_into_the_table(secret: str, facts_of: FactsOf) -> None:
    assert secret not in repr(http(facts_of("http_secrets_healthy", requests)))


def test_without_requests_there_are_no_rows(facts_of: FactsOf) -> None:
    stat = http(facts_of("tls12_healthy", requests))
    assert (stat.rows, stat.total_rows) == ((), 0)
