"""The conversation that decides: that of the worst finding's failing step, as a ladder diagram shows it."""

import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explainer import pipeline
from explainer.capture import tshark
from explainer.capture.selection import Selection
from explainer.capture_access import CaptureAccess
from explainer.escape import visible
from explainer.inspection import Field, Layer
from explainer.llm import field_values
from explainer.model import Analysis, Finding
from explainer.report import Ladder, Rung
from explainer.settings import Settings

if TYPE_CHECKING:
    from explainer.protocols.frame_index import Sight

_LIMIT_S, _LIMIT_S_PER_BYTE = 60.0, 1e-6
_MOST_RUNGS, _BEGINNING, _AROUND, _END = 36, 6, 2, 3
_MOST_READ = 100_000
# Of other protocols the Info column repeats what was said: passwords, cookies, names of persons.
_WORDED = re.compile(
    r"UDP|(?:D?TLS|SSL)v?[\d.]*|QUIC|M?DNS|ARP|ICMP(?:v6)?|DHCP(?:v6)?|NTP|SSHv\d|IPv[46]|GRE|ESP|Portmap"
)
_SEGMENT = re.compile(r"(?:\[[^\]]*\] ?)*\d+ → \d+ \[.*")  # another protocol's words can stand there, too
_TWICE = re.compile(r"(?:eth|ip|ipv6)\.addr|(?:tcp|udp)\.port|_ws\..*|eth\.type|.*\.flags\.\w+")


def access(path: Path, settings: Settings, selection: Selection) -> CaptureAccess:
    """Return the capture for looking at single frames."""
    limit = settings.time_limit_s or _LIMIT_S + _LIMIT_S_PER_BYTE * path.stat().st_size
    return CaptureAccess(path, tshark.find(settings.tshark), selection.unfiltered(), limit)


def ladder(path: Path, analysis: Analysis, settings: Settings, selection: Selection) -> Ladder | None:
    """Return the conversation of the worst finding's last framed step; None where nothing was found."""
    opened = access(path, settings, selection)
    finding = next((f for f in analysis.findings if not f.explained_by), None)
    if finding is None:
        return None
    failing = _failing(finding)
    sight = opened.index.get(failing)
    if sight is None:
        return None
    stream = sight.stream
    if stream:
        held = opened.index.of_stream(stream, _MOST_READ)
        beside = [opened.index.get(number) for number in finding.evidence.frames]
        held += [one for one in beside if one is not None and one.stream != stream and not one.stream]
        held.sort(key=lambda one: one.frame)
    else:
        held = [one for number in finding.evidence.frames if (one := opened.index.get(number))]
    transport, _, number = stream.partition(":")
    shown = _chosen([one.frame for one in held], {*finding.evidence.frames, failing})
    told = _fields(path, shown, settings, selection)
    left, right = held[0].ends
    rungs, skipped = _rungs(held, shown, finding, failing, told)
    return Ladder(
        finding=finding.id,
        left=left,
        right=right,
        display_filter=f"{transport}.stream == {number}" if stream else finding.evidence.display_filter,
        rungs=rungs,
        skipped=skipped,
    )


def _failing(finding: Finding) -> int:
    """Return the frame at which things went wrong: what the last step shows."""
    steps = [step for step in finding.evidence.steps if step.frames]
    return steps[-1].frames[-1] if steps else finding.evidence.frames[-1]


def _chosen(frames: Sequence[int], cited: set[int]) -> tuple[int, ...]:
    """Return which frames are shown: all of a short conversation, else its beginning and end and what is cited."""
    if len(frames) <= _MOST_RUNGS:
        return tuple(frames)
    places = {*range(_BEGINNING), *range(len(frames) - _END, len(frames))}
    for place, frame in enumerate(frames):
        if frame in cited and len(places) < _MOST_RUNGS:
            places.update(range(max(0, place - _AROUND), min(len(frames), place + _AROUND + 1)))
    return tuple(frames[place] for place in sorted(places))


def _rungs(
    held: "Sequence[Sight]", shown: Sequence[int], finding: Finding, failing: int, told: dict[int, Any]
) -> tuple[tuple[Rung, ...], int]:
    rungs, skipped = list[Rung](), 0
    for sight in held:
        if sight.frame not in shown:
            skipped += 1
            continue
        source, destination = sight.ends
        rungs.append(
            Rung(
                frame=sight.frame, time_s=sight.time_s, source=source, destination=destination,
                length=sight.length, protocol=sight.protocol, info=_info(sight), skipped=skipped,
                said=tuple(step.text for step in finding.evidence.steps if sight.frame in step.frames),
                cited=sight.frame in finding.evidence.frames, failing=sight.frame == failing,
                fields=told.get(sight.frame, ()),
            )
        )  # fmt: skip
        skipped = 0
    return tuple(rungs), skipped


def _info(sight: "Sight") -> str:
    """Return Wireshark's words for a packet where they hold nothing that a user has typed."""
    plain = _SEGMENT.fullmatch(sight.info) if sight.protocol == "TCP" else _WORDED.fullmatch(sight.protocol)
    return sight.info if plain else f"{sight.length:,} bytes"


def _fields(path: Path, frames: Sequence[int], settings: Settings, selection: Selection) -> dict[int, Any]:
    """Return of each frame the fields that hold numbers, addresses and names, and no bytes or free text."""
    written = io.BytesIO()
    chosen = Selection(keylog=selection.keylog, decode_as=selection.decode_as, frames=",".join(map(str, frames)))
    pipeline.export(path, written, settings=settings, selection=chosen)
    found = dict[int, Any]()
    for packet in json.loads(written.getvalue()):
        layers = packet["_source"]["layers"]
        seen = [Layer(name=name, fields=tuple(_leaves(value))) for name, value in layers.items()]
        rows = field_values.rows(seen, lambda name: not _TWICE.fullmatch(name), lambda original: None)
        found[int(layers["frame"]["frame.number"])] = tuple(rows)
    return found


def _leaves(value: Any, name: str = "") -> Iterator[Field]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _leaves(inner, key)
        case list():
            for inner in value:
                yield from _leaves(inner, name)
        case str():
            yield Field(name=name, value=value, text=visible(value))
