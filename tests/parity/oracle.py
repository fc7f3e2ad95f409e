"""Wireshark's own numbers for a capture: sharkd's taps (exact), and the text of tshark's `-z` taps and fields.

Both see the clean environment that the product gives to tshark. sharkd is asked because tshark rounds large byte
counts; nothing here is read from the product's own pass.
"""

import json
import math
import re
import select
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explainer.capture.tshark import Tshark, environment

LAYERS = {"eth": "Ethernet", "ip": "IPv4", "ipv6": "IPv6", "tcp": "TCP", "udp": "UDP"}
Row = tuple[Any, ...]
_TRUE = ("1", "True")  # tshark 4.0; newer ones
_FIELDS = ("tcp.stream", "tcp.flags.syn", "tcp.flags.ack", "tcp.analysis.initial_rtt", "tcp.analysis.ack_rtt")
_TEXT_TAPS = ("io,phs", "dests,tree", "ipv6_dests,tree", "expert")
_HIERARCHY = re.compile(r"^( *)(\S+) +frames:(\d+) bytes:(\d+)$", re.MULTILINE)
_TREE = re.compile(r"^( {1,3})(\S+) +(\d+) ", re.MULTILINE)
_ADDRESS = re.compile(r"\w+\.addr==(\S+)")
_PATIENCE_S = 60.0
_HALF_NS = 5e-10
_REPRESENTABLE_S = 9.2e9
_SEVERITY = re.compile(r"^(Errors|Warns|Notes|Chats|Comments) \(\d+\)$")
_EXPERT = re.compile(r"^ *(\d+) +(\S.*?) {2,}(\S+)  (.*)$")


@dataclass(frozen=True)
class Times:
    """When a conversation started and stopped, in seconds since the first frame: equal as far as floats tell."""

    start: float | None
    stop: float | None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Times) or self.start is None or self.stop is None:
            return isinstance(other, Times)
        mine, theirs = (self.start, self.stop), (other.start or 0.0, other.stop or 0.0)
        scale = max(map(abs, (*mine, *theirs)))
        # Beyond that, the file claims a time that nanoseconds in 64 bits cannot hold.
        near = max(_HALF_NS, 4 * math.ulp(scale))
        return scale > _REPRESENTABLE_S or all(abs(x - y) <= near for x, y in zip(mine, theirs, strict=True))

    def __hash__(self) -> int:
        return 0


class UnreadableError(Exception):
    """The capture cannot be read by Wireshark's own programs; the text says why."""


@dataclass(frozen=True)
class Rtt:
    """What tshark says of a TCP stream, in seconds: the first initial_rtt, and ack_rtt of the first SYN/ACK."""

    initial: float | None
    syn_ack: float | None


@dataclass(frozen=True)
class Text:
    """What one run of tshark prints: its taps, parsed, and round-trip times by stream."""

    hierarchy: list[Row]
    destinations: Counter[Row]
    expert: Counter[Row]
    rtt: dict[int, Rtt]
    damaged: bool


class Sharkd:
    """A running sharkd, asked over its standard input and output.

    It gives no answer at all about a file that ends in the middle of a packet: give it what editcap makes of that.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def taps(self, path: Path) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of every endpoint and conversation tap of a capture, by the tap's name.

        Raises:
            UnreadableError: sharkd cannot load it.
        """
        loaded = self._ask("load", {"file": str(path.absolute())})
        if "error" in loaded:
            raise UnreadableError(f"sharkd: {loaded['error']}")
        names = [f"{kind}:{layer}" for layer in LAYERS.values() for kind in ("endpt", "conv")]
        answer = self._ask("tap", {f"tap{number}": name for number, name in enumerate(names)})
        return {tap["tap"]: tap.get("hosts", tap.get("convs")) for tap in answer["result"]["taps"]}

    def _ask(self, method: str, parameters: dict[str, str]) -> dict[str, Any]:
        assert self._process.stdin is not None  # both were asked for
        assert self._process.stdout is not None
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], _PATIENCE_S)
        line = self._process.stdout.readline() if ready else ""
        if not line:
            self._process.kill()
            raise UnreadableError(f"sharkd ended (exit code {self._process.wait()})")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def sharkd(program: Path) -> Iterator[Sharkd]:
    """Yield a running sharkd."""
    with environment() as variables, subprocess.Popen(
        [program, "-"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables, text=True,
        errors="replace",
    ) as process:  # fmt: skip
        try:
            yield Sharkd(process)
        finally:
            process.kill()


def readable(program: Path, path: Path, copy: Path) -> Path:
    """Return a copy of the packets of a damaged capture up to the damage."""
    subprocess.run(
        [program, "-F", "pcapng", path, copy], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )  # it complains, and keeps what it has written
    return copy


def endpoints(taps: dict[str, list[dict[str, Any]]], layer: str) -> Counter[Row]:
    """Return address, port (TCP, UDP), packets and bytes, both as total, sent, received; how often each row stands."""
    return Counter(
        (
            _addresses(host)[0], *_port(host, "port"),
            host["txf"] + host["rxf"], host["txb"] + host["rxb"], host["txf"], host["txb"], host["rxf"], host["rxb"],
        )
        for host in taps[f"endpt:{LAYERS[layer]}"]
    )  # fmt: skip


def conversations(taps: dict[str, list[dict[str, Any]]], layer: str) -> Counter[Row]:
    """Return both sides, packets and bytes by way and in all, start and duration; how often each row stands."""
    return Counter(
        (
            _addresses(talk)[0], *_port(talk, "sport"), _addresses(talk)[-1], *_port(talk, "dport"),
            talk["txf"], talk["txb"], talk["rxf"], talk["rxb"], talk["txf"] + talk["rxf"], talk["txb"] + talk["rxb"],
            Times(talk["start"], talk["stop"]),
        )
        for talk in taps[f"conv:{LAYERS[layer]}"]
    )  # fmt: skip


def _addresses(row: dict[str, Any]) -> list[str]:
    """Return the addresses of a row from its filter: sharkd shows Ethernet addresses with their maker's name."""
    return _ADDRESS.findall(row["filter"])


def _port(row: dict[str, Any], name: str) -> tuple[int, ...]:
    return (int(row[name]),) if name in row else ()


def text(program: Tshark, path: Path) -> Text:
    """Return what tshark says of a capture in its own words.

    Raises:
        UnreadableError: tshark reads no frame of it.
    """
    fields = [word for field in _FIELDS for word in ("-e", field)]
    taps = [word for tap in _TEXT_TAPS for word in ("-z", tap)]
    # A visible tree would change what io,phs counts: the taps have a run of their own.
    printed = _run(program, path, "-q", *taps).stdout
    done = _run(program, path, "-T", "fields", *fields)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    if not rows:
        raise UnreadableError("tshark: " + (done.stderr.strip().splitlines() or ["no frame"])[-1])
    return Text(_hierarchy(printed), _destinations(printed), _expert(printed), _rtt(rows), done.returncode != 0)


def _run(program: Tshark, path: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    with environment() as variables:
        return subprocess.run(
            [program.path, "-n", "-r", str(path.absolute()), *arguments],
            capture_output=True, text=True, errors="replace", env=variables, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip


def _hierarchy(printed: str) -> list[Row]:
    return [
        (len(indent) // 2, name, int(frames), int(size)) for indent, name, frames, size in _HIERARCHY.findall(printed)
    ]


def _destinations(printed: str) -> Counter[Row]:
    """Return packets by address, transport and port, of both trees: a frame can stand in both (6in4)."""
    counted, path = Counter[Row](), [""] * 3
    for tree in re.findall(r"Destinations and Ports:\n(.*?\n)\n-", printed, re.DOTALL):
        for indent, item, count in _TREE.findall(tree):
            depth = len(indent)
            path[depth - 1] = item
            if depth == len(path):
                # The IPv6 tree writes NONE where the IPv4 tree writes none.
                counted[path[0], path[1].replace("NONE", "none"), int(path[2])] += int(count)
    return counted


def _expert(printed: str) -> Counter[Row]:
    """Return counts by severity (Errors, Warns, Notes, Chats, Comments), group, protocol and message."""
    counted, severity = Counter[Row](), ""
    for line in printed.split("\n"):  # splitlines() would also split at separators inside a message
        if heading := _SEVERITY.match(line):
            severity = heading[1]
        elif not line:
            severity = ""
        elif severity and (row := _EXPERT.match(line)):
            counted[severity, row[2], row[3], row[4]] += int(row[1])
    return counted


def _rtt(rows: Sequence[Sequence[str]]) -> dict[int, Rtt]:
    found = dict[int, Rtt]()
    for stream, syn, ack, initial, ack_rtt in rows:
        if not stream or "," in stream:
            continue
        known = found.setdefault(int(stream), Rtt(None, None))
        initial_rtt = float(initial) if initial and known.initial is None else known.initial
        syn_ack = known.syn_ack
        if syn in _TRUE and ack in _TRUE and ack_rtt and syn_ack is None:
            syn_ack = float(ack_rtt)
        found[int(stream)] = Rtt(initial_rtt, syn_ack)
    return found
