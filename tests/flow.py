"""One TCP connection segment by segment, each with its own window, TTL and IP id where a test needs it."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from factories import ACK, CLIENT, PSH, SERVER, SYN, TCP, findings_of
from talk import Wire

from explainer import registry
from explainer.facts import Fact, Facts
from explainer.model import Finding

FactsOf = Callable[..., Facts]
_FAMILIES = ("capture_", "tcp_", "path_", "scan_", "address_", "udp_", "icmp_", "ike_")
_NEEDS = tuple(
    dict.fromkeys(need for entry in registry.rules if entry.id.startswith(_FAMILIES) for need in entry.needs)
)
"""What all rules about the capture, TCP, UDP, paths and addresses need: so each capture is dissected once."""
_SCALED = bytes([3, 3, 7, 0])  # the window scale option (RFC 7323), and one byte that ends the options


def found(rule: str, capture: Path | str, facts_of: FactsOf) -> list[Finding]:
    """Return what the rule finds in a capture."""
    entry = registry.rules.get(rule)
    assert entry is not None, f"there is no rule {rule}"
    needed = _NEEDS if rule.startswith(_FAMILIES) else entry.needs
    return findings_of(rule, facts_of(capture, *needed))


def applies(rule: str, capture: Path, facts_of: FactsOf) -> bool:
    """Return whether the capture holds what the rule looks at."""
    entry = registry.rules.get(rule)
    assert entry is not None, f"there is no rule {rule}"
    subject = entry.needs[0]
    assert isinstance(subject, Fact)
    return bool(facts_of(capture, *_NEEDS)[subject])


@dataclass
class Flow:
    """A connection between client and server; `send` moves its sender's sequence number on, `repeat` does not."""

    wire: Wire = field(default_factory=Wire)
    sport: int = 40000
    dport: int = 80
    client: str = CLIENT
    server: str = SERVER
    sequence: dict[bool, int] = field(default_factory=lambda: {True: 1000, False: 5000})
    number: dict[bool, int] = field(default_factory=lambda: {True: 100, False: 7000})

    def open(self, rtt_s: float = 0.0, *, scaled: bool = False) -> "Flow":
        """Shake hands, the server `rtt_s` away."""
        options = _SCALED if scaled else b""
        self.segment(True, SYN, options=options)
        self.wire.wait(rtt_s)
        self.segment(False, SYN | ACK, options=options)
        return self.ack(True)

    def wait(self, seconds: float) -> "Flow":
        """Let time pass."""
        self.wire.wait(seconds)
        return self

    def send(self, from_client: bool, data: bytes) -> "Flow":
        """Send new data."""
        return self.segment(from_client, PSH | ACK, data)

    def repeat(self, from_client: bool, data: bytes) -> "Flow":
        """Send the last data once more."""
        return self.segment(from_client, PSH | ACK, data, back=len(data))

    def lose(self, from_client: bool, data: bytes) -> "Flow":
        """Send data that the capture does not hold."""
        self.sequence[from_client] += len(data)
        self.number[from_client] += 1
        return self

    def ack(self, from_client: bool, *, window: int = 64240, behind: int = 0) -> "Flow":
        """Acknowledge what the other side sent, but for its last `behind` bytes."""
        return self.segment(from_client, ACK, window=window, behind=behind)

    def segment(
        self, from_client: bool, flags: int, data: bytes = b"", *, window: int = 64240, back: int = 0, behind: int = 0,
        options: bytes = b"", ttl: int | None = None, copies: int = 0, hops: int = 0, overtaken: int = 0,
    ) -> "Flow":  # fmt: skip
        """Send a segment, `back` bytes behind; the capture holds `copies` more of it, each `hops` further.

        One that was `overtaken` by so many segments before it has an IP id so much less: `lose` left it free.
        """
        seq = self.sequence[from_client] - back
        acknowledged = self.sequence[not from_client] - behind if flags & ACK else 0
        ports = (self.sport, self.dport) if from_client else (self.dport, self.sport)
        offset = (20 + len(options)) << 2
        head = struct.pack("!HHIIBBHHH", *ports, seq, acknowledged, offset, flags, window, 0, 0)
        source, target = (self.client, self.server) if from_client else (self.server, self.client)
        self.number[from_client] += not overtaken
        number = self.number[from_client] - overtaken
        for copy in range(copies + 1):
            packet = ipv4(source, target, head + options + data, ttl or 64 - copy * hops, number)
            self.wire.put(packet)
        if not back:
            self.sequence[from_client] += len(data) + (flags & SYN > 0) + (flags & 1)
        return self


def ipv4(source: str, target: str, payload: bytes, ttl: int = 64, number: int = 1, protocol: int = TCP) -> bytes:
    """Return an IPv4 packet with a TTL and an IP id."""
    addresses = b"".join(bytes(map(int, address.split("."))) for address in (source, target))
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number, 0, ttl, protocol, 0) + addresses + payload
