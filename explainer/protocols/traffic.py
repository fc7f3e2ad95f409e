"""Who speaks what with whom: conversations grouped by client and protocol, and what carries them."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.banners import LAYERS, spoken
from explainer.protocols.flows import Flow, flows
from explainer.protocols.frame import FRAME, PROTOCOLS
from explainer.protocols.ip import packets
from explainer.protocols.openings import TLS_RECORD, openings
from explainer.protocols.plain_names import CARRIERS, FRAGMENTS, NAMES, SUBSUMED
from explainer.protocols.streams import FRAGMENT
from explainer.protocols.tcp import STREAM, connections

_QUOTED = r":icmp(?:v6)?:.*$"
_TRANSPORT = r"(?:^|:)(?:tcp|udp)(?::|$)"
# Ports of services over UDP: a capture that begins with the answer of one has it as its first sender.
_SERVICES = frozenset({53, 67, 69, 88, 111, 123, 137, 161, 389, 443, 500, 514, 1812, 1813, 3478, 5060, 5353, 5683})
_GUESSED = {2181: "smpp"}
"""By the port of a service (ZooKeeper's), what tshark takes its packets for."""
_INNER = frozenset({"ip", "ipv6"})
_UNNAMED = (
    "data",
    "mptcp",
    "tcp",
    "udp",
    "ip",
    "ipv6",
    "eth",
    "ethertype",
    "llc",
    "raw",
    "sll",
    "null",
    "ppp",
    "chdlc",
)


class Traffic(NamedTuple):
    """What one client speaks with its servers over one port, or what two hosts or one link speak without ports.

    `layers` are protocols as in frame.protocols, the telling ones only; none where tshark recognises nothing. `peers`
    are the servers, the busiest first; client and peers are empty where a frame has no IP address.
    """

    layers: tuple[str, ...]
    transport: str
    port: int | None
    client: str
    peers: tuple[str, ...]
    conversations: int
    frames: int
    first_frame: int


@fact("frames", flows, connections, openings, packets, FRAME, PROTOCOLS, STREAM, TLS_RECORD)
def traffic(facts: Facts) -> tuple[Traffic, ...]:
    """Return the traffic, the most frames first."""
    found = [*_with_ports(tuple(_read(facts))), *_without_ports(facts)]
    return tuple(sorted(found, key=lambda t: (-t.frames, t.first_frame)))


def _read(facts: Facts) -> Iterator[Flow]:
    """Yield the flows; where tshark sees none, or TLS without a record of it, the first words tell the protocol."""
    records = facts.frames(STREAM, TLS_RECORD).filter(pl.col(TLS_RECORD.field).list.len() > 0)
    encrypted = set(records[STREAM.field].explode().drop_nulls().unique())
    filled = {c.stream for c in facts[connections] if c.client_payload or c.server_payload}
    begun = {opening.stream: opening for opening in facts[openings]}
    for seen in map(_guessed, facts[flows]):
        unnamed = seen.transport == "TCP" and not seen.protocols and seen.stream in filled
        flow = seen._replace(protocols=frozenset({"data"})) if unnamed else seen
        doubted = "tls" in flow.protocols and flow.stream not in encrypted
        if flow.transport == "TCP" and (doubted or _telling(flow.protocols) == ("data",)):
            opening = begun.get(flow.stream)
            pieces = (*opening.server[:1], *opening.client[:1]) if opening else ()
            words = next((spoken(piece.data) for piece in pieces if spoken(piece.data)), "")
            layer = LAYERS.get(words, "data") if words != "TLS" else "tls"
            yield flow._replace(protocols=flow.protocols - {"tls", "data"} | {layer})
        else:
            yield flow


def _guessed(flow: Flow) -> Flow:
    """Return the flow without what tshark guesses in it from a few bytes, where its port says that it is another."""
    wrong = _GUESSED.get(flow.server.port)
    return flow._replace(protocols=flow.protocols - {wrong} | {"data"}) if wrong in flow.protocols else flow


def _with_ports(every: tuple[Flow, ...]) -> Iterator[Traffic]:
    groups = defaultdict[tuple[str, tuple[str, ...], int, str], list[Flow]](list)
    spoken = dict[tuple[str, int, str], tuple[str, ...]]()
    for flow in map(_turned, every):
        if telling := _telling(flow.protocols):
            spoken.setdefault((flow.transport, flow.server.port, flow.client.address), telling)
    for flow in map(_turned, every):
        service = flow.transport, flow.server.port, flow.client.address
        # A connection that carries nothing belongs to the client's others to that port.
        layers = _telling(flow.protocols) or spoken.get(service, ())
        groups[flow.transport, layers, flow.server.port, flow.client.address].append(flow)
    for (transport, layers, port, client), group in groups.items():
        by_peer = defaultdict[str, int](int)
        for flow in group:
            by_peer[flow.server.address] += flow.frames
        peers = tuple(sorted(by_peer, key=lambda peer: (-by_peer[peer], peer)))
        first = min(flow.first_frame for flow in group)
        yield Traffic(layers, transport, port, client, peers, len(group), sum(by_peer.values()), first)


def _turned(flow: Flow) -> Flow:
    """Return the flow with the service as its server, where the capture begins with an answer (UDP alone: see tcp)."""
    answered_first = flow.transport == "UDP" and flow.client.port in _SERVICES and flow.server.port not in _SERVICES
    return flow._replace(client=flow.server, server=flow.client) if answered_first else flow


def _telling(layers: frozenset[str]) -> tuple[str, ...]:
    """Return the protocols that say what a conversation is: those with a name, or else the one that tshark names."""
    if layers & _INNER:
        return tuple(sorted(layers & CARRIERS.keys())) or ("ip",)
    known = layers & NAMES.keys()
    kept = sorted(name for name in known if not layers & set(SUBSUMED.get(name, ())))
    others = sorted(name for name in layers if name not in _UNNAMED and "." not in name and not name.startswith("_"))
    return tuple(kept) or tuple(others[:1]) or (("data",) if "data" in layers else ())


def _without_ports(facts: Facts) -> Iterator[Traffic]:
    table = facts.frames(FRAME, PROTOCOLS)
    texts = table[PROTOCOLS.field].drop_nulls().unique().to_frame()
    own = pl.col(PROTOCOLS.field).str.replace(_QUOTED, "")
    layers = (
        texts.with_columns(pl.col(PROTOCOLS.field).str.replace(_QUOTED, ":icmp").alias("own"))
        .filter(~own.str.contains(_TRANSPORT))
        .with_columns(pl.col("own").map_elements(innermost, return_dtype=pl.String).alias("layer"))
        .select(PROTOCOLS.field, "layer")
    )
    grouped = (
        table.join(layers, on=PROTOCOLS.field, maintain_order="left")
        .join(facts[packets], left_on=FRAME.field, right_on="frame", how="left", maintain_order="left")
        .with_columns(pl.min_horizontal("src", "dst").alias("a"), pl.max_horizontal("src", "dst").alias("b"))
        .group_by("layer", "a", "b", maintain_order=True)
        .agg(pl.len().alias("frames"), pl.col(FRAME.field).min(), pl.col("src").first(), pl.col("dst").first())
    )
    for layer, _, _, frames, first, source, destination in grouped.iter_rows():
        peers = (destination,) if destination else ()
        yield Traffic((layer,) if layer else (), "", None, source or "", peers, 1, frames, first)


def innermost(protocols: str) -> str:
    """Return the last protocol of a frame that has a name, or the last one that says anything.

    What is right over IP and has no name is a fragment, as a rule: the last one of its packet shows what it holds.
    """
    if re.search(FRAGMENT, protocols):
        return FRAGMENTS
    names = protocols.split(":")
    known = [name for name in names if name in NAMES and name != "wlan"] or [n for n in names if n in NAMES]
    telling = [name for name in names if name not in _UNNAMED and name not in CARRIERS and not name.startswith("_")]
    return known[-1] if known else next(iter([*telling[-1:], *({"data"} & set(names))]), "")


@fact("frames", FRAME, PROTOCOLS)
def carriers(facts: Facts) -> tuple[tuple[str, int, int], ...]:
    """Return what carries other packets, by its layer, in how many frames, and the first of them."""
    table = facts.frames(FRAME, PROTOCOLS)
    counted = table.group_by(PROTOCOLS.field).agg(pl.len().alias("frames"), pl.col(FRAME.field).min().alias("first"))
    found = defaultdict[str, list[tuple[int, int]]](list)
    for text, frames, first in counted.drop_nulls().iter_rows():
        own = text.partition(":icmp:")[0].split(":")
        for name in {name for name in own[:-1] if name in CARRIERS} | _inside(own):
            found[name].append((frames, first))
    rows = [(name, sum(n for n, _ in seen), min(first for _, first in seen)) for name, seen in found.items()]
    return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))


def _inside(layers: list[str]) -> set[str]:
    """Return IP in IP, which has no layer of its own, by what is in what."""
    pairs = set(pairwise(layers))
    kinds = {("ip", "ip"): "IPv4 in IPv4", ("ip", "ipv6"): "IPv6 in IPv4 (6in4)", ("ipv6", "ip"): "IPv4 in IPv6",
             ("ipv6", "ipv6"): "IPv6 in IPv6"}  # fmt: skip
    return {words for pair, words in kinds.items() if pair in pairs}
