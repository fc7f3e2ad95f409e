"""Names of TLS numbers: versions, alerts, cipher suites, groups, signatures (IANA TLS Parameters; RFC 8446, 5246)."""

from collections.abc import Iterable
from functools import lru_cache

from explainer.protocols.tls import cipher_suites
from explainer.wording import listing

_KEPT = 1000
VERSIONS = {
    0x0002: "SSL 2.0",
    0x0300: "SSL 3.0",
    0x0301: "TLS 1.0",
    0x0302: "TLS 1.1",
    0x0303: "TLS 1.2",
    0x0304: "TLS 1.3",
    0xFEFF: "DTLS 1.0",
    0xFEFD: "DTLS 1.2",
    0xFEFC: "DTLS 1.3",
}

ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    21: "decryption_failed",
    22: "record_overflow",
    30: "decompression_failure",
    40: "handshake_failure",
    41: "no_certificate",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    60: "export_restriction",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    100: "no_renegotiation",
    109: "missing_extension",
    110: "unsupported_extension",
    111: "certificate_unobtainable",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    114: "bad_certificate_hash_value",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}

_GROUPS = {
    0x0013: "secp192r1",
    0x0015: "secp224r1",
    0x0016: "secp256k1",
    0x0017: "secp256r1 (P-256)",
    0x0018: "secp384r1 (P-384)",
    0x0019: "secp521r1 (P-521)",
    0x001A: "brainpoolP256r1",
    0x001B: "brainpoolP384r1",
    0x001C: "brainpoolP512r1",
    0x001D: "x25519",
    0x001E: "x448",
    0x0029: "curveSM2",
    0x0100: "ffdhe2048",
    0x0101: "ffdhe3072",
    0x0102: "ffdhe4096",
    0x0103: "ffdhe6144",
    0x0104: "ffdhe8192",
    0x11EB: "SecP256r1MLKEM768",
    0x11EC: "X25519MLKEM768",
    0x11ED: "SecP384r1MLKEM1024",
    0x6399: "X25519Kyber768Draft00",
}

_SIGNATURES = {
    0x0804: "rsa_pss_rsae_sha256",
    0x0805: "rsa_pss_rsae_sha384",
    0x0806: "rsa_pss_rsae_sha512",
    0x0807: "ed25519",
    0x0808: "ed448",
    0x0809: "rsa_pss_pss_sha256",
    0x080A: "rsa_pss_pss_sha384",
    0x080B: "rsa_pss_pss_sha512",
}
# Before TLS 1.3 a hash and a kind of key made a scheme (RFC 5246, 7.4.1.4.1).
_HASHES = {1: "md5", 2: "sha1", 3: "sha224", 4: "sha256", 5: "sha384", 6: "sha512"}
_KEYS = {1: "rsa_pkcs1", 2: "dsa", 3: "ecdsa"}

QUIC_VERSIONS = {0x00000001: "version 1", 0x6B3343CF: "version 2"}
_QUIC_DRAFTS = 0xFF0000

# Values that offer nothing: renegotiation info and fallback signals (RFC 5746, 7507).
_SIGNALS = frozenset({0x00FF, 0x5600})


def version(number: int) -> str:
    """Return "TLS 1.2" and the like, or the number."""
    if number >> 8 == 0x7F:
        return f"TLS 1.3 draft {number & 0xFF}"
    return VERSIONS.get(number, f"version 0x{number:04x}")


def versions(numbers: Iterable[int]) -> str:
    """Return "TLS 1.2", "TLS 1.2 or 1.3", "TLS 1.0 to 1.3", or the single names where there is a gap."""
    offered = sorted(set(numbers))
    names = [version(number) for number in offered]
    if len(names) > 1 and all(name.startswith("TLS ") for name in names[1:]) and names[0] in VERSIONS.values():
        if len(names) == offered[-1] - offered[0] + 1 and len(names) > 2:
            last = names[-1].removeprefix("TLS ") if names[0].startswith("TLS ") else names[-1]
            return f"{names[0]} to {last}"
        if names[0].startswith("TLS "):
            return listing([names[0], *(name.removeprefix("TLS ") for name in names[1:])], "or")
    return listing(names, "or")


def quic_version(number: int) -> str:
    """Return "QUIC version 1 (0x00000001)" and the like, or the number (RFC 9000, 15; RFC 9369; IANA QUIC)."""
    known = f"draft {number & 0xFF}" if number >> 8 == _QUIC_DRAFTS else QUIC_VERSIONS.get(number)
    return f"QUIC {known} (0x{number:08x})" if known else f"0x{number:08x}"


def alert(code: int) -> str:
    """Return the alert's name and number, such as "certificate_expired (45)"."""
    return f"{ALERTS.get(code, 'unknown alert')} ({code})"


def cipher_suite(number: int) -> str:
    """Return the suite's IANA name, or its number where it has none."""
    return cipher_suites.NAMES.get(number, f"0x{number:04x}")


def group(number: int) -> str:
    """Return the name of a group (curve) of the key exchange, or its number."""
    return _GROUPS.get(number, f"0x{number:04x}")


def signature(number: int) -> str:
    """Return the name of a signature scheme, such as "ecdsa_sha256", or its number."""
    kind, of = _KEYS.get(number & 0xFF), _HASHES.get(number >> 8)
    return _SIGNATURES.get(number) or (f"{kind}_{of}" if kind and of else f"0x{number:04x}")


def is_grease(number: int) -> bool:
    """Return whether the value is one that clients offer to keep servers tolerant (RFC 8701)."""
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


@lru_cache(_KEPT)  # a program offers the same each time
def without_grease(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the values that are meant."""
    return tuple(number for number in numbers if not is_grease(number))


@lru_cache(_KEPT)
def real_cipher_suites(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return the suites without GREASE and signals."""
    return tuple(number for number in without_grease(numbers) if number not in _SIGNALS)
