import pytest
from brief import samples
from brief.samples import analysis, finding, ran, stat

from explainer.llm import offline
from explainer.model import Scope, Severity, Side

WHOLE = Scope()
TIMING = (
    "stream", "client", "server", "syn_frame", "syn_ack_frame", "connect_ms", "request_frame", "acknowledged_frame",
    "acknowledged_ms", "response_frame", "first_byte_ms", "last_frame", "transfer_ms", "exchanges", "slowest_frame",
    "slowest_ms", "server_ms", "asking_ms", "asked_frame",
)  # fmt: skip
HTTP = ("method", "path", "status", "request_frame", "response_frame", "host", "client", "server")


def timing(
    connect_ms: float, slowest_ms: float, server_ms: float, asking_ms: float = 0.0, transfer_ms: float = 1.0
) -> tuple[object, ...]:
    known = (0, "10.0.0.9:40000", "10.0.0.1:80", 1, 2, connect_ms, 4, 5, 20.0, 6, 30.0, 9, transfer_ms, 2, 8)
    return (*known, slowest_ms, server_ms, asking_ms, 4)


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        ("Why was this connection reset?", "tcp_reset_harmless"),
        ("Are these packets duplicates?", "capture_duplicates"),
        ("Is there an MTU problem?", "path_mtu"),
    ],
)
def test_information_is_told_to_who_asks_for_it(question: str, rule: str) -> None:
    note = finding(rule, severity=Severity.INFO, side=Side.NOBODY)
    assert offline.answer(analysis(ran(note)), question).verdict == f"No fault was found. {rule} happened."
    assert "happened" not in offline.answer(analysis(ran(note)), "Why does it fail?").verdict


def test_losses_that_were_repaired_are_no_denial_to_who_asks_for_losses() -> None:
    note = finding("tcp_loss", severity=Severity.INFO, side=Side.NOBODY)
    assert offline.answer(analysis(ran(note)), "Was a packet lost here?").verdict == "tcp_loss happened."


def test_what_takes_time_answers_a_question_about_slowness() -> None:
    note = finding("tcp_slow_server", severity=Severity.INFO, side=Side.SERVER)
    assert offline.answer(analysis(ran(note)), "Is this connection slow?").verdict == "tcp_slow_server happened."


def test_what_is_worse_comes_before_information() -> None:
    note, fault = finding("tcp_loss", severity=Severity.INFO), finding("tcp_refused")
    assert offline.answer(analysis(ran(note), ran(fault)), "Was a packet lost?").verdict == "tcp_refused happened."


def test_what_the_capture_cannot_show_is_no_failure() -> None:
    short = finding("capture_cut_frames", severity=Severity.LOW, scope=WHOLE)
    answer = offline.answer(analysis(ran(short)), "Why does it fail?")
    assert answer.verdict.startswith("No fault was found, as far as this capture can tell: capture_cut_frames")


def test_what_the_capture_cannot_show_concerns_every_host() -> None:
    seen = stat("destinations", samples.DESTINATIONS, [("10.0.0.5", "TCP", 80, 9, 100.0)])
    short = finding("capture_cut_frames", severity=Severity.LOW, scope=WHOLE)
    answer = offline.answer(analysis(ran(short), stats=[seen]), "Why does 10.0.0.5 fail?")
    assert "capture_cut_frames happened" in answer.verdict


def test_a_low_finding_that_is_asked_for_is_the_answer() -> None:
    sided = finding("capture_one_direction", severity=Severity.LOW)
    assert offline.answer(analysis(ran(sided)), "Does it never answer?").verdict == "capture_one_direction happened."


@pytest.mark.parametrize(
    ("row", "begins"),
    [
        (timing(30.0, 40.0, 10.0), "No, it is not slow"),
        (timing(300.0, 400.0, 100.0), "Yes, the network between them is slow"),
        (timing(30.0, 1030.0, 1000.0), "Yes, waiting for the server took longest: 1.03 s until frame 8"),
        (timing(30.0, 40.0, 10.0, transfer_ms=1000.0), "What takes longest is the transfer: 1 s"),
        (timing(30.0, 40.0, 10.0, 1000.0), "What takes longest is what the client sends"),
    ],
    ids=["neither", "network", "server", "transfer", "request"],
)
def test_a_question_about_slowness_is_answered_with_the_phases(row: tuple[object, ...], begins: str) -> None:
    known = analysis(ran(), stats=[stat("timing", TIMING, [row])])  # type: ignore[list-item]  # cells of all kinds
    answer = offline.answer(known, "Is this connection slow?")
    assert answer.verdict.startswith(begins)
    assert "the first request acknowledged after 20.0 ms (frame 5)" in answer.verdict


def test_what_is_not_slow_names_its_slowest_exchange() -> None:
    known = analysis(ran(), stats=[stat("timing", TIMING, [timing(30.0, 90.0, 10.0)])])  # type: ignore[list-item]  # cells of all kinds
    answer = offline.answer(known, "Is this connection slow?")
    assert answer.verdict.endswith("of 2 exchanges, the slowest was answered after 90.0 ms (frame 8).")
    assert 8 in answer.claims[0].frames


def test_of_slowness_the_times_say_more_than_what_is_only_worth_knowing() -> None:
    timed = stat("timing", TIMING, [timing(30.0, 40.0, 10.0)])  # type: ignore[list-item]  # cells of all kinds
    closed = finding("tcp_zero_window", severity=Severity.INFO).model_copy(update={"measured": {"longest_ms": 99}})
    answer = offline.answer(analysis(ran(closed), stats=[timed]), "Why is the download slow?")
    assert answer.verdict.startswith("No, it is not slow")
    told = finding("tcp_slow_server", severity=Severity.INFO)
    assert "happened" in offline.answer(analysis(ran(told), stats=[timed]), "Why is the download slow?").verdict


@pytest.mark.parametrize(("status", "told"), [(200, True), (404, False)])
def test_whether_it_succeeded(status: int, told: bool) -> None:
    known = analysis(
        ran(),
        stats=[
            stat("http", HTTP, [("GET", "/file", status, 4, 9, "www.example.org", "10.0.0.9:40000", "10.0.0.1:80")])
        ],
    )
    verdict = offline.answer(known, "Did the download succeed?").verdict
    assert verdict.startswith("No fault was found: GET /file succeeded: it was answered with HTTP 200.") is told
