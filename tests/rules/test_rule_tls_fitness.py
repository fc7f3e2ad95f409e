from collections.abc import Callable
from typing import Any

import pytest
from tls_records import (
    ALERTED,
    LATER,
    PRESENTED,
    at,
    certificate,
    certificates,
    client_hello,
    found,
    handshake,
    message,
    presenting,
    rejecting,
    tls_connection,
)

from explainer.model import Analysis, Confidence, Severity, Side
from explainer.protocols.x509 import Certificate

AnalysisOf = Callable[[str], Analysis]
NAME, USAGE, WEAK, STAPLE = "tls_name_mismatch", "tls_certificate_usage", "tls_certificate_weak", "tls_staple_missing"
YEAR_NS = 31_557_600 * 1_000_000_000
IN_2012_NS, IN_2015_NS = 42 * YEAR_NS + YEAR_NS // 2, 45 * YEAR_NS + YEAR_NS // 2
OTHER_NAME = certificate(common_name="intranet.example.org", dns_names=("intranet.example.org",))
FOR_CLIENTS = certificate(usages=("clientAuth",))
SHORT_KEY = certificate(key="RSA 1024", key_bits=1024)
STAPLED = certificate(must_staple=True)
ASKS = {"client_hellos": (client_hello(extensions=(5,)),)}
FAULTY: dict[str, tuple[Certificate, dict[str, Any]]] = {
    NAME: (OTHER_NAME, {}),
    USAGE: (FOR_CLIENTS, {}),
    WEAK: (SHORT_KEY, {}),
    STAPLE: (STAPLED, ASKS),
}
each = pytest.mark.parametrize("rule", FAULTY)


@pytest.mark.parametrize(
    ("name", "rule", "severity", "confidence"),
    [
        ("tls12_other_name", NAME, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_other_name_gnutls", NAME, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_other_name_client_leaves", NAME, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_wildcard_too_shallow", NAME, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_for_clients_only", USAGE, Severity.HIGH, Confidence.CERTAIN),
        ("tls12_authority_as_server", USAGE, Severity.HIGH, Confidence.CERTAIN),
        ("tls12_short_key", WEAK, Severity.HIGH, Confidence.PROBABLE),
        ("tls12_sha1_signature_accepted", WEAK, Severity.LOW, Confidence.CERTAIN),
        ("tls12_staple_missing", STAPLE, Severity.HIGH, Confidence.PROBABLE),
    ],
)
def test_the_labs_faults(
    name: str, rule: str, severity: Severity, confidence: Confidence, analysis_of: AnalysisOf
) -> None:
    (finding,) = (f for f in analysis_of(name).findings if f.rule == rule)
    assert (finding.severity, finding.confidence, finding.side) == (severity, confidence, Side.SERVER)


@each
def test_the_labs_healthy_certificates_fit(rule: str, analysis_of: AnalysisOf) -> None:
    for name in ("tls12_wildcard_healthy", "tls12_healthy", "tls12_chain_with_root_healthy"):
        assert [f for f in analysis_of(name).findings if f.rule == rule] == []


@each
def test_silent_where_nothing_is_wrong_or_nothing_can_be_read(rule: str) -> None:
    for leaf in ([certificate()], [None], [], [None, FAULTY[rule][0]], [certificate(), FAULTY[rule][0]]):
        assert found(rule, presenting(0, *leaf, **FAULTY[rule][1])) == []
    clients = certificates(0, FAULTY[rule][0], from_client=True)
    assert found(rule, handshake(certificate_messages=(clients,), **FAULTY[rule][1])) == []
    assert found(rule) == []


@pytest.mark.parametrize(
    ("rule", "outright", "possible"),
    [
        (NAME, (), (42, 46, 40)),
        (USAGE, (43,), (42, 46)),
        (WEAK, (), (42, 43, 46, 71, 40)),
        (STAPLE, (113,), (42, 46, 40)),
    ],
)
def test_the_clients_alert_says_how_sure_the_cause_is(
    rule: str, outright: tuple[int, ...], possible: tuple[int, ...]
) -> None:
    leaf, more = FAULTY[rule]
    for code in (40, 42, 43, 45, 46, 48, 71, 113):
        (finding,) = found(rule, rejecting(0, code, leaf, **more))
        failed = code in (*outright, *possible)
        assert finding.severity is (Severity.HIGH if failed else Severity.MEDIUM), code
        assert finding.confidence is (Confidence.PROBABLE if code in possible else Confidence.CERTAIN), code
        assert ("hung up" in finding.title) is failed
        assert {at(0, PRESENTED), at(0, ALERTED)} <= set(finding.evidence.frames)


@pytest.mark.parametrize(
    ("rule", "severity"),
    [(NAME, Severity.MEDIUM), (USAGE, Severity.LOW), (WEAK, Severity.LOW), (STAPLE, Severity.MEDIUM)],
)
def test_a_client_that_goes_on_makes_it_matter_less(rule: str, severity: Severity) -> None:
    (finding,) = found(rule, presenting(0, FAULTY[rule][0], **FAULTY[rule][1]))
    assert finding.severity is severity
    assert "goes on" in finding.title


@pytest.mark.parametrize(
    ("rule", "severity", "confidence"),
    [
        (NAME, Severity.HIGH, Confidence.PROBABLE), (USAGE, Severity.HIGH, Confidence.PROBABLE),
        (WEAK, Severity.MEDIUM, Confidence.POSSIBLE), (STAPLE, Severity.HIGH, Confidence.PROBABLE),
    ],
)  # fmt: skip
def test_a_client_that_leaves_unused_may_have_minded(rule: str, severity: Severity, confidence: Confidence) -> None:
    unused = presenting(0, FAULTY[rule][0], records=handshake().records[:2], **FAULTY[rule][1])
    (finding,) = found(rule, unused, connections=[tls_connection(unused, client_ends=(at(0, LATER),))])
    assert (finding.severity, finding.confidence) == (severity, confidence)


@each
def test_of_many_connections_the_one_that_failed_is_told_first(rule: str) -> None:
    leaf, more = FAULTY[rule]
    alike = [presenting(n, leaf, **more) for n in range(3)]
    assert [f.measured["connections"] for f in found(rule, *alike)] == [3]
    both = found(rule, *alike, rejecting(3, 42, leaf, **more))
    assert sorted((f.severity.rank, f.measured["connections"]) for f in both)[0] == (0, 1)


class TestName:
    @pytest.mark.parametrize(
        ("names", "common_name", "asked_for", "fires"),
        [
            (("www.example.org",), "", "www.example.org", False),
            (("example.org",), "", "www.example.org", True),
            (("*.example.org",), "", "www.example.org", False),
            (("*.example.org",), "", "a.www.example.org", True),
            ((), "www.example.org", "www.example.org", False),
            (("other.example.org",), "www.example.org", "www.example.org", True),
            ((), "", "www.example.org", True),
            (("example.org",), "", "", False),
        ],
    )
    def test_rfc_9525_decides(self, names: tuple[str, ...], common_name: str, asked_for: str, fires: bool) -> None:
        leaf = certificate(dns_names=names, common_name=common_name)
        asked = presenting(0, leaf, client_hellos=(client_hello(server_name=asked_for),))
        assert bool(found(NAME, asked)) is fires

    def test_without_a_hello_nobody_asked(self) -> None:
        assert found(NAME, presenting(0, OTHER_NAME, client_hellos=())) == []

    def test_each_name_that_is_asked_for_is_a_finding(self) -> None:
        asked = [
            presenting(n, OTHER_NAME, client_hellos=(client_hello(n, server_name=f"{name}.example.org"),))
            for n, name in enumerate(("a", "b", "a", "intranet"))
        ]
        findings = found(NAME, *asked)
        assert sorted((f.measured["asked_for"], f.measured["connections"]) for f in findings) == [
            ("a.example.org", 2), ("b.example.org", 1),
        ]  # fmt: skip

    def test_a_wildcard_that_does_not_reach_is_explained(self) -> None:
        hello = client_hello(server_name="a.b.example.org")
        (finding,) = found(NAME, presenting(0, certificate(dns_names=("*.example.org",)), client_hellos=(hello,)))
        assert "one label" in finding.detail

    @pytest.mark.parametrize(("names", "words"), [(4, "a3.example"), (5, "and 1 more"), (9, "and 5 more")])
    def test_many_names_are_counted(self, names: int, words: str) -> None:
        leaf = certificate(dns_names=tuple(f"a{n}.example" for n in range(names)))
        (finding,) = found(NAME, presenting(0, leaf))
        assert words in finding.title

    def test_a_certificate_without_any_name(self) -> None:
        (finding,) = found(NAME, presenting(0, certificate(dns_names=(), common_name="")))
        assert "no name at all" in finding.title


@pytest.mark.parametrize(
    ("leaf", "fires"),
    [
        ({"usages": ("clientAuth", "emailProtection")}, True),
        ({"usages": ("clientAuth", "serverAuth")}, False),
        ({"usages": ("anyExtendedKeyUsage",)}, False),
        ({"usages": None}, False),
        ({"usages": None, "ca": True}, True),
        ({"usages": None, "ca": True, "self_issued": True}, False),
    ],
    ids=["others", "among others", "any", "no limit", "an authority's", "an authority's that signs itself"],
)
def test_what_a_certificate_may_be_used_for(leaf: dict[str, Any], fires: bool) -> None:
    assert bool(found(USAGE, presenting(0, certificate(**leaf)))) is fires


@pytest.mark.parametrize(
    ("leaf", "time_ns", "fires"),
    [
        ({"key": "RSA 2047", "key_bits": 2047}, None, True),
        ({"key": "RSA 2048", "key_bits": 2048}, None, False),
        ({"key": "RSA 1024", "key_bits": 1024}, IN_2012_NS, False),
        ({"key": "RSA 1023", "key_bits": 1023}, IN_2012_NS, True),
        ({"key": "ECDSA secp192r1", "key_bits": 192}, None, True),
        ({"key": "ECDSA secp224r1", "key_bits": 224}, None, False),
        ({"key": "EdDSA", "key_bits": 256}, None, False),
        ({"key": "DSA 3072", "key_bits": 3072}, None, True),
        ({"key": "", "key_bits": 0}, None, False),
        ({"hash": "sha1"}, None, True),
        ({"hash": "sha1"}, IN_2015_NS, False),
        ({"hash": "sha1", "self_signed": True}, None, False),
        ({"hash": "md5"}, IN_2012_NS, True),
        ({"hash": "sha224"}, None, False),
        ({"hash": ""}, None, False),
    ],
)
def test_what_is_weak_at_its_time(leaf: dict[str, Any], time_ns: int | None, fires: bool) -> None:
    when = {"time_ns": time_ns} if time_ns else {}
    shown = certificates(0, certificate(**leaf), **when)
    assert bool(found(WEAK, handshake(certificate_messages=(shown,)))) is fires


STATUS = message(0, PRESENTED, 22)


@pytest.mark.parametrize(
    ("leaf", "more", "fires"),
    [
        (STAPLED, ASKS, True),
        (certificate(), ASKS, False),
        (STAPLED, {"client_hellos": (client_hello(extensions=(0, 10)),)}, False),
        (STAPLED, {"client_hellos": ()}, False),
        (STAPLED, ASKS | {"messages": (STATUS,)}, False),
        (STAPLED, ASKS | {"messages": (message(0, PRESENTED, 22, from_client=True),)}, True),
    ],
    ids=["missing", "not demanded", "not asked for", "no hello", "sent", "sent by the client"],
)
def test_a_staple_is_missed_where_it_is_demanded_and_asked_for(
    leaf: Certificate, more: dict[str, Any], fires: bool
) -> None:
    assert bool(found(STAPLE, presenting(0, leaf, **more))) is fires
