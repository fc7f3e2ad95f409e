"""One side that does not hear the other: answers lost on their way, pings, UDP services and name servers in silence."""

from __future__ import annotations

import sys
import time

from .. import servers, stubs
from ..clients import TIMED_OUT, browse, curl
from ..network import NAMESPACE_ETC
from ..plan import ipv6
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site
from .http import STUBS

REPEATED = "tcp.analysis.flags"
NTP = 123
PINGS = 12


@scenario(
    question="Clients cannot connect to our server. Is it the server's fault?",
    shows="Seen at the server: it answers each SYN to port $service_port with a SYN/ACK, which the router drops on the "
    "way back, so the client asks again and again; the web site on the same server works.",
    findings=("tcp_syn_ack_unanswered",),
    decisive_filter="tcp.flags.syn == 1 && tcp.flags.ack == 1 && tcp.port == $service_port",
    words=(r"(?i)never reach|lost|dropped", r"(?i)answers?|SYN/ACK", r"(?i)way back"),
    answer_must_not=(SAYS_REFUSED, r"(?i)never answered"),
    side="server",
    oddities=REPEATED,
)
def tcp_answer_blocked(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    servers.stub(lab, stubs, lab.plan.service_port, "raw", "--then=silence")
    lab.router.firewall(f"tcp sport {lab.plan.service_port} drop")
    browse(lab)
    target = f"telnet://{lab.plan.service_name}:{lab.plan.service_port}"
    curl(lab, target, "--connect-timeout", "8.5", expect=TIMED_OUT)


@scenario(
    question="The page never loads, although the connection opens. Why?",
    shows="Seen at the client: the router drops the server's packets of more than 1,000 bytes, so the answer's headers "
    "come and its contents never do; the client gives up after 6 seconds.",
    findings=("tcp_answer_lost",),
    decisive_filter="tcp.analysis.lost_segment",
    words=(r"(?i)lost|never arrive", r"(?i)MTU|large|size"),
    answer_must_not=(SAYS_REFUSED, r"(?i)server('s side)? must act"),
    oddities=f"({REPEATED}) || tcp.flags.reset == 1",
)
def tcp_answer_lost(lab: Lab) -> None:
    lab.router.firewall(f"ip saddr {lab.plan.server} meta length > 1000 drop")
    lab.server.serve(
        sys.executable, "-m", "http.server", str(lab.plan.http_port), "--directory", str(page(lab)),
        port=lab.plan.http_port,
    )  # fmt: skip
    curl(lab, f"http://{lab.plan.server}:{lab.plan.http_port}/", "--max-time", "6", expect=TIMED_OUT)


def page(lab: Lab) -> object:
    """A folder with a page of some packets' length."""
    folder = lab.directory / "pages"
    folder.mkdir()
    (folder / "index.html").write_bytes(b"x" * 9000)
    return folder


@scenario(
    question="The application hangs after it has connected. Is it the network?",
    shows="The server accepts the connection to port $service_port, takes the request and never answers; the client "
    "closes after 4 seconds.",
    findings=("tcp_no_answer",),
    decisive_filter="tcp.port == $service_port && tcp.len > 0",
    words=(r"(?i)never answers", r"(?i)server('s side)? must act"),
    answer_must_not=(SAYS_REFUSED, r"(?i)network must act"),
)
def tcp_no_answer(lab: Lab) -> None:
    servers.stub(lab, stubs, lab.plan.service_port, "raw", "--then=silence")
    connection = lab.client.connect(lab.plan.server, lab.plan.service_port)
    connection.sendall(b"list the orders\n")
    time.sleep(4)
    connection.close()


@scenario(
    question="The server does not answer pings. Is it down?",
    shows="A firewall on $server drops echo requests; its web site works.",
    findings=("path_ping_unanswered",),
    decisive_filter="icmp.type == 8",
    words=(r"(?i)is up", r"(?i)ping is blocked|blocks"),
    answer_must_not=(SAYS_REFUSED, r"(?i)is down"),
    oddities="icmp",
)
def path_ping_blocked(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    lab.server.firewall("icmp type echo-request drop", "input")
    lab.client.run("ping", "-c", "3", "-i", "0.5", "-W", "1", lab.plan.server, accept=(1,))
    browse(lab)


@scenario(
    question="Is the line to the server unreliable?",
    shows="The router drops every third echo request to $server.",
    findings=("path_ping_lost",),
    decisive_filter="icmp.type == 8",
    words=(r"(?i)get no reply|lost", r"33 %"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="icmp",
)
def path_ping_lost(lab: Lab) -> None:
    lab.router.firewall("icmp type echo-request numgen inc mod 3 == 1 drop")
    lab.client.run("ping", "-c", str(PINGS), "-i", "0.2", "-W", "1", lab.plan.server)
    time.sleep(1)
    lab.client.run("ping", "-c", "1", "-W", "1", lab.plan.gateway)


@scenario(
    question="Why does every page take five seconds at first?",
    shows="The first name server of the client, $gateway, is silent; after 5 seconds it asks the second one, $server, "
    "which answers.",
    findings=("dns_late_fallback",),
    decisive_filter="dns",
    words=(r"(?i)does not answer", r"$gateway", r"(?i)\b5(\.\d+)? s\b"),
    answer_must_not=(SAYS_REFUSED, r"(?i)not exist"),
)
def dns_late_fallback(lab: Lab) -> None:
    lab.router.firewall("udp dport 53 drop", "input")
    command = (sys.executable, str(STUBS), "--port=53", "dns", f"--address={lab.plan.server}")
    lab.server.serve(*command, port=53, protocol="udp")
    resolvers = f"nameserver {lab.plan.gateway}\nnameserver {lab.plan.server}\n"
    (NAMESPACE_ETC / lab.client.namespace / "resolv.conf").write_text(resolvers)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)


@scenario(
    question="Why is the clock of this machine not set?",
    shows="The router drops what is sent to the time server $server (chronyd, UDP port 123): it is asked four times.",
    findings=("udp_unanswered",),
    decisive_filter="ntp",
    words=(r"(?i)never answers NTP", r"$server", r"123"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="icmp",
)
def udp_time_unanswered(lab: Lab) -> None:
    lab.router.firewall(f"udp dport {NTP} drop")
    wanted = f"server {lab.plan.server} iburst"
    lab.client.run("chronyd", "-Q", "-t", "9", "-u", "root", wanted, accept=(0, 1))
    time.sleep(0.5)
    lab.client.run("ping", "-c", "1", lab.plan.gateway)


@scenario(
    question="Large UDP requests get no answer, small ones do. Why?",
    shows="The router drops all fragments but the first, so a datagram of 3,000 bytes never arrives whole; $server "
    "says so by ICMP.",
    findings=("path_fragments_lost",),
    decisive_filter="icmp.type == 11 && icmp.code == 1",
    words=(r"(?i)fragments", r"(?i)not arrive whole|wait"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="icmp",
)
def path_fragments_lost(lab: Lab) -> None:
    # Before the kernel puts them together, which it does where a firewall looks at connections.
    chain = "add chain ip early fragments { type filter hook prerouting priority -500; }"
    rule = "add rule ip early fragments ip frag-off & 0x1fff != 0 drop"
    lab.router.run("nft", "-f", "-", stdin=f"add table ip early\n{chain}\n{rule}\n".encode())
    lab.server.run("sysctl", "-qw", "net.ipv4.ipfrag_time=2")
    large = f"head -c 3000 /dev/zero | socat -u - UDP:{lab.plan.server}:6000,sndbuf=8192"
    for _ in range(2):
        lab.client.run("bash", "-c", large)
    time.sleep(4)


@scenario(
    question="New connections hang while old ones work. Why?",
    shows="The program on $server accepts no more connections to port $service_port, so its queue is full: the first "
    "ones were taken, the SYNs of later ones are not answered.",
    findings=("tcp_syn_unanswered",),
    decisive_filter="tcp.flags.syn == 1 && tcp.flags.ack == 0",
    words=(r"(?i)queue|backlog", r"(?i)had accepted"),
    answer_must_not=(SAYS_REFUSED, r"(?i)is filtered"),
    oddities=REPEATED,
)
def tcp_queue_full(lab: Lab) -> None:
    sleeper = (
        "import socket, time; s = socket.socket(); s.setsockopt(1, 2, 1); "
        f"s.bind(('', {lab.plan.service_port})); s.listen(1); time.sleep(60)"
    )
    lab.server.serve(sys.executable, "-c", sleeper, port=lab.plan.service_port)
    held = [lab.client.connect(lab.plan.server, lab.plan.service_port) for _ in range(2)]
    target = f"telnet://{lab.plan.server}:{lab.plan.service_port}"
    curl(lab, target, "--connect-timeout", "4", expect=TIMED_OUT)
    for connection in held:
        connection.close()
    time.sleep(0.3)


@scenario(
    question="Why is the report so slow? Is it the network or the server?",
    shows="The program on $server writes its answer in pieces, with 0.4 seconds between them; nothing is wrong with "
    "the network.",
    decisive_filter="tcp.port == $service_port",
    words=(r"(?i)sends its data slowly", r"(?i)not in the network"),
    answer_must_not=(SAYS_REFUSED, r"(?i)it is not slow"),
)
def tcp_slow_sender(lab: Lab) -> None:
    port = lab.plan.service_port
    pieces = "head -c 20; for piece in 1 2 3 4 5 6 7; do head -c 4000 /dev/zero; sleep 0.4; done"
    lab.server.serve("socat", f"TCP-LISTEN:{port}", f"SYSTEM:{pieces}", port=port)
    connection = lab.client.connect(lab.plan.server, port)
    connection.sendall(b"give me the report!\n")
    while connection.recv(65536):
        pass
    connection.close()


@scenario(
    question="What is this machine doing?",
    shows="$client pings 20 addresses of the server's network, one after the other; $server answers.",
    findings=("scan_pings",),
    decisive_filter="icmp.type == 8",
    words=(r"(?i)search|scan", r"\b20 addresses"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="icmp",
)
def scan_pings(lab: Lab) -> None:
    network = lab.plan.server.rpartition(".")[0]
    lab.router.firewall(f"ip daddr {network}.0/24 ip daddr != {lab.plan.server} drop")
    last = int(lab.plan.server.rpartition(".")[2])
    wanted = " ".join(f"{network}.{number}" for number in range(last - 9, last + 11))
    lab.client.run("bash", "-c", f"for host in {wanted}; do ping -c 1 -W 1 $host & sleep 0.05; done; wait")


FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).status)"


@scenario(
    question="The page takes five seconds to begin. Why?",
    shows="The name $web_name has an IPv6 and an IPv4 address; the router drops TCP over IPv6, so a program that tries "
    "them in turn waits 5 seconds for the first one, and then gets the page over IPv4.",
    findings=("tcp_syn_unanswered",),
    decisive_filter="ipv6 && tcp.flags.syn == 1 && tcp.flags.ack == 0",
    words=(r"(?i)never answered", r"IPv4", r"$web_name", r"(?i)another one"),
    answer_must_not=(SAYS_REFUSED,),
    oddities=REPEATED,
)
def tcp_ipv6_dead_ipv4_works(lab: Lab) -> None:
    plan = lab.plan
    lab.network.add_ipv6(plan)
    records = (f"--host-record={name},{ipv6(plan.server)}" for name in plan.names)
    servers.names(lab, f"--listen-address={ipv6(plan.gateway)}", *records)
    servers.web(lab, Site(plan.http_port))
    chain = "add chain ip6 lab forward { type filter hook forward priority 0; }"
    rule = "add rule ip6 lab forward meta l4proto tcp drop"
    lab.router.run("nft", "-f", "-", stdin=f"add table ip6 lab\n{chain}\n{rule}\n".encode())
    lab.client.run(sys.executable, "-c", FETCH, f"http://{plan.web_name}:{plan.http_port}/")
