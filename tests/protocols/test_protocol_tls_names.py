import pytest

from explainer.protocols import tls_names


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0x0300, "SSL 3.0"), (0x0301, "TLS 1.0"), (0x0303, "TLS 1.2"), (0x0304, "TLS 1.3"),
        (0x7F1C, "TLS 1.3 draft 28"), (0x7F00, "TLS 1.3 draft 0"), (0x0305, "version 0x0305"),
    ],
)  # fmt: skip
def test_versions(number: int, name: str) -> None:
    assert tls_names.version(number) == name


def test_there_are_sixteen_grease_values() -> None:
    found = [number for number in range(0x10000) if tls_names.is_grease(number)]
    assert found == [0x0A0A + 0x1010 * n for n in range(16)]


def test_signals_and_grease_are_no_suites() -> None:
    assert tls_names.real_cipher_suites((0x0A0A, 0x1301, 0x00FF, 0x5600, 0xFAFA, 0xC02F)) == (0x1301, 0xC02F)


def test_a_suite_out_of_common_use_keeps_its_number() -> None:
    assert tls_names.cipher_suite(0xC02F) == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    assert tls_names.cipher_suite(0xC0AC) == "0xc0ac"


def test_an_alert_has_its_number_beside_its_name() -> None:
    assert tls_names.alert(48) == "unknown_ca (48)"
    assert tls_names.alert(199) == "unknown alert (199)"
