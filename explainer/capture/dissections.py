"""The text of `tshark -T json`, frame by frame; pure.

Rules: a frame is what stands between two braces at the second column (a string holds no raw line feed); no text is held
longer than its frame; a repeated key becomes a list here, because tshark's own `--no-duplicate-keys` (4.0.17) invents
empty values beside subtrees, and with `-x` still repeats a key where one field's name is another's with "_raw"
(tcp.seq).
"""

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any

from explainer.escape import visible

_FIRST, _BETWEEN = b"[\n", b"\n  },\n"
_NUMBER = re.compile(rb'"frame\.number": "(\d+)"')
_UNUSUAL = re.compile(r"[^ -~\n]")
_INDENT = "  "
Encode = Callable[[bytes], bytes]


def split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the text of each whole frame, from its opening to its closing brace, with its indentation."""
    pending, seen = b"", 0
    for chunk in chunks:
        pending += chunk
        start = len(_FIRST) if pending.startswith(_FIRST) else 0
        while (end := pending.find(_BETWEEN, max(start, seen))) >= 0:
            yield pending[start : end + len(_BETWEEN) - 2]
            start = seen = end + len(_BETWEEN)
        pending = pending[start:]
        seen = max(0, len(pending) - len(_BETWEEN))
    last = pending.removeprefix(_FIRST)
    if last.endswith(b"\n  }\n]\n"):  # where tshark was stopped, the last frame may be cut
        yield last[: -len(b"\n]\n")]


def number(frame: bytes) -> int | None:
    """Return the frame's number, or None where the export leaves its "frame" protocol out."""
    match = _NUMBER.search(frame)
    return int(match[1]) if match else None


def one_line(frame: bytes) -> bytes:
    """Return the frame's text as it is, on one line."""
    return b"".join(line.strip() for line in frame.split(b"\n"))


def merged(frame: bytes) -> Any:
    r"""Return the frame as a value in which a key that tshark repeats holds the list of its values, in order.

    Bytes that are no UTF-8, which tshark prints as they are, stand as the text `\xe4`.
    """
    return json.loads(frame.decode("utf-8", _AS_TEXT), object_pairs_hook=_lists)


def merged_lines(frame: bytes) -> bytes:
    """Return the merged frame, laid out as tshark does it."""
    return (_INDENT + _laid_out(merged(frame), "\n" + _INDENT)).encode()


def merged_line(frame: bytes) -> bytes:
    """Return the merged frame on one line."""
    return json.dumps(merged(frame), ensure_ascii=False, separators=(",", ":")).encode()


def for_terminal(text: bytes) -> bytes:
    r"""Return JSON whose strings hold no character that acts on a terminal (DEL, C1, bidirectional): `\u202e`."""
    return _UNUSUAL.sub(_escaped, text.decode("utf-8", "replace")).encode()


def _escaped(match: re.Match[str]) -> str:
    return match[0] if visible(match[0]) == match[0] else json.dumps(match[0])[1:-1]


def _lists(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    once = dict(pairs)
    if len(once) == len(pairs):
        return once
    values: dict[str, list[Any]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return {key: found if len(found) > 1 else found[0] for key, found in values.items()}


def _laid_out(value: Any, line: str) -> str:
    """Return the value as JSON; several times as fast as json.dumps with an indent."""
    if isinstance(value, str):
        return encode_basestring(value)
    inner = line + _INDENT
    if isinstance(value, dict) and value:
        members = (f"{encode_basestring(key)}: {_laid_out(member, inner)}" for key, member in value.items())
        return f"{{{inner}{f',{inner}'.join(members)}{line}}}"
    if isinstance(value, list) and value:
        return f"[{inner}{f',{inner}'.join(_laid_out(member, inner) for member in value)}{line}]"
    return json.dumps(value)


def _bytes_as_text(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # no other codec is asked
    return "".join(f"\\\\x{byte:02x}" for byte in error.object[error.start : error.end]), error.end


_AS_TEXT = "explainer.bytes_as_text"
codecs.register_error(_AS_TEXT, _bytes_as_text)
