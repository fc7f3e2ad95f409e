"""Hosts that send to one UDP port of very many others, as worms and searches for open services do."""

from collections.abc import Iterator
from ipaddress import ip_address

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.capture_quality import one_way_hosts
from explainer.protocols.probes import Sweep, udp_sweeps
from explainer.registry import rule
from explainer.rules.evidence import address_field
from explainer.rules.tcp_case import finding

_SHOWN = 20
_SQL_BROWSER = 1434


@rule(
    "UDP sweep", udp_sweeps, one_way_hosts, subject="UDP ports of many hosts", area="port scans and password guessing"
)
def scan_udp_hosts(
    facts: Facts, *, min_hosts: int = 30, each: float = 2.0, per_second: float = 0.5
) -> Iterator[Finding]:
    """One host that sends to the same UDP port of `min_hosts` others, of which none says anything.

    No more than `each` datagrams a host, and `per_second` hosts at least: programs that talk to many (name servers,
    time servers, peers) get answers from some. Groups and broadcasts are left out; silent where of what the host hears
    nothing is recorded. On port 1434 it is what the SQL Slammer worm did (CERT CA-2003-04).
    """
    for sweep in facts[udp_sweeps]:
        hosts = len(sweep.targets)
        quick = hosts >= per_second * sweep.lasted_s and sweep.datagrams <= each * hosts
        alone = not sweep.answered and not any(map(_is_many, sweep.targets))
        if hosts >= min_hosts and quick and alone and sweep.source not in facts[one_way_hosts]:
            yield _sweep(sweep)


def _is_many(target: str) -> bool:
    return target.endswith(".255") or ip_address(target.partition("%")[0]).is_multicast


def _sweep(sweep: Sweep) -> Finding:
    source, port, frames = sweep.source, sweep.port, sweep.frames
    worm = port == _SQL_BROWSER
    like = ", as the SQL Slammer worm does" if worm else ""
    return finding(
        "scan_udp_hosts",
        frames[0],
        Severity.HIGH if worm else Severity.MEDIUM,
        Side.CLIENT,
        f"{source} sends to UDP port {port} of {len(sweep.targets):,} hosts, one after the other, and none of them says"
        f" anything: it looks for hosts there, or spreads{like}.",
        Evidence.of(
            frames,
            f"{address_field(source)} == {source} && udp.dstport == {port}",
            [
                Step(
                    frames=frames[:_SHOWN],
                    text=f"one datagram after the other, from {sweep.targets[0]} to {sweep.targets[-1]}",
                )
            ],
        ),
        Scope(addresses=(source, sweep.targets[0], sweep.targets[-1]), ports=(port,)),
        act=f"Whoever answers for {source} must say whether it is meant to do that; if not, take it off the network.",
        measured={"hosts": len(sweep.targets)},
        confidence=Confidence.PROBABLE,
        advice=(f"Find out which program on {source} does it: malware spreads this way.",),
        limits=("whether it is a permitted inventory or monitoring",),
    )
