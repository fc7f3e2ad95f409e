"""Certificates: authorities, intermediates, leaves.

Rules
* Every certificate is as a careful administrator would make it, except where a scenario says otherwise.
* Times are relative to the moment of recording, because "expired" is a relation between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from .programs import run

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Validity:
    """From and until, as distances from now."""

    since: timedelta = timedelta(days=-90)
    until: timedelta = timedelta(days=275)


# Three hours more than the days that a scenario speaks of: rounded down or to the nearest, they stay 12 days.
EXPIRED_12_DAYS_AGO = Validity(timedelta(days=-377), -timedelta(days=12, hours=3))
VALID_IN_12_DAYS = Validity(timedelta(days=12, hours=3), timedelta(days=377))
YEARS = Validity(timedelta(days=-700), timedelta(days=2900))
SERVERS, CLIENTS = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Credential:
    """A certificate with its key and the intermediates that a server sends along."""

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...] = ()

    def save(self, directory: Path) -> tuple[Path, Path]:
        """Write the certificate chain and the key; return where they are."""
        stem = f"{self.certificate.serial_number:x}"
        certificate, key = directory / f"{stem}.crt", directory / f"{stem}.key"
        sent = (self.certificate, *self.chain)
        certificate.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in sent))
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key


def common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def issuer_at(url: str) -> x509.AuthorityInformationAccess:
    """Where the issuer's certificate can be fetched (RFC 5280, section 4.2.2.1)."""
    place = x509.UniformResourceIdentifier(url)
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)])


def authority(
    name: str,
    issuer: Credential | None = None,
    validity: Validity = YEARS,
    key: Key | None = None,
    only_below: str = "",
) -> Credential:
    """A root, or with an issuer an intermediate; `only_below` limits the names that it may certify."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = _builder(common_name(name), key, issuer, validity)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    if only_below:
        builder = builder.add_extension(x509.NameConstraints([x509.DNSName(only_below)], None), critical=True)
    return _signed(builder, key, issuer)


def leaf(
    *names: str,
    issuer: Credential | None,
    validity: Validity | None = None,
    subject: x509.Name | None = None,
    usage: x509.ObjectIdentifier = SERVERS,
    key: Key | None = None,
    also: tuple[x509.ExtensionType, ...] = (),
) -> Credential:
    """A certificate for these names, of a server unless usage says otherwise; without an issuer it signs itself."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = _builder(subject or common_name(names[0]), key, issuer, validity or Validity())
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    for extension, critical in (
        (alternatives, False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([usage]), False),
        *((each, False) for each in also),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return _signed(builder, key, issuer)


def leaf_signed_with_sha1(name: str, issuer: Credential, directory: Path) -> Credential:
    """A server's certificate with a signature that cryptography no longer makes; openssl still does."""
    key = ec.generate_private_key(ec.SECP256R1())
    asked = x509.CertificateSigningRequestBuilder(common_name(name))
    asked = asked.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    (signer, signer_key), request = issuer.save(directory), asked.sign(key, hashes.SHA256())
    signing = ("-CA", str(signer), "-CAkey", str(signer_key), "-sha1", "-days", "275", "-copy_extensions", "copyall")
    made = run(("openssl", "x509", "-req", *signing), stdin=request.public_bytes(Encoding.PEM))
    return Credential(x509.load_pem_x509_certificate(made), key)


def _builder(subject: x509.Name, key: Key, issuer: Credential | None, validity: Validity) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    issuer_key = (issuer.key if issuer else key).public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + validity.since)
        .not_valid_after(now + validity.until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _signed(builder: x509.CertificateBuilder, key: Key, issuer: Credential | None) -> Credential:
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    # RFC 8446 4.4.2: the root may be left out of what the server sends, and servers leave it out.
    root_signed = issuer is None or issuer.certificate.issuer == issuer.certificate.subject
    return Credential(certificate, key, () if issuer is None or root_signed else (issuer.certificate, *issuer.chain))


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates,
        crl_sign=signs_certificates, encipher_only=False, decipher_only=False,
    )  # fmt: skip
