"""TCP connections that the server's address refuses (RFC 9293 section 3.5.2)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.dns import lookups
from explainer.protocols.probes import tcp_probes
from explainer.protocols.tcp import Connection, connections
from explainer.registry import rule
from explainer.rules.attempts import MANY_PORTS, Accepted, Group, asked, opened, pair, port_words, ports, scope
from explainer.rules.evidence import port_filter
from explainer.rules.other_address import OtherAddresses, went_on
from explainer.rules.scan import scanned, symptom
from explainer.wording import count, milliseconds

_NO_LONGER = "its program has stopped since, or something there limits how many connections it may have"


@rule(
    "Connection refused",
    connections,
    lookups,
    tcp_probes,
    subject="TCP connections",
    area="the opening of TCP connections",
)
def tcp_refused(facts: Facts, *, many_ports: int = MANY_PORTS, many_clients: int = 20) -> Iterator[Finding]:
    """A SYN that the server's address answers with a reset and never with SYN/ACK.

    More than `many_ports` refused ports between two hosts are told as one finding: the ports are then the symptom of a
    host that is not set up, or of a scan (then for information). A refusal that a later attempt overcame, of either
    side, is of low severity. A port that accepted the same client before has a program that stopped since, or a limit
    of connections. Of low severity, too, is one of several addresses of a name, where the client is connected to
    another one soon after. What more than `many_clients` are refused at the same ports is one finding, too.
    """
    every = facts[connections]
    refused = [c for c in every if c.server_resets and not opened(c)]
    accepted = Accepted.among(every)
    others, scans = OtherAddresses.among(facts[lookups], every), scanned(facts[tcp_probes])
    groups = list(accepted.groups(refused, many_ports))
    crowds = defaultdict[tuple[str, tuple[int, ...]], list[Group]](list)
    for group in groups:
        if not accepted.after(group[-1]):
            crowds[_place(group)].append(group)
    for group in groups:
        crowd = crowds.get(_place(group), [])
        if len(crowd) > many_clients and not accepted.after(group[-1]):
            if group is crowd[0]:
                yield _crowd(crowd, accepted)
            continue
        finding = went_on(_refused(group, accepted), others.detour(group))
        yield symptom(finding) if len(ports(group)) > many_ports and pair(group) in scans else finding


def _place(group: Group) -> tuple[str, tuple[int, ...]]:
    return group[0].server.address, tuple(ports(group))


def _crowd(groups: Sequence[Group], accepted: Accepted) -> Finding:
    """Return one finding about many clients that are refused at the same ports."""
    group = sorted((c for of_client in groups for c in of_client), key=lambda c: c.first_frame)
    server, where = group[0].server.address, port_words(ports(group))
    return _refused(group, accepted).model_copy(
        update={
            "title": f"{server} refused the connections of {len(groups):,} clients to {where}: nothing listens there,"
            " or it is set to reject.",
            "act": f"The server's side must act: something on {server} has to listen on {where}, for them.",
        }
    )


def _since_accepted(group: Group, accepted: Accepted) -> Group:
    """Return the attempts after the port accepted the client, where there are such: those before it were overcome."""
    earlier = accepted.before(group[-1]) if len(ports(group)) == 1 else None
    return [c for c in group if earlier is None or c.first_frame > earlier]


def _refused(every: Group, accepted: Accepted) -> Finding:
    group = _since_accepted(every, accepted)
    first, where = group[0], port_words(ports(group))
    client, server = first.client.address, first.server.address
    overcome, turned = accepted.after(group[-1]), accepted.turned(group[-1])
    instead = accepted.instead(group)
    earlier = accepted.before(group[-1]) if len(ports(group)) == 1 else None
    end = ": nothing listens there, or it is set to reject."
    if overcome:
        end = " at first; a later attempt was accepted."
    elif instead:
        end = f": the client tried it beside port {instead.server.port}, which accepted, and does not need it."
    elif turned:
        end = f" at first; then it called {client} itself, which was accepted."
    elif earlier:
        end = f", though it had accepted {client} there before: {_NO_LONGER}."
    frames = [frame for c in group for frame in (c.syn_frames[0], c.server_resets[0])]
    return Finding(
        id=f"tcp_refused:{first.stream}",
        rule="tcp_refused",
        severity=Severity.INFO if instead else Severity.LOW if overcome or turned else Severity.HIGH,
        confidence=Confidence.CERTAIN,
        side=Side.SERVER,
        title=f"{server} refused the connection to {where}{end}",
        act=_listen_act(group, earlier, needless=bool(turned or instead), overcome=bool(overcome)),
        measured={"attempts": len(group), "ports": len(ports(group)), "answer_ms": _refusal_ms(first)},
        evidence=Evidence.of(frames, port_filter(server, ports(group)), _refused_steps(group, accepted)),
        scope=scope(group),
        advice=(
            f"On {server}, see whether the service runs and listens on {where}: ss -ltn",
            "If it does, see whether it listens on this address (not on 127.0.0.1 alone), and whether a firewall"
            " rejects.",
            "If the port is wrong, correct it in the client.",
        ),
        limitations=("whether the host itself or a firewall in front of it sent the reset: both look the same here",),
    )


def _refused_steps(group: Group, accepted: Accepted) -> Iterator[Step]:
    first, server = group[0], group[0].server.address
    yield asked(first)
    waited = milliseconds(_refusal_ms(first))
    yield Step(frames=first.server_resets[:1], text=f"{server} refuses {waited} later (RST)")
    if len(group) > 1:
        rest = tuple(frame for c in group[1:11] for frame in (c.syn_frames[0], c.server_resets[0]))
        yield Step(frames=rest, text=f"the same happens to {count(len(group) - 1, 'more attempt')}")
    contrast = accepted.by_host.get(server)
    earlier = accepted.before(group[-1]) if len(ports(group)) == 1 else None
    if overcome := accepted.after(group[-1]):
        text = f"a later attempt is accepted: by then something listens on {port_words(ports(group))}"
        yield Step(frames=(overcome,), text=text)
    elif turned := accepted.turned(group[-1]):
        text = f"later {server} calls {first.client.address} on the same port, and is accepted"
        yield Step(frames=(turned,), text=text)
    elif earlier:
        yield Step(frames=(earlier,), text=f"{server} had accepted an earlier connection to the same port")
    elif contrast and contrast.syn_ack_frame:
        text = f"{server} accepts on port {contrast.server.port}: it is up and reachable"
        yield Step(frames=(contrast.syn_ack_frame,), text=text)


def _listen_act(group: Group, earlier: int | None, *, needless: bool, overcome: bool) -> str:
    server, client, where = group[0].server.address, group[0].client.address, port_words(ports(group))
    if needless:
        return "Nobody has to act: the two are connected."
    if overcome:
        return f"Nobody has to act now; if it happens again, see why the program on {server} was not running yet."
    if earlier:
        return (
            f"The server's side must act: see whether the program on {server} still runs, and what limits how many"
            f" connections {client} may have to {where}."
        )
    return f"The server's side must act: something on {server} has to listen on {where} and accept {client}."


def _refusal_ms(connection: Connection) -> float:
    return round(((connection.server_reset_ns or 0) - connection.syn_ns[0]) / 1e6, 6)
