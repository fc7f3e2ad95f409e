"""Which fields of a frame a model is shown, and which of their values tell about people: nothing else gets through.

Rules: bytes and free text are never shown; text only of the fields that are named here, and what names somebody is
taken into the mapping before it is sent.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from explainer.escape import visible
from explainer.inspection import Field, Layer
from explainer.privacy.kinds import Kind, Original

_LAYERS = re.compile(
    r"frame|eth|vlan|sll|arp|ipv?6?|icmp(v6)?|tcp|udp|tls|dtls|quic|dns|http2?|x509\w*|pkix\w*|dhcpv?6?|bootp",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"payload|segment_data|file_data|auth|cookie|passw|credential|secret|random|session_id$|\.line$|community|nonce|ticket"
    r"|token|comment|\.oid$|(?:extension|algorithm)\.id$|_resolved$|\.oui$|_host$"
)
_DULL = re.compile(
    r"frame\.(?:section_number|interface_id|encap_type|offset_shift|time|time_epoch|time_delta\w*|marked|ignored|cap_len)"
    r"|.*\.(?:lg|ig|res|rb|length|len)|.*(?:checksum|urgent|\.nop|option_|timestamp|_length|ip\.dsfield|push_bytes|hdr_len).*"
)
_TELLING = (
    (Kind.HOST, re.compile(
        r"dns\.(?:qry\.name|resp\.name|cname|ns|ptr\.domain_name|srv\.target|mx\.mail_exchange|soa\.mname)|http\.host"
        r"|tls\.handshake\.extensions_server_name|x509ce\.dNSName|dhcp\.option\.(?:hostname|domain_name)|dhcp\.fqdn\.name"
    )),
    (Kind.PATH, re.compile(r"http\.request\.uri(?:\.path)?|http2\.headers\.path")),
    (Kind.NAME, re.compile(r"x509sat\.\w+String|x509ce\.rfc822Name|frame\.interface_name")),
)  # fmt: skip
_PLAIN_TEXT = re.compile(
    r"http\.(?:request\.(?:method|version)|response\.(?:phrase|version|code\.desc)|content_type|connection)|frame\.protocols"
    r"|x509af\.utcTime|x509af\.generalizedTime|tls\.(?:handshake\.extensions_alpn_str|alert_message\.\w+)|http2\.headers\.status"
)
_ADDRESSED = re.compile(
    r"(?:ip|ipv6|arp|eth|vlan|dns|dhcp|icmp|icmpv6|sll)\.[\w.]*(?:src|dst|addr|proto_ipv4|hw_mac|\ba|aaaa|gw|ip|server|target\w*)"
    r"(?:[\w.]*)"
)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?|0x[0-9a-fA-F]{1,16}|True|False|1|0", re.ASCII)
_ADDRESS = re.compile(r"[0-9a-fA-F:.]{3,45}")
_MOST, _ALIKE, _LONGEST = 120, 6, 160


def rows(
    layers: Iterable[Layer], wanted: Callable[[str], bool], learn: Callable[[Original], None]
) -> list[tuple[str, str]]:
    """Return names and values of the fields that may be shown; what names somebody is learned."""
    found = list[tuple[str, str]]()
    seen = Counter[str]()
    for layer in layers:
        if not _LAYERS.fullmatch(layer.name):
            found.append((visible(layer.name), "(not shown)"))
            continue
        for field in layer.fields:
            if _NEVER.search(field.name) or _DULL.fullmatch(field.name):
                continue
            if field.name and wanted(field.name) and seen[field.name] < _ALIKE:
                seen[field.name] += 1
                found += _row(field, learn)
    return found[:_MOST]


def original(name: str, value: str) -> Original | None:
    """Return what a field of this name tells of somebody, None where it tells of nobody."""
    if not value or _NUMBER.fullmatch(value):
        return None
    return next((Original(kind, value) for kind, names in _TELLING if names.fullmatch(name)), None)


def _row(field: Field, learn: Callable[[Original], None]) -> Iterator[tuple[str, str]]:
    value = visible(field.value)[:_LONGEST]
    path, _, query = value.partition("?")
    if known := original(field.name, path):
        learn(known)
        yield field.name, f"{path}?..." if query else path
        return
    shown = (
        _NUMBER.fullmatch(value)
        or _PLAIN_TEXT.fullmatch(field.name)
        or (_ADDRESSED.fullmatch(field.name) and _ADDRESS.fullmatch(value))
    )
    if shown:
        yield field.name, value
