"""DNS lookups: what was asked, what was answered, how long it took."""

from explainer.facts import Facts
from explainer.model import Stat, StatColumn
from explainer.protocols.dns import lookups
from explainer.protocols.frame import FRAME, INTERFACE_NAME
from explainer.registry import statistic

_NAMES = (
    "name", "type", "client", "server", "rcode", "time_ms", "query_frame", "response_frame", "retransmissions",
    "unanswered", "interface", "answers",
)  # fmt: skip

_ANSWERS = 8


@statistic("DNS lookups", lookups, FRAME, INTERFACE_NAME)
def dns(facts: Facts) -> Stat:
    """One row a lookup, in the order of the file; Statistics → DNS has only its sums.

    type and rcode are names (A, AAAA …; NOERROR, NXDOMAIN …). time_ms runs from the first query to the first answer:
    tshark's dns.time, unless the query was repeated, where dns.time counts for one of the answers only.
    retransmissions counts the repetitions of the query before any answer. unanswered is true where a server was asked
    and the capture holds no answer; never for mDNS and LLMNR, which nobody needs to answer. Each mDNS message has its
    own row. interface is where the first frame was captured, as the file names it (pcapng). answers holds the first
    records of the answer (addresses, names). Lookups in encrypted DNS (over TLS, HTTPS or QUIC) cannot be seen.
    """
    captured = facts.frames(FRAME, INTERFACE_NAME).drop_nulls()
    interfaces = dict(captured.iter_rows()) if facts[lookups] else {}
    rows = tuple(
        (
            found.name, found.type, str(found.client), str(found.server), found.rcode_name or None, found.time_ms,
            found.query_frames[0] if found.query_frames else None,
            found.response_frames[0] if found.response_frames else None, found.retransmissions, found.unanswered,
            interfaces.get(found.first_frame), ", ".join(found.answers[:_ANSWERS]) or None,
        )
        for found in facts[lookups]
    )  # fmt: skip
    columns = tuple(StatColumn(name=name, unit="ms" if name == "time_ms" else "") for name in _NAMES)
    return Stat(id="dns", title="DNS lookups", columns=columns, rows=rows, total_rows=len(rows))
