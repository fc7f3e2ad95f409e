"""What tests are made of: records with sensible defaults, captures written byte by byte, and tshark as the oracle."""

import ipaddress
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from explainer import registry
from explainer.facts import Fact, Facts, Given, Need
from explainer.frame_table import FrameTable
from explainer.model import CaptureInfo, Confidence, Evidence, Finding, Severity, Side
from explainer.protocols import (
    arp,
    capture_quality,
    dns,
    frame,
    icmp,
    probes,
    tcp,
    tcp_signed,
    tcp_strays,
    tls,
    udp_conversations,
    x509,
)
from explainer.protocols import ip as ip_facts
from explainer.protocols.dns import Lookup
from explainer.protocols.icmp import Unreachable
from explainer.protocols.tcp import Connection, Endpoint
from explainer.protocols.x509 import Certificate

EVERYTHING: tuple[Need, ...] = (
    ip_facts.packets, tcp.segments, tcp.connections, udp_conversations.conversations, tls.handshakes, tls.endings,
    icmp.unreachable, frame.last_ns,
)  # fmt: skip
"""All facts that tests look at: asked for together, so that each capture is dissected once."""

SECOND = 1_000_000_000
START_NS = 1_700_000_000 * SECOND
START = datetime.fromtimestamp(START_NS // SECOND, UTC)
CLIENT, SERVER = "192.0.2.10", "198.51.100.20"
FRAMES_APART = 100
"""The records of stream n begin at frame 100 n + 1 and second n, so that no two streams share a frame."""


def first_frame(stream: int) -> int:
    return FRAMES_APART * stream + 1


def start_ns(stream: int) -> int:
    return START_NS + SECOND * stream


def connection(stream: int = 0, **overrides: Any) -> Connection:
    """Return an accepted connection: SYN, SYN/ACK, ACK."""
    first, start = first_frame(stream), start_ns(stream)
    values: dict[str, Any] = {
        "stream": stream, "client": Endpoint(CLIENT, 40000 + stream % 20000), "server": Endpoint(SERVER, 443),
        "frames": 3, "first_frame": first, "last_frame": first + 2, "first_ns": start, "last_ns": start + 2_000_000,
        "syn_frames": (first,), "syn_ns": (start,), "syn_ack_frame": first + 1, "ack_frame": first + 2,
        "client_frames": 2, "server_frames": 1, "client_payload": 0, "server_payload": 0,
        "client_resets": (), "server_resets": (), "server_reset_ns": None, "client_ends": (), "server_ends": (),
        "retransmissions": 0, "lost_segments": 0, "syn_ack_rtt_ms": 1.0, "initial_rtt_ms": 2.0,
    }  # fmt: skip
    return Connection(**values | overrides)


def refused(stream: int = 0, **overrides: Any) -> Connection:
    """Return a connection whose SYN is answered with a reset after one millisecond."""
    first, start = first_frame(stream), start_ns(stream)
    values: dict[str, Any] = {
        "frames": 2, "last_frame": first + 1, "last_ns": start + 1_000_000, "syn_ack_frame": None, "ack_frame": None,
        "client_frames": 1, "server_frames": 1, "server_resets": (first + 1,), "server_reset_ns": start + 1_000_000,
        "syn_ack_rtt_ms": None, "initial_rtt_ms": None,
    }  # fmt: skip
    return connection(stream, **values | overrides)


def unanswered(stream: int = 0, syns: int = 3, **overrides: Any) -> Connection:
    """Return a connection whose SYN goes out `syns` times, a second apart, and nothing comes back."""
    first, start = first_frame(stream), start_ns(stream)
    times = tuple(start + n * SECOND for n in range(syns))
    values: dict[str, Any] = {
        "frames": syns, "last_frame": first + syns - 1, "last_ns": times[-1],
        "syn_frames": tuple(range(first, first + syns)), "syn_ns": times, "syn_ack_frame": None, "ack_frame": None,
        "client_frames": syns, "server_frames": 0, "syn_ack_rtt_ms": None, "initial_rtt_ms": None,
    }  # fmt: skip
    return connection(stream, **values | overrides)


def unreachable(about: Connection, **overrides: Any) -> Unreachable:
    """Return a router's "administratively prohibited" about the connection's SYN."""
    v6 = ":" in about.server.address
    values: dict[str, Any] = {
        "frame": about.first_frame + 50, "sender": "2001:db8::1" if v6 else "192.0.2.1", "version": 6 if v6 else 4,
        "code": 1 if v6 else 13, "source": about.client, "destination": about.server,
    }  # fmt: skip
    return Unreachable(**values | overrides)


class KnownFacts(Facts):
    """Facts whose values the test sets; what a rule did not declare is refused as in earnest."""

    def __init__(
        self,
        values: Mapping[Fact[Any], Any],
        taps: Mapping[str, str] | None = None,
        given: Mapping[Given, bytes] | None = None,
    ) -> None:
        super().__init__(FrameTable.of(pl.DataFrame()), taps or {}, given=given)
        for known, value in values.items():
            self._made[known] = value


def dense(frames: FrameTable) -> pl.DataFrame:
    """Return a frame table with a place for every value."""
    return frames.select(frames.names)


def facts(
    connections: Iterable[Connection] = (),
    errors: Iterable[Unreachable] = (),
    last_ns: int | None = None,
    lookups: Iterable[Lookup] = (),
    one_way: Iterable[str] = (),
) -> Facts:
    """Return facts of these records, without segments; the capture ends a minute after its last connection."""
    connections = tuple(connections)
    end = max((c.last_ns for c in connections), default=START_NS) + 60 * SECOND if last_ns is None else last_ns
    return KnownFacts(
        {
            probes.tcp_probes: (),
            tcp.connections: connections,
            tcp_signed.unanswered_pairs: (),
            tcp_strays.strays: (),
            tcp.segments: pl.DataFrame(
                schema={"stream": pl.Int64, "from_client": pl.Boolean, "ack_rtt_ms": pl.Float64}
            ),
            icmp.unreachable: tuple(errors),
            arp.resolutions: (),
            dns.lookups: tuple(lookups),
            frame.last_ns: end,
            capture_quality.one_way_hosts: frozenset(one_way),
        }
    )


def findings_of(rule_id: str, known: Facts) -> list[Finding]:
    """Return what the registered rule finds, of the facts that it declares."""
    entry = registry.rules.get(rule_id)
    assert entry is not None, f"there is no rule {rule_id}"
    return list(entry.check(known.limited_to(entry.needs)))


def finding(finding_id: str = "some_rule:1", frames: Sequence[int] = (1,), **overrides: Any) -> Finding:
    values: dict[str, Any] = {
        "id": finding_id, "rule": finding_id.partition(":")[0], "severity": Severity.HIGH,
        "confidence": Confidence.CERTAIN, "side": Side.SERVER, "title": "Something is wrong.", "act": "Mend it.",
        "evidence": Evidence.of(frames, "tcp.stream == 0"),
    }  # fmt: skip
    return Finding(**values | overrides)


def capture_info(**overrides: Any) -> CaptureInfo:
    values: dict[str, Any] = {
        "file": "some.pcapng", "sha256": "0" * 64, "bytes": 1000, "format": "pcapng", "link_types": ("Ethernet",),
        "frames": 10, "first": START, "last": START + timedelta(seconds=1), "duration_s": 1.0, "snap_length": None,
        "cut_frames": 0, "interfaces": (), "tshark_version": "4.0.0",
    }  # fmt: skip
    return CaptureInfo(**values | overrides)


# Packets. Checksums stay zero, which tshark does not verify unless told to.

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
ICMP, IPIP, TCP, UDP, IPV6_IN, GRE, ICMPV6 = 1, 4, 6, 17, 41, 47, 58


def ethernet(payload: bytes, *, vlan: int | None = None) -> bytes:
    kind = 0x86DD if payload[0] >> 4 == 6 else 0x0800
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    return bytes.fromhex("020000000002020000000001") + tag + struct.pack("!H", kind) + payload


def ip(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    """Return an IPv4 or IPv6 packet, as the addresses are."""
    pair = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    if ":" in source:
        return struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + pair + payload
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + pair + payload


def segment(sport: int, dport: int, flags: int, seq: int = 0, ack: int = 0, payload: bytes = b"") -> bytes:
    return struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 64240, 0, 0) + payload


def datagram(sport: int, dport: int, payload: bytes = b"") -> bytes:
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def icmp_error(kind: int, code: int, quoted: bytes) -> bytes:
    return struct.pack("!BBHI", kind, code, 0, 0) + quoted


def gre(payload: bytes) -> bytes:
    return struct.pack("!HH", 0, 0x86DD if payload[0] >> 4 == 6 else 0x0800) + payload


def pcap(path: Path, packets: Sequence[bytes], *, snap: int = 65535, step_ns: int = 1_000_000) -> Path:
    """Write the Ethernet frames, a step apart, as a capture with nanoseconds; frames longer than `snap` are cut."""
    parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snap, 1)]
    for index, packet in enumerate(packets):
        seconds, nanoseconds = divmod(START_NS + index * step_ns, SECOND)
        stored = packet[:snap]
        parts.append(struct.pack("<IIII", seconds, nanoseconds, len(stored), len(packet)) + stored)
    path.write_bytes(b"".join(parts))
    return path


def vxlan(payload: bytes) -> bytes:
    """Return the datagram that carries an Ethernet frame (RFC 7348)."""
    return datagram(50000, 4789, struct.pack("!II", 8 << 24, 7 << 8) + payload)


def tls_hello() -> bytes:
    """Return a ClientHello record with GREASE (RFC 8701) among its suites, extensions and versions."""
    suites = bytes.fromhex("3a3a1301c02f00ff")
    extensions = bytes.fromhex("6a6a0000" + "002b0007" + "06dada03040303")
    body = b"\x03\x03" + bytes(32) + b"\x00" + len(suites).to_bytes(2, "big") + suites + b"\x01\x00"
    body += len(extensions).to_bytes(2, "big") + extensions
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message


def tls_alert(level: int, code: int) -> bytes:
    return bytes([0x15, 3, 3, 0, 2, level, code])


_PLAIN = ip(CLIENT, SERVER, TCP, segment(40000, 443, SYN))
_PLAIN_V6 = ip("2001:db8::10", "2001:db8::20", TCP, segment(40000, 443, SYN))
_QUERY = ip(CLIENT, SERVER, UDP, datagram(5000, 6000, b"query"))
_REJECTION = ip("192.0.2.1", CLIENT, ICMP, icmp_error(3, 13, _PLAIN))

ODDITIES: dict[str, list[bytes]] = {
    "plain": [ethernet(_PLAIN)],
    "vlan": [ethernet(_PLAIN, vlan=7)],
    "gre": [ethernet(ip("10.0.0.1", "10.0.0.2", GRE, gre(_PLAIN)))],
    "gre_v6": [ethernet(ip("10.0.0.1", "10.0.0.2", GRE, gre(_PLAIN_V6)))],
    "ip_in_ip": [ethernet(ip("10.0.0.1", "10.0.0.2", IPIP, _PLAIN))],
    "6in4": [ethernet(ip("10.0.0.1", "10.0.0.2", IPV6_IN, _PLAIN_V6))],
    "4in6": [ethernet(ip("2001:db8::1", "2001:db8::2", IPIP, _PLAIN))],
    "icmp": [ethernet(_REJECTION)],
    "icmp_quotes_udp": [ethernet(ip("192.0.2.1", CLIENT, ICMP, icmp_error(3, 3, _QUERY)))],
    "icmp_time_exceeded": [ethernet(ip("192.0.2.1", CLIENT, ICMP, icmp_error(11, 0, _PLAIN)))],
    "icmp_quotes_gre": [
        ethernet(ip("192.0.2.1", "10.0.0.1", ICMP, icmp_error(3, 1, ip("10.0.0.1", "10.0.0.2", GRE, gre(_PLAIN)))))
    ],
    "icmp_in_gre": [ethernet(ip("10.0.0.1", "10.0.0.2", GRE, gre(_REJECTION)))],
    # RFC 792 asks for no more than 8 bytes of what is quoted: the ports and the sequence number.
    "icmp_quotes_8_bytes": [ethernet(ip("192.0.2.1", CLIENT, ICMP, icmp_error(3, 13, _PLAIN[:28])))],
    "icmp_damaged": [ethernet(ip("192.0.2.1", CLIENT, ICMP, icmp_error(3, 13, _PLAIN[:22])))],
    "icmpv6": [ethernet(ip("2001:db8::1", "2001:db8::10", ICMPV6, icmp_error(1, 4, _PLAIN_V6)))],
    "icmpv6_damaged": [ethernet(ip("2001:db8::1", "2001:db8::10", ICMPV6, icmp_error(1, 4, _PLAIN_V6[:42])))],
    "vxlan": [ethernet(ip("10.0.0.1", "10.0.0.2", UDP, vxlan(ethernet(_PLAIN))))],
}
"""Captures of one packet each, in which addresses or ports appear more than once, or in unusual places."""

INNERMOST = {
    "plain": (CLIENT, SERVER, 1),
    "vlan": (CLIENT, SERVER, 1),
    "gre": (CLIENT, SERVER, 2),
    "gre_v6": ("2001:db8::10", "2001:db8::20", 2),
    "ip_in_ip": (CLIENT, SERVER, 2),
    "6in4": ("2001:db8::10", "2001:db8::20", 2),
    "4in6": (CLIENT, SERVER, 2),
    "icmp": ("192.0.2.1", CLIENT, 1),
    "icmp_quotes_udp": ("192.0.2.1", CLIENT, 1),
    "icmp_time_exceeded": ("192.0.2.1", CLIENT, 1),
    "icmp_quotes_gre": ("192.0.2.1", "10.0.0.1", 1),
    "icmp_in_gre": ("192.0.2.1", CLIENT, 2),
    "icmp_quotes_8_bytes": ("192.0.2.1", CLIENT, 1),
    "icmp_damaged": ("192.0.2.1", CLIENT, 1),
    "icmpv6": ("2001:db8::1", "2001:db8::10", 1),
    "icmpv6_damaged": ("2001:db8::1", "2001:db8::10", 1),
    "vxlan": (CLIENT, SERVER, 2),
}
"""Of each oddity: the sender and receiver of the innermost packet that is its own, and its own IP headers."""


# The oracle.


@cache
def tshark(capture: Path, *arguments: str) -> str:
    """Return what tshark prints about the capture, with an empty profile."""
    program = shutil.which("tshark")
    assert program is not None, "tshark is not installed"
    with tempfile.TemporaryDirectory() as home:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        done = subprocess.run(
            [program, "-n", "-r", capture, *arguments],
            capture_output=True, check=False, stdin=subprocess.DEVNULL,
            env=kept | {"HOME": home, "WIRESHARK_CONFIG_DIR": home, "LC_ALL": "C", "TZ": "UTC"},
        )  # fmt: skip
    complaint = done.stderr.decode("utf-8", "replace")
    # A file that was cut short is read up to there, and ends with 2.
    assert done.returncode == 0 or "cut short" in complaint, complaint
    return done.stdout.decode("utf-8", "replace")


@cache
def matching(capture: Path, display_filter: str) -> frozenset[int]:
    """Return the numbers of the frames that the display filter matches."""
    lines = tshark(capture, "-Y", display_filter, "-T", "fields", "-e", "frame.number").split()
    return frozenset(map(int, lines))


_FIELDS = (
    "frame.number", "frame.len", "ip.src", "ip.dst", "ipv6.src", "tcp.stream", "tcp.srcport",
    "tcp.dstport", "tcp.len", "tcp.flags", "tcp.analysis.initial_rtt", "tcp.analysis.ack_rtt", "icmp.type",
    "icmp.code", "icmpv6.type", "tls.handshake.type", "tls.handshake.ciphersuite", "tls.alert_message.desc",
    "tls.handshake.extensions_server_name",
)  # fmt: skip


def rows(capture: Path) -> list[dict[str, str]]:
    """Return some fields of each frame, as text; where a frame has one several times, separated by commas."""
    asked = [word for field in _FIELDS for word in ("-e", field)]
    return [
        dict(zip(_FIELDS, line.split("\t"), strict=True)) for line in _lines(tshark(capture, "-T", "fields", *asked))
    ]


def segment_rows(capture: Path) -> list[dict[str, str]]:
    """Return the rows of TCP segments, without those that ICMP errors quote."""
    return [row for row in rows(capture) if row["tcp.stream"] and not row["icmp.type"] and not row["icmpv6.type"]]


def _lines(text: str) -> list[str]:
    # Not splitlines(): names in a capture may hold any of its other separators.
    return text.removesuffix("\n").split("\n")


def _table(capture: Path, headline: str) -> list[str]:
    """Return the lines of one of Wireshark's statistics, below its headline."""
    taps = ("conv,tcp", "conv,udp", "io,phs", "dests,tree", "ipv6_dests,tree")
    text = tshark(capture, "-q", *(word for tap in taps for word in ("-z", tap)))
    blocks = (block.strip("\n") for block in re.split(r"^=+$", text, flags=re.MULTILINE))
    # tshark 4.4 writes "IPv4 Statistics / Destinations", 4.0 "IPv4 Statistics/Destinations".
    return next(block for block in blocks if block.replace(" / ", "/").startswith(headline)).splitlines()


def plainly(endpoint: Endpoint) -> str:
    """Return the endpoint as Wireshark's conversations write it: without brackets."""
    return f"{endpoint.address}:{endpoint.port}"


def conversations(capture: Path, protocol: str) -> list[tuple[frozenset[str], int]]:
    """Return the conversations of `-z conv,tcp` or `conv,udp`: between which endpoints, and how many frames."""
    found = list[tuple[frozenset[str], int]]()
    for line in _table(capture, f"{protocol.upper()} Conversations"):
        words = line.split()
        if "<->" in words:
            # A, "<->", B, then frames and bytes ("92 bytes", "25 kB") there, back and in total.
            found.append((frozenset((words[0], words[2])), int(words[9])))
    return found


def destination_tree(capture: Path, version: int) -> dict[tuple[str, ...], int]:
    """Return the packets of `-z dests,tree` or `-z ipv6_dests,tree` by address, transport and port."""
    counts, path = dict[tuple[str, ...], int](), list[str]()
    for line in _table(capture, f"IPv{version} Statistics/Destinations and Ports"):
        indent, words = len(line) - len(line.lstrip()), line.split()
        if indent and len(words) > 1 and words[1].isdigit():
            path[indent - 1 :] = [words[0]]
            counts[tuple(path)] = int(words[1])
    return {path: count for path, count in counts.items() if len(path) == len(("address", "transport", "port"))}


def hierarchy(capture: Path) -> list[tuple[str, int, int]]:
    """Return path, frames and bytes of each line of `-z io,phs`."""
    found, path = list[tuple[str, int, int]](), list[tuple[int, str]]()
    for line in _table(capture, "Protocol Hierarchy Statistics"):
        words = line.split()
        if len(words) > 2 and words[-1].startswith("bytes:"):
            indent = len(line) - len(line.lstrip())
            path = [(depth, name) for depth, name in path if depth < indent] + [(indent, words[0])]
            counts = [int(word.partition(":")[2]) for word in words[-2:]]
            found.append(("/".join(name for _, name in path), counts[0], counts[1]))
    return found


def parsed(der_hex: str) -> Certificate:
    """Return the certificate of these bytes, which must be readable."""
    found = x509.parse(der_hex)
    if found is None:
        pytest.fail("the certificate was not parsed")
    return found
