"""Whom findings about HTTP name, and redirections of stores that lead nowhere."""

from typing import Any

import pytest
from exchanges import exchange, found
from factories import SERVER


@pytest.mark.parametrize(
    ("host", "named"),
    [
        ("www.example.org", "The web server www.example.org answers"),
        (SERVER, f"The web server {SERVER} answers"),
        ("", f"The web server {SERVER} answers"),
        # A proxy that passes on the address at which its client asked it.
        ("203.0.113.9", f"The web server {SERVER}:80 answers"),
        ("203.0.113.9:8080", f"The web server {SERVER}:80 answers"),
        ("backend", f"The web server backend ({SERVER}:80) answers"),
    ],
)
def test_an_error_is_told_of_the_server_that_makes_it(host: str, named: str) -> None:
    (finding,) = found("http_error", exchange(host=host, status=404, reason="Not Found"))
    assert finding.title.startswith(named)


@pytest.mark.parametrize(
    "other",
    [
        {"error_name": ""},
        {"error_name": "AccessDenied"},
        {"error_name": "PermanentRedirect", "location": "http://other.example.org/"},
        {"error_name": "PermanentRedirect", "status": 200},
    ],
)
def test_a_redirection_that_is_no_error(other: dict[str, Any]) -> None:
    values: dict[str, Any] = {"status": 301, "reason": "Moved Permanently"}
    assert found("http_error", exchange(**values | other)) == []
