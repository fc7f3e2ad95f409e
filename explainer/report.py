"""What a report holds, whatever it is written as: the analysis, the answers, and the conversation that decides."""

import pydantic

from explainer.model import SCHEMA_VERSION, Analysis, Answer, FrameNumber, Value


class Rung(Value):
    """One packet of a ladder diagram.

    `skipped` counts the packets of the conversation that are left out before it; `time_s` counts from the first frame
    of the file; `said` is what the deciding finding says of it, `failing` marks the step at which things went wrong;
    `fields` are its dissection as far as it names no secret.
    """

    frame: FrameNumber
    time_s: float | None
    source: str
    destination: str
    length: int
    protocol: str
    info: str
    said: tuple[str, ...] = ()
    cited: bool = False
    failing: bool = False
    skipped: int = 0
    fields: tuple[tuple[str, str], ...] = ()


class Ladder(Value):
    """The conversation that decides, between two hosts; `skipped` counts the packets left out after the last rung."""

    finding: str
    left: str
    right: str
    display_filter: str
    rungs: tuple[Rung, ...]
    skipped: int = 0


class Report(Value):
    """Everything that a report shows of one capture.

    With `pseudonyms`, addresses and names are replaced, and the capture's sha256 by the SHA-256 of that text: it proves
    to its owner which capture was meant, and does not give away the key of the pseudonyms.
    """

    schema_version: str = SCHEMA_VERSION
    tool_version: str
    pseudonyms: bool = False
    analysis: Analysis
    answers: tuple[Answer, ...]
    ladder: Ladder | None = None
    settings: dict[str, str] = pydantic.Field(default_factory=dict)
    commands: tuple[str, ...] = ()
