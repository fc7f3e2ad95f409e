"""The fault behind a gateway's error, as the answer tells it."""

from explainer.llm import behind
from explainer.model import Answer, Claim, Confidence, Evidence, Finding, Scope, Severity, Side

ANSWER = Answer(question="Why?", verdict="502.", act="Look.", also=(Claim(text="Expired.", sources=("tls",)),))


def finding(rule: str, title: str, stream: int, measured: dict[str, int | float | str] | None = None) -> Finding:
    return Finding(
        id=rule.partition("_")[0], rule=rule, severity=Severity.HIGH, confidence=Confidence.CERTAIN, side=Side.CLIENT,
        title=title, act="The client's side must act.", measured=measured or {}, evidence=Evidence.of([7], "tcp"),
        scope=Scope(streams=(stream,)),
    )  # fmt: skip


GATEWAY = finding("http_error", "502.", 1, {"upstream_stream": 3})


def test_the_fault_of_the_connection_behind_is_the_cause() -> None:
    told = behind.told(ANSWER, GATEWAY, [finding("tls_certificate_expired", "Expired.", 3)])
    assert told.verdict == "502. Behind it, where the gateway is the client: Expired."
    assert told.act == "The gateway's side must act."
    assert not told.also


def test_a_fault_of_another_connection_is_not() -> None:
    assert behind.told(ANSWER, GATEWAY, [finding("tls_certificate_expired", "Expired.", 4)]) is ANSWER


def test_a_gateway_of_which_nothing_more_is_known_is_left_alone() -> None:
    other = finding("tls_certificate_expired", "Expired.", 3)
    assert behind.told(ANSWER, finding("http_error", "502.", 1), [other]) is ANSWER
