"""X.509 certificates, parsed from the DER that a handshake carries (RFC 5280)."""

import warnings
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says; names are as written in it, times are UTC.

    `self_issued`: subject and issuer are the same name; `self_signed`: its own key verifies its signature, too.
    """

    subject: str
    issuer: str
    common_name: str
    dns_names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    self_issued: bool
    self_signed: bool

    @property
    def name(self) -> str:
        """Return the name that people know it by: its first DNS name, or common name, or whole subject."""
        return self.common_name or (self.dns_names[0] if self.dns_names else self.subject)


@lru_cache(maxsize=4096)
def parse(der_hex: str) -> Certificate | None:
    """Return the certificate, or None where the bytes are no certificate that can be read."""
    # Imported here, since most captures hold no certificate in clear and tshark should not wait for it.
    from cryptography import x509

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # oddities such as negative serial numbers are no concern of the user's
            certificate = x509.load_der_x509_certificate(bytes.fromhex(der_hex.replace(":", "")))
            return Certificate(
                subject=certificate.subject.rfc4514_string(),
                issuer=certificate.issuer.rfc4514_string(),
                common_name=_common_name(certificate.subject),
                dns_names=_dns_names(certificate),
                not_before=certificate.not_valid_before_utc,
                not_after=certificate.not_valid_after_utc,
                self_issued=certificate.subject == certificate.issuer,
                self_signed=_signed_by_itself(certificate),
            )
    except ValueError:
        return None


def _common_name(name: "x509.Name") -> str:
    from cryptography.x509.oid import NameOID

    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[0].value) if values else ""


def _dns_names(certificate: "x509.Certificate") -> tuple[str, ...]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))


def _signed_by_itself(certificate: "x509.Certificate") -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True
