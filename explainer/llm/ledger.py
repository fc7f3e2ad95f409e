"""What may be said of a capture: every address, name, port, number, date and id that its analysis and tools know. Pure.

Numbers are kept by what they measure: a number of the one kind does not back a statement about another.
"""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from explainer.escape import visible
from explainer.llm import reading
from explainer.llm.actors import Parties
from explainer.llm.measures import UNITS, among, stem
from explainer.llm.reading import Dimension, Quantity
from explainer.model import Analysis, Finding, Stat
from explainer.protocols.frame_index import FrameIndex

_OWN_WORDS = frozenset(
    {
        "outcome", "rcode", "status", "type", "version", "cipher_suite", "group", "service", "protocol", "severity",
        "message", "warnings", "closed_by", "closed_with", "transport", "kind", "method", "versions",
        "certificate_start", "certificate_expiry",
    }
)  # fmt: skip
"""Columns whose text is ours or Wireshark's; what stands in any other was captured."""
_ATTRIBUTES = re.compile(r"(?:^|[,+])\s*[A-Za-z]+=([\w.*-]+)(?=$|[,+])")
_WHOLE = re.compile(r"[0-9A-Fa-f.:\[\]%/TZ +-]+|[\w.*-]+(?::\d{1,5})?")
_QUOTED = re.compile(r'"[^"]*"')
_NO_QUANTITY = ("frame", "port", "stream", "depth")
_PORT, _TEXTS = "port", ""


@dataclass
class Ledger:
    """What is known; grows with the results of tools.

    `texts` say what was found and measured, by the ids that may be cited; `asides` what was looked for, advised,
    or left open, which backs no statement that something happened. `captured` are strings of the capture that read
    as sentences: they may be named, and back nothing.
    """

    analysis: Analysis
    index: FrameIndex | None = None
    addresses: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    dates: set[str] = field(default_factory=set)
    measured: dict[Dimension, set[float]] = field(default_factory=dict)
    by_source: dict[tuple[str, Dimension], set[float]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    counted: dict[str, set[float]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    asides: dict[str, str] = field(default_factory=dict)
    captured: set[str] = field(default_factory=set)
    _named: dict[int | str, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, analysis: Analysis, index: FrameIndex | None = None) -> "Ledger":
        """Return what the analysis and the frames tell."""
        ledger = cls(analysis, index)
        info = analysis.info
        ledger.learn_text("capture", f"{info.frames} frames {info.duration_s} s {info.first} {info.last}")
        ledger._learn_value(info.file)
        ledger._count("frames", info.frames)
        ledger._count("packets", info.frames)
        ledger._count("findings", len(analysis.findings))
        for warning in (*info.warnings, *info.selection):
            ledger.learn_text("capture", warning)
        for stat in analysis.stats:
            ledger.learn_stat(stat)
        for finding in analysis.findings:
            ledger._learn_finding(finding)
        for outcome in analysis.outcomes:
            ledger._aside("rules", f"{outcome.title} {outcome.area} {outcome.reason}")
            ledger._aside(outcome.rule, f"{outcome.title} {outcome.area}")
        if index is not None:
            ledger.addresses |= index.addresses
            ledger.ports |= index.ports
        return ledger

    @cached_property
    def parties(self) -> Parties:
        """Return who is client and server of each stream."""
        assert self.index is not None
        return Parties(self.index)

    def learn_stat(self, stat: Stat) -> None:
        """Take a table in."""
        names = " ".join(column.name for column in stat.columns)
        self._aside(stat.id, f"{stat.title} {names.replace('_', ' ')} {stat.note}")
        said = dict[str, None]()
        self._count(stat.id, stat.total_rows)
        self._learn_rows(stat)
        for index, column in enumerate(stat.columns):
            for row in stat.rows:
                cell = row[index]
                if isinstance(cell, str):
                    self._learn_value(cell)
                    if column.name in _OWN_WORDS:
                        said[cell] = None
                    elif " " in cell or "=" in cell:
                        self.captured.add(visible(cell))
                elif cell is not None and not isinstance(cell, bool):
                    self._measure(column.name, float(cell), stat.id)
        self.learn_text(stat.id, " ".join(said))

    def learn_text(self, source: str, text: str) -> None:
        """Take a text in, under the id by which it may be cited; what the capture itself says in it backs nothing."""
        text = self._own_words(visible(text))
        self.texts[source] = f"{self.texts.get(source, '')} {text}"
        self._learn_strings(text)
        for quantity in reading.quantities(text):
            if quantity.dimension is Dimension.COUNT:
                self._count(_TEXTS, quantity.value)
                for noun in quantity.noun.split():
                    self._count(noun, quantity.value)
            else:
                self._keep(quantity.dimension, quantity.value, source)

    def knows_address(self, text: str) -> bool:
        """Return whether an address is in the capture, or a network holds one that is."""
        if text in self.addresses or "/" not in text:
            return text in self.addresses
        network = ipaddress.ip_network(text)
        return any(ipaddress.ip_address(known) in network for known in self.addresses if known.count(":") != 5)

    def knows_name(self, name: str) -> bool:
        """Return whether a name is in the capture, or is the end of one that is."""
        name = name.removeprefix("*.").rstrip(".")
        return name in self.names or any(known.endswith("." + name) for known in self.names)

    def holds(self, quantity: Quantity, sources: Sequence[str] = ()) -> bool:
        """Return whether a number equals one that was measured, as far as it is written out.

        Where one of the cited `sources` measures that at all, it has to be a number of theirs.
        """
        if quantity.dimension is not Dimension.COUNT:
            theirs = self._of_sources(quantity.dimension, sources)
            return among(quantity, theirs or self.measured.get(quantity.dimension, ()))
        nouns = [stem(noun) for noun in quantity.noun.split()]
        for noun in nouns:
            if noun in self.counted:
                return among(quantity, self.counted[noun]) or quantity.value in self.counted.get(_TEXTS, ())
        return among(quantity, self.counted.get(_TEXTS, ())) or quantity.value in self.ports

    def is_from(self, quantity: Quantity, sources: Sequence[str]) -> bool:
        """Return whether a time, size or share is one of the cited sources."""
        return among(quantity, self._of_sources(quantity.dimension, sources))

    def names_of(self, frame: int, stream: str) -> frozenset[str]:
        """Return the host names in the statistics' rows about a frame or its stream."""
        return frozenset(self._named.get(frame, ())) | frozenset(self._named.get(stream, ()))

    def _of_sources(self, dimension: Dimension, sources: Sequence[str]) -> set[float]:
        return set[float]().union(*(self.by_source.get((source, dimension), ()) for source in sources))

    def _learn_rows(self, stat: Stat) -> None:
        """Keep which names, and which version of TLS, a row tells of a frame or a stream."""
        names = [column.name for column in stat.columns]
        for row in stat.rows:
            cells = dict(zip(names, row, strict=True))
            stream = f"{cells.get('transport') or 'tcp'}:{cells['stream']}" if cells.get("stream") is not None else ""
            if stream and cells.get("version") and stat.id == "tls":
                self.versions[stream] = str(cells["version"])
            told = {
                name for cell in row if isinstance(cell, str) and _WHOLE.fullmatch(cell) for name in reading.names(cell)
            }
            keys = [cell for name, cell in cells.items() if name.endswith("frame") and isinstance(cell, int)]
            about: list[int | str] = [*keys, stream]
            for key in about if told else ():
                self._named.setdefault(key, set()).update(name.rstrip(".") for name in told)

    def _learn_finding(self, finding: Finding) -> None:
        self.captured.update(visible(name) for name in finding.scope.names if not reading.names(name))
        for address in finding.scope.addresses:
            self._learn_value(address)
        for name in finding.scope.names:
            self._learn_value(name)
        lines = [finding.title, finding.act, finding.detail, *(step.text for step in finding.evidence.steps)]
        lines += [f"{name} {value}" for name, value in finding.measured.items()]
        self.learn_text(finding.id, ". ".join(lines))
        self.texts[finding.rule] = f"{self.texts.get(finding.rule, '')} {self.texts[finding.id]}"
        for text in (*finding.advice, *finding.limitations):
            self._aside(finding.id, text)
        for name, value in finding.measured.items():
            if not isinstance(value, str):
                self._measure(name, float(value), finding.id)
                self._count(_TEXTS, float(value))
        self.ports.update(finding.scope.ports)

    def knows_source(self, source: str) -> bool:
        """Return whether there is a finding, statistic, rule or look of that id."""
        return source in self.texts or source in self.asides

    def _aside(self, source: str, text: str) -> None:
        self.asides[source] = f"{self.asides.get(source, '')} {text}"

    def _learn_value(self, text: str) -> None:
        """Take in a value that is an address, a name or a date as a whole, a name's parts (CN=…) each for itself."""
        for part in (text, *_ATTRIBUTES.findall(text)):
            if part in reading.names(part) or part.lower() in reading.names(part):
                self.names.add(part.lower().rstrip("."))
        if _WHOLE.fullmatch(text):
            self._learn_strings(text)

    def _own_words(self, text: str) -> str:
        for said in sorted(self.captured, key=len, reverse=True):
            text = text.replace(said, " ")
        return _QUOTED.sub(" ", text)

    def _learn_strings(self, text: str) -> None:
        self.addresses.update(reading.addresses(text))
        self.names.update(name.rstrip(".") for name in reading.names(text))
        self.ports.update(reading.ports(text))
        self.dates.update(reading.dates(text))

    def _keep(self, dimension: Dimension, value: float, source: str) -> None:
        self.measured.setdefault(dimension, set()).add(value)
        for name in (source, source.partition(":")[0]):  # a finding is cited by its rule, too
            self.by_source.setdefault((name, dimension), set()).add(value)

    def _measure(self, name: str, value: float, source: str) -> None:
        words = name.split("_")
        if words[-1] in _NO_QUANTITY:
            if words[-1] == _PORT:
                self.ports.add(int(value))
            return
        for suffix, dimension, scale in UNITS:
            if words[-1] == suffix:
                self._keep(dimension, value * scale, source)
                return
        for word in words:
            self._count(word, value)

    def _count(self, noun: str, value: float) -> None:
        self.counted.setdefault(stem(noun) if noun else _TEXTS, set()).add(value)
