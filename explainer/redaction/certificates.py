"""Certificates issued anew: other names, serial numbers and keys, the same in everything else, and as long.

A signature that held holds again, by the issuer's new key, so that a chain stays a chain, and one that is broken stays
broken. What a public authority has signed cannot be signed anew: such a chain ends at an authority that nobody knows.
"""

from collections.abc import Iterable
from functools import cached_property

from explainer.redaction import keys
from explainer.redaction.dn import BITS, INTEGER, OCTETS, SEQUENCE, Node, nodes, rename
from explainer.redaction.stand_ins import StandIns, masked

_CONTEXT = 0xA0
_SUBJECT_KEY, _AUTHORITY_KEY = bytes.fromhex("551d0e"), bytes.fromhex("551d23")
_NAMES = {bytes.fromhex("551d11"), bytes.fromhex("551d12"), bytes.fromhex("551d1e")}
# CRL distribution points, authority access, policies (with the address of a practice statement)
_PLACES = {bytes.fromhex("551d1f"), bytes.fromhex("2b06010505070101"), bytes.fromhex("551d20")}
# Constraints, key usages, TLS features: numbers of standards, which tell of nobody.
_PLAIN = {bytes.fromhex(oid) for oid in ("551d13", "551d0f", "551d25", "551d24", "551d36", "2b06010505070118")}
_LOGGED = bytes.fromhex("2b06010401d679020402")
_EMAIL, _DNS, _DIRECTORY, _URI, _IP, _IA5 = 0x81, 0x82, 0xA4, 0x86, 0x87, 0x16
_ATTEMPTS = 400


class Authority:
    """What reissues the certificates of one capture; all of them must be known before the first is asked for."""

    def __init__(self, presented: Iterable[bytes], stand_ins: StandIns) -> None:
        self._stand_ins = stand_ins
        self._presented = tuple(dict.fromkeys(presented))
        self._made = dict[bytes, bytes]()

    def reissue(self, der: bytes) -> bytes:
        """Return the certificate for others; zeros for what is none."""
        if der not in self._made:
            try:
                self._made[der] = self._reissued(der)
            except (ValueError, IndexError):
                self._made[der] = bytes(len(der))
        return self._made[der]

    @cached_property
    def _signers(self) -> dict[bytes, bytes]:
        """Return the certificate that signed each one, where it was presented."""
        return keys.signers(self._presented)

    def _reissued(self, der: bytes) -> bytes:
        (whole,) = nodes(der, 0, len(der))
        body, _, signature = nodes(der, whole.content, whole.end)
        fields = list(nodes(der, body.content, body.end))
        versioned = fields[0].tag == _CONTEXT
        serial, _, issuer, _, subject, key = fields[versioned : 6 + versioned]
        out = bytearray(der)
        for name in (issuer, subject):
            rename(der, out, name.content, name.end, self._stand_ins)
        out[key.start : key.end] = keys.public(der[key.start : key.end], self._stand_ins.noise)
        for extra in fields[6 + versioned :]:
            if extra.tag == _CONTEXT | 3:
                self._extensions(der, out, extra)
            else:
                out[extra.content : extra.end] = bytes(extra.end - extra.content)
        self._sign(der, out, body, serial, signature)
        return bytes(out)

    def _sign(self, der: bytes, out: bytearray, body: Node, serial: Node, signature: Node) -> None:
        """Number and sign it; a signature's length depends on chance, and so the number is tried until it fits."""
        number, held = der[serial.content : serial.end], signature.end - signature.content - 1
        issuer = self._signers.get(der)
        for attempt in range(_ATTEMPTS):
            tried = bytearray(self._stand_ins.noise(number + bytes([attempt % 256, attempt // 256]))[: len(number)])
            tried[0] = (tried[0] & 0x3F) | (number[0] & 0x40 if len(number) > 1 else 0x01)
            if len(number) > 1 and not tried[0]:
                tried[0] = 1
            out[serial.content : serial.end] = tried
            if issuer is None:
                break
            signed = keys.signed(bytes(out[body.start : body.end]), der, issuer, self._stand_ins.noise)
            if signed is None:
                break
            if len(signed) == held:
                out[signature.content + 1 : signature.end] = signed
                return
        self._forge(der, out, signature)

    def _forge(self, der: bytes, out: bytearray, signature: Node) -> None:
        """Put a signature of the right form in its place, that nobody's key has made."""
        start = signature.content + 1
        old = der[start : signature.end]
        made = bytearray(self._stand_ins.noise(old))
        if old[:1] == bytes([SEQUENCE]):  # two numbers (RFC 3279, 2.2.3), which stay two numbers of their sizes
            (pair,) = nodes(old, 0, len(old))
            made[: pair.content] = old[: pair.content]
            for number in nodes(old, pair.content, pair.end):
                made[number.start : number.content + 2] = old[number.start : number.content + 2]
        out[start : signature.end] = made

    def _extensions(self, der: bytes, out: bytearray, extra: Node) -> None:
        (listed,) = nodes(der, extra.content, extra.end)
        for extension in nodes(der, listed.content, listed.end):
            parts = list(nodes(der, extension.content, extension.end))
            oid, value = der[parts[0].content : parts[0].end], parts[-1]
            self._extension(der, out, oid, value)

    def _extension(self, der: bytes, out: bytearray, oid: bytes, value: Node) -> None:
        start, end = value.content, value.end
        if oid in _PLAIN:
            return
        try:
            match oid:
                case _ if oid == _SUBJECT_KEY:
                    (inner,) = nodes(der, start, end)
                    out[inner.content : inner.end] = self._stand_ins.noise(der[inner.content : inner.end])
                case _ if oid == _AUTHORITY_KEY:
                    (listed,) = nodes(der, start, end)
                    for one in nodes(der, listed.content, listed.end):
                        out[one.content : one.end] = self._stand_ins.noise(der[one.content : one.end])
                case _ if oid in _NAMES or oid in _PLACES:
                    self._names(der, out, start, end)
                case _ if oid == _LOGGED:
                    (inner,) = nodes(der, start, end)
                    out[inner.content : inner.end] = self._stand_ins.noise(der[inner.content : inner.end])
                case _:
                    out[start:end] = self._stand_ins.noise(der[start:end])
        except (ValueError, IndexError):
            out[start:end] = bytes(end - start)

    def _names(self, der: bytes, out: bytearray, start: int, end: int) -> None:
        """Replace the general names (RFC 5280, 4.2.1.6) in a part of DER, however deep they are."""
        for node in nodes(der, start, end):
            held = der[node.content : node.end]
            match node.tag:
                case _ if node.tag == _DNS:
                    out[node.content : node.end] = self._stand_ins.host(held)
                case _ if node.tag in (_EMAIL, _URI, _IA5):
                    out[node.content : node.end] = _url(held)
                case _ if node.tag == _IP and len(held) in (4, 16):
                    out[node.content : node.end] = self._stand_ins.address(held)
                case _ if node.tag == _DIRECTORY:
                    rename(der, out, node.content, node.end, self._stand_ins)
                case _ if node.tag in (INTEGER, BITS, OCTETS):
                    out[node.content : node.end] = bytes(len(held))
                case _ if node.tag & 0x20:
                    self._names(der, out, node.content, node.end)
                case 0x06:
                    pass
                case _:
                    out[node.content : node.end] = masked(held)


def _url(held: bytes) -> bytes:
    scheme, mark, rest = held.partition(b"://")
    return scheme + mark + masked(rest) if mark else masked(held)
