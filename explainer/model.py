"""The core types: everything that is analysed, found and answered is one of these values.

Rules: values are frozen; units stand in the name; a finding without evidence cannot be built; "not found",
"not applicable" and "failed" are three values.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Self

import pydantic
from pydantic import model_validator

from explainer.answers import Answer as Answer
from explainer.answers import Brief as Brief
from explainer.answers import Claim as Claim
from explainer.answers import LeftOut as LeftOut
from explainer.answers import Section as Section
from explainer.answers import Usage as Usage
from explainer.values import Confidence as Confidence
from explainer.values import FrameNumber as FrameNumber
from explainer.values import Severity as Severity
from explainer.values import Side as Side
from explainer.values import Value as Value

SCHEMA_VERSION = "1"
EVIDENCE_FRAMES = 20
"""How many frame numbers an Evidence lists; its display filter finds them all."""

Cell = str | int | float | bool | None


class Interface(Value):
    """A capture interface, as the file names it; number counts from 0 over the whole file."""

    number: int
    name: str
    frames: int


class CaptureInfo(Value):
    """Facts about the capture file, or about what the user chose of it, which `selection` says in sentences.

    `first` and `last` are UTC; `cut_frames` counts frames stored shorter than sent.
    """

    file: str
    sha256: str
    bytes: int
    format: str
    link_types: tuple[str, ...]
    frames: int
    first: datetime | None
    last: datetime | None
    duration_s: float
    snap_length: int | None
    cut_frames: int
    interfaces: tuple[Interface, ...]
    tshark_version: str
    warnings: tuple[str, ...] = ()
    selection: tuple[str, ...] = ()


class StatColumn(Value):
    """A column of a Stat; unit is empty for names and counts without one."""

    name: str
    unit: str = ""


class Stat(Value):
    """A table of numbers; `total_rows` counts the rows before any cut."""

    id: str
    title: str
    columns: tuple[StatColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total_rows: int
    note: str = ""

    @model_validator(mode="after")
    def _rows_fit_columns(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"a row of {self.id} does not fit its columns")
        return self


class Step(Value):
    """One thing that the named frames show, as a plain sentence; without frames, what their absence shows."""

    frames: tuple[FrameNumber, ...]
    text: str


class Evidence(Value):
    """The frames that prove a finding: the first ones by number, their total, and a Wireshark display filter."""

    frames: Annotated[tuple[FrameNumber, ...], pydantic.Field(min_length=1, max_length=EVIDENCE_FRAMES)]
    total: Annotated[int, pydantic.Field(ge=1)]
    display_filter: Annotated[str, pydantic.Field(min_length=1)]
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, frames: Iterable[int], display_filter: str, steps: Iterable[Step] = ()) -> "Evidence":
        """Return the evidence of any number of frames, sorted, of which the first 20 are listed."""
        numbers = sorted(set(frames))
        return cls(
            frames=tuple(numbers[:EVIDENCE_FRAMES]),
            total=len(numbers),
            display_filter=display_filter,
            steps=tuple(steps),
        )

    def also(self, *steps: Step, frames: Iterable[int] = (), display_filter: str = "") -> "Evidence":
        """Return this evidence with more steps: their frames, and more, count as well; the filter shows these, too."""
        new = {*frames, *(frame for step in steps for frame in step.frames)} - {*self.frames}
        shown = f"({self.display_filter}) || {display_filter}" if display_filter else self.display_filter
        joined = Evidence.of((*self.frames, *new), shown, (*self.steps, *steps))
        return joined.model_copy(update={"total": self.total + len(new)})


class Scope(Value):
    """What a finding is about: TCP streams, addresses, ports and names, for matching it with a question."""

    streams: tuple[int, ...] = ()
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


class Finding(Value):
    """What an expert would say, with its proof.

    `title` is the cause as one sentence and `act` says who must do what; `advice` lists the steps, and `limitations`
    what the capture cannot show. `explained_by` names the finding that is the cause of this symptom.
    """

    id: str
    rule: str
    severity: Severity
    confidence: Confidence
    side: Side
    title: str
    act: str
    detail: str = ""
    measured: dict[str, int | float | str] = pydantic.Field(default_factory=dict)
    evidence: Evidence
    scope: Scope = Scope()
    advice: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    explained_by: str = ""


class RuleStatus(StrEnum):
    """What became of a rule on this capture."""

    RAN = "ran"
    NOT_APPLICABLE = "not applicable"
    FAILED = "failed"


class RuleOutcome(Value):
    """One rule's result; `reason` says why it did not apply or how it failed; `area` is what it looked at."""

    rule: str
    title: str
    area: str
    status: RuleStatus
    reason: str = ""
    findings: tuple[Finding, ...] = ()


class Analysis(Value):
    """The one document: every output is made from it."""

    schema_version: str = SCHEMA_VERSION
    info: CaptureInfo
    stats: tuple[Stat, ...]
    outcomes: tuple[RuleOutcome, ...]

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Return all findings, worst and surest first, causes before the symptoms that they explain."""
        found = (finding for outcome in self.outcomes for finding in outcome.findings)
        return tuple(
            sorted(
                found,
                key=lambda f: (bool(f.explained_by), f.severity.rank, f.confidence.rank, f.evidence.frames[0], f.id),
            )
        )

    def stat(self, stat_id: str) -> Stat | None:
        """Return the statistic, or None where it was not computed."""
        return next((stat for stat in self.stats if stat.id == stat_id), None)
