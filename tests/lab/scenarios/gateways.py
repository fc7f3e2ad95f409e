"""Gateways (reverse proxies) on the server, seen from there with what they ask of the server behind them.

Rules
* The server behind a gateway runs on the router, so that both sides of the gateway cross the recorded wire.
"""

from __future__ import annotations

from .. import pki, servers
from ..clients import browse, curl
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..servers import Site
from .http import NOTHING_WRONG, page

PORT_OF_A_GAME = 8085
"""World of Warcraft's, in tshark, and of many an application."""


def gateway(lab: Lab, *directives: str) -> None:
    """nginx on the server, with these directives for /orders/ and its own pages besides."""
    servers.names(lab)
    orders = f"location /orders/ {{ {' '.join(directives)} }}"
    servers.web(lab, Site(lab.plan.http_port, directives=(orders,)))


def behind(lab: Lab, certificate: pki.Credential) -> str:
    """The server behind the gateway, with TLS 1.2; returns its address for proxy_pass."""
    sent, key = certificate.save(lab.directory)
    port, files = lab.plan.https_port, ("-cert", str(sent), "-key", str(key))
    lab.router.serve("openssl", "s_server", "-accept", str(port), *files, "-tls1_2", "-www", port=port)
    return f"https://{lab.plan.server_gateway}:{port}/"


def verifying(lab: Lab) -> tuple[str, ...]:
    """Return the directives by which nginx looks at the certificate of the server behind it."""
    trusted, _ = lab.authority.save(lab.directory)
    return (
        "proxy_ssl_verify on;",
        f"proxy_ssl_trusted_certificate {trusted};",
        f"proxy_ssl_name {lab.plan.secure_name};",
        "proxy_ssl_server_name on;",
    )


def visit(lab: Lab) -> None:
    browse(lab)
    curl(lab, page(lab, "orders/"))
    browse(lab)


@scenario(
    question="Why does the shop show an error when I look at my orders?",
    shows="The gateway on $server (nginx) verifies the server behind it, $server_gateway, whose certificate expired 12 "
    "days before the recording, and answers 502 Bad Gateway.",
    findings=("http_error", "tls_certificate_expired"),
    decisive_filter="http.response.code == 502 || tls.handshake.type == 11",
    words=(r"\b502\b", r"(?i)certificate .{0,40}expired", r"$server_gateway"),
    side="server",
    oddities="tcp.flags.reset == 1 && tcp.port == $https_port",  # openssl still sends when nginx has closed
)
def gateway_behind_expired(lab: Lab) -> None:
    expired = pki.leaf(lab.plan.secure_name, issuer=lab.authority, validity=pki.EXPIRED_12_DAYS_AGO)
    gateway(lab, *verifying(lab), f"proxy_pass {behind(lab, expired)};")
    visit(lab)


@scenario(
    question="Who has to act when the orders page says Bad Gateway?",
    shows="The gateway on $server (nginx) asks $gateway for the address of the server behind it, a name that does not "
    "exist (NXDOMAIN), and answers 502 Bad Gateway.",
    findings=("http_error", "dns_nxdomain"),
    decisive_filter="http.response.code == 502 || dns.flags.rcode == 3",
    words=(r"\b502\b", r"old-orders\.example", r"(?i)does not (know|exist)"),
    side="server",
    oddities="dns.flags.rcode == 3",
)
def gateway_behind_no_name(lab: Lab) -> None:
    name = f"http://old-orders.{lab.plan.web_name.partition('.')[2]}:{lab.plan.http_port}"
    gateway(lab, f"resolver {lab.plan.gateway};", f"set $behind {name};", "proxy_pass $behind;")
    visit(lab)


@scenario(
    question="Is anything wrong with the orders page?",
    shows="Healthy: the gateway on $server (nginx) fetches a page from the server behind it, $server_gateway, by TLS.",
    healthy=True,
    decisive_filter="http.response.code == 200",
    words=NOTHING_WRONG,
    side="server",
)
def gateway_healthy(lab: Lab) -> None:
    gateway(lab, *verifying(lab), f"proxy_pass {behind(lab, pki.leaf(lab.plan.secure_name, issuer=lab.authority))};")
    visit(lab)


@scenario(
    question="Why does the API answer with errors?",
    shows="The gateway on $server (nginx) listens on port 8085, which Wireshark takes for another protocol's; the "
    "application behind it does not run, and it answers 502 Bad Gateway.",
    findings=("http_error",),
    decisive_filter='tcp.srcport == 8085 && tcp.payload contains " 502 "',
    words=(r"\b502\b", r"/orders/", r"8085"),
    answer_must_not=(r"(?i)not judged", SAYS_REFUSED),
)
def gateway_on_a_port_of_its_own(lab: Lab) -> None:
    servers.names(lab)
    orders = f"location /orders/ {{ proxy_pass http://127.0.0.1:{lab.plan.service_port}; }}"
    servers.web(lab, Site(PORT_OF_A_GAME, directives=(orders,)))
    for path in ("", "orders/", "orders/7"):
        curl(lab, f"http://{lab.plan.web_name}:{PORT_OF_A_GAME}/{path}")


@scenario(
    question="Is something wrong with the API?",
    shows="Healthy: pages are fetched from the web server (nginx) on port 8085 of $server, which Wireshark takes for "
    "another protocol's.",
    healthy=True,
    decisive_filter='tcp.srcport == 8085 && tcp.payload contains " 200 "',
    words=NOTHING_WRONG,
    answer_must_not=(r"(?i)not judged",),
)
def web_on_a_port_of_its_own_healthy(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(PORT_OF_A_GAME, pages={"index.html": 600, "status": 60}))
    for path in ("", "status", "status"):
        curl(lab, f"http://{lab.plan.web_name}:{PORT_OF_A_GAME}/{path}", "--fail")


@scenario(
    question="Why is there an error in place of the page, since it is behind the load balancer?",
    shows="$client begins its connection to the web server $server (nginx) with a PROXY header, as a load balancer "
    "does; nginx does not expect it, and answers 400 Bad Request.",
    findings=("proxy_header_refused",),
    decisive_filter="proxy || http.response.code == 400",
    words=(r"PROXY header", r"(?i)does not expect", r"send-proxy"),
    answer_must_not=(SAYS_REFUSED, r"(?i)malformed"),
)
def proxy_header_unexpected(lab: Lab) -> None:
    servers.names(lab)
    servers.web(lab, Site(lab.plan.http_port))
    browse(lab)
    curl(lab, page(lab, ""), "--haproxy-protocol")
