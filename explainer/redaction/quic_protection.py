"""The protection of QUIC packets (RFC 9001, 5; version 2: RFC 9369). Pure.

What protects a client's first packets follows from the connection ID that it chose: whoever records them can read them.
"""

from dataclasses import dataclass, field

from explainer.redaction.ciphers import TLS_1_3, Aead, Mode, Suite, aead, block, chacha20, decrypted, nonce
from explainer.redaction.key_derivation import expand_label, extract

INITIAL_SUITE = TLS_1_3[0x1301]
_LONG = 0x80
_SAMPLE, _LONGEST_NUMBER = 16, 4


@dataclass(frozen=True)
class Version:
    """What differs between versions: salt and label of the keys, types of long headers, key and nonce of a Retry."""

    salt: bytes
    label: str
    initial: int
    handshake: int
    retry: int
    retry_key: bytes
    retry_nonce: bytes


_ONE = Version(
    bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), "quic", 0, 2, 3,
    bytes.fromhex("be0c690b9f66575a1d766b54e368c84e"), bytes.fromhex("461599d35d632bf2239825bb"),
)  # fmt: skip
_DRAFT_29 = Version(
    bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899"), "quic", 0, 2, 3,
    bytes.fromhex("ccce187ed09a09d05728155a6cb96be1"), bytes.fromhex("e54930f97f2136f0530a8c1c"),
)  # fmt: skip
_TWO = Version(
    bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), "quicv2", 1, 3, 0,
    bytes.fromhex("8fb4b01b56ac48e260fbcbcead7ccc92"), bytes.fromhex("d86969bc2d7c6d9990efb04a"),
)  # fmt: skip
VERSIONS = {1: _ONE, 0x6B3343CF: _TWO} | {0xFF000000 + draft: _DRAFT_29 for draft in range(29, 33)}


@dataclass(frozen=True)
class Keys:
    """What protects the packets of one side at one level."""

    cipher: Aead = field(repr=False)
    iv: bytes = field(repr=False)
    header_key: bytes = field(repr=False)
    chacha20: bool

    @classmethod
    def of(cls, secret: bytes, suite: Suite, version: Version) -> "Keys":
        """Return the keys that follow from a secret (RFC 9001, 5.1)."""
        key, header_key = (
            expand_label(secret, f"{version.label} {what}", suite.key, suite.hash) for what in ("key", "hp")
        )
        iv = expand_label(secret, f"{version.label} iv", 12, suite.hash)
        return cls(aead(suite, key), iv, header_key, suite.mode is Mode.CHACHA20)

    def mask(self, sample: bytes) -> bytes:
        """Return what hides a header, by a sample of what follows it (RFC 9001, 5.4)."""
        return chacha20(self.header_key, sample, 5) if self.chacha20 else block(self.header_key, sample)[:5]


@dataclass(frozen=True)
class Opened:
    """A packet without its protection: the header up to and with the packet number, that number, and the frames."""

    header: bytes
    number: int
    payload: bytes


def initial_keys(version: Version, destination: bytes) -> tuple[Keys, Keys]:
    """Return the client's and the server's keys by the Destination Connection ID of the client's first packet."""
    secret = extract(version.salt, destination, INITIAL_SUITE.hash)
    client, server = (expand_label(secret, f"{side} in", 32, INITIAL_SUITE.hash) for side in ("client", "server"))
    return Keys.of(client, INITIAL_SUITE, version), Keys.of(server, INITIAL_SUITE, version)


def opened(packet: bytes, number_at: int, keys: Keys, largest: int = -1) -> Opened | None:
    """Return the packet without its protection, None where these keys do not fit.

    `number_at` is where its number begins, `largest` the largest number before it.
    """
    sample = packet[number_at + _LONGEST_NUMBER : number_at + _LONGEST_NUMBER + _SAMPLE]
    if len(sample) < _SAMPLE:
        return None
    mask = keys.mask(sample)
    first = packet[0] ^ mask[0] & (0x0F if packet[0] & _LONG else 0x1F)
    size = (first & 0x03) + 1
    truncated = bytes(a ^ b for a, b in zip(packet[number_at : number_at + size], mask[1:], strict=False))
    header = bytes([first]) + packet[1:number_at] + truncated
    number = _whole(int.from_bytes(truncated, "big"), 8 * size, largest)
    payload = decrypted(keys.cipher, nonce(keys.iv, number), packet[number_at + size :], header)
    return None if payload is None else Opened(header, number, payload)


def sealed(packet: Opened, keys: Keys) -> bytes:
    """Return the packet with protection."""
    size = (packet.header[0] & 0x03) + 1
    body = keys.cipher.encrypt(nonce(keys.iv, packet.number), packet.payload, packet.header)
    mask = keys.mask(body[_LONGEST_NUMBER - size : _LONGEST_NUMBER - size + _SAMPLE])
    header = bytearray(packet.header)
    header[0] ^= mask[0] & (0x0F if header[0] & _LONG else 0x1F)
    for place in range(size):
        header[place - size] ^= mask[1 + place]
    return bytes(header) + body


def retry_tag(packet: bytes, version: Version, destination: bytes) -> bytes:
    """Return the integrity tag of a Retry (without one), by what the client's first packet was sent to (5.8)."""
    cipher = aead(INITIAL_SUITE, version.retry_key)
    return cipher.encrypt(version.retry_nonce, b"", bytes([len(destination)]) + destination + packet)


def _whole(truncated: int, bits: int, largest: int) -> int:
    """Return a packet number of which the lower bits are known (RFC 9000, A.3)."""
    window, expected = 1 << bits, largest + 1
    number = expected & -window | truncated
    if number <= expected - window // 2 and number < (1 << 62) - window:
        return number + window
    return number - window if number > expected + window // 2 and number >= window else number
