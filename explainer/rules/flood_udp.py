"""Floods without TCP: answers that nobody asked for, datagrams to a closed port, and pings by the hundred."""

from collections.abc import Iterator
from typing import Any

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.echo import Pings, pings
from explainer.protocols.icmp_errors import UNREACHABLE, errors
from explainer.protocols.layers import UDP
from explainer.protocols.udp_conversations import conversations
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding
from explainer.wording import count

_AREA = "port scans and password guessing"
_SHOWN = 20
# Services whose answers are larger than the questions, and which answer a forged address (CISA, alert TA14-017A).
_AMPLIFIERS = {
    17: "QOTD", 19: "chargen", 53: "DNS", 111: "portmapper", 123: "NTP", 137: "NetBIOS", 161: "SNMP", 389: "CLDAP",
    1900: "SSDP", 3702: "WS-Discovery", 11211: "memcached",
}  # fmt: skip


@rule("Answers that nobody asked for", conversations, UDP.headers, subject="UDP datagrams", area=_AREA)
def scan_reflected(
    facts: Facts, *, min_answers: int = 200, min_sources: int = 5, per_second: float = 20, few_ports: int = 10
) -> Iterator[Finding]:
    """`min_answers` of `min_sources` servers or more to one host that asked none of them: a reflection attack on it.

    An answer counts as asked for where the host has sent anything from that port to that service, also to a group
    (SSDP). A host of which no packet is recorded counts only where the answers go to `few_ports`: a name server's
    questions come from as many ports as they are, and may only be missing from the capture.
    """
    table = facts[UDP.headers]
    answers = table.filter(pl.col("sport").is_in(list(_AMPLIFIERS)) & (pl.col("sport") != pl.col("dport")))
    if answers.height < min_answers:
        return
    asked = table.filter(pl.col("dport").is_in(list(_AMPLIFIERS))).select(
        pl.col("src").alias("dst"), pl.col("sport").alias("dport"), pl.col("dport").alias("sport")
    )
    unasked = answers.join(asked.unique(), on=["dst", "dport", "sport"], how="anti", maintain_order="left")
    to_service = (pl.col("dst").alias("target"), pl.col("sport").alias("service"))
    grouped = unasked.group_by(*to_service, maintain_order=True).agg(
        "frame", pl.col("src").n_unique().alias("sources"), pl.col("dport").n_unique().alias("ports"),
        pl.col("length").sum().alias("bytes"), ((pl.col("time").max() - pl.col("time").min()) / 1e9).alias("lasted"),
    )  # fmt: skip
    senders = set(table["src"].unique())
    for row in grouped.iter_rows(named=True):
        many = len(row["frame"]) >= max(min_answers, per_second * row["lasted"]) and row["sources"] >= min_sources
        if many and (row["target"] in senders or row["ports"] <= few_ports):
            yield _reflected(row)


def _reflected(row: dict[str, Any]) -> Finding:
    target, service = row["target"], _AMPLIFIERS[row["service"]]
    frames = row["frame"]
    return finding(
        "scan_reflected",
        frames[0],
        Severity.HIGH,
        Side.NETWORK,
        f"{target} is flooded with answers that it never asked for (a reflection attack by {service}): {len(frames):,}"
        f" datagrams, {row['bytes']:,} bytes, in {row['lasted']:.0f} s from {row['sources']:,} servers.",
        Evidence.of(
            frames,
            f"{address_field(target)} == {target} && udp.srcport == {row['service']}",
            [
                Step(frames=tuple(frames[:_SHOWN]), text=f"answers of {service} servers to {target}"),
                Step(frames=(), text=f"{target} sends no question from the ports that they go to."),
            ],
        ),
        Scope(addresses=(target,), ports=(row["service"],)),
        act=f"Whoever runs the network of {target} must act, with the provider: filter UDP from port {row['service']}"
        " before the line. Somebody asks those servers in its name; they are abused, and not the attackers.",
        measured={"answers": len(frames), "servers": row["sources"], "bytes": row["bytes"]},
        confidence=Confidence.PROBABLE,
        advice=("Ask the provider to filter, or to move the address; do not block a server that you ask yourself.",),
        limits=("who asks the servers in its name",),
    )


@rule("Flood of datagrams", errors, UDP.headers, subject="ICMP errors", area=_AREA)
def scan_udp_flood(facts: Facts, *, min_datagrams: int = 1000, per_second: float = 200) -> Iterator[Finding]:
    """`min_datagrams` of one host to one port of another that ICMP says is closed, `per_second` or more.

    A program that streams to somebody who has left does that, too, but hears the ICMP errors and ends.
    """
    closed = {
        (e.source, e.destination, e.destination_port) for e in facts[errors]
        if e.kind == UNREACHABLE and e.transport == "udp"
    }  # fmt: skip
    if not closed:
        return
    ways = facts[UDP.headers].group_by("src", "dst", "dport", maintain_order=True).agg(
        "frame", pl.col("length").sum().alias("bytes"),
        ((pl.col("time").max() - pl.col("time").min()) / 1e9).alias("lasted"),
    )  # fmt: skip
    many = ways.filter(pl.col("frame").list.len() >= min_datagrams)
    for row in many.iter_rows(named=True):
        fast = len(row["frame"]) >= per_second * row["lasted"]
        if fast and (row["src"], row["dst"], row["dport"]) in closed:
            yield _datagrams(row)


def _datagrams(row: dict[str, Any]) -> Finding:
    source, target, port, frames = row["src"], row["dst"], row["dport"], row["frame"]
    return finding(
        "scan_udp_flood",
        frames[0],
        Severity.MEDIUM,
        Side.CLIENT,
        f"{source} floods {target} with UDP datagrams to port {port}, on which nothing listens: {len(frames):,} in"
        f" {row['lasted']:.0f} s, {row['bytes']:,} bytes.",
        Evidence.of(
            frames,
            f"{address_field(target)} == {target} && udp.dstport == {port}",
            [Step(frames=tuple(frames[:_SHOWN]), text=f"one datagram after the other to port {port}")],
        ),
        Scope(addresses=(source, target), ports=(port,)),
        act=f"Whoever answers for {source} must say what it does; whoever runs {target} can block it.",
        measured={"datagrams": len(frames), "seconds": round(row["lasted"], 3), "bytes": row["bytes"]},
        confidence=Confidence.PROBABLE,
        advice=(f"Find the program on {source} that sends them: a denial-of-service tool, or a load test.",),
        limits=(f"whether {source} is the sender, or its address is forged", "whether it is a permitted load test"),
    )


@rule("Flood of pings", pings, subject="pings", area=_AREA)
def scan_ping_flood(facts: Facts, *, min_pings: int = 500, per_second: float = 100) -> Iterator[Finding]:
    """`min_pings` of one host to another, `per_second` or more: ping sends one a second, for users five at most."""
    for p in facts[pings]:
        if len(p.requests) >= max(min_pings, per_second * p.lasted_s):
            yield _pings(p)


def _pings(p: Pings) -> Finding:
    return finding(
        "scan_ping_flood",
        p.requests[0],
        Severity.LOW,
        Side.CLIENT,
        f"{p.source} floods {p.target} with pings: {count(len(p.requests), 'echo request')} in {p.lasted_s:.0f} s, of"
        f" which {len(p.replies):,} are answered.",
        Evidence.of(
            p.requests,
            f"{address_field(p.source)} == {p.source} && {address_field(p.target)} == {p.target} && (icmp || icmpv6)",
            [Step(frames=tuple(p.requests[:_SHOWN]), text="one echo request after the other, without a pause")],
        ),
        Scope(addresses=(p.source, p.target)),
        act=f"Whoever answers for {p.source} must say whether it is a load test (ping -f), or an attack.",
        measured={"pings": len(p.requests), "seconds": round(p.lasted_s, 3)},
        confidence=Confidence.POSSIBLE,
        advice=(f"Find the program on {p.source} that sends them.", f"Limit ICMP on {p.target}, where it does harm."),
        limits=(f"whether {p.source} is the sender, or its address is forged", "whether it is a permitted load test"),
    )
