"""What a question about routers that are neighbors asks for."""

from collections.abc import Iterator
from itertools import combinations

from explainer.brief.question import Question
from explainer.llm.rows import frames, rows
from explainer.model import Analysis, Claim

_ROWS = 5


def ospf(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which routers name each other in their hellos."""
    yield from neighbors(analysis)


def neighbors(analysis: Analysis) -> Iterator[Claim]:
    """Yield which OSPF routers name each other in their hellos."""
    told = list(combinations(rows(analysis.stat("ospf")), 2))
    mutual = [
        (one, other) for one, other in told
        if one["router"] in other["neighbors"].split(", ") and other["router"] in one["neighbors"].split(", ")
    ]  # fmt: skip
    for one, other in mutual[:_ROWS]:
        text = f"The OSPF routers {one['address']} and {other['address']} name each other as neighbors"
        first = (*frames(one, "first_frame"), *frames(other, "first_frame"))
        yield Claim(text=f"{text} (area {one['area']}).", frames=first, sources=("ospf",))
