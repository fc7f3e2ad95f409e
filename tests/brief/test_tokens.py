from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.brief.build import build
from explainer.brief.tokens import ESTIMATE
from explainer.llm.vocabulary import counter
from explainer.model import Analysis


def test_nothing_is_no_token() -> None:
    assert ESTIMATE.count("") == 0


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(first: str, second: str) -> None:
    assert ESTIMATE.count(first) <= ESTIMATE.count(first + second) <= ESTIMATE.count(first) + ESTIMATE.count(second)


def test_a_lone_surrogate_can_be_counted() -> None:
    assert ESTIMATE.count("a\udcff") > 0


@pytest.mark.parametrize("name", ["tls12_hostile_names", "dns_and_http_healthy", "tls12_unknown_ca", "tcp_refused"])
def test_the_estimate_is_never_below_the_exact_count(analysis_of: Callable[[str], Analysis], name: str) -> None:
    exact = counter("gpt-4o")
    if exact is ESTIMATE:
        pytest.skip("tiktoken's vocabulary is not on this machine: set TIKTOKEN_CACHE_DIR to a folder that holds it")
    analysis = analysis_of(name)
    brief = build(analysis, "Why does it fail?", budget=100_000, counter=ESTIMATE)
    for section in brief.sections:
        assert exact.count(section.text) <= ESTIMATE.count(section.text), section.key
    assert exact.count(analysis.model_dump_json()) <= ESTIMATE.count(analysis.model_dump_json())
    assert exact.count(brief.text) <= brief.tokens
