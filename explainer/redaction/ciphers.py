"""The cipher suites that TLS 1.2, TLS 1.3 and QUIC are read with, and their ciphers.

RFC 5869 (HKDF), 5288 (GCM), 5246 and 5289 (CBC), 6655 (CCM), 7905 (ChaCha20-Poly1305), 8446 B.4. Loads `cryptography`,
and is itself imported only where a capture is redacted.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

Aead: TypeAlias = AESGCM | AESCCM | ChaCha20Poly1305


class Mode(StrEnum):
    """How a suite encrypts."""

    GCM = "GCM"
    CCM = "CCM"
    CCM_8 = "CCM_8"
    CHACHA20 = "ChaCha20-Poly1305"
    CBC = "CBC"


@dataclass(frozen=True)
class Suite:
    """A suite: its mode, the length of its key in bytes, the hash that keys are derived with, and that of its MAC."""

    mode: Mode
    key: int
    hash: str = "sha256"
    mac: str = ""


_GCM_128, _GCM_256 = Suite(Mode.GCM, 16), Suite(Mode.GCM, 32, "sha384")
_CHACHA20 = Suite(Mode.CHACHA20, 32)
TLS_1_3 = {
    0x1301: _GCM_128, 0x1302: _GCM_256, 0x1303: _CHACHA20, 0x1304: Suite(Mode.CCM, 16), 0x1305: Suite(Mode.CCM_8, 16),
}  # fmt: skip
_SAME_KEYS = (
    (_GCM_128, (0x9C, 0x9E, 0xC02B, 0xC02F)),
    (_GCM_256, (0x9D, 0x9F, 0xC02C, 0xC030)),
    (_CHACHA20, (0xCCA8, 0xCCA9, 0xCCAA)),
    (Suite(Mode.CBC, 16, mac="sha1"), (0x2F, 0x33, 0xC009, 0xC013)),
    (Suite(Mode.CBC, 32, mac="sha1"), (0x35, 0x39, 0xC00A, 0xC014)),
    (Suite(Mode.CBC, 16, mac="sha256"), (0x3C, 0x67, 0xC023, 0xC027)),
    (Suite(Mode.CBC, 32, mac="sha256"), (0x3D, 0x6B)),
    (Suite(Mode.CBC, 32, "sha384", "sha384"), (0xC024, 0xC028)),
)
TLS_1_2 = {number: suite for suite, numbers in _SAME_KEYS for number in numbers}


def aead(suite: Suite, key: bytes) -> Aead:
    """Return the suite's authenticated encryption with a key."""
    match suite.mode:
        case Mode.CHACHA20:
            return ChaCha20Poly1305(key)
        case Mode.CCM:
            return AESCCM(key)
        case Mode.CCM_8:
            return AESCCM(key, tag_length=8)
    return AESGCM(key)


def decrypted(cipher: Aead, nonce: bytes, data: bytes, about: bytes) -> bytes | None:
    """Return what was encrypted, None where it was not with this key, or has changed since."""
    try:
        return cipher.decrypt(nonce, data, about)
    except (InvalidTag, ValueError):
        return None


def expand(secret: bytes, info: bytes, size: int, algorithm: str) -> bytes:
    """Return HKDF-Expand (RFC 5869, 2.3) with a hash by its name."""
    return HKDFExpand({"sha256": SHA256(), "sha384": SHA384()}[algorithm], size, info).derive(secret)


def block(key: bytes, data: bytes) -> bytes:
    """Return one block encrypted with AES."""
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(data)


def chacha20(key: bytes, sample: bytes, size: int) -> bytes:
    """Return as many bytes of ChaCha20's stream, whose block count and nonce are the sample (RFC 9001, 5.4.4)."""
    return Cipher(algorithms.ChaCha20(key, sample), None).encryptor().update(bytes(size))


def cbc(key: bytes, iv: bytes) -> Cipher[modes.CBC]:
    """Return AES in CBC mode."""
    return Cipher(algorithms.AES(key), modes.CBC(iv))


def nonce(iv: bytes, number: int) -> bytes:
    """Return the nonce of a record or packet by its number (RFC 8446, 5.3; RFC 9001, 5.3)."""
    return (int.from_bytes(iv, "big") ^ number).to_bytes(len(iv), "big")
