"""HTTP requests: what was asked, what was answered, how long it took."""

from explainer.facts import Facts
from explainer.model import Stat, StatColumn
from explainer.protocols.http_exchanges import exchanges
from explainer.registry import statistic

_NAMES = (
    "method", "host", "path", "status", "time_ms", "first_byte_ms", "request_frame", "response_frame", "client",
    "server",
)  # fmt: skip


@statistic("HTTP requests", exchanges)
def http(facts: Facts) -> Stat:
    """One row a request, in the order of the file, over TCP in clear; Statistics → HTTP → Requests has only counts.

    The frames are those in which Wireshark shows the request and the response: their last ones. time_ms is the time
    between them (http.time; where requests are pipelined, that names the latest request, and this the one answered);
    first_byte_ms ends at the first byte of the answer. path has no query, which may hold secrets. No status: the
    capture holds no response that is complete. No method: it holds no request.
    """
    rows = tuple(
        (
            found.method or None, found.host or None, found.path or None, found.status, found.time_ms,
            found.first_byte_ms, found.request_frame, found.response_frame, str(found.client), str(found.server),
        )
        for found in facts[exchanges]
    )  # fmt: skip
    columns = tuple(StatColumn(name=name, unit="ms" if name.endswith("_ms") else "") for name in _NAMES)
    return Stat(id="http", title="HTTP requests", columns=columns, rows=rows, total_rows=len(rows))
