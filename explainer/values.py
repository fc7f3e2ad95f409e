"""What the core types are made of: frozen values, and the few words that grade a finding."""

from enum import StrEnum
from typing import Annotated

import pydantic
from pydantic import BaseModel, ConfigDict

from explainer.severity import Severity as Severity

FrameNumber = Annotated[int, pydantic.Field(ge=1)]


class Value(BaseModel):
    """A frozen value that knows no other fields than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)  # built while tshark works


class Confidence(StrEnum):
    """How sure the packets make a finding."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    POSSIBLE = "possible"

    @property
    def rank(self) -> int:
        """Return 0 for the surest, counting up."""
        return _RANKS[self]


_RANKS = {confidence: rank for rank, confidence in enumerate(Confidence)}


class Side(StrEnum):
    """Whose side must act."""

    SERVER = "server"
    CLIENT = "client"
    NETWORK = "network"
    EITHER = "either"
    NOBODY = "nobody"
