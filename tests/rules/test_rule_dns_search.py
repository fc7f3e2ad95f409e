import pytest
from factories import START_NS
from test_rule_dns_resolvers import found, lookup, missing

from explainer.model import Severity

LONG, SHORT = "files.old-office.corp", "files"


@pytest.mark.parametrize("rcode", [2, 3, 5])
def test_a_search_suffix_that_does_not_help(rcode: int) -> None:
    findings = found("dns_nxdomain", missing(1, LONG), lookup(2, SHORT, rcode=rcode, answers=()))
    (finding,) = (f for f in findings if f.severity is Severity.MEDIUM)
    assert "puts its search suffix old-office.corp behind the name" in finding.title
    assert finding.evidence.frames == (2, 3, 4, 5)


def test_a_suffix_behind_a_name_that_exists_is_harmless() -> None:
    (finding,) = found("dns_nxdomain", missing(1, LONG), lookup(2, SHORT))
    assert finding.severity is Severity.INFO
    assert finding.act.startswith("Nobody has to act")
    assert "suffix" not in finding.title


def test_a_name_server_that_fails_says_nothing_of_the_suffix() -> None:
    """That failure is the fault; that the suffix does not help is none."""
    findings = found("dns_nxdomain", missing(1, "www.shop.example.corp"), lookup(2, "www.shop.example", rcode=2))
    assert [f.severity for f in findings] == [Severity.INFO]
    assert not any("suffix" in f.title for f in findings)


@pytest.mark.parametrize(
    ("rcode", "longer", "severity"),
    [
        (5, "www.shop.example.corp", Severity.INFO), (2, "www.shop.example.corp", Severity.INFO),
        (3, "www.shop.example.corp", Severity.MEDIUM), (5, "other.shop.example.corp", Severity.MEDIUM),
        (5, "www.example.corp", Severity.MEDIUM),
    ],
)  # fmt: skip
def test_a_suffix_behind_a_name_that_the_server_does_not_answer_for(
    rcode: int, longer: str, severity: Severity
) -> None:
    alone = lookup(2, "www.shop.example", rcode=rcode, answers=())
    assert (
        next(f for f in found("dns_nxdomain", missing(1, longer), alone) if 2 in f.evidence.frames).severity is severity
    )


def test_another_missing_name_is_no_suffix() -> None:
    for other in ("printer", "file", "old-office.corp"):
        findings = found("dns_nxdomain", missing(1, LONG), missing(2, other))
        assert not any("suffix" in f.title for f in findings)


@pytest.mark.parametrize(
    ("answered", "after_s", "harmless"),
    [
        ("api.shop.svc.cluster.local", 2.0, True),
        ("api.shop.cluster.local", 2.0, True),
        ("api.shop.svc.cluster.local", 2.1, False),
        ("api.shop.svc.cluster.local", -0.1, False),
        ("web.shop.svc.cluster.local", 0.1, False),
    ],
)
def test_a_step_on_a_search_list(answered: str, after_s: float, harmless: bool) -> None:
    """As pods do it: each suffix of the list is tried, and a later one helps."""
    step = missing(1, "api.shop.default.svc.cluster.local")
    (finding,) = found("dns_nxdomain", step, lookup(2, answered, query_ns=START_NS + int(after_s * 1e9)))
    assert (finding.severity is Severity.INFO) is harmless
