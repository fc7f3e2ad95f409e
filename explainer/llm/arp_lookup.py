"""What a question about ARP asks for: who asks for whose network card, who answers, and who announces himself."""

from collections.abc import Iterator

from explainer.brief.question import Question, Topic
from explainer.llm.rows import Row, frames, rows
from explainer.model import Analysis, Claim
from explainer.wording import count

_ROWS = 6


def requests(analysis: Analysis, question: Question) -> Iterator[Claim]:
    """Yield what was asked for, answered and announced: of the hosts that the question names, or of all.

    Whether somebody claims the address of another, the findings tell.
    """
    if Topic.SUSPICION in question.topics:
        return
    every = rows(analysis.stat("arp"))
    named = [row for row in every if {row["asker"], row["target"]} & question.addresses]
    told = named or list(every)
    for row in told[:_ROWS]:
        yield Claim(text=_sentence(row), frames=frames(row, "first_frame", "reply_frame"), sources=("arp",))
    if len(told) > _ROWS:
        yield Claim(text=f"Besides: {count(len(told) - _ROWS, 'other pair')} in ARP.", sources=("arp",))


def _sentence(row: Row) -> str:
    asker, target = f"{row['asker']} ({row['asker_mac']})", row["target"]
    if row["kind"] == "gratuitous":
        return f"The network card {row['asker_mac']} announces its own address {target} to all by ARP (gratuitous)."
    if row["kind"] == "probe":
        answer = f"{row['reply_mac']} has it" if row["reply_mac"] else "nobody does, so it is free"
        return f"The network card {row['asker_mac']} tries by ARP whether somebody has {target} already: {answer}."
    if not row["requests"]:
        return f"{row['reply_mac']} tells {asker} by ARP that it has {target}; the question is not recorded."
    asks = f"{asker} asks by ARP who has {target} ({count(row['requests'], 'time')})"
    return f"{asks}: {row['reply_mac']} has it." if row["reply_mac"] else f"{asks}: no answer is recorded."
