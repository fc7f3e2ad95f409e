"""Data that dies on the way, as its sender gives it too few hops."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from explainer.facts import Facts
from explainer.lazy import pl
from explainer.model import Evidence, Finding, Severity, Side, Step
from explainer.protocols.icmp_errors import TIME_EXCEEDED, Error, errors
from explainer.protocols.ip import packets
from explainer.protocols.tcp import Connection, connections, segments
from explainer.registry import rule
from explainer.rules.path_mtu import AREA
from explainer.rules.tcp_case import finding, scope
from explainer.wording import count

_SHOWN = 20
_METADATA = "169.254.169.254"


class _Dead(NamedTuple):
    """A segment with data of which a router says that its hops ran out: its frame, its TTL there, the error."""

    frame: int
    ttl: int
    error: Error
    stream: int


@rule("Hops run out", errors, packets, segments, connections, subject="ICMP errors", area=AREA)
def path_ttl_short(facts: Facts, *, max_ttl: int = 31, min_packets: int = 2) -> Iterator[Finding]:
    """Data of an open TCP connection that a router throws away as its time to live is over (RFC 792, RFC 791).

    The capture shows it with a TTL of `max_ttl` or less: its sender gave it too few hops (above, packets go in
    circles). Cloud metadata services do so on purpose: their tokens are not to leave the machine. `min_packets`, since
    who tries a firewall with single packets wants the error; TCP repeats what is lost. Silent about SYNs, which trace
    routes.
    """
    over_tcp = [e for e in facts[errors] if e.kind == TIME_EXCEEDED and e.transport == "tcp"]
    exceeded = [e for e in over_tcp if e.code == 0 and e.ip_id]
    if not exceeded:
        return
    opened = {c.stream: c for c in facts[connections] if c.syn_ack_frame or not c.syn_frames}
    groups = defaultdict[tuple[str, int | None, str], list[_Dead]](list)
    for dead in _dead(facts, exceeded):
        if dead.ttl <= max_ttl and dead.stream in opened:
            groups[dead.error.source, dead.error.source_port, dead.error.reporter].append(dead)
    for group in groups.values():
        if len(group) >= min_packets:
            yield _finding(group, opened[group[0].stream])


def _dead(facts: Facts, exceeded: Sequence[Error]) -> Iterator[_Dead]:
    """Yield the segments with data that the errors quote, as the capture holds them before."""
    sent = facts[packets].filter(pl.col("ip_id").is_in([e.ip_id for e in exceeded]))
    data = facts[segments].filter(pl.col("payload") > 0).select("frame", "stream")
    rows = sent.join(data, on="frame", how="inner").select("src", "dst", "ip_id", "ttl", "frame", "stream").drop_nulls()
    by_packet = {(src, dst, number): (ttl, frame, stream) for src, dst, number, ttl, frame, stream in rows.iter_rows()}
    for e in exceeded:
        found = by_packet.get((e.source, e.destination, e.ip_id))
        if found:
            ttl, frame, stream = found
            yield _Dead(frame, ttl, e, stream)


def _finding(group: Sequence[_Dead], c: Connection) -> Finding:
    first = group[0]
    e = first.error
    metadata = e.source == _METADATA
    frames = [frame for dead in group for frame in (dead.frame, dead.error.frame)]
    clients = {dead.error.destination for dead in group}
    whom = e.destination if len(clients) == 1 else count(len(clients), "host")
    own = (
        f"The side of the machine must act: {e.reporter} stands between the program (a container, most often) and the"
        " metadata service, which gives its answers only so many hops."
    )
    return finding(
        "path_ttl_short",
        first.frame,
        Severity.HIGH,
        Side.CLIENT if metadata else Side.SERVER if e.source == c.server.address else Side.CLIENT,
        f"What {e.source} sends does not reach {whom}: its packets have only {count(first.ttl, 'hop')} to go (TTL"
        f" {first.ttl}), and {e.reporter} on the way throws them away.",
        Evidence.of(
            frames,
            f"tcp.stream == {first.stream} || (icmp.type == 11 && ip.addr == {e.source})",
            [
                Step(frames=tuple(dead.frame for dead in group[:_SHOWN]),
                     text=f"{e.source} sends data with TTL {first.ttl}; it repeats what is not acknowledged"),
                Step(frames=tuple(dead.error.frame for dead in group[:_SHOWN]),
                     text=f"{e.reporter} answers by ICMP: time to live exceeded"),
            ],
        ),
        scope(dict.fromkeys(dead.stream for dead in group), c.client, c.server),
        act=own if metadata else f"Whoever runs {e.source} must act: it has to give its packets more hops.",
        measured={"packets": len(group), "ttl": first.ttl},
        advice=(
            "In AWS, raise the hop limit of the metadata service: aws ec2 modify-instance-metadata-options"
            " --http-put-response-hop-limit 2",
            "Or give the container its credentials in another way.",
        )
        if metadata
        else (f"On {e.source}, see what sets the TTL: ip_default_ttl, a program's own setting, a firewall's rule.",),
        limits=("why the sender gives so few hops",),
    )  # fmt: skip
