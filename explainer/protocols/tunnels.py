"""Encrypted tunnels (WireGuard; ESP: RFC 4303), by what each end sends of data and of anything else.

What is inside cannot be read. Of WireGuard's packets the length tells which carry data: its keep-alive is the
shortest; data is longer by two or more blocks of 16 bytes, and its handshake is no multiple of a block.
"""

from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.layers import IPV4, IPV6

NAMES = {"wg": "WireGuard", "esp": "IPsec (ESP)"}
"""What tshark calls the tunnels in frame.protocols, and people do."""
_TUNNEL = rf":({'|'.join(NAMES)})(?::|$)"
_QUOTED = r":icmp(?:v6)?:"
_BLOCK, _LEAST_BLOCKS = 16, 2
_LONGEST_KEEP_ALIVE = {4: 84, 6: 104}
"""Bytes of a frame by IP version: 32 of the message, 8 of UDP, the IP header, up to 24 of the link. Data takes more."""


class Way(NamedTuple):
    """The data packets that one end of a tunnel sends the other: their frames, the time from first to last (seconds).

    `back` counts the data packets of the other way; `heard` are the other end's frames after the first of these that
    carry no data: keep-alives and handshakes, and with ESP whatever it sends beside the tunnel.
    """

    protocol: str
    sender: str
    receiver: str
    frames: tuple[int, ...]
    lasted_s: float
    back: int
    heard: tuple[int, ...]


@fact("tunnels", IPV4.headers, IPV6.headers, FRAME, PROTOCOLS)
def tunnel_ways(facts: Facts) -> tuple[Way, ...]:
    """Return each tunnel once, by its first data packet, as seen from who sent that."""
    layers = pl.col(PROTOCOLS.field)
    frames = facts.frames(FRAME, PROTOCOLS).filter(~layers.str.contains(_QUOTED)).select(
        pl.col(FRAME.field).alias("frame"), layers.str.extract(_TUNNEL).alias("protocol")
    )  # fmt: skip
    known = frames.filter(pl.col("protocol").is_not_null())
    if known.is_empty():
        return ()
    headers = pl.concat([facts[IPV4.headers], facts[IPV6.headers]]).unique("frame", keep="last").sort("frame")
    src, dst = pl.col("src"), pl.col("dst")
    pair = {"low": pl.min_horizontal(src, dst), "high": pl.max_horizontal(src, dst)}
    packets = headers.join(frames, on="frame").with_columns(**pair)
    pairs = packets.join(known.select("frame"), on="frame").select("low", "high").unique()
    between = packets.join(pairs, on=["low", "high"]).sort("frame")
    tables = between.partition_by("low", "high", maintain_order=True)
    ways = (_way(kind, table) for table in tables for kind in NAMES if kind in table["protocol"])
    return tuple(sorted((way for way in ways if way), key=lambda way: way.frames[0]))


def _way(protocol: str, packets: "pl.DataFrame") -> Way | None:
    """Return how one tunnel is used; None where it carries no data, or no keep-alive shows which packets are data."""
    own = packets.filter(protocol=protocol)
    data = own if protocol == "esp" else _longer_than_keep_alives(own)  # ESP has no keep-alives of its own
    if data.is_empty():
        return None
    first = data.row(0, named=True)
    sent, back = data.filter(src=first["src"]), data.filter(src=first["dst"])
    others = packets.filter(pl.col("src") == first["dst"], pl.col("frame") > first["frame"])
    heard = others.join(data.select("frame"), on="frame", how="anti")["frame"]
    lasted = (sent["time"][-1] - first["time"]) / 1e9
    return Way(protocol, first["src"], first["dst"], tuple(sent["frame"]), lasted, back.height, tuple(heard))


def _longer_than_keep_alives(packets: "pl.DataFrame") -> "pl.DataFrame":
    shortest, is_ipv6 = packets.select(pl.col("length").min(), pl.col("src").str.contains(":").any()).row(0)
    beyond = pl.col("length") - shortest
    known = shortest <= _LONGEST_KEEP_ALIVE[6 if is_ipv6 else 4]
    return packets.filter(known & (beyond % _BLOCK == 0) & (beyond >= _LEAST_BLOCKS * _BLOCK))
