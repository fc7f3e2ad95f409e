"""Answers from another address than the one that was asked, or with another id."""

from typing import Any

import pytest
from factories import SECOND, SERVER, START_NS
from test_rule_dns_resolvers import found, lookup

from explainer.model import Severity
from explainer.protocols.dns import Lookup

OTHER = "198.51.100.99"
SILENT: dict[str, Any] = {"response_frames": (), "response_ns": None, "rcode": None, "answers": ()}
ASKED = lookup(**SILENT)


def stray(after_s: float = 0.1, server: str = OTHER, **overrides: Any) -> Lookup:
    """An answer to the question whose own question is not in the capture."""
    answer: dict[str, Any] = {"query_frames": (), "query_ns": None, "last_query_ns": None, "id": 1}
    return lookup(2, server=server, **answer | {"response_ns": START_NS + int(after_s * SECOND)} | overrides)


def test_the_answer_comes_from_elsewhere() -> None:
    (finding,) = found("dns_other_source", ASKED, stray())
    assert finding.severity is Severity.HIGH
    assert f"comes from {OTHER}, not from the name server {SERVER}" in finding.title
    assert finding.evidence.frames == (2, 5)


@pytest.mark.parametrize(
    "answers",
    [
        [stray(10.1)],
        [stray(server=SERVER)],
        [stray(id=9)],
        [stray(name="other.example.org")],
        [],
    ],
    ids=["much later", "from the one asked", "another id", "another name", "none"],
)
def test_other_answers_are_not_meant(answers: list[Lookup]) -> None:
    assert found("dns_other_source", ASKED, *answers) == []
    assert found("dns_other_source", lookup(), *answers) == []


def test_another_answer_makes_it_low() -> None:
    (finding,) = found("dns_other_source", ASKED, stray(), lookup(3))
    assert finding.severity is Severity.LOW


def unfit(**overrides: Any) -> Lookup:
    return stray(server=SERVER, **({"id": 9} | overrides))


def test_the_answer_has_another_id() -> None:
    (finding,) = found("dns_wrong_id", ASKED, unfit())
    assert finding.severity is Severity.HIGH
    assert "another id (0x0009) than that of the question (0x0001)" in finding.title
    assert finding.evidence.frames == (2, 5)


@pytest.mark.parametrize(
    "answer",
    [unfit(after_s=10.1), unfit(id=1), unfit(name="other.example.org"), unfit(type_number=28), stray(id=9)],
    ids=["much later", "the same id", "another name", "another type", "another server"],
)
def test_other_ids_are_not_meant(answer: Lookup) -> None:
    assert found("dns_wrong_id", ASKED, answer) == []
    assert found("dns_wrong_id", lookup(), answer) == []


def test_an_answer_that_fits_makes_another_id_low() -> None:
    (finding,) = found("dns_wrong_id", ASKED, unfit(), lookup(3))
    assert finding.severity is Severity.LOW
