import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from brief import samples
from servers.scripted import Said, Script, answer, brief_of, running

from explainer import ask
from explainer.errors import LeakError, ModelError, SettingsError, TooLongError
from explainer.model import Analysis, Answer, Scope
from explainer.privacy.leaks import leaks
from explainer.privacy.mapping import Mapping
from explainer.settings import Settings

pytestmark = pytest.mark.block_network(allowed_hosts=["127.0.0.1"])
QUESTION = "Why does TLS to payroll.example at 10.20.2.20 fail?"
EXPIRED = "The certificate of payroll.example expired 12 days before this capture, so the client hung up."
RIGHT = answer(
    EXPIRED,
    {"text": "The server presents a certificate valid until 2026-11-09.", "frames": [22], "sources": []},
    {"text": "The client sends the fatal alert certificate_expired (45).", "frames": [24], "sources": []},
    side="server",
    filters=["tcp.stream == 1 && tls"],
)
AnalysisOf = Callable[[str], Analysis]


@pytest.fixture
def expired(analysis_of: AnalysisOf) -> Analysis:
    return analysis_of("tls12_expired")


def asked(
    analysis: Analysis, script: Script, captures: Path | None = None, **changes: Any
) -> tuple[Answer, list[bytes]]:
    """Return the answer to the question, and every request that was sent for it."""
    with running(script) as server:
        settings = Settings(**{"model": "scripted", "base_url": server.url, **changes})
        capture = captures / "tls12_expired.pcapng" if captures else None
        return ask(analysis, QUESTION, settings=settings, capture=capture), server.requests


def in_order(*said: Said) -> Script:
    """Return a script that says one thing after the other, and the last one for ever."""
    left = list(said)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]


def test_an_answer_that_is_borne_out(expired: Analysis) -> None:
    found, requests = asked(expired, in_order(RIGHT))
    assert (found.verdict, found.verdict_why) == (EXPIRED, "")
    assert (found.backed, found.statements) == (3, 3)
    assert found.claims[0].frames == (22,)
    assert found.filters == ("tcp.stream == 1 && tls",)
    assert found.model == "scripted"
    assert found.found[0].text.startswith("The certificate of payroll.example expired")
    assert len(requests) == 1


def test_what_is_sent_to_a_server_of_one_s_own_is_plain(expired: Analysis) -> None:
    _, requests = asked(expired, in_order(RIGHT))
    assert b"10.20.2.20" in requests[0]
    assert b"pseudonyms" not in requests[0]


def test_redacted_nothing_is_sent_and_all_comes_back(expired: Analysis, captures: Path) -> None:
    def repeats(request: dict[str, Any]) -> Said:
        brief = brief_of(request)
        if len(request["messages"]) == 2:
            address = brief.split("server's side must act: ")[1].split(" ")[0]
            return Said(calls=(("frames", {"display_filter": f"ip.addr == {address}"}), ("ladder", {"stream": "tcp:1"}),
                               ("fields", {"frame": 20}), ("certificate", {"frame": 22})))  # fmt: skip
        line = next(line for line in brief.splitlines() if line.startswith("FINDING tls_certificate_expired"))
        return answer(
            line.partition("]: ")[2], {"text": "The client asks for it.", "frames": [20], "sources": ["look2"]}
        )

    found, requests = asked(expired, repeats, captures, redact=True)
    mapping = Mapping.of(expired)
    for request in requests:
        assert leaks(request, mapping) == ()
        assert b"Lab Root" not in request
        assert b"10.20." not in request
        assert b"payroll" not in request
    results = [m["content"] for m in json.loads(requests[-1])["messages"] if m["role"] == "tool"]
    assert len(results) == 4
    assert "Frames that match" in results[0]
    assert "Conversation tcp:1" in results[1]
    assert "tls.handshake" in results[2]
    assert found.verdict == EXPIRED
    assert found.verdict_why == ""
    assert found.tool_calls[0] == 'frames({"display_filter": "ip.addr == 10.20.2.20"})'


def test_a_leak_is_refused_before_it_is_sent(expired: Analysis, tmp_path: Path) -> None:
    (tmp_path / "system.md.j2").write_text("You know 10.20.2.20 already.")
    with running(in_order(RIGHT)) as server:
        settings = Settings(model="m", base_url=server.url, redact=True, prompts=tmp_path)
        with pytest.raises(LeakError, match="it still holds an address of the capture"):
            ask(expired, QUESTION, settings=settings)
        assert server.requests == []


def test_a_template_of_the_user_that_is_wrong(expired: Analysis, tmp_path: Path) -> None:
    (tmp_path / "ask.md.j2").write_text("{{ nothing }}")
    with pytest.raises(SettingsError, match=r"ask\.md\.j2 is wrong"):
        asked(expired, in_order(RIGHT), prompts=tmp_path)


def test_what_is_not_borne_out_is_said_and_may_be_mended_once(expired: Analysis) -> None:
    wrong = answer(EXPIRED, {"text": "The server closes the connection.", "frames": [999], "sources": []})
    found, requests = asked(expired, in_order(wrong, RIGHT))
    assert found.backed == found.statements == 3
    assert len(requests) == 2
    assert "frame 999 is not in the capture" in json.loads(requests[1])["messages"][-1]["content"]


def test_what_stays_wrong_is_shown_as_such(expired: Analysis) -> None:
    wrong = answer(EXPIRED, {"text": "The server closes the connection.", "frames": [999], "sources": []})
    found, requests = asked(expired, in_order(wrong))
    assert len(requests) == 2
    assert (found.backed, found.statements) == (1, 2)
    assert not found.claims[0].backed
    assert "frame 999" in found.claims[0].why


def test_if_nothing_is_borne_out_the_findings_answer(expired: Analysis) -> None:
    found, _ = asked(
        expired, in_order(answer("All is well.", {"text": "Nothing is wrong here.", "frames": [999], "sources": []}))
    )
    assert found.model == ""
    assert found.verdict.startswith("The certificate of payroll.example expired")
    assert "none of its 2 statements is borne out" in found.note


def test_plain_words_are_checked_too(expired: Analysis) -> None:
    text = f"{EXPIRED}\n\n- frame 22: the server presents its certificate\n- frame 500: the firewall drops it"
    found, _ = asked(expired, in_order(Said(text)))
    assert found.verdict == EXPIRED
    assert [claim.backed for claim in found.claims] == [True, False]


def test_a_server_that_understands_less(expired: Analysis) -> None:
    def simple(request: dict[str, Any]) -> Said:
        if "temperature" in request:
            return Said(status=400, message="Unsupported value: 'temperature'")
        if "response_format" in request:
            return Said(status=500, message="grammar")
        return RIGHT

    found, requests = asked(expired, simple)
    assert found.backed == 3
    assert [json.loads(r).get("response_format", {}).get("type") for r in requests] == [
        "json_schema", "json_schema", "json_object", None,
    ]  # fmt: skip


def test_a_server_without_tools(expired: Analysis, captures: Path) -> None:
    def toolless(request: dict[str, Any]) -> Said:
        return Said(status=400, message="this model does not support tools") if "tools" in request else RIGHT

    found, requests = asked(expired, toolless, captures)
    assert found.backed == 3
    assert len(requests) == 2


def test_a_brief_that_is_too_long_is_halved_once(expired: Analysis) -> None:
    long = Said(status=400, code="context_length_exceeded")
    found, requests = asked(expired, in_order(long, RIGHT), budget=8000)
    assert found.backed == 3
    assert len(requests[1]) < len(requests[0]) * 0.8
    with pytest.raises(TooLongError, match="too long"):
        asked(expired, in_order(long))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (Said(status=401), "does not accept the key"),
        (Said(status=429, code="insufficient_quota"), "no quota left"),
        (Said(status=429, code="rate_limit_exceeded"), "asked too often"),
        (Said(status=400, code="content_filter"), "refuses the question"),
        (Said("x", ended="content_filter"), "withheld the answer"),
        (Said(status=404, code="model_not_found"), "no such model"),
        (Said(status=503), "answered with the error 503"),
        (Said(""), "empty reply"),
    ],
)
def test_each_failure_has_its_sentence(expired: Analysis, said: Said, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        asked(expired, in_order(said))


def test_a_rate_limit_is_waited_for(expired: Analysis) -> None:
    found, requests = asked(expired, in_order(Said(status=429, code="rate_limit_exceeded"), RIGHT))
    assert found.backed == 3
    assert len(requests) == 2


def test_an_answer_that_is_cut_off_is_read_as_far_as_it_goes(expired: Analysis) -> None:
    found, _ = asked(expired, in_order(Said(RIGHT.text[:200], ended="length"), RIGHT))
    assert found.backed == 3


def test_json_that_stays_broken_is_said(expired: Analysis) -> None:
    broken = Said('{"verdict": "The certificate', ended="stop")
    with pytest.raises(ModelError, match=r"^The answer of scripted breaks off, or is no JSON\.$"):
        asked(expired, in_order(broken))
    found, requests = asked(expired, in_order(broken, RIGHT))
    assert found.backed == 3
    assert "no whole JSON object" in json.loads(requests[1])["messages"][-1]["content"]


class TestTools:
    @pytest.mark.parametrize(
        ("name", "arguments", "shown"),
        [
            ("frames", {"display_filter": "tls.alert_message"}, "Alert"),
            ("frames", {"display_filter": "nonsense =="}, "tshark refuses that display filter"),
            ("frames", {"display_filter": "tcp' -w /tmp/owned"}, "tshark refuses that display filter"),
            ("frames", {"display_filter": "tcp) || (udp"}, "tshark refuses that display filter"),
            ("frames", {"display_filter": "x" * 600}, "too long"),
            ("frames", {}, "frames needs: display_filter"),
            ("fields", {"frame": 20}, "tls.handshake.extensions_server_name"),
            ("fields", {"frame": 9999}, "has no frame 9999"),
            ("fields", {"frame": "many"}, "fields needs: frame"),
            ("ladder", {"stream": "tcp:1"}, "Client Hello"),
            ("ladder", {"stream": "tcp:1; rm"}, "named like tcp:1"),
            ("tls_handshake", {"stream": "tcp:1"}, "payroll.example"),
            ("tls_handshake", {"stream": "tcp:0"}, "no TLS handshake"),
            ("certificate", {"frame": 22}, "x509"),
            ("statistic", {"id": "rtt"}, "syn_ack_rtt_ms"),
            ("statistic", {"id": "magic"}, "There is no statistic magic"),
            ("finding", {"id": "tls_certificate_expired:1"}, "valid_until"),
            ("finding", {"id": "x"}, "no such finding"),
            ("delete_everything", {}, "no tool of that name"),
        ],
    )
    def test_each_shows_what_it_should(
        self, expired: Analysis, captures: Path, name: str, arguments: dict[str, Any], shown: str
    ) -> None:
        _, requests = asked(expired, in_order(Said(calls=((name, arguments),)), RIGHT), captures)
        result = json.loads(requests[1])["messages"][-1]
        assert result["role"] == "tool"
        assert shown in result["content"]
        assert len(re.findall("</?data ", result["content"])) == 2

    def test_the_number_of_looks_is_limited(self, expired: Analysis, captures: Path) -> None:
        eager = Said(calls=tuple(("statistic", {"id": "rtt"}) for _ in range(7)))
        found, requests = asked(expired, in_order(eager, eager, RIGHT), captures)
        assert len(found.tool_calls) == 12
        assert "tools" not in json.loads(requests[2])
        assert found.backed == 3

    def test_a_model_that_only_calls_tools_is_made_to_answer(self, expired: Analysis, captures: Path) -> None:
        def never(request: dict[str, Any]) -> Said:
            return Said(calls=(("finding", {"id": "x"}),)) if "tools" in request else RIGHT

        found, requests = asked(expired, never, captures)
        assert found.backed == 3
        assert len(requests) == 6

    def test_secrets_are_not_shown(self, analysis_of: AnalysisOf, captures: Path) -> None:
        path = captures / "http_secrets_healthy.pcapng"
        calls = Said(calls=tuple(("fields", {"frame": frame}) for frame in range(1, 12)))
        with running(in_order(calls, answer("x"))) as server:
            settings = Settings(model="m", base_url=server.url)
            ask(analysis_of("http_secrets_healthy"), "Why?", settings=settings, capture=path)
            text = b"".join(server.requests).lower()
        for word in (b"authorization:", b"basic dx", b"password=", b"cookie:", b"token="):
            assert word not in text


class TestStreams:
    def test_words_are_heard_as_they_come(self, expired: Analysis) -> None:
        heard = list[str]()
        with running(in_order(RIGHT)) as server:
            settings = Settings(model="m", base_url=server.url)
            found = ask(expired, QUESTION, settings=settings, heard=heard.append)
        assert found.backed == 3
        assert len(heard) == 2

    def test_tool_calls_come_in_pieces(self, expired: Analysis, captures: Path) -> None:
        said = in_order(Said(calls=(("statistic", {"id": "rtt"}), ("statistic", {"id": "tls"}))), RIGHT)
        with running(said) as server:
            settings = Settings(model="m", base_url=server.url)
            path = captures / "tls12_expired.pcapng"
            found = ask(expired, QUESTION, settings=settings, capture=path, heard=lambda words: None)
        assert len(found.tool_calls) == 2

    def test_a_server_that_goes_away(self, expired: Analysis) -> None:
        with running(in_order(Said(RIGHT.text, cut=True))) as server:
            settings = Settings(model="m", base_url=server.url)
            with pytest.raises(ModelError, match="went away"):
                ask(expired, QUESTION, settings=settings, heard=lambda words: None)


def test_nothing_is_changed_in_the_analysis() -> None:
    analysis = samples.analysis(samples.ran(samples.finding(scope=Scope(addresses=("10.20.2.20",)))))
    before = analysis.model_dump_json()
    asked(analysis, in_order(RIGHT))
    assert analysis.model_dump_json() == before
