"""Facts → Analysis: every statistic and rule, each alone, so that one that fails does not stop the others."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING

from explainer.facts import Fact, Facts, Look, Need, looks
from explainer.lazy import model
from explainer.registry import Rule, Statistic

if TYPE_CHECKING:
    from explainer.model import Analysis, CaptureInfo, Finding, RuleOutcome, Stat


def needs(statistics: Iterable[Statistic], rules: Iterable[Rule]) -> tuple[Need, ...]:
    """Return what these statistics and rules need."""
    of_statistics = (need for entry in statistics for need in entry.needs)
    return (*of_statistics, *(need for entry in rules for need in entry.needs))


def analysis(
    info: "CaptureInfo", facts: Facts, statistics: Iterable[Statistic], rules: Iterable[Rule], *, strict: bool = False
) -> "Analysis":
    """Return the analysis; `strict` lets a rule's exception out instead of turning it into a failed outcome."""
    rules = tuple(rules)
    looks_of = {entry.id: looks(entry.needs) for entry in rules}
    pending = _Pending(facts, chain(*looks_of.values()))
    pending.begin()
    stats = tuple(_computed(entry, facts) for entry in statistics)
    made = dict[str, "RuleOutcome"]()
    for entry in sorted(rules, key=lambda rule: pending.turn(looks_of[rule.id])):
        pending.begin()
        made[entry.id] = _outcome(entry, facts, strict=strict)
    outcomes = [made[entry.id] for entry in rules]
    symptoms = {entry.id for entry in rules if entry.symptom}
    return model.Analysis(info=info, stats=stats, outcomes=_explained(outcomes, symptoms))


class _Pending:
    """Second looks: they go on beside the statistics and the rules that need none, those first that come last."""

    def __init__(self, facts: Facts, wanted: Iterable[Look]) -> None:
        before = {look: looks(look.needs) for look in wanted}
        awaited = Counter(chain(*before.values()))
        order = sorted(before, key=lambda look: (-awaited[look], -len(before[look])))
        self._facts = facts
        self._turns = {look: turn for turn, look in enumerate(order, 1)}
        self._before = {look: before[look] for look in order}

    def turn(self, needed: Iterable[Look]) -> int:
        """Return when a rule that needs these looks is asked: the higher, the later."""
        return max((self._turns[look] for look in needed), default=0)

    def begin(self) -> None:
        """Begin those whose turn it is: that wait for no other, and with none before them that does."""
        while self._before:
            look, others = next(iter(self._before.items()))
            if not all(map(self._facts.done, others)):
                return
            del self._before[look]
            with suppress(Exception):  # it is raised again in the rule that needs the look
                self._facts.begin(look)


def touching(outcomes: "Iterable[RuleOutcome]", frames: Collection[int]) -> "tuple[RuleOutcome, ...]":
    """Return the outcomes with just those findings that have one of these frames in their evidence."""
    return tuple(
        outcome.model_copy(
            update={"findings": tuple(f for f in outcome.findings if any(n in frames for n in f.evidence.frames))}
        )
        for outcome in outcomes
    )


def _computed(entry: Statistic, facts: Facts) -> "Stat":
    return entry.compute(facts.limited_to(entry.needs))


def _outcome(entry: Rule, facts: Facts, *, strict: bool) -> "RuleOutcome":
    view = facts.limited_to(entry.needs)
    try:
        if not _has_subject(entry, view):
            reason = f"no {entry.subject} in this capture"
            return model.RuleOutcome(
                rule=entry.id, title=entry.title, area=entry.area, status=model.RuleStatus.NOT_APPLICABLE, reason=reason
            )
        findings = tuple(entry.check(view))
    except Exception as error:
        if strict:
            raise
        reason = f"{type(error).__name__}: {error}"
        return model.RuleOutcome(
            rule=entry.id, title=entry.title, area=entry.area, status=model.RuleStatus.FAILED, reason=reason
        )
    return model.RuleOutcome(
        rule=entry.id, title=entry.title, area=entry.area, status=model.RuleStatus.RAN, findings=findings
    )


def _has_subject(entry: Rule, facts: Facts) -> bool:
    subject = entry.needs[0]
    return not isinstance(subject, Fact) or bool(facts[subject])


def _explained(outcomes: "Sequence[RuleOutcome]", symptoms: set[str]) -> "tuple[RuleOutcome, ...]":
    """Return the outcomes with each symptom naming the cause whose evidence holds all its frames."""
    causes = [f for outcome in outcomes if outcome.rule not in symptoms for f in outcome.findings]
    by_frame = dict[int, "list[Finding]"]()
    for cause in causes:
        for frame in cause.evidence.frames:
            by_frame.setdefault(frame, []).append(cause)
    return tuple(
        outcome.model_copy(update={"findings": tuple(_with_cause(f, by_frame) for f in outcome.findings)})
        if outcome.rule in symptoms
        else outcome
        for outcome in outcomes
    )


def _with_cause(symptom: "Finding", by_frame: "dict[int, list[Finding]]") -> "Finding":
    candidates = by_frame.get(symptom.evidence.frames[0], [])
    cause = next((c for c in candidates if _holds(c, symptom)), None)
    return symptom.model_copy(update={"explained_by": cause.id}) if cause else symptom


def _holds(cause: "Finding", symptom: "Finding") -> bool:
    """Return whether the cause's evidence holds the symptom's, as far as its list of frames goes."""
    listed = cause.evidence.frames
    cut = cause.evidence.total > len(listed)
    return all(frame in listed or (cut and frame > listed[-1]) for frame in symptom.evidence.frames)
