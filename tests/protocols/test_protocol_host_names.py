"""Which certificates fit which host names: the cases of RFC 9525, section 6."""

import pytest
from tls_records import certificate

from explainer.protocols.host_names import covers, fits, known_by, too_deep


@pytest.mark.parametrize(
    ("pattern", "name", "fitting"),
    [
        ("www.example.org", "www.example.org", True),
        ("www.example.org", "WWW.Example.ORG", True),
        ("WWW.example.org", "www.example.org", True),
        ("www.example.org", "www.example.org.", True),
        ("www.example.org", "example.org", False),
        ("example.org", "www.example.org", False),
        ("www.example.org", "wwww.example.org", False),
        ("*.example.org", "www.example.org", True),
        ("*.example.org", "WWW.EXAMPLE.ORG", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.b.example.org", False),
        ("*.example.org", "www.example.net", False),
        ("www.*.org", "www.example.org", False),
        ("w*.example.org", "www.example.org", False),
        ("*w.example.org", "www.example.org", False),
        ("*", "www.example.org", False),
        ("*.*.example.org", "a.b.example.org", False),
        ("xn--bcher-kva.example", "bücher.example", True),
        ("*.xn--bcher-kva.example", "www.bücher.example", True),
        ("", "www.example.org", False),
        ("www.example.org", "", False),
    ],
)
def test_a_wildcard_is_the_first_label_and_exactly_one(pattern: str, name: str, fitting: bool) -> None:
    assert fits(pattern, name) is fitting


@pytest.mark.parametrize("name", ["ä" * 80 + ".example", "a..b", ".", "\x00\x1b[31m.example", "💥" * 64])
def test_a_name_that_is_none_fits_nothing_and_raises_nothing(name: str) -> None:
    assert not fits("www.example.org", name)
    assert not fits(name, "www.example.org")
    assert not too_deep([name], "www.example.org")
    assert not too_deep(["*.example.org"], name)


@pytest.mark.parametrize(
    ("dns_names", "common_name", "name", "covered"),
    [
        (("a.example", "b.example"), "c.example", "b.example", True),
        (("a.example", "b.example"), "c.example", "c.example", False),
        ((), "c.example", "c.example", True),
        ((), "*.example", "c.example", True),
        ((), "", "c.example", False),
    ],
)
def test_the_common_name_counts_only_where_there_are_no_others(
    dns_names: tuple[str, ...], common_name: str, name: str, covered: bool
) -> None:
    assert covers(certificate(dns_names=dns_names, common_name=common_name), name) is covered


def test_the_names_that_it_is_made_out_for() -> None:
    assert known_by(certificate(dns_names=("a.example", "*.a.example"))) == ("a.example", "*.a.example")
    assert known_by(certificate(dns_names=(), common_name="c.example")) == ("c.example",)
    assert known_by(certificate(dns_names=(), common_name="")) == ()


@pytest.mark.parametrize(
    ("patterns", "name", "deep"),
    [
        (["*.example.org"], "a.b.example.org", True),
        (["www.example.net", "*.example.org"], "a.b.c.example.org", True),
        (["*.example.org"], "a.example.org", False),
        (["*.example.org"], "example.org", False),
        (["*.example.org"], "a.b.example.net", False),
        (["www.example.org"], "a.www.example.org", False),
        ([], "a.b.example.org", False),
    ],
)
def test_a_name_below_a_wildcard_by_more_than_one_label(patterns: list[str], name: str, deep: bool) -> None:
    assert too_deep(patterns, name) is deep
