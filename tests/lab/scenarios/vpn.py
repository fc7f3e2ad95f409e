"""VPNs by a real OpenVPN: one that comes up, one that refuses the login.

Rule: tunnel devices are made in the hosts' own network namespaces; with TLS 1.3, nothing of the login is in clear.
"""

from __future__ import annotations

from .. import pki
from ..network import wait_until
from ..scenario import SAYS_EXPIRED, SAYS_REFUSED, Lab, scenario
from .applications import USER, office

PORT, INSIDE = 1194, "10.98.0"


def server(lab: Lab, *options: str) -> None:
    trusted, _ = lab.authority.save(lab.directory)
    certificate, key = pki.leaf(lab.plan.secure_name, issuer=lab.authority).save(lab.directory)
    files = ("--ca", str(trusted), "--cert", str(certificate), "--key", str(key), "--dh", "none")
    network = ("--dev", "tun", "--topology", "subnet", "--server", f"{INSIDE}.0", "255.255.255.0")
    lab.server.serve("openvpn", *network, "--keepalive", "2", "20", *files, *options, port=PORT, protocol="udp")


def client(lab: Lab, *options: str) -> None:
    trusted, _ = lab.authority.save(lab.directory)
    of_client = pki.leaf("laptop", issuer=lab.authority, usage=pki.CLIENTS)
    certificate, key = of_client.save(lab.directory)
    files = ("--ca", str(trusted), "--cert", str(certificate), "--key", str(key), "--remote-cert-tls", "server")
    where = ("--client", "--dev", "tun", "--nobind", "--remote", lab.plan.server, str(PORT))
    lab.client.start("openvpn", *where, *files, *options)


@scenario(
    question="Why can I not log in to the VPN?",
    shows="$client connects to the OpenVPN server $server (UDP port 1194), whose script refuses every login:"
    " AUTH_FAILED, inside TLS 1.3.",
    findings=("openvpn_refused",),
    decisive_filter="openvpn && udp.srcport == 1194",
    words=(r"(?i)VPN", r"(?i)login", r"$server", r"(?i)most likely"),
    answer_must_not=(SAYS_REFUSED, SAYS_EXPIRED),
    oddities="icmp.type == 3",
)
def openvpn_login_refused(lab: Lab) -> None:
    office(lab)
    login = lab.directory / "login.txt"
    login.write_text(f"{USER}\nwrong\n")
    login.chmod(0o600)
    script = lab.directory / "refuse.sh"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    server(lab, "--script-security", "2", "--auth-user-pass-verify", str(script), "via-file")
    client(lab, "--auth-user-pass", str(login))
    lab.client.run("sleep", "6")


@scenario(
    question="Is the VPN healthy?",
    shows="$client connects to the OpenVPN server $server (UDP port 1194), and pings its address inside the tunnel.",
    decisive_filter="openvpn",
    words=(r"(?i)no fault",),
    healthy=True,
)
def openvpn_healthy(lab: Lab) -> None:
    office(lab)
    server(lab)
    client(lab)
    wait_until(lambda: f"{INSIDE}." in lab.client.run("ip", "-o", "-4", "address").decode(), "the tunnel to come up")
    lab.client.run("ping", "-c", "3", "-i", "0.5", f"{INSIDE}.1")
