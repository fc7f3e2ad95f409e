"""Certificates, good and odd, made on the spot."""

from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_address, ip_network

import pytest
from cryptography import x509 as made
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID
from factories import parsed
from issued import FROM, TO, Issued, Key, issue, issuer_at

from explainer.protocols import x509
from explainer.protocols.x509_reading import bundle, issued

CA = issue("Example CA", authority=True)
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def test_what_a_certificate_says() -> None:
    whole = issue("www.example.org", CA)
    assert whole.known == x509.Certificate(
        subject="CN=www.example.org,O=Example",
        issuer="CN=Example CA,O=Example",
        common_name="www.example.org",
        dns_names=(),
        not_before=FROM,
        not_after=TO,
        self_issued=False,
        self_signed=False,
        key="ECDSA secp256r1",
        key_bits=256,
        hash="sha256",
        der=whole.der,
    )


@pytest.mark.parametrize(
    ("whole", "self_issued", "self_signed"),
    [
        (issue("a.example"), True, True),
        (issue("a.example", signed_with=OTHER_KEY), True, False),
        (issue("a.example", CA, key=OTHER_KEY, signed_with=OTHER_KEY), False, False),
        (issue("a.example", CA), False, False),
    ],
    ids=["own key and own name", "own name alone", "own key alone", "neither"],
)
def test_self_signed_needs_the_name_and_the_key(whole: Issued, self_issued: bool, self_signed: bool) -> None:
    assert (whole.known.self_issued, whole.known.self_signed) == (self_issued, self_signed)


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
    assert issue(common_name, names=names).known.name == known_as


def test_all_of_many_names_are_kept_in_order() -> None:
    names = tuple(f"host{number}.example" for number in range(300))
    assert issue("a.example", names=names).known.dns_names == names


def test_addresses_are_kept_apart_from_names() -> None:
    addresses = [made.IPAddress(ip_address("192.0.2.1")), made.IPAddress(ip_address("2001:db8::1"))]
    found = issue("a.example", extensions=[made.SubjectAlternativeName([made.DNSName("a.example"), *addresses])]).known
    assert (found.dns_names, found.ip_addresses) == (("a.example",), ("192.0.2.1", "2001:db8::1"))


@pytest.mark.parametrize(
    ("key", "words", "bits"),
    [
        (rsa.generate_private_key(65537, 1024), "RSA 1024", 1024),
        (ec.generate_private_key(ec.SECP384R1()), "ECDSA secp384r1", 384),
        (ec.generate_private_key(ec.SECP192R1()), "ECDSA secp192r1", 192),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA", 256),
    ],
    ids=["RSA", "P-384", "P-192", "Ed25519"],
)
def test_keys_and_their_strength(key: Key, words: str, bits: int) -> None:
    found = issue("a.example", CA, key=key).known
    assert (found.key, found.key_bits) == (words, bits)


def test_a_signature_without_a_hash_of_its_own() -> None:
    assert issue("a.example", key=ed25519.Ed25519PrivateKey.generate()).known.hash == ""


SERVERS, CLIENTS = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@pytest.mark.parametrize(
    ("usages", "names"),
    [
        ([], None),
        ([SERVERS], ("serverAuth",)),
        ([CLIENTS, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE], ("clientAuth", "anyExtendedKeyUsage")),
        ([made.ObjectIdentifier("1.3.6.1.4.1.311.20.2.2")], ("1.3.6.1.4.1.311.20.2.2",)),
    ],
    ids=["no limit", "servers", "clients and any", "somebody's own"],
)
def test_usages(usages: Sequence[made.ObjectIdentifier], names: tuple[str, ...] | None) -> None:
    assert issue("a.example", CA, extensions=[made.ExtendedKeyUsage(usages)] if usages else []).known.usages == names


def test_an_authority_may_issue_others() -> None:
    assert CA.known.ca
    assert not issue("a.example", CA).known.ca
    assert not issue("a.example", extensions=[made.BasicConstraints(ca=False, path_length=None)]).known.ca


def test_where_its_issuer_is_to_be_had() -> None:
    responder = made.AccessDescription(
        AuthorityInformationAccessOID.OCSP, made.UniformResourceIdentifier("http://ocsp.example/")
    )
    both = made.AuthorityInformationAccess([responder, *issuer_at("http://ca.example/ca.cer")])
    assert issue("a.example", CA, extensions=[both]).known.issuer_urls == ("http://ca.example/ca.cer",)
    assert issue("a.example", CA).known.issuer_urls == ()


def test_must_staple_is_the_demand_for_a_status() -> None:
    assert issue("a.example", extensions=[made.TLSFeature([made.TLSFeatureType.status_request])]).known.must_staple
    other = made.TLSFeature([made.TLSFeatureType.status_request_v2])
    assert not issue("a.example", extensions=[other]).known.must_staple


def test_not_logged_unless_a_log_says_so() -> None:
    assert not issue("a.example", CA).known.logged


def test_issued_is_checked_by_name_and_key() -> None:
    namesake = issue("Example CA", authority=True)
    own = issue("a.example", CA)
    assert issued(CA.der, own.der)
    assert not issued(namesake.der, own.der)
    assert not issued(own.der, CA.der)
    assert not issued(CA.der, issue("a.example", namesake, signed_with=OTHER_KEY).der)


def test_a_bundle_is_all_certificates_of_a_pem_file() -> None:
    other = issue("Other CA", authority=True)
    text = b"# Our own\n" + CA.pem + b"\n# Theirs\n" + other.pem
    assert bundle(text) == [("CN=Example CA,O=Example", CA.der), ("CN=Other CA,O=Example", other.der)]
    assert bundle(b"no certificate") == bundle(b"") == []


def test_hexadecimal_with_colons_is_read_too() -> None:
    assert parsed(CA.der.hex(":")) == CA.known


@pytest.mark.parametrize("text", ["", "00", "zz", "3003020101", "30820400" + "00" * 64, "a" * 2001])
def test_what_is_no_certificate_is_none(text: str) -> None:
    assert x509.parse(text) is None


def test_a_certificate_cut_anywhere_is_none() -> None:
    whole = CA.der
    assert {x509.parse(whole[:length].hex()) for length in range(0, len(whole), 7)} == {None}


def test_a_flipped_byte_never_raises() -> None:
    usages = made.ExtendedKeyUsage([SERVERS])
    features = made.TLSFeature([made.TLSFeatureType.status_request])
    rich = (usages, features, issuer_at("http://ca.example/ca.cer"), made.BasicConstraints(ca=False, path_length=None))
    whole = issue("a.example", CA, names=("a.example",), extensions=rich).der
    for place in range(len(whole)):
        x509.parse((whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]).hex())


def test_a_negative_serial_number_is_read_without_a_warning() -> None:
    serial = bytes.fromhex("020203e8")
    assert serial in CA.der
    assert parsed(CA.der.replace(serial, bytes.fromhex("020283e8"), 1).hex()).common_name == "Example CA"


def test_validity_is_utc() -> None:
    assert CA.known.not_after - TO == timedelta(0)


def test_the_limits_of_an_authority() -> None:
    permitted = [made.DNSName("partner.example"), made.IPAddress(ip_network("192.0.2.0/24"))]
    limited = issue("Limited", CA, authority=True, extensions=(made.NameConstraints(permitted, None),))
    assert (limited.known.permits, limited.known.excludes) == (("partner.example",), ())
    barred = made.NameConstraints(None, [made.DNSName("secret.example")])
    assert issue("Barred", CA, authority=True, extensions=(barred,)).known.excludes == ("secret.example",)
