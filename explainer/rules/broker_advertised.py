"""Kafka brokers that name an address for themselves at which their client does not reach them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side, Step
from explainer.protocols.applications import Sign, signs
from explainer.protocols.applications.kafka import ADVERTISED
from explainer.protocols.dns import Lookup, lookups
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.dns_alias import plain
from explainer.rules.refusals import AREA, SUBJECT_OF_SIGNS
from explainer.wording import count

_SHOWN = 20
_LOOPBACK = ("127.", "::1")
_NO_SUCH_NAME = 3


class _Dead(NamedTuple):
    """Why a client does not get there: in words that follow the broker's name, and the frames that show it.

    `down` says that the broker may as well not run.
    """

    words: str
    frames: tuple[int, ...] = ()
    down: bool = False


@rule("Kafka broker advertised where nobody gets", signs, connections, lookups, subject=SUBJECT_OF_SIGNS, area=AREA)
def broker_advertised(facts: Facts, *, min_answers: int = 3) -> Iterator[Finding]:
    """A broker that names host and port (advertised.listeners) at which its client then finds nobody (KIP-103).

    Clients ask the first broker (bootstrap) where the brokers are, and go on there alone. Told are localhost, to a
    client on another machine, names that do not exist, and addresses that refuse or do not answer every connection of
    that client. Silent as soon as one is accepted. Of medium severity where the client asks less than
    `min_answers` times and nobody saw it try: who only lists the brokers needs none.
    """
    groups = defaultdict[tuple[str, str], list[Sign]](list)
    for sign in facts[signs]:
        if sign.what == ADVERTISED:
            groups[sign.client.address, sign.text].append(sign)
    tried = _by_client(facts[connections], {client for client, _ in groups})
    asked = defaultdict[tuple[str, str], list[Lookup]](list)
    for x in facts[lookups] if groups else ():
        asked[x.client.address, plain(x.name)].append(x)
    found = dict[tuple[str, str], _Dead]()
    for (client, text), group in groups.items():
        host, _, port = text.rpartition(":")
        dead = _dead(group[0], host, int(port), asked[client, plain(host)], tried)
        if dead:
            found[client, text] = dead
    served = {client for client, _ in groups.keys() - found.keys()}
    for (client, text), dead in found.items():
        group = groups[client, text]
        grave = bool(dead.frames) or len(group) >= min_answers
        yield _advertised(text, group, dead, grave=grave and client not in served, alone=client not in served)


def _by_client(every: Sequence[Connection], clients: Collection[str]) -> dict[tuple[str, int], list[Connection]]:
    found = defaultdict[tuple[str, int], list[Connection]](list)
    for c in every:
        if c.client.address in clients or c.client.address.startswith(_LOOPBACK):
            found[c.server.address, c.server.port].append(c)
    return found


def _dead(
    sign: Sign, host: str, port: int, asked: Sequence[Lookup], tried: dict[tuple[str, int], list[Connection]]
) -> _Dead | None:
    if _is_own(host):
        own = [c for each in ("127.0.0.1", "::1") for c in tried.get((each, port), ())]
        if sign.client.address == sign.server.address or any(c.syn_ack_frame for c in own):
            return None
        return _Dead("is the client's own machine to the client", tuple(c.first_frame for c in own))
    missing = [x for x in asked if x.rcode == _NO_SUCH_NAME]
    addresses = {answer for x in asked for answer in x.answers} or ({host} if not asked else set())
    if missing and not addresses:
        return _Dead("is a name that does not exist for the client", tuple(x.response_frames[0] for x in missing))
    own = [c for a in addresses for c in tried.get((a, port), ()) if c.client.address == sign.client.address]
    if not own or any(c.syn_ack_frame is not None or c.server_payload for c in own):
        return None
    refused = any(c.server_resets for c in own)
    words = "refuses the client's connections" if refused else "does not answer the client's connection requests"
    return _Dead(words, tuple(c.first_frame for c in own), down=True)


def _is_own(host: str) -> bool:
    return host.lower() == "localhost" or host.startswith(_LOOPBACK)


def _advertised(text: str, group: Sequence[Sign], dead: _Dead, *, grave: bool, alone: bool) -> Finding:
    first, frames = group[0], tuple(sign.frame for sign in group)
    client, server = first.client.address, first.server
    correct = f"correct advertised.listeners: it has to name an address at which {client} reaches the broker."
    return Finding(
        id=f"broker_advertised:{first.frame}",
        rule="broker_advertised",
        severity=Severity.HIGH if grave else Severity.MEDIUM,
        confidence=Confidence.CERTAIN if dead.frames else Confidence.PROBABLE,
        side=Side.SERVER,
        title=f"The Kafka broker {server} sends its client {client} on to {text} (advertised.listeners), which"
        f" {dead.words}{': so it reaches no broker to write to or read from' if alone else ''}.",
        act=f"Either the broker at {text} must be brought up, or whoever runs {server.address} must {correct}"
        if dead.down
        else f"Whoever runs {server.address} must {correct}",
        measured={"answers": len(group), "port": server.port},
        evidence=Evidence.of(
            (*frames, *dead.frames),
            "kafka || tcp.flags.syn == 1 || dns",
            [
                Step(frames=frames[:1], text=f"{server} answers where its brokers are: at {text}"),
                *([Step(frames=frames[1:_SHOWN], text=f"the same {count(len(frames) - 1, 'more time')}")]
                  if len(frames) > 1 else []),
                Step(frames=dead.frames[:_SHOWN], text=f"{text} {dead.words}"),
            ],
        ),
        scope=Scope(
            streams=tuple(dict.fromkeys(sign.stream for sign in group if sign.stream is not None))[:100],
            addresses=(client, server.address),
            ports=(server.port,),
        ),
        advice=(
            f"See what it says: kcat -L -b {server}",
            "In containers and clouds, set one listener for clients inside and another one for those outside.",
        ),
        limitations=("whether the client reaches that address over another interface",),
    )  # fmt: skip
