"""A name server that answers a part of the questions alone."""

from typing import Any

import pytest
from factories import START_NS
from test_rule_dns_resolvers import found, lookup

from explainer.protocols.dns import Lookup

SILENT: dict[str, Any] = {"response_frames": (), "response_ns": None, "rcode": None, "answers": ()}


def questions(answered: int, lost: int, **overrides: Any) -> list[Lookup]:
    good = [lookup(number) for number in range(1, answered + 1)]
    return good + [lookup(100 + number, **SILENT | overrides) for number in range(lost)]


@pytest.mark.parametrize(("answered", "lost", "fires"), [(3, 5, True), (3, 4, False), (45, 5, True), (46, 5, False)])
def test_how_many_are_lost(answered: int, lost: int, fires: bool) -> None:
    findings = found("dns_partly_unanswered", *questions(answered, lost))
    assert [f.measured["lost"] for f in findings] == ([lost] if fires else [])
    assert all(f"leaves {lost} of {answered + lost} questions" in f.title for f in findings)


@pytest.mark.parametrize(
    "others",
    [
        {"name": "other.example.org"},
        {"type_number": 28},
        {"last_query_ns": START_NS + 57_000_000_000},
        {"kind": "mDNS"},
    ],
    ids=["names that it never answers", "types that it never answers", "the capture ends", "of a group"],
)
def test_what_is_told_elsewhere_or_not_at_all(others: dict[str, Any]) -> None:
    assert found("dns_partly_unanswered", *questions(3, 5, **others)) == []


def test_a_server_that_answers_nothing_is_told_elsewhere() -> None:
    assert found("dns_partly_unanswered", *questions(0, 9)) == []
