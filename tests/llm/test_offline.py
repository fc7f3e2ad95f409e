import pytest
from brief import samples
from brief.samples import analysis, failed, finding, not_applicable, ran, stat

from explainer.llm import offline
from explainer.model import Answer, Scope, Severity
from explainer.wording import OVERCOME

SERVER = Scope(addresses=("10.0.0.1", "10.0.0.9"), ports=(5432,), names=("db.example",))
SEEN = stat("destinations", samples.DESTINATIONS, [("10.0.0.1", "TCP", 5432, 9, 100.0)])
RTT_ROW = (0, "10.0.0.9:40000", "10.0.0.1:5432", 1, 2, 3, 1.5, 2.25)
RTT = stat("rtt", samples.RTT, [RTT_ROW])


def texts(answer: Answer) -> str:
    return "\n".join(claim.text for claim in (*answer.claims, *answer.also))


class TestFound:
    def test_the_worst_finding_is_the_verdict(self) -> None:
        low, high = finding("low", severity=Severity.LOW), finding("high", severity=Severity.HIGH)
        answer = offline.answer(analysis(ran(low), ran(high)), "What fails?")
        assert answer.verdict == "high happened."
        assert answer.act == high.act
        assert answer.filters == ("tcp.stream == 0",)
        assert answer.next_steps == high.advice
        assert answer.claims[0].frames == (4,)
        assert answer.claims[0].sources == ("high:0",)
        assert [claim.sources for claim in answer.also] == [("low:0",)]
        assert answer.model == ""

    def test_what_the_question_names_comes_before_what_is_worse(self) -> None:
        other = finding("other", scope=Scope(addresses=("10.9.9.9",)))
        named = finding("named", severity=Severity.MEDIUM, scope=SERVER)
        for question in ("Why does 10.0.0.1 fail?", "Why does db.example fail?"):
            answer = offline.answer(analysis(ran(other), ran(named), stats=[SEEN]), question)
            assert answer.verdict == "named happened.", question

    def test_a_symptom_is_never_the_verdict(self) -> None:
        cause = finding("cause", severity=Severity.MEDIUM)
        symptom = finding("symptom", explained_by="cause:0")
        assert offline.answer(analysis(ran(symptom), ran(cause)), "Why?").verdict == "cause happened."

    def test_only_a_low_finding_is_no_failure(self) -> None:
        answer = offline.answer(analysis(ran(finding("low", severity=Severity.LOW))), "Why does it fail?")
        assert answer.verdict == "No connection failed for good. Worth knowing: low happened."

    def test_what_is_only_information_is_no_verdict(self) -> None:
        answer = offline.answer(analysis(ran(finding("note", severity=Severity.INFO))), "Why does it fail?")
        assert "note happened" not in answer.verdict
        assert "No fault was found" in answer.verdict

    def test_the_limits_of_a_cut_file_are_said(self) -> None:
        answer = offline.answer(analysis(ran(finding()), warnings=("The file is cut off.",)), "Why?")
        assert answer.not_shown == ("The file is cut off.", "what came before")


class TestNothingFound:
    def test_it_says_so_and_what_was_looked_for(self) -> None:
        answer = offline.answer(analysis(ran(rule="tcp_refused"), ran(rule="tls_alert")), "Why?")
        assert answer.verdict == "No fault was found in this capture: nothing that is looked for explains a failure."
        assert "Looked at, and found in order: connections." in texts(answer)
        assert answer.next_steps
        assert answer.not_shown

    def test_of_a_cut_file_only_the_part_that_was_read(self) -> None:
        answer = offline.answer(analysis(ran(), warnings=("The file is cut off.",)), "Why?")
        assert "the part of this capture that could be read" in answer.verdict
        assert "The file is cut off." in answer.not_shown

    def test_not_applicable_is_not_not_found(self) -> None:
        answer = offline.answer(analysis(ran(), not_applicable("x", "no UDP in this capture")), "Why?")
        assert "Not there to look at: UDP." in texts(answer)
        assert "title of x" not in texts(answer)

    def test_a_failed_rule_is_said(self) -> None:
        answer = offline.answer(analysis(ran(), failed("broken")), "Why?")
        assert "Could not be checked, because the rule failed: title of broken." in texts(answer)
        assert "no title of broken" not in texts(answer)

    def test_an_unfinished_handshake_is_no_clean_bill(self) -> None:
        columns = ("outcome", "version", "client_hello_frame", "server_hello_frame", "warnings")
        tls = stat("tls", columns, [("capture ends too early", None, 1, None, None)])
        answer = offline.answer(analysis(ran(rule="tls_alert"), stats=[tls]), "Why?")
        assert "1 TLS handshake is not finished" in answer.verdict

    def test_what_works_is_said_with_its_frames(self) -> None:
        answer = offline.answer(analysis(ran(), stats=[RTT]), "Why?")
        claim = next(claim for claim in answer.claims if claim.sources == ("rtt",))
        assert claim.text.startswith("1 connection request was answered, the slowest after 1.5 ms")
        assert claim.frames == (1, 2)


class TestMissing:
    def test_an_address_that_is_not_in_the_capture(self) -> None:
        answer = offline.answer(analysis(ran(finding(scope=SERVER)), stats=[SEEN]), "Why does 10.7.7.7 fail?")
        assert answer.verdict == "This capture cannot tell: it holds no packet of 10.7.7.7."
        assert any("host 10.7.7.7" in step for step in answer.next_steps)
        assert [claim.sources for claim in answer.also] == [("tcp_refused:0",)]

    def test_an_ipv6_address_is_known_from_a_connection(self) -> None:
        row = (0, "[2001:db8::9]:40000", "[2001:db8::1]:443", 1, 2, 3, 1.0, 2.0)
        known = analysis(ran(), stats=[stat("rtt", samples.RTT, [row])])
        assert "holds no packet" not in offline.answer(known, "Why does 2001:db8::1 fail?").verdict
        assert "holds no packet of 2001:db8::2" in offline.answer(known, "Why does 2001:db8::2 fail?").verdict

    def test_one_of_two_addresses_is_enough(self) -> None:
        answer = offline.answer(analysis(ran(), stats=[SEEN]), "Why can 10.7.7.7 not reach 10.0.0.1?")
        assert "holds no packet" not in answer.verdict

    def test_tls_is_asked_for_and_there_is_none(self) -> None:
        outcomes = not_applicable("tls_alert", "no TLS alerts in this capture"), ran(rule="tcp_refused")
        answer = offline.answer(analysis(*outcomes), "Why does my TLS handshake fail?")
        assert answer.verdict.startswith("This capture cannot tell: it holds no TLS connection in clear sight")


OTHER = stat("destinations", samples.DESTINATIONS, [("10.0.0.5", "TCP", 80, 9, 100.0)])


def test_something_else_was_found_of_a_known_host() -> None:
    answer = offline.answer(analysis(ran(finding(scope=SERVER)), stats=[OTHER]), "Why does 10.0.0.5 fail?")
    assert answer.verdict == "Nothing in this capture explains a failure of 10.0.0.5; something else was found (below)."


@pytest.mark.parametrize("question", ["", "?", "\x1b[31m", "ü" * 5000])
def test_any_question_has_an_answer(question: str) -> None:
    assert offline.answer(analysis(ran()), question).question == question


@pytest.mark.parametrize(
    ("question", "beside"),
    [("what is my IP address?", True), ("who is the owner?", True), ("why is it slow?", False),
     ("is anything unwanted here?", False), ("what is going on?", False)],
)  # fmt: skip
def test_what_works_is_no_answer_to_another_question(question: str, beside: bool) -> None:
    works = finding("unwanted_bittorrent", severity=Severity.LOW, title="BitTorrent is used.")
    verdict = offline.answer(analysis(ran(works)), question).verdict
    assert ("BitTorrent" not in verdict) is beside


@pytest.mark.parametrize(
    ("question", "failure_first"),
    [("Why do some pages not work?", True), ("Which requests failed?", True), ("Is anything wrong here?", False),
     ("Why can my password be read?", False)],
)  # fmt: skip
def test_what_works_is_not_why_something_fails(question: str, failure_first: bool) -> None:
    works = finding("cleartext_login", title="A password can be read.")
    fails = finding("service_error", severity=Severity.MEDIUM, title="It was refused.")
    assert (offline.answer(analysis(ran(works), ran(fails)), question).verdict == fails.title) is failure_first


@pytest.mark.parametrize(
    ("question", "told"),
    [("Why does the login fail?", False), ("Why is it slow?", False), ("Is anything wrong here?", True)],
)
@pytest.mark.parametrize("rule", ["cleartext_login", "unwanted_smb1", "unwanted_portmapper"])
def test_what_can_be_read_makes_nothing_fail(rule: str, question: str, told: bool) -> None:
    clear = finding(rule, severity=Severity.MEDIUM, title="A password can be read.")
    answer = offline.answer(analysis(ran(clear)), question)
    assert (answer.verdict == clear.title) is told
    assert told or answer.verdict.startswith("No fault was found in this capture that explains a failure")
    assert told or [claim.text for claim in answer.also] == [clear.title]


@pytest.mark.parametrize(
    ("question", "act", "outright"),
    [
        ("Why can I not open the file?", "The client must ask for another.", True),
        ("Why can I not open the file?", "Nobody now, as a later attempt succeeded.", False),
        ("Which files are opened?", "The client must ask for another.", False),
    ],
)
def test_a_missing_file_is_why_it_does_not_open(question: str, act: str, outright: bool) -> None:
    missing = finding("smb_refused", severity=Severity.INFO, title="There is no such file.", act=act)
    assert (offline.answer(analysis(ran(missing)), question).verdict == missing.title) is outright


def test_of_a_program_that_does_not_say_what_it_is_a_finding_may() -> None:
    known = finding("unwanted_cryptocurrency", severity=Severity.MEDIUM, title="It is a node of a currency.")
    question, said = "What kind of program makes these connections?", [stat("software", samples.SOFTWARE, [])]
    assert offline.answer(analysis(ran(known), stats=said), question).verdict == known.title
    assert "cannot tell" in offline.answer(analysis(ran(), stats=said), question).verdict


def test_a_refusal_that_was_overcome_is_told_to_who_asks_why_something_fails() -> None:
    early = finding("database_refused", severity=Severity.INFO, title="The database refuses ada; later it succeeded.")
    early = early.model_copy(update={"act": f"{OVERCOME} correct the password."})
    readable = finding("cleartext_login", severity=Severity.MEDIUM, title="A password can be read.")
    known = analysis(ran(early, readable))
    assert offline.answer(known, "Why does this not work?").verdict == f"No fault was found. {early.title}"
    assert offline.answer(known, "Is something wrong?").verdict == readable.title
