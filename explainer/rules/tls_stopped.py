"""What the rules about handshakes that stopped without a word share: grouping, hints, and what worked beside them."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from explainer.facts import Facts, fact
from explainer.model import Finding, Severity, Step
from explainer.protocols.tcp import Endpoint
from explainer.protocols.tls import Ending, Handshake, Outcome, endings
from explainer.protocols.tls import names as tls_names
from explainer.protocols.tls.carriage import Carriage, carriages
from explainer.rules.tls_case import Told, Verdict, end_step, finding, grouped

AREA = "the answers to ClientHellos"
NO_REASON = "why: neither side says so in the capture; the server's log may"
_OLD = 0x0302  # TLS 1.1, which RFC 8996 forbids
FIRST_MESSAGE = "the client's first TLS message (ClientHello)"
# Registered for the protocol in clear (IANA's service names), with the port for the same under TLS.
_PLAIN_PORTS = {
    21: ("FTP", 990), 22: ("SSH", 0), 23: ("Telnet", 992), 25: ("SMTP", 465), 80: ("HTTP", 443), 110: ("POP3", 995),
    143: ("IMAP", 993), 389: ("LDAP", 636), 587: ("SMTP", 465), 1883: ("MQTT", 8883), 2181: ("ZooKeeper", 0),
    3306: ("MySQL", 0), 5060: ("SIP", 5061), 5432: ("PostgreSQL", 0), 5672: ("AMQP", 5671), 6379: ("Redis", 0),
    8080: ("HTTP", 8443), 11211: ("memcached", 0), 27017: ("MongoDB", 0),
}  # fmt: skip
Case = Carriage
Group = Sequence[Case]


@dataclass(frozen=True)
class Answered:
    """The handshakes that servers answered: by server and client address; by server and name, one of each client."""

    of_client: dict[tuple[Endpoint, str], list[Handshake]] = field(default_factory=lambda: defaultdict(list))
    of_name: dict[tuple[Endpoint, str], dict[str, Handshake]] = field(default_factory=lambda: defaultdict(dict))


@fact("answered TLS handshakes", endings)
def answered(facts: Facts) -> Answered:
    """Return the handshakes with a ServerHello whose server did not fall silent, in file order."""
    found = Answered()
    for ending in facts[endings]:
        handshake = ending.handshake
        if handshake.server_hello is None or ending.outcome in (Outcome.SILENCE, Outcome.FLIGHT_LOST):
            continue
        found.of_client[handshake.server, handshake.client.address].append(handshake)
        found.of_name[handshake.server, handshake.server_name].setdefault(handshake.client.address, handshake)
    return found


def stopped(
    facts: Facts,
    outcome: Outcome,
    fits: Callable[[Case], bool] = lambda case: True,
    key: Callable[[Case], Hashable] = lambda case: None,
) -> Iterator[list[Case]]:
    """Yield the handshakes that ended so and fit, grouped by client address, server and key."""
    cases = {c.ending.handshake.stream: c for c in facts[carriages] if c.ending.outcome is outcome and fits(c)}
    for group in grouped((c.ending for c in cases.values()), lambda ending: key(cases[ending.handshake.stream])):
        yield [cases[ending.handshake.stream] for ending in group]


def told(facts: Facts, group: Group, verdict: Verdict, steps: Sequence[Step]) -> Finding:
    """Return the finding about a group: the steps of its first case, and what the same server answered beside it."""
    cases, others = [case.ending for case in group], facts[answered]
    decided = tuple(frame for step in steps for frame in step.frames)

    def tell(ending: Ending) -> Told:
        if ending is cases[0]:
            return Told((*steps, *_contrast(cases, others)), decided)
        return Told((end_step(ending),))

    return finding(cases, verdict, tell)


def severity(facts: Facts, group: Group, lasting: Severity = Severity.HIGH) -> Severity:
    """Return low where a later ClientHello of the same client to the same server, for the same name, was answered."""
    cases, last = [case.ending for case in group], group[-1].ending.handshake
    names = _names(cases)
    later = facts[answered].of_client.get((last.server, last.client.address), [])
    overcome = any(h.server_name in names and h.stream > last.stream for h in later)
    return Severity.LOW if overcome else lasting


def plain_port(case: Case) -> str:
    """Return, as a further sentence, that the port is usually one without TLS; nothing for other ports."""
    port = case.ending.handshake.server.port
    protocol, secure = _PLAIN_PORTS.get(port, ("", 0))
    beside = f" (with TLS: port {secure})" if secure else ""
    said = f" Port {port} is usually that of {protocol} without TLS{beside}: probably no TLS is spoken there."
    return said if protocol else ""


def hints(case: Case) -> str:
    """Return what may be a reason, and cannot be known to be one: an old offer, a ClientHello in several packets."""
    hello, found = case.ending.handshake.client_hello, []
    if hello is not None and 0 < hello.newest <= _OLD:
        newest = tls_names.version(hello.newest)
        found.append(f"The client offers nothing newer than {newest}, which many servers refuse: a possible reason.")
    if case.hello_segments > 1:
        size = f"{case.hello_segments} packets ({case.hello_bytes} bytes)"
        found.append(f"The ClientHello takes {size}, which some firewalls and servers fail on: a possible reason.")
    return " ".join(found)


def _contrast(cases: Sequence[Ending], others: Answered) -> Iterator[Step]:
    """Yield what the same server answered: this client at another time, or asking for another name; other clients."""
    first, names = cases[0].handshake, _names(cases)
    failing = {ending.handshake.stream for ending in cases}
    client = first.client.address
    own = [h for h in others.of_client.get((first.server, client), []) if h.stream not in failing]
    again = next((h for h in own if h.server_name in names), None)
    named = next((h for h in own if h.server_name not in names), None)
    theirs = (h for name in sorted(names) for h in others.of_name.get((first.server, name), {}).values())
    other = next((h for h in theirs if h.client.address != client), None)
    if again:
        yield _step(again, "the same server answers this client at another time: it does not fail every time")
    elif named:
        asked = f"asks for {named.server_name}" if named.server_name else "names no host"
        yield _step(named, f"the same server answers this client when it {asked}: the name may decide")
    if other:
        yield _step(other, f"the same server answers another client, {other.client.address}: it may depend on who asks")


def _names(cases: Iterable[Ending]) -> set[str]:
    return {ending.handshake.server_name for ending in cases}


def _step(handshake: Handshake, text: str) -> Step:
    assert handshake.server_hello is not None  # the answered ones have one
    return Step(frames=(handshake.server_hello.frame,), text=text)
