"""What a model may look at: typed, read-only, bounded. A tool's name, description and schema come from its function.

Rules: no tool changes anything; of what a model writes, only a display filter that tshark has taken reaches tshark;
fields that can hold a secret or a payload are not among those that are shown.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import TypeAdapter

from explainer.brief import sections
from explainer.escape import visible
from explainer.inspection import Layer
from explainer.llm import field_values
from explainer.model import Analysis, Stat
from explainer.privacy.kinds import Original
from explainer.protocols.frame_index import FrameIndex, Sight
from explainer.stats.tables import table

ROWS = 30
_LONGEST_FILTER = 500
_SHOWN_INFO = re.compile(r"tcp|udp|tlsv?[\d.]*|ssl|dtls.*|quic|icmp(v6)?|arp|dns|http", re.IGNORECASE)
_QUERY = re.compile(r"\?\S+")
_DATA = re.compile(r"( NULL \S+ NULL ).+|\S*\ufffd.*", re.DOTALL)
"""What a NULL record of DNS holds, and any octets that are no text: somebody's data."""
_VALUE = 160


class Source(Protocol):
    """The capture, read-only."""

    @property
    def index(self) -> FrameIndex:
        """Return every frame by its number."""

    def matching(self, display_filter: str) -> tuple[int, ...]:
        """Return the frames that a display filter finds; raises SettingsError where tshark refuses it."""

    def dissection(self, frame: int) -> tuple[Layer, ...]:
        """Return a frame's fields; raises CaptureError where there is no such frame."""

    def complaint(self, display_filter: str) -> str:
        """Return why tshark refuses a display filter, or nothing."""


@dataclass(frozen=True)
class Tool:
    """A function that the model may call: its schema, and what runs it."""

    name: str
    schema: dict[str, Any]
    parameters: dict[str, TypeAdapter[Any]]
    run: Callable[..., Stat]


class Toolbox:
    """The tools over one capture and its analysis; each returns a table, and names are `learn`ed before that."""

    def __init__(self, analysis: Analysis, source: Source, learn: Callable[[Original], None]) -> None:
        self._analysis = analysis
        self._learn = learn
        self._source = source
        made = [_tool(run) for run in (self.statistic, self.finding, self.frames, self.fields, self.ladder,
                                       self.tls_handshake, self.certificate)]  # fmt: skip
        self.tools = {tool.name: tool for tool in made}

    def statistic(self, id: str) -> Stat:
        """A statistic by its id, as the brief or its list of what was left out names it (rtt, tls, dns, http ...)."""
        found = self._analysis.stat(id)
        if found is None:
            return _said(f"There is no statistic {visible(id)[:_VALUE]}; there are: "
                         + ", ".join(stat.id for stat in self._analysis.stats))  # fmt: skip
        return found.model_copy(update={"rows": found.rows[:ROWS]})

    def finding(self, id: str) -> Stat:
        """A finding by its id, whole: what each frame shows, what was measured, what it cannot tell."""
        found = next((finding for finding in self._analysis.findings if finding.id == id), None)
        if found is None:
            return _said("There is no such finding; there are: " + ", ".join(f.id for f in self._analysis.findings))
        rows = [(line,) for line in sections.finding_text(found).split("\n")]
        return table(
            "finding", f"Finding {found.id}", ("line",), [*rows, *((f"limit: {x}",) for x in found.limitations)]
        )

    def frames(self, display_filter: str) -> Stat:
        """The frames that a Wireshark display filter finds, as the packet list shows them."""
        if len(display_filter) > _LONGEST_FILTER or not display_filter.isprintable():
            return _said("That display filter is too long, or holds characters that none has.")
        if complaint := self._source.complaint(display_filter):
            return _said(f"tshark refuses that display filter: {complaint}")
        numbers = self._source.matching(display_filter)
        return _listed("Frames that match", self._sights(numbers), len(numbers))

    def fields(self, frame: int) -> Stat:
        """The fields of one frame as Wireshark dissects them, without payload and without what may be secret."""
        rows = field_values.rows(self._source.dissection(frame), lambda name: True, self._learn)
        return table("fields", f"Fields of frame {frame}", ("field", "value"), rows)

    def ladder(self, stream: str) -> Stat:
        """A conversation packet by packet; stream is like tcp:1 or udp:0."""
        if not re.fullmatch(r"(?:tcp|udp):\d{1,9}", stream):
            return _said("A stream is named like tcp:1 or udp:0.")
        sights = self._source.index.of_stream(stream, ROWS + 1)
        return _listed(f"Conversation {stream}", sights[:ROWS], len(sights))

    def tls_handshake(self, stream: str) -> Stat:
        """The TLS handshake of a stream such as tcp:1: versions, cipher suite, names, certificate, how it ended."""
        found = self._analysis.stat("tls")
        rows = [row for row in found.rows if f"{row[0]}:{row[1]}" == stream] if found else []
        if not rows or found is None:
            return _said("There is no TLS handshake in that stream.")
        pairs = [(column.name, cell) for row in rows for column, cell in zip(found.columns, row, strict=True)]
        return table("handshake", f"TLS handshake of {stream}", ("property", "value"), pairs)

    def certificate(self, frame: int) -> Stat:
        """The certificates in a frame: names, issuer, validity."""
        wanted = re.compile(r"x509|pkix|tls\.handshake\.certificate")
        dissected = self._source.dissection(frame)
        rows = field_values.rows(dissected, lambda name: wanted.search(name) is not None, self._learn)
        return table("certificate", f"Certificates in frame {frame}", ("field", "value"), rows)

    def _sights(self, numbers: tuple[int, ...]) -> list[Sight]:
        found = (self._source.index.get(number) for number in numbers[:ROWS])
        return [sight for sight in found if sight is not None]


def _tool(run: Callable[..., Stat]) -> Tool:
    known = inspect.signature(run).parameters
    adapters = {name: TypeAdapter[Any](parameter.annotation) for name, parameter in known.items()}
    properties = {name: adapter.json_schema() for name, adapter in adapters.items()}
    name = run.__name__
    parameters = {"type": "object", "properties": properties, "required": list(known), "additionalProperties": False}
    schema = {"name": name, "description": inspect.getdoc(run) or "", "parameters": parameters}
    return Tool(name, schema, adapters, run)


def _said(sentence: str) -> Stat:
    return table("note", sentence, ("note",), [])


def _listed(title: str, sights: list[Sight], total: int) -> Stat:
    rows = [
        (s.frame, None if s.time_s is None else round(s.time_s, 6), s.source, s.length, s.protocol, _info(s))
        for s in sights
    ]
    found = table("frames", title, ("frame", "time_s", "from", "length_bytes", "protocol", "info"), rows)
    return found.model_copy(update={"total_rows": total})


def _info(sight: Sight) -> str:
    # What other protocols show there can be a password, a user, a file.
    if not _SHOWN_INFO.fullmatch(sight.protocol):
        return ""
    shown = _DATA.sub(lambda match: f"{match[1] or ''}...", sight.info)
    shown = _QUERY.sub("?...", shown)
    return shown if len(shown) <= _VALUE else f"{shown[: _VALUE - 1]}…"  # by which a name that is cut is known as one
