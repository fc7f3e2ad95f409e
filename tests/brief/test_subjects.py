"""Plain words that name what a finding is about."""

import pytest

from explainer.brief.subjects import shared
from explainer.model import Confidence, Evidence, Finding, Scope, Severity, Side


def finding(title: str = "", names: tuple[str, ...] = (), ports: tuple[int, ...] = ()) -> Finding:
    return Finding(
        id="x:1", rule="x", severity=Severity.HIGH, confidence=Confidence.CERTAIN, side=Side.SERVER,
        title=title or "It fails.", act="Act.", evidence=Evidence.of([1], "tcp"), scope=Scope(names=names, ports=ports),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "about", "expected"),
    [
        ("Why is the login slow?", finding("It is slow at the request for /auth/login."), 1),
        ("Why do orders fail?", finding("The request for /order fails."), 1),
        ("Why are there no traces?", finding(ports=(4318,)), 1),
        ("Why is the intranet not found?", finding(names=("intranet.corp.example",)), 1),
        ("Why does the page fail with an error?", finding("The request for /page/error fails."), 0),
        ("Why is the login slow?", finding("The login is refused."), 0),
        ("Why?", finding("The request for /why fails."), 0),
    ],
)
def test_words_of_a_question_name_what_it_is_about(text: str, about: Finding, expected: int) -> None:
    assert shared(text, about) == expected
