import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from brief import samples
from pydantic import SecretStr
from servers.chat import ANSWER, TEXT

from explainer import ask
from explainer.errors import ModelError, SettingsError
from explainer.llm.credentials import credential
from explainer.llm.model import Message, Reply
from explainer.llm.openai import OpenAIModel
from explainer.llm.prices import price
from explainer.model import Scope, Usage
from explainer.privacy.leaks import leaks
from explainer.privacy.mapping import Mapping
from explainer.settings import Settings

SCOPE = Scope(addresses=("10.20.2.20",), names=("payroll.acme.example",))
FINDING = samples.finding(scope=SCOPE, detail="", act="10.20.2.20 (payroll.acme.example) must listen.")
ANALYSIS = samples.analysis(samples.ran(FINDING), file="acme.pcapng")
QUESTION = "Why does payroll.acme.example refuse?"
yaml = pytest.importorskip("yaml")
CASSETTES = Path(__file__).parents[2] / "cassettes"
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

    def test_a_checked_answer(self, base_url: str) -> None:
        answer = ask(ANALYSIS, QUESTION, settings=Settings(model="answers", base_url=base_url, redact=True))
        assert (answer.verdict, answer.model) == (ANSWER["verdict"], "answers")
        assert (answer.backed, answer.statements) == (2, 2)
        assert answer.usage == Usage(prompt_tokens=812, completion_tokens=40)

    def test_words_that_no_packet_bears_out(self, base_url: str) -> None:
        answer = ask(ANALYSIS, QUESTION, settings=Settings(model="good", base_url=base_url, redact=True))
        assert answer.model == ""
        assert answer.verdict == "tcp_refused happened."
        assert answer.note.startswith("The answer of good is not shown")


def test_nothing_of_a_capture_is_in_any_cassette() -> None:
    bodies = [
        str(exchange["request"]["body"])
        for cassette in sorted(CASSETTES.rglob("*.yaml"))
        for exchange in yaml.safe_load(cassette.read_text("utf-8"))["interactions"]
    ]
    assert len(bodies) > 10
    assert any("FINDING tcp_refused:0" in body for body in bodies)
    for body in bodies:
        assert leaks(body.encode(), Mapping.of(ANALYSIS)) == ()
        assert "sk-test" not in body


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


@contextmanager
def token_service() -> Iterator[tuple[str, list[str]]]:
    """Yield the address of a service that hands out tokens as Azure's managed identities do, and what was asked."""
    asked = list[str]()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            token = {
                "access_token": "token-of-entra",
                "expires_on": "4102444800",
                "resource": "r",
                "token_type": "Bearer",
            }
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(token).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/token", asked
        server.shutdown()
        thread.join()


class TestAzure:
    """Signing in with the real azure-identity, whose managed identity asks a token service on loopback."""

    @LIVE
    def test_without_a_key_a_token_of_entra_is_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("azure.identity", reason="azure-identity is not installed: no token can be asked for")
        with token_service() as (url, asked):
            for name, value in {"IDENTITY_ENDPOINT": url, "IDENTITY_HEADER": "x"}.items():
                monkeypatch.setenv(name, value)
            found = credential(Settings(model="m", base_url="https://lab.openai.azure.com/openai/v1/"))
            assert callable(found)
            assert found() == "token-of-entra"
        assert "cognitiveservices.azure.com" in asked[0]
        azure = Settings(model="m", base_url="https://lab.openai.azure.com", api_version="2024-10-21")
        assert OpenAIModel.of(azure).client.__class__.__name__ == "AzureOpenAI"

    def test_a_key_goes_before_a_token(self) -> None:
        azure = Settings(model="m", base_url="https://lab.openai.azure.com/openai/v1/", api_key=SecretStr("k"))
        assert credential(azure) == "k"

    def test_without_the_library_it_is_said_how_to_get_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "azure.identity", None)
        with pytest.raises(SettingsError, match=r"^No key for Azure OpenAI is set\.$") as raised:
            credential(Settings(model="m", base_url="https://lab.openai.azure.com/openai/v1/"))
        assert "explainer[azure]" in raised.value.hint


@pytest.mark.parametrize(
    ("settings", "known"),
    [
        (Settings(model="gpt-4o"), "USD by the list of genai-prices"),
        (Settings(model="gpt-4o", base_url="https://lab.openai.azure.com/openai/v1/"), "USD by the list"),
        (Settings(model="gpt-4o", input_price=2.0), "by your own prices"),
        (Settings(model="no-such-model"), ""),
        (Settings(model="gpt-4o", base_url="http://localhost:11434/v1"), ""),
    ],
)
def test_what_reading_costs_is_told_where_it_is_known(settings: Settings, known: str) -> None:
    found = price(settings, 1_000_000)
    assert known in found[1] if found else not known
    assert found is None or 0.1 < found[0] < 100
