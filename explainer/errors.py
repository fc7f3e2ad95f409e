"""What can go wrong, by who must act: each error is one sentence about the user's file or machine, and what to do.

ExplainerError            message, hint, exit_code
├── SettingsError    2    the user changes a flag, a setting or a place to write to
│   └── OutputError  2    the place that the output goes to
├── CaptureError     3    the user brings another file
├── TsharkError      4    the user mends the tshark installation
└── ModelError       5    the language model, its key, its quota, its network
    ├── TooLongError 5    more was sent than the model can read
    └── LeakError    5    something of the capture would have left this machine: nothing was sent
"""

from typing import ClassVar


class ExplainerError(Exception):
    """An expected failure: `message` says what is the matter, `hint` what to do about it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class SettingsError(ExplainerError):
    """A flag, an environment variable or a line of the settings file is wrong."""

    exit_code = 2


class OutputError(SettingsError):
    """The output cannot be written where it should go."""


class CaptureError(ExplainerError):
    """The capture file cannot be read or holds nothing to analyse."""

    exit_code = 3


class TsharkError(ExplainerError):
    """tshark is missing, too old, or did not do its work."""

    exit_code = 4


class ModelError(ExplainerError):
    """The language model gave no usable reply."""

    exit_code = 5


class TooLongError(ModelError):
    """What was sent is more than the model can read."""


class LeakError(ModelError):
    """A request holds what must not leave this machine, and was not sent."""
