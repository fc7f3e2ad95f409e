"""Name servers that answer late, at the wrong place or in contradiction, and lookups that carry something else.

Rules
* Who asks a resolver of the internet asks one on the router, which has that address beside its own.
"""

from __future__ import annotations

import ipaddress
import sys

from .. import servers
from ..clients import TIMED_OUT, browse, curl
from ..network import wait_until
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site
from .dns import NOT_RESOLVED, upstream
from .http import STUBS

SAYS_NO_SUCH_NAME = r"(?i)NXDOMAIN|not exist"
TUNNEL_PASSWORD = "sun-and-rain"
ASKS_TWICE = "import socket, sys\nfor _ in range(2):\n    try: socket.getaddrinfo(sys.argv[1], 80, socket.AF_INET)\n"
ASKS_TWICE += "    except socket.gaierror as failure: print(failure)\n"


def asks(lab: Lab, *resolvers: str, options: str = "") -> None:
    """From now on the client asks these resolvers."""
    lines = "".join(f"nameserver {address}\n" for address in resolvers) + (f"options {options}\n" if options else "")
    lab.client.run("tee", "/etc/resolv.conf", stdin=lines.encode())


def web(lab: Lab, *options: str) -> None:
    """The name server with these options, and a web site."""
    servers.names(lab, *options)
    servers.web(lab, Site(lab.plan.http_port))


@scenario(
    question="Why can the client not resolve $file_name? Other names work.",
    shows="The name $file_name has 40 addresses, too many for plain UDP: the answer comes truncated, and the router "
    "drops the connection over TCP that the client tries then.",
    findings=("dns_tcp_blocked", "tcp_syn_unanswered"),
    decisive_filter="dns.flags.truncated == 1 || (tcp.dstport == 53 && tcp.flags.syn == 1)",
    words=(r"(?i)TCP", r"(?i)too (long|big|large)|truncat|cut short", r"$file_name"),
    answer_must_not=(SAYS_NO_SUCH_NAME, SAYS_REFUSED),
    oddities="tcp.dstport == 53 && tcp.analysis.flags",
)
def dns_tcp_blocked(lab: Lab) -> None:
    first = ipaddress.ip_address(lab.plan.server_gateway) + 100
    web(lab, *(f"--host-record={lab.plan.file_name},{first + n}" for n in range(40)))
    browse(lab)
    lab.router.firewall("tcp dport 53 drop", "input")
    curl(lab, f"http://{lab.plan.file_name}.:{lab.plan.http_port}/", "--max-time", "6", expect=TIMED_OUT)


@scenario(
    question="Why does the page of our partner take so long to begin?",
    shows="The resolver at $gateway answers the question about partner-$web_name after 2.5 seconds, because the name "
    "server behind it is slow; the page then loads at once.",
    findings=("dns_slow",),
    decisive_filter='dns.time > 2 && dns.qry.name == "partner-$web_name"',
    words=(r"(?i)slow|late|wait", r"partner-$web_name", r"\b2\.5\d* s"),
    answer_must_not=(SAYS_NO_SUCH_NAME, SAYS_REFUSED, r"(?i)never answered|unanswered"),
)
def dns_slow(lab: Lab) -> None:
    name = f"partner-{lab.plan.web_name}"
    web(lab, *upstream(lab, name, f"--address={lab.plan.server}", delay=2.5))
    browse(lab)
    curl(lab, f"http://{name}.:{lab.plan.http_port}/", "--fail")


@scenario(
    question="The laptop cannot find the intranet from home. Why?",
    shows="The client asks the public resolver $public_resolver, not one of its own network, for intranet.corp, a name "
    "that exists inside the company alone: NXDOMAIN; a public name resolves.",
    findings=("dns_private_name",),
    decisive_filter='dns.flags.rcode == 3 && dns.qry.name == "intranet.corp"',
    words=(r"(?i)public resolver", r"intranet\.corp", r"(?i)private name|own (network|resolver)"),
    answer_must_not=(SAYS_REFUSED, r"(?i)never answered|unanswered"),
    oddities="dns.flags.rcode == 3",
)
def dns_private_name(lab: Lab) -> None:
    lab.network.add_address(lab.router, "lan0", lab.plan.public_resolver)
    asks(lab, lab.plan.public_resolver)
    web(lab, f"--listen-address={lab.plan.public_resolver}", "--local=/corp/")
    browse(lab)
    curl(lab, f"http://intranet.corp.:{lab.plan.http_port}/", expect=NOT_RESOLVED)


@scenario(
    question="Why does a mistyped name lead to a page with advertising?",
    shows="The name server $gateway answers every name that does not exist with the address $public_server, in place "
    "of NXDOMAIN; the client asks for three invented names, as browsers do.",
    findings=("dns_rewritten",),
    decisive_filter="dns.flags.response == 1 && dns.a == $public_server",
    words=(r"(?i)rewrites|no such name", r"$public_server", r"$gateway"),
    answer_must_not=(SAYS_REFUSED, r"(?i)never answered|unanswered"),
)
def dns_rewritten(lab: Lab) -> None:
    web(lab, f"--address=/#/{lab.plan.public_server}")
    browse(lab)
    for name in ("qzvkmfhd", "wpbxjtrnal", "hgdmouykqe"):
        lab.client.run("getent", "ahostsv4", f"{name}.")
    browse(lab)


@scenario(
    question="Why does the application find its database host only every second time?",
    shows="The client asks two resolvers by turns for $service_name: $gateway knows its address, $server says that "
    "there is no such name (NXDOMAIN).",
    findings=("dns_disagree",),
    decisive_filter='dns.flags.response == 1 && dns.qry.name == "$service_name"',
    words=(r"(?i)contradict", r"$service_name", r"$gateway", r"$server"),
    answer_must_not=(SAYS_REFUSED, r"(?i)never answered|unanswered"),
    oddities="dns.flags.rcode == 3",
)
def dns_disagree(lab: Lab) -> None:
    web(lab)
    browse(lab)
    lab.server.serve(sys.executable, str(STUBS), "--port=53", "dns", "--rcode=3", port=53, protocol="udp")
    asks(lab, lab.plan.gateway, lab.plan.server, options="rotate")
    lab.client.run(sys.executable, "-c", ASKS_TWICE, f"{lab.plan.service_name}.")


@scenario(
    question="Is this DNS traffic normal?",
    shows="$client reaches $server through a tunnel of iodine: its packets cross as lookups of long names under "
    "tunnel.example, of type NULL; three pages are fetched through it; those beside it are ordinary traffic.",
    findings=("dns_tunnel",),
    decisive_filter='dns.qry.name contains "tunnel.example"',
    words=(r"(?i)tunnel", r"tunnel\.example", r"$client"),
    answer_must_not=(SAYS_REFUSED,),
)
def dns_tunnel(lab: Lab) -> None:
    _, inner_server = lab.plan.tunnel
    web(lab)
    browse(lab)
    secret = ("-f", "-P", TUNNEL_PASSWORD)
    lab.server.serve("iodined", "-c", *secret, f"{inner_server}/30", "tunnel.example", port=53, protocol="udp")
    lab.client.start("iodine", *secret, "-r", "-m", "400", "-T", "NULL", lab.plan.server, "tunnel.example")
    shown = ("ip", "-4", "-oneline", "address", "show", "up")
    wait_until(lambda: b"dns0" in lab.client.run(*shown), "the tunnel")
    for page in ("", "?again", "?once-more"):
        curl(lab, f"http://{inner_server}:{lab.plan.http_port}/{page}", "--fail")
    browse(lab)


@scenario(
    question="Why does the lookup of the records of $file_name fail? Other lookups work.",
    shows="The name server $server answers the question for the TXT records of $file_name in fragments, as the client "
    "takes 4,096 bytes; the router drops all fragments but the first; short answers arrive.",
    findings=("dns_unanswered",),
    decisive_filter="ip.flags.mf == 1",
    words=(r"(?i)fragment", r"$file_name", r"(?i)not arrive whole"),
    answer_must_not=(SAYS_NO_SUCH_NAME, SAYS_REFUSED, r"(?i)is down"),
)
def dns_answer_in_fragments(lab: Lab) -> None:
    # Before the kernel puts them together, which it does where a firewall looks at connections.
    chain = "add chain ip early fragments { type filter hook prerouting priority -500; }"
    rule = "add rule ip early fragments ip frag-off & 0x1fff != 0 drop"
    lab.router.run("nft", "-f", "-", stdin=f"add table ip early\n{chain}\n{rule}\n".encode())
    texts = (f"--txt-record={lab.plan.file_name},{letter * 250}" for letter in "abcdefghijkl")
    lab.server.serve(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
        "--bind-interfaces", f"--listen-address={lab.plan.server}", "--pid-file", "--log-facility=-",
        "--edns-packet-max=4096", f"--host-record={lab.plan.web_name},{lab.plan.server}", *texts,
        port=53, protocol="udp",
    )  # fmt: skip
    ask = ("dig", f"@{lab.plan.server}", "+ignore", "+tries=1", "+time=5", "+bufsize=4096")
    lab.client.run(*ask, lab.plan.web_name)
    lab.client.run(*ask, "TXT", lab.plan.file_name, accept=(9,))
    lab.client.run(*ask, lab.plan.web_name)


ASKS_BOTH = "import socket, sys\ntry: socket.getaddrinfo(sys.argv[1], 80)\nexcept OSError as failure: print(failure)\n"


@scenario(
    question="Why can the client not open partner-$web_name?",
    shows="partner-$web_name has an IPv6 address and no IPv4 address, and the client has IPv4 only: both questions are"
    " answered, and no connection is tried; another site loads.",
    findings=("dns_only_ipv6",),
    decisive_filter='dns.qry.name == "partner-$web_name" && dns.flags.response == 1',
    words=(r"partner-$web_name", r"IPv6", r"(?i)no IPv4 address"),
    answer_must_not=(SAYS_NO_SUCH_NAME, SAYS_REFUSED),
)
def dns_only_ipv6(lab: Lab) -> None:
    name = f"partner-{lab.plan.web_name}"
    web(lab, f"--host-record={name},2001:db8::80")
    browse(lab)
    lab.client.run(sys.executable, "-c", ASKS_BOTH, name)


@scenario(
    question="Why does partner-$web_name not open?",
    shows="The name server answers the questions for partner-$web_name with 0.0.0.0 and ::, as filters of advertising"
    " do; nothing else is looked up.",
    findings=("dns_to_nobody",),
    decisive_filter="dns.a == 0.0.0.0",
    words=(r"partner-$web_name", r"0\.0\.0\.0", r"(?i)filter"),
    answer_must_not=(SAYS_NO_SUCH_NAME, SAYS_REFUSED),
)
def dns_to_nobody(lab: Lab) -> None:
    name = f"partner-{lab.plan.web_name}"
    servers.names(lab, f"--address=/{name}/0.0.0.0", f"--address=/{name}/::")
    lab.client.run(sys.executable, "-c", ASKS_BOTH, name)
