"""What stands between two hosts: a smaller MTU, ICMP that denies, routes that turn round."""

from __future__ import annotations

import time

from .. import servers, stubs
from ..clients import browse, curl
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site

LARGE = b"x" * 6000
NAME_NOT_RESOLVED = 6  # curl's exit code
ANALYSED = "tcp.port == $service_port && tcp.analysis.flags"


def elsewhere(lab: Lab, network: int = 9) -> str:
    """An address of a network that does not exist in the lab."""
    first, second, *_ = lab.plan.client.split(".")
    return f"{first}.{second}.{network}.9"


def datagram(lab: Lab, address: str, port: int) -> None:
    lab.client.run("bash", "-c", f"echo question > /dev/udp/{address}/{port}")


@scenario(
    question="Is there an MTU problem when sending the report?",
    shows="The router's link to the server takes 1,300 bytes at most; it says so by ICMP, and the client then sends "
    "smaller packets.",
    findings=("path_mtu",),
    decisive_filter="icmp.type == 3 && icmp.code == 4",
    words=(r"(?i)\bMTU\b", r"1,?300"),
    answer_must_not=(SAYS_REFUSED, r"(?i)black hole"),
    oddities=f"icmp || ({ANALYSED})",
)
def path_mtu(lab: Lab) -> None:
    servers.stub(lab, stubs, lab.plan.service_port, "raw", "--then=silence")
    lab.router.run("ip", "link", "set", "wan0", "mtu", "1300")
    connection = lab.client.connect(lab.plan.server, lab.plan.service_port)
    connection.sendall(LARGE)
    time.sleep(1)


@scenario(
    question="Logging in works, but sending the report hangs. Why?",
    shows="The router drops packets of more than 1,000 bytes without a word; small ones pass in both directions.",
    findings=("path_mtu_blackhole",),
    decisive_filter="tcp.analysis.retransmission && tcp.len > 1000",
    words=(r"(?i)large|size|MTU", r"(?i)never acknowledged|vanish|drop"),
    answer_must_not=(SAYS_REFUSED,),
    oddities=ANALYSED,
)
def path_mtu_blackhole(lab: Lab) -> None:
    lab.router.firewall(f"tcp dport {lab.plan.service_port} meta length > 1000 drop")
    port = lab.plan.service_port
    ticks = "for tick in 1 2 3 4 5 6 7 8 9; do sleep 0.4; echo still here; done"
    lab.server.serve("socat", f"TCP-LISTEN:{port}", f"SYSTEM:{ticks}", port=port)
    connection = lab.client.connect(lab.plan.server, port)
    connection.sendall(b"login\n")
    connection.recv(100)
    connection.sendall(LARGE)
    time.sleep(5)


@scenario(
    question="Why can no name be resolved here?",
    shows="No name server runs on the router $gateway, which is set as the resolver; it says port unreachable.",
    findings=("path_udp_unreachable",),
    decisive_filter="icmp.type == 3 && icmp.code == 3",
    words=(r"(?i)unreachable|nothing listens", r"\b53\b|DNS"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="icmp",
)
def path_udp_unreachable(lab: Lab) -> None:
    servers.web(lab, Site(lab.plan.http_port))
    curl(lab, f"http://{lab.plan.server}:{lab.plan.http_port}/", "--fail")
    curl(lab, f"http://{lab.plan.web_name}:{lab.plan.http_port}/", expect=NAME_NOT_RESOLVED)


@scenario(
    question="Why is this address not reachable?",
    shows="The router sends packets for a network to the server's machine, which sends them back to the router: they "
    "go round until their time to live is over.",
    findings=("path_loop",),
    decisive_filter="icmp.type == 11",
    words=(r"(?i)circle|loop",),
    answer_must_not=(SAYS_REFUSED,),
    oddities="icmp",
)
def path_loop(lab: Lab) -> None:
    address = elsewhere(lab)
    lab.server.run("sysctl", "-qw", "net.ipv4.conf.all.send_redirects=0", "net.ipv4.conf.eth0.send_redirects=0")
    lab.router.run("ip", "route", "add", f"{address}/32", "via", lab.plan.server)
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    datagram(lab, address, lab.plan.service_port)
    time.sleep(0.5)


@scenario(
    question="What does the router tell this host?",
    shows="The way to a network leads over another gateway in the client's own network; the router passes the packet "
    "on and says so by an ICMP redirect.",
    findings=("path_redirect",),
    decisive_filter="icmp.type == 5",
    words=(r"(?i)redirect|tells .* to use",),
    answer_must_not=(SAYS_REFUSED,),
    oddities="icmp",
)
def path_redirect(lab: Lab) -> None:
    address, gateway = elsewhere(lab), lab.plan.client.rpartition(".")[0] + ".77"
    lab.router.run("sysctl", "-qw", "net.ipv4.conf.all.send_redirects=1", "net.ipv4.conf.lan0.send_redirects=1")
    lab.router.run("ip", "neighbour", "add", gateway, "lladdr", "02:00:00:00:00:77", "dev", "lan0", "nud", "permanent")
    lab.router.run("ip", "route", "add", f"{address}/32", "via", gateway)
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    datagram(lab, address, lab.plan.service_port)
    time.sleep(0.5)
