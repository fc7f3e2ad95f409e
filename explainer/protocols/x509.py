"""X.509 certificates, parsed from the DER that a handshake carries (RFC 5280)."""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple


class Certificate(NamedTuple):
    """What a certificate says; names are as written in it, times are UTC.

    `self_issued`: subject and issuer are the same name; `self_signed`: its own key verifies its signature, too.
    `key` is such as "RSA 2048", `hash` the signature's hash algorithm; `usages` the extended key usages by name, None
    where it sets no limit; `ca` says that it may issue others; `issuer_urls` where its issuer's certificate is to be
    had (AIA); `logged` that it carries proof of being logged publicly (RFC 6962), `must_staple` that it demands an OCSP
    response (RFC 7633). `permits` and `excludes` are the DNS names, with all below them, to which an authority's
    certificate limits it (name constraints, RFC 5280 section 4.2.1.10). `der` are its bytes.
    """

    subject: str
    issuer: str
    common_name: str
    dns_names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    self_issued: bool
    self_signed: bool
    ip_addresses: tuple[str, ...] = ()
    key: str = ""
    key_bits: int = 0
    hash: str = ""
    usages: tuple[str, ...] | None = None
    ca: bool = False
    issuer_urls: tuple[str, ...] = ()
    logged: bool = False
    must_staple: bool = False
    permits: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    der: bytes = b""

    @property
    def name(self) -> str:
        """Return the name that people know it by: its first DNS name, or common name, or whole subject."""
        return self.common_name or (self.dns_names[0] if self.dns_names else self.subject)


@lru_cache(maxsize=4096)
def parse(der_hex: str) -> Certificate | None:
    """Return the certificate, or None where the bytes are no certificate that can be read."""
    # Imported here, since most captures hold no certificate in clear and tshark should not wait for it.
    from explainer.protocols.x509_reading import read

    try:
        der = bytes.fromhex(der_hex.replace(":", ""))
    except ValueError:  # tshark cuts very long values
        return None
    return read(der)
