"""DER → Certificate, with the `cryptography` package (RFC 5280); imported only where there is a certificate."""

import warnings
from collections.abc import Iterable
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from explainer.protocols.x509 import Certificate

E = TypeVar("E", bound=x509.ExtensionType)

_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ExtendedKeyUsageOID.TIME_STAMPING: "timeStamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSPSigning",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
}


def read(der: bytes) -> Certificate | None:
    """Return what the certificate says, or None where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # oddities such as negative serial numbers are no concern of the user's
            return _certificate(x509.load_der_x509_certificate(der), der)
    except ValueError:
        return None


def issued(issuer: bytes, subject: bytes) -> bool:
    """Return whether the one certificate (DER) names and signed the other (RFC 5280 section 6.1.3)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _signed_by(x509.load_der_x509_certificate(subject), x509.load_der_x509_certificate(issuer))


def _certificate(certificate: x509.Certificate, der: bytes) -> Certificate:
    names = _extension(certificate, x509.SubjectAlternativeName)
    constraints = _extension(certificate, x509.BasicConstraints)
    usages = _extension(certificate, x509.ExtendedKeyUsage)
    features = _extension(certificate, x509.TLSFeature)
    limits = _extension(certificate, x509.NameConstraints)
    key, bits = _key(certificate)
    return Certificate(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        common_name=_common_name(certificate.subject),
        dns_names=tuple(names.get_values_for_type(x509.DNSName)) if names else (),
        ip_addresses=tuple(map(str, names.get_values_for_type(x509.IPAddress))) if names else (),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        self_issued=certificate.subject == certificate.issuer,
        self_signed=_signed_by(certificate, certificate),
        key=key,
        key_bits=bits,
        hash=_hash(certificate),
        usages=tuple(_USAGES.get(usage, usage.dotted_string) for usage in usages) if usages else None,
        ca=bool(constraints and constraints.ca),
        issuer_urls=_issuer_urls(certificate),
        logged=_extension(certificate, x509.PrecertificateSignedCertificateTimestamps) is not None,
        must_staple=bool(features and x509.TLSFeatureType.status_request in features),
        permits=_dns(limits.permitted_subtrees if limits else None),
        excludes=_dns(limits.excluded_subtrees if limits else None),
        der=der,
    )


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None


def _dns(subtrees: Iterable[x509.GeneralName] | None) -> tuple[str, ...]:
    return tuple(name.value for name in subtrees or () if isinstance(name, x509.DNSName))


def _issuer_urls(certificate: x509.Certificate) -> tuple[str, ...]:
    access = _extension(certificate, x509.AuthorityInformationAccess)
    issuers = [a for a in access or () if a.access_method == AuthorityInformationAccessOID.CA_ISSUERS]
    places = [a.access_location for a in issuers]
    return tuple(place.value for place in places if isinstance(place, x509.UniformResourceIdentifier))


def _common_name(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if values else ""


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "", 0
    match key:
        case rsa.RSAPublicKey():
            return f"RSA {key.key_size}", key.key_size
        case dsa.DSAPublicKey():
            return f"DSA {key.key_size}", key.key_size
        case ec.EllipticCurvePublicKey():
            return f"ECDSA {key.curve.name}", key.key_size
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return "EdDSA", 256
    return type(key).__name__, 0


def _hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm):
        return ""
    return algorithm.name if algorithm else ""


def _signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether the issuer is named and its key verifies the signature.

    verify_directly_issued_by refuses SHA-1 and MD5, which old captures are full of: those are verified here.
    """
    if certificate.issuer != issuer.subject:
        return False
    try:
        key, algorithm = issuer.public_key(), certificate.signature_hash_algorithm
        if isinstance(key, rsa.RSAPublicKey) and isinstance(algorithm, hashes.SHA1 | hashes.MD5):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and isinstance(algorithm, hashes.SHA1):
            key.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(algorithm))
        else:
            certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def bundle(pem: bytes) -> list[tuple[str, bytes]]:
    """Return subject and DER of each certificate in a PEM file, none where it holds none."""
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = x509.load_pem_x509_certificates(pem)
        return [(c.subject.rfc4514_string(), c.public_bytes(Encoding.DER)) for c in loaded]
