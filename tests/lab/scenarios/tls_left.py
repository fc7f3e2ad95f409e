"""TLS connections that the server leaves: in the middle of the handshake, and right after it."""

from __future__ import annotations

import ssl

from .. import servers, stubs
from ..clients import https, trusting
from ..pki import leaf
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..tls import NOT_CERTIFICATE, office, secure

NO_ANSWER = 52  # curl's exit code (its manual, EXIT CODES)


def waits_in_the_middle(lab: Lab) -> None:
    """A client that reads the server's flight and does not answer it: its user has to choose a certificate."""
    arrived, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = trusting(lab, ssl.TLSVersion.TLSv1_2)
    begun = context.wrap_bio(arrived, to_send, server_hostname=lab.plan.secure_name)
    try:
        begun.do_handshake()
    except ssl.SSLWantReadError:
        connection = lab.client.connect(lab.plan.server, lab.plan.https_port)
    connection.sendall(to_send.read())
    while connection.recv(65536):
        pass
    connection.close()


@scenario(
    question="The connection breaks off while the user still chooses a certificate. Who ends it?",
    shows="The client waits in the middle of the TLS 1.2 handshake, as if its user had to choose a certificate; the "
    "server (nginx) waits for 2 seconds and closes the connection, without an alert.",
    findings=("tls_left",),
    decisive_filter="tcp.flags.fin == 1 && tcp.srcport == $https_port",
    words=(r"(?i)server $server closes|server.* closes", r"(?i)middle|not finished", r"(?i)alert"),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED, r"(?i)does not fail every time"),
)
def tls_left_by_server(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    with office(lab, secure(lab, certificate, "TLSv1.2", "client_header_timeout 2s;")):
        waits_in_the_middle(lab)


@scenario(
    question="Why does the server hang up as soon as the connection is encrypted?",
    shows="The server does not want this client, which it says by ending the TLS 1.3 connection right after the "
    "handshake, with an encrypted alert (close_notify) in place of an answer.",
    findings=("tls_rejected_by_server",),
    decisive_filter="tcp.srcport == $https_port && (tls.app_data || tcp.flags.fin == 1)",
    words=(r"(?i)server ends the connection", r"(?i)right after the handshake", r"(?i)log"),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities="tcp.port == $https_port && tcp.flags.reset == 1",
)
def tls13_rejected_after_handshake(lab: Lab) -> None:
    certificate, key = leaf(lab.plan.secure_name, issuer=lab.authority).save(lab.directory)
    servers.stub(lab, stubs, lab.plan.https_port, "tls", f"--certificate={certificate}", f"--key={key}")
    with office(lab):
        https(lab, expect=NO_ANSWER)


@scenario(
    question="The page stays empty. Is it our certificate?",
    shows="The server completes the TLS 1.3 handshake, takes the request and closes the connection without an answer, "
    "as a proxy does that has nobody to hand it on to.",
    findings=("tls_hung_up",),
    decisive_filter="tcp.srcport == $https_port && tcp.flags.fin == 1",
    words=(r"(?i)server.{0,20}closes", r"(?i)without an answer", r"(?i)handshake .{0,30}works", r"(?i)behind it"),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities="tcp.port == $https_port && tcp.flags.reset == 1",
)
def tls13_hung_up(lab: Lab) -> None:
    certificate, key = leaf(lab.plan.secure_name, issuer=lab.authority).save(lab.directory)
    stub = ("tls", f"--certificate={certificate}", f"--key={key}", "--tickets=2")
    servers.stub(lab, stubs, lab.plan.https_port, *stub)
    with office(lab):
        https(lab, expect=NO_ANSWER)
