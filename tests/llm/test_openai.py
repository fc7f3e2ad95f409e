import socket
from collections.abc import Iterator

import pytest
from brief import samples
from pydantic import SecretStr
from servers.chat import TEXT

from explainer import ask
from explainer.brief.build import build
from explainer.brief.tokens import ESTIMATE
from explainer.errors import ModelError, SettingsError
from explainer.llm import conversation
from explainer.llm.model import Message, Reply
from explainer.llm.openai import OpenAIModel
from explainer.model import Answer, Usage
from explainer.settings import Settings

ANALYSIS = samples.analysis(samples.ran(samples.finding()))
LIVE = pytest.mark.block_network(allowed_hosts=["127.0.0.1"])


def model(name: str, base_url: str, **changes: float) -> OpenAIModel:
    return OpenAIModel.of(Settings(model=name, base_url=base_url, api_key=SecretStr("sk-test"), **changes))  # type: ignore[arg-type]  # only the timeout is passed


def reply(name: str, base_url: str) -> Reply:
    return model(name, base_url).reply([Message("system", "Explain."), Message("user", "Why?")])


@pytest.mark.vcr
class TestRecorded:
    def test_a_good_reply(self, base_url: str) -> None:
        assert reply("good", base_url) == Reply(TEXT, Usage(prompt_tokens=812, completion_tokens=40))

    def test_a_reply_without_usage(self, base_url: str) -> None:
        assert reply("no-usage", base_url) == Reply(TEXT, None)

    @pytest.mark.parametrize("name", ["empty", "null", "blank", "no-choices"])
    def test_an_empty_reply(self, base_url: str, name: str) -> None:
        with pytest.raises(ModelError, match=rf"^The model {name} gave an empty reply\.$"):
            reply(name, base_url)

    def test_no_json(self, base_url: str) -> None:
        with pytest.raises(ModelError):
            reply("not-json", base_url)

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("bad-key", "The model's server does not accept the key."),
            ("forbidden", "The model's server does not accept the key."),
            ("unknown-model", "The model's server knows no such model."),
            ("no-quota", "The account of this key has no quota left."),
            ("too-often", "The model's server is asked too often at the moment."),
            ("too-long", "The brief is too long for this model: make it smaller with --budget."),
            ("bad-request", "The model's server answered with the error 400."),
            ("broken", "The model's server answered with the error 500."),
        ],
        ids=lambda value: value if " " not in value else "",
    )
    def test_each_failure_has_its_sentence(self, base_url: str, name: str, said: str) -> None:
        with pytest.raises(ModelError) as raised:
            reply(name, base_url)
        assert raised.value.message == said
        assert "--model" in raised.value.hint
        assert raised.value.exit_code == 5
        assert "sk-test" not in str(raised.value)

    def test_an_answer_comes_from_the_brief(self, base_url: str) -> None:
        brief = build(ANALYSIS, "Why does TLS fail?", budget=4000, counter=ESTIMATE)
        answer = conversation.answer(model("good", base_url), brief)
        assert answer == Answer(
            question="Why does TLS fail?",
            verdict=TEXT,
            model="good",
            usage=Usage(prompt_tokens=812, completion_tokens=40),
        )

    def test_asked_through_the_public_function(self, base_url: str) -> None:
        settings = Settings(model="good", base_url=base_url)
        answer = ask(ANALYSIS, "Why does TLS fail?", settings=settings)
        assert (answer.model, answer.verdict) == ("good", TEXT)

    def test_nothing_is_changed_in_the_analysis(self, base_url: str) -> None:
        before = ANALYSIS.model_dump_json()
        ask(ANALYSIS, "Why?", settings=Settings(model="no-usage", base_url=base_url))
        assert ANALYSIS.model_dump_json() == before


class TestLive:
    @pytest.fixture
    def listening(self) -> Iterator[socket.socket]:
        """A server that takes connections and never answers."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield server

    @LIVE
    def test_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with pytest.raises(ModelError, match=r"^The model's server cannot be reached\.$"):
            reply("good", f"http://127.0.0.1:{port}/v1")

    @LIVE
    def test_no_answer_in_time(self, listening: socket.socket) -> None:
        slow = model("good", f"http://127.0.0.1:{listening.getsockname()[1]}/v1", model_timeout_s=0.05)
        with pytest.raises(ModelError, match=r"^The model's server did not answer in time\.$"):
            slow.reply([Message("user", "Why?")])


class TestSettings:
    def test_no_key_for_openai_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(SettingsError, match=r"^No key for the model is set\.$") as raised:
            OpenAIModel.of(Settings(model="gpt-x"))
        assert "OPENAI_API_KEY" in raised.value.hint

    def test_a_server_of_one_s_own_needs_no_key(self) -> None:
        assert OpenAIModel.of(Settings(model="llama", base_url="http://127.0.0.1:1/v1")).name == "llama"

    def test_the_client_library_s_own_variables_do_not_redirect(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere.example/v1")
        found = OpenAIModel.of(Settings(model="llama", base_url="http://127.0.0.1:1/v1"))
        assert found.client.base_url.host == "127.0.0.1"

    def test_the_time_limit_is_the_settings(self) -> None:
        assert model("good", "http://127.0.0.1:1/v1", model_timeout_s=7).client.timeout == 7
