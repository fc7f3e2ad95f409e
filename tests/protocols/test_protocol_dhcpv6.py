"""What DHCPv6 servers give out."""

from collections.abc import Callable
from pathlib import Path

import pytest
from dhcpv6_answers import ADVERTISE, CLIENT, REPLY, SERVER, answer
from factories import UDP, datagram, ethernet, ip, pcap

from explainer.facts import Facts
from explainer.protocols.dhcpv6 import leases_ipv6

FactsOf = Callable[..., Facts]


def test_the_last_reply_to_a_client_counts(tmp_path: Path, facts_of: FactsOf) -> None:
    packets = [
        answer(ADVERTISE, "2001:db8::8"),
        answer(REPLY, "2001:db8::8"),
        answer(REPLY, "2001:db8::9", resolver="2001:db8::53"),
    ]
    (given,) = facts_of(pcap(tmp_path / "c.pcap", packets), leases_ipv6)[leases_ipv6]
    assert (given.frame, given.client, given.server, given.valid_s) == (3, CLIENT, SERVER, 3600)
    assert (given.addresses, given.resolvers, given.prefixes) == (("2001:db8::9",), ("2001:db8::53",), ())


@pytest.mark.parametrize(
    "packets",
    [[answer(ADVERTISE, "2001:db8::8")], [answer(REPLY)], [ethernet(ip(SERVER, CLIENT, UDP, datagram(1, 2, b"x")))]],
    ids=["an offer", "no address", "other traffic"],
)
def test_what_gives_nothing(packets: list[bytes], tmp_path: Path, facts_of: FactsOf) -> None:
    assert facts_of(pcap(tmp_path / "c.pcap", packets), leases_ipv6)[leases_ipv6] == ()
