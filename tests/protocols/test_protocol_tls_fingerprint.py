"""JA4 against the worked example of its specification."""

import pytest

from explainer.protocols.tls.fingerprint import ja4

SUITES = (
    0x0A0A, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x009C, 0x009D,
    0x002F, 0x0035,
)  # fmt: skip
EXTENSIONS = (
    0x1A1A, 0x001B, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002D, 0x000D, 0x0005, 0x0023, 0x0012, 0x002B, 0xFF01,
    0x000B, 0x000A, 0x0015,
)  # fmt: skip
SIGNATURES = (0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)


def test_the_example_of_the_specification() -> None:
    found = ja4("tcp", (0x2A2A, 0x0304, 0x0303), SUITES, EXTENSIONS, SIGNATURES, "h2")
    assert found == "t13d1516h2_8daaf6152771_e5627efa2ab1"


def test_the_order_of_suites_and_extensions_does_not_matter() -> None:
    turned = ja4("tcp", (0x0304,), SUITES[::-1], EXTENSIONS[::-1], SIGNATURES, "h2")
    assert turned == ja4("tcp", (0x0304,), SUITES, EXTENSIONS, SIGNATURES, "h2")


@pytest.mark.parametrize(
    ("transport", "version", "alpn", "start"),
    [
        ("quic", 0x0304, "h3", "q13i0000h3"),
        ("dtls", 0xFEFD, "", "dd2i000000"),
        ("tcp", 0x0303, "http/1.1", "t12i0000h1"),
        ("tcp", 0x9999, "\xab", "t00i0000ab"),
    ],
)
def test_its_first_part(transport: str, version: int, alpn: str, start: str) -> None:
    assert ja4(transport, (version,), (), (), (), alpn) == f"{start}_000000000000_000000000000"
