"""`explainer report`, `ask --save`, `restore`, `schema`: what they write, and what they refuse to."""

import json
from pathlib import Path

import pytest

from cli.command import explainer, inside
from explainer.report import Report

CAPTURE = "dns_nxdomain.pcapng"


@pytest.fixture
def capture(captures: Path, tmp_path: Path) -> Path:
    place = tmp_path / CAPTURE
    place.write_bytes((captures / CAPTURE).read_bytes())
    return place


def test_the_json_is_whole_and_its_schema_names_all_of_it(capture: Path) -> None:
    target = capture.with_name("report.json")
    done = inside("report", capture, "--format", "json", "-o", target, "--question", "why?", "--question", "who?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = Report.model_validate_json(target.read_bytes())
    assert [answer.question for answer in made.answers] == ["why?", "who?"]
    assert made.commands[0] == f"explainer report {CAPTURE} --question 'why?' --question 'who?'"
    assert made.ladder is not None
    assert [rung.frame for rung in made.ladder.rungs if rung.failing] == [14]
    schema = json.loads(inside("schema").stdout)
    assert set(schema["required"]) >= {"analysis", "answers", "tool_version"}
    assert set(json.loads(target.read_bytes())) == set(schema["properties"])
    again = inside("report", capture, "-o", target)
    assert (again.returncode, "exists already" in again.stderr) == (2, True)
    assert Report.model_validate_json(target.read_bytes()) == made


def test_the_markdown_survives_a_ticket_and_redacted_tells_of_nobody(capture: Path) -> None:
    text = explainer("report", capture, "--format", "markdown", "--redact").stdout
    assert "<" not in text
    assert not [own for own in ("old-database", "10.20.1.1", CAPTURE) if own in text]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace(r"\|", "").count("|") for line in rows} == {3, 5}
    table = capture.with_name(f"{CAPTURE}.pseudonyms.json")
    assert "old-database.example does not exist" in inside("restore", text, "--map", table).stdout


def test_an_answer_is_appended(capture: Path) -> None:
    report = capture.with_name("report.md")
    report.write_text("# Ticket 4711\n")
    for question in ("why?", "what now?"):
        assert inside("ask", capture, question, "--save", report).returncode == 0
    text = report.read_text()
    assert text.startswith("# Ticket 4711\n\n## dns")
    assert text.count("does not exist, says the name server") == 2
    refused = inside("ask", capture, "why?", "--save", capture)
    assert (refused.returncode, capture.read_bytes()[:4]) == (2, b"\x0a\x0d\x0d\x0a")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["report", "{}", "--format", "docx"], 2, "There is no report format docx"),
        (["report", "/nowhere.pcap"], 3, "does not exist"),
        (["report", "{}", "-o", "{}", "--force"], 2, "is what the export is made from"),
        (["ticket", "{}", "-o", "/nowhere/pack.zip"], 2, "cannot be written"),
        (["restore", "text", "--map", "{}"], 2, "is no file of pseudonyms"),
        (["restore", "text", "--map", "/nowhere.json"], 2, "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(arguments: list[str], code: int, said: str, capture: Path) -> None:
    done = inside(*(word.format(capture) for word in arguments))
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in capture.parent.iterdir()] == [CAPTURE]
