"""Hosts that look for open ports, for other hosts, or for a password."""

from __future__ import annotations

import contextlib
import time

from .. import servers, stubs
from ..clients import browse
from ..scenario import Lab, scenario
from ..servers import Site

FIRST, LAST = 8001, 8020
LOGIN = 22
SAYS_FAULT = r"(?i)(network|server) (is|was) (down|slow)"


@scenario(
    question="What is $client doing to $server?",
    shows="The client tries 20 ports of the server one after the other; one of them, the web site's, is open.",
    findings=("scan_ports",),
    decisive_filter="tcp.flags.syn == 1 && tcp.flags.ack == 0",
    words=(r"(?i)\bscan", r"(?i)\bports?\b"),
    answer_must_not=(SAYS_FAULT,),
    oddities="tcp.flags.reset == 1",
)
def scan_ports(lab: Lab) -> None:
    servers.web(lab, Site(lab.plan.http_port))
    for port in (*range(FIRST, LAST + 1), lab.plan.http_port):
        attempt = lab.client.open_socket()
        with contextlib.suppress(ConnectionRefusedError):
            attempt.connect((lab.plan.server, port))
        attempt.close()


@scenario(
    question="Is somebody attacking $server here?",
    shows="The client sends a datagram to each of 20 UDP ports of the server, on none of which a program listens.",
    findings=("scan_udp",),
    decisive_filter="icmp.type == 3 && icmp.code == 3",
    words=(r"(?i)\bscan", r"(?i)UDP"),
    answer_must_not=(SAYS_FAULT,),
    oddities="icmp",
)
def scan_udp(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    lab.server.run("sysctl", "-qw", "net.ipv4.icmp_ratelimit=0")
    address = lab.plan.server
    loop = f"for port in {{{FIRST}..{LAST}}}; do echo > /dev/udp/{address}/$port; sleep 0.02; done"
    lab.client.run("bash", "-c", loop, accept=(0, 1))


@scenario(
    question="Is anything suspicious in this traffic?",
    shows="The client asks 20 addresses of the server's network, one after the other, whether port 445 is open; a "
    "firewall drops what is not for the server.",
    findings=("scan_hosts",),
    decisive_filter="tcp.dstport == 445 && tcp.flags.syn == 1",
    words=(r"(?i)looks for|sweep|scan", r"\b445\b"),
    answer_must_not=(SAYS_FAULT,),
    oddities="tcp.flags.reset == 1",
)
def scan_hosts(lab: Lab) -> None:
    lab.router.firewall(f"ip daddr != {{ {lab.plan.server}, {lab.plan.client} }} drop")
    network = lab.plan.server.rpartition(".")[0]
    last = int(lab.plan.server.rpartition(".")[2])
    for host in range(last + 1, last + 21):
        loop = f"timeout 0.2 bash -c 'echo > /dev/tcp/{network}.{host}/445'"
        lab.client.run("bash", "-c", loop, accept=(0, 1, 124))


@scenario(
    question="Is somebody attacking this server?",
    shows="The client opens 14 short sessions with the port for remote logins, says a few words in each, and "
    "is shown out.",
    findings=("scan_logins",),
    decisive_filter=f"tcp.flags.syn == 1 && tcp.dstport == {LOGIN}",
    words=(r"(?i)password|guess|login", r"$server"),
    answer_must_not=(SAYS_FAULT,),
    oddities="tcp.flags.reset == 1",
)
def scan_logins(lab: Lab) -> None:
    servers.stub(lab, stubs, LOGIN, "raw", r"--banner=SSH-2.0-lab\r\n", r"--reply=no\r\n")
    for number in range(14):
        session = lab.client.connect(lab.plan.server, LOGIN)
        session.recv(100)
        session.sendall(f"SSH-2.0-try{number}\r\n".encode())
        while session.recv(100):
            pass
        session.close()
        time.sleep(0.2)
