from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brief import samples
from explainer.brief.build import build
from explainer.brief.question import parse
from explainer.brief.sections import parts
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

    kept = [section.key for section in brief.sections if section.key != "left out"]
    left = [part.key for part in brief.left_out]
    every = [part.key for part in parts(analysis, parse(QUESTION))]
    assert kept == [key for key in every if key in kept]
    assert sorted(kept + left) == sorted(every)
    assert all(part.why for part in brief.left_out)
    if any(key.startswith("finding") for key in left):
        assert not [key for key in kept if key.startswith(("statistic", "about"))]

    again = build(analysis, QUESTION, budget=budget, counter=counter)
    assert again.model_dump_json() == brief.model_dump_json()


def test_all_fits_into_much() -> None:
    analysis = samples.analysis(samples.ran(samples.finding()), stats=[samples.stat("x", ("a",), [(1,)])])
    brief = build(analysis, QUESTION, budget=100_000, counter=ESTIMATE)
    assert [section.key for section in brief.sections] == [
        "capture", "finding tcp_refused:0", "rules", "statistic x", "left out",
    ]  # fmt: skip
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


def test_a_finding_is_told_in_short_before_it_is_left_out() -> None:
    findings = [samples.finding(f"rule_{n}", title="A long story. " * 8, frames=(n + 1,)) for n in range(6)]
    brief = build(samples.analysis(*map(samples.ran, findings)), "Why?", budget=1100, counter=ESTIMATE)
    texts = {section.key: section.text for section in brief.sections}
    assert len([key for key in texts if key.startswith("finding")]) == 6
    assert "who must act" in texts["finding rule_0:0"]
    assert "who must act" not in texts["finding rule_5:0"]


def test_what_the_question_names_is_shown_of_the_statistics_first() -> None:
    rows = [(n, f"10.0.0.{n}:4000", "10.9.9.9:443") for n in range(1, 40)]
    analysis = samples.analysis(stats=[samples.stat("rtt", ("stream", "client", "server"), rows)])
    brief = build(analysis, "What about 10.0.0.33?", budget=600, counter=ESTIMATE)
    about = next(section for section in brief.sections if section.key == "about rtt")
    assert "10.0.0.33:4000" in about.text
    assert "10.0.0.32:4000" not in about.text


def test_the_end_says_what_was_left_out_and_what_is_covered() -> None:
    stats = [samples.stat(f"s{n}", ("a",), [("x" * 200,)] * 9) for n in range(5)]
    analysis = samples.analysis(samples.ran(samples.finding(frames=(4, 5))), stats=stats)
    last = build(analysis, "Why?", budget=500, counter=ESTIMATE).sections[-1]
    assert "name 2 of 100 frames (2 %)" in last.text
    assert "LEFT OUT for lack of room" in last.text
    assert "statistic s4" in last.text
