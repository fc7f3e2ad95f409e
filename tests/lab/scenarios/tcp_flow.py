"""TCP whose ends are slow to read, to answer, or to remember."""

from __future__ import annotations

import socket
import time

from .. import servers, stubs
from ..clients import browse, request, reset_on_close
from ..detour import detour
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site

PAGE = "data.html"
HEALTHY = (r"(?i)no (problem|fault|finding|issue)|nothing (is )?wrong|healthy|succe|work",)
WINDOW = (
    "tcp.port == $http_port && (tcp.analysis.zero_window || tcp.analysis.window_full || tcp.analysis.keep_alive || "
    "tcp.analysis.keep_alive_ack || tcp.analysis.window_update || tcp.analysis.zero_window_probe || "
    "tcp.analysis.zero_window_probe_ack || tcp.flags.reset == 1)"
)
ZERO = "tcp.analysis.zero_window"
SAYS_ZERO = (r"(?i)zero.?window|window .*(zero|closed)", r"(?i)not read|does not|never")


def reads_late(lab: Lab, seconds: float, *, then: bool) -> None:
    """A client that asks for more than fits into its buffer, and reads after a while, or not at all."""
    servers.web(lab, Site(lab.plan.http_port, pages={"index.html": 600, PAGE: 180_000}))
    connection = lab.client.open_socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 30_000)
    connection.connect((lab.plan.server, lab.plan.http_port))
    connection.sendall(request(lab.plan.web_name, f"/{PAGE}", connection="close"))
    time.sleep(seconds)
    if then:
        while connection.recv(65536):
            pass
    connection.close()


@scenario(
    question="Why does the download stop?",
    shows="The program on $client does not read its socket for 6 seconds, and then gives up: its window stays closed.",
    findings=("tcp_zero_window",),
    decisive_filter=ZERO,
    words=SAYS_ZERO,
    answer_must_not=(SAYS_REFUSED, r"(?i)server (is|was) (too )?slow"),
    oddities=WINDOW,
)
def tcp_zero_window(lab: Lab) -> None:
    reads_late(lab, 6, then=False)


@scenario(
    question="Why did the download pause?",
    shows="The program on $client reads nothing for 2.5 seconds and then goes on: its window was closed for that time.",
    findings=("tcp_zero_window",),
    decisive_filter=ZERO,
    words=(r"(?i)zero.?window|window .*(zero|closed)",),
    answer_must_not=(SAYS_REFUSED,),
    oddities=WINDOW,
)
def tcp_zero_window_for_a_while(lab: Lab) -> None:
    reads_late(lab, 2.5, then=True)


@scenario(
    question="Is anything wrong with this download?",
    shows="The client's buffer is full for a third of a second: TCP slows the server down; the download is complete.",
    healthy=True,
    decisive_filter="http.response.code == 200",
    words=HEALTHY,
    answer_must_not=(SAYS_REFUSED,),
    oddities=WINDOW,
)
def tcp_healthy_full_window(lab: Lab) -> None:
    reads_late(lab, 0.35, then=True)


@scenario(
    question="Why does each of these small requests take 40 ms?",
    shows="The client writes each request in two pieces; Nagle's algorithm holds the second back until the server's "
    "delayed acknowledgement of the first.",
    findings=("tcp_delayed_ack",),
    decisive_filter="tcp.srcport == $service_port && tcp.len == 0 && tcp.flags.syn == 0",
    words=(r"(?i)delayed|Nagle",),
    answer_must_not=(SAYS_REFUSED, r"(?i)packets .* were lost"),
)
def tcp_delayed_ack(lab: Lab) -> None:
    servers.stub(lab, stubs, lab.plan.service_port, "pairs")
    connection = lab.client.connect(lab.plan.server, lab.plan.service_port)
    for _ in range(25):
        connection.sendall(b"head" * 10)
        connection.sendall(b"body" * 10)
        connection.recv(1000)


@scenario(
    question="Who ended this connection, and why?",
    shows="The server does not answer the second request within 3 seconds; the client resets the connection.",
    findings=("tcp_reset",),
    decisive_filter="tcp.flags.reset == 1",
    words=(r"(?i)gave up|waiting|wait", r"(?i)reset"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.flags.reset == 1",
)
def tcp_client_gave_up(lab: Lab) -> None:
    servers.stub(lab, stubs, lab.plan.service_port, "raw", "--reply=welcome", "--then=silence")
    connection = lab.client.connect(lab.plan.server, lab.plan.service_port)
    connection.sendall(b"the first part\n")
    connection.recv(1000)
    connection.sendall(b"and now the second part\n")
    time.sleep(3)
    reset_on_close(connection)
    connection.close()


@scenario(
    question="Why does the server answer my data with a reset?",
    shows="The server was restarted while the client was cut off, so it does not know the connection that the client "
    "still uses; the capture begins after that.",
    findings=("tcp_half_open",),
    decisive_filter="tcp.flags.reset == 1",
    words=(r"(?i)not know|forgot|restart|half.open", r"(?i)reset"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.flags.reset == 1",
    records="tcp and tcp[tcpflags] & (tcp-push | tcp-rst) != 0",
)
def tcp_half_open(lab: Lab) -> None:
    servers.stub(lab, stubs, lab.plan.service_port, "raw", "--then=silence")
    connection = lab.client.connect(lab.plan.server, lab.plan.service_port)
    # The server's table of connections is emptied; what the kernel says of it does not arrive.
    lab.router.firewall("drop")
    lab.server.run("ss", "--kill", "state", "established", "sport", "=", f":{lab.plan.service_port}")
    time.sleep(0.5)
    lab.router.run("nft", "flush", "ruleset")
    connection.sendall(b"are you still there?\n")
    time.sleep(0.5)


@scenario(
    question="Is anything wrong with this connection?",
    shows="A long way (160 ms for a round trip) and a server that holds each question until it has news (4 seconds): "
    "slow on purpose, and in order.",
    healthy=True,
    decisive_filter="tcp.port == $service_port && tcp.len > 0",
    words=HEALTHY,
    answer_must_not=(SAYS_REFUSED, r"(?i)network .* is slow"),
)
def tcp_healthy_long_polling(lab: Lab) -> None:
    servers.stub(lab, stubs, lab.plan.service_port, "--delay=4", "raw", "--reply=news", "--then=silence")
    detour(lab, lab.plan.service_port, "--delay=0.08")
    connection = lab.client.connect(lab.plan.server, lab.plan.service_port)
    connection.sendall(b"anything new?\n")
    connection.recv(1000)
    connection.close()


@scenario(
    question="Why was this connection reset?",
    shows="The client has its whole answer, waits 2 seconds and ends the connection with a reset: nothing is lost.",
    healthy=True,
    decisive_filter="tcp.flags.reset == 1",
    words=(r"(?i)harmless|idle|delivered|no fault",),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.flags.reset == 1",
)
def tcp_healthy_reset_when_done(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    connection = lab.client.connect(lab.plan.server, lab.plan.http_port)
    connection.sendall(request(lab.plan.web_name))
    connection.recv(65536)
    time.sleep(2)
    reset_on_close(connection)
    connection.close()
