"""How much a finding matters: apart from the other types, since the command line needs no more to start."""

from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters to the person who asks, worst first."""

    HIGH = "high"  # a connection failed because of it
    MEDIUM = "medium"  # something is wrong that did not stop this connection, or may have stopped it
    LOW = "low"  # worth mending, harmless here
    INFO = "info"  # worth knowing

    @property
    def rank(self) -> int:
        """Return 0 for the worst severity, counting up."""
        return _RANKS[self]


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}
