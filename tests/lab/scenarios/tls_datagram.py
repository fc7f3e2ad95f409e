"""TLS over datagrams: DTLS and QUIC, in order and failing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from ..pki import EXPIRED_12_DAYS_AGO, Credential, leaf
from ..programs import LabError
from ..scenario import SAYS_REFUSED, SAYS_SELF_SIGNED, Lab, scenario
from ..tls import FAILED, FAILURE, NOT_CERTIFICATE, NOTHING_WRONG, office

DTLS = 4433
QUIC_PROGRAM = Path(__file__).parent.parent / "quic.py"


def dtls(lab: Lab, certificate: Credential, expect: int) -> None:
    """openssl s_client and s_server over DTLS 1.2: a handshake and a clean end."""
    (sent, key), (trusted, _) = certificate.save(lab.directory), lab.authority.save(lab.directory)
    server = ("openssl", "s_server", "-dtls1_2", "-accept", str(DTLS), "-cert", str(sent), "-key", str(key))
    lab.server.serve(*server, port=DTLS, protocol="udp")
    checks = ("-CAfile", str(trusted), "-verify_return_error", "-servername", lab.plan.secure_name)
    client = ("openssl", "s_client", "-dtls1_2", "-connect", f"{lab.plan.server}:{DTLS}", *checks)
    lab.client.run(*client, stdin=b"21.5\n", accept=(expect,))


@scenario(
    question="Is the DTLS session of our sensor in order?",
    shows="A DTLS 1.2 connection over UDP with a trusted certificate, a line of data and a clean end.",
    healthy=True,
    decisive_filter="dtls.app_data",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
)
def dtls12_healthy(lab: Lab) -> None:
    with office(lab):
        dtls(lab, leaf(lab.plan.secure_name, issuer=lab.authority), 0)


@scenario(
    question="Why can our sensor not open its DTLS session?",
    shows="The certificate of $secure_name expired 12 days before the recording; the client ends the DTLS 1.2 "
    "handshake, over UDP, with the fatal alert certificate_expired.",
    findings=("tls_certificate_expired",),
    decisive_filter="dtls.handshake.type == 11 || dtls.alert_message.desc == 45",
    words=(r"(?i)expired",),
    answer_must_not=(SAYS_SELF_SIGNED, SAYS_REFUSED),
    oddities="icmp && udp",
)
def dtls12_expired(lab: Lab) -> None:
    with office(lab):
        dtls(lab, leaf(lab.plan.secure_name, issuer=lab.authority, validity=EXPIRED_12_DAYS_AGO), FAILED)


def quic(
    lab: Lab, certificate: Credential, expect: int, served: str = "h3", asked: str = "h3", keys: bool = False,
    client: tuple[str, ...] = (), server: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """aioquic on both sides: a line and its answer; client, server: more options of each."""
    if importlib.util.find_spec("aioquic") is None:
        raise LabError("aioquic is missing: run the lab in an environment with pip install aioquic")
    (sent, key), (trusted, _) = certificate.save(lab.directory), lab.authority.save(lab.directory)
    program, where = (sys.executable, str(QUIC_PROGRAM)), f"--port={lab.plan.https_port}"
    presented = (f"--certificate={sent}", f"--key={key}", f"--protocols={served}")
    lab.server.serve(*program, "serve", where, *presented, *server, port=lab.plan.https_port, protocol="udp")
    wanted = (f"--server={lab.plan.server}", f"--name={lab.plan.secure_name}", f"--trusted={trusted}")
    logged = (f"--key-log={lab.key_log}",) if keys else ()
    lab.client.run(*program, "fetch", where, *wanted, f"--protocols={asked}", *logged, *client, accept=(expect,))


@scenario(
    question="Is anything wrong with the QUIC connection in this capture?",
    shows="A QUIC connection with a trusted certificate, a request, its answer and a clean end.",
    healthy=True,
    decisive_filter="quic && tls.handshake.type == 1",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
)
def quic_healthy(lab: Lab) -> None:
    with office(lab):
        quic(lab, leaf(lab.plan.secure_name, issuer=lab.authority), 0)


@scenario(
    question="Why does HTTP/3 not work with this server?",
    shows="The client offers a protocol by ALPN that the server does not speak; the server closes the QUIC connection "
    "with the TLS alert no_application_protocol.",
    findings=("tls_alpn_mismatch",),
    decisive_filter="quic.cc.error_code",
    words=(r"(?i)ALPN|application protocol|protocol",),
    answer_must_not=NOT_CERTIFICATE,
)
def quic_alpn_refused(lab: Lab) -> None:
    with office(lab):
        quic(lab, leaf(lab.plan.secure_name, issuer=lab.authority), FAILED, served="hq-interop", asked="h3")


@scenario(
    question="Why does the QUIC connection fail? The keys are in the capture.",
    shows="The certificate of $secure_name expired 12 days before the recording; the client closes the QUIC connection "
    "with the TLS alert certificate_expired; the capture holds the keys.",
    findings=("tls_certificate_expired",),
    decisive_filter="quic && (tls.handshake.type == 11 || quic.cc.error_code)",
    words=(r"(?i)expired",),
    answer_must_not=(SAYS_SELF_SIGNED, SAYS_REFUSED),
)
def quic_expired_with_keys(lab: Lab) -> None:
    with office(lab):
        expired = leaf(lab.plan.secure_name, issuer=lab.authority, validity=EXPIRED_12_DAYS_AGO)
        quic(lab, expired, FAILED, keys=True)
