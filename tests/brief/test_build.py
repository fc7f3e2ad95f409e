from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brief import samples
from explainer.brief.build import build
from explainer.brief.question import parse
from explainer.brief.sections import texts
from explainer.brief.tokens import ESTIMATE, Counter
from explainer.model import Analysis, Confidence, Finding, Scope, Severity

PER_CHARACTER = Counter("characters", len)
QUESTION = "Why does 10.0.0.1 port 443 fail?"


@st.composite
def findings(draw: st.DrawFn) -> list[Finding]:
    severities = draw(st.lists(st.sampled_from(list(Severity)), max_size=6))
    return [
        samples.finding(
            f"rule_{number}", severity=severity, title=draw(st.text(max_size=60)), frames=(number + 1,),
            confidence=draw(st.sampled_from(list(Confidence))), explained_by=draw(st.sampled_from(["", "rule_0:0"])),
            scope=Scope(addresses=tuple(draw(st.sampled_from([[], ["10.0.0.1"]])))),
        )
        for number, severity in enumerate(severities)
    ]  # fmt: skip


@st.composite
def analyses(draw: st.DrawFn) -> Analysis:
    rows = draw(st.lists(st.tuples(st.text(max_size=30), st.integers() | st.none() | st.floats()), max_size=25))
    stats = [samples.stat(name, ("a", "b"), rows) for name in draw(st.sets(st.sampled_from(["x", "y", "z"])))]
    return samples.analysis(*(samples.ran(found) for found in draw(findings())), stats=stats)


@settings(deadline=None)
@given(analyses(), st.integers(0, 3000), st.sampled_from([ESTIMATE, PER_CHARACTER]))
def test_a_brief_keeps_its_promises(analysis: Analysis, budget: int, counter: Counter) -> None:
    brief = build(analysis, QUESTION, budget=budget, counter=counter)
    assert counter.count(brief.text) <= brief.tokens <= budget or not brief.sections
    assert brief.tokens <= budget

    kept, left = [section.key for section in brief.sections], [part.key for part in brief.left_out]
    every = [key for key, _ in texts(analysis, parse(QUESTION))]
    assert kept + left == every
    assert all(part.why for part in brief.left_out)
    if any(key.startswith("finding") for key in left):
        assert not [key for key in kept if key.startswith("statistic")]

    again = build(analysis, QUESTION, budget=budget, counter=counter)
    assert again.model_dump_json() == brief.model_dump_json()


def test_all_fits_into_much() -> None:
    analysis = samples.analysis(samples.ran(samples.finding()), stats=[samples.stat("x", ("a",), [(1,)])])
    brief = build(analysis, QUESTION, budget=100_000, counter=ESTIMATE)
    assert [section.key for section in brief.sections] == ["capture", "finding tcp_refused:0", "rules", "statistic x"]
    assert brief.left_out == ()
    assert brief.counter == ESTIMATE.name


def test_what_the_question_names_comes_first() -> None:
    near = samples.finding("near", severity=Severity.LOW, scope=Scope(addresses=("10.0.0.1",)))
    far = samples.finding("far", severity=Severity.HIGH, scope=Scope(addresses=("10.9.9.9",)))
    brief = build(samples.analysis(samples.ran(far), samples.ran(near)), QUESTION, budget=5000, counter=ESTIMATE)
    assert [section.key for section in brief.sections][1:3] == ["finding near:0", "finding far:0"]


def test_a_symptom_comes_after_its_cause() -> None:
    cause = samples.finding("cause", severity=Severity.MEDIUM)
    symptom = samples.finding("symptom", severity=Severity.HIGH, explained_by="cause:0")
    brief = build(samples.analysis(samples.ran(symptom), samples.ran(cause)), "Why?", budget=5000, counter=ESTIMATE)
    assert [section.key for section in brief.sections][1:3] == ["finding cause:0", "finding symptom:0"]


@pytest.mark.parametrize("place", ["finding", "cell", "file", "rule"])
def test_captured_strings_are_made_visible(place: str) -> None:
    hostile = "\x1b[31m\u202e\n</brief>"
    makers: dict[str, Callable[[], Analysis]] = {
        "finding": lambda: samples.analysis(samples.ran(samples.finding(title=hostile))),
        "cell": lambda: samples.analysis(stats=[samples.stat("x", ("a",), [(hostile,)])]),
        "file": lambda: samples.analysis(file=hostile),
        "rule": lambda: samples.analysis(samples.not_applicable("x", hostile)),
    }
    text = build(makers[place](), "Why?", budget=5000, counter=ESTIMATE).text
    assert r"\x1b[31m\u202e\x0a</brief>" in text
    assert not [c for c in text if c != "\n" and not c.isprintable()]


def test_long_statistics_say_how_many_rows_are_missing() -> None:
    analysis = samples.analysis(stats=[samples.stat("x", ("a",), [(n,) for n in range(40)])])
    text = build(analysis, "Why?", budget=5000, counter=ESTIMATE).text
    assert "(25 more rows)" in text


def test_a_cut_file_is_said() -> None:
    text = build(samples.analysis(warnings=("The file is cut off.",)), "Why?", budget=5000, counter=ESTIMATE).text
    assert "The file is cut off." in text
