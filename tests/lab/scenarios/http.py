"""Plain HTTP and the lookups before it."""

from __future__ import annotations

import sys

from .. import servers
from ..clients import browse, curl
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site

NOTHING_WRONG = (r"(?i)no (problem|fault|finding|issue|error)|nothing (is |was )?wrong|healthy|succe|work|complete",)


@scenario(
    question="Did this download go well?",
    shows="A file of 200 kB is fetched over plain HTTP and the connection is closed cleanly by both sides.",
    healthy=True,
    decisive_filter="http.response.code == 200",
    words=NOTHING_WRONG,
    answer_must_not=(
        SAYS_REFUSED,
        r"(?i)download (has |is )?(failed|incomplete)",
    ),
)
def http_download_healthy(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port, pages={"report.html": 200_000}))
    curl(lab, f"http://{lab.plan.file_name}:{lab.plan.http_port}/report.html", "--fail")


@scenario(
    question="Is there any problem with name resolution or the web site?",
    shows="Names are looked up, one of them for IPv6 too (it has IPv4 only, so that answer is empty), and three pages "
    "are fetched with HTTP 200.",
    healthy=True,
    decisive_filter="http.response.code == 200 || dns.flags.response == 1",
    words=NOTHING_WRONG,
    answer_must_not=(r"(?i)(lookup|resolution|request)s? (has |have )?(failed|fails|timed out)", SAYS_REFUSED),
)
def dns_and_http_healthy(lab: Lab) -> None:
    servers.names(lab)
    pages = {"index.html": 600, "style.css": 4000, "news.html": 12_000}
    servers.web(lab, Site(lab.plan.http_port, pages=pages))
    browse(lab, "", "style.css")
    # Python asks for both families, as browsers do, also where curl and getent see that there is no IPv6.
    lab.client.run(sys.executable, "-c", f"import socket; socket.getaddrinfo('{lab.plan.file_name}', None)")
    curl(lab, f"http://{lab.plan.file_name}:{lab.plan.http_port}/news.html", "--fail")
