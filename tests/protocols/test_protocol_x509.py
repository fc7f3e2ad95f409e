"""Certificates, good and odd, made on the spot."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509 as made
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from factories import parsed

from explainer.protocols import x509

FROM, TO = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, 12, 30, tzinfo=UTC)
KEY, OTHER_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def name(common_name: str | None, organization: str = "Example") -> made.Name:
    attributes = [made.NameAttribute(NameOID.ORGANIZATION_NAME, organization)]
    if common_name is not None:
        attributes.append(made.NameAttribute(NameOID.COMMON_NAME, common_name))
    return made.Name(attributes)


def der(
    subject: made.Name,
    issuer: made.Name | None = None,
    *,
    signed_with: ec.EllipticCurvePrivateKey = KEY,
    names: tuple[str, ...] = (),
) -> bytes:
    builder = (
        made.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(KEY.public_key())
        .serial_number(1000)
        .not_valid_before(FROM)
        .not_valid_after(TO)
    )
    if names:
        builder = builder.add_extension(made.SubjectAlternativeName([made.DNSName(n) for n in names]), critical=False)
    return builder.sign(signed_with, hashes.SHA256()).public_bytes(Encoding.DER)


def test_what_a_certificate_says() -> None:
    found = parsed(der(name("www.example.org"), name("Example CA"), signed_with=OTHER_KEY).hex())
    assert found == x509.Certificate(
        subject="CN=www.example.org,O=Example",
        issuer="CN=Example CA,O=Example",
        common_name="www.example.org",
        dns_names=(),
        not_before=FROM,
        not_after=TO,
        self_issued=False,
        self_signed=False,
    )


def test_its_own_key_signed_it() -> None:
    found = parsed(der(name("a.example")).hex())
    assert (found.self_issued, found.self_signed) == (True, True)


def test_the_same_name_on_both_lines_is_not_yet_self_signed() -> None:
    found = parsed(der(name("a.example"), signed_with=OTHER_KEY).hex())
    assert (found.self_issued, found.self_signed) == (True, False)


def test_its_own_key_with_another_issuers_name_is_not_self_signed() -> None:
    found = parsed(der(name("a.example"), name("b.example")).hex())
    assert (found.self_issued, found.self_signed) == (False, False)


@pytest.mark.parametrize(
    ("common_name", "names", "known_as"),
    [
        ("a.example", (), "a.example"),
        ("a.example", ("b.example",), "a.example"),
        (None, ("b.example", "c.example"), "b.example"),
        (None, (), "O=Example"),
    ],
)
def test_the_name_that_people_know_it_by(common_name: str | None, names: tuple[str, ...], known_as: str) -> None:
    assert parsed(der(name(common_name), names=names).hex()).name == known_as


def test_all_of_many_names_are_kept_in_order() -> None:
    names = tuple(f"host{number}.example" for number in range(300))
    assert parsed(der(name("a.example"), names=names).hex()).dns_names == names


def test_hexadecimal_with_colons_is_read_too() -> None:
    assert parsed(der(name("a.example")).hex(":")).common_name == "a.example"


@pytest.mark.parametrize("text", ["", "00", "zz", "3003020101", "30820400" + "00" * 64, "a" * 2001])
def test_what_is_no_certificate_is_none(text: str) -> None:
    assert x509.parse(text) is None


def test_a_certificate_cut_anywhere_is_none() -> None:
    whole = der(name("a.example"))
    assert {x509.parse(whole[:length].hex()) for length in range(0, len(whole), 7)} == {None}


def test_a_flipped_byte_never_raises() -> None:
    whole = der(name("a.example"), names=("a.example",))
    for place in range(len(whole)):
        x509.parse((whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]).hex())


def test_a_negative_serial_number_is_read_without_a_warning() -> None:
    whole = der(name("a.example"))
    serial = bytes.fromhex("020203e8")
    assert serial in whole
    assert parsed(whole.replace(serial, bytes.fromhex("020283e8"), 1).hex()).common_name == "a.example"


def test_validity_is_utc() -> None:
    assert parsed(der(name("a.example")).hex()).not_after - TO == timedelta(0)
