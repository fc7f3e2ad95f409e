"""What the user chose of a capture: which frames, and how they are dissected; as tshark's arguments; pure.

Rules: a user's string is one argument, never part of a command line; what tshark must be asked about is in `filters`.
"""

import os
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from explainer.errors import SettingsError
from explainer.escape import visible

_LONGEST_FILTER = 30_000  # bytes; Windows gives a program 32,767 characters, Linux 131,072 bytes an argument
_HIGHEST_FRAME = 2**32 - 1
_LATEST_S = 2**31 - 1
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:.*)?", re.DOTALL)
_SECONDS = re.compile(r"[+-]?\d{1,9}(\.\d{1,9})?")
_ABSOLUTE = "frame.time_epoch"
_FRACTION = re.compile(r"(?<=:\d\d)[.,](\d{1,9})")
_RANGE = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")
_TIME_HINT = "Like this: --from 2026-11-21T09:53:02Z, or in seconds from the start: --from 12.5"
_FRAMES_HINT = "Like this: --frames 4,7-9"


@dataclass(frozen=True)
class Selection:
    """Which frames are looked at, and how: a Wireshark display filter, TLS secrets, "Decode As" rules, times, numbers.

    `start` and `end` are ISO times (UTC where they name no offset) or seconds from the first frame, both included;
    `frames` lists numbers such as "4,7-9"; `decode_as` holds rules such as "tcp.port==8443,tls". A frame keeps the
    number, streams and relative time that it has in the whole file.

    Raises:
        SettingsError: the key log cannot be read, or a time or number is none.
    """

    display_filter: str = ""
    keylog: Path | None = None
    decode_as: tuple[str, ...] = ()
    start: str = ""
    end: str = ""
    frames: str = ""

    def __post_init__(self) -> None:
        if self.keylog is not None:
            _check_keylog(self.keylog)
        for word in (self.display_filter, *self.decode_as):
            if "\0" in word or len(os.fsencode(word)) > _LONGEST_FILTER:
                raise SettingsError(
                    "A filter holds a null character, or is longer than 30,000 bytes.", "Write a shorter one."
                )
        times = [_moment(text) for text in (self.start, self.end) if text]
        if len(times) == 2 and times[0].field == times[1].field and times[0].nanoseconds > times[1].nanoseconds:
            raise SettingsError("--from is later than --to.", "Exchange them.")
        _ranges(self.frames)
        if len(self.condition) > 2 * _LONGEST_FILTER:
            raise SettingsError("These are too many frame numbers for one run.", "Name ranges of them.")

    @cached_property
    def condition(self) -> str:
        """Return the display filter of all conditions, each in parentheses; empty where every frame is meant."""
        parts = [self.display_filter.strip()]
        parts += [_moment(text).compared(operator) for text, operator in ((self.start, ">="), (self.end, "<=")) if text]
        if self.frames:
            numbers = (f"{first}..{last}" if last > first else f"{first}" for first, last in _ranges(self.frames))
            parts.append(f"frame.number in {{{', '.join(numbers)}}}")
        return " && ".join(f"({part})" for part in parts if part)

    def unfiltered(self) -> "Selection":
        """Return the same way of dissecting, for every frame."""
        return Selection(keylog=self.keylog, decode_as=self.decode_as)

    @property
    def last_frame(self) -> int | None:
        """Return the highest frame number that is asked for, or None where no numbers are given."""
        return max(last for _, last in _ranges(self.frames)) if self.frames else None

    def dissection(self) -> list[str]:
        """Return tshark's arguments that say how frames are dissected."""
        keylog = ["-o", f"tls.keylog_file:{self.keylog.absolute()}"] if self.keylog else []
        return [*keylog, *(word for rule in self.decode_as for word in ("-d", rule))]

    def arguments(self) -> list[str]:
        """Return tshark's arguments: how frames are dissected, and which of them are printed."""
        return [*self.dissection(), *(["-Y", self.condition] if self.condition else [])]

    def tap(self, argument: str) -> str:
        """Return a tap's argument for these frames.

        A filter comes last and is taken as it is, with its commas and blanks. Its parenthesis keeps `expert` from
        reading a first word such as "note" as a severity.
        """
        return f"{argument},{self.condition}" if self.condition else argument

    def sentences(self) -> tuple[str, ...]:
        """Return what was chosen, in plain words; of a key log no more than its name."""
        said = [f"only frames that match: {self.display_filter.strip()}"] if self.display_filter.strip() else []
        said += [f"only frames from {_moment(self.start).words} on"] if self.start else []
        said += [f"only frames up to {_moment(self.end).words}"] if self.end else []
        said += [f"only frames with these numbers: {self.frames}"] if self.frames else []
        said += [f"decrypted with the TLS secrets in {self.keylog.name}"] if self.keylog else []
        said += [f"decoded as the user says: {rule}" for rule in self.decode_as]
        return tuple(said)


def narrowed(selection: Selection, display_filter: str) -> Selection:
    """Return what is in the selection and matches the display filter, too."""
    both = f"({selection.display_filter}) && ({display_filter})" if selection.display_filter.strip() else display_filter
    return replace(selection, display_filter=both)


@dataclass(frozen=True)
class _Moment:
    """A time as tshark compares it: a field, and nanoseconds since 1970 or since the first frame."""

    field: str
    nanoseconds: int
    words: str

    def compared(self, operator: str) -> str:
        """Return the condition, empty where it always holds.

        tshark 4.0.17 subtracts seconds in 32 bits: times more than 68 years apart compare the wrong way round.
        """
        if self.field == _ABSOLUTE and not 0 <= self.nanoseconds // 10**9 <= _LATEST_S:
            early = self.nanoseconds < 0
            if early == (operator == ">="):
                return ""
            return f"{self.field} {operator} {0 if early else _LATEST_S}.000000000"
        sign = "-" if self.nanoseconds < 0 else ""
        seconds, fraction = divmod(abs(self.nanoseconds), 1_000_000_000)
        return f"{self.field} {operator} {sign}{seconds}.{fraction:09}"


def _moment(text: str) -> _Moment:
    """Return the time that the text names, to the nanosecond, which datetime has no room for."""
    text = text.strip()
    if _SECONDS.fullmatch(text):
        whole, _, fraction = text.lstrip("+-").partition(".")
        nanoseconds = int(whole) * 1_000_000_000 + int(fraction.ljust(9, "0"))
        sign = -1 if text.startswith("-") else 1
        return _Moment("frame.time_relative", sign * nanoseconds, f"{text.lstrip('+')} s after the first frame")
    fraction = match[1] if (match := _FRACTION.search(text)) else ""
    try:
        if not _DATE.fullmatch(text):  # fromisoformat also takes "20261121" and worse
            raise ValueError(text)
        moment = datetime.fromisoformat(_FRACTION.sub("", text))
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise SettingsError(f"{visible(text)} is no time.", _TIME_HINT) from error
    seconds = (moment - datetime.fromtimestamp(0, UTC)) // timedelta(seconds=1)
    words = f"{moment:%Y-%m-%d %H:%M:%S}{'.' if fraction else ''}{fraction} UTC"
    return _Moment(_ABSOLUTE, seconds * 1_000_000_000 + int(fraction.ljust(9, "0")), words)


def _ranges(text: str) -> list[tuple[int, int]]:
    """Return the first and last number of each part of a list such as "4,7-9"."""
    found = list[tuple[int, int]]()
    for part in text.split(",") if text else []:
        match = _RANGE.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= _HIGHEST_FRAME:
            raise SettingsError(f"{visible(part)} is no frame number and no range of them.", _FRAMES_HINT)
        found.append((first, last))
    return found


def _check_keylog(path: Path) -> None:
    """Raise where the key log is no readable file: tshark would decrypt nothing, and say nothing (4.0.17)."""
    name = visible(str(path))
    if path.exists() and not path.is_file():
        raise SettingsError(f"The key log {name} is not a regular file.", "Name the file that SSLKEYLOGFILE names.")
    try:
        path.open("rb").close()
    except OSError as error:
        raise SettingsError(
            f"The key log {name} cannot be read: {error.strerror}.", "Name the file that SSLKEYLOGFILE names."
        ) from error


EVERYTHING = Selection()
