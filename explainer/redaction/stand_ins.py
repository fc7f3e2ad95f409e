"""Pseudonyms as bytes, each as long as what it stands for, from the mapping that the texts use, too."""

import ipaddress
from functools import cache
from hashlib import shake_256

from explainer.escape import visible
from explainer.privacy.kinds import Kind, Original
from explainer.privacy.mapping import Mapping

_MASK = b"x"


class StandIns:
    """What stands in for the bytes of one capture."""

    def __init__(self, mapping: Mapping, key: bytes) -> None:
        self._mapping = mapping
        self._key = key
        self.address = cache(self._address)
        self.mac = cache(self._mac)
        self.host = cache(self._host)
        self.value = cache(self._value)

    def _address(self, packed: bytes) -> bytes:
        """Return the pseudonym of an IPv4 or IPv6 address."""
        own = str(ipaddress.ip_address(packed))
        return ipaddress.ip_address(self._mapping.stand_in(Original(Kind.ADDRESS, own))).packed

    def _mac(self, octets: bytes) -> bytes:
        made = self._mapping.stand_in(Original(Kind.MAC, octets.hex(":")))
        return bytes.fromhex(made.replace(":", ""))

    def _host(self, name: bytes) -> bytes:
        """Return the pseudonym of a host name, label by label."""
        return self._made(Kind.HOST, name)

    def _value(self, name: bytes) -> bytes:
        """Return the pseudonym of what a certificate says of somebody."""
        return self._made(Kind.NAME, name)

    def text(self, original: Original) -> str:
        """Return the pseudonym of a text that is in no packet."""
        return self._mapping.stand_in(original)

    def path(self, path: bytes) -> bytes:
        """Return the pseudonym of a path with its query."""
        made = self._made(Kind.PATH, path)
        return made if made.startswith(path[:1]) else masked(path)

    def noise(self, data: bytes) -> bytes:
        """Return as many bytes, the same for the same: for what is compared and means nothing else."""
        return shake_256(self._key + data).digest(len(data))

    def _made(self, kind: Kind, name: bytes) -> bytes:
        try:
            text = name.decode("utf-8")
        except UnicodeDecodeError:
            return masked(name)
        if not text.strip() or visible(text) != text:
            return masked(name)
        made = self._mapping.stand_in(Original(kind, text)).encode()
        return made if len(made) == len(name) else masked(name)


def masked(data: bytes) -> bytes:
    """Return as many bytes, of which letters, digits and whatever is no ASCII are "x"; marks stay."""
    return bytes(byte if byte < 0x80 and not chr(byte).isalnum() and byte >= 0x20 else _MASK[0] for byte in data)
