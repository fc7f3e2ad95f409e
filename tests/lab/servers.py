"""The servers of the lab: dnsmasq on the router, nginx and openssl on the server.

Rules
* A function returns once its server listens; the network stops it.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from .pki import Credential
from .scenario import Lab

Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Site:
    """One listening port of nginx: plain, or with a certificate TLS."""

    port: int
    certificate: Credential | None = None
    protocols: str = "TLSv1.2"
    directives: tuple[str, ...] = ()
    listening: str = ""  # further words of the listen directive
    pages: dict[str, int] = field(default_factory=lambda: {"index.html": 600})

    def block(self, directory: Path) -> str:
        lines = [
            f"listen {self.port}{' ssl' if self.certificate else ''} {self.listening};",
            f"root {directory};",
            *self.directives,
        ]
        if self.certificate:
            certificate, key = self.certificate.save(directory)
            lines += [f"ssl_certificate {certificate};", f"ssl_certificate_key {key};"]
            lines += [f"ssl_protocols {self.protocols};"]
        return f"server {{ {' '.join(lines)} }}"


def names(lab: Lab, *options: str) -> None:
    """dnsmasq, on the router, knows where every name of the plan is."""
    records = [f"--host-record={name},{lab.plan.server}" for name in lab.plan.names]
    zones = {name.partition(".")[2] for name in lab.plan.names}
    lab.router.serve(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
        "--bind-interfaces", f"--listen-address={lab.plan.gateway}", "--pid-file", "--log-facility=-",
        *(f"--local=/{zone}/" for zone in zones), *records, *options, port=53, protocol="udp",
    )  # fmt: skip


def web(lab: Lab, *sites: Site) -> None:
    """One nginx with these sites."""
    top = lab.directory / f"nginx-{secrets.token_hex(3)}"
    blocks = []
    for number, site in enumerate(sites):
        root = top / str(number)
        root.mkdir(parents=True)
        for page, size in site.pages.items():
            (root / page).write_text(_page(size))
        blocks.append(site.block(root))
    # nginx opens temporary directories even when it never writes there; root may always open them here.
    temporary = "".join(f"{kind}_temp_path {top};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    configuration = top / "nginx.conf"
    configuration.write_text(
        f"daemon off; user root; worker_processes 1; pid {top}/pid; error_log {top}/error.log;\n"
        f"events {{}} http {{ access_log off; default_type text/html; {temporary}\n" + "\n".join(blocks) + "\n}\n"
    )
    lab.server.serve("nginx", "-p", str(top), "-e", f"{top}/error.log", "-c", str(configuration), port=sites[0].port)


def openssl(lab: Lab, port: int, certificate: Credential, *options: str) -> Process:
    """openssl s_server, which sends the leaf alone and answers a request with a page about the connection."""
    leaf, key = certificate.save(lab.directory)
    sent = ("-cert", str(leaf), "-key", str(key))
    return lab.server.serve("openssl", "s_server", "-accept", str(port), *sent, "-www", *options, port=port)


def gnutls(lab: Lab, port: int, certificate: Credential, *options: str) -> None:
    """gnutls-serv, which answers a request with a page about the connection."""
    chain, key = certificate.save(lab.directory)
    sent = (f"--x509certfile={chain}", f"--x509keyfile={key}")
    lab.server.serve("gnutls-serv", f"--port={port}", "--http", "--quiet", *sent, *options, port=port)


def stub(lab: Lab, program: ModuleType, port: int, *options: str) -> None:
    """One of the lab's own servers that misbehave: a module that is also a program."""
    lab.server.serve(sys.executable, str(program.__file__), f"--port={port}", *options, port=port)


def _page(size: int) -> str:
    line = "<p>The quick brown fox jumps over the lazy dog.</p>\n"
    return (line * (size // len(line) + 1))[:size]
