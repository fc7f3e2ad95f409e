"""TLS sessions by what both sides say in clear, and the secrets of a key log that belong to them.

The key log is what SSLKEYLOGFILE names (draft-ietf-tls-keylogfile); a pcapng holds the same text in a block.
"""

import re
import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from explainer.redaction.ciphers import TLS_1_2, TLS_1_3
from explainer.redaction.tls_messages import RETRY, extensions
from explainer.redaction.tls_protection import Tls12, Tls13

Noise = Callable[[bytes], bytes]
_KEY_LOG = 0x544C534B
_LINE = re.compile(rb"^([A-Z0-9_]+) ([0-9a-fA-F]{64}) ((?:[0-9a-fA-F]{2}){32,64})\s*$", re.MULTILINE)
_MASTER = "CLIENT_RANDOM"
HANDSHAKE_SECRETS = {True: "CLIENT_HANDSHAKE_TRAFFIC_SECRET", False: "SERVER_HANDSHAKE_TRAFFIC_SECRET"}
_STAGES = {
    True: ("CLIENT_EARLY_TRAFFIC_SECRET", HANDSHAKE_SECRETS[True], "CLIENT_TRAFFIC_SECRET_0"),
    False: (HANDSHAKE_SECRETS[False], "SERVER_TRAFFIC_SECRET_0"),
}
_ENCRYPT_THEN_MAC, _SUPPORTED_VERSIONS = 22, 43


@dataclass(frozen=True)
class Session:
    """What client and server agreed on: both randoms, the suite, TLS 1.3 or 1.2, the MAC after what is encrypted."""

    client_random: bytes
    server_random: bytes
    suite: int
    tls13: bool
    mac_last: bool


def session(client_hello: bytes, server_hello: bytes) -> Session | None:
    """Return the session of two hellos, None where they are none that can be followed."""
    random = server_hello[2:34]
    if len(client_hello) < 34 or len(server_hello) < 38 or random == RETRY:
        return None
    at = 35 + server_hello[34]
    kinds = {kind for kind, _, _ in extensions(server_hello, at + 3)}
    suite, tls13 = int.from_bytes(server_hello[at : at + 2], "big"), _SUPPORTED_VERSIONS in kinds
    known = suite in (TLS_1_3 if tls13 else TLS_1_2) and server_hello[:2] == b"\3\3"
    return Session(client_hello[2:34], random, suite, tls13, _ENCRYPT_THEN_MAC in kinds) if known else None


class Secrets:
    """The secrets of a capture."""

    def __init__(self, texts: Iterable[bytes], noise: Noise) -> None:
        self._noise = noise
        self._held = {
            (label.decode(), bytes.fromhex(random.decode())): bytes.fromhex(secret.decode())
            for text in texts
            for label, random, secret in _LINE.findall(text)
        }

    def __bool__(self) -> bool:
        return bool(self._held)

    def pair(self, label: str, client_random: bytes) -> tuple[bytes, bytes] | None:
        """Return a secret and what stands in for it."""
        secret = self._held.get((label, client_random))
        return (secret, self._noise(secret)) if secret else None

    def protection(self, found: Session, *, client: bool) -> Tls12 | Tls13 | None:
        """Return what opens the records of one side, None where its secrets are not known."""
        if found.tls13:
            stages = [pair for label in _STAGES[client] if (pair := self.pair(label, found.client_random))]
            return Tls13(TLS_1_3[found.suite], stages) if stages else None
        pair = self.pair(_MASTER, found.client_random)
        if pair is None:
            return None
        own = (found.client_random, found.server_random)
        randoms = (own, (self._noise(own[0]), self._noise(own[1])))
        return Tls12(TLS_1_2[found.suite], pair, randoms, client=client, mac_last=found.mac_last)

    def block(self, client_randoms: Iterable[bytes]) -> Iterator[bytes]:
        """Yield a block (its body) with the stand-ins of the secrets of these sessions; none where there are none."""
        wanted = set(client_randoms)
        text = "".join(
            f"{label} {self._noise(random).hex()} {self._noise(secret).hex()}\n"
            for (label, random), secret in self._held.items()
            if random in wanted and label in {_MASTER, *_STAGES[True], *_STAGES[False]}
        ).encode()
        if text:
            yield struct.pack("<II", _KEY_LOG, len(text)) + text + bytes(-len(text) % 4)


def key_log(block: bytes) -> bytes:
    """Return the key log that a block of secrets (its body) holds, nothing where it holds others."""
    kind, size = struct.unpack_from("<II", block)
    return block[8 : 8 + size] if kind == _KEY_LOG else b""
