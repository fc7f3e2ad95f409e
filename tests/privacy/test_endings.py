"""Which last labels of a name tell of nobody, and which dotted words are fields of tshark."""

import pytest

from explainer.privacy.endings import is_of_domain, is_public
from explainer.privacy.fields import is_field, is_host
from explainer.privacy.mapping import Mapping


@pytest.mark.parametrize(
    ("label", "public", "of_domain"),
    [
        ("com", True, True), ("COM", True, True), ("local", True, True), ("de", True, False), ("txt", True, False),
        ("host", True, False), ("acme", False, False), ("a", False, False), ("ß", False, False), ("", False, False),
    ],
)  # fmt: skip
def test_a_last_label(label: str, public: bool, of_domain: bool) -> None:
    assert (is_public(label), is_of_domain(label)) == (public, of_domain)


@pytest.mark.parametrize(
    ("word", "field"),
    [
        ("tcp.stream", True), ("http.host", True), ("dns.qry.name", True), ("ip.id", True), ("eth.dst.ig", True),
        ("sip.Status-Code", True), ("ftp.acme.com", False), ("smtp.acme.de", False), ("mqtt.plant.local", False),
        ("shop.example", False),
    ],
)  # fmt: skip
def test_a_host_may_be_called_after_its_protocol(word: str, field: bool) -> None:
    assert is_field(word) is field
    assert is_host(word) is not field
    assert (Mapping(b"k").pseudonymise(word) == word) is field


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("srv1.acme answers", "acme"),
        ("mail.acme… and more", "acme"),
        ("05b5292b.domains._msd… and more", "05b5292b"),
        ("_BitTorrent-12b98806be57._tcp.local", "12b98806be57"),
        ("it asks for rcya\ufffd\ufffdkq.tun\ufffdel.example", "rcya"),
        ("it asks for aGVsbG8gd29ybGQaGVsbG8… in time", "aGVsbG8"),
        ("<964329.815-sendEmail@mx2> was taken", "mx2"),
    ],
)
def test_nothing_of_a_network_s_own_name_is_left(text: str, told: str) -> None:
    mapping = Mapping(b"k")
    sent = mapping.pseudonymise(text)
    assert told not in sent
    assert mapping.restore(sent) == text


@pytest.mark.parametrize(
    "text", ["_ldap._tcp.local", "chacha20-poly1305@openssh.com, curve25519-sha256@libssh.org", "OpenSSH_9.2p1"]
)
def test_what_is_called_the_same_everywhere_stays(text: str) -> None:
    assert Mapping(b"k").pseudonymise(text) == text
