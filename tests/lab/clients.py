"""The clients of the lab.

Rules
* A client says which exit code it expects: a client that fails for another reason spoils the scenario.
"""

from __future__ import annotations

import socket
import ssl
import struct

from .programs import LabError
from .scenario import Lab

# curl's exit codes (its manual, EXIT CODES).
OK, REFUSED, TIMED_OUT, TLS_FAILED, NOT_TRUSTED, PINNED_KEY_DIFFERS = 0, 7, 28, 35, 60, 90


def curl(lab: Lab, url: str, *options: str, expect: int = OK, under: tuple[str, ...] = ()) -> None:
    """Fetch a URL, whose name is looked up at the lab's dnsmasq; -q: without the machine's .curlrc.

    under: the program that runs curl, with its options: env, faketime.
    """
    quiet = ("-q", "-sS", "-o", "/dev/null", "--max-time", "25")
    lab.client.run(*under, "curl", *quiet, "-4", *options, url, accept=(expect,))


def https(lab: Lab, *options: str, expect: int = OK, under: tuple[str, ...] = ()) -> None:
    """Fetch the start page of the secure name, trusting the lab's authority."""
    trusted, _ = lab.authority.save(lab.directory)
    url = f"https://{lab.plan.secure_name}:{lab.plan.https_port}/"
    curl(lab, url, "--cacert", str(trusted), *options, expect=expect, under=under)


def browse(lab: Lab, *paths: str) -> None:
    """Innocent traffic: a lookup, a connection and an HTTP 200 for each path."""
    for path in paths or ("",):
        curl(lab, f"http://{lab.plan.web_name}:{lab.plan.http_port}/{path}", "--fail")


def trusting(lab: Lab, version: ssl.TLSVersion) -> ssl.SSLContext:
    """One TLS version, and the lab's authority trusted."""
    trusted, _ = lab.authority.save(lab.directory)
    context = ssl.create_default_context(cafile=str(trusted))
    context.minimum_version = context.maximum_version = version
    return context


def converse(
    lab: Lab, context: ssl.SSLContext, session: ssl.SSLSession | None = None, reset: bool = False
) -> ssl.SSLSession | None:
    """One request and its answer over TLS; with a session resumed; return the session for the next time."""
    raw = lab.client.connect(lab.plan.server, lab.plan.https_port)
    connection = context.wrap_socket(raw, server_hostname=lab.plan.secure_name, session=session)
    if connection.session_reused != (session is not None):
        raise LabError("the server did not resume the session")
    connection.sendall(request(lab.plan.secure_name, connection="close"))
    while connection.recv(65536):
        pass
    # Before closing: a closed connection has none. After reading: TLS 1.3 tickets follow the handshake.
    kept = connection.session
    if reset:
        reset_on_close(connection)
    else:
        connection.unwrap()
    connection.close()
    return kept


def request(name: str, path: str = "/", connection: str = "keep-alive") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: {connection}\r\n\r\n".encode()


def reset_on_close(connection: socket.socket) -> None:
    """Close with a reset instead of a FIN (socket(7): SO_LINGER with zero seconds)."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
