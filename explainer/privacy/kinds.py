"""What an original value is: of what kind, and how it stands in a text."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an original is."""

    ADDRESS = "address"
    MAC = "MAC address"
    HOST = "host name"
    PATH = "path"
    CERTIFICATE = "certificate name"
    FILE = "file name"
    USER = "user name"
    NAME = "name"

    @property
    def of_capture(self) -> str:
        """What it is, in words that do not repeat the value: "an address of the capture"."""
        return f"{'an' if self is Kind.ADDRESS else 'a'} {self} of the capture"


@dataclass(frozen=True)
class Original:
    """A value as it stands in text that is sent (made visible), and what it is."""

    kind: Kind
    text: str
