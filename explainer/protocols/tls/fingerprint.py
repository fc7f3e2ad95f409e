"""JA4: a fingerprint of the ClientHello that does not change with the order of its parts (FoxIO, JA4 details).

Wireshark 4.0 has JA3 only, so that this one is computed here.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256

from explainer.protocols.tls import names

_VERSIONS = {
    0x0304: "13", 0x0303: "12", 0x0302: "11", 0x0301: "10", 0x0300: "s3", 0x0002: "s2",
    0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3",
}  # fmt: skip
_SERVER_NAME, _ALPN = 0x0000, 0x0010
_MOST, _KEPT = 99, 1000
_NONE = "000000000000"


@lru_cache(_KEPT)  # a program says the same each time
def ja4(
    transport: str,
    versions: tuple[int, ...],
    cipher_suites: tuple[int, ...],
    extensions: tuple[int, ...],
    signatures: tuple[int, ...],
    alpn: str,
) -> str:
    """Return the fingerprint of these values as sent, GREASE among them; `transport` is "tcp", "quic" or "dtls"."""
    suites = [suite for suite in cipher_suites if not names.is_grease(suite)]
    sent = [extension for extension in extensions if not names.is_grease(extension)]
    version = _VERSIONS.get(max((v for v in versions if not names.is_grease(v)), default=0), "00")
    host = "d" if _SERVER_NAME in sent else "i"
    counts = f"{min(len(suites), _MOST):02d}{min(len(sent), _MOST):02d}"
    first = f"{_LETTERS.get(transport, 't')}{version}{host}{counts}{_ends(alpn)}"
    others = _listed(sorted(e for e in sent if e not in (_SERVER_NAME, _ALPN)))
    schemes = _listed(scheme for scheme in signatures if not names.is_grease(scheme))
    return f"{first}_{_hashed(_listed(sorted(suites)))}_{_hashed(f'{others}_{schemes}' if schemes else others)}"


_LETTERS = {"tcp": "t", "quic": "q", "dtls": "d"}


def _ends(alpn: str) -> str:
    """Return the first and last character of the first protocol, "00" where there is none."""
    if not alpn:
        return "00"
    first, last = alpn[0], alpn[-1]
    if first.isascii() and first.isalnum() and last.isascii() and last.isalnum():
        return first + last
    code = alpn.encode("latin-1", "replace").hex()
    return code[0] + code[-1]


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(f"{number:04x}" for number in numbers)


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:12] if text else _NONE
