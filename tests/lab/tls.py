"""What the TLS scenarios share: a network with other traffic beside the connection, and clients of several makes.

Rules
* A client trusts the lab's authority and checks certificates, unless its options say otherwise.
* Each says which exit code it expects, as in clients.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import servers
from .clients import OK, browse, request
from .pki import Credential
from .scenario import SAYS_EXPIRED, SAYS_HANDSHAKE_FAILS, SAYS_REFUSED, SAYS_SELF_SIGNED, Lab
from .servers import Site

WHY = "Why does my TLS handshake fail?"
FAILED = 1
NO_CHECK = ("-verify", "0")
# How openssl and nginx are told to do what their defaults rightly refuse.
ANY_STRENGTH = "DEFAULT@SECLEVEL=0"
CERTIFICATE_OR_ALERT = "tcp.port == $https_port && (tls.handshake.type == 11 || tls.alert_message)"
# A closing socket whose data is unread resets its connection; when it matters is chance.
CLIENT_RESETS = "tcp.flags.reset == 1 && tcp.dstport == $https_port"
NOTHING_WRONG = (r"(?i)no (problem|fault|finding|issue|error)|nothing (is |was )?wrong|healthy|succe|work|complete",)
FAILURE = (SAYS_HANDSHAKE_FAILS, SAYS_EXPIRED, SAYS_SELF_SIGNED)
NOT_CERTIFICATE = (SAYS_EXPIRED, SAYS_SELF_SIGNED, r"(?i)host ?name (does not|mismatch)")
NOT_NEGOTIATION = (r"(?i)no (shared|common) (cipher|version)|in common", SAYS_REFUSED)
JAVA_CLIENT = Path(__file__).parent / "Fetch.java"


@contextmanager
def office(lab: Lab, *sites: Site, also: tuple[str, ...] = ()) -> Iterator[None]:
    """These sites, a name server and a web site; a page is looked up and fetched before the body and after it.

    also: further options of dnsmasq.
    """
    servers.names(lab, *also)
    servers.web(lab, Site(lab.plan.http_port), *sites)
    browse(lab)
    yield
    browse(lab)


def secure(lab: Lab, certificate: Credential, protocols: str = "TLSv1.2", *directives: str) -> Site:
    """The lab's TLS site."""
    return Site(lab.plan.https_port, certificate, protocols, directives)


def s_client(lab: Lab, *options: str, expect: int = OK, name: str | None = None, port: int = 0) -> None:
    """openssl s_client: one request, and the answer until the server closes; name "" sends no server name."""
    trusted, _ = lab.authority.save(lab.directory)
    name = lab.plan.secure_name if name is None else name
    said = ("-servername", name) if name else ("-noservername",)
    server = f"{lab.plan.server}:{port or lab.plan.https_port}"
    checks = ("-CAfile", str(trusted), "-verify_return_error", "-ign_eof")
    command = ("openssl", "s_client", "-connect", server, *said, *checks, *options)
    lab.client.run(*command, stdin=request(name, connection="close"), accept=(expect,))


def gnutls_cli(lab: Lab, *options: str, expect: int = OK, port: int = 0, under: tuple[str, ...] = ()) -> None:
    """gnutls-cli: one request, and the answer until the server closes."""
    trusted, _ = lab.authority.save(lab.directory)
    name = lab.plan.secure_name
    names = (f"--sni-hostname={name}", f"--verify-hostname={name}")
    command = ("gnutls-cli", f"--x509cafile={trusted}", f"--port={port or lab.plan.https_port}", *names, *options)
    asked = request(name, connection="close")
    lab.client.run(*under, *command, lab.plan.server, stdin=asked, accept=(expect,))


def logging_keys(lab: Lab) -> tuple[str, str]:
    """What a client runs under to leave its keys for the capture."""
    return ("env", f"SSLKEYLOGFILE={lab.key_log}")


def java(lab: Lab, protocol: str, expect: int = OK) -> None:
    """Java's HttpsURLConnection, which looks the name up."""
    trusted, _ = lab.authority.save(lab.directory)
    store = lab.directory / "trusted.p12"
    password = "changeit"
    lab.client.run(
        "keytool", "-importcert", "-noprompt", "-alias", "lab", "-file", str(trusted), "-keystore", str(store),
        "-storepass", password,
    )  # fmt: skip
    properties = {"trustStore": store, "trustStorePassword": password}
    settings = [f"-Djavax.net.ssl.{key}={value}" for key, value in properties.items()]
    url = f"https://{lab.plan.secure_name}:{lab.plan.https_port}/"
    command = ("java", "-Djava.net.preferIPv4Stack=true", *settings, f"-Djdk.tls.client.protocols={protocol}")
    lab.client.run(*command, str(JAVA_CLIENT), url, accept=(expect,))


def python(lab: Lab, program: str, expect: int = OK) -> None:
    """A few lines of Python, run as a program of the client."""
    lab.client.run(sys.executable, "-c", program, accept=(expect,))
