"""Sessions of application protocols, byte by byte: what each side says over one TCP connection or in datagrams."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from factories import CLIENT, SERVER, UDP, KnownFacts, datagram, ethernet, findings_of, ip, pcap
from talk import Talk, Wire

from explainer import registry
from explainer.facts import Facts
from explainer.model import Finding
from explainer.protocols.applications import Kind, Login, Reply, Sign, logins, replies, signs
from explainer.protocols.tcp import Connection, Endpoint, connections

FactsOf = Callable[..., Facts]
Said = tuple[bool, bytes]


def asks(*words: str) -> Said:
    return True, (" ".join(words) + "\r\n").encode()


def says(text: str) -> Said:
    return False, (text + "\r\n").encode()


def session(path: Path, port: int, *said: Said, sport: int = 40000) -> Path:
    """Write a connection to the port; its first frame with data is number 4, and each is acknowledged by the next."""
    wire = Wire()
    talk(wire, port, *said, sport=sport)
    return wire.save(path)


def talk(wire: Wire, port: int, *said: Said, sport: int = 40000, server: str = SERVER) -> None:
    conversation = Talk(wire, sport=sport, dport=port, server=server).open()
    for from_client, data in said:
        (conversation.say if from_client else conversation.answer)(data, acked=False)


def datagrams(path: Path, port: int, *said: Said, server: str = SERVER) -> Path:
    def packet(from_client: bool, data: bytes) -> bytes:
        ends, ports = ((CLIENT, server), (40000, port)) if from_client else ((server, CLIENT), (port, 40000))
        return ethernet(ip(*ends, UDP, datagram(*ports, data)))

    return pcap(path, [packet(*each) for each in said])


def reply(protocol: str, code: str = "", frame: int = 10, **overrides: Any) -> Reply:
    """Return a refused login of nobody in particular."""
    values: dict[str, Any] = {
        "protocol": protocol, "kind": Kind.LOGIN, "stream": 0, "client": Endpoint(CLIENT, 40000),
        "server": Endpoint(SERVER, 25), "request_frame": frame - 1, "frame": frame, "request": "login", "about": "",
        "code": code, "text": "", "ok": False,
    }  # fmt: skip
    return Reply(**values | overrides)


def known(*records: Reply | Login | Sign, below: Sequence[Connection] = ()) -> KnownFacts:
    return KnownFacts(
        {
            connections: tuple(below),
            replies: tuple(r for r in records if isinstance(r, Reply)),
            logins: tuple(r for r in records if isinstance(r, Login)),
            signs: tuple(r for r in records if isinstance(r, Sign)),
        }
    )


def found(rule: str, *records: Reply | Login | Sign, below: Sequence[Connection] = ()) -> list[Finding]:
    return findings_of(rule, known(*records, below=below))


def found_in(rule: str, facts_of: FactsOf, capture: Path) -> Sequence[Finding]:
    """Return what the rule finds in a capture, as tshark dissects it."""
    entry = registry.rules.get(rule)
    assert entry is not None
    return findings_of(rule, facts_of(capture, *entry.needs))
