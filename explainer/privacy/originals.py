"""What in an analysis tells about people and networks: the values that must not leave this machine as they are."""

import ipaddress
import re
from collections.abc import Iterator

from explainer.escape import visible
from explainer.model import Analysis, Stat
from explainer.privacy import people
from explainer.privacy.addresses import is_kept
from explainer.privacy.fields import is_host
from explainer.privacy.kinds import Kind, Original

_COLUMNS = {
    "name": "host", "host": "host", "server_name": "host", "path": "path", "certificate": "certificate",
    "certificate_issuer": "certificate", "client_certificate": "certificate",
    "close_reason": "certificate", "interface": "name", "device": "host", "device_port": "name", "port_label": "name",
}  # fmt: skip
_OF_STATS = {"name": ("dns",), "path": ("http",)}  # elsewhere these columns hold Wireshark's own words
WIRESHARKS_WORDS = ("protocol_hierarchy", "timeline")
"""Statistics whose text is names of protocols, some of which look like host names (ftp.current-working-directory)."""
_DISTINGUISHED = re.compile(r"[A-Za-z]{1,12}=.*", re.DOTALL)
_HOST = re.compile(r"[^\W_*][\w*-]*(\.[\w-]+)+\.?")
_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)


def originals(analysis: Analysis) -> Iterator[Original]:
    """Yield what must be replaced: addresses, names, paths; a value may come more than once."""
    yield Original(Kind.FILE, visible(analysis.info.file))
    for interface in analysis.info.interfaces:
        yield Original(Kind.NAME, visible(interface.name))
    for stat in analysis.stats:
        yield from _of_stat(stat)
    for finding in analysis.findings:
        for address in finding.scope.addresses:
            yield from _of_value(address)
        for name in finding.scope.names:
            yield Original(Kind.HOST, visible(name))
        for value in finding.measured.values():
            yield from _of_value(str(value))


def _of_stat(stat: Stat) -> Iterator[Original]:
    if stat.id in WIRESHARKS_WORDS:
        return  # names of protocols, and of no host
    names = [column.name for column in stat.columns]
    for row in stat.rows:
        yield from people.named(stat.id, dict(zip(names, row, strict=True)))
    for index, column in enumerate(stat.columns):
        kind = _COLUMNS.get(column.name)
        named = kind is not None and stat.id in _OF_STATS.get(column.name, (stat.id,))
        for row in stat.rows:
            if not isinstance(cell := row[index], str) or not cell:
                continue
            if named and kind is not None:
                yield from _named(kind, cell)
            else:
                yield from _of_value(cell)


def _named(kind: str, text: str) -> Iterator[Original]:
    found = list(_of_value(text))
    match kind:
        case "host":
            yield from found or [Original(Kind.HOST, visible(text.rpartition(":")[0] if _has_port(text) else text))]
        case "path":
            yield Original(Kind.PATH, visible(text))
        case "name":
            yield Original(Kind.NAME, visible(text))
        case _ if _DISTINGUISHED.fullmatch(text):
            yield Original(Kind.CERTIFICATE, visible(text))


def _has_port(text: str) -> bool:
    return text.count(":") == 1 and text.rpartition(":")[2].isdecimal()


def _of_value(text: str) -> Iterator[Original]:
    """Yield the value where it is an address, with or without a port, a distinguished name or a host name."""
    for candidate in (text, text.rpartition(":")[0].strip("[]")):
        try:
            address = ipaddress.ip_address(candidate)
        except ValueError:
            continue
        if not is_kept(str(address)):
            yield Original(Kind.ADDRESS, str(address))
        return
    if _MAC.fullmatch(text):
        yield Original(Kind.MAC, text.lower())
    elif _DISTINGUISHED.fullmatch(text) and text.partition("=")[0].isupper():
        yield Original(Kind.CERTIFICATE, visible(text))
    elif _HOST.fullmatch(text) and is_host(text):
        yield Original(Kind.HOST, visible(text))
