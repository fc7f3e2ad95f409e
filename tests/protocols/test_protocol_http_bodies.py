"""Short texts of responses, however they are written; what is cut, long or no text harms nobody."""

import gzip
import zlib

import pytest

from explainer.protocols.http_bodies import LONGEST_XML, Form, Written, lines, written

PLAIN = Written(Form.TEXT, coding="", chunked=False)
CHUNKED = Written(Form.TEXT, coding="", chunked=True)
GZIP = Written(Form.TEXT, coding="gzip", chunked=False)
HEAD = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"


def headers(**values: str) -> dict[str, list[str]]:
    return {name.replace("_", "-"): [value] for name, value in values.items()}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (headers(content_type="text/plain"), PLAIN),
        (headers(content_type="Text/HTML; charset=utf-8", content_length="500"), PLAIN),
        (headers(content_type="text/html", content_length="501"), None),
        (headers(content_type="text/xml", content_length=str(LONGEST_XML)), Written(Form.XML, "", chunked=False)),
        (headers(content_type="text/xml", content_length=str(LONGEST_XML + 1)), None),
        (headers(content_type="image/png", content_length="20"), None),
        (headers(content_type="application/problem+json"), Written(Form.JSON, coding="", chunked=False)),
        (headers(content_type="text/plain", content_encoding="GZip"), GZIP),
        (headers(content_type="text/plain", transfer_encoding="gzip, chunked"), CHUNKED),
        (headers(content_type="text/plain", content_length="many"), PLAIN),
        ({}, None),
    ],
)  # fmt: skip
def test_how_a_text_is_written(given: dict[str, list[str]], expected: Written | None) -> None:
    assert written(given) == expected


def test_errors_may_be_described_at_length() -> None:
    given = {"content-type": ["application/json"], "content-length": ["2000"]}
    assert written(given) is None
    assert written(given, failed=True) == Written(Form.JSON, "", chunked=False)
    assert written(given | {"content-length": ["2001"]}, failed=True) is None


def test_lines_begin_after_the_headers() -> None:
    assert lines(HEAD + b"wrong\r\npassword\n", PLAIN) == ["wrong", "password"]
    assert lines(HEAD[:-4], PLAIN) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"6\r\nwrong \r\n8;name=value\r\npassword\r\n0\r\n\r\n", ["wrong password"]),
        (b"ff\r\ncut off", ["cut off"]),
        (b"no chunk", []),
    ],
)
def test_chunks_are_put_together(body: bytes, expected: list[str]) -> None:
    assert lines(HEAD + body, CHUNKED) == expected


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"denied", mtime=0)),
        ("x-gzip", gzip.compress(b"denied", mtime=0)),
        ("deflate", zlib.compress(b"denied")),
    ],  # without the time: tests have the same names in every process
)
def test_codings_are_undone(coding: str, packed: bytes) -> None:
    how = Written(Form.TEXT, coding=coding, chunked=False)
    assert lines(HEAD + packed, how) == ["denied"]
    assert lines(HEAD + b"not packed", how) == []


def test_no_more_is_unpacked_than_is_judged() -> None:
    bomb = gzip.compress(b"a" * 10_000_000)
    assert sum(map(len, lines(HEAD + bomb, GZIP))) == 2001


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"error": {"text": "no"}, "all": ["a", {"b": 7}], "ok": false, "x": null}',
            ["/error/text:no", "/all/[]:a", "/all/[]/b:7", "/ok:false", "/x:null"],
        ),
        (b'{"cut": "of', ['{"cut": "of']),
        (b"[" * 20_000, ["[" * 20_000]),
    ],
)
def test_of_json_its_values_are_told(body: bytes, expected: list[str]) -> None:
    assert lines(HEAD + body, Written(Form.JSON, coding="", chunked=False)) == expected
