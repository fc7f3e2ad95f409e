"""Plain text: what it shows, and what a captured string cannot do to it."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from factories import capture_info, finding

from explainer import ask, registry
from explainer.model import Analysis, Answer, Claim, Finding, RuleOutcome, RuleStatus, Stat, StatColumn

AnalysisOf = Callable[[str], Analysis]
PLAIN = registry.Style(width=100_000, colour=False)
NARROW = registry.Style(width=60, colour=False)
COLOUR = registry.Style(width=100, colour=True)
HOSTILE = "a\x1b[31mb\x07c\u202ed\ne[red]f[/red]<script>&\u200b\x9b1m"


def text() -> registry.Renderer:
    found = registry.renderers.get("text")
    assert found is not None
    return found


def answers(pairs: Sequence[tuple[Analysis, Answer]], style: registry.Style) -> str:
    render = text().answers
    assert render is not None
    return render(pairs, style)


def analysis(*findings: Any, **overrides: Any) -> Analysis:
    outcome = RuleOutcome(rule="some_rule", title="Some fault", area="TCP", status=RuleStatus.RAN, findings=findings)
    values: dict[str, Any] = {"info": capture_info(), "stats": (), "outcomes": (outcome,)}
    return Analysis(**values | overrides)


def answered(style: registry.Style = PLAIN, **answer: Any) -> str:
    values: dict[str, Any] = {"question": "why?", "verdict": "Something is wrong."}
    return answers([(analysis(), Answer(**values | answer))], style)


def all_kinds(known: Analysis, question: str, style: registry.Style) -> list[str]:
    return [
        answers([(known, ask(known, question))], style),
        text().statistics(known, style),
        text().findings(known, style),
    ]


def test_the_frames_stand_before_what_they_show() -> None:
    claims = (Claim(text="it asks", frames=(4,)), Claim(text="it asks again", frames=(6, 7, 8, 10)), Claim(text="So."))
    lines = answered(claims=claims).splitlines()
    column = next(line for line in lines if "it asks" in line).index("it asks")
    assert [line[:column].strip() for line in lines if "it asks" in line] == ["frame 4", "frames 6-8 and 10"]
    assert any(line[column:] == "So." and not line[:column].strip() for line in lines)


def test_several_captures_name_their_files_and_one_does_not() -> None:
    pairs = [
        (analysis(info=capture_info(file=name)), Answer(question="why?", verdict="Nothing.")) for name in ("a.p", "b.p")
    ]
    both = answers(pairs, PLAIN)
    assert both.index("a.p") < both.index("b.p")
    assert "a.p" not in answers(pairs[:1], PLAIN)


@pytest.mark.parametrize("style", [PLAIN, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("place", ["verdict", "act", "claims", "also", "next_steps", "filters", "not_shown"])
def test_hostile_strings_are_made_visible_wherever_they_stand(place: str, style: registry.Style) -> None:
    value: Any = {
        "verdict": HOSTILE, "act": HOSTILE, "claims": (Claim(text=HOSTILE),), "also": (Claim(text=HOSTILE),),
    }.get(place, (HOSTILE,))  # fmt: skip
    shown = answered(style, **{place: value})
    assert not set("\x1b\x07\u202e\u200b\x9b") & set(shown)
    unfolded = re.sub(r"\n *", "", shown)
    assert r"a\x1b[31mb\x07c\u202ed\x0ae[red]f[/red]<script>&\u200b\x9b1m" in unfolded


def test_hostile_names_of_files_cells_and_findings_are_made_visible() -> None:
    stat = Stat(id="s", title=HOSTILE, columns=(StatColumn(name="n"),), rows=((HOSTILE,),), total_rows=1, note=HOSTILE)
    known = analysis(
        finding(title=HOSTILE, act=HOSTILE, measured={"x": HOSTILE}, limitations=(HOSTILE,)),
        info=capture_info(file=HOSTILE, warnings=(HOSTILE,)),
        stats=(stat,),
    )
    for shown in (text().findings(known, PLAIN), text().statistics(known, PLAIN)):
        assert not set("\x1b\x07\u202e\u200b\x9b") & set(shown)
        assert "[red]f[/red]" in shown


@pytest.mark.parametrize("style", [PLAIN, NARROW, COLOUR], ids=["wide", "narrow", "colour"])
def test_no_line_of_the_labs_output_ends_in_blanks(
    style: registry.Style, sample: dict[str, Any], analysis_of: AnalysisOf
) -> None:
    for shown in all_kinds(analysis_of(sample["name"]), sample["question"], style):
        assert shown.endswith("\n")
        assert not shown.endswith("\n\n")
        assert [line for line in shown.split("\n") if line != line.rstrip()] == []


def test_colour_codes_appear_only_where_they_are_wanted(sample: dict[str, Any], analysis_of: AnalysisOf) -> None:
    known = analysis_of(sample["name"])
    assert not any("\x1b" in shown for shown in all_kinds(known, sample["question"], PLAIN))
    coloured = all_kinds(known, sample["question"], COLOUR)
    assert any("\x1b[" in shown for shown in coloured)
    # Only colours: nothing that moves the cursor or links somewhere.
    assert all(re.fullmatch(r"(?:[^\x1b]|\x1b\[[\d;]*m)*", shown) for shown in coloured)


def test_colour_adds_nothing_but_colour(sample: dict[str, Any], analysis_of: AnalysisOf) -> None:
    known, plain = analysis_of(sample["name"]), registry.Style(width=100, colour=False)
    for shown, coloured in zip(
        all_kinds(known, sample["question"], plain), all_kinds(known, sample["question"], COLOUR), strict=True
    ):
        bare = "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[\d;]*m", "", coloured).split("\n"))
        assert bare == shown


def test_a_narrow_answer_fits_and_breaks_no_number_or_address(sample: dict[str, Any], analysis_of: AnalysisOf) -> None:
    known = analysis_of(sample["name"])
    answer = ask(known, sample["question"])
    wide, narrow = (answers([(known, answer)], style) for style in (PLAIN, NARROW))
    assert max(map(len, narrow.splitlines())) <= NARROW.width
    if "hostile" not in sample["name"]:
        # Fewer frames are listed where a line is short ("and 6 more"); what is written is written whole.
        numbers, left_out = re.compile(r"\d[\d.,:]*\d|\d"), re.compile(r"\d[\d,]*\s+more")
        assert set(numbers.findall(left_out.sub("", narrow))) <= set(numbers.findall(wide))


@pytest.mark.parametrize("width", [20, 40, 60, 80])
def test_statistics_and_findings_of_any_width_are_made(width: int, analysis_of: AnalysisOf) -> None:
    for shown in all_kinds(analysis_of("tls12_expired"), "why?", registry.Style(width=width, colour=False)):
        assert shown


def test_a_symptom_names_its_cause_and_no_more() -> None:
    known = analysis(finding("cause:1"), finding("symptom:1", title="A symptom.", act="No.", explained_by="cause:1"))
    shown = text().findings(known, PLAIN)
    assert "a symptom of cause:1" in shown
    assert "No." not in shown.split("A symptom.")[1].splitlines()[1]


def test_without_findings_it_says_so_and_what_was_looked_for() -> None:
    shown = text().findings(analysis(outcomes=(outcome("Some fault"), outcome("Another"))), PLAIN)
    assert "No findings" in shown
    assert "Looked for and not found: Some fault; Another." in shown
    assert "nothing to look at" not in shown


def test_what_is_not_there_to_look_at_is_told_once() -> None:
    absent = [outcome(f"Fault {n}", RuleStatus.NOT_APPLICABLE, "no TLS connections in this capture") for n in range(3)]
    lines = text().findings(analysis(outcomes=tuple(absent)), PLAIN).splitlines()
    assert lines[-1] == "3 rules had nothing to look at in this capture: no TLS connections."


def test_what_was_found_is_not_listed_as_not_found() -> None:
    found = outcome("Some fault", found=finding("some:1"))
    shown = text().findings(analysis(finding("some:1"), outcomes=(found,)), PLAIN)
    assert "not found" not in shown


def test_each_rule_that_failed_is_told() -> None:
    failed = outcome("Some fault", RuleStatus.FAILED, "KeyError: 7")
    assert "Could not be checked: Some fault (KeyError: 7)" in text().findings(analysis(outcomes=(failed,)), PLAIN)


def outcome(
    title: str, status: RuleStatus = RuleStatus.RAN, reason: str = "", found: Finding | None = None
) -> RuleOutcome:
    findings = (found,) if found else ()
    return RuleOutcome(rule="r", title=title, area="TCP", status=status, reason=reason, findings=findings)


def test_rows_that_are_not_shown_are_counted() -> None:
    rows = tuple((number,) for number in range(25))
    stat = Stat(id="s", title="Numbers", columns=(StatColumn(name="n"),), rows=rows, total_rows=30)
    shown = text().statistics(analysis(stats=(stat,)), PLAIN)
    assert "5 more rows" in shown


def test_a_models_own_lines_stay_lines() -> None:
    shown = answered(verdict="First.\nSecond.", model="some-model")
    assert shown.splitlines()[:2] == ["First.", "Second."]
    assert "some-model" in shown


def test_cells_are_written_as_people_write_numbers() -> None:
    row = (1234567, 0.5, 2.0, None, True, "x")
    columns = tuple(StatColumn(name=f"column{n}") for n in range(len(row)))
    stat = Stat(id="s", title="Cells", columns=columns, rows=(row,), total_rows=1)
    assert text().statistics(analysis(stats=(stat,)), PLAIN).splitlines()[-1].split() == [
        "1,234,567", "0.5", "2", "-", "yes", "x",
    ]  # fmt: skip
