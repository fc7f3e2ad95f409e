"""QUIC's protection, by the examples of RFC 9001 (appendix A) and RFC 9369 (appendix A)."""

import pytest

from explainer.redaction import quic_protection
from explainer.redaction.ciphers import TLS_1_3
from explainer.redaction.quic_protection import VERSIONS, Keys, Opened, initial_keys, opened, retry_tag, sealed

DESTINATION = bytes.fromhex("8394c8f03e515708")
ONE, TWO = VERSIONS[1], VERSIONS[0x6B3343CF]
SERVER_HELLO = bytes.fromhex(
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e0033002400"
    "1d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304"
)
# RFC 9001, A.3, and RFC 9369, A.3: the same answer to the same client.
ANSWERS = {
    1: "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5"
    "a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4"
    "cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
    0x6B3343CF: "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf8726301791"
    "5358230035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707"
    "f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
}


@pytest.mark.parametrize("number", ANSWERS)
def test_a_server_s_first_packet_is_opened_and_sealed_again(number: int) -> None:
    packet, keys = bytes.fromhex(ANSWERS[number]), initial_keys(VERSIONS[number], DESTINATION)[1]
    found = opened(packet, 18, keys)
    assert found is not None
    assert (found.number, found.payload) == (1, SERVER_HELLO)
    assert sealed(found, keys) == packet
    assert opened(packet, 18, initial_keys(VERSIONS[number], DESTINATION)[0]) is None
    assert opened(packet[:30], 18, keys) is None


def test_the_client_s_keys() -> None:
    for version, header_key, iv in (
        (ONE, "9f50449e04a0e810283a1e9933adedd2", "fa044b2f42a3fd3b46fb255c"),
        (TWO, "45b95e15235d6f45a6b19cbcb0294ba9", "91f73e2351d8fa91660e909f"),
    ):
        client, _ = initial_keys(version, DESTINATION)
        assert (client.header_key.hex(), client.iv.hex()) == (header_key, iv)


@pytest.mark.parametrize(
    ("version", "packet"),
    [(ONE, "4cfe4189655e5cd55c41f69080575d7999c25a5bfb"), (TWO, "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba")],
)
def test_a_packet_with_chacha20_and_a_shortened_number(version: quic_protection.Version, packet: str) -> None:
    secret = bytes.fromhex("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b")
    keys = Keys.of(secret, TLS_1_3[0x1303], version)
    whole = Opened(bytes.fromhex("4200bff4"), 654360564, b"\1")
    assert sealed(whole, keys).hex() == packet
    assert opened(bytes.fromhex(packet), 1, keys, largest=654360000) == whole
    assert opened(bytes.fromhex(packet), 1, keys) is None


@pytest.mark.parametrize(
    ("version", "packet"),
    [
        (ONE, "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"),
        (TWO, "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6"),
    ],
)
def test_a_retry_s_tag(version: quic_protection.Version, packet: str) -> None:
    whole = bytes.fromhex(packet)
    assert retry_tag(whole[:-16], version, DESTINATION) == whole[-16:]
