"""TLS that begins in a plain-text connection: refused, agreed and then failed, agreed and in order."""

from __future__ import annotations

from .. import mail_stub, servers, stubs
from ..pki import EXPIRED_12_DAYS_AGO, Credential, leaf
from ..scenario import SAYS_REFUSED, SAYS_SELF_SIGNED, Lab, scenario
from ..tls import FAILED, FAILURE, NOT_CERTIFICATE, NOTHING_WRONG, office, python, s_client

SMTP, IMAP, SUBMISSION, POSTGRESQL = 25, 143, 587, 5432
REFUSED = (r"(?i)STARTTLS|TLS|encrypt", r"(?i)refus|reject|not (available|supported|offer|accept)|declin|denie|no TLS")


def mail(lab: Lab, protocol: str, port: int, certificate: Credential | None = None, *options: str) -> None:
    """A mail server, which with a certificate goes over to TLS 1.2."""
    if certificate:
        chain, key = certificate.save(lab.directory)
        options = (f"--certificate={chain}", f"--key={key}", "--tls12", *options)
    servers.stub(lab, mail_stub, port, protocol, *options)


def smtplib(lab: Lab, port: int, expect: int) -> None:
    """Python's SMTP client, which goes over to TLS and quits."""
    trusted, _ = lab.authority.save(lab.directory)
    opened = f"smtplib.SMTP('{lab.plan.secure_name}', {port}, local_hostname='{lab.plan.web_name}')"
    context = f"ssl.create_default_context(cafile='{trusted}')"
    python(lab, f"import smtplib, ssl\nc = {opened}\nc.starttls(context={context})\nc.ehlo()\nc.quit()", expect=expect)


@scenario(
    question="Since yesterday our application cannot send mail. Why?",
    shows="The mail server offers STARTTLS and then refuses it with 454 (TLS not available), and the client gives up.",
    findings=("tls_starttls_refused",),
    decisive_filter="smtp.response.code == 454",
    words=(*REFUSED, r"454"),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
)
def tls_starttls_refused_454(lab: Lab) -> None:
    mail(lab, "smtp", SUBMISSION, None, "--refusal=454 4.7.0 TLS not available due to temporary reason")
    with office(lab):
        smtplib(lab, SUBMISSION, FAILED)


@scenario(
    question="Why does openssl not get a TLS connection to our mail server?",
    shows="The mail server does not offer STARTTLS and answers it with 502 (command not implemented); the client, "
    "openssl, begins TLS all the same, and the server does not understand it.",
    findings=("tls_starttls_refused",),
    decisive_filter="smtp.response.code == 502",
    words=REFUSED,
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=f"tcp.flags.reset == 1 && tcp.port == {SMTP}",
)
def tls_starttls_refused_502(lab: Lab) -> None:
    mail(lab, "smtp", SMTP, None, "--hidden", "--refusal=502 5.5.1 Command not implemented")
    s_client(lab, "-starttls", "smtp", "-name", lab.plan.web_name, port=SMTP, expect=FAILED)


@scenario(
    question="Sending mail fails after the server said that it is ready. What is wrong?",
    shows="The client goes over to TLS by STARTTLS on port 587; the certificate of $secure_name expired 12 days before "
    "the recording, and the client ends the TLS 1.2 handshake with the fatal alert certificate_expired.",
    findings=("tls_certificate_expired",),
    decisive_filter=f"tcp.port == {SUBMISSION} && (tls.handshake.type == 11 || tls.alert_message)",
    words=(r"(?i)expired", r"(?i)\b12(\.\d+)? days"),
    answer_must_not=(SAYS_SELF_SIGNED, SAYS_REFUSED),
    oddities=f"tcp.flags.reset == 1 && tcp.port == {SUBMISSION}",
)
def tls12_starttls_smtp_expired(lab: Lab) -> None:
    mail(lab, "smtp", SUBMISSION, leaf(lab.plan.secure_name, issuer=lab.authority, validity=EXPIRED_12_DAYS_AGO))
    with office(lab):
        smtplib(lab, SUBMISSION, FAILED)


@scenario(
    question="The mail program says that it cannot verify the server. Which certificate is it?",
    shows="The client goes over to TLS by STARTTLS on the IMAP port; the certificate of $secure_name is signed by "
    "itself, and the client ends the TLS 1.2 handshake with the fatal alert unknown_ca.",
    findings=("tls_certificate_self_signed",),
    decisive_filter=f"tcp.port == {IMAP} && (tls.handshake.type == 11 || tls.alert_message)",
    words=(r"(?i)self[- ]signed|signed by itself",),
    answer_must_not=(FAILURE[1], SAYS_REFUSED),
    oddities=f"tcp.flags.reset == 1 && tcp.port == {IMAP}",
)
def tls12_starttls_imap_self_signed(lab: Lab) -> None:
    mail(lab, "imap", IMAP, leaf(lab.plan.secure_name, issuer=None))
    trusted, _ = lab.authority.save(lab.directory)
    context = f"ssl.create_default_context(cafile='{trusted}')"
    with office(lab):
        opened = f"imaplib.IMAP4('{lab.plan.secure_name}', {IMAP})"
        python(lab, f"import imaplib, ssl\n{opened}.starttls({context})", expect=FAILED)


@scenario(
    question="Why does the database driver say that the server does not support SSL?",
    shows="The client asks PostgreSQL for TLS (SSLRequest), and the server answers N: it has none.",
    findings=("tls_starttls_refused",),
    decisive_filter=f"tcp.srcport == {POSTGRESQL} && tcp.len == 1",
    words=(
        r"(?i)SSL|TLS|encrypt",
        r"(?i)not (support|offer|have|speak|enabled|allow|accept)|refus|declin|without",
    ),
    answer_must_not=(*NOT_CERTIFICATE, SAYS_REFUSED),
    oddities=f"tcp.flags.reset == 1 && tcp.port == {POSTGRESQL}",
)
def tls_starttls_postgresql_refused(lab: Lab) -> None:
    servers.stub(lab, stubs, POSTGRESQL, "raw", "--reply=N", "--then=silence")
    with office(lab):
        s_client(lab, "-starttls", "postgres", port=POSTGRESQL, expect=FAILED)


@scenario(
    question="Is the mail transfer encrypted and in order?",
    shows="The client goes over to TLS 1.2 by STARTTLS on port 587, with a certificate in order, and quits properly.",
    healthy=True,
    decisive_filter=f"tcp.port == {SUBMISSION} && tls.handshake.type == 11",
    words=NOTHING_WRONG,
    answer_must_not=FAILURE,
    oddities=f"tcp.flags.reset == 1 && tcp.dstport == {SUBMISSION}",
)
def tls12_starttls_smtp_healthy(lab: Lab) -> None:
    mail(lab, "smtp", SUBMISSION, leaf(lab.plan.secure_name, issuer=lab.authority))
    with office(lab):
        smtplib(lab, SUBMISSION, 0)
