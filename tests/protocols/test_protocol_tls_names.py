from pathlib import Path

import pytest
from factories import rows

from explainer.protocols.tls import cipher_suites
from explainer.protocols.tls import names as tls_names


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0x0002, "SSL 2.0"), (0x0300, "SSL 3.0"), (0x0301, "TLS 1.0"), (0x0303, "TLS 1.2"), (0x0304, "TLS 1.3"),
        (0x7F1C, "TLS 1.3 draft 28"), (0x7F00, "TLS 1.3 draft 0"), (0x0305, "version 0x0305"),
    ],
)  # fmt: skip
def test_versions(number: int, name: str) -> None:
    assert tls_names.version(number) == name


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([], ""),
        ([0x0303], "TLS 1.2"),
        ([0x0304, 0x0303], "TLS 1.2 or 1.3"),
        ([0x0304, 0x0303, 0x0302, 0x0301], "TLS 1.0 to 1.3"),
        ([0x0304, 0x0302], "TLS 1.1 or 1.3"),
        ([0x0304, 0x0302, 0x0301], "TLS 1.0, 1.1 or 1.3"),
        ([0x0303, 0x0303], "TLS 1.2"),
        ([0x0301, 0x0300], "SSL 3.0 or TLS 1.0"),
        ([0x0302, 0x0301, 0x0300], "SSL 3.0 to TLS 1.1"),
        ([0x0304, 0x7F1C], "TLS 1.3 or 1.3 draft 28"),
        ([0x0305, 0x0303], "TLS 1.2 or version 0x0305"),
    ],
)
def test_versions_in_a_sentence(numbers: list[int], words: str) -> None:
    assert tls_names.versions(numbers) == words


def test_there_are_sixteen_grease_values() -> None:
    found = [number for number in range(0x10000) if tls_names.is_grease(number)]
    assert found == [0x0A0A + 0x1010 * n for n in range(16)]


def test_signals_and_grease_are_no_suites() -> None:
    assert tls_names.real_cipher_suites((0x0A0A, 0x1301, 0x00FF, 0x5600, 0xFAFA, 0xC02F)) == (0x1301, 0xC02F)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        (0x1301, "TLS_AES_128_GCM_SHA256"),
        (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
        (0xC0AC, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
        (0xFEFE, "0xfefe"),
    ],
)
def test_a_suite_out_of_the_table_keeps_its_number(number: int, name: str) -> None:
    assert tls_names.cipher_suite(number) == name


def test_no_suite_is_a_signal_or_grease() -> None:
    assert tls_names.real_cipher_suites(tuple(cipher_suites.NAMES)) == tuple(cipher_suites.NAMES)


def test_every_suite_of_the_labs_clients_has_a_name(captures: Path) -> None:
    offered = {
        int(suite, 16)
        for name in ("tls12_healthy", "tls13_http2_healthy", "tls13_self_signed_gnutls", "tls13_unknown_ca_java")
        for row in rows(captures / f"{name}.pcapng")
        for suite in row["tls.handshake.ciphersuite"].split(",")
        if suite
    }
    assert {
        suite for suite in tls_names.real_cipher_suites(tuple(offered)) if suite not in cipher_suites.NAMES
    } == set()


def test_an_alert_has_its_number_beside_its_name() -> None:
    assert tls_names.alert(48) == "unknown_ca (48)"
    assert tls_names.alert(199) == "unknown alert (199)"


@pytest.mark.parametrize(("number", "name"), [(23, "secp256r1 (P-256)"), (29, "x25519"), (0x4444, "0x4444")])
def test_groups(number: int, name: str) -> None:
    assert tls_names.group(number) == name


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (0x0804, "rsa_pss_rsae_sha256"), (0x0807, "ed25519"), (0x0401, "rsa_pkcs1_sha256"), (0x0403, "ecdsa_sha256"),
        (0x0202, "dsa_sha1"), (0x0101, "rsa_pkcs1_md5"), (0x0904, "0x0904"),
    ],
)  # fmt: skip
def test_signatures(number: int, name: str) -> None:
    assert tls_names.signature(number) == name
