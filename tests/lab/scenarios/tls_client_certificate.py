"""TLS where the server asks the client for a certificate: missing, of another authority, expired, in order.

Rules
* Under TLS 1.3 request, certificate and alert are encrypted; the recordings with keys show them.
"""

from __future__ import annotations

from .. import servers
from ..clients import https
from ..pki import CLIENTS, EXPIRED_12_DAYS_AGO, Credential, Validity, authority, leaf
from ..scenario import SAYS_SELF_SIGNED, Lab, scenario
from ..tls import CLIENT_RESETS, FAILED, FAILURE, NOTHING_WRONG, java, logging_keys, office, s_client, secure

USER = "till-07"
ENCRYPTED = "tls.record.opaque_type == 23"
RESETS = "tcp.flags.reset == 1 && tcp.port == $https_port"
CLIENTS_OWN = r"(?i)client('s)? certificate|certificate (of|from) the client|client.{0,40}certificate"
MISSING = (CLIENTS_OWN, r"(?i)\bno\b|none|missing|without|does not (send|have|present)|empty|not sent")
REJECTED = (CLIENTS_OWN, r"(?i)reject|not accept|refus|turn(s|ed) down|does not (trust|know)|expired|unknown")
SAYS_SERVER_EXPIRED = r"(?i)server'?s? certificate (has |is )?expired"
NOT_SERVER = (SAYS_SERVER_EXPIRED, SAYS_SELF_SIGNED)


def demanding(lab: Lab, *options: str) -> None:
    """openssl s_server, which wants a client's certificate of the lab's authority."""
    trusted, _ = lab.authority.save(lab.directory)
    checks = ("-Verify", "1", "-verify_return_error", "-CAfile", str(trusted))
    servers.openssl(lab, lab.plan.https_port, leaf(lab.plan.secure_name, issuer=lab.authority), *checks, *options)


def own(lab: Lab, credential: Credential) -> tuple[str, ...]:
    """The options by which openssl presents a certificate."""
    certificate, key = credential.save(lab.directory)
    return ("-cert", str(certificate), "-key", str(key))


def user(issuer: Credential | None, validity: Validity | None = None) -> Credential:
    return leaf(USER, issuer=issuer, validity=validity, usage=CLIENTS)


@scenario(
    question="Why does the server end the handshake? The certificate of the server is fine.",
    shows="The server demands a certificate of the client, which sends an empty one; the server ends the TLS 1.2 "
    "handshake with the fatal alert handshake_failure.",
    findings=("tls_client_certificate_missing",),
    decisive_filter="tls.handshake.type == 13 || tls.alert_message.desc == 40",
    words=MISSING,
    answer_must_not=(*NOT_SERVER, r"(?i)no (shared|common) cipher"),
    oddities=RESETS,
)
def tls12_client_certificate_missing(lab: Lab) -> None:
    demanding(lab, "-tls1_2")
    with office(lab):
        s_client(lab, expect=FAILED)


@scenario(
    question="The handshake seems to work and then the server hangs up. Why?",
    shows="The server demands a certificate of the client, which sends an empty one; under TLS 1.3 all of that and the "
    "server's alert certificate_required are encrypted: the client's empty certificate shows by its length alone.",
    findings=("tls_client_certificate_missing",),
    decisive_filter=ENCRYPTED,
    words=MISSING,
    answer_must_not=NOT_SERVER,
    oddities=RESETS,
)
def tls13_client_certificate_missing(lab: Lab) -> None:
    demanding(lab, "-tls1_3")
    with office(lab):
        s_client(lab, expect=FAILED)


@scenario(
    question="Our Java service cannot talk to the partner's server. What is missing?",
    shows="The server demands a certificate of the client, a Java program, which sends an empty one; under TLS 1.3 all "
    "of that is encrypted, and Java makes its messages longer than they are (padding).",
    findings=("tls_client_certificate_missing",),
    decisive_filter=ENCRYPTED,
    words=MISSING,
    answer_must_not=NOT_SERVER,
    oddities=RESETS,
)
def tls13_client_certificate_missing_java(lab: Lab) -> None:
    demanding(lab, "-tls1_3")
    with office(lab):
        java(lab, "TLSv1.3", expect=FAILED)


@scenario(
    question="What does the server tell the client before it hangs up?",
    shows="The server demands a certificate of the client, which sends an empty one; the server's fatal alert "
    "certificate_required can be read, as the capture holds the keys.",
    findings=("tls_client_certificate_missing",),
    decisive_filter="tls.alert_message.desc == 116 || tls.handshake.type == 13",
    words=MISSING,
    answer_must_not=NOT_SERVER,
    oddities=RESETS,
)
def tls13_client_certificate_missing_with_keys(lab: Lab) -> None:
    demanding(lab, "-tls1_3")
    s_client(lab, "-keylogfile", str(lab.key_log), expect=FAILED)


@scenario(
    question="The service answers 400 Bad Request to our client. Why?",
    shows="nginx demands a certificate of the client, which sends an empty one; nginx completes the TLS 1.2 handshake "
    "and answers the request with HTTP 400; the capture holds the keys.",
    findings=("tls_client_certificate_missing",),
    decisive_filter="tls.handshake.type == 13 || http.response.code == 400",
    words=(*MISSING, r"400"),
    answer_must_not=NOT_SERVER,
    oddities=RESETS,
)
def tls12_client_certificate_missing_nginx(lab: Lab) -> None:
    trusted, _ = lab.authority.save(lab.directory)
    wanted = (f"ssl_client_certificate {trusted};", "ssl_verify_client on;")
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.2", *wanted)):
        https(lab, under=logging_keys(lab))


@scenario(
    question="Our till cannot log in to the central system. Is it the network?",
    shows="The server demands a certificate of the client; the client's is of another authority, and the server ends "
    "the TLS 1.2 handshake with the fatal alert unknown_ca.",
    findings=("tls_client_certificate_rejected",),
    decisive_filter="tls.handshake.type == 13 || tls.alert_message.desc == 48",
    words=REJECTED,
    answer_must_not=NOT_SERVER,
    oddities=RESETS,
)
def tls12_client_certificate_other_ca(lab: Lab) -> None:
    demanding(lab, "-tls1_2")
    with office(lab):
        s_client(lab, *own(lab, user(authority("Branch Root CA"))), expect=FAILED)


@scenario(
    question="Why is this connection closed right after the handshake?",
    shows="The server demands a certificate of the client; the client's is of another authority, and the server, under "
    "TLS 1.3, answers the client's last flight with an encrypted alert.",
    findings=("tls_client_certificate_rejected",),
    decisive_filter=ENCRYPTED,
    words=(r"(?i)client|certificate", r"(?i)reject|not accept|refus|turn(s|ed) down|alert|hangs up|ends|closes"),
    answer_must_not=NOT_SERVER,
    oddities=RESETS,
)
def tls13_client_certificate_other_ca(lab: Lab) -> None:
    demanding(lab, "-tls1_3")
    s_client(lab, *own(lab, user(authority("Branch Root CA"))), expect=FAILED)


@scenario(
    question="It worked until two weeks ago. What has happened to our machine login?",
    shows="The server demands a certificate of the client; the client's expired 12 days before the recording, and the "
    "server ends the TLS 1.2 handshake with the fatal alert certificate_expired.",
    findings=("tls_client_certificate_rejected",),
    decisive_filter="tls.handshake.type == 13 || tls.alert_message.desc == 45",
    words=(CLIENTS_OWN, r"(?i)expired"),
    answer_must_not=NOT_SERVER,
    oddities=RESETS,
)
def tls12_client_certificate_expired(lab: Lab) -> None:
    demanding(lab, "-tls1_2")
    with office(lab):
        s_client(lab, *own(lab, user(lab.authority, EXPIRED_12_DAYS_AGO)), expect=FAILED)


@scenario(
    question="Which side refuses which certificate? The keys are in the capture.",
    shows="The server demands a certificate of the client; the client's expired 12 days before the recording, and the "
    "server ends the TLS 1.3 connection with the fatal alert certificate_expired; the capture holds the keys.",
    findings=("tls_client_certificate_rejected",),
    decisive_filter="tls.handshake.type == 13 || tls.alert_message.desc == 45",
    words=(CLIENTS_OWN, r"(?i)expired"),
    answer_must_not=NOT_SERVER,
    oddities=RESETS,
)
def tls13_client_certificate_expired_with_keys(lab: Lab) -> None:
    demanding(lab, "-tls1_3")
    own_options = own(lab, user(lab.authority, EXPIRED_12_DAYS_AGO))
    s_client(lab, "-keylogfile", str(lab.key_log), *own_options, expect=FAILED)


@scenario(
    question="Is the login by client certificate in order?",
    shows="The server demands a certificate of the client and accepts it; the TLS 1.2 connection and the request work.",
    healthy=True,
    decisive_filter="tls.handshake.type == 15",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
    oddities=CLIENT_RESETS,
)
def tls12_client_certificate_healthy(lab: Lab) -> None:
    demanding(lab, "-tls1_2")
    with office(lab):
        s_client(lab, *own(lab, user(lab.authority)))


@scenario(
    question="Does anything go wrong in this TLS connection?",
    shows="The server demands a certificate of the client and accepts it; the TLS 1.3 connection and the request work.",
    healthy=True,
    decisive_filter="tls.app_data || tls.record.opaque_type == 23",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
    oddities=CLIENT_RESETS,
)
def tls13_client_certificate_healthy(lab: Lab) -> None:
    demanding(lab, "-tls1_3")
    s_client(lab, *own(lab, user(lab.authority)))


@scenario(
    question="The server asks for a certificate and the client sends none. Is that bad?",
    shows="nginx asks for a certificate of the client, but does not need it; the client sends an empty one, and the "
    "TLS 1.2 connection and the request work.",
    healthy=True,
    decisive_filter="tls.handshake.type == 13",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
)
def tls12_client_certificate_optional_healthy(lab: Lab) -> None:
    trusted, _ = lab.authority.save(lab.directory)
    wanted = (f"ssl_client_certificate {trusted};", "ssl_verify_client optional;")
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.2", *wanted)):
        https(lab)
