"""ClientHello and ServerHello, as they are read from the lab's captures."""

from collections.abc import Callable
from pathlib import Path

import pytest
from factories import (
    EVERYTHING,
    rows,
)
from tls_records import (
    TLS12,
    TLS13,
    client_hello,
)

from explainer.facts import Facts
from explainer.protocols.tls import Handshake, handshakes
from explainer.protocols.tls import names as tls_names

FactsOf = Callable[..., Facts]
FATAL, WARNING = 2, 1
X25519, P256 = 29, 23


@pytest.fixture
def of_lab(facts_of: FactsOf) -> Callable[[str], Handshake]:
    def first(name: str) -> Handshake:
        found: Handshake = facts_of(name, *EVERYTHING)[handshakes][0]
        return found

    return first


OfLab = Callable[[str], Handshake]


class TestHellos:
    def test_offered_suites_are_tsharks_without_signals(self, captures: Path, of_lab: OfLab) -> None:
        offered = of_lab("tls12_healthy").client_hellos[0]
        row = rows(captures / "tls12_healthy.pcapng")[offered.frame - 1]
        listed = [int(suite, 16) for suite in row["tls.handshake.ciphersuite"].split(",")]
        assert 0x00FF in listed
        assert offered.cipher_suites == tuple(suite for suite in listed if suite != 0x00FF)

    def test_offered_versions_come_from_the_extension_where_there_is_one(self, of_lab: OfLab) -> None:
        assert of_lab("tls12_healthy").client_hellos[0].versions == (TLS13, TLS12, 0x0302, 0x0301)
        assert of_lab("tls12_no_shared_cipher").client_hellos[0].versions == (TLS12,)

    def test_the_server_name_is_what_the_client_asked_for(self, of_lab: OfLab) -> None:
        assert of_lab("tls13_healthy").server_name == "payroll.example"
        assert of_lab("tls13_no_name_sent").server_name == ""

    def test_groups_and_key_shares(self, of_lab: OfLab) -> None:
        asked = of_lab("tls13_no_shared_group").client_hellos[0]
        assert (asked.groups, asked.key_shares) == ((X25519,), (X25519,))

    def test_signatures_and_the_sign_of_a_fallback(self, of_lab: OfLab) -> None:
        offered = of_lab("tls13_no_shared_signature").client_hellos[0].signatures
        assert {tls_names.signature(scheme)[:3] for scheme in offered} == {"rsa"}
        assert of_lab("tls12_fallback_refused").client_hellos[0].fallback
        assert not of_lab("tls12_healthy").client_hellos[0].fallback

    def test_application_protocols(self, of_lab: OfLab) -> None:
        assert of_lab("tls12_alpn_refused").client_hellos[0].alpn == ("http/1.1",)
        assert "h2" in of_lab("tls13_http2_healthy").client_hellos[0].alpn

    def test_early_data(self, facts_of: FactsOf) -> None:
        first, second = (h.client_hellos[0] for h in facts_of("tls13_early_data_healthy", *EVERYTHING)[handshakes])
        assert not first.early_data
        assert second.early_data

    def test_a_retry_request_is_no_server_hello(self, captures: Path, of_lab: OfLab) -> None:
        found = of_lab("tls13_hello_retry_healthy")
        shown = [row for row in rows(captures / "tls13_hello_retry_healthy.pcapng") if row["tls.handshake.type"] == "1"]
        assert [str(hello.frame) for hello in found.client_hellos] == [row["frame.number"] for row in shown]
        assert found.hello_retry is not None
        assert found.server_hello is not None
        assert found.client_hello is found.client_hellos[0]
        assert found.hello_retry.group == found.client_hellos[1].key_shares[0] != found.client_hellos[0].key_shares[0]
        assert found.server_hello.group == found.hello_retry.group
        assert found.hello_retry.frame < found.server_hello.frame

    def test_what_the_server_chose(self, of_lab: OfLab) -> None:
        chosen = of_lab("tls13_healthy").server_hello
        assert chosen is not None
        assert (chosen.version, chosen.cipher_suite >> 8) == (TLS13, 0x13)
        assert not chosen.retry
        assert not chosen.pre_shared_key

    def test_no_names_in_the_version_that_hides_them(self, of_lab: OfLab) -> None:
        assert of_lab("tls13_healthy").encrypts_certificates
        assert not of_lab("tls12_healthy").encrypts_certificates

    def test_hostile_names_pass_unchanged(self, of_lab: OfLab) -> None:
        found = of_lab("tls12_hostile_names")
        assert found.server_name.startswith(("\x1b[31mred\x1b[0m\x07", "\x1b[31mred\x1b[0m\\a"))  # the latter from 4.4
        assert found.server_name.endswith(
            "gnp.exe$(touch /tmp/owned)`id`;[red][/red][link=x]<script>alert(1)</script>.payroll.example"
        )
        assert found.server_certificates is not None
        assert found.server_certificates.leaf is not None
        assert found.server_certificates.leaf.common_name == "\x1b[31mred\x1b[0m\x07\nSubject: payroll.example"

    @pytest.mark.parametrize(("versions", "newest"), [((), 0), ((TLS12,), TLS12), ((TLS13, TLS12), TLS13)])
    def test_the_newest_version(self, versions: tuple[int, ...], newest: int) -> None:
        assert client_hello(versions=versions).newest == newest
