"""Keys in place of others, of the same kind and size, made from nothing but a secret and the key that they replace.

Loads `cryptography`, which most runs do not need: it is imported by what rewrites a certificate.
"""

import warnings
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

Noise: TypeAlias = Callable[[bytes], bytes]
_ROUNDS, _LARGEST = 24, 4096
_SMALL_PRIMES = tuple(n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2)))


def signers(presented: Iterable[bytes]) -> dict[bytes, bytes]:
    """Return, of certificates (DER), the one that signed each, where it is among them."""
    from explainer.protocols.x509_reading import issued

    listed = tuple(presented)
    found = dict[bytes, bytes]()
    for der in listed:
        for issuer in (der, *listed):
            try:
                if issued(issuer, der):
                    found[der] = issuer
                    break
            except ValueError:
                break
    return found


def public(info: bytes, noise: Noise) -> bytes:
    """Return another public key in the form of this one (SubjectPublicKeyInfo, DER); noise where that fails.

    Raises:
        ValueError: it is no such key.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    private = _private(info, noise)
    if private is not None:
        made: bytes = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if len(made) == len(info):
            return made
    kept = min(len(info), 24)  # what kind it is
    return info[:kept] + noise(info[kept:])


def signed(body: bytes, der: bytes, issuer: bytes, noise: Noise) -> bytes | None:
    """Return the signature over a certificate's body by the new key of its issuer, None where it cannot be made."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = x509.load_der_x509_certificate(issuer)
        algorithm = x509.load_der_x509_certificate(der).signature_hash_algorithm
    info = old.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = _private(info, noise)
    match private:
        case ec.EllipticCurvePrivateKey() if algorithm is not None:
            return private.sign(body, ec.ECDSA(algorithm, deterministic_signing=True))
        case rsa.RSAPrivateKey() if algorithm is not None:
            return private.sign(body, padding.PKCS1v15(), algorithm)
        case Ed25519PrivateKey():
            return private.sign(body)
    return None


def _private(info: bytes, noise: Noise) -> "PrivateKey | None":
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    old = load_der_public_key(info)
    match old:
        case ec.EllipticCurvePublicKey():
            seed = int.from_bytes(noise(info + bytes(old.key_size // 8)), "big")
            return ec.derive_private_key(seed % (1 << (old.key_size - 1)) + 1, old.curve)
        case ed25519.Ed25519PublicKey():
            return ed25519.Ed25519PrivateKey.from_private_bytes(noise(info.ljust(32, b"\0"))[:32])
        case rsa.RSAPublicKey() if old.key_size <= _LARGEST:
            return _rsa(info, old.key_size, old.public_numbers().e, noise)
    return None


@cache
def _rsa(info: bytes, bits: int, exponent: int, noise: Noise) -> "rsa.RSAPrivateKey":
    """Return a key of exactly this size; made of primes that the noise leads to, so that it is always the same."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    first = _prime(info + b"p", (bits + 1) // 2, exponent, noise)
    second = _prime(info + b"q", bits // 2, exponent, noise)
    d = pow(exponent, -1, (first - 1) * (second - 1))
    return rsa.RSAPrivateNumbers(
        first, second, d, d % (first - 1), d % (second - 1), pow(second, -1, first),
        rsa.RSAPublicNumbers(exponent, first * second),
    ).private_key()  # fmt: skip


def _prime(seed: bytes, bits: int, exponent: int, noise: Noise) -> int:
    """Return a prime whose two highest bits are set: the product of two such is as long as both together."""
    size = bits // 8 + 1
    start = int.from_bytes(noise(seed.ljust(size, b"\0"))[:size], "big") % (1 << bits)
    candidate = start | 3 << (bits - 2) | 1
    while True:
        if all(candidate % prime for prime in _SMALL_PRIMES) and candidate % exponent != 1 and _is_prime(candidate):
            return candidate
        candidate += 2


def _is_prime(number: int) -> bool:
    """Return whether it passes the test of Miller and Rabin with fixed bases: it guards nobody's secret."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in _SMALL_PRIMES[:_ROUNDS]:
        value = pow(base, odd, number)
        if value in (1, number - 1):
            continue
        for _ in range(twos - 1):
            value = value * value % number
            if value == number - 1:
                break
        else:
            return False
    return True
