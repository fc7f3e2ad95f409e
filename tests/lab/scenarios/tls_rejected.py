"""TLS 1.3 hides the certificate: what is left to see when clients of several makes reject it.

Rules
* OpenSSL's client sends the alert in clear, GnuTLS and Java encrypt it.
"""

from __future__ import annotations

from ..clients import NOT_TRUSTED, PINNED_KEY_DIFFERS, https
from ..pki import EXPIRED_12_DAYS_AGO, Credential, authority, leaf
from ..scenario import SAYS_EXPIRED, SAYS_SELF_SIGNED, Lab, scenario
from ..servers import web
from ..tls import (
    CLIENT_RESETS,
    FAILED,
    FAILURE,
    NOTHING_WRONG,
    WHY,
    gnutls_cli,
    java,
    logging_keys,
    office,
    python,
    s_client,
    secure,
)

# What the client sends after the server's flight: one short encrypted record instead of its Finished.
ENCRYPTED_BY_CLIENT = "tcp.dstport == $https_port && tls.record.opaque_type == 23"
REJECTED = (r"(?i)certificate", r"(?i)reject|not accept|refus|does not trust|not trust|turn(s|ed) down")
CLAIMS_A_CAUSE = (r"(?i)certificate (has |is )?expired (on|at|\d)", r"(?i)\b12 days", *FAILURE[2:])


def unknown_issuer(lab: Lab) -> Credential:
    return leaf(lab.plan.secure_name, issuer=authority("Private Issuing CA", authority("Private Root CA")))


@scenario(
    question=WHY,
    shows="The certificate of $secure_name is signed by itself; under TLS 1.3 it is encrypted, and so is the alert by "
    "which GnuTLS rejects it: the client sends one short record in place of its Finished.",
    findings=("tls_certificate_rejected",),
    decisive_filter=ENCRYPTED_BY_CLIENT,
    words=REJECTED,
    answer_must_not=CLAIMS_A_CAUSE,
    oddities=CLIENT_RESETS,
)
def tls13_self_signed_gnutls(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=None), "TLSv1.3")):
        gnutls_cli(lab, expect=FAILED)


@scenario(
    question="The server logs a broken handshake and the client only says that it failed. What happened?",
    shows="The certificate of $secure_name comes from an authority that the client, a Java program, does not know; "
    "under TLS 1.3 certificate and alert are encrypted.",
    findings=("tls_certificate_rejected",),
    decisive_filter=ENCRYPTED_BY_CLIENT,
    words=REJECTED,
    answer_must_not=CLAIMS_A_CAUSE,
    oddities=CLIENT_RESETS,
)
def tls13_unknown_ca_java(lab: Lab) -> None:
    with office(lab, secure(lab, unknown_issuer(lab), "TLSv1.3")):
        java(lab, "TLSv1.3", expect=FAILED)


@scenario(
    question="Who ends this TLS connection, and why?",
    shows="The certificate of $secure_name expired 12 days before the recording; GnuTLS rejects it under TLS 1.3 with "
    "an encrypted alert; nothing else is in the recording.",
    findings=("tls_certificate_rejected",),
    decisive_filter=ENCRYPTED_BY_CLIENT,
    words=REJECTED,
    answer_must_not=CLAIMS_A_CAUSE,
    oddities=CLIENT_RESETS,
    side="server",
)
def tls13_expired_gnutls(lab: Lab) -> None:
    web(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority, validity=EXPIRED_12_DAYS_AGO), "TLSv1.3"))
    gnutls_cli(lab, expect=FAILED)


@scenario(
    question="What does the client not like?",
    shows="The certificate of $secure_name is signed by itself and encrypted under TLS 1.3; the client, a Python "
    "program, sends the fatal alert unknown_ca in clear.",
    findings=("tls_alert",),
    decisive_filter="tls.alert_message.desc == 48",
    words=(r"(?i)certificate", r"(?i)unknown[_ ]ca|authority|issuer|trust"),
    answer_must_not=(SAYS_EXPIRED,),
    oddities=CLIENT_RESETS,
)
def tls13_self_signed_python(lab: Lab) -> None:
    trusted, _ = lab.authority.save(lab.directory)
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=None), "TLSv1.3")):
        url = f"https://{lab.plan.secure_name}:{lab.plan.https_port}/"
        context = f"ssl.create_default_context(cafile='{trusted}')"
        fetch = f"urllib.request.urlopen('{url}', context={context})"
        python(lab, f"import ssl, urllib.request\n{fetch}", expect=FAILED)


@scenario(
    question="My script cannot talk to $secure_name any more. What changed?",
    shows="The certificate names only $web_name; under TLS 1.3 it is encrypted, and only the fatal alert "
    "bad_certificate, which OpenSSL's client sends in clear, tells.",
    findings=("tls_alert",),
    decisive_filter="tls.alert_message.desc == 42",
    words=(r"(?i)certificate", r"(?i)reject|bad|not accept|refus|unusable"),
    answer_must_not=(*CLAIMS_A_CAUSE, SAYS_SELF_SIGNED),
    oddities=CLIENT_RESETS,
)
def tls13_other_name_openssl(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.web_name, issuer=lab.authority), "TLSv1.3")):
        s_client(lab, "-verify_hostname", lab.plan.secure_name, expect=FAILED)


@scenario(
    question="Did the client accept the server?",
    shows="The certificate names only $web_name and is encrypted under TLS 1.3; the client, which asked for "
    "$secure_name, completes the handshake, compares the names only then and leaves without a request.",
    findings=("tls_unused",),
    decisive_filter=ENCRYPTED_BY_CLIENT,
    words=(r"(?i)without|no (request|data)|nothing|left|leaves|clos",),
    answer_must_not=CLAIMS_A_CAUSE,
    oddities=CLIENT_RESETS,
)
def tls13_other_name_client_leaves(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.web_name, issuer=lab.authority), "TLSv1.3")):
        https(lab, expect=NOT_TRUSTED)


@scenario(
    question="Why does our app not talk to $secure_name?",
    shows="The certificate of $secure_name is in order; the client (curl) expects another key (pinning), completes the "
    "TLS 1.2 handshake and leaves without a request.",
    findings=("tls_unused",),
    decisive_filter="tcp.flags.fin == 1 && tcp.dstport == $https_port",
    words=(r"(?i)without sending|leaves", r"(?i)pinning|expects another", r"(?i)tested"),
    answer_must_not=CLAIMS_A_CAUSE,
    oddities=CLIENT_RESETS,
)
def tls12_pinned_client_leaves(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.2")):
        https(lab, "--pinnedpubkey", f"sha256//{'A' * 43}=", expect=PINNED_KEY_DIFFERS)


@scenario(
    question="Why does the handshake fail? The keys are in the capture.",
    shows="The certificate of $secure_name is signed by itself; GnuTLS rejects it under TLS 1.3 with an encrypted "
    "alert, and the capture holds the keys, so certificate and alert can be read.",
    findings=("tls_certificate_self_signed",),
    decisive_filter="tls.handshake.type == 11 || tls.alert_message",
    words=(r"(?i)self[- ]signed|signed by itself",),
    answer_must_not=(SAYS_EXPIRED,),
    oddities=CLIENT_RESETS,
)
def tls13_self_signed_with_keys(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=None), "TLSv1.3")):
        gnutls_cli(lab, expect=FAILED, under=logging_keys(lab))


@scenario(
    question="Can you tell from the decrypted traffic why it fails?",
    shows="The certificate of $secure_name expired 12 days before the recording; GnuTLS rejects it under TLS 1.3, and "
    "the capture holds the keys.",
    findings=("tls_certificate_expired",),
    decisive_filter="tls.handshake.type == 11 || tls.alert_message",
    words=(r"(?i)expired", r"(?i)\b12(\.\d+)? days"),
    answer_must_not=(SAYS_SELF_SIGNED,),
    oddities=CLIENT_RESETS,
)
def tls13_expired_with_keys(lab: Lab) -> None:
    expired = leaf(lab.plan.secure_name, issuer=lab.authority, validity=EXPIRED_12_DAYS_AGO)
    with office(lab, secure(lab, expired, "TLSv1.3")):
        gnutls_cli(lab, expect=FAILED, under=logging_keys(lab))


@scenario(
    question="Is this connection all right? The keys are in the capture.",
    shows="A TLS 1.3 connection in order, a request and its answer, in a capture that holds the keys.",
    healthy=True,
    decisive_filter="http.response.code == 200 && tcp.srcport == $https_port",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
)
def tls13_with_keys_healthy(lab: Lab) -> None:
    with office(lab, secure(lab, leaf(lab.plan.secure_name, issuer=lab.authority), "TLSv1.3")):
        https(lab, under=logging_keys(lab))
