"""Services of a network: the numbers that say what is asked and answered, and nothing of whom it is about.

Kerberos (RFC 4120), RADIUS (RFC 2865), NTP (RFC 5905), SMB (MS-SMB2, MS-CIFS), MQTT (OASIS), SOCKS (RFC 1928).
"""

from collections.abc import Callable

from explainer.redaction import binary

Keep = Callable[[bytes, bytearray], None]
_SMB2, _SMB2_HEADER = b"\xfeSMB", 64
_SMB1, _SMB1_HEADER = b"\xffSMB", 32
_CONNECT, _CONNACK = 1, 2


def kerberos(data: bytes, out: bytearray) -> None:
    """Keep numbers and times; over TCP a length comes first."""
    start = 4 if data[:1] == b"\0" else 0
    out[:start] = data[:start]
    inner = bytearray(len(data) - start)
    binary.numbers(data[start:], inner)
    out[start:] = inner


def radius(data: bytes, out: bytearray) -> None:
    """Keep the code, and which attributes there are."""
    out[:4] = data[:4]
    at = 20
    while at + 2 <= len(data) and data[at + 1] >= 2:
        out[at : at + 2] = data[at : at + 2]
        at += data[at + 1]


def ntp(data: bytes, out: bytearray) -> None:
    """Keep what the clock says of itself; of its reference only a word, as that can be an address."""
    out[:12] = data[:12]
    if data[1:2] in (b"\0", b"\1"):
        out[12:16] = data[12:16]


def smb(data: bytes, out: bytearray) -> None:
    """Keep the headers, without signatures: command, status, identifiers."""
    at = 0
    while at + 8 <= len(data) and data[at : at + 1] == b"\0":
        size = int.from_bytes(data[at + 1 : at + 4], "big")
        out[at : at + 4] = data[at : at + 4]
        start = at + 4
        if data[start : start + 4] == _SMB2:
            out[start : start + 48] = data[start : start + 48]  # a signature follows
            body = start + _SMB2_HEADER
            out[body : body + 2] = data[body : body + 2]
        elif data[start : start + 4] == _SMB1:
            out[start : start + 14] = data[start : start + 14]
            out[start + 22 : start + _SMB1_HEADER] = data[start + 22 : start + _SMB1_HEADER]
            words = start + _SMB1_HEADER
            end = words + 1 + 2 * data[words] if words < len(data) else words
            out[words:end] = data[words:end]
        at = start + size


def mqtt(data: bytes, out: bytearray) -> None:
    """Keep types and lengths; of a login its flags, and whether it was accepted."""
    at = 0
    while at + 2 <= len(data):
        size, shift, start = 0, 0, at + 1
        while start < len(data):
            size |= (data[start] & 0x7F) << shift
            shift, start = shift + 7, start + 1
            if not data[start - 1] & 0x80 or shift > 21:
                break
        out[at:start] = data[at:start]
        end, kind = min(start + size, len(data)), data[at] >> 4
        if kind == _CONNECT and start + 2 <= end:
            flags = start + 2 + int.from_bytes(data[start : start + 2], "big")
            out[start : min(flags + 4, end)] = data[start : min(flags + 4, end)]
            _texts(data, out, flags + 4, end)
        elif kind == _CONNACK:
            out[start:end] = data[start:end]
        at = end


def _texts(data: bytes, out: bytearray, at: int, end: int) -> None:
    while at + 2 <= end:
        size = int.from_bytes(data[at : at + 2], "big")
        out[at : at + 2] = data[at : at + 2]
        out[at + 2 : min(at + 2 + size, end)] = b"x" * (min(at + 2 + size, end) - at - 2)
        at += 2 + size


def socks(data: bytes, out: bytearray) -> None:
    """Keep methods, commands and replies of version 5; where to goes."""
    if data[:1] != b"\5":
        return
    reply = data[1:2] in (b"\0", b"\2", b"\xff") and (len(data) == 2 or data[2:3] == b"\5")
    at = 2 if reply else 2 + data[1] if len(data) > 1 else 1
    out[:at] = data[:at]
    if data[at : at + 1] == b"\5":
        out[at : at + 4] = data[at : at + 4]
        if data[at + 3 : at + 4] == b"\3" and at + 4 < len(data):
            out[at + 4] = data[at + 4]
            out[at + 5 : at + 5 + data[at + 4]] = b"x" * len(data[at + 5 : at + 5 + data[at + 4]])


BY_PORT: dict[int, Keep] = {
    88: kerberos, 123: ntp, 139: smb, 445: smb, 1080: socks, 1645: radius, 1812: radius, 1813: radius, 1883: mqtt,
}  # fmt: skip
