"""What went wrong and right inside each TCP connection."""

from explainer.facts import Facts
from explainer.model import Stat
from explainer.protocols.tcp import connections
from explainer.protocols.tcp_analysis import Health, health
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = ("stream", "client", "server", *(name for name in Health._fields if name != "stream"))


@statistic("TCP health", connections, health)
def tcp_health(facts: Facts) -> Stat:
    """Each TCP connection by Wireshark's sequence analysis: counts of the tcp.analysis.* flags of its segments.

    completeness is Wireshark's tcp.completeness (1 SYN, 2 SYN/ACK, 4 ACK, 8 data, 16 FIN, 32 RST, added up); closed_by
    and closed_with tell of the first FIN or RST; client_mss and the like are what the side announced in its SYN;
    first_byte_ms is from the client's first payload to the server's first one after it.
    """
    sides = {c.stream: (str(c.client), str(c.server)) for c in facts[connections]}
    rows = [(stream, *sides[stream], *rest) for stream, *rest in facts[health]]
    return table("tcp_health", "TCP health", _NAMES, rows)
