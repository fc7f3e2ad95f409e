"""HTTP messages of one row of the frame table: HTTP/2, and fields of several messages that cannot be told apart."""

from typing import Any

import pytest

from explainer.protocols.http_messages import COLUMNS, Request, Response, messages

HEADERS, DATA, SETTINGS = 1, 0, 4


def row(**values: list[Any]) -> dict[str, Any]:
    """Return a row; of a field's name, two underscores stand for a dot."""
    known = {name.replace("__", "."): value for name, value in values.items()}
    fields = {column.field for column in COLUMNS}
    assert known.keys() <= fields
    return dict.fromkeys(fields) | known


def test_http2_requests_have_their_stream_and_no_query() -> None:
    asked = row(
        http2__type=[SETTINGS, HEADERS, HEADERS], http2__streamid=[0, 1, 3], http2__headers__method=["GET", "POST"],
        http2__headers__path=["/a?password=hunter2", "/b"], http2__headers__authority=["alice:hunter2@h", "h"],
    )  # fmt: skip
    assert list(messages(asked)) == [Request("HTTP/2", "GET", "h", "/a", 1), Request("HTTP/2", "POST", "h", "/b", 3)]


def test_an_http2_response_with_trailers_is_one() -> None:
    answered = row(
        http2__type=[HEADERS, DATA, HEADERS], http2__streamid=[5, 5, 5], http2__headers__status=[302],
        http2__headers__location=["https://u:p@h/x?t=hunter2"], http2__headers__via=["1.1 p"],
        http2__headers__server=["app"], http2__headers__content_length=[7],
    )  # fmt: skip
    (found,) = messages(answered)
    assert found == Response("HTTP/2", 302, "", 7, "app", ("via: 1.1 p",), "https://h/x", "", 5)


def test_http2_headers_without_a_known_stream_are_left_out() -> None:
    unclear = row(http2__type=[HEADERS], http2__streamid=[1], http2__headers__method=["GET", "GET"])
    assert list(messages(unclear)) == []


def test_a_host_that_one_of_two_requests_lacks_is_nobodys() -> None:
    asked = row(http__request__method=["GET", "GET"], http__request__uri=["/a", "/b"], http__host=["h"])
    assert [message.host for message in messages(asked) if isinstance(message, Request)] == ["", ""]


@pytest.mark.parametrize("status", [100, 103, 199])
def test_interim_responses(status: int) -> None:
    assert Response("HTTP/1.1", status, "").interim


@pytest.mark.parametrize("status", [101, 200, 404])
def test_final_responses(status: int) -> None:
    assert not Response("HTTP/1.1", status, "").interim


@pytest.mark.parametrize("length", ["-1", "1e3", "²", "", "1, 2"])
def test_a_content_length_that_is_no_number_is_none(length: str) -> None:
    (found,) = messages(row(http__response__code=[200], http__response__line=[f"Content-Length: {length}\\r\\n"]))
    assert isinstance(found, Response)
    assert found.content_length is None


@pytest.mark.parametrize(("line", "host"), [("Host: www.example\\r\\n", "www.example"), ("Host: www.exa", "")])
def test_a_host_that_is_cut_off_is_none(line: str, host: str) -> None:
    cut = row(http__request__method=["GET"], http__host=[line[6:].removesuffix("\\r\\n")], http__request__line=[line])
    (found,) = messages(cut)
    assert isinstance(found, Request)
    assert found.host == host
