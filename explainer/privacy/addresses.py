"""Pseudonyms of IP and MAC addresses: what shares a subnet still does, what is private stays private.

Octet by octet, each is replaced by a keyed permutation that depends on the octets before it, as in prefix-preserving
anonymisation (Crypto-PAn). Addresses that mean the same in every network (loopback, multicast, broadcast) stay.
"""

import ipaddress
from hashlib import blake2b

_MEANT_FOR_ALL = ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3")
_KEPT = tuple(ipaddress.IPv4Network(text) for text in _MEANT_FOR_ALL)
_PRIVATE = tuple(
    ipaddress.IPv4Network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10")
)
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address within
_LINK_LOCAL = ipaddress.IPv6Network("fe80::/10")
_UNIQUE_LOCAL = ipaddress.IPv6Network("fc00::/7")
_SOLICITED = ipaddress.IPv6Network("ff02::1:ff00:0/104")  # RFC 4291, 2.7.1: the end of an address within
_GROUP_ADDRESS = 0x01
_LOCAL_ADDRESS = 0x02


def address(text: str, key: bytes) -> str:
    """Return the pseudonym of an IP address, or the address where it is the same in every network."""
    parsed = ipaddress.ip_address(text)
    return str(_v4(parsed, key) if isinstance(parsed, ipaddress.IPv4Address) else _v6(parsed, key))


def is_kept(text: str) -> bool:
    """Return whether an IP address is the same in every network, and so tells nothing."""
    parsed = ipaddress.ip_address(text)
    if isinstance(parsed, ipaddress.IPv4Address):
        return any(parsed in network for network in _KEPT)
    if parsed.ipv4_mapped is not None:
        return is_kept(str(parsed.ipv4_mapped))
    return parsed.is_unspecified or parsed.is_loopback or (parsed.is_multicast and parsed not in _SOLICITED)


def mac(text: str, key: bytes) -> str:
    """Return the pseudonym of a MAC address: locally administered, without a vendor; group addresses stay."""
    octets = bytes.fromhex(text.replace(":", "").replace("-", ""))
    if octets[:3] == b"\x33\x33\xff":  # RFC 2464: the end of an IPv6 address within
        octets = octets[:3] + _digest(key, octets, 3)
    elif not octets[0] & _GROUP_ADDRESS and any(octets):
        octets = bytes([_LOCAL_ADDRESS]) + _digest(key, octets, 5)
    return ":".join(f"{octet:02x}" for octet in octets)


def _v4(parsed: ipaddress.IPv4Address, key: bytes) -> ipaddress.IPv4Address:
    if is_kept(str(parsed)):
        return parsed
    home = next((network for network in _PRIVATE if parsed in network), None)
    found = parsed
    while True:  # a permutation walked until it is back in its class is one of that class
        found = _permuted(found, home, key)
        if home is not None or _is_public(found):
            return found


def _is_public(found: ipaddress.IPv4Address) -> bool:
    return not any(found in network for network in (*_KEPT, *_PRIVATE)) and not found.is_reserved


def _permuted(parsed: ipaddress.IPv4Address, home: ipaddress.IPv4Network | None, key: bytes) -> ipaddress.IPv4Address:
    fixed = home.prefixlen if home else 0
    octets, out = parsed.packed, bytearray()
    for index, octet in enumerate(octets):
        free = max(0, min(8, 8 * (index + 1) - fixed))
        low = octet & ((1 << free) - 1)
        last = index == 3
        if free and not (last and low in (0, 255)):  # a network's own address and its broadcast stay what they are
            values = range(1, 255) if last else range(1 << free)
            ranked = sorted(values, key=lambda value: _digest(key, octets[:index] + b"/" + bytes([value]), 8))
            low = ranked[low - values.start]
        out.append(octet & ~((1 << free) - 1) & 0xFF | low)
    return ipaddress.IPv4Address(bytes(out))


def _v6(parsed: ipaddress.IPv6Address, key: bytes) -> ipaddress.IPv6Address:
    octets = parsed.packed
    if is_kept(str(parsed)):
        return parsed
    if parsed.ipv4_mapped is not None or parsed in _TRANSLATED:
        inner = _v4(ipaddress.IPv4Address(octets[12:]), key)
        return ipaddress.IPv6Address(octets[:12] + inner.packed)
    kept = 13 if parsed in _SOLICITED else 8 if parsed in _LINK_LOCAL else 1
    out = bytearray(octets[:kept])
    for index in range(kept, 16):
        # From the 64 bits of the interface on, chance makes two alike as good as impossible.
        out += _digest(key, octets[: index + 1], 1)
    if parsed not in _UNIQUE_LOCAL and kept == 1:
        out[0] = 0x20 | octets[0] & 0x0F
        out[1] |= 0x80  # out of the ranges with a meaning of their own: 2001::/23, 2002::/16
    return ipaddress.IPv6Address(bytes(out))


def _digest(key: bytes, data: bytes, size: int) -> bytes:
    return blake2b(data, key=key, digest_size=size).digest()
