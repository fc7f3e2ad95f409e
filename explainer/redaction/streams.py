"""TCP put back into order, so that what it carries is rewritten as a whole, and written back to every segment.

A byte that was sent twice is rewritten once: a retransmission stays one. After a gap nothing is known of where a
message begins, so that a run of bytes begins anew there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from explainer.redaction.frame import Frame, Payload

_HALF, _WHOLE = 1 << 31, 1 << 32
_SYN = 0x02


@dataclass(frozen=True)
class Run:
    """Bytes of one direction without a gap: where each frame's part of them lies (offset, payload)."""

    data: bytes
    parts: tuple[tuple[int, Payload], ...]
    after_gap: bool


@dataclass(frozen=True)
class Direction:
    """What one side of a connection sent, in order, and whether it opened the connection, as far as that is known."""

    source: tuple[bytes, int]
    destination: tuple[bytes, int]
    runs: tuple[Run, ...]


def directions(payloads: Iterable[Payload], frames: Mapping[int, Frame]) -> list[Direction]:
    """Return both directions of each TCP connection, those of one connection side by side."""
    flows = dict[tuple[object, ...], list[Payload]]()
    for payload in payloads:
        flows.setdefault((payload.source, payload.destination), []).append(payload)
    return [
        Direction(own[0].source, own[0].destination, tuple(_runs(part, frames)))
        for own in flows.values()
        for part in _connections(own)
    ]


def _connections(payloads: list[Payload]) -> list[list[Payload]]:
    """Return the payloads of one flow by connection: far from the last sequence number, a port was used again."""
    found = list[list[Payload]]()
    for payload in payloads:
        last = found[-1][-1].sequence if found else None
        if last is None or _distance(last, payload.sequence) > 1 << 26:
            found.append([])
        found[-1].append(payload)
    return found


def _distance(one: int, other: int) -> int:
    return abs((other - one + _HALF) % _WHOLE - _HALF)


def _runs(payloads: Sequence[Payload], frames: Mapping[int, Frame]) -> list[Run]:
    first = payloads[0].sequence
    placed = sorted(
        (((p.sequence + bool(p.flags & _SYN) - first + _HALF) % _WHOLE - _HALF, place, p)
         for place, p in enumerate(payloads)),
        key=lambda one: one[:2],
    )  # fmt: skip
    runs = list[Run]()
    start, data, parts = 0, bytearray(), list[tuple[int, Payload]]()
    for at, _, payload in placed:
        held = frames[payload.frame].data[payload.start : payload.end]
        if parts and at > start + len(data):
            runs.append(Run(bytes(data), tuple(parts), bool(runs)))
            data, parts = bytearray(), []
        if not parts:
            start = at
        parts.append((at - start, payload))
        data += held[max(0, start + len(data) - at) :]
    runs.append(Run(bytes(data), tuple(parts), bool(runs)))
    return runs


def put_back(run: Run, rewritten: bytes, frames: Mapping[int, Frame]) -> None:
    """Write a run's new bytes into its frames."""
    assert len(rewritten) == len(run.data)  # or all that follows would be shifted
    for offset, payload in run.parts:
        size = payload.end - payload.start
        frames[payload.frame].out[payload.start : payload.end] = rewritten[offset : offset + size]
