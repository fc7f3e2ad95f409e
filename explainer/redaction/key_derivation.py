"""Keys out of secrets, as TLS does it: HKDF (RFC 5869) with the labels of TLS 1.3, and the PRF of TLS 1.2."""

from hmac import digest as hmac

from explainer.redaction.ciphers import expand


def extract(salt: bytes, secret: bytes, algorithm: str) -> bytes:
    """Return HKDF-Extract (RFC 5869, 2.2)."""
    return hmac(salt, secret, algorithm)


def expand_label(secret: bytes, label: str, size: int, algorithm: str) -> bytes:
    """Return HKDF-Expand-Label without a context (RFC 8446, 7.1)."""
    named = b"tls13 " + label.encode()
    info = size.to_bytes(2, "big") + bytes([len(named)]) + named + b"\0"
    return expand(secret, info, size, algorithm)


def prf(secret: bytes, label: str, seed: bytes, size: int, algorithm: str) -> bytes:
    """Return as many bytes of TLS 1.2's pseudorandom function (RFC 5246, 5)."""
    seed = label.encode() + seed
    made, link = b"", seed
    while len(made) < size:
        link = hmac(secret, link, algorithm)
        made += hmac(secret, link + seed, algorithm)
    return made[:size]
