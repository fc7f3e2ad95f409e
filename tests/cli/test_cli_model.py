"""`ask` and `chat` with a language model: what a user sees with no key, no network, a local server."""

import json
import subprocess
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from servers.scripted import Said, answer, brief_of, running

from cli.command import explainer, inside

pytestmark = pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
QUESTION = "Why does TLS to payroll.example fail?"
NOWHERE = "http://127.0.0.1:1/v1"
EXPIRED = "The certificate of payroll.example expired 12 days before this capture, so the client hung up."
RIGHT = answer(
    EXPIRED,
    {"text": "The client sends the fatal alert certificate_expired.", "frames": [24], "sources": []},
    {"text": "The server resets the connection.", "frames": [23], "sources": []},
    side="server",
)


@pytest.fixture
def capture(captures: Path) -> Path:
    return captures / "tls12_expired.pcapng"


def test_a_local_server_answers_and_what_it_says_is_held_against_the_packets(capture: Path) -> None:
    with running(lambda request: RIGHT) as server:
        done = inside("ask", capture, QUESTION, "--model", "m", "--base-url", server.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(EXPIRED)
    assert "NOT BACKED (no cited frame is a reset): The server resets the connection." in done.stdout
    assert "What the rules found, without the model" in done.stdout
    assert "Answered by m: 2 of 3 statements borne out by the packets" in done.stdout


def test_the_answer_is_whole_in_json_and_markdown(capture: Path) -> None:
    with running(lambda request: RIGHT) as server:
        flags = ["--model", "m", "--base-url", server.url]
        found = json.loads(inside("ask", capture, QUESTION, *flags, "--format", "json").stdout)[0]["answer"]
        text = inside("ask", capture, QUESTION, *flags, "--format", "markdown").stdout
    assert [claim["backed"] for claim in found["claims"]] == [True, False]
    assert "NOT BACKED" in text
    assert "2 of 3 statements" in text


def test_a_configured_model_that_cannot_be_reached_gives_way_to_the_findings(capture: Path) -> None:
    variables = {"EXPLAINER_MODEL": "m", "EXPLAINER_BASE_URL": NOWHERE}
    done = inside("ask", capture, QUESTION, variables=variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The model's server cannot be reached. So this is the answer from the findings")
    assert EXPIRED in done.stdout


def test_a_model_that_was_asked_for_and_cannot_be_reached_is_an_error(capture: Path) -> None:
    done = inside("ask", capture, QUESTION, "--model", "m", "--base-url", NOWHERE)
    assert (done.returncode, done.stdout) == (5, "")
    assert "cannot be reached" in done.stderr


def test_a_configured_model_without_a_key_gives_way_too(capture: Path) -> None:
    done = inside("ask", capture, QUESTION, variables={"EXPLAINER_MODEL": "gpt-x"})
    assert done.returncode == 0
    assert done.stdout.startswith("No key for the model is set.")


class TestConsent:
    def test_a_server_elsewhere_needs_it(self, capture: Path, tmp_path: Path) -> None:
        variables = {"OPENAI_API_KEY": "sk-x", "XDG_STATE_HOME": str(tmp_path)}
        done = inside("ask", capture, QUESTION, "--model", "gpt-x", variables=variables)
        assert done.returncode == 2
        assert "Nothing was sent to api.openai.com" in done.stderr
        assert "--yes" in done.stderr

    def test_one_who_agreed_is_not_asked_again(self, capture: Path, tmp_path: Path) -> None:
        (tmp_path / "explainer").mkdir()
        (tmp_path / "explainer" / "agreed_servers").write_text("example.invalid\n")
        variables = {"XDG_STATE_HOME": str(tmp_path)}
        flags = ["--model", "m", "--base-url", "http://example.invalid/v1"]
        done = inside("ask", capture, QUESTION, *flags, variables=variables)
        assert "agreed" not in done.stderr
        assert done.returncode == 5

    def test_one_who_is_asked_and_agrees_is_remembered(self, capture: Path, tmp_path: Path) -> None:
        from explainer.cli import sending
        from explainer.settings import Settings

        settings = Settings(model="m", base_url="http://example.invalid/v1")
        with (
            mock.patch.dict("os.environ", {"XDG_STATE_HOME": str(tmp_path)}),
            mock.patch("sys.stdin.isatty", return_value=True, create=True),
            mock.patch("sys.stderr.isatty", return_value=True, create=True),
            mock.patch("typer.confirm", return_value=True) as asked,
        ):
            sending.agree(settings)
            sending.agree(settings)
        assert asked.call_count == 1
        assert "pseudonyms" in asked.call_args[0][0]


class TestDryRun:
    def test_it_shows_the_exact_bytes_and_sends_nothing(self, capture: Path) -> None:
        with running(lambda request: RIGHT) as server:
            flags = ["--model", "m", "--base-url", server.url, "--redact"]
            dry = inside("ask", capture, QUESTION, *flags, "--dry-run")
            assert server.requests == []
            inside("ask", capture, QUESTION, *flags)
            sent = server.requests[0].decode()
        assert dry.returncode == 0, dry.stderr
        assert without_nonce(dry.stdout.rstrip("\n")) == without_nonce(sent)
        assert "tokens" in dry.stderr
        assert "nothing was sent" in dry.stderr
        assert "payroll" not in dry.stdout

    def test_the_price_is_told_where_it_is_known(self, capture: Path) -> None:
        variables = {"EXPLAINER_INPUT_PRICE": "2.5"}
        done = inside("ask", capture, QUESTION, "--model", "gpt-4o", "--dry-run", variables=variables)
        assert "for reading it" in done.stderr

    def test_without_a_model_nothing_would_be_sent(self, capture: Path) -> None:
        done = inside("ask", capture, QUESTION, "--dry-run")
        assert done.returncode == 2
        assert "no model is set" in done.stderr


def test_the_prompt_is_shown(capture: Path) -> None:
    with running(lambda request: RIGHT) as server:
        done = inside("ask", capture, QUESTION, "--model", "m", "--base-url", server.url, "--show-prompt")
    assert "[system]" in done.stderr
    assert f"Question: {QUESTION}" in done.stderr
    assert done.stdout.startswith(EXPIRED)


def without_nonce(text: str) -> str:
    body = json.loads(text)
    nonce = brief_of(body).partition("<brief ")[2].partition(">")[0]
    return text.replace(nonce, "NONCE").replace(f"{nonce[:4]}|", "MARK|")


class TestChat:
    def talk(self, capture: Path, lines: str, *flags: str) -> "subprocess.CompletedProcess[str]":
        with mock.patch("sys.stdin", new=__import__("io").StringIO(lines)):
            return inside("chat", capture, *flags)

    def test_questions_go_on_from_each_other(self, capture: Path) -> None:
        def script(request: dict[str, Any]) -> Said:
            return RIGHT

        with running(script) as server:
            flags = ["--model", "m", "--base-url", server.url]
            done = self.talk(capture, f"{QUESTION}\nand who must act?\n/why\n/show 24\n/report\n/help\n/quit\n", *flags)
            questions = [body["messages"][-1]["content"] for body in server.bodies]
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(EXPIRED) >= 3
        assert "Question: and who must act?" in questions[2]
        assert "no cited frame is a reset: The server resets the connection. [frame 23]" in done.stdout
        assert "Certificate Expired" in done.stdout

    def test_a_configured_model_that_cannot_be_reached_gives_way_to_the_findings(self, capture: Path) -> None:
        with mock.patch("sys.stdin", new=__import__("io").StringIO(f"{QUESTION}\n")):
            done = inside("chat", capture, variables={"EXPLAINER_MODEL": "m", "EXPLAINER_BASE_URL": NOWHERE})
        assert "cannot be reached. So this is the answer from the findings, without m." in done.stdout
        assert EXPIRED in done.stdout

    def test_without_a_model_the_findings_answer(self, capture: Path) -> None:
        done = self.talk(capture, f"/why\n{QUESTION}\n/show 9999\n")
        assert "Nothing has been answered yet." in done.stdout
        assert EXPIRED in done.stdout
        assert "has no frame 9999" in done.stdout


def test_doctor_says_whether_the_server_answers() -> None:
    with running(lambda request: RIGHT) as server:
        right = inside("doctor", variables={"EXPLAINER_MODEL": "scripted", "EXPLAINER_BASE_URL": server.url})
        wrong = inside("doctor", variables={"EXPLAINER_MODEL": "other", "EXPLAINER_BASE_URL": server.url})
    gone = explainer("doctor", variables={"EXPLAINER_MODEL": "m", "EXPLAINER_BASE_URL": NOWHERE})
    assert "answers" in right.stdout
    assert "knows no other" in wrong.stdout
    assert "cannot be reached" in gone.stdout
