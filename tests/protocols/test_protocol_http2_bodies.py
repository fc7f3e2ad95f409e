"""What the texts of errors over HTTP/2 tell."""

from collections.abc import Callable

import pytest

from explainer.facts import Facts
from explainer.protocols.http import requests
from explainer.protocols.http2_bodies import _pieces, _text, error_texts
from explainer.protocols.http_bodies import Form


def test_the_labs_error_is_named_and_the_text_of_the_request_is_none_of_it(facts_of: Callable[..., Facts]) -> None:
    facts = facts_of("http2_store_clock_skewed", requests, error_texts)
    (refused,) = [e for e in facts[requests] if e.status == 403]
    assert refused.error_name == "RequestTimeTooSkewed"
    (text,) = facts[error_texts].values()
    assert "amount" not in " ".join(text.lines)


def test_there_is_no_second_look_without_an_error(facts_of: Callable[..., Facts]) -> None:
    assert facts_of("dns_and_http_healthy", error_texts)[error_texts] == {}


@pytest.mark.parametrize(
    ("types", "streams", "data", "found"),
    [
        ([1, 0], [3, 3], ["6f6b"], [(3, b"ok")]),
        ([0, 0], [3, 5], ["6f", "6b"], [(3, b"o"), (5, b"k")]),
        ([0, 0], [3, 5], ["6f"], []),
        ([0, 0], [3, 3], ["6f"], [(3, b"o")]),
        ([4], [0], None, []),
        (None, None, None, []),
    ],
)
def test_a_piece_belongs_to_its_stream(
    types: list[int] | None, streams: list[int] | None, data: list[str | None] | None, found: list[tuple[int, bytes]]
) -> None:
    assert list(_pieces(types, streams, data)) == found


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b' {"error": "invalid_grant"}', Form.JSON),
        (b'<?xml version="1.0"?><Error/>', Form.XML),
        (b"<html>", Form.TEXT),
        (b"no healthy upstream", Form.TEXT),
    ],
)
def test_its_first_bytes_tell_its_form(body: bytes, form: Form) -> None:
    assert _text(body).how.form is form
