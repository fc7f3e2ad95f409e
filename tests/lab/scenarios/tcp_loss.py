"""TCP on a way that loses, reorders, doubles, delays or cuts off what it should carry."""

from __future__ import annotations

import socket
import time

from .. import servers, stubs
from ..clients import browse
from ..detour import detour
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site

PAGE = "data.html"
OF_SERVER = "tcp.srcport == $http_port"
ANALYSED = "tcp.port == $http_port && tcp.analysis.flags"
HEALTHY = (r"(?i)no (problem|fault|finding|issue)|nothing (is )?wrong|healthy|succe|work",)


def download(lab: Lab, size: int, *options: str) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, pages={"index.html": 600, PAGE: size}))
    detour(lab, lab.plan.http_port, *options)
    browse(lab, PAGE)


@scenario(
    question="Why is this download so slow?",
    shows="A device on the way loses every 15th data segment of the server $server; all are sent again and arrive.",
    findings=("tcp_loss",),
    decisive_filter=f"{OF_SERVER} && tcp.analysis.retransmission",
    words=(r"(?i)\blost\b|\bloss\b|retransmi|sent again", r"$server"),
    answer_must_not=(SAYS_REFUSED, r"(?i)zero window"),
    oddities=ANALYSED,
)
def tcp_loss(lab: Lab) -> None:
    download(lab, 200_000, "--lose-every=15", "--delay=0.01")


@scenario(
    question="Is anything wrong with this download?",
    shows="One data segment of many is lost and repaired by a fast retransmission: what TCP is made for.",
    healthy=True,
    decisive_filter="http.response.code == 200",
    words=HEALTHY,
    answer_must_not=(SAYS_REFUSED,),
    oddities=ANALYSED,
)
def tcp_healthy_one_lost_segment(lab: Lab) -> None:
    download(lab, 100_000, "--lose-one=30", "--delay=0.01")


@scenario(
    question="Do the packets of this download come in the right order?",
    shows="A device on the way lets every 8th data segment of the server be overtaken by the one after it.",
    findings=("tcp_out_of_order",),
    decisive_filter=f"{OF_SERVER} && tcp.analysis.out_of_order",
    words=(r"(?i)out of order|reorder|overt",),
    answer_must_not=(SAYS_REFUSED,),
    oddities=ANALYSED,
)
def tcp_out_of_order(lab: Lab) -> None:
    download(lab, 200_000, "--swap-every=8", "--delay=0.02")


@scenario(
    question="Are the retransmissions in this capture real?",
    shows="A device hands every packet on twice, so the client's side records each packet of the server twice.",
    findings=("capture_duplicates",),
    decisive_filter=f"{OF_SERVER} && tcp.len > 0",
    words=(r"(?i)twice|duplicat", r"(?i)\bnot\b|no "),
    answer_must_not=(r"(?i)packets .* were lost",),
    oddities="tcp.analysis.flags || tcp.flags.reset == 1",
)
def capture_duplicates(lab: Lab) -> None:
    download(lab, 40_000, "--times=2")


@scenario(
    question="Is the slowness caused by the network or the server?",
    shows="The way takes 350 ms in each direction, so every round trip takes 700 ms; the server answers at once.",
    findings=("tcp_slow_network",),
    decisive_filter="tcp.flags.syn == 1 && tcp.port == $http_port",
    words=(r"(?i)network|round trip|path", r"(?i)\b7\d\d(\.\d)? ms"),
    answer_must_not=(r"(?i)server (is|was) (too )?slow",),
)
def tcp_slow_network(lab: Lab) -> None:
    download(lab, 4_000, "--delay=0.35")


@scenario(
    question="Why is this transfer slow although the line is fast?",
    shows="The client does not scale its window (RFC 7323), and the way takes 50 ms each direction: at most 64 KB are "
    "on their way at once.",
    findings=("tcp_window_limited",),
    decisive_filter=f"{OF_SERVER} && tcp.len > 0",
    side="server",
    words=(r"(?i)window", r"(?i)scal"),
    answer_must_not=(SAYS_REFUSED, r"(?i)packets .* were lost"),
    oddities="tcp.analysis.window_full",
)
def tcp_window_limited(lab: Lab) -> None:
    lab.client.run("sysctl", "-qw", "net.ipv4.tcp_window_scaling=0")
    download(lab, 650_000, "--delay=0.05")


@scenario(
    question="The request is sent and then nothing comes back. Who ends the connection?",
    shows="A device on the way answers the client's request with a reset in the name of the server, with a TTL of its "
    "own.",
    findings=("tcp_reset",),
    decisive_filter="tcp.flags.reset == 1",
    words=(r"(?i)reset", r"(?i)device|middle|between|firewall"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.flags.reset == 1",
)
def tcp_reset_on_path(lab: Lab) -> None:
    detour(lab, lab.plan.service_port, "--reset-at=2")
    connection = _conversation(lab)
    connection.sendall(b"and now the second part\n")
    _until_reset(connection)


@scenario(
    question="Why does the application lose its connection?",
    shows="The program on $server resets the connection after it read the request.",
    findings=("tcp_reset",),
    decisive_filter="tcp.flags.reset == 1",
    words=(r"(?i)reset", r"$server"),
    answer_must_not=(SAYS_REFUSED, r"(?i)device between"),
    oddities="tcp.flags.reset == 1",
)
def tcp_reset_by_server(lab: Lab) -> None:
    servers.stub(lab, stubs, lab.plan.service_port, "raw", "--then=reset")
    connection = lab.client.connect(lab.plan.server, lab.plan.service_port)
    connection.sendall(b"report of the last quarter, please\n" * 4)
    _until_reset(connection)


@scenario(
    question="The job hangs in the middle. What happened?",
    shows="After the first answer the router drops all packets to port $service_port; the client's next request is "
    "sent again and again.",
    findings=("tcp_dead",),
    decisive_filter="tcp.analysis.retransmission && tcp.dstport == $service_port",
    words=(r"(?i)silent|never acknowledged|no acknowledgement|dead", r"(?i)retransmi|sent .*again|times"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.analysis.flags",
)
def tcp_dead(lab: Lab) -> None:
    connection = _conversation(lab)
    lab.router.firewall(f"tcp dport {lab.plan.service_port} drop")
    connection.sendall(b"and now the second part\n")
    time.sleep(4)


@scenario(
    question="Is this connection still alive?",
    shows="The client's keep-alive probes are dropped on the way, and nobody answers them.",
    findings=("tcp_keep_alive_unanswered",),
    decisive_filter="tcp.analysis.keep_alive",
    words=(r"(?i)keep-?alive", r"(?i)gone|no longer|not answer|unanswered"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.analysis.keep_alive || tcp.flags.reset == 1",
)
def tcp_keep_alive_unanswered(lab: Lab) -> None:
    connection = _conversation(lab)
    lab.router.firewall(f"tcp dport {lab.plan.service_port} drop")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL):
        connection.setsockopt(socket.IPPROTO_TCP, option, 1)
    time.sleep(5)


@scenario(
    question="The first query after a break always fails. Why?",
    shows="After 62 seconds without data a firewall on the way has forgotten the connection and answers the next "
    "request with a reset.",
    findings=("tcp_idle_reset",),
    decisive_filter="tcp.flags.reset == 1",
    words=(r"(?i)idle|pause|without data|silence", r"(?i)reset"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.flags.reset == 1",
)
def tcp_idle_reset(lab: Lab) -> None:
    connection = _conversation(lab)
    time.sleep(62)
    lab.router.firewall(f"tcp dport {lab.plan.service_port} reject with tcp reset")
    connection.sendall(b"and now the second part\n")
    _until_reset(connection)


@scenario(
    question="After lunch the application hangs. Is it the server?",
    shows="After 62 seconds without data a firewall on the way drops what belongs to the connection, without a word.",
    findings=("tcp_idle_silence",),
    decisive_filter="tcp.analysis.retransmission && tcp.dstport == $service_port",
    words=(r"(?i)idle|pause|without data", r"(?i)silence|no acknowledgement|never"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.analysis.flags",
)
def tcp_idle_silence(lab: Lab) -> None:
    connection = _conversation(lab)
    time.sleep(62)
    lab.router.firewall(f"tcp dport {lab.plan.service_port} drop")
    connection.sendall(b"and now the second part\n")
    time.sleep(4)


def _conversation(lab: Lab) -> socket.socket:
    servers.stub(lab, stubs, lab.plan.service_port, "raw", "--reply=welcome", "--then=silence")
    connection = lab.client.connect(lab.plan.server, lab.plan.service_port)
    connection.sendall(b"the first part\n")
    connection.recv(1000)
    return connection


def _until_reset(connection: socket.socket) -> None:
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
