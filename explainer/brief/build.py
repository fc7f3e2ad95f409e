"""Fitting the sections into the budget, in their order."""

from explainer.brief import question as questions
from explainer.brief.sections import texts
from explainer.brief.tokens import Counter
from explainer.model import Analysis, Brief, LeftOut, Section

# The blank line between two sections.
_JOINT_TOKENS = 2


def build(analysis: Analysis, question: str, *, budget: int, counter: Counter) -> Brief:
    """Return the brief: sections in order while they fit; once one does not, what comes after it is left out too.

    Nothing less needed is kept in the place of something more needed, so a statistic never outlives a finding.
    """
    sections, left_out, used = list[Section](), list[LeftOut](), 0
    for key, text in texts(analysis, questions.parse(question)):
        tokens = counter.count(text) + _JOINT_TOKENS
        if left_out or used + tokens > budget:
            left_out.append(LeftOut(key=key, why=f"{tokens} tokens do not fit into {budget}"))
            continue
        sections.append(Section(key=key, text=text, tokens=tokens))
        used += tokens
    return Brief(
        question=question,
        sections=tuple(sections),
        left_out=tuple(left_out),
        tokens=used,
        budget=budget,
        counter=counter.name,
    )
