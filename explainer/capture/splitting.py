"""Which frames of a capture one tshark dissects, and which another: those of different pairs of hosts. Pure."""

from array import array
from collections import Counter
from dataclasses import dataclass

from explainer.capture.pairs import NestedError, Pairs
from explainer.capture.records import Records

_PACKET_COST = 600
"""What a packet costs beside its bytes, in bytes."""
_FULLEST = 0.65
"""The largest share of one part: beyond, splitting is hardly worth another start of tshark."""


@dataclass(frozen=True)
class Split:
    """The frames (from 1, ascending) of each part, and how many IP headers were read of each packet in file order."""

    parts: "tuple[array[int], ...]"
    headers: "array[int]"


def split(records: Records, parts: int) -> Split | None:
    """Return the capture in so many parts, None where it does not fall into such."""
    pairs, numbers, headers = Pairs(), array("I"), array("B")
    try:
        for start, size, head, link in zip(records.starts, records.sizes, records.heads, records.links, strict=True):
            before = pairs.headers
            numbers.append(pairs.of_packet(records.data, start + head, start + size, link))
            headers.append(min(pairs.headers - before, 255))
    except NestedError:
        return None
    roots = [pairs.root(number) for number in range(len(pairs))]
    weights = Counter[int]()
    for number, size in zip(numbers, records.sizes, strict=True):
        weights[roots[number]] += size + _PACKET_COST
    part_of = _balanced(weights, parts)
    if part_of is None:
        return None
    found = tuple(array("I") for _ in range(parts))
    for frame, number in enumerate(numbers, 1):
        found[part_of[roots[number]]].append(frame)
    return Split(found, headers)


def _balanced(weights: Counter[int], parts: int) -> dict[int, int] | None:
    """Return the part of each group, the heaviest to where least is; None where one part would hold nearly all."""
    loads, part_of = [0] * parts, dict[int, int]()
    for number, weight in weights.most_common():
        part = loads.index(min(loads))
        part_of[number] = part
        loads[part] += weight
    return part_of if max(loads) <= sum(loads) * _FULLEST else None
