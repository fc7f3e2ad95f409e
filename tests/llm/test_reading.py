import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.llm import reading
from explainer.llm.reading import Dimension


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10.20.1.10 to [2001:DB8::1]:443.", ["10.20.1.10", "2001:db8::1"]),
        ("the network 10.20.1.0/24", ["10.20.1.0/24"]),
        ("02:00:0A:14:01:0a", ["02:00:0a:14:01:0a"]),
        ("at 09:53:02, version 1.2.3", []),
    ],
)
def test_addresses(text: str, found: list[str]) -> None:
    assert sorted(reading.addresses(text)) == sorted(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("payroll.example and *.Acme.example.", ["payroll.example", "*.acme.example"]),
        ("tcp.stream == 1, TLS 1.2, e.g. 10.0.0.1", []),
    ],
)
def test_names(text: str, found: list[str]) -> None:
    assert reading.names(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("port 443, 10.0.0.1:8443 and 53/udp", [443, 53, 8443]),
        ("ports 80 and 81", [80, 81]),
        ("TCP 5432", [5432]),
        ("at 09:53", []),
    ],
)
def test_ports(text: str, found: list[int]) -> None:
    assert reading.ports(text) == found


@pytest.mark.parametrize(
    "text",
    ["2026-11-09", "9 November 2026", "November 9, 2026", "on 9th Nov 2026", "2026-11-09 06:53 UTC"],
)
def test_dates(text: str) -> None:
    assert "2026-11-09" in reading.dates(text)


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("after 1.5 s", 1.5, Dimension.TIME),
        ("after 250 ms", 0.25, Dimension.TIME),
        ("after 20 µs", 2e-5, Dimension.TIME),
        ("expired 12 days before", 12 * 86400, Dimension.TIME),
        ("1,048 bytes", 1048, Dimension.BYTES),
        ("31.7 kB", 31700, Dimension.BYTES),
        ("2 MiB", 2 * 2**20, Dimension.BYTES),
        ("41.4 % of it", 41.4, Dimension.SHARE),
        ("7 retransmissions", 7, Dimension.COUNT),
        ("seven retransmissions", 7, Dimension.COUNT),
    ],
)
def test_quantities(text: str, value: float, dimension: Dimension) -> None:
    (found,) = reading.quantities(text)
    assert found.value == pytest.approx(value)
    assert found.dimension is dimension


@pytest.mark.parametrize(
    "text",
    [
        "frames 4, 6-8 and 10",
        "TLS 1.0 to 1.3",
        "HTTP/1.1",
        "port 443",
        "10.0.0.1:443",
        "SHA-256",
        "at 09:53:02",
        "0x1301",
        "2026-11-09",
        'it says "42 problems"',
        "TLS_AES_256_GCM_SHA384",
    ],
)
def test_what_measures_nothing_is_no_quantity(text: str) -> None:
    assert reading.quantities(text) == []


@given(st.text())
def test_any_text_can_be_read_and_nothing_is_read_into_it(text: str) -> None:
    digits = sum(character.isdecimal() for character in text)
    assert len(reading.ports(text)) <= digits
    assert len(reading.dates(text)) <= digits
    assert len(reading.quantities(text)) <= digits + len(text) // len("six")
    assert len(reading.names(text)) <= text.count(".")
    assert len(reading.addresses(text)) <= text.count(".") + text.count(":") + text.count("-")
    assert len(reading.words(text)) <= len(text)
