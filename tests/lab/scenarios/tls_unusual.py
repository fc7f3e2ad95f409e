"""TLS in order that looks unusual: early data, other makes of client and server, probes that want nothing."""

from __future__ import annotations

from .. import servers
from ..pki import leaf
from ..scenario import SAYS_REFUSED, Lab, scenario
from ..tls import FAILURE, NOTHING_WRONG, gnutls_cli, java, office, s_client, secure

RESETS = "tcp.flags.reset == 1 && tcp.port == $https_port"
# A handshake by whom nothing is asked: monitoring, certificate checks.
NO_REQUEST = (r"(?i)no (problem|fault|finding|issue|error)|nothing (is |was )?wrong|healthy|succe|work|complete|probe",)


@scenario(
    question="Why is there data before the handshake is done?",
    shows="The client resumes a TLS 1.3 session and sends its request as early data (0-RTT), which the server accepts.",
    healthy=True,
    decisive_filter="tls.handshake.extension.type == 42",
    words=(r"(?i)early data|0-?RTT|resum|no (problem|fault|finding)|nothing (is |was )?wrong|healthy",),
    answer_must_not=FAILURE,
    oddities=RESETS,
)
def tls13_early_data_healthy(lab: Lab) -> None:
    certificate = leaf(lab.plan.secure_name, issuer=lab.authority)
    session, early = lab.directory / "session", lab.directory / "request"
    early.write_bytes(f"GET / HTTP/1.0\r\nHost: {lab.plan.secure_name}\r\n\r\n".encode())
    with office(lab, secure(lab, certificate, "TLSv1.3", "ssl_early_data on;", "ssl_session_cache shared:lab:1m;")):
        s_client(lab, "-sess_out", str(session))
        s_client(lab, "-sess_in", str(session), "-early_data", str(early))


@scenario(
    question="Is there a fault in this TLS session between two GnuTLS programs?",
    shows="A TLS 1.3 connection between gnutls-cli and gnutls-serv, a request and its answer; at its end the "
    "server says close_notify and, as it does not wait for the client's, resets the connection: nothing is lost.",
    healthy=True,
    decisive_filter="tls.record.opaque_type == 23",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
    oddities=RESETS,
)
def tls13_gnutls_healthy(lab: Lab) -> None:
    servers.gnutls(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority), "--disable-client-cert")
    with office(lab):
        gnutls_cli(lab)


@scenario(
    question="Was the client supposed to log in by certificate here?",
    shows="Between gnutls-serv, which asks for a client certificate but does not need one, and gnutls-cli, which sends "
    "an empty one: the TLS 1.3 connection and the request work, and at their end the server resets the connection.",
    healthy=True,
    decisive_filter="tls.record.opaque_type == 23",
    words=NOTHING_WRONG,
    answer_must_not=(*FAILURE, r"(?i)hangs up|refuses the client|certificate_required"),
    oddities=RESETS,
)
def tls13_client_certificate_optional_healthy(lab: Lab) -> None:
    servers.gnutls(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority))
    with office(lab):
        gnutls_cli(lab)


@scenario(
    question="Does our Java program have trouble with TLS here?",
    shows="A Java program fetches a page over TLS 1.3, in order.",
    healthy=True,
    decisive_filter="tls.record.opaque_type == 23",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
    oddities=RESETS,
)
def tls13_java_healthy(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.3")):
        java(lab, "TLSv1.3")


@scenario(
    question="Does this Java program speak TLS properly?",
    shows="A Java program fetches a page over TLS 1.2, in order.",
    healthy=True,
    decisive_filter="tls.app_data",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
    oddities=RESETS,
)
def tls12_java_healthy(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority))):
        java(lab, "TLSv1.2")


def probe(lab: Lab) -> None:
    """A handshake and a clean end, as a certificate check by cron does it."""
    trusted, _ = lab.authority.save(lab.directory)
    server = f"{lab.plan.server}:{lab.plan.https_port}"
    checks = ("-servername", lab.plan.secure_name, "-CAfile", str(trusted), "-verify_return_error")
    lab.client.run("openssl", "s_client", "-connect", server, *checks)


@scenario(
    question="This client connects and never asks for anything. Is something broken?",
    shows="Monitoring opens a TLS 1.2 connection, reads the certificate, which is in order, and ends it cleanly.",
    healthy=True,
    decisive_filter="tls.handshake.type == 11",
    words=NO_REQUEST,
    answer_must_not=FAILURE,
    oddities=RESETS,
)
def tls12_probe_healthy(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority))):
        probe(lab)


@scenario(
    question="Why does the first connection to this port carry no data?",
    shows="A load balancer's check opens a TCP connection to the TLS port and closes it again; then a TLS 1.3 "
    "connection works.",
    healthy=True,
    decisive_filter="tcp.port == $https_port && (tcp.flags.fin == 1 || tls.app_data)",
    words=NO_REQUEST,
    answer_must_not=(*FAILURE, SAYS_REFUSED),
    oddities=RESETS,
)
def tls_port_probe_healthy(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.3")):
        lab.client.connect(lab.plan.server, lab.plan.https_port).close()
        s_client(lab)
