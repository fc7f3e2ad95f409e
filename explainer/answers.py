"""What is asked and answered: a brief, statements and what backs them, the answer; a part of explainer.model."""

from explainer.values import FrameNumber, Side, Value


class Section(Value):
    """A part of a brief; `tokens` by the brief's counter."""

    key: str
    text: str
    tokens: int


class LeftOut(Value):
    """A part that did not fit into a brief."""

    key: str
    why: str


class Brief(Value):
    """What a model reads: sections within a token budget, and what was left out of it."""

    question: str
    sections: tuple[Section, ...]
    left_out: tuple[LeftOut, ...]
    tokens: int
    budget: int
    counter: str

    @property
    def text(self) -> str:
        """Return the sections as one text."""
        return "\n\n".join(section.text for section in self.sections)


class Claim(Value):
    """One statement of an answer, with the frames and the finding or statistic ids that back it.

    A model's statement that the capture does not bear out is not `backed`; `why` says in a clause what is amiss.
    """

    text: str
    frames: tuple[FrameNumber, ...] = ()
    sources: tuple[str, ...] = ()
    backed: bool = True
    why: str = ""


class Usage(Value):
    """Tokens that a model's reply took, where its server says."""

    prompt_tokens: int
    completion_tokens: int


class Answer(Value):
    """The answer to a question about one capture; `model` is empty when it was made from the findings alone.

    `note` says which way it was made where that is not plain. Of a model's answer, `verdict_why` and `doubts` say what
    in the verdict, and in the steps and filters, the capture does not bear out; `found` are the findings themselves,
    which no model has touched; `tool_calls` are what it looked at, in words.
    """

    question: str
    verdict: str
    act: str = ""
    claims: tuple[Claim, ...] = ()
    also: tuple[Claim, ...] = ()
    next_steps: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    model: str = ""
    usage: Usage | None = None
    cause: str = ""
    side: Side | None = None
    verdict_why: str = ""
    doubts: tuple[str, ...] = ()
    found: tuple[Claim, ...] = ()
    tool_calls: tuple[str, ...] = ()
    note: str = ""

    @property
    def statements(self) -> int:
        """Return how many statements were held against the capture: the verdict and each claim."""
        return 1 + len(self.claims)

    @property
    def backed(self) -> int:
        """Return how many of them it bears out."""
        return (not self.verdict_why) + sum(claim.backed for claim in self.claims)
