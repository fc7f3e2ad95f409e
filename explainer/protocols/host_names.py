"""Whether a certificate is made out for a host name (RFC 9525 section 6)."""

from collections.abc import Iterable

from explainer.protocols.x509 import Certificate


def covers(certificate: Certificate, name: str) -> bool:
    """Return whether one of its DNS names fits; of a certificate without any, its common name counts."""
    return any(fits(pattern, name) for pattern in known_by(certificate))


def known_by(certificate: Certificate) -> tuple[str, ...]:
    """Return the names that it is made out for."""
    fallback = (certificate.common_name,) if certificate.common_name else ()
    return certificate.dns_names or fallback


def fits(pattern: str, name: str) -> bool:
    """Return whether the pattern is the name; a wildcard stands for exactly one label, the first (RFC 9525, 6.3)."""
    own, asked = _labels(pattern), _labels(name)
    if own[:1] == ["*"]:
        return len(own) == len(asked) and own[1:] == asked[1:]
    return own == asked


def too_deep(patterns: Iterable[str], name: str) -> bool:
    """Return whether a wildcard would fit if it stood for more than one label, as people expect of it."""
    asked = _labels(name)
    return any(
        own[:1] == ["*"] and len(asked) > len(own) and asked[-len(own) + 1 :] == own[1:]
        for own in map(_labels, patterns)
    )


def _labels(name: str) -> list[str]:
    try:
        ascii_name = name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        ascii_name = name
    return ascii_name.lower().rstrip(".").split(".")
