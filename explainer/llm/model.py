"""The seam to language models: messages in, one reply out; the conversation knows no provider."""

from dataclasses import dataclass
from typing import Literal, Protocol

from explainer.model import Usage


@dataclass(frozen=True)
class Message:
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Reply:
    """What a model answered, and what it took, where its server says."""

    text: str
    usage: Usage | None


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """Return the name to show for it."""

    def reply(self, messages: list[Message]) -> Reply:
        """Return its reply.

        Raises:
            ModelError: it cannot be reached or does not answer.
        """
