"""Attempts to find out which hosts and ports answer: by TCP flags that no connection starts with, by SYN, by UDP."""

from typing import Any, NamedTuple

from explainer.facts import Facts, fact
from explainer.lazy import pl
from explainer.protocols.frame import FRAME
from explainer.protocols.icmp_errors import UNREACHABLE, errors
from explainer.protocols.layers import UDP
from explainer.protocols.tcp import FLAGS, segments

_FIN, _SYN, _RST, _PSH, _ACK, _URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
ODD = {
    0: "NULL", _FIN: "FIN", _FIN | _PSH | _URG: "XMAS", _SYN | _FIN: "SYN/FIN",
    _SYN | _FIN | _PSH | _URG: "SYN/FIN/PSH/URG",
}  # fmt: skip
"""Combinations of flags that no TCP stack sends first, by name."""
_A_FEW = 20
_ALL = _FIN | _SYN | _RST | _PSH | _ACK | _URG


class Probing(NamedTuple):
    """What one host tried on another: the first frame of each attempt, and the ports that answered.

    `kinds` has "SYN", "FIN", "NULL", "XMAS" or "UDP" for each of `frames`; `accepted` and `refused` are ports; `used`
    counts the other connections between the two, over which data went.
    """

    source: str
    target: str
    kinds: tuple[str, ...]
    ports: tuple[int, ...]
    frames: tuple[int, ...]
    accepted: tuple[int, ...]
    refused: tuple[int, ...]
    used: int
    lasted_s: float


@fact("TCP connections without data", segments, FRAME, FLAGS)
def tcp_probes(facts: Facts) -> tuple[Probing, ...]:
    """Return, by the two hosts, the connections on which no data went, and segments with odd flags."""
    flags = facts.frames(FRAME, FLAGS).select(
        pl.col(FRAME.field).alias("frame"), (pl.col(FLAGS.field) & _ALL).alias("flags")
    )
    table = facts[segments].join(flags, on="frame", how="left", maintain_order="left")
    server, first = ~pl.col("from_client"), pl.col("flags").first()
    kind = first.replace_strict({_SYN: "SYN", **ODD}, default=None, return_dtype=pl.String)
    streams = table.group_by("stream", maintain_order=True).agg(
        pl.col("src", "dst", "dport", "frame", "time").first(), kind.alias("kind"),
        pl.col("payload").sum(), (server & pl.col("syn") & pl.col("ack")).any().alias("accepted"),
        (pl.col("rst") & (pl.col("src") != pl.col("src").first())).any().alias("refused"),
    )  # fmt: skip
    empty = (pl.col("payload") == 0) & pl.col("kind").is_not_null()
    hosts = streams.group_by("src", "dst", maintain_order=True).agg(
        pl.col("kind").filter(empty).alias("kinds"),
        pl.col("dport").filter(empty).alias("ports"), pl.col("frame").filter(empty).alias("frames"),
        pl.col("dport").filter(empty & pl.col("accepted")).unique().sort().alias("accepted"),
        pl.col("dport").filter(empty & pl.col("refused") & ~pl.col("accepted")).unique().sort().alias("refused"),
        (~empty).sum().alias("used"),
        ((pl.col("time").filter(empty).max() - pl.col("time").filter(empty).min()) / 1e9).alias("lasted"),
    ).filter(pl.col("frames").list.len() > 0)  # fmt: skip
    return tuple(_probing(row) for row in hosts.iter_rows(named=True))


def _probing(row: dict[str, Any]) -> Probing:
    return Probing(
        row["src"], row["dst"], tuple(row["kinds"]), tuple(dict.fromkeys(row["ports"])), tuple(row["frames"]),
        tuple(row["accepted"]), tuple(row["refused"]), row["used"], row["lasted"] or 0.0,
    )  # fmt: skip


@fact("UDP conversations", UDP.headers, errors)
def udp_probes(facts: Facts) -> tuple[Probing, ...]:
    """Return, by the two hosts, the UDP conversations in which only one side spoke; `refused` are those ICMP denied."""
    # By addresses and ports: udp.stream takes some conversations together, such as those that TFTP may go on in.
    ways = facts[UDP.headers].sort("frame").group_by("src", "sport", "dst", "dport", maintain_order=True).agg(
        pl.col("frame", "time").first()
    )  # fmt: skip
    back = ways.select(
        pl.col("dst").alias("src"), pl.col("dport").alias("sport"), pl.col("src").alias("dst"),
        pl.col("sport").alias("dport"), pl.col("frame").alias("back"),
    )  # fmt: skip
    paired = ways.join(back, on=["src", "sport", "dst", "dport"], how="left", maintain_order="left")
    asked = paired.filter(pl.col("back").is_null() | (pl.col("frame") < pl.col("back")))
    streams = asked.with_columns(pl.col("back").is_not_null().alias("answered"))
    denied = {(e.source, e.destination, e.destination_port) for e in facts[errors] if e.kind == UNREACHABLE}
    silent = ~pl.col("answered")
    hosts = streams.group_by("src", "dst", maintain_order=True).agg(
        pl.col("dport").filter(silent).alias("ports"), pl.col("frame").filter(silent).alias("frames"),
        pl.col("answered").sum().alias("used"),
        ((pl.col("time").filter(silent).max() - pl.col("time").filter(silent).min()) / 1e9).alias("lasted"),
    ).filter(pl.col("frames").list.len() > 0)  # fmt: skip
    found = []
    for src, dst, ports, frames, used, lasted in hosts.iter_rows():
        numbers = tuple(dict.fromkeys(ports))
        refused = tuple(port for port in numbers if (src, dst, port) in denied)
        found.append(
            Probing(src, dst, ("UDP",) * len(frames), numbers, tuple(frames), (), refused, used, lasted or 0.0)
        )
    return tuple(found)


class Sweep(NamedTuple):
    """What one host sends to one UDP port of many others: the first frame to each, and how many of them answer."""

    source: str
    port: int
    targets: tuple[str, ...]
    frames: tuple[int, ...]
    datagrams: int
    answered: int
    lasted_s: float


@fact("UDP ports of many hosts", UDP.headers)
def udp_sweeps(facts: Facts) -> tuple[Sweep, ...]:
    """Return, by host and port, the sweeps over `_A_FEW` hosts or more, by first frame."""
    sent = facts[UDP.headers].group_by("src", "dport", "dst").agg(pl.col("frame", "time").min(), pl.len())
    back = facts[UDP.headers].select(src="dst", dport="sport", dst="src", heard=pl.lit(value=True)).unique()
    ways = sent.join(back, on=["src", "dport", "dst"], how="left").sort("frame")
    wide = ways.group_by("src", "dport", maintain_order=True).agg(
        "dst", "frame", pl.col("len").sum(), pl.col("heard").count(),
        ((pl.col("time").max() - pl.col("time").min()) / 1e9).alias("lasted"),
    ).filter(pl.col("dst").list.len() >= _A_FEW)  # fmt: skip
    return tuple(
        Sweep(src, port, tuple(targets), tuple(frames), datagrams, answered, lasted)
        for src, port, targets, frames, datagrams, answered, lasted in wide.iter_rows()
    )
