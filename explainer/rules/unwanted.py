"""Traffic that few networks want: told with its hosts, for somebody who knows the network's rules to judge."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Sign, replies, signs
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
            steps=[
                Step(
                    frames=tuple(s.frame for s in seen[:20]), text=f"{count(len(seen), 'BitTorrent frame')} of {hosts}"
                )
            ],
            display_filter="bittorrent || bt-dht || bt-utp",
            advice=("Find the program on the host: ss -tunp", "If it is wanted, give it a rate limit of its own."),
            limits=("encrypted BitTorrent, which is not recognised", "whether it is allowed on this network"),
        )


@rule("Portmapper", sightings, signs, replies, subject="frames of unwanted protocols", area=_AREA)
def unwanted_portmapper(facts: Facts, *, min_searched: int = 4) -> Iterator[Finding]:
    """Questions to a portmapper (rpcbind, port 111), which tells anybody what RPC services a host offers (RFC 1833).

    Who asks at least `min_searched` hosts for the same program searches for it. For information only where each pair of
    hosts that speaks it goes on to mount a folder: so NFS works up to version 3 (RFC 1813, section 5.1).
    """
    seen = [s for s in facts[sightings] if s.protocol == "portmap"]
    if not seen:
        return
    asked = [sign for sign in facts[signs] if sign.what == "rpc-program"]
    searched = _most_searched(asked)
    searched_for = len({sign.server.address for sign in searched}) >= min_searched
    if searched_for:
        client, program = searched[0].client.address, _program(searched[0].text)
        hosts = count(len({sign.server.address for sign in searched}), "host")
        title = (
            f"{client} searches the network: it asks the portmapper (rpcbind, port 111) of {hosts} for the RPC program"
            f" {program}, as a scan for a known hole does."
        )
        act = f"Whoever answers for {client} must say whether it may scan; if nobody knows it, it attacks: block it."
        steps = [Step(frames=tuple(sign.frame for sign in searched)[:20], text=f"{client} asks {hosts} for {program}")]
        answered = tuple(sign.frame for sign in facts[signs] if sign.what == "rpc-port")[:20]
        steps += (
            [Step(frames=answered, text="portmappers that name a port: the program runs there")] if answered else []
        )
    else:
        hosts = _hosts(seen)
        named = sorted({_program(sign.text) for sign in asked if sign.text not in _NO_PROGRAM})[:5]
        programs = f" (programs asked for: {listing(named)})" if named else ""
        talk = "ask all hosts at once (broadcast) for" if all(map(_to_all, seen)) else "talk to"
        title = (
            f"{hosts} {talk} a portmapper (rpcbind, port 111){programs}: it tells which RPC services, such as NFS, a"
            " host offers."
        )
        act = "If nobody needs NFS or another RPC service there, close port 111; if somebody scans, find out who."
        steps = [
            Step(frames=tuple(s.frame for s in seen[:20]), text=f"{count(len(seen), 'portmapper frame')} of {hosts}")
        ]
    yield _finding(
        "unwanted_portmapper",
        seen,
        title=title,
        act=act,
        steps=steps,
        severity=Severity.INFO if _mounts(facts, seen) and not searched_for else Severity.MEDIUM,
        display_filter="portmap",
        advice=("On the host that answers, see what it offers: rpcinfo -p", "Let only the hosts in that need it."),
        limits=("whether these hosts are meant to use NFS or other RPC services",),
        measured={"searched_hosts": len({sign.server.address for sign in searched})} if searched_for else None,
    )


# Numbers of RPC programs (IANA, "Remote Procedure Call (RPC) Program Numbers").
_PROGRAMS = {
    "100000": "portmapper", "100001": "rstatd", "100002": "rusersd", "100003": "NFS", "100004": "ypserv",
    "100005": "mountd", "100008": "walld", "100021": "nlockmgr", "100024": "status", "100068": "cmsd",
    "100083": "ttdbserver", "100227": "NFS ACL", "100232": "sadmind", "100249": "snmpXdmid", "300019": "amd",
}  # fmt: skip
_NO_PROGRAM = ("", "0", "100000")


def _program(number: str) -> str:
    name = _PROGRAMS.get(number)
    return f"{name} ({number})" if name else number


def _mounts(facts: Facts, seen: Sequence[Sighting]) -> bool:
    """Return whether all the pairs of hosts mount, too, and none of them was told no."""
    mounted = {
        frozenset((r.client.address, r.server.address)): r.ok for r in facts[replies] if r.protocol == "NFS"
    }  # fmt: skip
    return all(mounted.get(frozenset((s.source, s.destination))) for s in seen)


def _most_searched(asked: Sequence[Sign]) -> list[Sign]:
    """Return the questions of the host that asks most hosts for one program."""
    groups = defaultdict[tuple[str, str], list[Sign]](list)
    for sign in asked:
        if sign.text not in _NO_PROGRAM:
            groups[sign.client.address, sign.text].append(sign)
    return max(groups.values(), key=lambda group: len({sign.server.address for sign in group}), default=[])


def _to_all(sighting: Sighting) -> bool:
    """Return whether it was sent to a broadcast address, by its last byte: masks are not in the packets."""
    return sighting.destination.endswith(".255")


def _hosts(seen: Sequence[Sighting]) -> str:
    sources = {s.source for s in seen}
    ends = (end for s in seen for end in (s.source, s.destination) if end in sources or not _to_all(s))
    hosts = list(dict.fromkeys(ends))
    more = [f"{len(hosts) - _HOSTS} more"] if len(hosts) > _HOSTS else []
    return listing([*hosts[:_HOSTS], *more])


def _finding(
    rule_id: str,
    seen: Sequence[Sighting],
    *,
    title: str,
    act: str,
    steps: Sequence[Step],
    display_filter: str,
    advice: tuple[str, ...],
    limits: tuple[str, ...],
    severity: Severity = Severity.MEDIUM,
    measured: Mapping[str, int] | None = None,
) -> Finding:
    frames = [s.frame for s in seen]
    addresses = dict.fromkeys(address for s in seen for address in (s.source, s.destination))
    return Finding(
        id=f"{rule_id}:{frames[0]}",
        rule=rule_id,
        severity=severity,
        confidence=Confidence.CERTAIN,
        side=Side.CLIENT,
        title=title,
        act=act,
        measured={
            "frames": len(seen),
            "bytes": sum(s.length for s in seen),
            "hosts": len(addresses),
            **(measured or {}),
        },
        evidence=Evidence.of(frames, display_filter, steps),
        scope=Scope(addresses=tuple(addresses)[:100], ports=(111,) if rule_id == "unwanted_portmapper" else ()),
        advice=advice,
        limitations=limits,
    )
