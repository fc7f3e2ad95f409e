import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainer.privacy.addresses import address, is_kept, mac

KEY = b"k" * 32
V4 = st.ip_addresses(v=4).map(str)
V6 = st.ip_addresses(v=6).map(str)


def common_bits(first: str, second: str) -> int:
    a, b = (int(ipaddress.ip_address(text)) for text in (first, second))
    return ipaddress.ip_address(first).max_prefixlen - (a ^ b).bit_length()


@given(V4, V4)
def test_two_addresses_never_share_a_pseudonym(first: str, second: str) -> None:
    assert (address(first, KEY) == address(second, KEY)) == (first == second)


@pytest.mark.parametrize(
    "network", ["10.20.1.0/24", "192.168.7.0/24", "172.20.3.0/24", "169.254.9.0/24", "100.70.1.0/24", "93.184.216.0/24"]
)
def test_a_subnet_stays_a_subnet(network: str) -> None:
    hosts = [str(host) for host in ipaddress.ip_network(network)]
    made = [address(host, KEY) for host in hosts]
    assert len(set(made)) == 256
    assert len({text.rpartition(".")[0] for text in made}) == 1
    assert made[0].endswith(".0")
    assert made[255].endswith(".255")


@given(V4)
def test_private_stays_private_and_public_stays_public(text: str) -> None:
    made = address(text, KEY)
    assert is_kept(made) == is_kept(text)
    for private in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"):
        network = ipaddress.ip_network(private)
        assert (ipaddress.ip_address(made) in network) == (ipaddress.ip_address(text) in network)


@pytest.mark.parametrize("text", ["127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "::", "::1", "ff02::fb"])
def test_what_is_the_same_everywhere_stays(text: str) -> None:
    assert is_kept(text)
    assert address(text, KEY) == text


@given(V6)
def test_ipv6_keeps_its_kind(text: str) -> None:
    made = address(text, KEY)
    for kind in ("fe80::/10", "fc00::/7", "ff00::/8"):
        if ipaddress.ip_address(text) in ipaddress.ip_network(kind):
            assert ipaddress.ip_address(made) in ipaddress.ip_network(kind)


def test_ipv6_neighbours_stay_neighbours() -> None:
    first, second = address("2001:db8:1:2::10", KEY), address("2001:db8:1:2::11", KEY)
    assert first != second
    assert common_bits(first, second) >= 64
    assert common_bits(first, address("2001:db8:1:3::10", KEY)) < 64


def test_an_ipv4_address_inside_ipv6_is_replaced_as_such() -> None:
    assert address("::ffff:10.1.2.3", KEY) == str(ipaddress.ip_address(f"::ffff:{address('10.1.2.3', KEY)}"))


def test_a_mac_address_loses_its_vendor() -> None:
    made = mac("00:1b:21:aa:bb:cc", KEY)
    assert made.startswith("02:")
    assert made != mac("00:1b:21:aa:bb:cd", KEY)
    assert mac("ff:ff:ff:ff:ff:ff", KEY) == "ff:ff:ff:ff:ff:ff"
    assert mac("01:00:5e:00:00:fb", KEY) == "01:00:5e:00:00:fb"
    assert mac("33:33:ff:12:34:56", KEY)[:8] == "33:33:ff"
    assert mac("33:33:ff:12:34:56", KEY) != "33:33:ff:12:34:56"


def test_another_key_makes_other_pseudonyms() -> None:
    assert address("10.1.2.3", KEY) != address("10.1.2.3", b"x" * 32)
