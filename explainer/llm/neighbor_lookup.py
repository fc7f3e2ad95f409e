"""What a question about routers that are neighbors, or about the switch on a link, asks for."""

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


def switches(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield which devices announce themselves on this link, and on which of their ports."""
    known = rows(analysis.stat("announced"))
    for row in known[:_ROWS]:
        model = f" ({row['platform']})" if row["platform"] else ""
        vlan = f", native VLAN {row['vlan']}" if row["vlan"] else ""
        text = f"By {row['protocol']} {row['device']}{model} announces itself on this link, from its port {row['port']}"
        yield Claim(text=f"{text}{vlan}.", frames=frames(row, "first_frame"), sources=("announced",))
    if not known:
        text = "This capture cannot tell which switch is on this link: no device announces itself by LLDP or CDP."
        yield Claim(text=text, sources=("announced",))
