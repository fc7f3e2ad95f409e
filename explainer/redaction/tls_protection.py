"""The protection of TLS records, for who has the secrets: TLS 1.3 (RFC 8446, 5.2, 7.3), TLS 1.2 (RFC 5246, 6.2.3).

Each class is one direction of a connection. What it opens, it can seal again under the stand-ins of the secrets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from hmac import compare_digest
from hmac import digest as hmac

from explainer.redaction.ciphers import Aead, Mode, Suite, aead, cbc, decrypted, nonce
from explainer.redaction.key_derivation import expand_label, prf
from explainer.redaction.tls_messages import END_OF_EARLY_DATA, FINISHED, KEY_UPDATE, messages

CHANGE, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
_IV, _EXPLICIT, _BLOCK, _TAG = 12, 8, 16, 16


@dataclass(frozen=True)
class Opened:
    """What a record holds: its type, its content, and what makes the record of as many other bytes."""

    kind: int
    content: bytes
    seal: Callable[[bytes], bytes]


@dataclass(frozen=True)
class _Stage:
    """The keys of one stage of TLS 1.3, and the ones that take their place."""

    suite: Suite
    old: bytes = field(repr=False)
    new: bytes = field(repr=False)

    @property
    def keys(self) -> tuple[tuple[Aead, bytes], tuple[Aead, bytes]]:
        """Return cipher and IV of both."""
        return self._keys(self.old), self._keys(self.new)

    def _keys(self, secret: bytes) -> tuple[Aead, bytes]:
        key = expand_label(secret, "key", self.suite.key, self.suite.hash)
        return aead(self.suite, key), expand_label(secret, "iv", _IV, self.suite.hash)

    def updated(self) -> "_Stage":
        """Return the stage after a KeyUpdate (RFC 8446, 7.2)."""
        old, new = (expand_label(one, "traffic upd", len(one), self.suite.hash) for one in (self.old, self.new))
        return _Stage(self.suite, old, new)


class Tls13:
    """One direction of TLS 1.3, by its secrets and their stand-ins, stage after stage: early data, handshake, data."""

    def __init__(self, suite: Suite, secrets: Sequence[tuple[bytes, bytes]]) -> None:
        self._stages = [_Stage(suite, old, new) for old, new in secrets]
        self._number = 0
        self._said = b""

    def opened(self, header: bytes, held: bytes) -> Opened | None:
        """Return what a record holds, None where it is not encrypted or no secret fits."""
        if header[0] != DATA:
            return None
        # Early data may be refused, and then nothing says where it ends.
        for place, stage in enumerate(self._stages[:3]):
            number = self._number if place == 0 else 0
            (old, iv), new = stage.keys
            inner = decrypted(old, nonce(iv, number), held, header)
            if inner is not None:
                if place:
                    del self._stages[:place]
                    self._said = b""
                self._number = number + 1
                return self._shown(inner, partial(_encrypted, new, number, header))
        return None

    def _shown(self, inner: bytes, encrypt: Callable[[bytes], bytes]) -> Opened | None:
        content = inner.rstrip(b"\0")
        if not content:
            return Opened(DATA, b"", lambda _: encrypt(inner))
        if content[-1] == HANDSHAKE:
            self._follow(content[:-1])
        return Opened(content[-1], content[:-1], lambda made: encrypt(made + inner[len(content) - 1 :]))

    def _follow(self, said: bytes) -> None:
        """Change the keys where a message says so; it ends its record (RFC 8446, 5.1)."""
        self._said += said
        for kind, body in messages(self._said):
            whole = 4 + int.from_bytes(self._said[1:4], "big")
            if len(self._said) < whole:
                return
            self._said = self._said[4 + len(body) :]
            if kind in (FINISHED, END_OF_EARLY_DATA):
                del self._stages[0]
            elif kind == KEY_UPDATE and self._stages:
                self._stages[0] = self._stages[0].updated()
            self._number = 0 if kind in (FINISHED, END_OF_EARLY_DATA, KEY_UPDATE) else self._number


def _encrypted(keys: tuple[Aead, bytes], number: int, header: bytes, inner: bytes) -> bytes:
    cipher, iv = keys
    return cipher.encrypt(nonce(iv, number), inner, header)


@dataclass(frozen=True)
class _Keys12:
    mac: bytes = field(repr=False)
    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)


class Tls12:
    """One direction of TLS 1.2 from its ChangeCipherSpec on, by the master secret and its stand-in.

    `randoms` are the client's and the server's, those of the capture and their stand-ins; `mac_last` is
    encrypt_then_mac (RFC 7366).
    """

    def __init__(
        self, suite: Suite, secrets: tuple[bytes, bytes], randoms: Sequence[tuple[bytes, bytes]],
        *, client: bool, mac_last: bool,
    ) -> None:  # fmt: skip
        self._suite, self._mac_last, self._number = suite, mac_last, 0
        self._old, self._new = (
            _keys(suite, secret, pair, client=client) for secret, pair in zip(secrets, randoms, strict=True)
        )

    def opened(self, header: bytes, held: bytes) -> Opened | None:
        """Return what a record holds, None where the secret does not fit."""
        number = self._number
        found = self._cbc(header, held, number) if self._suite.mode is Mode.CBC else self._aead(header, held, number)
        self._number += found is not None
        return found

    def _aead(self, header: bytes, held: bytes, number: int) -> Opened | None:
        explicit = 0 if self._suite.mode is Mode.CHACHA20 else _EXPLICIT
        size = len(held) - explicit - _TAG
        about = _about(number, header, size)
        old, new = (aead(self._suite, keys.key) for keys in (self._old, self._new))
        own = [nonce(k.iv, number) if not explicit else k.iv + held[:explicit] for k in (self._old, self._new)]
        content = decrypted(old, own[0], held[explicit:], about) if size >= 0 else None
        if content is None:
            return None
        return Opened(header[0], content, lambda made: held[:explicit] + new.encrypt(own[1], made, about))

    def _cbc(self, header: bytes, held: bytes, number: int) -> Opened | None:
        """Open a record whose MAC is in what is encrypted, or follows it; both begin with the IV."""
        algorithm, tail = self._suite.mac, len(self._old.mac)
        body = held[: len(held) - tail] if self._mac_last else held
        if len(body) < 2 * _BLOCK or len(body) % _BLOCK:
            return None
        iv = body[:_BLOCK]
        plain = cbc(self._old.key, iv).decryptor().update(body[_BLOCK:])
        size = len(plain) - 1 - plain[-1] - (0 if self._mac_last else tail)
        if size < 0:
            return None

        def mac(keys: _Keys12, content: bytes, ciphertext: bytes) -> bytes:
            said = ciphertext if self._mac_last else content
            return hmac(keys.mac, _about(number, header, len(said)) + said, algorithm)

        got = held[-tail:] if self._mac_last else plain[size : size + tail]
        if not compare_digest(mac(self._old, plain[:size], body), got):
            return None

        def seal(made: bytes) -> bytes:
            inner = b"" if self._mac_last else mac(self._new, made, b"")
            padding = plain[size + len(inner) :]
            sealed = iv + cbc(self._new.key, iv).encryptor().update(made + inner + padding)
            return sealed + (mac(self._new, made, sealed) if self._mac_last else b"")

        return Opened(header[0], plain[:size], seal)


def _keys(suite: Suite, master: bytes, randoms: tuple[bytes, bytes], *, client: bool) -> _Keys12:
    """Return one side's keys (RFC 5246, 6.3)."""
    mac = {"": 0, "sha1": 20, "sha256": 32, "sha384": 48}[suite.mac]
    iv = {Mode.CBC: 0, Mode.CHACHA20: _IV}.get(suite.mode, _IV - _EXPLICIT)
    block = prf(master, "key expansion", randoms[1] + randoms[0], 2 * (mac + suite.key + iv), suite.hash)
    parts, at = list[bytes](), 0
    for size in (mac, suite.key, iv):
        start = at if client else at + size
        parts.append(block[start : start + size])
        at += 2 * size
    return _Keys12(*parts)


def _about(number: int, header: bytes, size: int) -> bytes:
    return number.to_bytes(8, "big") + header[:3] + size.to_bytes(2, "big") if size >= 0 else b""
