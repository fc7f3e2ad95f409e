"""The seam to language models: messages in, one reply out; the conversation knows no provider."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from explainer.model import Usage

Schema = dict[str, Any]
Heard = Callable[[str], None]
"""Is given each piece of a reply as it comes; it is not checked yet."""


@dataclass(frozen=True)
class Call:
    """A tool that the model wants to be run; `arguments` is JSON, as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Message:
    """One message of a conversation; a tool's result names the call that it answers."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[Call, ...] = ()
    answers: str = ""


@dataclass(frozen=True)
class Reply:
    """What a model answered, and what it took, where its server says; `cut` if it was too long for its limit."""

    text: str
    usage: Usage | None
    calls: tuple[Call, ...] = ()
    cut: bool = False


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """Return the name to show for it."""

    def reply(
        self,
        messages: list[Message],
        tools: Sequence[Schema] = (),
        schema: Schema | None = None,
        heard: Heard | None = None,
    ) -> Reply:
        """Return its reply: words, or calls of the tools that are offered; `schema` is what its words should fit.

        Raises:
            TooLongError: the messages are longer than it can read.
            ModelError: it cannot be reached or does not answer.
        """
