"""Certificates made on the spot: authorities, intermediates, servers' own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from cryptography import x509 as made
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID
from factories import START, parsed

from explainer.protocols.x509 import Certificate

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
FROM, TO = START - timedelta(days=100), START + timedelta(days=200)


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: made.Certificate
    key: Key

    @property
    def der(self) -> bytes:
        """Return its bytes."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """Return it as a trust store holds it."""
        return self.certificate.public_bytes(Encoding.PEM)

    @cached_property
    def known(self) -> Certificate:
        """Return it as a handshake shows it."""
        return parsed(self.der.hex())


def named(common_name: str | None, organization: str = "Example") -> made.Name:
    """Return a distinguished name."""
    attributes = [made.NameAttribute(NameOID.ORGANIZATION_NAME, organization)]
    if common_name is not None:
        attributes.append(made.NameAttribute(NameOID.COMMON_NAME, common_name))
    return made.Name(attributes)


def issue(
    common_name: str | None,
    issuer: Issued | None = None,
    *,
    names: Sequence[str] = (),
    authority: bool = False,
    key: Key | None = None,
    signed_with: Key | None = None,
    extensions: Sequence[made.ExtensionType] = (),
    since: datetime = FROM,
    until: datetime = TO,
) -> Issued:
    """Return a certificate; without an issuer it names itself as one, and with `signed_with` another key signs it."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = named(common_name)
    builder = (
        made.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(1000)
        .not_valid_before(since)
        .not_valid_after(until)
    )
    if names:
        builder = builder.add_extension(made.SubjectAlternativeName([made.DNSName(n) for n in names]), critical=False)
    if authority:
        builder = builder.add_extension(made.BasicConstraints(ca=True, path_length=None), critical=True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    signer = signed_with or (issuer.key if issuer else key)
    algorithm = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Issued(builder.sign(signer, algorithm), key)


def issuer_at(url: str) -> made.AuthorityInformationAccess:
    """Return the extension that says where the issuer's certificate is to be had."""
    place = made.UniformResourceIdentifier(url)
    return made.AuthorityInformationAccess([made.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, place)])


def verifiable(name: str) -> tuple[Issued, Issued]:
    """Return a root and a server's certificate with all that verifiers ask for (CA/Browser Forum rules)."""
    signs = made.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    root = issue("Strict Root", authority=True, extensions=[signs])
    extensions = (
        made.AuthorityKeyIdentifier.from_issuer_public_key(root.key.public_key()),
        made.BasicConstraints(ca=False, path_length=None),
        made.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
    )
    return root, issue(name, root, names=(name,), extensions=extensions)
