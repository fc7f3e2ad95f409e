"""Which side ended each TCP connection, and how."""

from explainer.facts import Facts
from explainer.model import Cell, Stat
from explainer.protocols.tcp import connections
from explainer.registry import statistic
from explainer.stats.tables import table

_NAMES = ("client", "server", "ended_by", "how", "frame", "lasted_s", "client_bytes", "server_bytes", "reset_by")


@statistic("Ends of connections", connections)
def closings(facts: Facts) -> Stat:
    """One row a TCP connection that ends in the capture, in the order of the file; Wireshark has no such table.

    ended_by is the side (client or server) that sent the first FIN or RST, how is which of them; a connection that was
    refused has not begun, and is left out. lasted_s is from its first frame to its last one here, in seconds; the bytes
    are what each side sent (payload); reset_by is the side that answered the FIN of the other with a RST.
    """
    rows: list[tuple[Cell, ...]] = []
    for c in facts[connections]:
        ends = [
            *((frame, "client", "FIN") for frame in c.client_ends[:1]),
            *((frame, "server", "FIN") for frame in c.server_ends[:1]),
            *((frame, "client", "RST") for frame in c.client_resets[:1]),
            *((frame, "server", "RST") for frame in c.server_resets[:1]),
        ]
        begun = not c.syn_frames or c.syn_ack_frame is not None or c.server_payload
        if ends and begun:
            frame, side, how = min(ends)
            reset = next((by for _, by, what in sorted(ends) if what == "RST" and by != side), None)
            lasted = round((c.last_ns - c.first_ns) / 1e9, 6)
            rows.append(
                (str(c.client), str(c.server), side, how, frame, lasted, c.client_payload, c.server_payload, reset)
            )
    return table("closings", "Ends of connections", _NAMES, rows)
