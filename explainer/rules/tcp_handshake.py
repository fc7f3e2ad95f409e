"""TCP connections that never opened, as nothing answers (RFC 9293 section 3.5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from explainer.facts import Facts
from explainer.model import Confidence, Evidence, Finding, Severity, Side, Step
from explainer.protocols.arp import Resolution, resolutions
from explainer.protocols.capture_quality import one_way_hosts
from explainer.protocols.dns import lookups
from explainer.protocols.frame import last_ns
from explainer.protocols.icmp import unreachable
from explainer.protocols.probes import ODD, tcp_probes
from explainer.protocols.tcp import Connection, Endpoint, connections
from explainer.protocols.tcp_signed import unanswered_pairs
from explainer.protocols.tcp_strays import strays
from explainer.registry import rule
from explainer.rules.attempts import MANY_PORTS, Accepted, Group, asked, pair, port_words, ports, scope
from explainer.rules.evidence import port_filter
from explainer.rules.other_address import OtherAddresses, went_on
from explainer.rules.scan import scanned, symptom
from explainer.rules.tcp_rejected import rejections
from explainer.rules.tcp_some_answered import mixed, taken_over, taker, told
from explainer.wording import count

_PATIENCE_S = 0.1
"""Who gives up sooner, and tries again, floods."""


@rule(
    "SYN without an answer",
    connections,
    last_ns,
    unreachable,
    resolutions,
    tcp_probes,
    lookups,
    one_way_hosts,
    strays,
    unanswered_pairs,
    subject="TCP connections",
    area="the opening of TCP connections",
)
def tcp_syn_unanswered(
    facts: Facts, *, min_syns: int = 2, min_wait_s: float = 1.0, many_ports: int = MANY_PORTS
) -> Iterator[Finding]:
    """A SYN, sent at least `min_syns` times, that nothing answers: no SYN/ACK, no reset, no ICMP error.

    So are SYNs of several connections, one after the other, of a client whose patience is shorter than the first
    retransmission time-out, such as health checks and programs that ask a cloud for their credentials: `min_syns` over
    `min_wait_s` or longer, and no connection to that port accepted between them; not where only what the client sends
    is recorded, as a single SYN may well have been answered.
    Hosts that try odd flags as well are left to the rule about scans. The client must have waited `min_wait_s` (the
    first retransmission time-out of RFC 6298) before the capture ends, and sent nothing that acknowledges an answer
    which this capture missed. What another address answers is told by a rule of its own, and so are
    routers with different passwords. Where others of the same client are accepted at once between three or more that
    never are, it depends on the connection. A port that accepted the same
    client before is not filtered: a server whose queue of new connections is full does not answer either. Of low
    severity, or of medium after a second, is one of several addresses of a name, where the client is then connected to
    another one (RFC 8305).
    """
    every, end = facts[connections], facts[last_ns]
    elsewhere = {stray.asked.stream for stray in facts[strays]}
    elsewhere |= {stream for both in facts[unanswered_pairs] for stream in both.streams}
    odd = {(p.source, p.target) for p in facts[tcp_probes] if set(p.kinds) & set(ODD.values())}
    rejected = rejections(facts[unreachable])
    silent = [
        c
        for c in every
        if c.syn_frames
        and not c.server_frames
        and c.stream not in elsewhere
        and c.client_frames == len(c.syn_frames)
        and (end - c.syn_ns[0]) / 1e9 >= min_wait_s
        and (c.client, c.server) not in rejected
        and (c.client.address, c.server.address) not in odd
    ]
    heard_of = facts[one_way_hosts]
    once = [c for c in silent if len(c.syn_frames) < min_syns and c.client.address not in heard_of]
    short = _asked_again(once, every, min_syns, min_wait_s)
    unanswered = [c for c in silent if len(c.syn_frames) >= min_syns or c.stream in short]
    accepted = Accepted.among(every)
    others, scans = OtherAddresses.among(facts[lookups], every), scanned(facts[tcp_probes])
    heard = {c.server.address for c in every if c.server_frames} | {c.client.address for c in every if c.client_frames}
    for group in accepted.groups(unanswered, many_ports):
        until = group[-1].last_ns if accepted.after(group[-1]) else end
        finding = _unanswered(group, accepted, heard, (until - group[0].syn_ns[0]) / 1e9)
        lost = next((r for r in facts[resolutions] if _no_way_back(r, group)), None)
        if len(ports(group)) > many_ports and pair(group) in scans:
            finding = symptom(finding)
        yield (
            _speechless(finding, group, lost) if lost else _beside(finding, group, accepted, facts[resolutions], others)
        )


def _beside(
    finding: Finding, group: Group, accepted: Accepted, every: Iterable[Resolution], others: OtherAddresses
) -> Finding:
    """Return the finding beside what is answered: some of the connections, a later one, or another address."""
    some = mixed(group, accepted.every.get((group[0].client.address, group[0].server), ()))
    overcome = accepted.after(group[-1])
    by = taker(group, overcome, every) if overcome else None
    if some:
        return told(finding, some)
    return taken_over(finding, *by, group[0].server.address) if by else went_on(finding, others.detour(group))


def _asked_again(
    silent: Iterable[Connection], every: Iterable[Connection], min_syns: int, min_wait_s: float
) -> set[int]:
    """Return those of these connections that are given up too soon to ask twice, but followed by others in vain."""
    waiting = {c.stream for c in silent}
    runs = defaultdict[tuple[str, Endpoint], list[list[Connection]]](lambda: [[]])
    for c in sorted(every, key=lambda c: c.first_frame) if waiting else ():
        if c.stream in waiting:
            runs[c.client.address, c.server][-1].append(c)
        elif c.syn_ack_frame is not None:
            runs[c.client.address, c.server].append([])
    long_enough = (run for parts in runs.values() for run in parts if len(run) >= min_syns)
    return {
        c.stream
        for run in long_enough
        if (run[-1].first_ns - run[0].first_ns) / 1e9 >= max(min_wait_s, len(run) * _PATIENCE_S)
        for c in run
    }


def _no_way_back(search: Resolution, group: Group) -> bool:
    """Return whether the server asks in vain, after the SYN, who has the address that its answer has to go to."""
    asks = search.asker == group[0].server.address and not (search.answered or search.probe or search.gratuitous)
    return asks and any(frame > group[0].syn_frames[0] for frame in search.request_frames)


def _speechless(finding: Finding, group: Group, search: Resolution) -> Finding:
    """Return the finding with its cause: the server hears the client, and does not find the way to answer."""
    server, where = group[0].server.address, port_words(ports(group))
    step = Step(frames=search.request_frames[:20], text=f"{server} asks by ARP who has {search.target}: no reply")
    gateway = "" if search.target == group[0].client.address else " (its gateway, most likely)"
    return finding.model_copy(
        update={
            "title": f"{server} gets the connection requests to {where} and cannot answer: it looks by ARP for"
            f" {search.target}{gateway}, and nobody has that address.",
            "act": f"The server's side must act: correct the gateway, address or mask of {server}, or bring up"
            f" {search.target}.",
            "side": Side.SERVER,
            "advice": (f"On {server}: ip route; ip neigh show {search.target}", *finding.advice),
            "evidence": Evidence.of(
                (*finding.evidence.frames, *search.request_frames),
                f"({finding.evidence.display_filter}) || arp",
                (*finding.evidence.steps[:2], step),
            ),
        }
    )


def _unanswered(group: Group, accepted: Accepted, heard: set[str], waited_s: float) -> Finding:
    first, where = group[0], port_words(ports(group))
    client, server = first.client.address, first.server.address
    syns = [frame for c in group for frame in c.syn_frames]
    overcome, contrast = accepted.after(group[-1]), accepted.by_host.get(server)
    earlier = accepted.before(group[-1]) if len(ports(group)) == 1 else None
    dropped = ": the packets, or the answers to them, are dropped silently."
    if earlier:
        dropped = (
            ", though it had accepted one there before: either it takes no more (its queue of new connections, the"
            " backlog, is full), or the packets are dropped on the way."
        )
    other = None if earlier or overcome else accepted.of_others(group)
    whose = f" of {client}" if other else ""
    if other:
        dropped = f", though it accepts those of {other.client.address} there{dropped}"
    return Finding(
        id=f"tcp_syn_unanswered:{first.stream}",
        rule="tcp_syn_unanswered",
        severity=Severity.LOW if overcome else Severity.HIGH,
        confidence=Confidence.CERTAIN if contrast else Confidence.PROBABLE,
        side=Side.NETWORK if contrast and not earlier else Side.EITHER,
        title=f"{server} never answered the connection{whose} to {where}"
        + (" at first; a later attempt was answered." if overcome else dropped),
        act=_busy_act(server) if earlier else _unanswered_act(server, f"{where}{whose}", up=contrast is not None),
        measured={"attempts": len(group), "syns": len(syns), "waited_s": round(waited_s, 3)},
        evidence=Evidence.of(
            syns, port_filter(server, ports(group)), _unanswered_steps(group, accepted, heard, waited_s)
        ),
        scope=scope(group),
        advice=(
            *((f"On {server}: ss -ltn shows a full queue (Recv-Q at or above Send-Q).",) if earlier else ()),
            f"Look for a firewall or security group that drops {where} between {client} and {server}, and on {server}.",
            f"Record on {server} at the same time: tcpdump -ni any -w server.pcap host {client} and"
            f" port {first.server.port}",
            "If the SYN arrives there, the answer is lost on its way back; if it does not, it is lost on its way in.",
        ),
        limitations=("where the packets are dropped: a capture at the server shows it",),
    )


def _unanswered_steps(group: Group, accepted: Accepted, heard: set[str], waited_s: float) -> Iterator[Step]:
    first, server = group[0], group[0].server.address
    yield asked(first)
    again = [frame for c in group for frame in c.syn_frames][1:]
    text = f"it asks again, {count(len(again), 'time')}: no answer in {waited_s:.1f} s"
    yield Step(frames=tuple(again[:20]), text=text)
    contrast = accepted.by_host.get(server)
    if overcome := accepted.after(group[-1]):
        yield Step(frames=(overcome,), text="a later attempt is answered")
    elif len(ports(group)) == 1 and (earlier := accepted.before(group[-1])):
        yield Step(frames=(earlier,), text=f"{server} had accepted an earlier connection to the same port")
    elif (other := accepted.of_others(group)) and other.syn_ack_frame:
        text = f"{server} accepts {other.client.address} on the same port: only {first.client.address} is filtered"
        yield Step(frames=(other.syn_ack_frame,), text=text)
    elif contrast and contrast.syn_ack_frame:
        filtered = f"the host is up, so {port_words(ports(group))} is filtered"
        text = f"{server} answers on port {contrast.server.port}: {filtered}"
        yield Step(frames=(contrast.syn_ack_frame,), text=text)
    elif server not in heard:
        yield Step(frames=(), text=f"This capture holds no TCP packet from {server} at all.")


def _busy_act(server: str) -> str:
    return (
        f"Look at {server} first: whether its program still accepts connections, is overloaded, or has too many;"
        " then at"
        " what limits connections before it."
    )


def _unanswered_act(server: str, where: str, *, up: bool) -> str:
    if up:
        return f"Whoever runs the firewall before or on {server} must act: it has to let {where} through."
    return (
        f"Either {server} is down, or a firewall or route on the way drops the packets: check the server first,"
        " then the path."
    )
