"""Addresses of the local network: nobody has one, two have one, or none is given out."""

from __future__ import annotations

import json
import sys
import time

from .. import dhcp_client, servers
from ..clients import browse
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site

WITH_ARP = "arp or ip"
# What dnsmasq answers a request for a foreign address with; ARP of the kernel's own is no oddity of these.
DHCP = "dhcp"


def neighbour(lab: Lab) -> str:
    """An address of the client's network that nobody has."""
    return lab.plan.client.rpartition(".")[0] + ".66"


@scenario(
    question="Why can the printer not be reached?",
    shows="The client asks for an address of its own network that nobody has: three ARP requests, no answer.",
    findings=("address_arp_unanswered",),
    decisive_filter="arp.opcode == 1",
    words=(r"(?i)\bARP\b|local network", r"(?i)nobody|no answer|without an answer|unanswered"),
    answer_must_not=(SAYS_REFUSED,),
    records=WITH_ARP,
)
def address_arp_unanswered(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    lab.client.run("bash", "-c", f"echo > /dev/udp/{neighbour(lab)}/9100")
    time.sleep(3.5)
    browse(lab)


GONE = b"""table arp gone {
  chain output { type filter hook output priority 0; policy drop; }
}
table ip gone {
  chain input { type filter hook input priority 0; policy drop; }
  chain forward { type filter hook forward priority 0; policy drop; }
}
"""


@scenario(
    question="Why is the internet gone?",
    shows="After a page has loaded, the gateway $gateway falls silent; the client's ARP requests for it get no answer.",
    findings=("address_silent",),
    decisive_filter="arp.opcode == 1 && arp.dst.proto_ipv4 == $gateway",
    words=(r"(?i)gateway $gateway is gone", r"(?i)no more"),
    answer_must_not=(SAYS_REFUSED,),
    records=WITH_ARP,
)
def address_silent(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    lab.client.run("ip", "neighbour", "flush", "all")
    browse(lab)
    lab.router.run("nft", "-f", "-", stdin=GONE)
    for _ in range(2):
        lab.client.run("ip", "neighbour", "flush", "all")
        lab.client.run("bash", "-c", f"echo > /dev/udp/{lab.plan.gateway}/9100")
        time.sleep(3.5)


@scenario(
    question="Why does the connection to the gateway come and go?",
    shows="Two network cards in the client's network answer that the gateway's address $gateway is theirs.",
    findings=("address_duplicate",),
    decisive_filter="arp.opcode == 2 && arp.src.proto_ipv4 == $gateway",
    words=(r"(?i)two|twice|both|claim", r"$gateway"),
    answer_must_not=(SAYS_REFUSED,),
    records=WITH_ARP,
    oddities="arp.duplicate-address-detected || icmp",
)
def address_duplicate(lab: Lab) -> None:
    lab.router.run("ip", "link", "add", "link", "lan0", "name", "lan1", "type", "macvlan", "mode", "bridge")
    lab.router.run("ip", "link", "set", "lan1", "address", "02:00:00:00:00:99", "up")
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    lab.client.run("ip", "neighbour", "flush", "all")
    browse(lab)
    time.sleep(0.5)


@scenario(
    question="Why does this machine get no address?",
    shows="A client looks for a DHCP server four times; none runs in its network.",
    findings=("address_no_offer",),
    decisive_filter="dhcp.option.dhcp == 1",
    words=(r"(?i)DHCP", r"(?i)no .*offer|without an answer|no answer"),
    answer_must_not=(SAYS_REFUSED,),
)
def address_no_offer(lab: Lab) -> None:
    ask(lab, "--times=4")


@scenario(
    question="Why does this machine not keep its address?",
    shows="A client requests an address of another network; the DHCP server refuses it (NAK).",
    findings=("address_refused",),
    decisive_filter="dhcp.option.dhcp == 6",
    words=(r"(?i)DHCP", r"(?i)refuse|NAK"),
    answer_must_not=(SAYS_REFUSED,),
)
def address_refused(lab: Lab) -> None:
    network = lab.plan.client.rpartition(".")[0]
    lab.router.serve(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--interface=lan0",
        "--bind-interfaces", "--pid-file", "--log-facility=-", "--dhcp-authoritative",
        f"--dhcp-range={network}.100,{network}.120", f"--dhcp-leasefile={lab.directory}/leases",
        port=67, protocol="udp",
    )  # fmt: skip
    ask(lab, f"--wanted={lab.plan.server}")


def ask(lab: Lab, *options: str) -> None:
    link = json.loads(lab.client.run("ip", "-j", "link", "show", "dev", "eth0"))[0]
    lab.client.run(sys.executable, str(dhcp_client.__file__), "--device=eth0", f"--mac={link['address']}", *options)
