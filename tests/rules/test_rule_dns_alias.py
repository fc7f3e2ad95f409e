import pytest
from test_rule_dns_late import empty
from test_rule_dns_late import found as found_late
from test_rule_dns_resolvers import found, lookup

from explainer.model import Side

NAME = "shop.example.org"


@pytest.mark.parametrize(
    ("answers", "fires"),
    [(("store.example.org", NAME), True), (("a.example.org", "b.example.org", "a.example.org"), True),
     (("store.example.org", "web.example.org"), False), ((), False)],
    ids=["back to the name", "further on", "a chain", "no alias"],
)  # fmt: skip
def test_aliases_in_a_circle(answers: tuple[str, ...], fires: bool) -> None:
    (finding,) = found("dns_servfail", lookup(1, NAME, rcode=2, answers=answers))
    assert finding.title.startswith(f"The aliases (CNAME) of {NAME} go round in a circle") is fires
    assert finding.side is Side.SERVER
    (finding,) = found_late("dns_no_address", empty(1, NAME, answers=answers))
    assert ("go round in a circle" in finding.title) is fires


def test_a_name_with_an_address_is_no_circle() -> None:
    assert found("dns_servfail", lookup(1, NAME, answers=(NAME, "192.0.2.80"))) == []
