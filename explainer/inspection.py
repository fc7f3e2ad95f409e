"""What is shown of a single frame, and of this machine; beside the core types, and as frozen as they are."""

from explainer.model import Value


class Field(Value):
    """A field of a frame: Wireshark's name for it, its value, and the line that Wireshark shows."""

    name: str
    value: str
    text: str


class Layer(Value):
    """A protocol layer of a frame, with all its fields."""

    name: str
    fields: tuple[Field, ...]


class Check(Value):
    """Something that this machine has or lacks, and how to get it; without what is `needed` no capture can be read."""

    ok: bool
    needed: bool
    text: str
    hint: str = ""


class Request(Value):
    """What would be sent to a model: the exact body, the prompts as text, tokens, what reading it costs
    and by which list, where that is known, and what must not be in it.
    """

    body: str
    prompt: str
    tokens: int
    counter: str
    price: float | None
    priced: str
    leaks: tuple[str, ...]
