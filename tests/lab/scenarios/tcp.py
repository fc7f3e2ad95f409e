"""Connections that open, do not open, or look as if they did not.

Rules
* A program that gives up is told when, so that the number of its attempts follows from the script.
"""

from __future__ import annotations

import socket
import time

from .. import servers
from ..clients import REFUSED, TIMED_OUT, browse, curl, request, reset_on_close
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site


@scenario(
    question="My application cannot connect to the database. Why?",
    shows="Nothing listens on port $service_port of $server, so each of the client's three connection attempts is "
    "answered with a reset; the web site on the same server works.",
    findings=("tcp_refused",),
    decisive_filter="tcp.srcport == $service_port && tcp.flags.reset == 1",
    words=(r"(?i)refus|reset|closed port|nothing (is )?listen", r"\b$service_port\b"),
    answer_must_not=(r"(?i)firewall (is )?drop", r"(?i)certificate"),
    oddities="tcp.flags.reset == 1 && tcp.srcport == $service_port",
)
def tcp_refused(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    for _ in range(3):
        curl(lab, f"telnet://{lab.plan.service_name}:{lab.plan.service_port}", expect=REFUSED)
        time.sleep(0.4)
    browse(lab)


@scenario(
    question="Connecting to the database just hangs and then times out. What is wrong?",
    shows="The router drops everything to port $service_port, so the client's SYN and its retransmissions are never "
    "answered; the name resolves and the web site on the same server works.",
    findings=("tcp_syn_unanswered",),
    decisive_filter="tcp.dstport == $service_port && tcp.flags.syn == 1 && tcp.flags.ack == 0",
    words=(r"(?i)no (answer|reply|response)|unanswered|not answered|never answer", r"\b$service_port\b"),
    answer_must_not=(SAYS_REFUSED, r"(?i)dns (failed|failure|problem)"),
    oddities="tcp.analysis.retransmission && tcp.dstport == $service_port",
)
def tcp_syn_unanswered(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    lab.router.firewall(f"tcp dport {lab.plan.service_port} drop")
    browse(lab)
    # At least three retransmissions: after 1, 3 and 7 s (RFC 6298), or the first four each second (Linux since 6.5).
    target = f"telnet://{lab.plan.service_name}:{lab.plan.service_port}"
    curl(lab, target, "--connect-timeout", "8.5", expect=TIMED_OUT)
    browse(lab)


@scenario(
    question="Is anything wrong with this connection?",
    shows="The router drops the first SYN only; its retransmission is answered and the HTTP request succeeds.",
    healthy=True,
    decisive_filter="http.response.code == 200",
    words=(r"(?i)no (problem|fault|finding|issue)|nothing (is )?wrong|healthy|succe|work",),
    answer_must_not=(r"(?i)never answered", SAYS_REFUSED),
    oddities="tcp.analysis.retransmission && tcp.flags.syn == 1",
)
def tcp_healthy_one_lost_syn(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    # Only the first packet is within the limit, and what is within the limit is dropped.
    lab.router.firewall(f"tcp dport {lab.plan.http_port} tcp flags syn limit rate 1/hour burst 1 packets drop")
    browse(lab)


@scenario(
    question="The first request after the deployment failed. What happened?",
    shows="The first attempt is refused because nothing listens yet; the server starts a second later and the second "
    "attempt works.",
    findings=("tcp_refused",),
    decisive_filter="tcp.srcport == $http_port && tcp.flags.reset == 1",
    words=(r"(?i)refus|reset|nothing (was )?listen", r"(?i)later|second|then|afterwards|again|succe"),
    answer_must_not=(r"(?i)no (answer|reply)",),
    oddities="tcp.flags.reset == 1 && tcp.srcport == $http_port",
)
def tcp_refused_then_up(lab: Lab) -> None:
    servers.names(lab)
    curl(lab, f"http://{lab.plan.web_name}:{lab.plan.http_port}/", expect=REFUSED)
    time.sleep(1)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)


@scenario(
    question="Why was this connection reset?",
    shows="An HTTP connection pauses with keep-alive probes, the server closes it with a FIN when its idle time is "
    "over, and the client answers the FIN with a reset: untidy, but nothing is lost.",
    healthy=True,
    decisive_filter="tcp.flags.reset == 1 || tcp.flags.fin == 1",
    words=(r"(?i)idle|keep-?alive|after (the )?(fin|close|server closed)|harmless|normal|no (problem|fault|finding)",),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.flags.reset == 1 || tcp.analysis.keep_alive || tcp.analysis.keep_alive_ack",
)
def tcp_healthy_idle(lab: Lab) -> None:
    servers.web(lab, Site(lab.plan.http_port, directives=("keepalive_timeout 4s;",)))
    connection = lab.client.open_socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
    connection.connect((lab.plan.server, lab.plan.http_port))
    connection.sendall(request(lab.plan.web_name))
    while connection.recv(65536):
        pass
    reset_on_close(connection)
    connection.close()


@scenario(
    question="Why can I not reach the database?",
    shows='The router rejects connections to port $service_port with the ICMP message "communication administratively '
    'filtered"; the web site on the same server works.',
    findings=("tcp_rejected_by_icmp",),
    decisive_filter="icmp.type == 3 && icmp.code == 13",
    words=(r"(?i)prohibited|filtered|reject|firewall|router", r"\b$service_port\b|$gateway"),
    answer_must_not=(r"(?i)never answered",),
    oddities="icmp",
)
def tcp_rejected_icmp(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    lab.router.firewall(f"tcp dport {lab.plan.service_port} reject with icmp type admin-prohibited")
    browse(lab)
    # Linux reports "no route to host", which curl counts as a failure to connect.
    curl(lab, f"telnet://{lab.plan.service_name}:{lab.plan.service_port}", expect=REFUSED)
