"""Traffic that few networks want: told with its hosts, for somebody who knows the network's rules to judge."""

from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.sightings import Sighting, sightings
from explainer.registry import rule
from explainer.wording import count, listing

_AREA = "protocols that few networks want"
_HOSTS = 3


@rule("BitTorrent", sightings, subject="frames of unwanted protocols", area=_AREA)
def unwanted_bittorrent(facts: Facts, *, min_guessed: int = 20) -> Iterator[Finding]:
    """Frames that tshark recognises as BitTorrent, its DHT or its uTP; encrypted BitTorrent is not recognised.

    DHT and uTP are recognised by guesses that other UDP traffic can fit: without a frame of BitTorrent's own protocol
    at least `min_guessed` of them are needed.
    """
    seen = [s for s in facts[sightings] if s.protocol.startswith("b")]
    if any(s.protocol == "bittorrent" for s in seen) or len(seen) >= min_guessed:
        hosts = _hosts(seen)
        yield _finding(
            "unwanted_bittorrent",
            seen,
            title=f"{hosts} exchange files by BitTorrent, a peer-to-peer protocol that can fill a line.",
            act="Whoever answers for these hosts must decide: stop the BitTorrent client, or limit its rate.",
            step=f"{count(len(seen), 'BitTorrent frame')} of {hosts}",
            display_filter="bittorrent || bt-dht || bt-utp",
            advice=("Find the program on the host: ss -tunp", "If it is wanted, give it a rate limit of its own."),
            limits=("encrypted BitTorrent, which is not recognised", "whether it is allowed on this network"),
        )


@rule("Portmapper", sightings, subject="frames of unwanted protocols", area=_AREA)
def unwanted_portmapper(facts: Facts) -> Iterator[Finding]:
    """Questions to a portmapper (rpcbind, port 111), which tells anybody what RPC services a host offers (RFC 1833)."""
    seen = [s for s in facts[sightings] if s.protocol == "portmap"]
    if seen:
        hosts = _hosts(seen)
        yield _finding(
            "unwanted_portmapper",
            seen,
            title=f"{hosts} talk to a portmapper (rpcbind, port 111): it tells which RPC services, such as NFS, a host"
            " offers.",
            act="If nobody needs NFS or another RPC service there, close port 111; if somebody scans, find out who.",
            step=f"{count(len(seen), 'portmapper frame')} of {hosts}",
            display_filter="portmap",
            advice=("On the host that answers, see what it offers: rpcinfo -p", "Let only the hosts in that need it."),
            limits=("whether these hosts are meant to use NFS or other RPC services",),
        )


def _hosts(seen: Sequence[Sighting]) -> str:
    hosts = list(dict.fromkeys(address for s in seen for address in (s.source, s.destination)))
    more = [f"{len(hosts) - _HOSTS} more"] if len(hosts) > _HOSTS else []
    return listing([*hosts[:_HOSTS], *more])


def _finding(
    rule_id: str,
    seen: Sequence[Sighting],
    *,
    title: str,
    act: str,
    step: str,
    display_filter: str,
    advice: tuple[str, ...],
    limits: tuple[str, ...],
) -> Finding:
    frames = [s.frame for s in seen]
    addresses = dict.fromkeys(address for s in seen for address in (s.source, s.destination))
    return Finding(
        id=f"{rule_id}:{frames[0]}",
        rule=rule_id,
        severity=Severity.MEDIUM,
        confidence=Confidence.CERTAIN,
        side=Side.CLIENT,
        title=title,
        act=act,
        measured={"frames": len(seen), "bytes": sum(s.length for s in seen), "hosts": len(addresses)},
        evidence=Evidence.of(frames, display_filter, [Step(frames=tuple(frames[:20]), text=step)]),
        scope=Scope(addresses=tuple(addresses)[:100], ports=(111,) if rule_id == "unwanted_portmapper" else ()),
        advice=advice,
        limitations=limits,
    )
