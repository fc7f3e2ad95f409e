"""Proxies and message brokers that refuse; and some that are healthy.

Rules
* Proxy and broker stand on the server; what they connect to stands there, too, and is out of the capture's sight.
* Users and passwords are the lab's own.
"""

from __future__ import annotations

from .. import pki, servers
from ..clients import NOT_TRUSTED, OK, curl
from ..programs import run
from ..scenario import Lab, scenario
from ..servers import Site
from .applications import PASSWORD, USER, WRONG, office
from .http import NOTHING_WRONG

PROXY, SOCKS, MQTT = 3128, 1080, 1883
TUNNEL_FAILED, SOCKS_FAILED = 56, 97  # curl's exit codes (its manual, EXIT CODES)
NOT_ALLOWED = 5  # mosquitto_pub's exit code is the CONNACK's
NOBODY_THERE = 9443
RESETS = f"tcp.flags.reset == 1 && tcp.port == {PROXY}"  # curl and tinyproxy close so what they no longer read


def proxy(lab: Lab, *options: str) -> str:
    """tinyproxy on the server; returns its address for curl."""
    settings = lab.directory / "tinyproxy.conf"
    listening = (f"Port {PROXY}", f"Listen {lab.plan.server}", "Timeout 20", f"Allow {lab.plan.client}")
    settings.write_text("\n".join([*listening, *options, ""]))
    lab.server.serve("tinyproxy", "-d", "-c", str(settings), port=PROXY)
    return f"http://{lab.plan.server}:{PROXY}"


def tunnel(lab: Lab, certificate: pki.Credential, *, expect: int = OK) -> None:
    """The client fetches a page over https through the proxy, which is told the server's address."""
    servers.web(lab, Site(lab.plan.https_port, certificate))
    where = f"{lab.plan.secure_name}:{lab.plan.https_port}"
    through = ("-x", proxy(lab), "--connect-to", f"{where}:{lab.plan.server}:{lab.plan.https_port}")
    trusted, _ = lab.authority.save(lab.directory)
    curl(lab, f"https://{where}/", *through, "--cacert", str(trusted), expect=expect)


def socks(lab: Lab) -> None:
    """Dante's SOCKS server, which forbids one port."""
    settings = lab.directory / "danted.conf"
    settings.write_text(
        f"logoutput: stderr\ninternal: {lab.plan.server} port = {SOCKS}\nexternal: {lab.plan.server}\n"
        "clientmethod: none\nsocksmethod: none\nclient pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
        f"socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = {NOBODY_THERE} }}\n"
        "socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }\n"
    )
    lab.server.serve("danted", "-f", str(settings), port=SOCKS)


def broker(lab: Lab) -> None:
    """mosquitto on the server, with one account."""
    accounts, settings = lab.directory / "accounts", lab.directory / "mosquitto.conf"
    run(["mosquitto_passwd", "-b", "-c", str(accounts), USER, PASSWORD])
    accounts.chmod(0o644)
    listening = f"listener {MQTT} {lab.plan.server}\nallow_anonymous false\npassword_file {accounts}\n"
    settings.write_text(listening)
    lab.server.serve("mosquitto", "-c", str(settings), port=MQTT)


def publish(lab: Lab, *options: str, expect: int = 0) -> None:
    where = ("-h", lab.plan.server, "-p", str(MQTT), "-t", "hall/temperature", "-m", "21")
    lab.client.run("mosquitto_pub", *where, *options, accept=(expect,))


@scenario(
    question="Why can the client not reach the shop through the proxy?",
    shows="$client asks the proxy $server (tinyproxy) for a tunnel to a port where nobody listens: 500.",
    findings=("http_error",),
    decisive_filter="http.response.code == 500",
    words=(r"(?i)\bproxy\b", r"(?i)cannot connect|\b500\b"),
    answer_must_not=(r"(?i)the web server",),
    oddities=RESETS,
)
def proxy_cannot_connect(lab: Lab) -> None:
    office(lab)
    address = proxy(lab)
    curl(lab, f"https://{lab.plan.server}:{NOBODY_THERE}/", "-x", address, expect=TUNNEL_FAILED)


@scenario(
    question="Why does https fail from behind the proxy?",
    shows="$client asks the proxy $server (tinyproxy) for a tunnel to a port that its rules forbid: 403.",
    findings=("http_error",),
    decisive_filter="http.response.code == 403",
    words=(r"(?i)\bproxy\b", r"(?i)forbids|refuses|\b403\b"),
    oddities=RESETS,
)
def proxy_forbids(lab: Lab) -> None:
    office(lab)
    address = proxy(lab, f"ConnectPort {lab.plan.https_port}")
    curl(lab, f"https://{lab.plan.server}:{NOBODY_THERE}/", "-x", address, expect=TUNNEL_FAILED)


@scenario(
    question="Why can nobody browse since yesterday?",
    shows="$client asks the proxy $server (tinyproxy) without signing in, which it wants: 407.",
    findings=("http_error",),
    decisive_filter="http.response.code == 407",
    words=(r"(?i)\bproxy\b", r"(?i)sign in|\b407\b"),
    oddities=RESETS,
)
def proxy_wants_a_login(lab: Lab) -> None:
    office(lab)
    address = proxy(lab, f"BasicAuth {USER} {PASSWORD}")
    curl(lab, f"https://{lab.plan.web_name}:{lab.plan.https_port}/", "-x", address, expect=TUNNEL_FAILED)


@scenario(
    question="Why does the page not load through the proxy?",
    shows="$client reaches the server through the tunnel of a proxy; the certificate there has expired.",
    findings=("tls_certificate_expired",),
    decisive_filter="tls.handshake.type == 11 || tls.alert_message",
    words=(r"(?i)expired", r"(?i)certificate"),
    oddities=RESETS,
)
def proxy_tunnel_expired(lab: Lab) -> None:
    tunnel(
        lab, pki.leaf(lab.plan.secure_name, issuer=lab.authority, validity=pki.EXPIRED_12_DAYS_AGO), expect=NOT_TRUSTED
    )


@scenario(
    question="Is anything wrong with the proxy?",
    shows="Healthy: $client fetches a page over https through a proxy's tunnel.",
    healthy=True,
    decisive_filter="http.request.method == CONNECT",
    words=NOTHING_WRONG,
)
def proxy_tunnel_healthy(lab: Lab) -> None:
    tunnel(lab, pki.leaf(lab.plan.secure_name, issuer=lab.authority))


@scenario(
    question="Why does the connection through the SOCKS proxy fail?",
    shows="$client asks the SOCKS proxy $server (Dante) for a port that its rules forbid.",
    findings=("socks_refused",),
    decisive_filter="socks.results == 2",
    words=(r"(?i)socks", r"(?i)rules|not allowed|forbid"),
)
def socks_forbids(lab: Lab) -> None:
    office(lab)
    socks(lab)
    options = ("--socks5-hostname", f"{lab.plan.server}:{SOCKS}")
    curl(lab, f"http://{lab.plan.server}:{NOBODY_THERE}/", *options, expect=SOCKS_FAILED)


@scenario(
    question="Why do no readings arrive from the sensor?",
    shows="$client signs in to the MQTT broker $server (mosquitto) with a wrong password.",
    findings=("broker_refused", "cleartext_login"),
    decisive_filter="mqtt.conack.val == 5",
    words=(r"(?i)broker|mqtt", r"(?i)password|not authorized"),
    answer_must_not=(WRONG,),
)
def mqtt_login_refused(lab: Lab) -> None:
    office(lab)
    broker(lab)
    publish(lab, "-u", USER, "-P", WRONG, expect=NOT_ALLOWED)
