"""Closer looks, asked for by name: one conversation packet by packet, and who talks to whom on a port.

They are tables like the statistics, but of a part of the capture, so none of them is registered.
"""

from explainer.facts import Facts, Need
from explainer.lazy import pl
from explainer.model import Cell, Stat
from explainer.protocols import tcp, udp_conversations
from explainer.protocols.ladder import rungs
from explainer.stats.services import service
from explainer.stats.tables import table

LADDER_NEEDS: tuple[Need, ...] = (rungs,)
PORT_NEEDS: tuple[Need, ...] = (tcp.connections, tcp.segments, udp_conversations.conversations)


def ladder(facts: Facts, transport: str, stream: int) -> Stat:
    """Return the packets of one conversation, which must be the only one in the table.

    Columns: frame, time_s since the first frame of the file, direction ("→" is as the first packet went), length of the
    frame in bytes, protocol and info as Wireshark's columns have them, note on what its analysis says.
    """
    steps = facts[rungs]
    rows: list[tuple[Cell, ...]] = [
        (s.frame, s.time_s, "→" if s.source == steps[0].source else "←", s.length, s.protocol, s.info, s.note)
        for s in steps
    ]
    hosts = f": {steps[0].source} → {steps[0].destination}" if steps else ""
    names = ("frame", "time_s", "direction", "length_bytes", "protocol", "info", "note")
    return table("ladder", f"{transport}.stream == {stream}{hosts}", names, rows)


def on_port(facts: Facts, port: int) -> Stat:
    """Return the TCP and UDP conversations that have this port on either side, in the order of their first frames."""
    lengths = facts[tcp.segments].group_by("stream").agg(pl.col("length").sum())
    sizes = dict(lengths.iter_rows())
    found: list[tuple[Cell, ...]] = [
        ("TCP", c.stream, str(c.client), str(c.server), c.frames, sizes[c.stream], c.first_frame)
        for c in facts[tcp.connections]
        if port in (c.client.port, c.server.port)
    ]
    found += [
        ("UDP", c.stream, str(c.client), str(c.server), c.frames, c.bytes, c.first_frame)
        for c in facts[udp_conversations.conversations]
        if port in (c.client.port, c.server.port)
    ]
    found.sort(key=lambda row: int(str(row[-1])))
    names = ("transport", "stream", "client", "server", "packets", "bytes", "first_frame")
    name = f" ({service(port)})" if service(port) else ""
    return table("port", f"Conversations on port {port}{name}", names, found)
