"""Which frames prove what was found: those that are cited and their conversations, and more where that is too little.

Pure. A rule may compare, count, or draw on the end of the capture, so that what is cited does not always suffice.
"""

from collections.abc import Iterable, Iterator

from explainer.model import Analysis, Answer
from explainer.protocols.frame_index import FrameIndex, Sight

MOST_FRAMES = 10_000
"""More is no evidence, but a capture."""
_SMALL, _HANDSHAKE, _AROUND = 1_000, 12, 3
_MOST_READ = 1_000_000


def cited(analysis: Analysis, answers: Iterable[Answer]) -> dict[int, tuple[str, ...]]:
    """Return the frames that findings and answers cite, each with what is said of it."""
    said = dict[int, list[str]]()
    for finding in analysis.findings:
        if finding.explained_by:
            continue
        for frame in finding.evidence.frames:
            said.setdefault(frame, []).append(f"{finding.id}: {finding.title}")
        for step in finding.evidence.steps:
            for frame in step.frames:
                said.setdefault(frame, []).append(step.text)
    for answer in answers:
        for claim in (*answer.claims, *answer.found, *answer.also):
            for frame in claim.frames:
                said.setdefault(frame, []).append(claim.text)
    return {frame: tuple(dict.fromkeys(texts)) for frame, texts in sorted(said.items())}


def choices(marked: Iterable[int], index: FrameIndex) -> Iterator[frozenset[int]]:
    """Yield what may serve as evidence, from little to much, each choice within the bound.

    First the frames that are cited, with their conversations (of long ones the handshake and what is near); then all
    that these hosts say; then everything.
    """
    frames = [number for number in marked if number in index]
    if frames:
        talks = _conversations(frames, index)
        yield _bounded(talks, frames)
        hosts = frozenset[str]().union(*(_sight(index, number).addresses for number in frames))
        yield _bounded((n for n in index.numbers if _sight(index, n).addresses & hosts), [*frames, *talks])
    yield _bounded(index.numbers, frames)


def _conversations(frames: Iterable[int], index: FrameIndex) -> list[int]:
    found = dict[int, None]()
    streams = dict[str, list[int]]()
    for number in frames:
        found[number] = None
        if stream := _sight(index, number).stream:
            streams.setdefault(stream, []).append(number)
    for stream, own in streams.items():
        held = [sight.frame for sight in index.of_stream(stream, _MOST_READ)]
        found.update(dict.fromkeys(held if len(held) <= _SMALL else _nearby(held, own)))
    return list(found)


def _nearby(held: list[int], own: Iterable[int]) -> list[int]:
    places = {place for place, frame in enumerate(held) if frame in set(own)}
    near = {place + step for place in places for step in range(-_AROUND, _AROUND + 1)}
    return [frame for place, frame in enumerate(held) if place in near or place < _HANDSHAKE]


def _bounded(frames: Iterable[int], first: Iterable[int]) -> frozenset[int]:
    chosen = dict.fromkeys(first)
    for frame in frames:
        if len(chosen) >= MOST_FRAMES:
            break
        chosen[frame] = None
    return frozenset(chosen)


def _sight(index: FrameIndex, frame: int) -> Sight:
    found = index.get(frame)
    assert found is not None  # the caller has looked
    return found
