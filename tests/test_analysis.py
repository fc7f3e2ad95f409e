"""How rules' and statistics' results become one Analysis."""

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import polars as pl
import pytest
from factories import KnownFacts, capture_info, connection, facts, finding

from explainer.analysis import analysis, needs
from explainer.facts import Facts, Look, Need, UndeclaredNeedError, View, fact
from explainer.frame_table import FrameTable
from explainer.model import Analysis, Finding, RuleStatus, Severity, Stat, StatColumn
from explainer.protocols import tcp, tls
from explainer.registry import Rule, RuleCheck, Statistic

FACTS = facts([connection()])


def rule(check: RuleCheck, *wanted: Need, rule_id: str = "some_rule", symptom: bool = False) -> Rule:
    wanted = wanted or (tcp.connections,)
    return Rule(rule_id, "Some fault", "TCP connections", "TCP", "What it means.", symptom, wanted, check)


def finds(*found: Finding) -> RuleCheck:
    return lambda facts: iter(found)


def run(*rules: Rule, known: Facts = FACTS, **options: Any) -> Analysis:
    return analysis(capture_info(), known, (), rules, **options)


def test_a_rule_that_finds_nothing_ran() -> None:
    (outcome,) = run(rule(finds())).outcomes
    assert (outcome.status, outcome.findings, outcome.reason) == (RuleStatus.RAN, (), "")


def test_a_rule_without_its_subject_does_not_apply_and_says_what_is_missing() -> None:
    (outcome,) = run(rule(finds(finding())), known=facts()).outcomes
    assert outcome.status is RuleStatus.NOT_APPLICABLE
    assert outcome.reason == "no TCP connections in this capture"
    assert outcome.findings == ()


def test_only_the_first_need_is_the_subject() -> None:
    (outcome,) = run(rule(finds(), tcp.connections, tls.handshakes)).outcomes
    assert outcome.status is RuleStatus.RAN


def fails(facts: Facts) -> Iterator[Finding]:
    yield finding()
    raise ZeroDivisionError("by nothing")


def test_a_rule_that_raises_failed_and_the_others_go_on() -> None:
    analysed = run(rule(fails), rule(finds(finding("other:1")), rule_id="other"))
    failed, other = analysed.outcomes
    assert (failed.status, failed.reason) == (RuleStatus.FAILED, "ZeroDivisionError: by nothing")
    assert failed.findings == ()
    assert other.status is RuleStatus.RAN
    assert [f.id for f in analysed.findings] == ["other:1"]


def test_strict_lets_the_exception_out() -> None:
    with pytest.raises(ZeroDivisionError):
        run(rule(fails), strict=True)


def test_a_fact_that_cannot_be_made_fails_the_rule_that_asked_for_it() -> None:
    (outcome,) = run(rule(finds()), known=KnownFacts({})).outcomes
    assert outcome.status is RuleStatus.FAILED


def test_reading_an_undeclared_fact_is_an_error() -> None:
    def curious(facts: Facts) -> Iterator[Finding]:
        if facts[tls.handshakes]:
            yield finding()

    (outcome,) = run(rule(curious)).outcomes
    assert outcome.status is RuleStatus.FAILED
    assert outcome.reason == "UndeclaredNeedError: TLS connections is read but not declared"
    with pytest.raises(UndeclaredNeedError):
        run(rule(curious), strict=True)


def explained(symptom: Finding, *causes: Finding) -> str:
    rules = (
        rule(finds(symptom), rule_id="symptom", symptom=True),
        *(rule(finds(cause), rule_id=cause.rule) for cause in causes),
    )
    return run(*rules).outcomes[0].findings[0].explained_by


def test_a_symptom_gives_way_to_the_cause_whose_evidence_holds_all_its_frames() -> None:
    assert explained(finding("symptom:1", (4, 9)), finding("cause:1", (4, 7, 9))) == "cause:1"


@pytest.mark.parametrize("frames", [(4, 7), (9,), (7,), (4, 8, 10)])
def test_a_cause_that_lacks_one_of_its_frames_explains_nothing(frames: tuple[int, ...]) -> None:
    assert explained(finding("symptom:1", (4, 9)), finding("cause:1", frames)) == ""


def test_of_several_causes_the_one_with_all_frames_is_named() -> None:
    assert explained(finding("symptom:1", (4, 9)), finding("a:1", (9,)), finding("b:1", (4, 9))) == "b:1"


def test_a_symptom_explains_no_other_symptom_and_no_cause() -> None:
    first, second = finding("first:1", (4,)), finding("second:1", (4,))
    outcomes = run(
        rule(finds(first), rule_id="first", symptom=True), rule(finds(second), rule_id="second", symptom=True)
    ).outcomes
    assert [outcome.findings[0].explained_by for outcome in outcomes] == ["", ""]
    cause = run(rule(finds(first), rule_id="first"), rule(finds(second), rule_id="second", symptom=True)).outcomes[0]
    assert cause.findings == (first,)


def test_findings_come_worst_first_and_explained_symptoms_last() -> None:
    low, high = finding("low:1", (9,), severity=Severity.LOW), finding("high:1", (5, 6))
    symptom = finding("symptom:1", (5,))
    analysed = run(rule(finds(symptom), rule_id="symptom", symptom=True), rule(finds(low, high), rule_id="cause"))
    assert [f.id for f in analysed.findings] == ["high:1", "low:1", "symptom:1"]


def test_statistics_see_only_what_they_declare() -> None:
    def count(facts: Facts) -> Stat:
        rows = ((len(facts[tcp.connections]),),)
        return Stat(id="count", title="Count", columns=(StatColumn(name="connections"),), rows=rows, total_rows=1)

    declared = Statistic("count", "Count", "", (tcp.connections,), count)
    assert analysis(capture_info(), FACTS, [declared], ()).stat("count") == count(FACTS)
    with pytest.raises(UndeclaredNeedError):
        analysis(capture_info(), FACTS, [Statistic("count", "Count", "", (), count)], ())


def test_the_needs_are_those_of_all() -> None:
    statistic = Statistic("count", "Count", "", (tls.handshakes,), lambda facts: pytest.fail("not to be computed"))
    assert set(needs([statistic], [rule(finds())])) == {tls.handshakes, tcp.connections}


class Eyes:
    """Notes which looks begin and which rules are asked, in order; a look ends when its first rule waits for it."""

    def __init__(self) -> None:
        self.events = list[str]()

    def __call__(self, look: Look, view: View) -> "Future[pl.DataFrame]":
        self.events.append(f"begin {look.title}")
        seen = Future[pl.DataFrame]()
        seen.set_result(pl.DataFrame())
        return seen

    def asked(self, name: str, *wanted: Need) -> Rule:
        def check(facts: Facts) -> Iterator[Finding]:
            self.events.append(name)
            yield from ()

        return rule(check, PRESENT, *wanted, rule_id=name)


PRESENT = fact("frames that are always there")(lambda facts: True)


def test_looks_begin_before_the_rules_and_what_waits_for_another_comes_before_what_does_not() -> None:
    eyes = Eyes()
    alone = Look("alone", (), (), lambda facts: View((1,)))
    first = Look("first", (), (), lambda facts: View((1,)))
    told = fact("what the first look shows", first)(lambda facts: facts.look(first) is not None)
    second = Look("second", (told,), (), lambda facts: View((2,)) if facts[told] else None)
    known = Facts(FrameTable.of(pl.DataFrame()), {}, look_again=eyes)
    rules = (eyes.asked("a", alone), eyes.asked("b", second), eyes.asked("c"), eyes.asked("d", first))
    analysed = run(*rules, known=known, strict=True)
    assert eyes.events == ["begin first", "begin second", "begin alone", "c", "d", "b", "a"]
    assert [outcome.rule for outcome in analysed.outcomes] == ["a", "b", "c", "d"]


def test_a_look_that_cannot_be_decided_fails_the_rules_that_need_it() -> None:
    broken = Look("broken", (), (), lambda facts: View((1 // 0,)))
    known = Facts(FrameTable.of(pl.DataFrame()), {}, look_again=Eyes())

    def looks_at(facts: Facts) -> Iterator[Finding]:
        facts.look(broken)
        yield from ()

    other, failed = run(rule(looks_at, PRESENT, broken, rule_id="b"), Eyes().asked("a"), known=known).outcomes[::-1]
    assert other.status is RuleStatus.RAN
    assert (failed.status, failed.reason.split(":")[0]) == (RuleStatus.FAILED, "ZeroDivisionError")
