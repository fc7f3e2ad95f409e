"""Name servers whose port is closed, where the names are resolved all the same."""

from typing import Any

import polars as pl
import pytest
from factories import CLIENT, SERVER, KnownFacts, findings_of
from test_rule_dns_resolvers import lookup

from explainer.model import Severity
from explainer.protocols import dns, udp_conversations
from explainer.protocols.applications import signs
from explainer.protocols.dns import Lookup
from explainer.protocols.icmp_errors import UNREACHABLE, Error, errors
from explainer.protocols.layers import UDP
from explainer.protocols.rtp import media_errors

OTHER = "198.51.100.99"
SILENT: dict[str, Any] = {"response_frames": (), "response_ns": None, "rcode": None, "answers": ()}
ASKED = lookup(**SILENT)
NO_HEADERS = pl.DataFrame(
    schema={"frame": pl.Int64, "src": pl.Utf8, "dst": pl.Utf8, "sport": pl.Int64, "dport": pl.Int64}
)


def severity(*every: Lookup, port: int = 53) -> tuple[Severity, str]:
    error = Error(3, 0, SERVER, CLIENT, UNREACHABLE, 4, 3, None, None, "udp", CLIENT, SERVER, 5000, port, 1)
    nothing = frozenset[int]()
    known = KnownFacts({
        errors: (error,), udp_conversations.conversations: (), dns.lookups: every, media_errors: (nothing, nothing),
        UDP.headers: NO_HEADERS, signs: (),
    })  # fmt: skip
    (finding,) = findings_of("path_udp_unreachable", known)
    return finding.severity, finding.title


@pytest.mark.parametrize(
    ("answer", "words"),
    [(lookup(2), "at first; later it answers"), (lookup(2, server=OTHER), f"{OTHER} answers in its place")],
)
def test_the_names_are_resolved_all_the_same(answer: Lookup, words: str) -> None:
    found, title = severity(ASKED, answer)
    assert found is Severity.LOW
    assert words in title


@pytest.mark.parametrize(
    "answers",
    [
        (),
        (lookup(2, "other.example.org"),),
        (lookup(2, rcode=2, answers=()),),
        (lookup(2), lookup(3, "second.example.org", **SILENT)),
    ],
    ids=["none", "of another name", "a failure", "of one of two names"],
)
def test_a_name_without_an_answer_keeps_its_weight(answers: tuple[Lookup, ...]) -> None:
    assert severity(ASKED, *answers)[0] is Severity.MEDIUM


def test_other_services_are_not_asked_elsewhere() -> None:
    assert severity(ASKED, lookup(2), port=123)[0] is Severity.MEDIUM
