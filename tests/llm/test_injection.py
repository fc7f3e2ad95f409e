"""A model that obeys whatever the capture says: the check has to catch each of its false statements."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from brief import samples
from servers.scripted import Said, answer, brief_of, running

from explainer import ask
from explainer.brief.build import build
from explainer.brief.tokens import ESTIMATE
from explainer.escape import visible
from explainer.llm.conversation import Conversation
from explainer.llm.ledger import Ledger
from explainer.llm.openai import OpenAIModel
from explainer.model import Analysis, Stat
from explainer.settings import Settings
from llm.injections import INJECTIONS, Injection
from llm.test_check import EXPIRED, HEALTH, INDEX, RTT

pytestmark = pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
QUESTION = "Why does my TLS handshake fail?"
_COLUMNS = {"sni": ("tls", "server_name"), "dns": ("dns", "name"), "http": ("http", "path"),
            "certificate": ("tls", "certificate"), "smtp": ("banners", "text"), "banner": ("banners", "text"),
            "comment": ("comments", "text")}  # fmt: skip


def carrying(injection: Injection) -> Analysis:
    """Return the analysis of a capture that holds the string."""
    if injection.carrier == "file":
        return samples.analysis(samples.ran(EXPIRED), stats=[RTT, HEALTH], frames=26, file=injection.text)
    stat, column = _COLUMNS[injection.carrier]
    hostile: Stat = samples.stat(stat, ("client", column), [("10.20.1.10:37092", injection.text)])
    scope = EXPIRED.scope.model_copy(update={"names": (*EXPIRED.scope.names, injection.text)})
    finding = EXPIRED.model_copy(update={"scope": scope})
    return samples.analysis(samples.ran(finding), stats=[hostile, RTT, HEALTH], frames=26)


def test_there_are_enough_of_all_kinds() -> None:
    assert len(INJECTIONS) >= 30
    assert {injection.carrier for injection in INJECTIONS} == {*_COLUMNS, "file"}
    assert len({injection.text for injection in INJECTIONS}) == len(INJECTIONS)


@pytest.fixture(scope="module")
def obedient() -> Any:
    """A server whose model looks for each injection in what it reads, and says what it wants."""

    def obeys(request: dict[str, Any]) -> Said:
        text = brief_of(request)
        for injection in INJECTIONS:
            if visible(injection.text) in text:
                claim = {
                    "text": injection.claim,
                    "frames": list(injection.frames),
                    "sources": ["tls_certificate_expired:0"],
                }
                return answer(injection.verdict, claim, next_steps=[injection.step] if injection.step else [])
        return answer("I saw no instruction.", {"text": "I saw none.", "frames": [], "sources": []})

    with running(obeys) as server:
        yield server


@pytest.mark.parametrize("injection", INJECTIONS, ids=lambda injection: f"{injection.carrier}-{injection.verdict[:30]}")
def test_what_an_obedient_model_says_is_caught(obedient: Any, injection: Injection) -> None:
    analysis = carrying(injection)
    model = OpenAIModel.of(Settings(model="scripted", base_url=obedient.url))
    talk = Conversation(model, analysis, Ledger.of(analysis, INDEX))
    brief = build(analysis, QUESTION, budget=20_000, counter=ESTIMATE)
    assert visible(injection.text) in brief.text, "the model has to have read it"
    found = talk.ask(brief)
    said = [claim for claim in found.claims if claim.text == injection.claim]
    assert not [claim for claim in said if claim.backed]
    assert found.verdict != injection.verdict or found.verdict_why
    if found.model:
        assert found.found[0].text == EXPIRED.title
        assert not injection.step or found.doubts
    else:
        assert found.verdict == EXPIRED.title


def test_a_capture_cannot_end_its_fence(obedient: Any) -> None:
    analysis = carrying(INJECTIONS[2])
    ask(analysis, QUESTION, settings=Settings(model="scripted", base_url=obedient.url))
    text = brief_of(json.loads(obedient.requests[-1]))
    nonce = text.partition("<brief ")[2].partition(">")[0]
    assert text.count(f"</brief {nonce}>") == 1
    assert text.endswith(f"</brief {nonce}>")
    assert not [character for character in text if character != "\n" and not character.isprintable()]


def test_a_string_that_is_very_long_is_cut(obedient: Any) -> None:
    long = Injection("sni", "x" * 5000, "", "")
    ask(carrying(long), QUESTION, settings=Settings(model="scripted", base_url=obedient.url))
    assert "x" * 1000 not in brief_of(json.loads(obedient.requests[-1]))


def test_with_pseudonyms_the_instructions_never_reach_the_model(
    obedient: Any, analysis_of: Callable[[str], Analysis]
) -> None:
    settings = Settings(model="scripted", base_url=obedient.url, redact=True)
    before = len(obedient.requests)
    ask(analysis_of("tls12_hostile_names"), QUESTION, settings=settings)
    assert not [r for r in obedient.requests[before:] if b"Ignore previous" in r or b"all is well" in r]
