"""Lines of text (FTP, SMTP, IMAP, POP3, SSH banners …) and HTTP: the protocol's own words stay, all others are masked.

Of HTTP the request's path and host are replaced, so that redirections still lead to each other.
"""

import re
from collections.abc import Callable

from explainer.privacy.fields import is_host
from explainer.redaction.stand_ins import StandIns, masked
from explainer.redaction.tls import is_record
from explainer.redaction.words import WORDS

_TOKEN = re.compile(rb"[\w.@-]+", re.ASCII)
_CODE = re.compile(rb"\d{3}(?=[ -]|\r?\n|$)|\d\.\d{1,3}\.\d{1,3}(?= )")
_BANNER = re.compile(rb"SSH-[\d.]+-[\w.]+|SIP/2\.0 \d{3}(?= )|(?i:cseq|expires|content-length|max-forwards): *\d+")
_VERSION = re.compile(rb" SIP/2\.0(?=\r?\n)|SIP/2\.0/(?:UDP|TCP|TLS)")
_REQUEST = re.compile(rb"([A-Z]{3,12}) (\S+) (HTTP/\d(?:\.\d)?)(\r?\n)")
_STATUS = re.compile(rb"(HTTP/\d(?:\.\d)? \d{3})([^\r\n]*)(\r?\n)")
_HEADER = re.compile(rb"([\w-]+)(:[ \t]*)([^\r\n]*)(\r?\n)")
_NUMBERS = frozenset(
    b"content-length transfer-encoding connection retry-after age upgrade content-encoding content-type accept-ranges"
    b" content-range expect te keep-alive".split()
)
_PLAIN_VALUE = re.compile(rb"[A-Za-z0-9/;=.,+*\" -]{0,80}")
_URL = re.compile(rb"(https?://)([^/:?#]+)(:\d+)?(.*)", re.IGNORECASE)
_PRODUCT = re.compile(rb"[A-Za-z][A-Za-z-]*(?:/[\d.]+)?")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})([^\r\n]*)(\r?\n)")
_TEXT_BODY, _LONGEST_LINE = 4096, 8192
_PRINTABLE = frozenset(range(0x20, 0x7F)) | {0x09, 0x0D}


def line_end(data: bytes, at: int) -> int | None:
    """Return where a line of printable text ends that begins here, None where none does; the last may be cut off."""
    end = data.find(b"\n", at, at + _LONGEST_LINE)
    if end < 0 and len(data) - at > _LONGEST_LINE:
        return None
    last = len(data) if end < 0 else end
    return (last if end < 0 else end + 1) if _PRINTABLE.issuperset(data[at:last]) and last > at else None


def line(text: bytes, stand_ins: StandIns) -> bytes:
    """Return a line with nothing but the words that protocols say, and the codes of replies."""
    if banner := _BANNER.match(text):
        return banner[0] + line(text[banner.end() :], stand_ins)
    if version := _VERSION.search(text):
        before, after = text[: version.start()], text[version.end() :]
        return line(before, stand_ins) + version[0] + line(after, stand_ins)
    start = len(match[0]) if (match := _CODE.match(text)) else 0
    if start and (enhanced := _CODE.match(text, start + 1)):
        start = enhanced.end()
    return text[:start] + _TOKEN.sub(lambda found: _token(found[0], stand_ins), text[start:])


def _token(word: bytes, stand_ins: StandIns) -> bytes:
    if word.lower() in WORDS:
        return word
    bare = word.rstrip(b".")
    if bare.lower() in WORDS:
        return word
    if re.fullmatch(rb"[\d.]+", word):
        return re.sub(rb"\d", b"0", word)
    if b"." in bare and is_host(bare.decode("ascii")):
        user, at, host = bare.rpartition(b"@")
        return masked(user) + at + stand_ins.host(host) + word[len(bare) :]
    parts = re.split(rb"([_.-])", word)
    return b"".join(part if part.lower() in WORDS else masked(part) for part in parts)


def is_http(data: bytes, at: int) -> bool:
    """Return whether an HTTP message begins here."""
    return bool(_REQUEST.match(data, at) or _STATUS.match(data, at))


def http(data: bytes, at: int, out: bytearray, stand_ins: StandIns) -> int:
    """Rewrite one HTTP message, and return where it ends."""
    first = _REQUEST.match(data, at)
    if first:
        place = _authority(first[2], stand_ins) if first[1] == b"CONNECT" else url(first[2], stand_ins)
        made = b" ".join([first[1], place, first[3]]) + first[4]
    else:
        first = _STATUS.match(data, at)
        assert first is not None  # `is_http` has looked
        made = first[1] + line(first[2], stand_ins) + first[3]
    out[at : first.end()] = made
    at, length, chunked, text = first.end(), None, False, False
    while header := _HEADER.match(data, at):
        name = header[1].lower()
        value = _value(name, header[3], stand_ins)
        out[at : header.end()] = (header[1] if name in WORDS else masked(header[1])) + header[2] + value + header[4]
        if name == b"content-length" and header[3].strip().isdigit():
            length = int(header[3])
        chunked |= name == b"transfer-encoding" and b"chunked" in header[3].lower()
        text |= name == b"content-type" and bool(re.search(rb"text|json|xml|html", header[3]))
        at = header.end()
    empty = re.compile(rb"\r?\n").match(data, at)
    if not empty:
        return at
    out[at : empty.end()] = empty[0]
    speak = (lambda part: line(part, stand_ins)) if text else (lambda part: bytes(len(part)))
    if chunked:
        return _chunks(data, empty.end(), out, speak)
    end = empty.end() if length is None and made[:5] != b"HTTP/" else min(empty.end() + (length or 0), len(data))
    bare = made[9:12] in (b"204", b"304", b"100", b"101") or is_record(data, empty.end())  # after CONNECT
    if length is None and made[:5] == b"HTTP/" and not bare:
        end = len(data)
    out[empty.end() : end] = _body(data[empty.end() : end], speak)
    return end


def url(place: bytes, stand_ins: StandIns) -> bytes:
    """Return a path, or a whole address, with other names in it."""
    if match := _URL.fullmatch(place):
        return match[1] + _authority(match[2], stand_ins) + (match[3] or b"") + _path(match[4], stand_ins)
    return _path(place, stand_ins) if place[:1] == b"/" else masked(place)


def _path(path: bytes, stand_ins: StandIns) -> bytes:
    return stand_ins.path(path) if len(path) > 1 else path


def _authority(host: bytes, stand_ins: StandIns) -> bytes:
    name, mark, port = host.partition(b":")
    said = stand_ins.host(name) if is_host(name.decode("ascii", "replace")) else re.sub(rb"\w", b"0", name)
    return said + mark + port


def _value(name: bytes, value: bytes, stand_ins: StandIns) -> bytes:
    if name in _NUMBERS and _PLAIN_VALUE.fullmatch(value):
        return value
    if name in (b"location", b"referer", b"origin"):
        return url(value, stand_ins)
    if name == b"host":
        return _authority(value, stand_ins)
    if name in (b"server", b"via") and (product := _PRODUCT.match(value)):
        return product[0] + line(value[product.end() :], stand_ins)
    if name in (b"www-authenticate", b"proxy-authenticate"):
        return line(value, stand_ins)
    return masked(value)


def _body(data: bytes, speak: Callable[[bytes], bytes]) -> bytes:
    return speak(data) if len(data) <= _TEXT_BODY else bytes(len(data))


def _chunks(data: bytes, at: int, out: bytearray, speak: Callable[[bytes], bytes]) -> int:
    while size := _CHUNK.match(data, at):
        out[at : size.end()] = (
            size[1] + masked(size[0][len(size[1]) :].rstrip(b"\r\n"))[:] + size[0][len(size[0].rstrip(b"\r\n")) :]
        )
        end = min(size.end() + int(size[1], 16), len(data))
        out[size.end() : end] = _body(data[size.end() : end], speak)
        after = min(end + 2, len(data))
        out[end:after] = data[end:after] if data[end:after] == b"\r\n" else bytes(after - end)
        at = after
        if not int(size[1], 16):
            break
    return at
