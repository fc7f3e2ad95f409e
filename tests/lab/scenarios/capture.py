"""Captures that show less than happened, or show it oddly."""

from __future__ import annotations

from functools import partial

from .. import servers
from ..clients import browse
from ..pcapng import with_clock_set_back, without_first
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site

PAGE = "data.html"
HEALTHY = (r"(?i)no (problem|fault|finding|issue)|nothing (is )?wrong|healthy|succe|work",)
HEADERS = 66  # Ethernet, IP and TCP with its usual options


def site(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, pages={"index.html": 600, PAGE: 30_000}))


@scenario(
    question="The server seems never to answer. Is it down?",
    shows="Only what the client sends is recorded; the server answers, as the client's acknowledgements show.",
    findings=("capture_one_direction",),
    decisive_filter="tcp.srcport != $http_port && tcp.flags.ack == 1",
    words=(r"(?i)only .*(client|direction)|one direction", r"(?i)acknowledg|did answer"),
    answer_must_not=(SAYS_REFUSED, r"(?i)never answered"),
    oddities="tcp.analysis.flags",
    records="tcp and src host $client",
)
def capture_one_direction(lab: Lab) -> None:
    site(lab)
    browse(lab, PAGE)


@scenario(
    question="Is anything wrong with this connection?",
    shows="The capture began when the connection was already open; the rest of it is in order.",
    healthy=True,
    decisive_filter="http.response.code == 200",
    words=HEALTHY,
    answer_must_not=(SAYS_REFUSED,),
    records="tcp",
    finish=partial(without_first, 3),
)
def capture_healthy_late_start(lab: Lab) -> None:
    site(lab)
    browse(lab)


@scenario(
    question="What did the server answer?",
    shows="Only the headers of each packet were stored; what they carry cannot be read.",
    findings=("capture_cut_frames",),
    decisive_filter="frame.cap_len < frame.len",
    words=(r"(?i)stored only in part|cut|cannot be read|snap",),
    answer_must_not=(SAYS_REFUSED,),
    records="tcp",
    snap=HEADERS,
)
def capture_cut_frames(lab: Lab) -> None:
    site(lab)
    browse(lab, PAGE)


@scenario(
    question="Can the times in this capture be trusted?",
    shows="The clock of the recording machine is set back by 90 seconds in the middle of the capture.",
    findings=("capture_clock",),
    decisive_filter="frame.time_delta < 0",
    words=(r"(?i)clock|step back|times", r"(?i)not to be trusted|earlier"),
    answer_must_not=(SAYS_REFUSED,),
    oddities="tcp.analysis.flags",
    finish=partial(with_clock_set_back, 90_000_000_000),
)
def capture_clock(lab: Lab) -> None:
    site(lab)
    browse(lab, "", "")


@scenario(
    question="Why are some packets of this download so large?",
    shows="The server's network card cuts large segments only after the capture has seen them (offloading): harmless.",
    healthy=True,
    decisive_filter="tcp.len > 1460",
    words=HEALTHY,
    answer_must_not=(SAYS_REFUSED,),
    side="server",
    oddities="tcp.checksum.status == 0 || ip.checksum.status == 0 || tcp.analysis.flags",
)
def capture_healthy_offloading(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, pages={"index.html": 600, PAGE: 400_000}))
    for host, link in ((lab.server, "eth0"), (lab.router, "wan0"), (lab.router, "lan0"), (lab.client, "eth0")):
        host.run("ethtool", "-K", link, "tso", "on", "gso", "on", "gro", "on", "tx", "on", "rx", "on")
    browse(lab, PAGE)
