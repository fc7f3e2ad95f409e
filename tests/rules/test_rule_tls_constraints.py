"""Certificates for names that an authority of their chain may not certify."""

from collections.abc import Callable

import pytest
from tls_records import certificate, found, handshake, presenting, rejecting

from explainer.model import Analysis, Severity, Side
from explainer.protocols.x509 import Certificate

AnalysisOf = Callable[[str], Analysis]
RULE = "tls_name_constrained"
BAD_CERTIFICATE = 42
Names = tuple[str, ...]


def authority(*, permits: Names = (), excludes: Names = (), name: str = "CN=Example CA") -> Certificate:
    return certificate(
        subject=name, issuer="CN=Root", common_name="Example CA", dns_names=(), usages=None, ca=True, permits=permits,
        excludes=excludes, der=name.encode(),
    )  # fmt: skip


def test_the_labs_limited_authority(analysis_of: AnalysisOf) -> None:
    (finding,) = [f for f in analysis_of("tls12_name_constrained").findings if f.rule == RULE]
    assert (finding.severity, finding.side) == (Severity.HIGH, Side.SERVER)
    assert "names below partner.example" in finding.title


@pytest.mark.parametrize(
    ("permits", "excludes", "fires"),
    [
        ((), (), False),
        (("example.org",), (), False),
        (("EXAMPLE.org",), (), False),
        (("www.example.org",), (), False),
        ((".example.org",), (), False),
        (("partner.example", "example.org"), (), False),
        (("partner.example",), (), True),
        (("ample.org",), (), True),
        ((".www.example.org",), (), True),
        ((), ("example.org",), True),
        ((), ("other.example",), False),
        (("example.org",), ("www.example.org",), True),
    ],
)
def test_which_names_are_within_the_limits(permits: tuple[str, ...], excludes: tuple[str, ...], fires: bool) -> None:
    above = authority(permits=permits, excludes=excludes)
    findings = found(RULE, rejecting(0, BAD_CERTIFICATE, certificate(), above))
    assert bool(findings) is fires
    assert all("probably why the client hung up" in f.title for f in findings)


def test_an_authority_further_up_counts_and_a_stranger_does_not() -> None:
    limited = authority(permits=("partner.example",), name="CN=Upper")
    between = certificate(subject="CN=Example CA", issuer="CN=Upper", ca=True, der=b"between")
    assert found(RULE, rejecting(0, BAD_CERTIFICATE, certificate(), between, limited))
    assert found(RULE, rejecting(0, BAD_CERTIFICATE, certificate(), limited)) == []


def test_who_goes_on_makes_it_medium() -> None:
    (finding,) = found(RULE, presenting(0, certificate(), authority(permits=("partner.example",))))
    assert finding.severity is Severity.MEDIUM


def test_silent_where_there_is_nothing_to_read() -> None:
    assert found(RULE, presenting(0, certificate())) == []
    assert found(RULE, handshake()) == []
    assert found(RULE) == []
