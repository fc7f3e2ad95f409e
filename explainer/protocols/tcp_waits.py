"""Requests by which a client asks to be kept waiting until there is something to tell: no slow server's doing.

Rules
* Bytes are read in a second look at just the requests that wait for their answer.
* Redis: commands that block the connection until an element, or a time-out, comes (https://redis.io/commands). WAIT and
  WAITAOF do not count: they wait for other servers' work, which may be slow.
"""

import re

from explainer.facts import Facts, Look, View, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.tcp import CONTENT
from explainer.protocols.tcp_turns import turns

_WAITED_MS = 500
"""What is answered sooner is not told as slow by any rule."""
_MOST_FRAMES = 5_000
_READ = 1024
_MAY_BE_REDIS = r":tcp(?::(?:resp|data))?$"
"""Redis on its port, or something on a port that tshark knows nothing of."""
_BLOCKING = re.compile(
    rb"(?:\A|\*\d+\r\n\$\d+\r\n)"
    rb"(?:B(?:[LR]POP|RPOPLPUSH|LMOVE|LMPOP|ZPOP(?:MIN|MAX)|ZMPOP)\b|XREAD(?:GROUP)?\b.{1,900}?\bBLOCK\b)",
    re.IGNORECASE | re.DOTALL,
)
"""A command as an array of strings, or in plain words ("inline commands")."""


def _view(facts: Facts) -> View | None:
    late = facts[turns].filter(pl.col("response_ms") >= _WAITED_MS).select("request_frame")
    if late.is_empty():
        return None
    told = late.join(facts.frames(FRAME, PROTOCOLS), left_on="request_frame", right_on=FRAME.field)
    ours = told.filter(pl.col(PROTOCOLS.field).str.contains(_MAY_BE_REDIS))["request_frame"]
    return None if ours.is_empty() else View(tuple(ours.unique().sort().head(_MOST_FRAMES)))


_LOOK = Look("requests that wait for their answer", (turns, FRAME, PROTOCOLS), (FRAME, CONTENT), _view)


@fact("requests that ask to be kept waiting", _LOOK)
def waits(facts: Facts) -> frozenset[int]:
    """Return the frames in which such requests end."""
    seen = facts.look(_LOOK)
    if seen is None:
        return frozenset()
    start = pl.col(CONTENT.field).str.replace_all(":", "").str.head(2 * _READ)
    rows = seen.select(FRAME.field, start).drop_nulls().iter_rows()
    return frozenset(frame for frame, text in rows if _BLOCKING.search(bytes.fromhex(text)))
