import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.llm import written

ANSWER = {"verdict": "It expired.", "side": "server", "claims": [{"text": "a", "frames": [4], "sources": ["x"]}]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ANSWER),
        f"Here it is:\n```json\n{json.dumps(ANSWER)}\n```\nI hope that helps.",
        f"<think>Hm, {{}}.</think>{json.dumps(ANSWER)}",
        f"Sure! {json.dumps(ANSWER)}",
    ],
)
def test_json_is_found_wherever_it_stands(text: str) -> None:
    found = written.read(text)
    assert found is not None
    assert (found.verdict, found.side, found.claims[0].frames) == ("It expired.", "server", (4,))


@pytest.mark.parametrize("text", ["", "It expired.", "{", '{"verdict": 7}', "[1, 2]", json.dumps(ANSWER)[:40]])
def test_what_is_none(text: str) -> None:
    assert written.read(text) is None


def test_what_is_nearly_right_is_taken() -> None:
    loose = {
        "verdict": "x",
        "side": "The Moon",
        "claims": ["just words", {"text": "a", "frames": "7"}],
        "filters": "tcp",
    }
    found = written.read(json.dumps(loose))
    assert found is not None
    assert found.side == "unknown"
    assert [claim.frames for claim in found.claims] == [(), (7,)]
    assert found.filters == ("tcp",)


def test_prose_becomes_an_answer() -> None:
    found = written.prose("**It expired.**\n\n1. frame 22: the certificate\n- frames 4, 6-8 and 10 show it\n")
    assert found.verdict == "It expired."
    assert [claim.frames for claim in found.claims] == [(22,), (4, 6, 7, 8, 10)]


def test_the_schema_is_strict() -> None:
    made = written.schema()
    assert made["additionalProperties"] is False
    assert set(made["required"]) == set(written.Written.model_fields)


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    assert written.read(text) is None  # no answer comes about by chance
    found = written.prose(text)
    assert found.verdict in text
    assert all(claim.text in text for claim in found.claims)
