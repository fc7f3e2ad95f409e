"""Session cookies of the web: who sends the same one.

Rule: no value of a cookie is kept, only a hash of it, to compare.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.http_again import http_frames
from explainer.protocols.http_messages import ASKING_HEADERS, METHOD
from explainer.protocols.ip import packets

_SESSION = re.compile(
    r"\b(PHPSESSID|JSESSIONID|ASP\.NET_SessionId|ASPSESSIONID\w*|connect\.sid|session_?id|CFID|laravel_session|sid"
    r"|\w*_session)=([^;\s]{12,})",
    re.IGNORECASE,
)


class Session(NamedTuple):
    """One session cookie at one server, and the requests that carry it, by client in the order of their first."""

    name: str
    server: str
    frames: dict[str, tuple[int, ...]]


@fact("HTTP requests", packets, http_frames)
def sessions(facts: Facts) -> tuple[Session, ...]:
    """Return the sessions that several clients use."""
    asked = (
        facts[http_frames]
        .filter(pl.col(METHOD.field).is_not_null())
        .select(column.field for column in (FRAME, METHOD, ASKING_HEADERS))
    )
    table = asked.join(facts[packets].select("frame", "src", "dst"), left_on=FRAME.field, right_on="frame")
    found = defaultdict[tuple[str, str, str], dict[str, list[int]]](lambda: defaultdict(list))
    for frame, _, lines, source, destination in table.sort(FRAME.field).iter_rows():
        for name, value in _cookies(lines or []):
            found[destination, name, value][source].append(frame)
    return tuple(
        Session(name, server, {client: tuple(frames) for client, frames in clients.items()})
        for (server, name, _), clients in found.items()
        if len(clients) > 1
    )


def _cookies(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        if line and line[:7].lower() == "cookie:":
            for name, value in _SESSION.findall(line):
                yield name, hashlib.sha256(value.encode()).hexdigest()
