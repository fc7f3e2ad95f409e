"""Fitting the parts into the budget, in their order."""

from explainer.brief import question as questions
from explainer.brief.sections import closing, parts
from explainer.brief.tokens import Counter
from explainer.model import Analysis, Brief, LeftOut, Section

# The blank line between two sections.
_JOINT_TOKENS = 2
_CLOSING_SHARE = 0.1


def build(analysis: Analysis, question: str, *, budget: int, counter: Counter) -> Brief:
    """Return the brief: each part in its fullest text that leaves room for what is needed after it, be it in short.

    Once a finding does not fit, even in short, nothing less needed is kept in its place.
    """
    sections, left_out, used = list[Section](), list[LeftOut](), 0
    room, full = budget - int(budget * _CLOSING_SHARE), False
    measured = [
        (part, [(text, counter.count(text) + _JOINT_TOKENS) for text in dict.fromkeys(part.texts)])
        for part in parts(analysis, questions.parse(question))
    ]
    later = sum(texts[-1][1] for part, texts in measured if part.needed)
    for part, texts in measured:
        later -= texts[-1][1] if part.needed else 0
        fitting = next((found for found in texts if used + found[1] + later <= room), texts[-1])
        if full or used + fitting[1] > room:
            left_out.append(LeftOut(key=part.key, why=f"{texts[0][1]} tokens do not fit into {budget}"))
            full = full or part.needed
            continue
        sections.append(Section(key=part.key, text=fitting[0], tokens=fitting[1]))
        used += fitting[1]
    last = _closing(analysis, sections, left_out, budget - used, counter)
    if last:
        sections.append(last)
        used += last.tokens
    return Brief(
        question=question,
        sections=tuple(sections),
        left_out=tuple(left_out),
        tokens=used,
        budget=budget,
        counter=counter.name,
    )


def _closing(
    analysis: Analysis, kept: list[Section], left_out: list[LeftOut], room: int, counter: Counter
) -> Section | None:
    """Return the last section, with as many names of what was left out as there is room for."""
    names = [part.key for part in left_out]
    for shown in (names, _by_kind(names)):
        text = closing(analysis, [section.key for section in kept], shown)
        if (tokens := counter.count(text) + _JOINT_TOKENS) <= room:
            return Section(key="left out", text=text, tokens=tokens)
    return None


def _by_kind(names: list[str]) -> list[str]:
    kinds = [name.partition(" ")[0] for name in names]
    return [f"{kind}: {kinds.count(kind)}" for kind in dict.fromkeys(kinds)]
