"""A scripted model: it repeats the first finding of a brief with its frames, and knows nothing of raw packets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from servers import scripted

_FINDING = re.compile(r"^FINDING (\S+) \[[^\]]*\]: (.*)$", re.MULTILINE)
_STEP = re.compile(r"^- frames? (\d+): (.*)$", re.MULTILINE)


@contextmanager
def running() -> Iterator[str]:
    """Yield the address of the server behind which it answers."""
    with scripted.running(_says) as server:
        yield server.url


def _says(request: dict[str, Any]) -> scripted.Said:
    brief = scripted.brief_of(request)
    found = _FINDING.search(brief)
    if found is None:
        return scripted.answer("No fault was found in this capture.", side="nobody")
    section = brief[found.start() :].partition("\n\n")[0]
    claims = [
        {"text": text, "frames": [int(frame)], "sources": [found[1]]} for frame, text in _STEP.findall(section)[:4]
    ]
    return scripted.answer(found[2], *claims)
