"""Names that are not found, not answered, or answered in an unusual way.

Rules
* Failing names end in a dot: without it glibc appends the recording machine's own domain and asks again.
"""

from __future__ import annotations

import ipaddress
import sys

from .. import servers
from ..clients import browse, curl
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site
from .http import NOTHING_WRONG, STUBS

# curl's exit code for a name that it cannot resolve.
NOT_RESOLVED = 6
UPSTREAM_PORT = 5300


def upstream(lab: Lab, name: str, *options: str, delay: float = 0) -> tuple[str, str]:
    """Start a small name server behind the resolver; return what tells dnsmasq to ask it about this name.

    --no-negcache: each attempt shall reach it.
    """
    command = (sys.executable, str(STUBS), f"--port={UPSTREAM_PORT}", f"--delay={delay}", "dns", *options)
    lab.server.serve(*command, port=UPSTREAM_PORT, protocol="udp")
    return f"--server=/{name}/{lab.plan.server}#{UPSTREAM_PORT}", "--no-negcache"


@scenario(
    question="The application says that it cannot find its database host. Why?",
    shows="The client asks for old-$service_name, which the name server says does not exist (NXDOMAIN); other names "
    "resolve and the web site works.",
    findings=("dns_nxdomain",),
    decisive_filter='dns.flags.rcode == 3 && dns.qry.name == "old-$service_name"',
    words=(r"(?i)NXDOMAIN|not exist|no such (name|domain|host)|unknown name", r"old-$service_name"),
    answer_must_not=(r"(?i)server failure|SERVFAIL", r"(?i)timed out|unanswered|never answered", SAYS_REFUSED),
    oddities="dns.flags.rcode == 3",
)
def dns_nxdomain(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    curl(lab, f"http://old-{lab.plan.service_name}.:{lab.plan.http_port}/", expect=NOT_RESOLVED)
    browse(lab)


@scenario(
    question="Why can the client not reach partner-$service_name, while other names work?",
    shows="The resolver at $gateway answers every question about partner-$service_name with SERVFAIL, because the "
    "name server behind it fails; other names resolve and the web site works.",
    findings=("dns_servfail",),
    decisive_filter="dns.flags.rcode == 2",
    words=(r"(?i)SERVFAIL|server failure|(name|DNS) server (has )?failed", r"partner-$service_name"),
    answer_must_not=(r"(?i)NXDOMAIN|not exist", SAYS_REFUSED),
    oddities="dns.flags.rcode == 2",
)
def dns_servfail(lab: Lab) -> None:
    name = f"partner-{lab.plan.service_name}"
    servers.names(lab, *upstream(lab, name, "--rcode=2"))
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    curl(lab, f"http://{name}.:{lab.plan.http_port}/", expect=NOT_RESOLVED)
    browse(lab)


@scenario(
    question="Why does the page of our partner not load?",
    shows="The resolver at $gateway answers the questions about partner-$service_name with NOTIMP, because the name "
    "server behind it implements nothing of the kind; other names resolve and the web site works.",
    findings=("dns_not_understood",),
    decisive_filter="dns.flags.rcode == 4",
    words=(r"(?i)NOTIMP|not implemented", r"partner-$service_name"),
    answer_must_not=(r"(?i)NXDOMAIN|not exist", SAYS_REFUSED),
    oddities="dns.flags.rcode == 4",
)
def dns_not_implemented(lab: Lab) -> None:
    name = f"partner-{lab.plan.service_name}"
    servers.names(lab, *upstream(lab, name, "--rcode=4"))
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    curl(lab, f"http://{name}.:{lab.plan.http_port}/", expect=NOT_RESOLVED)
    browse(lab)


@scenario(
    question="A name of our partner cannot be resolved from this network. What does the name server say?",
    shows="The name server at $gateway refuses (REFUSED) the question about partner-$service_name, since it neither "
    "serves that name nor has anybody to ask; other names resolve and the web site works.",
    findings=("dns_refused",),
    decisive_filter="dns.flags.rcode == 5",
    words=(r"(?i)refus", r"partner-$service_name"),
    answer_must_not=(r"(?i)NXDOMAIN|not exist", r"(?i)connection (was |is )?refused"),
    oddities="dns.flags.rcode == 5",
)
def dns_refused(lab: Lab) -> None:
    name = f"partner-{lab.plan.service_name}"
    # "#": ask the usual servers, of which this dnsmasq has none.
    servers.names(lab, f"--server=/{name}/#")
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    curl(lab, f"http://{name}.:{lab.plan.http_port}/", expect=NOT_RESOLVED)
    browse(lab)


@scenario(
    question="Since noon nothing loads any more, it just hangs. Is it the name resolution?",
    shows="After a page has loaded, the questions to the name server at $gateway are dropped: the client asks for "
    "$file_name twice, 5 seconds apart, and gets no answer.",
    findings=("dns_unanswered",),
    decisive_filter='dns.flags.response == 0 && dns.qry.name == "$file_name"',
    words=(r"(?i)no (answer|reply|response)|unanswered|not answered|never answer|timed? ?out", r"$file_name|$gateway"),
    answer_must_not=(r"(?i)NXDOMAIN|not exist|SERVFAIL", SAYS_REFUSED),
)
def dns_no_answer(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    lab.router.firewall("udp dport 53 drop", "input")
    curl(lab, f"http://{lab.plan.file_name}.:{lab.plan.http_port}/", expect=NOT_RESOLVED)


@scenario(
    question="Is the name resolution broken?",
    shows="The first lookup of partner-$web_name takes 0.3 seconds, because the resolver has to ask another server; "
    "it is answered, as are all others, and the pages load.",
    healthy=True,
    decisive_filter='dns.flags.response == 1 && dns.qry.name == "partner-$web_name"',
    words=NOTHING_WRONG,
    answer_must_not=(r"(?i)(lookup|resolution)s? (has |have )?(failed|fails|timed out)", SAYS_REFUSED),
)
def dns_slow_healthy(lab: Lab) -> None:
    name = f"partner-{lab.plan.web_name}"
    servers.names(lab, *upstream(lab, name, f"--address={lab.plan.server}", delay=0.3))
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    curl(lab, f"http://{name}.:{lab.plan.http_port}/", "--fail")


@scenario(
    question="Why is DNS going over TCP here, is something wrong?",
    shows="The name $file_name has 40 addresses, too many for the 512 bytes of plain UDP: the answer comes truncated, "
    "the client asks again over TCP, and gets them all.",
    healthy=True,
    decisive_filter="dns.flags.truncated == 1 || (tcp && dns.flags.response == 1)",
    words=(r"(?i)truncat|too (long|big|large)|512|normal|no (problem|fault|finding|issue|error)|healthy|works",),
    answer_must_not=(r"(?i)(lookup|resolution)s? (has |have )?(failed|fails|timed out)", SAYS_REFUSED),
)
def dns_truncated_then_tcp_healthy(lab: Lab) -> None:
    first = ipaddress.ip_address(lab.plan.server_gateway) + 100
    servers.names(lab, *(f"--host-record={lab.plan.file_name},{first + n}" for n in range(40)))
    servers.web(lab, Site(lab.plan.http_port))
    lab.client.run("getent", "ahostsv4", f"{lab.plan.file_name}.")
    browse(lab)
